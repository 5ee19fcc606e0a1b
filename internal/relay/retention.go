package relay

import (
	"context"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

const (
	expireAtOnce = 50        // remarks that are removed in one transaction
	expiryLook   = time.Hour // how often it is looked for what became too old meanwhile
)

// expire removes what was said longer ago than Config.Retention, a part of it
// at a time, as if it had been deleted: the words, and their copies in the
// other rooms. What people typed themselves stays in their own rooms. It returns
// when to look again.
func (r *Relay) expire(ctx context.Context, now time.Time) (next time.Time, err error) {
	if r.c.Retention == 0 {
		return time.Time{}, nil
	}
	oldest, err := r.expired(ctx, r.c.DB.View, func(*store.Tx, discussion.Annotation) error { return nil }, now)
	if err == nil && oldest.old > 0 {
		oldest, err = r.expired(ctx, r.c.DB.Update, func(tx *store.Tx, a discussion.Annotation) error { return letGo(tx, a, now) }, now)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("remove what is older than %s: %w", r.c.Retention, err)
	}
	if oldest.old == expireAtOnce {
		return now, nil
	}
	next = now.Add(expiryLook)
	if !oldest.next.IsZero() {
		next = earlier(next, oldest.next.Add(r.c.Retention+time.Millisecond))
	}
	return next, nil
}

// ages tells how many of the oldest remarks are too old, and when the first
// that is not was made.
type ages struct {
	old  int
	next time.Time
}

// expired does something with each of the oldest remarks that is too old.
func (r *Relay) expired(ctx context.Context, in func(context.Context, func(*store.Tx) error) error, do func(*store.Tx, discussion.Annotation) error, now time.Time) (found ages, err error) {
	err = in(ctx, func(tx *store.Tx) error {
		found = ages{}
		oldest, err := tx.OldestAnnotations(expireAtOnce)
		if err != nil {
			return err
		}
		for _, a := range oldest {
			if !r.tooOld(a.Created, now) {
				found.next = a.Created
				return nil
			}
			found.old++
			if err := do(tx, a); err != nil {
				return fmt.Errorf("annotation %s: %w", a.ID, err)
			}
		}
		return nil
	})
	return found, err
}

// tooOld reports whether what was said then is not kept any more.
func (r *Relay) tooOld(said, now time.Time) bool {
	return r.c.Retention > 0 && said.Before(now.Add(-r.c.Retention))
}

// letGo empties an annotation. Its own message, and what waits of it, does not
// bring it back. The copies in the rooms have lasted for so long that all that
// people say now goes before them.
func letGo(tx *store.Tx, a discussion.Annotation, now time.Time) error {
	if err := bury(tx, a.ID); err != nil {
		return err
	}
	rooms, err := tx.AllCopies(store.AnnotationThing(a.ID))
	if err != nil {
		return err
	}
	for _, room := range inOrder(rooms) {
		for _, c := range slices.DeleteFunc(rooms[room], func(c store.Copy) bool { return c.Ref.As != "" || c.Ref.IsZero() }) {
			for _, ref := range append([]chat.Ref{c.Ref}, c.Old...) {
				if err := drop(tx, room, ref.ID); err != nil {
					return err
				}
			}
		}
	}
	a.Via = "" // it leads to their own message
	return erase(tx, a, now, now, store.ClassReaction)
}
