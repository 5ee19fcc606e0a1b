package chattest

import (
	"strings"

	"marginalia/internal/chat"
)

// doubted are the stories of requests that may or may not have been done.
// Each waits until the network has settled and asks again.
var doubted = []story{
	{"an answer is lost: asked again, it finds its post", []string{Doubt}, lostPost},
	{"a request is lost: asked again, it posts once", []string{Doubt}, droppedPost},
	{"asked again although all went well, it posts nothing", nil, doubtedPost},
	{"finds the right one of several equal posts", []string{Doubt}, equalPosts},
	{"a new process finds the post of the one before", []string{Doubt}, lostByCrash},
	{"an edit in doubt is made once", []string{Doubt}, doubtedEdit},
	{"a deletion in doubt is made", []string{Doubt}, doubtedDelete},
	{"a reaction in doubt is made once", []string{Doubt, Reacting}, doubtedReaction},
	{"a reaction in doubt is taken back", []string{Doubt, Reacting}, doubtedUnreact},
	{"a thread in doubt is opened once", []string{Doubt, Opening}, doubtedThread},
	{"takes back a post in doubt", []string{Doubt}, withdraws},
	{"a message goes with the edit that is in doubt", []string{Doubt}, deletesDoubtedEdit},
}

// trouble is how a request comes into doubt.
type trouble struct {
	name string
	set  func(World)
	kept bool // the change was made
}

var troubles = []trouble{
	{"the answer is lost", func(w World) { w.Lose(1) }, true},
	{"the request is lost", func(w World) { w.Drop(1) }, false},
}

// doubts does a and meets trouble. A platform may find out by itself, within
// Do, what became of it.
func (b *bot) doubts(t trouble, a chat.Action) {
	b.Helper()
	t.set(b.w)
	_, err := b.try(a)
	if t.kept && err != nil && certain(err) {
		b.Errorf("%s: the change was made, and Do is certain that it was not: %v", a.Verb, err)
	}
	b.Logf("%s: %s: %v", a.Verb, t.name, err)
}

// settles asks for a again until it is answered, once the network settled.
func (b *bot) settles(a chat.Action, after chat.Ref, taken ...chat.Ref) chat.Done {
	b.Helper()
	return b.do(b.again(a, after, taken...))
}

func lostPost(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	root := b.post(at(r), "A passage.")
	thread := b.thread(root)
	for _, p := range []chat.Place{at(r), thread} {
		a := posting(p, "Said once.")
		b.doubts(troubles[0], a)
		done := b.settles(a, root)
		if !done.Found || done.Ref.IsZero() || done.Ref.Place != p {
			b.Errorf("asked again in %v: %+v", p, done)
		}
		want := []string{"A passage.", "Said once."}
		if p == thread {
			want = want[1:]
		}
		if got := s.reads(p, want...); got[len(got)-1].Ref.ID != done.Ref.ID {
			b.Errorf("found %+v, there stand %+v", done.Ref, got)
		}
	}
	s.reads(at(r), "A passage.", "Said once.")
	b.stop()
}

func droppedPost(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	root := b.post(at(r), "A passage.")
	a := posting(at(r), "Said once.")
	b.doubts(troubles[1], a)
	ref := b.settles(a, root).Ref
	if got := s.reads(at(r), "A passage.", "Said once."); got[1].Ref.ID != ref.ID {
		b.Errorf("%s was answered, %s stands", ref.ID, got[1].Ref.ID)
	}
	b.stop()
}

func doubtedPost(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	root := b.post(at(r), "A passage.")
	a := posting(at(r), "Said once.")
	ref := b.made(a)
	for range 2 {
		if done := b.settles(a, root); !done.Found || !same(done.Ref, ref) {
			b.Errorf("asked again: %+v, should be found as %+v", done, ref)
		}
	}
	s.reads(at(r), "A passage.", "Said once.")
	b.stop()
}

func equalPosts(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	first := b.post(at(r), "Yes.")
	second := posting(at(r), "Yes.")
	b.doubts(troubles[0], second)
	found := b.settles(second, first, first)
	if same(found.Ref, first) {
		b.Errorf("the first of two equal posts is found for the second")
	}
	third := posting(at(r), "Yes.")
	b.doubts(troubles[1], third)
	made := b.settles(third, found.Ref, first, found.Ref)
	if same(made.Ref, first) || same(made.Ref, found.Ref) {
		b.Errorf("an earlier of three equal posts is found for the third, which was not made")
	}
	s.reads(at(r), "Yes.", "Yes.", "Yes.")
	b.stop()
}

func lostByCrash(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	root := b.post(at(r), "A passage.")
	a := posting(at(r), "Said once.")
	b.doubts(troubles[0], a)
	b.stop()
	s.w.Restart(s)
	b.restart()
	if done := b.settles(a, root); !done.Found {
		b.Errorf("asked again: %+v, should be found", done)
	}
	s.reads(at(r), "A passage.", "Said once.")
	b.stop()
}

func doubtedEdit(s *stage) {
	for _, t := range troubles {
		r := s.w.Room(s)
		b := s.listening(r)
		ref := b.post(at(r), "Gnu one.")
		a := editing(ref, "Gnu two.")
		b.doubts(t, a)
		done := b.settles(a, chat.Ref{})
		if got := s.reads(at(r), "Gnu two.")[0]; got.Ref.ID != ref.ID {
			b.Errorf("%s: the edit of %s stands as %s", t.name, ref.ID, got.Ref.ID)
		}
		versions := 0
		for _, text := range s.w.History(s, r) {
			versions += strings.Count(text, "Gnu two")
		}
		if !done.Ref.IsZero() && versions > 1 {
			b.Errorf("%s: the edit was made %d times", t.name, versions)
		}
		b.do(withOld(ref, done))
		s.nowhere(r, "Gnu")
		b.stop()
	}
}

func doubtedDelete(s *stage) {
	for _, t := range troubles {
		r := s.w.Room(s)
		b := s.listening(r)
		ref := b.post(at(r), "Gnu one.")
		edit := b.do(editing(ref, "Gnu two."))
		a := withOld(ref, edit)
		b.doubts(t, a)
		b.settles(a, chat.Ref{})
		s.reads(at(r))
		s.nowhere(r, "Gnu")
		b.stop()
	}
}

func doubtedReaction(s *stage) {
	for _, t := range troubles {
		r := s.w.Room(s)
		b := s.listening(r)
		ref := b.post(at(r), "A passage.")
		a := reacting(ref, "👍")
		b.doubts(t, a)
		done := b.settles(a, chat.Ref{})
		s.shows(ref, "👍")
		b.do(unreacting(ref, "👍", done))
		s.shows(ref)
		b.stop()
	}
}

func doubtedUnreact(s *stage) {
	for _, t := range troubles {
		r := s.w.Room(s)
		b := s.listening(r)
		ref := b.post(at(r), "A passage.")
		// It is taken back, and that comes into doubt.
		done := b.do(reacting(ref, "👍"))
		a := unreacting(ref, "👍", done)
		b.doubts(t, a)
		b.settles(a, chat.Ref{})
		s.shows(ref)
		// Whether it was made is in doubt, and it is not wanted any more.
		a = reacting(ref, "🎉")
		b.doubts(t, a)
		a.Verb = chat.Unreact
		b.settles(a, chat.Ref{})
		s.shows(ref)
		b.stop()
	}
}

func doubtedThread(s *stage) {
	for _, t := range troubles {
		r := s.w.Room(s)
		b := s.listening(r)
		root := b.post(at(r), "A passage.")
		a := opening(root)
		b.doubts(t, a)
		thread := b.opened(b.settles(a, chat.Ref{}))
		b.post(thread, "About it.")
		s.reads(thread, "About it.")
		b.stop()
	}
}

func withdraws(s *stage) {
	for _, t := range troubles {
		r := s.w.Room(s)
		b := s.listening(r)
		root := b.post(at(r), "A passage.")
		a := posting(at(r), "Gnu.")
		b.doubts(t, a)
		stood := s.w.Read(s, at(r))
		for range 2 { // the first process dies between finding it and taking it away
			if found := b.finds(a, root); len(stood) == 1 && !found.IsZero() || len(stood) > 1 && found.ID != stood[1].Ref.ID {
				s.Errorf("%+v stands, and of a post in doubt it finds %+v", stood[1:], found)
			}
			s.reads(at(r), wordsOf(stood)...)
			b.stop()
			b.restart()
		}
		b.takesBack(a, root)
		s.reads(at(r), "A passage.")
		s.nowhere(r, "Gnu")
		b.takesBack(a, root) // and once more
		s.reads(at(r), "A passage.")
		b.stop()
	}
}

func wordsOf(all []chat.Message) []string {
	var said []string
	for _, m := range all {
		said = append(said, m.Body.Text)
	}
	return said
}

// finds returns the message that a post in doubt made, zero if it made none.
func (b *bot) finds(a chat.Action, after chat.Ref) chat.Ref {
	b.Helper()
	a = b.again(a, after)
	a.Verb, a.On, a.Message.Files, a.Data = chat.Delete, chat.Ref{Place: a.Message.Ref.Place}, nil, nil
	done := b.do(a)
	if found := done.Ref; !done.Found || !found.IsZero() && (found.Place != a.On.Place || found.As == "") {
		b.Errorf("what is found of a post in doubt in %+v: %+v", a.On.Place, done)
	}
	return done.Ref
}

// takesBack takes away the message that a post in doubt made, if it made one.
func (b *bot) takesBack(a chat.Action, after chat.Ref) {
	b.Helper()
	if found := b.finds(a, after); !found.IsZero() {
		a = b.again(a, after)
		a.Verb, a.On, a.Message.Files, a.Data = chat.Delete, found, nil, nil
		if done := b.do(a); !done.Ref.IsZero() {
			b.Errorf("what was taken away stands at %+v", done.Ref)
		}
	}
}

// deletesDoubtedEdit: the edit's own event is known to nobody but its key.
func deletesDoubtedEdit(s *stage) {
	for _, t := range troubles {
		r := s.w.Room(s)
		b := s.listening(r)
		ref := b.post(at(r), "Gnu one.")
		a := editing(ref, "Gnu two.")
		b.doubts(t, a)
		a.Verb = chat.Delete
		b.settles(a, chat.Ref{})
		s.reads(at(r))
		s.nowhere(r, "Gnu")
		b.stop()
	}
}
