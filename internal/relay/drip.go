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

const (
	// filled is how many of the annotations that a passage has already are put
	// under it where it is posted later than elsewhere.
	filled = 20

	// mostExcerpts is how many excerpts are posted under passages at one firing;
	// those that are left come with the next.
	mostExcerpts = 20
)

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
	if p, err = askedFor(tx, p, now); err != nil {
		return nil, err
	}
	posted, err := drip(tx, &p, n, now)
	if err != nil {
		return nil, err
	}
	return posted, tx.PutPlan(p)
}

// drip enqueues the next n passages for the plan's rooms, and each excerpt that
// comes on the way in the thread of the passage that it quotes; it moves the
// plan on, and the caller stores it. In a room that does not show what it quotes
// an excerpt is a passage like others.
func drip(tx *store.Tx, p *schedule.Plan, n int, now time.Time) (posted []discussion.Passage, err error) {
	q, err := aheadOf(tx, p)
	if err != nil {
		return nil, err
	}
	for count := 0; len(posted) < n+mostExcerpts; {
		next, err := q.next()
		if errors.Is(err, store.ErrNotFound) {
			return posted, nil
		}
		if err != nil {
			return nil, err
		}
		under, err := threads(tx, next, p.Rooms)
		if err != nil {
			return nil, err
		}
		own := slices.Contains(under, "") || len(under) == 0
		if own {
			count++
		}
		if count > n {
			return posted, nil
		}
		for i, room := range p.Rooms {
			if err := enqueue(tx, next, room, under[i], now); err != nil {
				return nil, err
			}
		}
		if err := q.posted(next); err != nil {
			return nil, err
		}
		if own {
			if err := toBeRead(tx, *p, next.ID); err != nil {
				return nil, err
			}
		}
		posted = append(posted, next)
	}
	return posted, nil
}

// threads are the passages in whose threads p is to stand in each of rooms: the
// one that it quotes, or "" where it is a post of its own.
func threads(tx *store.Tx, p discussion.Passage, rooms []chat.Room) ([]discussion.PassageID, error) {
	under := make([]discussion.PassageID, len(rooms))
	quoted, err := tx.Quoted(p)
	if err != nil {
		return under, ignoreMissing(err)
	}
	for i, room := range rooms {
		opens, err := threaded(tx, quoted.ID, room)
		if err != nil {
			return nil, err
		}
		if opens {
			under[i] = quoted.ID
		}
	}
	return under, nil
}

// threaded reports whether a passage has a thread in a room, or will.
func threaded(tx *store.Tx, p discussion.PassageID, room chat.Room) (bool, error) {
	_, _, err := threadIn(tx, p, room)
	if !errors.Is(err, errParked) {
		return err == nil, err
	}
	d, err := tx.Delivery(store.PassageThing(p), room)
	return err == nil && d.Dead.IsZero(), ignoreMissing(err)
}

// enqueue has a passage posted in a room, in the thread of another or as a post
// of its own, and under it what was said about it elsewhere before.
func enqueue(tx *store.Tx, p discussion.Passage, room chat.Room, under discussion.PassageID, now time.Time) error {
	class := store.ClassPost
	if under != "" {
		class = store.ClassReply
	} else if err := newest(tx, p, room); err != nil {
		return err
	}
	if err := tx.Stale(store.PassageThing(p.ID), room, under, class, now); err != nil {
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

// newest notes that a passage comes to stand below all others in a room, unless it
// came there before.
func newest(tx *store.Tx, p discussion.Passage, room chat.Room) error {
	came, err := tx.Copies(store.PassageThing(p.ID), room)
	if err != nil || len(came) > 0 {
		return err
	}
	return tx.PutSetting(newestIn(room), string(p.ID))
}
