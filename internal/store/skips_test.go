package store

import (
	"testing"

	"marginalia/internal/schedule"
)

// What a plan was told to skip is told in reading order, and goes with the plan.
func TestSkips(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		d := essay()
		p := schedule.Plan{Name: "morning", Does: schedule.Drip, Discussion: d.ID, Next: 4}
		other := schedule.Plan{Name: "evening", Does: schedule.Drip, Discussion: d.ID, Next: 4}
		update(t, db, func(tx *Tx) error {
			_, err := tx.PutDiscussion(d, noon)
			return all(err, tx.PutPlan(p), tx.PutSkip(p.Name, d.Passages[2].ID, Skipped), tx.PutSkip(p.Name, d.Passages[0].ID, Skipped),
				tx.PutSkip(p.Name, d.Passages[2].ID, Again), tx.PutSkip(p.Name, "of another text", Skipped))
		})
		skips := func(p schedule.Plan) []Skip {
			return got(t, db, func(tx *Tx) ([]Skip, error) { return tx.Skips(p) })
		}
		same(t, "skips", skips(p), []Skip{{d.Passages[0], Skipped}, {d.Passages[2], Again}})
		same(t, "skips of another plan", skips(other), []Skip(nil))
		update(t, db, func(tx *Tx) error { return tx.DropPlan(p.Name) })
		same(t, "skips of a plan that is gone", skips(p), []Skip(nil))
	})
}
