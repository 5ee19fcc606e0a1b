package relay_test

import (
	"maps"
	"slices"
	"sync"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// told is of which messages the bot was told. Its zero value is ready.
type told struct {
	mu      sync.Mutex
	all     map[string]bool
	lasting map[string]bool // of them, those on the disk
}

func (t *told) hear(ref chat.Ref) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[string]bool{}
	}
	t.all[ref.Place.Room.String()+ref.ID] = true
}

func (t *told) heard(ref chat.Ref) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all[ref.Place.Room.String()+ref.ID]
}

// flush is when the disk is flushed.
func (t *told) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lasting = maps.Clone(t.all)
}

// forget is when all is lost that came after the last flush.
func (t *told) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = maps.Clone(t.lasting)
}

// unknowable reports whether nothing can tell the bot what s is about: it answers, in
// a main timeline, what was deleted before the bot was told of it. Networks do not
// tell of such afterwards.
func (m memory) unknowable(w *world, s *saying) bool {
	i := slices.IndexFunc(w.said, func(of *saying) bool { return of.ref.ID == s.about.ID && of.room == s.room })
	if s.about.ID == "" || i < 0 { // a post, or a mirror
		return false
	}
	of := w.said[i]
	return !m.recorded(w, of) && (of.deleted && !w.told.heard(of.ref) || m.unknowable(w, of))
}

// recorded reports whether an annotation is made of s, be it deleted.
func (m memory) recorded(w *world, s *saying) bool {
	return slices.ContainsFunc(m.annotations[w.text.Passages[s.seq-1].ID], func(a discussion.Annotation) bool {
		return store.AnnotationThing(a.ID) == w.thing(s)
	})
}
