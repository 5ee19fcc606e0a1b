package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// Coming is a post that a plan will make in a room, if until then nothing
// changes but the time.
type Coming struct {
	At      time.Time
	Plan    schedule.Plan
	Room    chat.Room
	Title   string // of the text
	Passage discussion.Passage
	Total   int                  // passages of the text
	Under   discussion.PassageID // in whose thread it stands; "": it opens one
	Thread  string               // what that is called
	Parts   []format.Doc         // the messages, as they are given to the network
}

// errRehearsed ends a transaction that is not to be kept.
var errRehearsed = errors.New("a rehearsal is not kept")

// Rehearse returns what the plans will post from a time on and not after until, in
// the order in which it comes. It makes what is due, as the clock would, in a
// transaction that is not kept: nothing is sent, and nothing changes. What before
// does, if it is not nil, is done first in it. Digests are left out: what they will
// say is not known.
func (r *Relay) Rehearse(ctx context.Context, from, until time.Time, before func(*store.Tx) error) ([]Coming, error) {
	var all []Coming
	err := r.c.DB.Update(ctx, func(tx *store.Tx) error {
		all = nil
		if before != nil {
			if err := before(tx); err != nil {
				return err
			}
		}
		for now := from; !now.IsZero() && !now.After(until); {
			some, next, err := r.rehearseOne(tx, now)
			if err != nil {
				return err
			}
			all, now = append(all, some...), next
		}
		return errRehearsed
	})
	if !errors.Is(err, errRehearsed) {
		return nil, fmt.Errorf("rehearse the plans: %w", err)
	}
	return all, nil
}

// rehearseOne makes what is due at a time, and returns when a plan fires next that
// has something left to post; zero: none does.
func (r *Relay) rehearseOne(tx *store.Tx, now time.Time) (all []Coming, next time.Time, err error) {
	plans, err := tx.Plans()
	if err != nil {
		return nil, next, err
	}
	for _, p := range plans {
		posted, err := fire(tx, p, now)
		if err != nil {
			return nil, next, fmt.Errorf("plan %s: %w", p.Name, err)
		}
		some, err := r.coming(tx, p, posted, now)
		if err != nil {
			return nil, next, err
		}
		all = append(all, some...)
		over, err := isOver(tx, p)
		if err != nil {
			return nil, next, err
		}
		if f, ok := p.After(now); ok && !p.Paused && !over {
			next = earlier(next, f.At)
		}
	}
	return all, next, nil
}

// isOver reports whether a plan will post no passage any more.
func isOver(tx *store.Tx, was schedule.Plan) (bool, error) {
	p, err := tx.Plan(was.Name)
	if err != nil || p.Does != schedule.Drip {
		return true, err
	}
	_, err = tx.PassageAt(p.Discussion, p.Next)
	return errors.Is(err, store.ErrNotFound), ignoreMissing(err)
}

// coming are passages as they come into each of the plan's rooms in which they are
// not yet.
func (r *Relay) coming(tx *store.Tx, p schedule.Plan, posted []discussion.Passage, now time.Time) ([]Coming, error) {
	var all []Coming
	for _, passage := range posted {
		for _, room := range p.Rooms {
			thing := store.PassageThing(passage.ID)
			have, err := tx.Copies(thing, room)
			if err != nil {
				return nil, err
			}
			d, err := tx.Delivery(thing, room)
			if errors.Is(err, store.ErrNotFound) || err == nil && len(have) > 0 {
				continue
			}
			if err != nil {
				return nil, err
			}
			c, err := r.post(tx, d)
			if err != nil {
				return nil, err
			}
			c.At, c.Plan, c.Room = now, p, room
			all = append(all, c)
		}
	}
	return all, nil
}

// post is a passage as it will stand in a room.
func (r *Relay) post(tx *store.Tx, d store.Delivery) (Coming, error) {
	w, v, err := r.load(tx, d, nil)
	under := d.Thread
	switch {
	case errors.Is(err, errParked):
		v.Place = chat.Place{Room: d.Room, Thread: string(under)} // the post above it is coming, too
		v.Thread = v.Place
	case err != nil:
		return Coming{}, err
	case v.Place.Thread == "":
		under = ""
	}
	c := Coming{Title: w.Discussion.Title, Passage: w.Passage, Total: w.Total, Under: under}
	for _, want := range Render(w, v) {
		switch want.Mark {
		case "":
			c.Parts = append(c.Parts, want.Message.Body)
		case store.ThreadMark:
			c.Thread = want.Name
		}
	}
	return c, nil
}
