package relay

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// A job is one request on its way: the delivery it belongs to, the copy as it
// was recorded, and afterwards what came of it.
type job struct {
	delivery store.Delivery
	step     Step
	done     chat.Done
	err      error
}

// Deliver makes all requests that the room is due at now, one after another,
// and returns when it is due next (zero: when something changes). Between two
// requests lies one transaction: it settles what came of the first and
// records the second before it is made.
func (r *Relay) Deliver(ctx context.Context, room chat.Room, now time.Time) (next time.Time, err error) {
	began := time.Now()
	clock := func() time.Time { return now.Add(time.Since(began)) }
	platform, ok := r.platforms[room.Platform]
	if !ok {
		return time.Time{}, fmt.Errorf("deliver to %s: no such platform", room)
	}
	var last *job
	for {
		if last == nil {
			if until := r.holds.until(room, clock()); !until.IsZero() || ctx.Err() != nil {
				return until, nil
			}
		}
		var todo *job
		err := r.c.DB.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
			todo = nil
			if last != nil {
				if err := r.settle(tx, *last, clock()); err != nil {
					return fmt.Errorf("settle %s in %s: %w", last.delivery.Thing, room, err)
				}
			}
			if ctx.Err() != nil || last != nil && !r.holds.until(room, clock()).IsZero() {
				return nil
			}
			todo, next, err = r.take(tx, room, clock())
			return err
		})
		if err != nil {
			return time.Time{}, fmt.Errorf("deliver to %s: %w", room, err)
		}
		if todo == nil {
			if until := r.holds.until(room, clock()); !until.IsZero() {
				return until, nil
			}
			return next, nil
		}
		last = todo
		last.done, last.err = r.do(ctx, platform, last.step.Action)
		r.note(room, last, clock())
	}
}

// do makes the request. A stop of the bot gives it a few seconds to end, so
// that its outcome is known.
func (r *Relay) do(ctx context.Context, p chat.Platform, a chat.Action) (chat.Done, error) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(stopGrace, cancel) })
	defer stop()
	return p.Do(own, a)
}

const stopGrace = 5 * time.Second

// take finds the room's next request and records it. What settles by itself
// is settled here. It returns no job if nothing is due, and when something is.
func (r *Relay) take(tx *store.Tx, room chat.Room, now time.Time) (*job, time.Time, error) {
	for {
		heads, err := tx.Heads(room)
		if err != nil {
			return nil, time.Time{}, err
		}
		again, next := false, time.Time{}
		for _, d := range heads {
			if d.Due.After(now) {
				next = earlier(next, d.Due)
				continue
			}
			j, moved, err := r.step(tx, d, now)
			if err != nil {
				return nil, time.Time{}, fmt.Errorf("%s: %w", d.Thing, err)
			}
			if j != nil {
				return j, time.Time{}, nil
			}
			again = again || moved
		}
		if !again {
			return nil, next, nil
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// step takes one delivery forward: it returns a job to do, or whether the
// delivery moved without one.
func (r *Relay) step(tx *store.Tx, d store.Delivery, now time.Time) (j *job, moved bool, err error) {
	for {
		have, err := tx.Copies(d.Thing, d.Room)
		if err != nil {
			return nil, false, err
		}
		w, v, err := r.load(tx, d, have)
		if errors.Is(err, errParked) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		s, ok := Next(d.Thing, d.Room, v.Profile.Threads, Render(w, v), have)
		if !ok {
			return nil, true, tx.DropDelivery(d.Thing, d.Room)
		}
		if !s.Free {
			return r.begin(tx, d, v, s, now)
		}
		if err := tx.PutCopy(d.Thing, d.Room, s.Copy); err != nil {
			return nil, false, err
		}
	}
}

// begin records a request before it is made. Until its outcome is known the
// delivery is not due before the settle time is over.
func (r *Relay) begin(tx *store.Tx, d store.Delivery, v View, s Step, now time.Time) (*job, bool, error) {
	if !s.Action.Again {
		s.Copy.Began = now
		s.Copy.Sent = ""
		if v.Profile.Dialect != nil && (s.Action.Verb == chat.Post || s.Action.Verb == chat.Edit) {
			s.Copy.Sent = v.Profile.Dialect.Print(s.Action.Message.Body)
		}
	}
	d.Due = now.Add(r.c.Settle)
	if err := tx.PutCopy(d.Thing, d.Room, s.Copy); err != nil {
		return nil, false, err
	}
	return &job{delivery: d, step: s}, true, tx.PutDelivery(d)
}

// settle records what came of a request.
func (r *Relay) settle(tx *store.Tx, j job, now time.Time) error {
	d, err := tx.Delivery(j.delivery.Thing, j.delivery.Room)
	if err != nil {
		return err
	}
	c, err := copyOf(tx, j)
	if err != nil {
		return err
	}
	verdict := judge(j.err, j.step.Action)
	mine := c.InFlight() && c.Key == j.step.Copy.Key
	if !mine { // an echo has settled it meanwhile
		verdict = made
	}
	if verdict == gone && j.step.Action.Verb == chat.Edit {
		if err := r.lostCopy(tx, j, now); err != nil {
			return err
		}
	}
	if mine {
		switch {
		case verdict == made || verdict == gone:
			c = settled(c, j)
		case verdict != open && (!j.step.Action.Again || verdict == refused):
			c = undone(c, j)
		}
		if err := tx.PutCopy(d.Thing, d.Room, c); err != nil {
			return err
		}
	}
	return tx.PutDelivery(r.rescheduled(d, j, verdict, now))
}

func copyOf(tx *store.Tx, j job) (store.Copy, error) {
	copies, err := tx.Copies(j.delivery.Thing, j.delivery.Room)
	for _, c := range copies {
		if c.Part == j.step.Copy.Part && c.Mark == j.step.Copy.Mark {
			return c, err
		}
	}
	return j.step.Copy, err
}

// settled is c after its request went through.
func settled(c store.Copy, j job) store.Copy {
	ref := j.done.Ref
	switch j.step.Action.Verb {
	case chat.Post, chat.OpenThread, chat.React:
		if ref.ID == "" {
			ref.ID = j.step.Action.Emoji
		}
		if ref.As == "" {
			ref.As = "bot"
		}
		c.Ref, c.Old = ref, nil
	case chat.Edit:
		if !ref.IsZero() {
			c.Old = append(c.Old, ref)
		}
		if j.err != nil {
			c.Ref, c.Old, c.Hash = chat.Ref{}, nil, ""
		}
	case chat.Delete, chat.Unreact:
		c.Ref, c.Old, c.Hash = chat.Ref{}, nil, ""
	}
	return quiet(c)
}

// undone is c after its request was certainly not made.
func undone(c store.Copy, j job) store.Copy {
	if j.step.Action.Verb == chat.Edit {
		c.Hash = "" // what stands there is older than what was to be said
	}
	return quiet(c)
}

func quiet(c store.Copy) store.Copy {
	c.Verb, c.Sent, c.Began = "", "", time.Time{}
	return c
}

// outcome is what an answer means for the request.
type outcome uint8

const (
	made    outcome = iota // it went through
	gone                   // what it was about is no longer there
	refused                // it will never go through
	waiting                // not made; the network will take it later
	open                   // nobody knows
)

func judge(err error, a chat.Action) outcome {
	var wait chat.RetryAfter
	switch {
	case err == nil:
		return made
	case errors.Is(err, chat.ErrGone):
		if a.Verb == chat.Post || a.Verb == chat.OpenThread {
			return refused
		}
		return gone
	case errors.Is(err, chat.ErrRefused):
		return refused
	case errors.As(err, &wait), errors.Is(err, chat.ErrForbidden), errors.Is(err, chat.ErrAuth), errors.Is(err, chat.ErrUnreached):
		return waiting
	}
	return open
}

// rescheduled is the delivery after a request: due at once if all went well,
// later if not, dead if it was refused or patience is at its end.
func (r *Relay) rescheduled(d store.Delivery, j job, v outcome, now time.Time) store.Delivery {
	if v == made || v == gone {
		d.Due, d.Tries, d.Spent, d.Why = now, 0, 0, ""
		return d
	}
	d.Tries++
	d.Why = j.err.Error()
	if v == refused {
		d.Dead = now
		return d
	}
	wait := backoff(j.step.Action.Key, d.Tries)
	var asked chat.RetryAfter
	switch {
	case errors.As(j.err, &asked):
		wait = asked.Wait
		if asked.Scope != chat.MessageScope {
			d.Tries--
		}
	case errors.Is(j.err, chat.ErrUnreached), errors.Is(j.err, chat.ErrAuth):
		d.Due, d.Tries = now, d.Tries-1 // the platform is held, not this delivery
		return d
	}
	if v == open {
		wait = max(wait, r.c.Settle)
	}
	d.Due = now.Add(wait)
	if answered(j.err) {
		d.Spent += wait
	}
	if d.Spent > r.c.Patience {
		d.Dead = now
	}
	return d
}

// backoff is 1 s, 2 s, 4 s, … up to an hour, give or take a fifth that depends
// on the key and the try alone.
func backoff(key string, tries int) time.Duration {
	wait := time.Hour
	if tries < 13 {
		wait = min(wait, time.Second<<max(tries-1, 0))
	}
	sum := sha256.Sum256(fmt.Append(nil, key, tries))
	part := int64(binary.BigEndian.Uint16(sum[:2])) - 1<<15
	return wait + time.Duration(int64(wait)/5*part/(1<<15))
}

// answered reports whether the network said anything at all.
func answered(err error) bool {
	var broken net.Error
	return !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) &&
		!errors.Is(err, chat.ErrUnreached) && !errors.As(err, &broken)
}

// lostCopy takes note that our copy was removed by someone else: what it
// showed is hidden, and its other copies go.
func (r *Relay) lostCopy(tx *store.Tx, j job, now time.Time) error {
	id := j.delivery.Thing.Annotation()
	if id == "" {
		return nil
	}
	return hide(tx, id, now)
}
