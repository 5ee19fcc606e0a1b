package relay_test

import (
	"context"
	"errors"
	"slices"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// memory is what the bot's store holds in the end.
type memory struct {
	annotations map[discussion.PassageID][]discussion.Annotation
	copies      map[store.Thing]map[chat.Room][]store.Copy
	dead        map[chat.Room]map[store.Thing]bool
	flying      []store.Delivery
	status      []store.RoomStatus
	held        []store.Held
}

func (w *world) remembered() memory {
	var m memory
	err := w.bot.db.View(context.Background(), func(tx *store.Tx) (err error) {
		m = memory{
			annotations: map[discussion.PassageID][]discussion.Annotation{},
			copies:      map[store.Thing]map[chat.Room][]store.Copy{}, dead: map[chat.Room]map[store.Thing]bool{},
		}
		for _, p := range w.text.Passages {
			if m.annotations[p.ID], err = tx.AnnotationsUnder(p.ID); err != nil {
				return err
			}
			things := []store.Thing{store.PassageThing(p.ID)}
			for _, a := range m.annotations[p.ID] {
				things = append(things, store.AnnotationThing(a.ID))
			}
			for _, t := range things {
				if m.copies[t], err = tx.AllCopies(t); err != nil {
					return err
				}
			}
		}
		for _, room := range w.rooms {
			dead, err := tx.Dead(room)
			if err != nil {
				return err
			}
			m.dead[room] = map[store.Thing]bool{}
			for _, d := range dead {
				m.dead[room][d.Thing] = true
			}
			flying, err := tx.InFlight(room)
			if err != nil {
				return err
			}
			m.flying = append(m.flying, flying...)
		}
		if m.held, err = tx.Held(); err != nil {
			return err
		}
		m.status, err = tx.RoomStatus()
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// given reports whether the room was given up for the passage, or for what
// was said about it.
func (m memory) given(w *world, room chat.Room, s *saying) bool {
	p := store.PassageThing(w.text.Passages[s.seq-1].ID)
	if m.dead[room][p] || m.dead[s.room][p] {
		return true
	}
	return s.token != "" && m.dead[room][w.thing(s)]
}

func (m memory) hides(w *world, s *saying) bool {
	return slices.ContainsFunc(m.annotations[w.text.Passages[s.seq-1].ID], func(a discussion.Annotation) bool {
		return store.AnnotationThing(a.ID) == w.thing(s) && a.Hidden
	})
}

// struck reports whether the network refused an emoji on s for good.
func (m memory) struck(w *world, room chat.Room, s *saying) bool {
	return slices.ContainsFunc(m.copies[w.thing(s)][room], func(c store.Copy) bool { return c.Mark != "" && c.Hash != "" })
}

// thing is what the store calls s.
func (w *world) thing(s *saying) store.Thing {
	if s.token == "" {
		return store.PassageThing(w.text.Passages[s.seq-1].ID)
	}
	return store.AnnotationThing(discussion.AnnotationID(discussion.Derive("annotation", s.room.String(), s.ref.ID)))
}

// trace writes down what the store knows of s and its copies in a room, if
// -torture.trace is set.
func (w *world) trace(s *saying, room chat.Room) {
	if !*tortureTrace {
		return
	}
	err := w.bot.db.View(context.Background(), func(tx *store.Tx) error {
		copies, err := tx.Copies(w.thing(s), room)
		reactions, err2 := tx.Reactions(w.thing(s))
		delivery, err3 := tx.Delivery(w.thing(s), room)
		w.t.Logf("%+v in %s: %+v %+v %+v", s, room, copies, reactions, delivery)
		return errors.Join(err, err2, err3)
	})
	w.t.Log(err)
}
