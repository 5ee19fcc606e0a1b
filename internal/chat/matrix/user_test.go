//go:build unix

package matrix

import (
	"strconv"
	"sync"
	"testing"

	"marginalia/internal/chat"
	"marginalia/test/matrixuser"
)

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
