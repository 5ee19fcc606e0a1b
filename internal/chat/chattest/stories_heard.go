package chattest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// heard are the stories of what people do while the platform listens.
var heard = []story{
	{"is what its profile says", nil, hasProfile},
	{"hears what is said in a room", nil, hearsRoom},
	{"hears what is said in a thread", nil, hearsThread},
	{"hears who answers whom", nil, hearsReplies},
	{"hears edits as whole new words", nil, hearsEdits},
	{"hears deletions", nil, hearsDeletions},
	{"hears a moderator remove its message", []string{Moderator}, hearsModerator},
	{"hears reactions come and go", []string{Reacting}, hearsReactions},
	{"hears commands", []string{Commands}, hearsCommands},
	{"hears all kinds of words", nil, hearsWords},
	{"never takes its own words for someone's", nil, hearsItself},
}

func hasProfile(s *stage) {
	p := s.w.Open(s).Profile()
	if r := s.w.Room(s); p.Name == "" || p.Name != r.Platform {
		s.Errorf("the platform is named %q, its rooms say %q", p.Name, r.Platform)
	}
	if p.Dialect == nil || p.Fits == nil {
		s.Fatalf("the profile lacks a Dialect or Fits: %+v", p)
	}
	if !p.Fits(chat.Message{Body: format.Text(strings.Repeat("x", 1500))}) || p.Fits(chat.Message{Body: format.Text(strings.Repeat("x", 1<<20))}) {
		s.Errorf("1,500 characters must fit, and a million must not")
	}
	for ability, has := range map[string]bool{
		Reacting: p.Reactions, Names: p.Names, Opening: p.Threads == chat.OpenedThreads, Files: p.Files > 0,
	} {
		if _, lacks := s.w.Lacks()[ability]; lacks == has {
			s.Errorf("the profile says that %q is there: %v; the World, that it is lacking: %v", ability, has, lacks)
		}
	}
}

func hearsRoom(s *stage) {
	r := s.w.Room(s)
	ada, bob := s.w.User(s, "ada"), s.w.User(s, "bob")
	b := s.listening(r)
	one := ada.Say(s, at(r), "Is anyone here?", chat.Ref{})
	b.said(ada, one, "Is anyone here?")
	two := bob.Say(s, at(r), "I am.", chat.Ref{})
	if e := b.said(bob, two, "I am."); !e.Message.ReplyTo.IsZero() {
		b.Errorf("what answers nothing is reported as an answer to %+v", e.Message.ReplyTo)
	}
	b.fence(ada, at(r))
	b.onlySaid(r, one, two)
	b.stop()
}

func hearsThread(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	thread := b.thread(b.post(at(r), "The first passage."))
	one := ada.Say(s, thread, "This is not so.", chat.Ref{})
	b.said(ada, one, "This is not so.")
	two := ada.Say(s, at(r), "Beside it.", chat.Ref{})
	b.said(ada, two, "Beside it.")
	three := ada.Say(s, thread, "Or is it?", chat.Ref{})
	b.said(ada, three, "Or is it?")
	b.fence(ada, thread)
	b.onlySaid(r, one, two, three)
	b.stop()
}

func hearsReplies(s *stage) {
	r := s.w.Room(s)
	ada, bob := s.w.User(s, "ada"), s.w.User(s, "bob")
	b := s.listening(r)
	root := b.post(at(r), "The first passage.")
	thread := b.thread(root)
	first := ada.Say(s, thread, "This is not so.", chat.Ref{})
	inThread := bob.Say(s, thread, "Why not?", first)
	if e := b.said(bob, inThread, "Why not?"); !same(e.Message.ReplyTo, first) {
		b.Errorf("an answer to %s is reported as one to %+v", first.ID, e.Message.ReplyTo)
	}
	plain := bob.Say(s, at(r), "I like it.", root)
	e := b.hears("the answer in the main timeline", func(e chat.Event) bool { return same(e.Message.Ref, plain) })
	if !same(e.Message.ReplyTo, root) || e.Message.Body.Text != "I like it." {
		b.Errorf("the answer %q to %s is reported as %q to %+v", "I like it.", root.ID, e.Message.Body.Text, e.Message.ReplyTo)
	}
	b.stop()
}

// edited waits for the edit of ref to text.
func (b *bot) edited(ref chat.Ref, text string) chat.Event {
	b.Helper()
	e := b.hears(fmt.Sprintf("the edit to %q", text), func(e chat.Event) bool {
		return e.Kind == chat.Edited && same(e.Message.Ref, ref) && e.Message.Body.Text == text
	})
	if e.Revised.IsZero() {
		b.Errorf("the edit to %q has no Revised", text)
	}
	return e
}

func hearsEdits(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	thread := b.thread(b.post(at(r), "The first passage."))
	for _, p := range []chat.Place{at(r), thread} {
		ref := ada.Say(s, p, "I think sso.", chat.Ref{})
		b.said(ada, ref, "I think sso.")
		ada.Edit(s, ref, "I think so.")
		if e := b.edited(ref, "I think so."); e.By.ID != ada.Person().ID {
			b.Errorf("ada's edit is reported as done by %+v", e.By)
		}
		ada.Edit(s, ref, "I thought so, on the whole.")
		b.edited(ref, "I thought so, on the whole.")
		b.fence(ada, p)
		last := chat.Event{}
		for _, e := range b.heard() {
			if same(e.Message.Ref, ref) {
				last = e
			}
		}
		if last.Message.Body.Text != "I thought so, on the whole." {
			b.Errorf("the newest words are %q", last.Message.Body.Text)
		}
	}
	b.stop()
}

func (b *bot) deleted(ref chat.Ref) chat.Event {
	b.Helper()
	return b.hears("the deletion of "+ref.ID, func(e chat.Event) bool {
		return e.Kind == chat.Deleted && same(e.Message.Ref, ref)
	})
}

func hearsDeletions(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	thread := b.thread(b.post(at(r), "The first passage."))
	for _, p := range []chat.Place{at(r), thread} {
		ref := ada.Say(s, p, "I take this back.", chat.Ref{})
		stays := ada.Say(s, p, "Not this.", chat.Ref{})
		b.said(ada, stays, "Not this.")
		ada.Delete(s, ref)
		if e := b.deleted(ref); !e.Message.Body.Empty() {
			b.Errorf("the deletion tells %q", e.Message.Body.Text)
		}
		b.fence(ada, p)
		for _, e := range b.heard() {
			if e.Kind == chat.Deleted && same(e.Message.Ref, stays) {
				b.Errorf("what was not deleted is reported as deleted")
			}
		}
	}
	b.stop()
}

func hearsModerator(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	ref := b.post(at(r), "The first passage.")
	ada.Delete(s, ref)
	if e := b.deleted(ref); e.By.ID != "" && e.By.ID != ada.Person().ID {
		b.Errorf("what ada removed is reported as removed by %+v", e.By)
	}
	b.stop()
}

func hearsReactions(s *stage) {
	r := s.w.Room(s)
	ada, bob := s.w.User(s, "ada"), s.w.User(s, "bob")
	b := s.listening(r)
	normal := b.p.Profile().Normal
	if normal == nil {
		normal = func(e string) string { return e }
	}
	root := b.post(at(r), "The first passage.")
	said := ada.Say(s, b.thread(root), "A fine one.", chat.Ref{})
	for _, c := range []struct {
		u     User
		on    chat.Ref
		emoji string
	}{{ada, root, "👍"}, {bob, root, "👍"}, {bob, root, "❤️"}, {bob, said, "🎉"}} {
		own := c.u.React(s, c.on, c.emoji)
		e := b.hears("a reaction with "+c.emoji, func(e chat.Event) bool {
			return e.Kind == chat.Reacted && same(e.Message.Ref, c.on) && e.By.ID == c.u.Person().ID && normal(e.Emoji) == normal(c.emoji)
		})
		if e.Own != own {
			b.Errorf("the reaction %q is reported as %q", own, e.Own)
		}
		c.u.Unreact(s, c.on, c.emoji)
		b.hears("the reaction with "+c.emoji+" being taken back", func(e chat.Event) bool {
			if own != "" && e.Own == own {
				return e.Kind == chat.Unreacted
			}
			return e.Kind == chat.Unreacted && same(e.Message.Ref, c.on) && e.By.ID == c.u.Person().ID && normal(e.Emoji) == normal(c.emoji)
		})
	}
	b.fence(ada, at(r))
	count := map[chat.Kind]int{}
	for _, e := range b.heard() {
		count[e.Kind]++
	}
	if count[chat.Reacted] != 4 || count[chat.Unreacted] != 4 || count[chat.Deleted] != 0 || count[chat.Edited] != 0 {
		b.Errorf("4 reactions came and went, heard %v:\n%s", count, list(b.heard()))
	}
	b.stop()
}

func hearsCommands(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	caller, ok := ada.(Caller)
	if !ok {
		s.Fatalf("%T cannot call a command and the World does not say that it lacks %q", ada, Commands)
	}
	b := s.bot(r)
	commander, ok := b.p.(chat.Commander)
	if !ok {
		s.Fatalf("%T is no chat.Commander and the World does not say that it lacks %q", b.p, Commands)
	}
	for range 2 { // twice is once
		if err := commander.Register(context.Background(), []chat.Command{
			{Name: "status", Help: "How things stand."},
			{Name: "next", Help: "Posts the next passages.", Options: []chat.Option{{Name: "n", Help: "How many."}}},
		}); err != nil {
			s.Fatal(err)
		}
	}
	b.listen()
	for _, c := range []struct {
		name string
		args map[string]string
	}{{"status", nil}, {"next", map[string]string{"n": "3"}}} {
		caller.Call(s, at(r), c.name, c.args)
		e := b.hears("the command "+c.name, func(e chat.Event) bool {
			return e.Kind == chat.Called && e.Call != nil && e.Call.Name == c.name
		})
		if !maps.Equal(e.Call.Args, c.args) || e.Call.By.ID != ada.Person().ID || e.Call.Ref.IsZero() || e.Call.Ref.Place != at(r) {
			b.Errorf("the command %s %q in %v is reported as %+v", c.name, c.args, at(r), *e.Call)
		}
	}
	b.fence(ada, at(r))
	b.onlySaid(r)
	b.stop()
}

func hearsWords(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	for _, text := range []string{
		"Grüße – „Anführung“, naïve café, Ελληνικά, עברית, العربية, 日本語, हिन्दी",
		"👩‍👩‍👧‍👦 and 🏳️‍🌈 and e\u0301 and é",
		"It's 5 & 6 < 7; 100 % sure",
		strings.TrimSpace(strings.Repeat("Fifteen hundred. ", 88)),
	} {
		b.said(ada, ada.Say(s, at(r), text, chat.Ref{}), text)
	}
	two := ada.Say(s, at(r), "First paragraph.\n\nSecond paragraph.", chat.Ref{})
	if e := b.said(ada, two, "First paragraph.\n\nSecond paragraph."); len(e.Message.Body.Blocks) != 2 {
		b.Errorf("two paragraphs are heard as %+v", e.Message.Body.Blocks)
	}
	for _, e := range b.heard() {
		if err := e.Message.Body.Check(); err != nil {
			b.Errorf("the body of %q breaks the rules of a Doc: %v", e.Message.Body.Text, err)
		}
	}
	b.stop()
}

func hearsItself(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	past := maps.Clone(b.since)
	a := posting(at(r), "Words of the bot's own.")
	root := b.made(a)
	thread := b.thread(root)
	inside := posting(thread, "More of them.")
	made := map[string]chat.Ref{a.Key: root, inside.Key: b.made(inside)}
	better := editing(root, "Better words of the bot's own.")
	made[better.Key] = b.do(better).Ref
	if b.p.Profile().Reactions {
		liking := reacting(root, "👍")
		made[liking.Key] = b.do(liking).Ref
	}
	gone := posting(at(r), "Words that go.")
	made[gone.Key] = b.made(gone)
	b.do(deleting(made[gone.Key]))
	b.fence(ada, at(r))
	b.fence(ada, thread)
	b.notItself(made)
	b.stop()

	b = s.bot(r) // a process that was stopped before it could keep any of that
	b.since = past
	b.since[thread] = ""
	b.listen()
	b.fence(ada, at(r))
	b.fence(ada, thread)
	b.notItself(made, made[gone.Key])
	b.stop()
}

// notItself checks that all that was heard is people's, or an echo of what was
// made by its key. Where a network does not say who deleted something, a process
// cannot tell what the one before it deleted from what a moderator did.
func (b *bot) notItself(made map[string]chat.Ref, deletedBefore ...chat.Ref) {
	b.Helper()
	for _, e := range b.heard() {
		if e.Kind == chat.Said && strings.HasPrefix(e.Message.Body.Text, "so far, ") {
			continue
		}
		if e.Kind == chat.Deleted && slices.ContainsFunc(deletedBefore, func(r chat.Ref) bool { return r.ID == e.Message.Ref.ID }) {
			continue
		}
		if e.Kind != chat.Echoed {
			b.Errorf("the bot's own doing is reported: %s %q by %s", e.Kind, e.Message.Body.Text, e.By.ID)
			continue
		}
		if ref, ok := made[e.Key]; !ok || !same(ref, e.Message.Ref) || e.Message.Ref.As == "" {
			b.Errorf("the echo of %+v has the key %q; made were %v", e.Message.Ref, e.Key, made)
		}
	}
}
