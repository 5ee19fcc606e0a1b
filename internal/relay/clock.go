package relay

import (
	"context"
	"fmt"
	"time"

	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// heldFor is how long an event waits in the inbox for its message.
const heldFor = 24 * time.Hour

// Tick makes what is due at now and returns when something is due next (zero:
// nothing is). Each firing is made once, whoever asks and however often.
func (r *Relay) Tick(ctx context.Context, now time.Time) (next time.Time, err error) {
	due := false
	err = r.c.DB.View(ctx, func(tx *store.Tx) error {
		due, next, err = r.due(tx, now)
		return err
	})
	if err != nil || !due {
		return next, err
	}
	err = r.c.DB.Update(ctx, func(tx *store.Tx) error {
		plans, err := tx.Plans()
		if err != nil {
			return err
		}
		for _, p := range plans {
			if err := r.fire(tx, p, now); err != nil {
				return fmt.Errorf("plan %s: %w", p.Name, err)
			}
		}
		return tx.PruneHeld(now.Add(-heldFor))
	})
	return next, err
}

func (r *Relay) due(tx *store.Tx, now time.Time) (due bool, next time.Time, err error) {
	plans, err := tx.Plans()
	for _, p := range plans {
		fire, last := p.Due(now)
		due = due || len(fire) > 0 || last.After(p.Last)
		if f, ok := p.After(now); ok && !p.Paused {
			next = earlier(next, f.At)
		}
	}
	return due, next, err
}

// fire makes the firings of one plan that are due and moves the plan on.
func (r *Relay) fire(tx *store.Tx, p schedule.Plan, now time.Time) error {
	firings, last := p.Due(now)
	for _, f := range firings {
		first, err := tx.PutFiring(p.Name, f.Key, f.At)
		if err != nil {
			return err
		}
		if !first {
			continue
		}
		if p.Does == schedule.Digest {
			err = digest(tx, p, f.Key, now)
		} else {
			_, err = drip(tx, &p, p.Count, now)
		}
		if err != nil {
			return err
		}
	}
	if last.After(p.Last) {
		p.Last = last
	}
	return tx.PutPlan(p)
}
