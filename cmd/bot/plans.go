package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/schedule"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

// assertPlans makes the stored plans those of the configuration, by name. How
// far a plan has come and whether it is paused stay as they are stored. A plan
// that is no longer configured is paused; it goes on if it comes back.
func assertPlans(ctx context.Context, db *store.DB, c Config, log *slog.Logger, now time.Time) error {
	texts := make([]discussion.ID, len(c.Plans))
	for i, p := range c.Plans {
		id, err := planText(ctx, db, c, p, log, now)
		if err != nil {
			return fmt.Errorf("plan %q: %w", p.Name, err)
		}
		texts[i] = id
	}
	return db.Update(ctx, func(tx *store.Tx) error {
		configured := map[string]bool{}
		for i, p := range c.Plans {
			configured[p.Name] = true
			rooms, err := c.roomsOf(p)
			if err != nil {
				return err
			}
			plan := p.plan(rooms)
			plan.Discussion = texts[i]
			if err := assertPlan(tx, plan, p.Text, now); err != nil {
				return fmt.Errorf("plan %q: %w", p.Name, err)
			}
		}
		return retire(tx, configured)
	})
}

// The bot's own notes about a plan: what its configuration calls the text, and
// whether the plan was paused because it vanished from there.
func textSetting(plan string) string    { return "plan text: " + plan }
func retiredSetting(plan string) string { return "plan retired: " + plan }

func assertPlan(tx *store.Tx, p schedule.Plan, text string, now time.Time) error {
	p.Start, p.Last = now, time.Time{}
	was, err := tx.Plan(p.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil {
		p.Start, p.Last, p.Paused = was.Start, was.Last, was.Paused
		if was.Discussion == p.Discussion {
			p.Next = was.Next
		}
		if was.Cron != p.Cron || was.Zone != p.Zone {
			p.Start = now // what the old line would have done meanwhile is not made up for
		}
	}
	retired, err := tx.Setting(retiredSetting(p.Name))
	if err != nil {
		return err
	}
	if retired != "" {
		p.Paused, p.Start = false, now
		if err := tx.PutSetting(retiredSetting(p.Name), ""); err != nil {
			return err
		}
	}
	if err := tx.PutSetting(textSetting(p.Name), text); err != nil {
		return err
	}
	return tx.PutPlan(p)
}

// retire pauses the plans that came from the configuration and left it.
func retire(tx *store.Tx, configured map[string]bool) error {
	plans, err := tx.Plans()
	if err != nil {
		return err
	}
	for _, p := range plans {
		if !p.FromConfig || p.Paused || configured[p.Name] {
			continue
		}
		p.Paused = true
		if err := tx.PutSetting(retiredSetting(p.Name), "yes"); err != nil {
			return err
		}
		if err := tx.PutPlan(p); err != nil {
			return err
		}
	}
	return nil
}

// planText finds the text of a plan and imports it if needed. A file that was
// changed after its import is not imported again: the plan would begin anew.
func planText(ctx context.Context, db *store.DB, c Config, p PlanTable, log *slog.Logger, now time.Time) (discussion.ID, error) {
	var had, stored discussion.ID
	err := db.View(ctx, func(tx *store.Tx) error {
		if s, err := find(tx, p.Text); err == nil {
			stored = s.ID
			return nil
		}
		text, err := tx.Setting(textSetting(p.Name))
		if err != nil || text != p.Text {
			return err
		}
		was, err := tx.Plan(p.Name)
		if err == nil {
			had = was.Discussion
		}
		return nil
	})
	if err != nil || stored != "" {
		return stored, err
	}
	ref := p.Text
	if path := c.path(p.Text); isFile(path) {
		ref = path
	}
	if had != "" && !isFile(ref) {
		return had, nil // a file that is gone was read before
	}
	d, err := source.Open(ctx, ref, source.Options{Cut: c.cut()})
	if err != nil {
		if had != "" {
			log.Warn("the plan goes on with the text as it was imported", "plan", p.Name, "error", err)
			return had, nil
		}
		return "", err
	}
	if had != "" && had != d.ID {
		log.Warn("the file was changed after its import: the plan goes on with the text as it was; "+
			"to read the new one, import it and name its id as the plan's text", "plan", p.Name, "text", p.Text)
		return had, nil
	}
	if had == "" {
		if _, err = putText(ctx, db, d, now); err != nil {
			return "", err
		}
	}
	return d.ID, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
