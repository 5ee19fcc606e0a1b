package chattest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"marginalia/internal/chat"
)

// away are the stories of what happens while the platform does not listen,
// and of what it tells afterwards.
var away = []story{
	{"says at once how far it has read", []string{Away}, saysHowFar},
	{"catches up on what was said while it was away", []string{Away}, catchesUp},
	{"catches up in order while the talk goes on", []string{Away}, catchesUpLive},
	{"catches up in a thread in which nobody had spoken before", []string{Away}, catchesUpThread},
	{"catches up on edits made while it was away", []string{Away, AwayEdits}, catchesUpEdits},
	{"catches up on deletions made while it was away", []string{Away, AwayGone}, catchesUpDeletions},
	{"tells again what was not kept", nil, tellsAgain},
	{"goes on after the server's restart", nil, outlivesServer},
	{"reads back what stands in a place", []string{History}, readsBack},
}

func saysHowFar(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	ada.Say(s, at(r), "Before the bot's time.", chat.Ref{})
	b := s.listening(r) // "" = from now on
	b.stop()            // and nothing was said till then
	missed := ada.Say(s, at(r), "While it was away.", chat.Ref{})
	b.restart()
	b.said(ada, missed, "While it was away.")
	b.fence(ada, at(r))
	b.onlySaid(r, missed)
	b.stop()
}

// saidWhileAway makes a bot hear something, go, and miss n messages.
func (s *stage) saidWhileAway(u User, r chat.Room, n int) (*bot, []chat.Ref) {
	b := s.listening(r)
	refs := []chat.Ref{u.Say(s, at(r), "Heard.", chat.Ref{})}
	b.said(u, refs[0], "Heard.")
	b.stop()
	for i := range n {
		refs = append(refs, u.Say(s, at(r), "Missed "+strconv.Itoa(i), chat.Ref{}))
	}
	return b, refs
}

func catchesUp(s *stage) {
	const missed = 130 // more than a network tells at once
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b, refs := s.saidWhileAway(ada, r, missed)
	b.restart()
	b.said(ada, refs[missed], "Missed "+strconv.Itoa(missed-1))
	b.fence(ada, at(r))
	b.onlySaid(r, refs...)
	b.stop()
	late := ada.Say(s, at(r), "And once more.", chat.Ref{})
	b.restart()
	b.said(ada, late, "And once more.")
	b.onlySaid(r, append(refs, late)...)
	b.stop()
}

func catchesUpLive(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b, refs := s.saidWhileAway(ada, r, 110)
	talk := make(chan []chat.Ref, 1)
	go func() {
		var live []chat.Ref
		for i := range 40 {
			live = append(live, ada.Say(s, at(r), "Live "+strconv.Itoa(i), chat.Ref{}))
		}
		talk <- live
	}()
	b.restart()
	refs = append(refs, <-talk...)
	b.fence(ada, at(r))
	b.onlySaid(r, refs...)
	b.stop()
}

func catchesUpThread(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	thread := b.thread(b.post(at(r), "The first passage."))
	b.stop()
	missed := ada.Say(s, thread, "Nobody is here to hear this.", chat.Ref{})
	b.restart()
	b.said(ada, missed, "Nobody is here to hear this.")
	b.fence(ada, thread)
	b.onlySaid(r, missed)
	b.stop()
}

func catchesUpEdits(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b, refs := s.saidWhileAway(ada, r, 2)
	ada.Edit(s, refs[0], "Heard, then changed.")
	ada.Edit(s, refs[1], "Missed, then changed.")
	b.restart()
	for ref, text := range map[chat.Ref]string{refs[0]: "Heard, then changed.", refs[1]: "Missed, then changed."} {
		b.hears("the newest words: "+text, func(e chat.Event) bool {
			return same(e.Message.Ref, ref) && e.Message.Body.Text == text && !e.Revised.IsZero()
		})
	}
	b.stop()
}

func catchesUpDeletions(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b, refs := s.saidWhileAway(ada, r, 2)
	ada.Delete(s, refs[0])
	ada.Delete(s, refs[1])
	b.restart()
	b.deleted(refs[0])
	b.fence(ada, at(r))
	last := chat.Event{}
	for _, e := range b.heard() {
		if same(e.Message.Ref, refs[1]) {
			last = e
		}
	}
	if last.Kind == chat.Said || last.Kind == chat.Edited {
		b.Errorf("what was said and deleted while away stands as %q", last.Message.Body.Text)
	}
	b.stop()
}

// tellsAgain: words whose batch was not kept come again. A network on which
// they were not taken then lets their author try again.
func tellsAgain(s *stage) {
	full := errors.New("the disk is full")
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	heard := ada.Say(s, at(r), "Before.", chat.Ref{})
	b.said(ada, heard, "Before.")
	refused := 0
	b.mu.Lock()
	b.refuse = func(batch chat.Batch) error {
		if refused > 0 || slices.ContainsFunc(batch.Events, func(e chat.Event) bool { return e.Kind == chat.Said }) {
			refused++
			return full
		}
		return nil
	}
	b.mu.Unlock()
	missed := make(chan []chat.Ref, 1)
	go func() {
		var refs []chat.Ref
		for i := range 3 {
			refs = append(refs, ada.Say(s, at(r), "Not kept "+strconv.Itoa(i), chat.Ref{}))
		}
		missed <- refs
	}()
	select {
	case err := <-b.ended:
		if !errors.Is(err, full) {
			b.Errorf("handle returned %q, Run returned %v", full, err)
		}
	case <-time.After(patience):
		b.Fatalf("Run did not return within %s of handle's error", patience)
	}
	b.mu.Lock()
	b.refuse = nil
	if refused != 1 {
		b.Errorf("handle was called %d times more after it had failed", refused-1)
	}
	b.mu.Unlock()
	b.listen() // the same process goes on
	refs := <-missed
	for i, ref := range refs {
		b.said(ada, ref, "Not kept "+strconv.Itoa(i))
	}
	b.fence(ada, at(r))
	b.onlySaid(r, append([]chat.Ref{heard}, refs...)...)
	b.stop()
}

func outlivesServer(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	b.stop()
	b.p = s.w.Open(s)
	b.start(b.persistent)
	var want []chat.Ref
	texts := []string{}
	for i := range 2 {
		text := fmt.Sprintf("Said %d", i)
		want = append(want, ada.Say(s, at(r), text, chat.Ref{}))
		b.said(ada, want[len(want)-1], text)
		s.w.Restart(s)
		post := fmt.Sprintf("Posted %d", i)
		b.insists(posting(at(r), post))
		texts = append(texts, text, post)
	}
	s.reads(at(r), texts...)
	b.fence(ada, at(r))
	b.onlySaid(r, want...)
	b.stop()
}

// insists does a, however often the restart of a server breaks it off.
func (b *bot) insists(a chat.Action) {
	b.Helper()
	for end := time.Now().Add(patience); ; {
		_, err := b.try(a)
		if err == nil {
			return
		}
		if time.Now().After(end) {
			b.Fatalf("%s: %v", a.Verb, err)
		}
		if !certain(err) {
			a = b.again(a, chat.Ref{})
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func readsBack(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.bot(r)
	reader, ok := b.p.(chat.Reader)
	if !ok {
		s.Fatalf("%T is no chat.Reader and the World does not say that it lacks %q", b.p, History)
	}
	root := b.post(at(r), "The first passage.")
	ada.Say(s, at(r), "Beside it.", chat.Ref{})
	thread := b.thread(root)
	one := ada.Say(s, thread, "This is not so.", chat.Ref{})
	gone := ada.Say(s, thread, "I take this back.", chat.Ref{})
	two := b.post(thread, "Bob: Why not?")
	ada.Edit(s, one, "This may not be so.")
	ada.Delete(s, gone)
	reacts := b.p.Profile().Reactions
	if reacts {
		ada.React(s, two, "👍")
		s.shows(two, "👍")
	}
	s.reads(thread, "This may not be so.", "Bob: Why not?")

	var told []string
	for e, err := range reader.History(context.Background(), thread, "") {
		if err != nil {
			s.Fatal(err)
		}
		m := e.Message
		told = append(told, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", e.Kind, m.Ref.ID, m.Body.Text, bare(e.Emoji))))
		if revised := same(m.Ref, one) && e.Kind == chat.Said; revised == e.Revised.IsZero() {
			b.Errorf("%s %q was revised at %s", e.Kind, m.Body.Text, e.Revised)
		}
		if own := same(m.Ref, two); e.Kind == chat.Said && own != (m.Ref.As != "") {
			b.Errorf("%q is read back as said by %q", m.Body.Text, m.Ref.As)
		}
		if e.Kind == chat.Said && m.Ref.Place != thread {
			b.Errorf("%q is read back from %v, not %v", m.Body.Text, m.Ref.Place, thread)
		}
		if e.Kind == chat.Reacted && e.By.ID != ada.Person().ID {
			b.Errorf("ada's reaction is read back as %+v's", e.By)
		}
	}
	want := []string{
		fmt.Sprintf("said %s This may not be so.", one.ID),
		fmt.Sprintf("said %s Bob: Why not?", two.ID),
	}
	if reacts {
		want = append(want, fmt.Sprintf("reacted %s  👍", two.ID))
	}
	if !slices.Equal(told, want) {
		b.Errorf("read back\n  %q, should be\n  %q", told, want)
	}
	for e, err := range reader.History(context.Background(), at(s.w.Nowhere(s)), "") {
		if !errors.Is(err, chat.ErrForbidden) && !errors.Is(err, chat.ErrGone) {
			b.Errorf("reading a room that is not there tells %+v, %v", e, err)
		}
	}
}
