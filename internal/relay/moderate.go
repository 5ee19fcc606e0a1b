package relay

import (
	"slices"
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
// they are posted anew, behind what was said meanwhile.
func Restore(tx *store.Tx, id discussion.AnnotationID, now time.Time) error {
	a, err := tx.Annotation(id)
	if err != nil {
		return err
	}
	a.Hidden = false
	if err := tx.PutAnnotation(a); err != nil {
		return err
	}
	copies, err := tx.AllCopies(store.AnnotationThing(id))
	if err != nil {
		return err
	}
	rooms, err := showing(tx, store.PassageThing(a.Under))
	if err != nil {
		return err
	}
	for _, room := range rooms {
		if slices.ContainsFunc(copies[room], saidThere) {
			continue
		}
		if err := tx.Stale(store.AnnotationThing(id), room, a.Under, store.ClassReply, now); err != nil {
			return err
		}
	}
	return nil
}

// saidThere reports whether a copy is the person's own message.
func saidThere(c store.Copy) bool { return !c.Ref.IsZero() && c.Ref.As == "" }
