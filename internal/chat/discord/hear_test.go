package discord

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/format"
)

// hearing tells a story of what people do.
func hearing(t *testing.T, tell func(t *testing.T, w *world, e *ear, r chat.Room)) {
	t.Helper()
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		e := hear(t, w.open(t), fromNow(r))
		tell(t, w, e, r)
		e.stop()
	})
}

// Many messages are deleted at once, and all emoji taken off.
func TestModeration(t *testing.T) {
	hearing(t, func(t *testing.T, w *world, e *ear, r chat.Room) {
		mod := w.Server.User("Mod", discordtest.ManageMessages)
		ada := w.User(t, "ada")
		var ids []string
		for _, text := range []string{"one", "two", "three"} {
			ids = append(ids, ada.Say(t, at(r), text, chat.Ref{}).ID)
		}
		stays := ada.Say(t, at(r), "four", chat.Ref{})
		ada.React(t, stays, "👍")
		ada.React(t, stays, "🎉")
		must(t, mod.ClearReactions(stays.ID, "👍"))
		must(t, mod.ClearReactions(stays.ID, ""))
		must(t, mod.BulkDelete(r.ID, ids...))
		goesOn(t, w, e, r)
		var gone, off []string
		for _, o := range e.all(chat.Deleted) {
			gone = append(gone, o.Message.Ref.ID)
		}
		for _, o := range e.all(chat.Unreacted) {
			off = append(off, o.Emoji+o.By.ID)
		}
		if !slices.Equal(gone, ids) || !slices.Equal(off, []string{"👍", ""}) {
			t.Errorf("deleted are %q, taken off %q", gone, off)
		}
	})
}

// People are called as on the server, in what was said live and in what is read
// later; mentions bear names.
func TestNames(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		ada, bob := w.Server.User("ada"), w.Server.User("bob")
		ada.Nick("Countess")
		e := hear(t, w.open(t), fromNow(r))
		id, err := ada.Say(r.ID, "Hello <@"+bob.ID()+">!", "")
		must(t, err)
		if o := e.said(id); o.By.Name != "Countess" || o.Message.Body.Text != "Hello @bob!" {
			t.Errorf("heard %q by %q", o.Message.Body.Text, o.By.Name)
		}
		since := e.stop()
		w.Server.Restart()
		id, err = ada.Say(r.ID, "Again.", "")
		must(t, err)
		e = hear(t, w.open(t), since)
		if o := e.said(id); o.By.Name != "Countess" {
			t.Errorf("read back as said by %q", o.By.Name)
		}
		e.stop()
	})
}

// Files are told, with and without words.
func TestFiles(t *testing.T) {
	hearing(t, func(t *testing.T, w *world, e *ear, r chat.Room) {
		ada := w.Server.User("ada")
		id, err := ada.Say(r.ID, "", "", discordtest.File{Name: "cat.png", Type: "image/png", Data: []byte("cat")})
		must(t, err)
		o := e.said(id)
		if f := o.Message.Files; len(f) != 1 || f[0].Name != "cat.png" || f[0].Type != "image/png" || f[0].Size != 3 || f[0].Origin == "" {
			t.Errorf("heard %+v", f)
		}
	})
}

// Channels that nobody listens to are looked up once, and not heard.
func TestOtherChannels(t *testing.T) {
	hearing(t, func(t *testing.T, w *world, e *ear, r chat.Room) {
		other, ada := w.Room(t), w.User(t, "ada").(*person)
		for range 5 {
			ada.Say(t, at(other), "Elsewhere.", chat.Ref{})
		}
		thread, err := ada.u.Thread(other.ID, "", "Elsewhere")
		must(t, err)
		ada.Say(t, chat.Place{Room: other, Thread: thread}, "Elsewhere.", chat.Ref{})
		goesOn(t, w, e, r)
		if n := len(e.all()); n != 1 {
			t.Errorf("heard:\n%s", list(e.all()))
		}
	})
}

// The echo of a post comes before its answer, after it, or instead of it.
func TestEcho(t *testing.T) {
	for _, order := range []discordtest.Echo{discordtest.EchoFirst, discordtest.EchoLast} {
		bubble(t, discordtest.Options{Echo: order}, func(t *testing.T, w *world) {
			r := w.Room(t)
			p := w.open(t)
			e := hear(t, p, fromNow(r))
			a := posting(at(r), "", "One.")
			ref := does(t, p, a).Ref
			o := e.hears("the echo", func(o chat.Event) bool { return o.Kind == chat.Echoed && o.Key == a.Key })
			if o.Message.Ref != ref {
				t.Errorf("echoed %+v, made %+v", o.Message.Ref, ref)
			}
			lost := posting(at(r), "", "Two.")
			w.Lose(1)
			if _, err := p.Do(t.Context(), lost); err == nil {
				t.Fatal("the answer was not lost")
			}
			e.hears("the echo of what was lost", func(o chat.Event) bool { return o.Kind == chat.Echoed && o.Key == lost.Key })
			does(t, p, posting(at(r), "Ada", "Three."))
			goesOn(t, w, e, r)
			if n := len(e.all(chat.Said, chat.Edited)); n != 1 {
				t.Errorf("its own words are reported:\n%s", list(e.all()))
			}
			e.stop()
		})
	}
}

// What bots say is no talk, unless they are among those that are told to be.
func TestBots(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		w.FillWebhooks(r.ID, 1)
		p := w.open(t)
		e := hear(t, p, fromNow(r))
		one := message{ID: idAfter(w), Channel: r.ID, Author: user{ID: "77777777777777777", Name: "bridge", Bot: true}, Webhook: "77777777777777777", At: time.Now()}
		words := "Hello."
		one.Content = &words
		wh, _ := p.places.get(r.ID)
		if _, ok, err := p.said(t.Context(), one, wh); ok || err != nil {
			t.Errorf("a webhook's words are talk: %v", err)
		}
		p.c.Bots = []string{"77777777777777777"}
		if o, ok, err := p.said(t.Context(), one, wh); !ok || err != nil || o.Kind != chat.Said || o.By.Name != "bridge" {
			t.Errorf("a webhook that is told to be: %+v (%v)", o, err)
		}
		cards := `{"content":"","embeds":[{"type":"rich","author":{"name":"News"},"title":"It *rained*","url":"https://x.y","description":"**All** day.",` +
			`"fields":[{"name":"Where","value":"here"}],"footer":{"text":"9 mm"}},{"type":"link","title":"A preview"},{"type":"rich","title":"","image":null}]}`
		must(t, json.Unmarshal([]byte(cards), &one))
		if o, ok, err := p.said(t.Context(), one, wh); !ok || err != nil || o.Message.Body.Text != "News\n\nIt *rained*\n\nAll day.\n\nWhere\nhere\n\n9 mm" {
			t.Errorf("a webhook's cards: %q (%v)", o.Message.Body.Text, err)
		}
		one.Author.Bot, one.Webhook = false, ""
		if _, ok, err := p.said(t.Context(), one, wh); ok || err != nil {
			t.Errorf("what stands below a person's words is told as theirs: %v", err)
		}
		e.stop()
	})
}

// idAfter is an id that the double has not given out yet.
func idAfter(w *world) string { return idOf(number(w.Room(nil).ID) + 1<<22) }

func TestForumTags(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		plain, wants := room(w.Forum("essays", "Slow", "essay", "Fast")), room(w.Forum("questions"))
		w.RequireTag(wants.ID, "!staff", "open")
		w.rooms = append(w.rooms, plain.ID, wants.ID)
		p := w.open(t)
		p.c.Tags = []string{"Essay", "nowhere", "fast"}
		e := hear(t, p, fromNow(plain, wants))
		post := func(r chat.Room, by, words string, want ...string) {
			t.Helper()
			ref := does(t, p, posting(at(r), by, words)).Ref
			if got, _ := w.ThreadOf(ref.ID); got.Parent != r.ID || !slices.Equal(got.Tags, want) {
				t.Errorf("%q stands in %+v, want it with %q", words, got, want)
			}
		}
		if !p.Board(plain) || !p.Board(room("77777777777777777")) {
			t.Error("a forum, or what is not known, is taken for a room in which lists can stand")
		}
		post(plain, "", "A passage.", "essay", "Fast")
		post(plain, "Ada", "A comment.", "essay", "Fast")
		post(wants, "", "A passage.", "open")
		post(wants, "Ada", "A comment.", "open")
		e.stop()
		w.RequireTag(wants.ID, "fast") // and the bot does not hear of it
		post(wants, "", "Another passage.", "fast")
		w.RequireTag(wants.ID, "!essay", "more")
		post(wants, "Ada", "Another comment.", "essay")
	})
}

// A forum for which no threads are wanted is told of once, and by Check.
func TestForumWithoutThreads(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		forum, plain := room(w.Forum("essays")), w.Room(nil)
		w.rooms = append(w.rooms, forum.ID)
		var log strings.Builder
		w.config.Flat, w.config.Log = []string{forum.ID, plain.ID}, slog.New(slog.NewTextHandler(&log, nil))
		p := w.open(t)
		ask := func(r chat.Room) chat.Place {
			t.Helper()
			return does(t, p, chat.Action{Verb: chat.OpenThread, Key: "open-" + r.ID, On: does(t, p, posting(at(r), "", "A passage.")).Ref}).Ref.Place
		}
		if got := ask(plain); got != at(plain) {
			t.Errorf("no thread is wanted, and it is at %v", got)
		}
		if got := ask(forum); got.Thread == "" {
			t.Errorf("a post of a forum has no thread: %v", got)
		}
		hear(t, p, fromNow(plain, forum)).stop()
		const ignored = "threads = false is ignored"
		if n := strings.Count(log.String(), ignored); n != 1 || !strings.Contains(log.String(), "#essays") {
			t.Errorf("it is told of %d times:\n%s", n, log.String())
		}
		told := 0
		for _, f := range p.Check(t.Context()) {
			if strings.Contains(f.What, ignored) {
				told++
				if !f.OK || !strings.HasPrefix(f.What, "channel #essays") {
					t.Errorf("Check finds %+v", f)
				}
			}
		}
		if told != 1 {
			t.Errorf("Check tells of it %d times", told)
		}
	})
}

// A forum is a room whose posts are threads.
// Two names of one tag are one tag.
func TestATagIsGivenOnce(t *testing.T) {
	p := &Platform{c: Config{Tags: []string{"Essay", "essay"}}}
	if got := p.tagsIn(channel{Type: forumChannel, Tags: []forumTag{{ID: "1", Name: "essay"}}}); len(got) != 1 {
		t.Errorf("the tags of a post are %q", got)
	}
}

func TestForum(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := room(w.Forum("essays"))
		w.rooms = append(w.rooms, r.ID)
		p := w.open(t)
		e := hear(t, p, fromNow(r))
		root := does(t, p, posting(at(r), "", "A passage.")).Ref
		if root.Place != at(r) {
			t.Errorf("the post stands in %+v", root.Place)
		}
		named := func(root chat.Ref, want string) {
			t.Helper()
			if thread, _ := w.ThreadOf(root.ID); thread.Name != want {
				t.Errorf("a thread is called %q, not %q", thread.Name, want)
			}
		}
		named(root, "A passage.")
		for _, by := range []string{"", "Ada"} {
			hides := posting(at(r), by, "")
			hides.Message.Body = format.Discord{}.Parse("# The end\nHe ||dies||.")
			named(does(t, p, hides).Ref, "The end: He [spoiler].")
			hides.Key, hides.Name = hides.Key+"n", "7 · The end"
			named(does(t, p, hides).Ref, "7 · The end")
		}
		does(t, p, editing(root, "", "A better passage."))
		thread := opened(t, p, root)
		inside := does(t, p, posting(thread, "Ada", "About it.")).Ref
		ada := w.User(t, "ada").(*person)
		ada.React(t, root, "👍")
		ada.React(t, inside, "🎉")
		said := ada.Say(t, thread, "I like it.", root)
		if o := e.said(said.ID); o.Message.Ref.Place != thread || o.Message.ReplyTo.ID != root.ID {
			t.Errorf("heard %+v, in answer to %+v", o.Message.Ref, o.Message.ReplyTo)
		}
		o := e.hears("a reaction to the post", func(o chat.Event) bool { return o.Kind == chat.Reacted && o.Emoji == "👍" })
		if o.Message.Ref != (chat.Ref{Place: at(r), ID: root.ID}) {
			t.Errorf("the reaction is on %+v", o.Message.Ref)
		}
		a := posting(at(r), "", "Another passage.")
		w.Fault(discordtest.Fault{Op: "create_thread", Kind: discordtest.CutOff, After: true, Count: 1})
		if _, err := p.Do(t.Context(), a); err == nil {
			t.Fatal("the answer was not lost")
		}
		if done := does(t, p, again(a, root)); !done.Found {
			t.Errorf("asked again: %+v", done)
		}
		if n := len(w.Threads(r.ID)); n != 2+4 {
			t.Errorf("there are %d posts", n)
		}
		since := e.stop()
		w.Server.Restart()
		missed := ada.Say(t, thread, "And more.", chat.Ref{})
		e = hear(t, w.open(t), since)
		e.said(missed.ID)
		e.stop()
	})
}
