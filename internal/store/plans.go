package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/schedule"
)

// PutPlan records a plan, or replaces the one of that Name.
func (tx *Tx) PutPlan(p schedule.Plan) error {
	tx.planned = true
	rooms, err := jsonOf(p.Rooms)
	skip, errSkip := jsonOf(p.Skip)
	if err = errors.Join(err, errSkip); err == nil {
		_, err = tx.exec(`INSERT INTO plans (name, does, discussion, cron, zone, rooms, passages, catch_up, paused, from_config, start, last, next, quiet, skip, pause, made, wait)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
			ON CONFLICT (name) DO UPDATE SET does = excluded.does, discussion = excluded.discussion, cron = excluded.cron,
			zone = excluded.zone, rooms = excluded.rooms, passages = excluded.passages, catch_up = excluded.catch_up,
			paused = excluded.paused, from_config = excluded.from_config, start = excluded.start, last = excluded.last, next = excluded.next,
			quiet = excluded.quiet, skip = excluded.skip, pause = excluded.pause, made = excluded.made, wait = excluded.wait`,
			p.Name, p.Does, p.Discussion, p.Cron, p.Zone, rooms, p.Count, p.CatchUp, p.Paused, p.FromConfig, p.Start, p.Last, p.Next, p.Quiet, skip, p.Pause, p.Made, p.Wait)
	}
	if err != nil {
		return fmt.Errorf("record plan %s: %w", p.Name, err)
	}
	return nil
}

// Plan returns a plan, or ErrNotFound.
func (tx *Tx) Plan(name string) (schedule.Plan, error) {
	p, err := row(tx, planRow, "SELECT "+planColumns+" FROM plans WHERE name = $1", name)
	if err != nil {
		return p, fmt.Errorf("plan %s: %w", name, err)
	}
	return p, nil
}

// Plans returns all plans by name.
func (tx *Tx) Plans() ([]schedule.Plan, error) {
	all, err := rows(tx, planRow, "SELECT "+planColumns+" FROM plans")
	if err != nil {
		return nil, fmt.Errorf("plans: %w", err)
	}
	slices.SortFunc(all, func(a, b schedule.Plan) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// DropPlan removes a plan and what it was told to skip, if it is there. Its
// firings stay known, so that a plan of the same name does not repeat them.
func (tx *Tx) DropPlan(name string) error {
	tx.planned = true
	_, err := tx.exec("DELETE FROM plans WHERE name = $1", name)
	if err == nil {
		_, err = tx.exec("DELETE FROM skips WHERE plan = $1", name)
	}
	if err != nil {
		return fmt.Errorf("drop plan %s: %w", name, err)
	}
	return nil
}

// PutFiring records that a plan fired; first is false if that firing was
// recorded before.
func (tx *Tx) PutFiring(plan, key string, at time.Time) (first bool, err error) {
	n, err := tx.exec("INSERT INTO firings (plan, key, fired) VALUES ($1, $2, $3) ON CONFLICT (plan, key) DO NOTHING", plan, key, at)
	if err != nil {
		return false, fmt.Errorf("record firing %s of plan %s: %w", key, plan, err)
	}
	return n == 1, nil
}

// Firings returns how often a plan fired and when it did last.
func (tx *Tx) Firings(plan string) (n int, last time.Time, err error) {
	n, err = row(tx, func(s scanner) (n int, err error) {
		err = s.Scan(&n, moment{&last})
		return n, err
	}, "SELECT COUNT(*), COALESCE(MAX(fired), 0) FROM firings WHERE plan = $1", plan)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("firings of plan %s: %w", plan, err)
	}
	return n, last, nil
}

const planColumns = "name, does, discussion, cron, zone, rooms, passages, catch_up, paused, from_config, start, last, next, quiet, skip, pause, made, wait"

func planRow(s scanner) (p schedule.Plan, err error) {
	err = s.Scan(&p.Name, &p.Does, &p.Discussion, &p.Cron, &p.Zone, object{&p.Rooms}, &p.Count, &p.CatchUp,
		&p.Paused, &p.FromConfig, moment{&p.Start}, moment{&p.Last}, &p.Next,
		&p.Quiet, object{&p.Skip}, span{&p.Pause}, moment{&p.Made}, &p.Wait)
	return p, err
}

// RetiredSetting names the setting that is not empty while a plan of that name,
// which came from the configuration, is no longer in it.
func RetiredSetting(plan string) string { return "plan retired: " + plan }
