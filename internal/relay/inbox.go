package relay

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// The inbox holds what came before what it is about, and events that could
// not be handled. The former wait for their message and are dropped after a
// day; the latter are tried again, and then wait as long for the operator.
const (
	heldFor    = 24 * time.Hour
	mostTries  = 3
	retryAfter = time.Minute // times the tries so far
	doubtFor   = time.Minute // until it is looked whether a doubt is over
)

// Why an event waits.
const (
	early    = "it came before its message"
	doubtful = "it may be about a message that is not known yet"
	orphaned = "what it answers was taken back"
)

// keep puts an event into the inbox. on is what it waits for; tries tells how
// often it could not be handled.
func keep(tx *store.Tx, e chat.Event, on, why string, tries int, now time.Time) error {
	room := e.Message.Ref.Place.Room
	what := string(e.Kind) + strconv.FormatInt(e.Revised.UnixNano(), 10)
	if e.Own == "" && (e.Kind == chat.Reacted || e.Kind == chat.Unreacted) {
		what = "reaction" // of which the newest state counts
	}
	id := discussion.Derive("held", room.String(), e.Message.Ref.ID, what, e.Own, e.By.ID, e.Emoji)
	return tx.PutHeld(store.Held{ID: id, Room: room, On: on, Event: e, Why: why, Tries: tries, At: now})
}

// perhapsOurs keeps an event about something that is not known: an edit in a
// thread of ours, and whatever is about something that may become known. Words
// of other people's talk are not kept.
func (r *Relay) perhapsOurs(tx *store.Tx, e chat.Event, now time.Time) error {
	place, on := e.Message.Ref.Place, e.Message.Ref.ID
	if e.Kind == chat.Edited {
		if thing, err := threadOf(tx, place); thing != "" || err != nil {
			return errors.Join(err, keep(tx, e, on, early, 0, now))
		}
	}
	if e.Kind == chat.Said {
		on = waitsFor(e.Message)
	}
	if on == "" {
		return nil
	}
	if may, err := mayBecomeKnown(tx, place.Room, on); !may || err != nil {
		return err
	}
	return keep(tx, e, on, doubtful, 0, now)
}

// mayBecomeKnown reports whether a message or thread that is not known may be
// of a request of ours that is in flight and not given up, or of an event that
// is held itself, or is gone and was about one that is.
func mayBecomeKnown(tx *store.Tx, room chat.Room, id string) (bool, error) {
	held, err := tx.HeldOf(room, id)
	if err != nil || slices.ContainsFunc(held, func(h store.Held) bool { return h.Event.Kind == chat.Said }) {
		return true, err
	}
	if behind, err := tx.BehindHeld(room, id); behind || err != nil {
		return true, err
	}
	flying, err := tx.InFlight(room)
	return slices.ContainsFunc(flying, func(d store.Delivery) bool { return d.Dead.IsZero() }), err
}

// release handles what waits for a message or thread that shows a thing, and for what
// is gone and was about it, and reports whether anything did.
func (r *Relay) release(tx *store.Tx, room chat.Room, on string, thing store.Thing, now time.Time) (any bool, err error) {
	waiting, err := tx.HeldOn(room, on)
	if err != nil {
		return false, err
	}
	gone, err := tx.Reveal(room, on, thing)
	if err != nil {
		return false, err
	}
	more, err := tx.HeldOnGone(room, gone)
	if err != nil {
		return false, err
	}
	waiting = append(waiting, more...)
	for _, h := range waiting {
		if err := r.again(tx, h, now); err != nil {
			return false, err
		}
	}
	return len(waiting) > 0, nil
}

// again handles an event that was held. If it cannot be handled it is held
// on; if it was the store that failed, nothing of that is kept.
func (r *Relay) again(tx *store.Tx, h store.Held, now time.Time) error {
	if err := tx.DropHeld(h.ID); err != nil {
		return err
	}
	if err := r.event(tx, h.Event, now); err != nil {
		return keep(tx, h.Event, h.On, err.Error(), h.Tries+1, now)
	}
	return nil
}

// drop forgets what waits of a message that was deleted, and its words where networks
// repeat them with what answers it.
func drop(tx *store.Tx, room chat.Room, id string) error {
	all, err := tx.Held()
	if err != nil {
		return err
	}
	var of []store.Held
	for _, h := range all {
		switch m := h.Event.Message; {
		case h.Room != room:
		case m.Ref.ID == id:
			of = append(of, h)
		case m.ReplyTo.ID == id && h.Event.Raw != nil:
			h.Event.Raw = nil
			if err := tx.PutHeld(h); err != nil {
				return err
			}
		}
	}
	for _, h := range of { // now, as it may change the others
		if err := takeOut(tx, h); err != nil {
			return err
		}
	}
	return nil
}

// takeOut drops an event that waits and was taken back.
func takeOut(tx *store.Tx, h store.Held) error {
	if err := tx.DropHeld(h.ID); err != nil || h.Event.Kind != chat.Said {
		return err
	}
	return passOver(tx, h.Event.Message)
}

// passOver keeps what a message is about that becomes no remark, for what answers it:
// that is about the same, and may be heard later, or again.
func passOver(tx *store.Tx, m chat.Message) error {
	room, on := m.Ref.Place.Room, waitsFor(m)
	about, err := About(tx, chat.Ref{Place: m.Ref.Place, ID: m.ReplyTo.ID})
	if err != nil {
		return err
	}
	if about == "" && on == "" {
		return nil
	}
	if about == "" {
		if may, err := mayBecomeKnown(tx, room, on); !may || err != nil {
			return err
		}
		return tx.PutGoneBehind(room, m.Ref.ID, on)
	}
	gone, err := tx.Reveal(room, m.Ref.ID, about)
	if err = errors.Join(err, tx.PutGone(room, m.Ref.ID, about)); err != nil {
		return err
	}
	answers, err := tx.HeldOn(room, m.Ref.ID)
	more, err2 := tx.HeldOnGone(room, gone)
	if err = errors.Join(err, err2); err != nil {
		return err
	}
	for _, h := range append(answers, more...) {
		h.Why, h.Tries = orphaned, max(h.Tries, 1) // looked at anew
		if err := tx.PutHeld(h); err != nil {
			return err
		}
	}
	return nil
}

// waitsFor is the thread or message that tells what a message is about.
func waitsFor(m chat.Message) string { return cmp.Or(m.Ref.Place.Thread, m.ReplyTo.ID) }

// sort tries again what could not be handled, and drops what waited for too
// long, or in vain.
func (r *Relay) sort(ctx context.Context, due, dropped []store.Held, now time.Time) error {
	var all []error
	if len(dropped) > 0 {
		all = append(all, r.c.DB.Update(ctx, func(tx *store.Tx) error {
			for _, h := range dropped {
				if err := tx.DropHeld(h.ID); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	for _, h := range due {
		err := r.c.DB.Update(ctx, func(tx *store.Tx) error { return r.again(tx, h, now) })
		if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrDown) { // the store does not take it
			why := err.Error()
			err = r.c.DB.Update(ctx, func(tx *store.Tx) error { return keep(tx, h.Event, h.On, why, h.Tries+1, now) })
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// sorted are the events that are to be tried again, those to be dropped, and
// when there will be more of them (zero: nothing waits).
func sorted(tx *store.Tx, now time.Time) (due, dropped []store.Held, next time.Time, err error) {
	all, err := tx.Held()
	for _, h := range all {
		retry, end := h.At.Add(time.Duration(h.Tries)*retryAfter), h.At.Add(heldFor)
		vain := false
		if h.Why == doubtful {
			may, err := mayBecomeKnown(tx, h.Room, h.On)
			if err != nil {
				return nil, nil, next, err
			}
			vain = !may
			next = earlier(next, now.Add(doubtFor))
		}
		failed := h.Tries > 0 && h.Tries < mostTries
		switch {
		case vain || !end.After(now):
			dropped = append(dropped, h)
		case failed && !retry.After(now):
			due = append(due, h)
		case failed:
			next = earlier(next, retry)
		default:
			next = earlier(next, end)
		}
	}
	return due, dropped, next, err
}

func ignoreMissing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
