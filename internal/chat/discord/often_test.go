package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/format"
)

// often are words as they stand in essays and are said about them, and their
// correction.
var often = []struct{ said, meant string }{
	{"A passage.", "The passage."},
	{"Über die Größe", "Über die Größe."},
	{"Что делать?", "Что же делать?"},
	{"空即是色", "色即是空"},
	{"لماذا", "لماذا؟"},
	{"👩‍👩‍👧‍👦", "👩‍👩‍👧"},
	{"1. first\n2. second", "1. second\n2. first"},
	{"a * b _ c", "a * b"},
	{"@everyone, look", "@here, look"},
	{"https://example.org/a_b_c", "https://example.org/a_b"},
}

// In each of many rooms, and in a thread of each, the bot and a person from
// elsewhere say something, correct it, get an emoji put under it and taken off,
// and take it back: at the end nothing stands there.
func TestInManyRooms(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, _ chat.Room) {
		for _, c := range often {
			r := w.Room(t)
			root := does(t, p, posting(at(r), "", "A passage.")).Ref
			thread := opened(t, p, root)
			for _, place := range []chat.Place{at(r), thread} {
				for _, from := range []string{"", "Ada"} {
					corrected(t, w, p, posting(place, from, c.said), c.meant)
				}
			}
			w.reads(t, at(r), "A passage.")
			w.reads(t, thread)
		}
		if len(w.Pings()) > 0 {
			t.Errorf("phones rang: %v", w.Pings())
		}
	})
}

// corrected says something, and what is done about it in its life.
func corrected(t *testing.T, w *world, p *Platform, a chat.Action, meant string) {
	t.Helper()
	ref := does(t, p, a).Ref
	last := func() chat.Message {
		all := w.Read(t, ref.Place)
		return all[len(all)-1]
	}
	if got := last(); got.Ref.ID != ref.ID || got.Body.Text != a.Message.Body.Text {
		t.Errorf("%q stands as %q", a.Message.Body.Text, got.Body.Text)
	}
	does(t, p, editing(ref, a.Message.From.Name, meant))
	if got := last().Body.Text; got != meant {
		t.Errorf("%q stands as %q", meant, got)
	}
	does(t, p, chat.Action{Verb: chat.React, Key: "r", On: ref, Emoji: "👍"})
	if got := w.Reactions(t, ref); len(got) != 1 {
		t.Errorf("under it stand %q", got)
	}
	does(t, p, chat.Action{Verb: chat.Unreact, Key: "u", On: ref, Emoji: "👍"})
	if got := w.Reactions(t, ref); len(got) != 0 {
		t.Errorf("under it still stand %q", got)
	}
	if done := does(t, p, chat.Action{Verb: chat.Delete, Key: "d", On: ref}); done.Found {
		t.Error("it was gone already")
	}
}

// Posts of a forum are threads with their first message, and are edited there.
func TestForumOfMany(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := room(w.Forum("essays"))
		w.rooms = append(w.rooms, r.ID)
		p := w.open(t)
		for i := range 2 {
			for _, c := range often {
				root := does(t, p, posting(at(r), "", c.said)).Ref
				does(t, p, editing(root, "", c.meant))
				thread := opened(t, p, root)
				if th, ok := w.ThreadOf(thread.Thread); !ok || th.Name != strings.Join(strings.Fields(c.said), " ") {
					t.Errorf("%q is called %q", c.said, th.Name)
				}
				w.reads(t, thread, c.meant)
			}
			if n := len(w.Threads(r.ID)); n != (i+1)*len(often) {
				t.Errorf("there are %d posts", n)
			}
		}
	})
}

// A thread that is put away before each edit is taken out again each time.
func TestArchivedAgain(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		mod := w.Server.User("Mod", discordtest.ManageThreads)
		thread := opened(t, p, does(t, p, posting(at(r), "", "A passage.")).Ref)
		own, ada := does(t, p, posting(thread, "", "Words.")).Ref, does(t, p, posting(thread, "Ada", "Words.")).Ref
		for i := range 10 {
			text := fmt.Sprintf("Words, version %d.", i)
			must(t, mod.Archive(thread.Thread, true))
			does(t, p, editing(own, "", text))
			must(t, mod.Archive(thread.Thread, true))
			does(t, p, editing(ada, "Ada", text))
			w.reads(t, thread, text, "Ada: "+text)
		}
	})
}

// Call after call is promised an answer, and gets its own.
func TestManyCalls(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), table()))
		e := hear(t, p, fromNow(r))
		ada := w.Server.User("Ada")
		for i := range 20 {
			words := fmt.Sprintf("words %d", i)
			asked, err := ada.Slash(r.ID, "essay find", map[string]string{"words": words})
			must(t, err)
			c := *e.hears("the call for "+words, func(o chat.Event) bool { return o.Kind == chat.Called && o.Call.Args["words"] == words }).Call
			must(t, p.Answer(t.Context(), c, chat.Message{Body: format.Text("Here are " + words)}))
			if all := asked.Answers(); len(all) != 1 || all[0].Text != "Here are "+words || !all[0].Private {
				t.Errorf("%s: answered %+v", words, all)
			}
		}
		e.stop()
	})
}

// From release to release a command gets other words, one comes into the menu
// and one leaves it: of each only that is written.
func TestRegisterAgainAndAgain(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, _ chat.Room) {
		release := func(n int) []chat.Command {
			return []chat.Command{
				{Name: "status", Help: fmt.Sprintf("Where we are, release %d", n)},
				{Name: "passage", Help: "Shows a passage", Menu: fmt.Sprintf("Show passage %d", n)},
				{Name: "find", Help: "Looks for words", Menu: "Find this"},
			}
		}
		must(t, p.Register(t.Context(), release(0)))
		for n := range 20 {
			before := w.Ops()
			must(t, p.Register(t.Context(), release(n+1)))
			after := w.Ops()
			for _, verb := range []string{"create", "update", "delete"} {
				name := verb + "_guild_application_command"
				if done := after[name].N - before[name].N; done != 1 {
					t.Errorf("release %d: %s was asked for %d times", n+1, name, done)
				}
			}
		}
	})
}

// Rights that are taken and given again are seen by whoever checks, as soon as
// what is known of them is old.
func TestRightsComeAndGo(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, _ chat.Room) {
		for i := range 20 {
			want := i%2 == 1
			if want {
				w.Revoke(discordtest.AddReactions)
			}
			if got := missing(t, p); want != strings.Contains(got, "Add Reactions") || !want && got != "" {
				t.Errorf("check %d: missing is %q", i, got)
			}
			w.Grant(discordtest.AddReactions)
			time.Sleep(11 * time.Minute)
		}
	})
}

// Whoever reads a room back is told who holds which emoji under each message.
func TestReactionsAreReadBack(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		people := []*person{w.User(t, "ada").(*person), w.User(t, "bob").(*person)}
		for i := range 20 {
			ref := does(t, p, posting(at(r), "", fmt.Sprintf("Passage %d.", i))).Ref
			people[i%2].React(t, ref, "🎯")
		}
		said, held := 0, 0
		must(t, p.readBack(t.Context(), at(r), "", func(e chat.Event) bool {
			if e.Kind == chat.Said {
				said++
				return true
			}
			if who := people[(said-1)%2]; e.Kind != chat.Reacted || e.Emoji != "🎯" || e.By.ID != who.u.ID() {
				t.Errorf("under passage %d: %s %s by %s", said-1, e.Kind, e.Emoji, e.By.Name)
			}
			held++
			return true
		}))
		if said != 20 || held != 20 {
			t.Errorf("%d passages and %d emoji were read", said, held)
		}
	})
}

// An event may tell of an edit without telling the words: then they are looked
// up. Of what was deleted meanwhile nothing is told.
func TestEditsToldInPart(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		_, err := p.who(t.Context())
		must(t, err)
		_, err = p.find(t.Context(), r.ID)
		must(t, err)
		l, err := p.listener(fromNow(r), func(context.Context, chat.Batch) error { return nil })
		must(t, err)
		here, _ := p.places.get(r.ID)
		ada := w.User(t, "ada")
		for i := range 20 {
			said := ada.Say(t, at(r), "Frist.", chat.Ref{})
			ada.Edit(t, said, "First.")
			if i == 19 {
				ada.Delete(t, said)
			}
			part, err := json.Marshal(map[string]any{"id": said.ID, "channel_id": r.ID, "guild_id": w.Guild(), "edited_timestamp": w.Now()})
			must(t, err)
			events, err := l.updated(t.Context(), heard{kind: "MESSAGE_UPDATE", data: part}, here)
			must(t, err)
			if i == 19 && len(events) != 0 || i < 19 && (len(events) != 1 || events[0].Kind != chat.Edited || events[0].Message.Body.Text != "First.") {
				t.Errorf("edit %d is told as %+v", i, events)
			}
		}
	})
}
