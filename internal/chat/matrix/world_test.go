//go:build unix

package matrix

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/format"
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

func (w *world) Open(t testing.TB) chat.Platform { return onlyPostsEcho{w.open(t)} }

func (w *world) open(t testing.TB) *Platform {
	t.Helper()
	p, err := Open(t.Context(), w.config)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// onlyPostsEcho leaves out the echoes of edits and reactions, which the
// contract does not know (they have a test of their own).
type onlyPostsEcho struct{ *Platform }

func (p onlyPostsEcho) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	return p.Platform.Run(ctx, since, func(ctx context.Context, b chat.Batch) error {
		b.Events = slices.DeleteFunc(b.Events, func(e chat.Event) bool {
			return e.Kind == chat.Echoed && strings.Contains(string(e.Raw), `"m.replace"`) || strings.Contains(string(e.Raw), `"m.reaction"`) && e.Kind == chat.Echoed
		})
		return handle(ctx, b)
	})
}

// Room makes a room in which everyone is a moderator.
func (w *world) Room(t testing.TB) chat.Room {
	return chat.Room{Platform: name, ID: w.room(t, map[string]any{"preset": "public_chat",
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
	return chat.Room{Platform: name, ID: "!nowhere:" + w.server.Name()}
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

// events is a room as a sync shows it that begins now, which leaves nothing
// out; oldest first.
func (w *world) events(t testing.TB, room string) []matrixuser.Event {
	t.Helper()
	var answer struct {
		Rooms struct {
			Join map[string]struct {
				Timeline struct{ Events []matrixuser.Event }
			}
		}
	}
	filter, err := json.Marshal(map[string]any{"room": map[string]any{
		"rooms": []string{room}, "timeline": map[string]any{"limit": 5000},
	}})
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{"timeout": {"0"}, "filter": {string(filter)}}
	if err := w.owner.Call(t.Context(), "GET", "/_matrix/client/v3/sync", query, nil, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Rooms.Join[room].Timeline.Events
}

func (w *world) Read(t testing.TB, p chat.Place) []chat.Message {
	t.Helper()
	var all []chat.Message
	events := w.events(t, p.Room.ID)
	for _, e := range events {
		kind, to := e.Relation()
		stands := e.Type == "m.room.message" && e.Unsigned["redacted_because"] == nil && kind != "m.replace"
		thread := ""
		if kind == "m.thread" {
			thread = to
		}
		if !stands || thread != p.Thread {
			continue
		}
		content := e.Content
		for _, edit := range events {
			if kind, on := edit.Relation(); kind == "m.replace" && on == e.ID && edit.Sender == e.Sender {
				content, _ = edit.Content["m.new_content"].(map[string]any)
			}
		}
		m := shown(content)
		m.Ref = chat.Ref{Place: p, ID: e.ID}
		m.ReplyTo = answered(e, p)
		all = append(all, m)
	}
	return all
}

// answered is what an event answers expressly.
func answered(e matrixuser.Event, p chat.Place) chat.Ref {
	r, _ := e.Content["m.relates_to"].(map[string]any)
	to, _ := r["m.in_reply_to"].(map[string]any)
	id, _ := to["event_id"].(string)
	if id == "" || r["is_falling_back"] == true {
		return chat.Ref{}
	}
	return chat.Ref{Place: p, ID: id}
}

// shown is a content as a client shows it that knows profiles of messages.
func shown(content map[string]any) chat.Message {
	var m chat.Message
	body, _ := content["body"].(string)
	if profile, ok := content["com.beeper.per_message_profile"].(map[string]any); ok {
		m.From.ID, _ = profile["id"].(string)
		m.From.Name, _ = profile["displayname"].(string)
		body = strings.TrimPrefix(body, m.From.Name+": ")
	}
	m.Body = format.Plain{}.Parse(body)
	if html, ok := content["formatted_body"].(string); ok {
		m.Body = format.Matrix{}.Parse(html)
	}
	return m
}

func (w *world) Reactions(t testing.TB, ref chat.Ref) []string {
	t.Helper()
	var all []string
	for _, e := range w.events(t, ref.Place.Room.ID) {
		if kind, to := e.Relation(); kind == "m.annotation" && to == ref.ID && e.Unsigned["redacted_because"] == nil {
			r := e.Content["m.relates_to"].(map[string]any)
			all = append(all, strings.ReplaceAll(r["key"].(string), "\ufe0f", ""))
		}
	}
	slices.Sort(all)
	return all
}

// History asks the server for each event that it ever showed, in each way that
// it shows events. An event that says the same in several forms is one text.
func (w *world) History(t testing.TB, r chat.Room) []string {
	t.Helper()
	paged, err := w.owner.Messages(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	seen, texts := map[string]bool{}, []string{}
	add := func(e matrixuser.Event) {
		for _, text := range textsOf(e) {
			if id := e.ID + text; !seen[id] {
				seen[id] = true
				texts = append(texts, text)
			}
		}
	}
	for _, e := range append(w.events(t, r.ID), paged...) {
		add(e)
		if one, err := w.owner.Event(t.Context(), r.ID, e.ID); err == nil {
			add(one)
		}
	}
	return texts
}

// textsOf is the words of an event, and whatever else it says.
func textsOf(e matrixuser.Event) []string {
	words := e.NewBody()
	if words == "" {
		words = e.Body()
	}
	texts := []string{words}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if words == "" || !strings.Contains(v, words) {
				texts = append(texts, v)
			}
		case map[string]any:
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(e.Content)
	walk(e.Unsigned)
	return texts
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

// user is a person with a raw client.
type user struct {
	*matrixuser.User
	nick string

	mu        sync.Mutex
	in        map[string]bool
	reactions map[string]string // event and emoji → reaction
}

func (u *user) Person() chat.Person { return chat.Person{ID: u.ID, Name: u.nick} }

// send speaks in a room, which the user enters before.
func (u *user) send(t testing.TB, room, kind string, content map[string]any) string {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.in[room] {
		if err := u.Join(t.Context(), room); err != nil {
			t.Fatal(err)
		}
		u.in[room] = true
	}
	id, err := u.Send(t.Context(), room, kind, content)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Say answers in a main timeline as old clients do: with the words that it
// answers before its own.
func (u *user) Say(t testing.TB, p chat.Place, text string, replyTo chat.Ref) chat.Ref {
	t.Helper()
	content := matrixuser.Text(text, p.Thread)
	if to := map[string]any{"event_id": replyTo.ID}; replyTo.ID != "" && p.Thread == "" {
		content["body"] = "> <@someone:else> What\n> they said\n\n" + text
		content["m.relates_to"] = map[string]any{"m.in_reply_to": to}
	} else if replyTo.ID != "" {
		r := content["m.relates_to"].(map[string]any)
		r["m.in_reply_to"], r["is_falling_back"] = to, false
	}
	return chat.Ref{Place: p, ID: u.send(t, p.Room.ID, "m.room.message", content)}
}

func (u *user) Edit(t testing.TB, ref chat.Ref, text string) {
	t.Helper()
	u.send(t, ref.Place.Room.ID, "m.room.message", matrixuser.EditOf(ref.ID, text))
}

func (u *user) Delete(t testing.TB, ref chat.Ref) {
	t.Helper()
	u.send(t, ref.Place.Room.ID, "org.marginalia.test.enters", map[string]any{})
	if err := u.Redact(t.Context(), ref.Place.Room.ID, ref.ID); err != nil {
		t.Fatal(err)
	}
}

func (u *user) React(t testing.TB, ref chat.Ref, emoji string) string {
	t.Helper()
	id := u.send(t, ref.Place.Room.ID, "m.reaction", map[string]any{"m.relates_to": map[string]any{
		"rel_type": "m.annotation", "event_id": ref.ID, "key": emoji,
	}})
	u.mu.Lock()
	defer u.mu.Unlock()
	u.reactions[ref.ID+emoji] = id
	return id
}

func (u *user) Unreact(t testing.TB, ref chat.Ref, emoji string) {
	t.Helper()
	u.mu.Lock()
	id := u.reactions[ref.ID+emoji]
	u.mu.Unlock()
	if err := u.Redact(t.Context(), ref.Place.Room.ID, id); err != nil {
		t.Fatal(err)
	}
}

func (u *user) Call(t testing.TB, p chat.Place, command string, args map[string]string) {
	t.Helper()
	text := "!essay " + command
	for key, value := range args {
		text += " " + key + "=" + strconv.Quote(value)
	}
	u.Say(t, p, text, chat.Ref{})
}

// eventually waits for what ok says.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
