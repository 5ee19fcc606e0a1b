package relay

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// carryOver moves what waits for a room that was replaced on to the other one,
// in its order. What is in flight there is looked for first, and all that comes
// after it in its thread waits for that; what is to be taken back there is left
// to its lane. What was given up for want of patience moves on as well.
func (r *Relay) carryOver(tx *store.Tx, room chat.Room, now time.Time) error {
	to, err := Successor(tx, room)
	if err != nil || to == room {
		return err
	}
	all, err := tx.Deliveries(room)
	if err != nil {
		return err
	}
	flying, err := tx.InFlight(room)
	if err != nil {
		return err
	}
	waits := map[string]bool{} // threads
	for _, d := range all {
		impatient := d.Spent > r.c.Patience
		if !d.Dead.IsZero() && !impatient {
			continue
		}
		d.Dead, d.Tries, d.Spent = time.Time{}, 0, 0
		thread := string(d.Thread)
		if slices.ContainsFunc(flying, func(f store.Delivery) bool { return f.Thing == d.Thing }) {
			waits[thread] = true
			d.Due = earlier(d.Due, now.Add(r.c.Settle)) // it may still go through
		} else if d.Due = now; !waits[thread] {
			moved, err := r.tryMoveOn(tx, d, to, now)
			if err != nil {
				return err
			}
			if moved {
				continue
			}
		}
		if err := tx.PutDelivery(d); err != nil {
			return err
		}
	}
	return nil
}

// tryMoveOn moves a delivery on if nothing but to say something is left of it.
// One that cannot be looked at is left to its lane, which gives it up.
func (r *Relay) tryMoveOn(tx *store.Tx, d store.Delivery, to chat.Room, now time.Time) (moved bool, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			moved, err = false, nil
		}
	}()
	have, err := tx.Copies(d.Thing, d.Room)
	if err != nil {
		return false, err
	}
	want, err := r.wants(tx, d, have)
	if err != nil {
		return false, ignoreMissing(err)
	}
	s, ok := Next(d.Thing, d.Room, r.platforms[d.Room.Platform].Profile().Threads, left(want, have), have)
	if ok && !speaks(s) {
		return false, nil
	}
	return true, moveOn(tx, d, want, have, to, now)
}

// wants is what should stand in a room that was replaced, had it not been.
func (r *Relay) wants(tx *store.Tx, d store.Delivery, have []store.Copy) ([]Want, error) {
	w, v, err := r.load(tx, d, have)
	if err != nil && !errors.Is(err, errParked) {
		return nil, err
	}
	return Render(w, v), nil
}

// left are those of the wants that stand, or stood, in a room that was closed:
// nothing comes to stand there any more. What is on its way is found, and taken
// back: it is said in the other room.
func left(want []Want, have []store.Copy) []Want {
	return slices.DeleteFunc(slices.Clone(want), func(w Want) bool {
		return !slices.ContainsFunc(have, func(c store.Copy) bool {
			return c.Part == w.Part && c.Mark == w.Mark && !c.Ref.IsZero() && c.Verb != chat.Post
		})
	})
}

// speaks reports whether a step says something, other than to find out what
// came of an earlier try.
func speaks(s Step) bool {
	return !s.Free && !s.Action.Again && s.Action.Verb != chat.Delete && s.Action.Verb != chat.Unreact
}

// takesBack reports whether a step takes back what nobody wants to stand
// anywhere. A post that is in flight when its room is closed is taken back only
// to be said in another.
func takesBack(s Step, want []Want) bool {
	if v := s.Action.Verb; v != chat.Delete && v != chat.Unreact {
		return false
	}
	return s.Copy.Sent == "" || !slices.ContainsFunc(want, func(w Want) bool { return w.Part == s.Copy.Part && w.Mark == s.Copy.Mark })
}

// whole reports whether all messages that are wanted stand, but for those that
// somebody removed; without its first a thing is not said again.
func whole(want []Want, have []store.Copy) bool {
	stands := func(part int) bool {
		return slices.ContainsFunc(have, func(c store.Copy) bool {
			return c.Part == part && c.Mark == "" && (c.Hash == struck || !c.Ref.IsZero() && c.Verb != chat.Post)
		})
	}
	if slices.ContainsFunc(have, func(c store.Copy) bool { return c.Part == 0 && c.Mark == "" && c.Hash == struck }) {
		return true
	}
	return !slices.ContainsFunc(want, func(w Want) bool { return w.Mark == "" && !stands(w.Part) })
}

// moveOn ends a delivery to a room that was closed in favour of to. A post of
// the room's main timeline that does not stand there, or not all of it, is said
// in the other; its threads are closed, and what was to be said in them is not.
func moveOn(tx *store.Tx, d store.Delivery, want []Want, have []store.Copy, to chat.Room, now time.Time) error {
	if err := tx.DropDelivery(d.Thing, d.Room); err != nil {
		return err
	}
	if whole(want, have) {
		return nil
	}
	if id := d.Thing.Passage(); id != "" {
		p, _, _, err := tx.Passage(id)
		if err != nil {
			return err
		}
		under, err := threads(tx, p, []chat.Room{to})
		if err != nil {
			return err
		}
		return enqueue(tx, p, to, under[0], now)
	}
	if id := d.Thing.Note(); id != "" {
		n, err := tx.Note(id)
		if err == nil && n.Place == (chat.Place{}) && n.Kind != Indexed { // of which the other room has its own
			err = tx.Stale(d.Thing, to, "", d.Class, now)
		}
		return err
	}
	return reassure(tx, d, now)
}

// despair gives up a delivery whose patience is at its end. Where its room was
// replaced, it moves on; only what could not be taken back there is given up.
func (r *Relay) despair(tx *store.Tx, d store.Delivery, to chat.Room, now time.Time) error {
	d.Dead = now
	if to == d.Room {
		return giveUp(tx, d, now)
	}
	have, err := tx.Copies(d.Thing, d.Room)
	if err != nil {
		return err
	}
	want, err := r.wants(tx, d, have)
	if err != nil {
		return err
	}
	s, ok := Next(d.Thing, d.Room, r.platforms[d.Room.Platform].Profile().Threads, left(want, have), have)
	if ok && (takesBack(s, want) || s.Action.Verb == chat.Delete && !s.Action.On.IsZero()) { // the latter may or may not stand
		return giveUp(tx, d, now)
	}
	return moveOn(tx, d, want, have, to, now)
}

// shutOut is j with what can be known of it where a room that was replaced
// forbids to find out what came of an earlier try, or to undo that: a post
// stands if it was found, and else is taken not to; any other change was not made.
func (r *Relay) shutOut(tx *store.Tx, j job) (job, error) {
	a, d := j.step.Action, j.delivery
	if !errors.Is(j.err, chat.ErrForbidden) || !a.Again {
		return j, nil
	}
	to, err := Successor(tx, d.Room)
	if err != nil || to == d.Room {
		return j, err
	}
	have, err := tx.Copies(d.Thing, d.Room)
	if err != nil {
		return j, err
	}
	want, err := r.wants(tx, d, have)
	if err != nil {
		return j, fmt.Errorf("what should stand in %s, which was replaced: %w", d.Room, err)
	}
	if takesBack(j.step, want) {
		return j, nil
	}
	switch at := a.On; {
	case a.Verb != chat.Delete:
		j.step.Action.Again = false
	case at.IsZero():
		j.err = nil
	default:
		at.As = "bot"
		j.step.Action.Verb, j.done, j.err = chat.Post, chat.Done{Ref: at, Found: true}, nil
	}
	return j, nil
}
