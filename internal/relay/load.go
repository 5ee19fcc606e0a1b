package relay

import (
	"errors"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// errParked says that a thing cannot be shown yet: the post above it does not
// stand in the room.
var errParked = errors.New("the post above it does not stand in this room")

// load reads what there is to say about a thing and what its room adds. The
// copies are those that stand in the room.
func (r *Relay) load(tx *store.Tx, d store.Delivery, have []store.Copy) (Words, View, error) {
	w := Words{Thing: d.Thing}
	v := View{Room: d.Room, Profile: r.platforms[d.Room.Platform].Profile(), Reader: r.c.Reader, Place: chat.Place{Room: d.Room}}
	for _, c := range have {
		if c.Mark == "" && !c.Ref.IsZero() {
			v.Parts++
			v.Own = v.Own || c.Ref.As == ""
		}
		if c.Mark == store.ThreadMark && !c.Ref.IsZero() {
			v.Thread = c.Ref.Place
		}
	}
	var err error
	if w.Reactions, err = tx.Reactions(d.Thing); err != nil {
		return w, v, err
	}
	switch {
	case d.Thing.Passage() != "":
		err = loadPassage(tx, d.Thing.Passage(), &w)
	case d.Thing.Annotation() != "":
		err = loadAnnotation(tx, d, &w, &v)
	default:
		w.Note, err = tx.Note(d.Thing.Note())
		if w.Note.Place.Room == d.Room {
			v.Place, v.Thread, v.ReplyTo = w.Note.Place, w.Note.Place, w.Note.ReplyTo
		}
	}
	return w, v, err
}

func loadPassage(tx *store.Tx, id discussion.PassageID, w *Words) error {
	var of discussion.ID
	var err error
	if w.Passage, of, w.Total, err = tx.Passage(id); err != nil {
		return err
	}
	if w.Discussion, err = tx.Head(of); err != nil {
		return err
	}
	w.Document, _, err = tx.Document(w.Passage.Document)
	return err
}

func loadAnnotation(tx *store.Tx, d store.Delivery, w *Words, v *View) error {
	var err error
	if w.Annotation, err = tx.Annotation(d.Thing.Annotation()); err != nil {
		return err
	}
	if w.Creator, err = tx.Person(w.Annotation.Creator); err != nil {
		return err
	}
	if w.Discussion, err = tx.Head(w.Annotation.Discussion); err != nil {
		return err
	}
	thread, err := threadIn(tx, w.Annotation.Under, d.Room)
	if err != nil {
		return err
	}
	v.Place, v.Thread = thread, thread
	if w.Annotation.Target.Annotation != "" {
		v.ReplyTo, err = standing(tx, store.AnnotationThing(w.Annotation.Target.Annotation), d.Room)
		if err != nil {
			return err
		}
	}
	if v.Parts > 0 {
		v.Later, err = laterThan(tx, w.Annotation, d.Room)
	}
	return err
}

// threadIn finds the thread of a passage in a room, or errParked.
func threadIn(tx *store.Tx, p discussion.PassageID, room chat.Room) (chat.Place, error) {
	copies, err := tx.Copies(store.PassageThing(p), room)
	if err != nil {
		return chat.Place{}, err
	}
	for _, c := range copies {
		if c.Mark == store.ThreadMark && !c.InFlight() && !c.Ref.IsZero() {
			return c.Ref.Place, nil
		}
	}
	return chat.Place{}, errParked
}

// standing finds the first message of a thing in a room, or a zero Ref.
func standing(tx *store.Tx, t store.Thing, room chat.Room) (chat.Ref, error) {
	copies, err := tx.Copies(t, room)
	if err != nil {
		return chat.Ref{}, err
	}
	for _, c := range copies {
		if c.Part == 0 && c.Mark == "" && !c.InFlight() {
			return c.Ref, nil
		}
	}
	return chat.Ref{}, nil
}

// laterThan reports whether something newer than a stands behind it in its
// thread in the room.
func laterThan(tx *store.Tx, a discussion.Annotation, room chat.Room) (bool, error) {
	all, err := tx.AnnotationsUnder(a.Under)
	if err != nil {
		return false, err
	}
	behind := false
	for _, b := range all {
		if b.ID == a.ID {
			behind = true
			continue
		}
		if !behind {
			continue
		}
		ref, err := standing(tx, store.AnnotationThing(b.ID), room)
		if err != nil || !ref.IsZero() {
			return !ref.IsZero(), err
		}
	}
	return false, nil
}
