//go:build unix

package matrix

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/test/dendrite"
	"marginalia/test/faultproxy"
)

// TestKnows tells what the account finds out about rooms, people and the past.
func TestKnows(t *testing.T) {
	server := dendrite.Start(t)
	for what, story := range map[string]func(*testing.T, *world){
		"what stands in a room":              knowsRoom,
		"rooms by their aliases":             knowsAliases,
		"what people call themselves now":    knowsNames,
		"when to go on without knowing":      knowsWhenToGoOn,
		"an invitation when it comes":        knowsInvitations,
		"what a redaction redacts, or never": knowsRedactions,
	} {
		t.Run(what, func(t *testing.T) { story(t, newWorld(t, server)) })
	}
}

// readBack is what History tells of a place, one line each.
func readBack(t *testing.T, p *Platform, at chat.Place, after chat.Cursor) []string {
	t.Helper()
	var all []string
	for e, err := range p.History(t.Context(), at, after) {
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprint(e.Kind, " ", e.Message.Body.Text, plainEmoji(e.Emoji))
		if !e.Revised.IsZero() {
			line += " (revised)"
		}
		if e.Message.Ref.As != "" {
			line += " (ours)"
		}
		all = append(all, line)
	}
	return all
}

func knowsRoom(t *testing.T, w *world) {
	r := w.Room(t)
	ada, bob := w.User(t, "ada").(*user), w.User(t, "bob").(*user)
	p := w.open(t)
	at := chat.Place{Room: r}
	first := ada.Say(t, at, "first", chat.Ref{})
	passage := w.do(t, p, post(at, "passage")).Ref
	ada.Say(t, chat.Place{Room: r, Thread: passage.ID}, "in the thread", chat.Ref{})
	ada.Edit(t, first, "first, edited")
	ada.Edit(t, first, "first, edited twice")
	bob.Edit(t, first, "first, by bob")
	bob.React(t, first, "👍")
	ada.React(t, passage, "🎉")
	ada.Unreact(t, passage, "🎉")
	w.do(t, p, edit(passage, "better passage"))
	hear := hear(t, p, fromNow(r))
	since := hear.stop()
	ada.Delete(t, bob.Say(t, at, "gone", chat.Ref{}))
	ada.Say(t, at, "last", chat.Ref{})
	var got []string
	want := []string{"said first, edited twice (revised)", "reacted 👍", "said better passage (revised) (ours)", "said last"}
	eventually(t, "the server shows all of it", func() bool {
		got = readBack(t, p, at, "")
		return len(got) >= len(want) && strings.HasSuffix(got[len(got)-1], "last")
	})
	if !slices.Equal(got, want) {
		t.Errorf("read back %q, should be %q", got, want)
	}
	if got := readBack(t, p, at, since[chat.Place{}]); !slices.Equal(got, want[3:]) {
		t.Errorf("read back after the cursor %q, should be %q", got, want[3:])
	}
	for e, err := range p.History(t.Context(), at, "") {
		if err != nil || e.Message.Ref != first {
			t.Errorf("the first is %+v, %v", e, err)
		}
		break // and that is enough
	}
}

func knowsAliases(t *testing.T, w *world) {
	local := fmt.Sprintf("hall-%d", worlds.Add(1))
	room := w.room(t, map[string]any{"preset": "public_chat", "room_alias_name": local})
	w.config.Rooms = []string{"#" + local + ":" + w.server.Name(), " " + room}
	want := chat.Room{Platform: network, ID: room}
	if got := w.open(t).Rooms(); !slices.Equal(got, []chat.Room{want, want}) {
		t.Errorf("the rooms %q are %v, should be %v", w.config.Rooms, got, want)
	}
}

func knowsNames(t *testing.T, w *world) {
	r := w.Room(t)
	ada := w.User(t, "ada").(*user)
	e := hear(t, w.open(t), fromNow(r))
	for _, nick := range []string{"The good ada", "Ada of old", ""} {
		path := "/_matrix/client/v3/profile/" + ada.ID + "/displayname"
		if err := ada.User.Call(t.Context(), "PUT", path, nil, map[string]any{"displayname": nick}, nil); err != nil {
			t.Fatal(err)
		}
		if nick == "" {
			nick, _, _ = strings.Cut(ada.ID[1:], ":")
		}
		ref := ada.Say(t, chat.Place{Room: r}, "I am "+nick, chat.Ref{})
		if got := e.waitFor(ref.ID).Message.From.Name; got != nick {
			t.Errorf("who is called %q now is heard as %q", nick, got)
		}
	}
	e.stop()
}

// knowsWhenToGoOn: the server cannot tell what one redaction redacted.
func knowsWhenToGoOn(t *testing.T, w *world) {
	r := w.Room(t)
	ada := w.User(t, "ada").(*user)
	old := ada.Say(t, chat.Place{Room: r}, "from before", chat.Ref{})
	e := hear(t, w.open(t), fromNow(r))
	w.proxy.Set(faultproxy.Rule{Kind: faultproxy.Status500, Match: func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/event/") }})
	ada.Delete(t, old)
	next := ada.Say(t, chat.Place{Room: r}, "and on it goes", chat.Ref{})
	if told := e.waitFor(old.ID); told.Kind != chat.Deleted {
		t.Errorf("the redaction is heard as %+v", told)
	}
	e.waitFor(next.ID)
	if n := w.proxy.Counts()[string(faultproxy.Status500)]; n != mostTries {
		t.Errorf("the server was asked %d times", n)
	}
	e.stop()
}

func knowsInvitations(t *testing.T, w *world) {
	room, err := w.owner.CreateRoom(t.Context(), "closed at first")
	if err != nil {
		t.Fatal(err)
	}
	r := chat.Room{Platform: network, ID: room}
	owner := &user{User: w.owner, in: map[string]bool{room: true}}
	e := hear(t, w.open(t), fromNow(r))
	owner.Say(t, chat.Place{Room: r}, "before the bot came", chat.Ref{})
	path := "/_matrix/client/v3/rooms/" + room + "/invite"
	if err := w.owner.Call(t.Context(), "POST", path, nil, map[string]any{"user_id": w.bot.ID}, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the bot has come", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.since[chat.Place{Room: r}] != ""
	})
	e.waitFor(owner.Say(t, chat.Place{Room: r}, "welcome", chat.Ref{}).ID)
	if got := texts(e.all()); !slices.Equal(got, []string{"welcome"}) {
		t.Errorf("heard %q", got)
	}
	e.stop()
}

// knowsRedactions in the old form and in the new one, of messages, reactions
// and what is neither, seen before or not.
func knowsRedactions(t *testing.T, w *world) {
	ada := w.User(t, "ada").(*user)
	for _, version := range []string{"10", "11"} {
		r := chat.Room{Platform: network, ID: w.room(t, map[string]any{"preset": "public_chat", "room_version": version})}
		at := chat.Place{Room: r}
		said := ada.Say(t, at, "words", chat.Ref{})
		thumb := ada.React(t, said, "👍")
		odd := ada.send(t, r.ID, "org.example.odd", map[string]any{"body": "neither"})
		e := hear(t, w.open(t), fromNow(r))
		for _, id := range []string{thumb, odd, said.ID} {
			if err := ada.Redact(t.Context(), r.ID, id); err != nil {
				t.Fatal(err)
			}
		}
		e.waitFor(ada.Say(t, at, "done", chat.Ref{}).ID)
		var got []string
		for _, told := range e.all() {
			got = append(got, fmt.Sprint(told.Kind, " ", told.Message.Ref.ID, " ", told.Own))
		}
		if len(got) != 3 || got[0] != "unreacted  "+thumb || got[1] != "deleted "+said.ID+" " {
			t.Errorf("version %s: heard %q", version, got)
		}
		e.stop()
	}
}

// What cannot hang on a message stands below it.
func TestHang(t *testing.T) {
	body := format.Text("words")
	d := hang(chat.Message{Body: body, Buttons: []chat.Button{{Text: " Read ", URL: "https://a.example/read"}, {URL: "https://a.example/x"}, {Text: "Next", Call: "passage step=next"}}})
	if want := "words\n\nRead\n\nhttps://a.example/x"; d.Text != want || d.Check() != nil {
		t.Errorf("%q, should be %q; %v", d.Text, want, d.Check())
	}
	if got := (format.Plain{}).Print(d); !strings.Contains(got, "Read (https://a.example/read)") {
		t.Errorf("printed as %q", got)
	}
	if body.Text != "words" || len(body.Spans) != 0 {
		t.Errorf("the message's own words were changed: %+v", body)
	}
}
