package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// A job is one request on its way: the delivery it belongs to, the copy as it
// was recorded, and afterwards what came of it.
type job struct {
	delivery store.Delivery
	step     Step
	alone    []Want    // all that should stand of the thing, if that is one message and what stands has no say in it
	file     *fetched  // that it posts
	late     time.Time // when it was said, if it comes long after that; else zero
	done     chat.Done
	err      error
}

// Deliver makes all requests that the room is due at now, one after another,
// and returns when it is due next (zero: when something changes). Where rooms
// ask in turn it makes one. Between two requests lies one transaction: it
// settles what came of the first and records the second before it is made.
func (r *Relay) Deliver(ctx context.Context, room chat.Room, now time.Time) (next time.Time, err error) {
	began := time.Now()
	clock := func() time.Time { return now.Add(time.Since(began)) }
	platform, ok := r.platforms[room.Platform]
	if !ok {
		return time.Time{}, fmt.Errorf("deliver to %s: no such platform", room)
	}
	for last := (*job)(nil); ; {
		todo, next, err := r.turn(ctx, room, last, clock())
		if err != nil {
			r.turns.leave(room)
			return time.Time{}, fmt.Errorf("deliver to %s: %w", room, err)
		}
		if todo == nil {
			if last == nil {
				r.turns.leave(room)
			}
			return next, nil
		}
		last = todo
		r.do(ctx, platform, last)
		r.note(room, last, clock())
	}
}

// turn settles the last request, if there was one, and records the next, if
// one is due and nothing holds the room. Without one it says when to come back.
func (r *Relay) turn(ctx context.Context, room chat.Room, last *job, now time.Time) (todo *job, next time.Time, err error) {
	held := r.holds.until(room, now)
	ends := last != nil && r.turns.limits(room.Platform) // the room's turn
	stands := !held.IsZero() || ctx.Err() != nil || ends
	if last == nil && stands {
		return nil, held, nil
	}
	err = r.c.DB.Update(context.WithoutCancel(ctx), func(tx *store.Tx) (err error) {
		todo, next = nil, held
		tx.Looked(room) // below, or where what stands is over
		if last != nil {
			todo, err = r.goOn(tx, *last, !stands, now)
		}
		if err == nil && todo == nil && !stands {
			todo, next, err = r.take(tx, room, now)
		}
		if todo == nil {
			tx.Lazy() // what came of a request that is recorded can be found out again
		}
		return err
	})
	if err != nil && last != nil {
		r.rescue(ctx, *last, now, err)
	}
	if ends {
		next = now // for the next one
	}
	return todo, next, err
}

// goOn settles a request and, if it may, records the next one of the same
// delivery.
func (r *Relay) goOn(tx *store.Tx, j job, may bool, now time.Time) (*job, error) {
	j, err := r.shutOut(tx, j)
	if err != nil {
		return nil, err
	}
	d, have, on, err := r.settle(tx, j, now)
	if err != nil {
		return nil, fmt.Errorf("settle %s: %w", j.delivery.Thing, err)
	}
	if d.Thing == "" {
		return nil, nil
	}
	if may && on {
		if next, moved, err := r.tryStep(tx, d, have, now); moved || err != nil {
			return next, err
		}
	}
	if !d.Dead.IsZero() {
		return nil, giveUp(tx, d, now)
	}
	return nil, tx.PutDelivery(d)
}

// rescue records what came of a request after the transaction that should have
// done so came to nothing. If the outcome itself cannot be recorded, the
// delivery is given up: it must not hold up the room.
func (r *Relay) rescue(ctx context.Context, j job, now time.Time, why error) {
	ctx = context.WithoutCancel(ctx)
	if err := r.c.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := r.goOn(tx, j, false, now)
		return err
	}); err == nil || errors.Is(err, store.ErrDown) {
		return // in time the request is looked for
	}
	err := r.c.DB.Update(ctx, func(tx *store.Tx) error {
		d, err := tx.Delivery(j.delivery.Thing, j.delivery.Room)
		if err != nil {
			return err
		}
		d.Dead, d.Why = now, why.Error()
		return tx.PutDelivery(d)
	})
	if err != nil {
		r.c.Log.Error("what came of a request is not recorded", "thing", j.delivery.Thing, "room", j.delivery.Room.String(), "error", err)
	}
}

const (
	stopGrace = 5 * time.Second // for a request to end after the bot was told to stop
	mostDoing = 5 * time.Minute // for a request to end at all
)

// graced is ctx for a request: a stop of the bot gives it a few seconds to end,
// so that its outcome is known. cancel must be called.
func graced(ctx context.Context) (own context.Context, cancel context.CancelFunc) {
	own, end := context.WithTimeout(context.WithoutCancel(ctx), mostDoing)
	stop := context.AfterFunc(ctx, func() {
		grace := time.AfterFunc(stopGrace, end)
		context.AfterFunc(own, func() { grace.Stop() })
	})
	return own, func() { stop(); end() }
}

// do makes the request.
func (r *Relay) do(ctx context.Context, p chat.Platform, j *job) {
	own, cancel := graced(ctx)
	defer cancel()
	a := j.step.Action
	if a.Again {
		a.Taken = func(ref chat.Ref) bool { return r.taken(own, ref) }
	}
	r.echoes.begin(a.Verb, a.Key)
	j.done, j.err = r.carry(own, p, a, j)
	if e, heard := r.echoes.end(p.Profile().Name, a.Verb, a.Key, j.err == nil); heard && j.err != nil {
		j.done, j.err = chat.Done{Ref: e.Message.Ref, Found: true}, nil // not answered, but seen to have gone through
	}
	if j.file != nil && j.err == nil {
		r.fetches.use(fileOf(j.delivery, j.step), j.delivery.Room)
	}
}

// take finds the room's next request and records it. What settles by itself
// is settled here. It returns no job if nothing is due, and when something is.
func (r *Relay) take(tx *store.Tx, room chat.Room, now time.Time) (*job, time.Time, error) {
	parked := map[store.Thing]bool{}
	for {
		heads, err := tx.Heads(room)
		if err != nil {
			return nil, time.Time{}, err
		}
		again, next := false, time.Time{}
		for _, d := range heads {
			if parked[d.Thing] {
				continue
			}
			if d.Due.After(now) {
				next = earlier(next, d.Due)
				continue
			}
			j, moved, err := r.tryStep(tx, d, nil, now)
			if err != nil || j != nil {
				return j, time.Time{}, err
			}
			parked[d.Thing] = !moved
			again = again || moved
		}
		if !again {
			return nil, next, nil
		}
	}
}

// earlier is the first of two times, of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// later is the later of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// tryStep is step. A delivery that cannot be looked at is given up, and the
// room goes on.
func (r *Relay) tryStep(tx *store.Tx, d store.Delivery, have []store.Copy, now time.Time) (j *job, moved bool, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = brokenBy{broken}
		}
		if errors.Is(err, store.ErrNotFound) || errors.As(err, new(brokenBy)) {
			r.c.Log.Error("a delivery is given up", "room", d.Room.String(), "thing", d.Thing, "error", err)
			d.Dead, d.Why = now, err.Error()
			j, moved, err = nil, true, giveUp(tx, d, now)
		}
	}()
	return r.step(tx, d, have, now)
}

// brokenBy is the error of what panicked.
type brokenBy struct{ what any }

func (b brokenBy) Error() string { return fmt.Sprintf("it breaks the bot: %v", b.what) }

// step takes one delivery forward: it returns a job to do, or whether the
// delivery moved without one. have are its copies, nil if they were not read
// yet. A delivery whose patience is at its end is given up now, not when its
// last try failed: that may still have gone through.
func (r *Relay) step(tx *store.Tx, d store.Delivery, have []store.Copy, now time.Time) (j *job, moved bool, err error) {
	to, err := r.successor(tx, d.Room)
	if err != nil {
		return nil, false, err
	}
	if d.Spent > r.c.Patience {
		return nil, true, r.despair(tx, d, to, now)
	}
	for {
		if have == nil {
			if have, err = tx.Copies(d.Thing, d.Room); err != nil {
				return nil, false, err
			}
		}
		w, v, err := r.load(tx, d, have)
		if errors.Is(err, errParked) && to == d.Room {
			return nil, false, nil
		}
		if err != nil && !errors.Is(err, errParked) {
			return nil, false, err
		}
		want := Render(w, v)
		stays := want
		if to != d.Room {
			stays = left(want, have)
		}
		s, ok := Next(d.Thing, d.Room, v.Profile.Threads, stays, have)
		if to != d.Room && (!ok || speaks(s)) {
			return nil, true, moveOn(tx, d, want, have, to, now)
		}
		if !ok {
			if err := tx.DropDelivery(d.Thing, d.Room); err != nil {
				return nil, false, err
			}
			return nil, true, reassure(tx, d, now)
		}
		if !s.Free && mayWait(d, s) {
			d.Class = store.ClassReaction
			return nil, true, tx.PutDelivery(d)
		}
		if !s.Free {
			file, waits, moved, err := r.awaits(tx, d, s, now)
			if waits || err != nil {
				return nil, moved, err
			}
			j, moved, err := r.begin(tx, d, v, s, file, now)
			if err == nil && to == d.Room && len(want) == 1 && want[0].Mark == "" && want[0].Source == "" {
				j.alone = want
			}
			if err == nil && comesLate(d, s, want, have, now) {
				j.late = d.Born
			}
			return j, moved, err
		}
		if err := tx.PutCopy(d.Thing, d.Room, s.Copy); err != nil {
			return nil, false, err
		}
		if s.Copy.Mark == store.ThreadMark {
			if err := tellLocked(tx, r.Language(d.Room), d.Thing.Passage(), d.Room, now); err != nil {
				return nil, false, err
			}
		}
		have = nil
	}
}

// mayWait reports whether what is left of a delivery are emoji, for which all
// that people say does not wait.
func mayWait(d store.Delivery, s Step) bool {
	emoji := s.Action.Verb == chat.React || s.Action.Verb == chat.Unreact
	return emoji && !s.Action.Again && !s.Late && d.Class < store.ClassReaction
}

// begin records a request before it is made. Until its outcome is known the
// delivery is not due before the settle time is over.
func (r *Relay) begin(tx *store.Tx, d store.Delivery, v View, s Step, file *fetched, now time.Time) (*job, bool, error) {
	if d.Why == answersNobody {
		s.Action.Message.ReplyTo, s.Instead.ReplyTo = chat.Ref{}, chat.Ref{}
	}
	if !s.Action.Again {
		s.Copy.Began = now
		s.Copy.Sent = ""
		if s.Action.Verb == chat.Post {
			s.Copy.Sent = sentOf(s, v.Profile)
		}
	}
	d.Due = now.Add(r.c.Settle)
	if err := tx.PutCopy(d.Thing, d.Room, s.Copy); err != nil {
		return nil, false, err
	}
	return &job{delivery: d, step: s, file: file}, true, tx.PutDelivery(d)
}
