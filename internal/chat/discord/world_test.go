package discord

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/format"
	"marginalia/test/require"
)

// TestContract tells every story of the contract on the double.
func TestContract(t *testing.T) {
	chattest.Test(t, func(t testing.TB) chattest.World { return newWorld(t, discordtest.Options{}) })
}

// world is a Discord as chattest sees it.
type world struct {
	*discordtest.Server
	config Config

	mu    sync.Mutex
	users map[string]*person
	rooms []string
	logs  logs
}

func newWorld(t testing.TB, o discordtest.Options) *world {
	t.Helper()
	o.Schemas = require.Shared(t, "discord")
	s, err := discordtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Server: s, users: map[string]*person{}}
	w.config = Config{Token: s.Token(), API: s.API(), Dial: s.Dial, Log: w.logs.logger()}
	t.Cleanup(func() {
		asks.add(s.Ops())
		for _, bad := range s.Bad() {
			t.Errorf("Discord would mind: %s", bad)
		}
		if t.Failed() {
			t.Logf("the platform logged:\n%s", w.logs.String())
		}
		if strings.Contains(w.logs.String(), s.Token()) {
			t.Error("the token is in the log")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) Open(t testing.TB) chat.Platform { return w.open(t) }

func (w *world) open(t testing.TB) *Platform {
	t.Helper()
	w.mu.Lock()
	w.config.Channels = append([]string(nil), w.rooms...)
	w.mu.Unlock()
	p, err := Open(t.Context(), w.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func (w *world) Room(_ testing.TB) chat.Room {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := w.Channel(fmt.Sprintf("room-%d", len(w.rooms)+1))
	w.rooms = append(w.rooms, id)
	return room(id)
}

func (w *world) Nowhere(testing.TB) chat.Room { return room("100000000000000001") }

// User returns someone who may delete what others say.
func (w *world) User(_ testing.TB, name string) chattest.User {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.users[name] == nil {
		w.users[name] = &person{w.Server.User("The good "+name, discordtest.ManageMessages)}
	}
	return w.users[name]
}

func (w *world) Read(_ testing.TB, p chat.Place) []chat.Message {
	var all []chat.Message
	for _, m := range w.Messages(channelAt(p)) {
		if m.System {
			continue
		}
		one := chat.Message{Ref: chat.Ref{Place: p, ID: m.ID}, From: chat.Person{ID: m.Author, Name: m.Name}, Body: format.Discord{}.Parse(m.Text)}
		if m.ReplyTo != "" {
			one.ReplyTo = chat.Ref{Place: p, ID: m.ReplyTo}
		}
		all = append(all, one)
	}
	return all
}

func (w *world) Reactions(_ testing.TB, ref chat.Ref) []string {
	var all []string
	for emoji, by := range w.Server.Reactions(ref.ID) {
		for range by {
			all = append(all, emoji)
		}
	}
	return all
}

func (w *world) History(_ testing.TB, r chat.Room) []string { return w.Everything(r.ID) }

func (w *world) Restart(testing.TB)       { w.Server.Restart() }
func (w *world) Settle() time.Duration    { return 0 }
func (w *world) Lacks() map[string]string { return nil }

// Pinged returns whose phones the bot let ring.
func (w *world) Pinged(testing.TB) []string {
	var all []string
	for _, p := range w.Pings() {
		all = append(all, p.Who)
	}
	return all
}

// person is someone with a client of their own.
type person struct{ u *discordtest.User }

func (u *person) Person() chat.Person { return chat.Person{ID: u.u.ID(), Name: u.u.Name()} }

func (u *person) Say(t testing.TB, p chat.Place, text string, replyTo chat.Ref) chat.Ref {
	t.Helper()
	id, err := u.u.Say(channelAt(p), text, replyTo.ID)
	if err != nil {
		t.Fatal(err)
	}
	return chat.Ref{Place: p, ID: id}
}

func (u *person) Edit(t testing.TB, ref chat.Ref, text string) { must(t, u.u.Edit(ref.ID, text)) }
func (u *person) Delete(t testing.TB, ref chat.Ref)            { must(t, u.u.Delete(ref.ID)) }

func (u *person) React(t testing.TB, ref chat.Ref, emoji string) string {
	must(t, u.u.React(ref.ID, emoji))
	return ""
}

func (u *person) Unreact(t testing.TB, ref chat.Ref, emoji string) {
	must(t, u.u.Unreact(ref.ID, emoji))
}

func (u *person) Call(t testing.TB, p chat.Place, name string, args map[string]string) {
	_, err := u.u.Slash(channelAt(p), "essay "+name, args)
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) Attach(t testing.TB, u chattest.User, p chat.Place, text string, f chattest.Attached) chat.Ref {
	t.Helper()
	id, err := u.(*person).u.Say(channelAt(p), text, "", discordtest.File{Name: f.Name, Type: f.Type, Data: f.Data})
	must(t, err)
	return chat.Ref{Place: p, ID: id}
}

func (w *world) Attached(_ testing.TB, ref chat.Ref) []chattest.Attached {
	var all []chattest.Attached
	for _, f := range w.Files(ref.ID) {
		all = append(all, chattest.Attached{Name: f.Name, Type: f.Type, Data: f.Data})
	}
	return all
}
