package relay

import (
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
	r := &Relay{}
	for _, reaction := range reactions {
		if err := r.takeBack(tx, reaction, now); err != nil {
			return err
		}
	}
	return tx.EmptyPerson(person)
}

// bury keeps tombstones of a person's own messages.
func bury(tx *store.Tx, id discussion.AnnotationID) error {
	rooms, err := tx.AllCopies(store.AnnotationThing(id))
	if err != nil {
		return err
	}
	for room, copies := range rooms {
		for _, c := range copies {
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
	if err != nil || a.Hidden {
		return err
	}
	a.Hidden = true
	if err := tx.PutAnnotation(a); err != nil {
		return err
	}
	return withdraw(tx, a, now)
}

// withdraw marks an annotation stale wherever a copy of ours stands or is in
// flight, ahead of whatever waits in its thread, and empties what is recorded
// of words on their way.
func withdraw(tx *store.Tx, a discussion.Annotation, now time.Time) error {
	thing := store.AnnotationThing(a.ID)
	rooms, err := tx.AllCopies(thing)
	if err != nil {
		return err
	}
	for room, copies := range rooms {
		ours := false
		for _, c := range copies {
			ours = ours || c.Ref.As != "" || c.InFlight()
			if c.Sent == "" {
				continue
			}
			c.Sent = ""
			if err := tx.PutCopy(thing, room, c); err != nil {
				return err
			}
		}
		if !ours {
			continue
		}
		if err := tx.Stale(thing, room, a.Under, store.ClassPost, now); err != nil {
			return err
		}
	}
	return nil
}
