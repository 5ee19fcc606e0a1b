package relay

import (
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// Hide takes an annotation out of sight and lets its mirrors go; its words are
// kept, and the person's own message stands where they wrote it.
func Hide(tx *store.Tx, id discussion.AnnotationID, now time.Time) error {
	a, err := tx.Annotation(id)
	if err != nil {
		return err
	}
	a.Hidden = true
	if err := tx.PutAnnotation(a); err != nil {
		return err
	}
	return withdraw(tx, a, store.ClassPost, now)
}

// Restore brings an annotation that was hidden back, and its mirrors with it:
// they are posted anew, behind what was said meanwhile, but not in a room that came
// so late that it was not given what was said around it. Under the person's own
// message the emoji of the other rooms come back.
func Restore(tx *store.Tx, id discussion.AnnotationID, now time.Time) error {
	a, err := tx.Annotation(id)
	if err != nil {
		return err
	}
	a.Hidden = false
	if err := tx.PutAnnotation(a); err != nil {
		return err
	}
	rooms, err := showing(tx, store.PassageThing(a.Under))
	if err != nil {
		return err
	}
	said, err := tx.AnnotationsUnder(a.Under)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(said, func(one discussion.Annotation) bool { return one.ID == id })
	for _, room := range rooms {
		if fits, err := leavesNoHole(tx, said, at, room); !fits {
			if err != nil {
				return err
			}
			continue
		}
		if err := tx.Stale(store.AnnotationThing(id), room, a.Under, store.ClassReply, now); err != nil {
			return err
		}
	}
	return nil
}

// leavesNoHole reports whether, if a room shows the remark at an index of all that
// were made under a passage, it shows those that were made after it, too: a room
// that came late was given the newest only.
func leavesNoHole(tx *store.Tx, said []discussion.Annotation, at int, room chat.Room) (bool, error) {
	between := 0
	for i, one := range said {
		known, err := tx.Copies(store.AnnotationThing(one.ID), room)
		switch {
		case err != nil:
			return false, err
		case len(known) > 0:
			return i <= at || between == 0, nil
		case i > at && !one.Gone():
			between++
		}
	}
	return between < filled, nil
}
