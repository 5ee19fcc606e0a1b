//go:build unix

package matrix

import (
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/test/dendrite"
	"marginalia/test/faultproxy"
	"marginalia/test/matrixuser"
)

// world is a homeserver as chattest sees it: the bot speaks through a proxy
// that misbehaves, everyone else straight to the server.
type world struct {
	server *dendrite.Server
	proxy  *faultproxy.Proxy
	config Config
	owner  *matrixuser.User // makes the rooms and reads them
	bot    *matrixuser.User // the bot's account, by a session of the test's own

	mu    sync.Mutex
	users map[string]*user
	rooms []string
}

// worlds numbers the worlds, which share a server and so need names.
var worlds atomic.Int64

func newWorld(t testing.TB, server *dendrite.Server) *world {
	t.Helper()
	w := &world{server: server, proxy: faultproxy.New(server.URL(), 1), users: map[string]*user{}}
	if err := w.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.proxy.Close() })
	n := worlds.Add(1)
	account := server.Register(t, fmt.Sprintf("bot-%d", n))
	w.config = Config{Homeserver: w.proxy.URL(), UserID: account.UserID, Token: account.AccessToken}
	w.bot = matrixuser.New(server.URL(), account.UserID, server.Login(t, account).AccessToken)
	w.owner = w.account(t, fmt.Sprintf("owner-%d", n))
	return w
}

func (w *world) account(t testing.TB, local string) *matrixuser.User {
	a := w.server.Register(t, local)
	return matrixuser.New(w.server.URL(), a.UserID, a.AccessToken)
}

func (w *world) Open(t testing.TB) chat.Platform { return w.open(t) }

func (w *world) open(t testing.TB) *Platform {
	t.Helper()
	p, err := Open(t.Context(), w.config)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Room makes a room in which everyone is a moderator.
func (w *world) Room(t testing.TB) chat.Room {
	return chat.Room{Platform: network, ID: w.room(t, map[string]any{"preset": "public_chat",
		"power_level_content_override": map[string]any{"users_default": 50}})}
}

func (w *world) room(t testing.TB, with map[string]any) string {
	t.Helper()
	var made struct {
		Room string `json:"room_id"`
	}
	if err := w.owner.Call(t.Context(), "POST", "/_matrix/client/v3/createRoom", nil, with, &made); err != nil {
		t.Fatal(err)
	}
	if err := w.bot.Join(t.Context(), made.Room); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rooms = append(w.rooms, made.Room)
	return made.Room
}

func (w *world) Nowhere(testing.TB) chat.Room {
	return chat.Room{Platform: network, ID: "!nowhere:" + w.server.Name()}
}

func (w *world) User(t testing.TB, nick string) chattest.User {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if u := w.users[nick]; u != nil {
		return u
	}
	u := &user{
		User: w.account(t, fmt.Sprintf("%s-%d", nick, worlds.Add(1))), nick: "The good " + nick,
		in: map[string]bool{}, reactions: map[string]string{},
	}
	path := "/_matrix/client/v3/profile/" + url.PathEscape(u.ID) + "/displayname"
	if err := u.User.Call(t.Context(), "PUT", path, nil, map[string]any{"displayname": u.nick}, nil); err != nil {
		t.Fatal(err)
	}
	w.users[nick] = u
	return u
}

func (w *world) Lose(n int) {
	w.proxy.Set(faultproxy.Rule{Kind: faultproxy.DropAfter, Match: faultproxy.Sends, Count: n})
}

func (w *world) Drop(n int) {
	w.proxy.Set(faultproxy.Rule{Kind: faultproxy.DropBefore, Match: faultproxy.Sends, Count: n})
}

func (w *world) Restart(t testing.TB) {
	t.Helper()
	if err := w.server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (w *world) Settle() time.Duration { return 1500 * time.Millisecond }

func (w *world) Lacks() map[string]string {
	return map[string]string{chattest.Opening: "any message is the root of a thread, without a request"}
}

// Pinged returns whom the bot's messages mention. One that does not say whom
// it mentions may ring anyone's phone, by its words.
func (w *world) Pinged(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, room := range w.rooms {
		for _, e := range w.events(t, room) {
			if e.Sender != w.bot.ID || e.Type != "m.room.message" || len(e.Content) == 0 {
				continue
			}
			if mentions, ok := e.Content["m.mentions"].(map[string]any); !ok || len(mentions) > 0 {
				all = append(all, fmt.Sprint(e.Content["m.mentions"]))
			}
		}
	}
	return all
}
