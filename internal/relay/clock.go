package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// Tick makes what is due at now and returns when something is due next (zero:
// nothing is). Each firing is made once, whoever asks and however often. A plan
// that cannot be carried out does not keep the others from it.
func (r *Relay) Tick(ctx context.Context, now time.Time) (next time.Time, err error) {
	var plans []schedule.Plan
	var due, dropped []store.Held
	held, unknown := map[string]bool{}, []error(nil)
	err = r.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		if due, dropped, next, err = sorted(tx, now); err != nil {
			return err
		}
		if plans, err = tx.Plans(); err != nil {
			return err
		}
		clear(held)
		unknown = nil
		for _, p := range plans {
			is, err := Held(tx, p, now)
			if err != nil {
				unknown = append(unknown, fmt.Errorf("plan %s: %w", p.Name, err))
			}
			if is || err != nil {
				held[p.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("look at the clock: %w", err)
	}
	r.readers.Store(roomsThatWait(plans))
	slices.SortStableFunc(plans, digestsLast)
	expires, err := r.expire(ctx, now)
	next = earlier(next, expires)
	all := []error{err, errors.Join(unknown...), r.sort(ctx, due, dropped, now)}
	for _, p := range plans {
		fire, last := p.Due(now)
		if f, ok := p.Done(fire, last, now).After(now); ok && !p.Paused {
			next = earlier(next, f.At)
		}
		if !held[p.Name] && (len(fire) > 0 || last.After(p.Last)) {
			all = append(all, r.carryOut(ctx, p.Name, now))
		}
	}
	look, err := r.indexes(ctx, now)
	return earlier(next, look), errors.Join(append(all, err)...)
}

// digestsLast has what comes next be told behind what is posted at the same time.
func digestsLast(a, b schedule.Plan) int {
	if (a.Does == schedule.Digest) == (b.Does == schedule.Digest) {
		return 0
	}
	if a.Does == schedule.Digest {
		return 1
	}
	return -1
}

// carryOut makes what is due of a plan, and tells in the log when the clocks will
// change at one of its times.
func (r *Relay) carryOut(ctx context.Context, plan string, now time.Time) error {
	var was, is schedule.Plan
	err := r.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if was, err = tx.Plan(plan); err != nil {
			return ignoreMissing(err)
		}
		if _, err = fire(tx, was, now, r.digest); err != nil {
			return err
		}
		is, err = tx.Plan(plan)
		return err
	})
	if err != nil {
		return fmt.Errorf("plan %s: %w", plan, err)
	}
	for _, s := range is.Shifts(was.Told(), is.Told()) {
		r.c.Log.Info("the clocks will change at a plan's time", "plan", plan, "time", s.String(), "zone", is.Zone)
	}
	return nil
}

// fire makes the firings of one plan that are due and moves the plan on, unless
// they are held. It returns the passages that are to be posted. tell is what a
// digest plan does with the key of a firing.
func fire(tx *store.Tx, p schedule.Plan, now time.Time, tell func(*store.Tx, schedule.Plan, string, time.Time) error) (posted []discussion.Passage, err error) {
	if held, err := Held(tx, p, now); held || err != nil {
		return nil, err
	}
	firings, last := p.Due(now)
	for _, f := range firings {
		first, err := tx.PutFiring(p.Name, f.Key, f.At)
		if err != nil {
			return nil, err
		}
		if !first {
			continue
		}
		if p.Does == schedule.Digest {
			if err := tell(tx, p, f.Key, now); err != nil {
				return nil, err
			}
			continue
		}
		more, err := drip(tx, &p, p.Count, now)
		if err != nil {
			return nil, err
		}
		posted = append(posted, more...)
	}
	return posted, tx.PutPlan(p.Done(firings, last, now))
}
