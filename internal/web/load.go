package web

import (
	"cmp"
	"context"
	"sync"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/export"
	"marginalia/internal/page"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// Load reads a discussion and all that was said about it, for exports. People
// who chose nothing yet are named as def says, where others mention them too.
// Under which address it is, when, and what emoji mean is left to the caller.
func Load(tx *store.Tx, id discussion.ID, def discussion.CreatorState) (export.Bundle, error) {
	b := export.Bundle{Default: def}
	var err error
	if b.Discussion, err = tx.Discussion(id); err != nil {
		return b, err
	}
	if b.Annotations, err = tx.Annotations(id); err != nil {
		return b, err
	}
	if b.People, err = tx.People(id); err != nil {
		return b, err
	}
	renameMentioned(b)
	reactions, err := relay.Opinions(tx, id)
	first := map[discussion.PersonID]discussion.PersonID{} // of the accounts of one person, which count once
	for _, r := range reactions {
		if first[r.Self] == "" {
			first[r.Self] = r.Person
		}
		b.Reactions = append(b.Reactions, export.Reaction{
			Passage: r.Thing.Passage(), Annotation: r.Thing.Annotation(),
			Reaction: discussion.Reaction{Person: first[r.Self], Emoji: r.Emoji, Created: r.At},
		})
	}
	return b, err
}

// renameMentioned gives the people whom annotations mention the names under
// which they are published. Who is not, or never said anything here, is
// someone: a network's own name for them is not ours to tell.
func renameMentioned(b export.Bundle) {
	type user struct{ platform, id string }
	names := map[user]string{}
	for _, p := range b.People {
		if name, ok := p.Credit(b.Default); ok {
			names[user{p.Platform, p.User}] = name
		}
	}
	for i, a := range b.Annotations {
		b.Annotations[i].Body = a.Body.Renamed(func(id string) string {
			return cmp.Or(names[user{b.People[a.Creator].Platform, id}], "someone")
		})
	}
}

// state is a discussion as it was at one moment: what is published of it, and
// what stands in the local rooms.
type state struct {
	bundle    export.Bundle
	reader    page.Reader
	reactions []store.Reaction
	rooms     []map[store.Thing][]store.Copy
	notes     map[store.Thing]store.Note
	personID  func(platform, user string) discussion.PersonID
	parts     []part // of the reader; the rooms look different to each visitor
}

// cache keeps the state of each discussion that is looked at until something
// is committed.
type cache struct {
	mu     sync.Mutex
	states map[discussion.ID]cached
}

// remembered is how many states are kept at most.
const remembered = 16

type cached struct {
	state   *state
	changed <-chan struct{}
}

// state returns how a discussion stands now, and a channel that is closed when
// that may have changed.
func (s *server) state(ctx context.Context, id discussion.ID) (*state, <-chan struct{}, error) {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	if c, ok := s.cache.states[id]; ok {
		select {
		case <-c.changed:
		default:
			return c.state, c.changed, nil
		}
	}
	changed := s.DB.Changed()
	st, err := s.read(ctx, id)
	if err != nil {
		delete(s.cache.states, id)
		return nil, changed, err
	}
	if len(s.cache.states) >= remembered || s.cache.states == nil {
		s.cache.states = map[discussion.ID]cached{}
	}
	s.cache.states[id] = cached{st, changed}
	return st, changed, nil
}

func (s *server) read(ctx context.Context, id discussion.ID) (*state, error) {
	st := &state{notes: map[store.Thing]store.Note{}}
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		var err error
		if st.bundle, err = Load(tx, id, s.Default); err != nil {
			return err
		}
		if st.reactions, err = tx.ReactionsIn(id); err != nil {
			return err
		}
		if st.personID, err = tx.PersonIDs(); err != nil {
			return err
		}
		st.rooms = nil
		for _, room := range s.Rooms {
			copies, err := tx.RoomCopies(room, id)
			if err != nil {
				return err
			}
			st.rooms = append(st.rooms, copies)
			if err := st.readNotes(tx, copies); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	st.bundle.Base, st.bundle.Lexicon = s.Base, s.Lexicon
	st.reader = st.bundle.Page()
	st.parts, err = s.readerParts(st.reader)
	return st, err
}

func (st *state) readNotes(tx *store.Tx, copies map[store.Thing][]store.Copy) error {
	for thing := range copies {
		if thing.Note() == "" {
			continue
		}
		n, err := tx.Note(thing.Note())
		if err != nil {
			return err
		}
		st.notes[thing] = n
	}
	return nil
}

// standing is the message that shows a thing in a room: its first part, once
// its request is answered.
func standing(copies []store.Copy) (chat.Ref, bool) {
	for _, c := range copies {
		if c.Part == 0 && c.Mark == "" {
			return c.Ref, !c.Ref.IsZero()
		}
	}
	return chat.Ref{}, false
}

// threadOf is the thread under a passage in a room.
func threadOf(copies []store.Copy) (chat.Place, bool) {
	for _, c := range copies {
		if c.Mark == store.ThreadMark && !c.InFlight() && !c.Ref.IsZero() {
			return c.Ref.Place, true
		}
	}
	return chat.Place{}, false
}
