package relay

import (
	"errors"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// filled is how many of the annotations that a passage has already are put
// under it where it is posted later than elsewhere.
const filled = 20

// Advance posts the next n passages of a drip plan, as its clock would.
// key makes it happen once. It returns the passages; none means that the plan
// is at its end, or that key was used before.
func Advance(tx *store.Tx, plan, key string, n int, now time.Time) ([]discussion.Passage, error) {
	p, err := tx.Plan(plan)
	if err != nil {
		return nil, err
	}
	first, err := tx.PutFiring(plan, key, now)
	if err != nil || !first {
		return nil, err
	}
	posted, err := drip(tx, &p, n, now)
	if err != nil {
		return nil, err
	}
	return posted, tx.PutPlan(p)
}

// drip enqueues the next n passages for the plan's rooms and moves the plan
// on; the caller stores it.
func drip(tx *store.Tx, p *schedule.Plan, n int, now time.Time) ([]discussion.Passage, error) {
	var posted []discussion.Passage
	for range n {
		next, err := tx.PassageAt(p.Discussion, p.Next)
		if errors.Is(err, store.ErrNotFound) {
			return posted, nil
		}
		if err != nil {
			return nil, err
		}
		for _, room := range p.Rooms {
			if err := enqueue(tx, next, room, now); err != nil {
				return nil, err
			}
		}
		posted = append(posted, next)
		p.Next++
	}
	return posted, nil
}

// enqueue has a passage posted in a room, and under it what was said about it
// elsewhere before.
func enqueue(tx *store.Tx, p discussion.Passage, room chat.Room, now time.Time) error {
	if err := tx.Stale(store.PassageThing(p.ID), room, "", store.ClassPost, now); err != nil {
		return err
	}
	said, err := tx.AnnotationsUnder(p.ID)
	if err != nil {
		return err
	}
	said = slices.DeleteFunc(said, discussion.Annotation.Gone)
	for _, a := range said[max(0, len(said)-filled):] {
		here, err := tx.Copies(store.AnnotationThing(a.ID), room)
		if err != nil {
			return err
		}
		if len(here) > 0 {
			continue
		}
		if err := tx.Stale(store.AnnotationThing(a.ID), room, p.ID, store.ClassReply, now); err != nil {
			return err
		}
	}
	return nil
}
