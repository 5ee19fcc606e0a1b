package relay

import (
	"slices"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// Forget removes what a person said and their name, and keeps tombstones so
// that no later reading of a network brings it back. Their mirrors go with
// the next deliveries.
func Forget(tx *store.Tx, person discussion.PersonID, now time.Time) error {
	said, err := tx.AnnotationsBy(person)
	if err != nil {
		return err
	}
	for _, a := range said {
		if err := bury(tx, a.ID); err != nil {
			return err
		}
		if err := erase(tx, a.ID, now, now); err != nil {
			return err
		}
	}
	reactions, err := tx.ReactionsBy(person)
	if err != nil {
		return err
	}
	for _, reaction := range reactions {
		if err := takeBack(tx, reaction, now); err != nil {
			return err
		}
	}
	who, err := tx.Person(person)
	if err != nil {
		return err
	}
	if err := dropHeldBy(tx, who); err != nil {
		return err
	}
	return tx.EmptyPerson(person)
}

// dropHeldBy forgets what a person did that waits in the inbox.
func dropHeldBy(tx *store.Tx, p discussion.Person) error {
	waiting, err := tx.Held()
	if err != nil {
		return err
	}
	for _, h := range waiting {
		if h.Room.Platform != p.Platform || h.Event.By.ID != p.User && h.Event.Message.From.ID != p.User {
			continue
		}
		if err := tx.DropHeld(h.ID); err != nil {
			return err
		}
	}
	return nil
}

// bury keeps tombstones of a person's own messages.
func bury(tx *store.Tx, id discussion.AnnotationID) error {
	rooms, err := tx.AllCopies(store.AnnotationThing(id))
	if err != nil {
		return err
	}
	for _, room := range inOrder(rooms) {
		for _, c := range rooms[room] {
			if c.Ref.As != "" || c.Ref.IsZero() {
				continue
			}
			for _, ref := range append(c.Old, c.Ref) {
				if err := tx.PutTombstone(room, ref.ID); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// erase empties an annotation and lets its mirrors go.
func erase(tx *store.Tx, id discussion.AnnotationID, at, now time.Time) error {
	a, err := tx.Annotation(id)
	if err != nil {
		return err
	}
	if a.Deleted.IsZero() {
		a.Deleted = at.UTC()
	}
	a.Body = format.Doc{}
	if err := tx.PutAnnotation(a); err != nil {
		return err
	}
	return withdraw(tx, a, now)
}

// hide takes an annotation out of sight and lets its mirrors go; its words
// are kept.
func hide(tx *store.Tx, id discussion.AnnotationID, now time.Time) error {
	a, err := tx.Annotation(id)
	if err != nil {
		return err
	}
	a.Hidden = true
	if err := tx.PutAnnotation(a); err != nil {
		return err
	}
	return withdraw(tx, a, now)
}

// withdraw marks an annotation stale wherever a copy of ours stands or may
// stand, ahead of whatever waits in its thread, and takes back what was asked
// about it. What is recorded of words on
// their way is needed to find them there; it goes as soon as that is settled.
func withdraw(tx *store.Tx, a discussion.Annotation, now time.Time) error {
	if err := unask(tx, a, now); err != nil {
		return err
	}
	thing := store.AnnotationThing(a.ID)
	rooms, err := tx.AllCopies(thing)
	if err != nil {
		return err
	}
	for _, room := range inOrder(rooms) {
		if !slices.ContainsFunc(rooms[room], func(c store.Copy) bool { return c.Ref.IsZero() || c.Ref.As != "" }) {
			continue // the person's own message
		}
		if err := tx.Stale(thing, room, a.Under, store.ClassPost, now); err != nil {
			return err
		}
	}
	return nil
}
