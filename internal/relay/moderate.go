package relay

import (
	"time"

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
	return withdraw(tx, a, now)
}

// Restore brings an annotation that was hidden back, and its mirrors with it:
// they are posted anew, behind what was said meanwhile. Under the person's own
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
	for _, room := range rooms {
		if err := tx.Stale(store.AnnotationThing(id), room, a.Under, store.ClassReply, now); err != nil {
			return err
		}
	}
	return nil
}
