package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

// assertPlans makes the stored plans those of the configuration, by name, in the
// rooms that the bot goes on in where those that are named were replaced, unless
// it is to stay. How
// far a plan has come and whether it is paused stay as they are stored. A plan
// that is no longer configured is paused; it goes on if it comes back.
func assertPlans(ctx context.Context, db *store.DB, c Config, web source.Web, log *slog.Logger, now time.Time) error {
	texts := make([]discussion.ID, len(c.Plans))
	far := &addressee{db, c, web, log, map[string]discussion.ID{}}
	for i, p := range c.Plans {
		id, err := discussion.ID(""), error(nil)
		if source.IsAddress(p.Text) {
			id, err = far.text(ctx, p, now)
		} else {
			id, err = planText(ctx, db, c, p, log, now)
		}
		if err != nil {
			return fmt.Errorf("plan %q: %w", p.Name, err)
		}
		texts[i] = id
	}
	if err := tellWaiting(ctx, db, texts, log); err != nil {
		return err
	}
	if err := db.Update(ctx, func(tx *store.Tx) error { return assertTexts(tx, c, texts, log, now) }); err != nil {
		return err
	}
	return tellShifts(ctx, db, log, now)
}

// tellShifts says where the clocks change at the plans' times in the coming days;
// of later ones the engine tells in time.
func tellShifts(ctx context.Context, db *store.DB, log *slog.Logger, now time.Time) error {
	var plans []schedule.Plan
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		plans, err = tx.Plans()
		return err
	})
	for _, p := range plans {
		if p.Paused {
			continue
		}
		p.Last = now
		for _, s := range p.Shifts(now, p.Told()) {
			log.Info("the clocks will change at a plan's time", "plan", p.Name, "time", s.String(), "zone", p.Zone)
		}
	}
	return err
}

// assertTexts is assertPlans when it knows the plans' texts.
func assertTexts(tx *store.Tx, c Config, texts []discussion.ID, log *slog.Logger, now time.Time) error {
	for _, r := range c.Rooms {
		if !r.stays() {
			continue
		}
		if err := relay.Stay(tx, r.room(), c.rooms(), now); err != nil {
			return err
		}
	}
	configured := map[string]bool{}
	for i, p := range c.Plans {
		configured[p.Name] = true
		rooms, err := c.roomsOf(p)
		if err != nil {
			return err
		}
		if rooms, err = relay.Successors(tx, rooms); err != nil {
			return err
		}
		plan := p.plan(rooms)
		plan.Discussion = texts[i]
		if err := assertPlan(tx, plan, log, now); err != nil {
			return fmt.Errorf("plan %q: %w", p.Name, err)
		}
	}
	return retire(tx, configured)
}

// tellWaiting says which of the texts that are read have parts that are held back.
func tellWaiting(ctx context.Context, db *store.DB, texts []discussion.ID, log *slog.Logger) error {
	return db.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Discussions()
		for _, s := range all {
			if s.Waiting > 0 && slices.Contains(texts, s.ID) {
				log.Warn("parts of a text are not posted before they are reviewed", "text", s.ID, "parts", s.Waiting, "do", "bot import "+string(s.ID)+" --review")
			}
		}
		return err
	})
}

// textSetting is the bot's own note of which file or address was imported for a
// plan, a file with its fingerprint.
func textSetting(plan string) string { return "plan text: " + plan }

func assertPlan(tx *store.Tx, p schedule.Plan, log *slog.Logger, now time.Time) error {
	p.Start, p.Last = now, time.Time{}
	was, err := tx.Plan(p.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil {
		p.Start, p.Last, p.Made, p.Paused = was.Start, was.Last, was.Made, was.Paused
		if fire, skipped := was.Due(now); len(fire) == 0 {
			p.Last = skipped // as long as it was to be
		}
		if was.Discussion == p.Discussion {
			p.Next = was.Next
		}
		if err := keepTimes(tx, was, &p, log); err != nil {
			return err
		}
		if was.Cron != p.Cron || was.Zone != p.Zone {
			p.Start = now // what the old line would have done meanwhile is not made up for
		}
	}
	retired, err := tx.Setting(store.RetiredSetting(p.Name))
	if err != nil {
		return err
	}
	if retired != "" {
		p.Paused, p.Start = retired == whilePaused, now
		if err := tx.PutSetting(store.RetiredSetting(p.Name), ""); err != nil {
			return err
		}
	}
	return tx.PutPlan(p)
}

// keepTimes leaves when a plan fires as it was said in a room, unless the
// configuration was changed since: then that is the later word.
func keepTimes(tx *store.Tx, was schedule.Plan, p *schedule.Plan, log *slog.Logger) error {
	r, changed, err := relay.RetimedOf(tx, p.Name)
	if err != nil || !changed {
		return err
	}
	attrs := []any{"plan", p.Name, "in the configuration", p.Words(), "its zone", p.Zone, "in a room", was.Words(), "zone there", was.Zone, "room", r.Room.String(), "said", r.At}
	if r.Overrules(*p) {
		log.Warn("a plan fires as was said in a room: the configuration says what it said before; what is changed there holds again", attrs...)
		p.Cron, p.Zone = was.Cron, was.Zone
		return nil
	}
	log.Warn("a plan fires as the configuration says: that was changed after what was said in a room", attrs...)
	return relay.TakeTimes(tx, p.Name)
}

// whilePaused is what the setting of a retired plan says that was paused before.
const whilePaused = "paused"

// retire pauses the plans that came from the configuration and left it.
func retire(tx *store.Tx, configured map[string]bool) error {
	plans, err := tx.Plans()
	if err != nil {
		return err
	}
	for _, p := range plans {
		retired, err := tx.Setting(store.RetiredSetting(p.Name))
		if err != nil {
			return err
		}
		if !p.FromConfig || retired != "" || configured[p.Name] {
			continue
		}
		how := "yes"
		if p.Paused {
			how = whilePaused
		}
		p.Paused = true
		if err := tx.PutSetting(store.RetiredSetting(p.Name), how); err != nil {
			return err
		}
		if err := tx.PutPlan(p); err != nil {
			return err
		}
	}
	return nil
}

// planText finds the text of a plan: a file, which is imported the first time,
// or the id of a text that was. A file that was changed after its import is not
// imported again: the plan would begin anew.
func planText(ctx context.Context, db *store.DB, c Config, p PlanTable, log *slog.Logger, now time.Time) (discussion.ID, error) {
	path := c.path(p.Text)
	is, err := fingerprint(path)
	had, named, known := imported{}, store.Summary{}, false
	missing := db.View(ctx, func(tx *store.Tx) (err error) {
		if had, known, err = importedFor(tx, p); known || err != nil {
			return err
		}
		named, err = find(tx, p.Text)
		return err
	})
	switch {
	case known && err == nil && is != had.print:
		log.Warn("the file was changed after its import: the plan goes on with the text as it was; "+
			"to read the new one, import it and name its id as the plan's text", "plan", p.Name, "text", p.Text)
		return had.id, nil
	case known:
		return had.id, nil // unchanged, or gone: it was read
	case err == nil:
		return importFor(ctx, db, c, p, is, now)
	case missing == nil:
		return named.ID, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("its text %q is neither a file nor the id of an imported text: check the path, or see bot list", p.Text)
	}
	return "", fmt.Errorf("its text %s cannot be read (%w)", p.Text, cause(err))
}

// imported is a file or an address that was imported for a plan.
type imported struct {
	id    discussion.ID
	print string // of a file, as it was then
}

func importedFor(tx *store.Tx, p PlanTable) (imported, bool, error) {
	s, err := tx.Setting(textSetting(p.Name))
	fields := strings.Split(s, "\n")
	if err != nil || len(fields) != 3 || fields[0] != p.Text {
		return imported{}, false, err
	}
	return imported{discussion.ID(fields[1]), fields[2]}, true, nil
}

func importFor(ctx context.Context, db *store.DB, c Config, p PlanTable, print string, now time.Time) (discussion.ID, error) {
	d, err := source.Open(ctx, c.path(p.Text), source.Options{Cut: c.cut()})
	if err != nil {
		return "", err
	}
	return d.ID, db.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.PutDiscussion(d, now); err != nil {
			return err
		}
		return remember(tx, p, d.ID, print)
	})
}

// remember notes which text was imported for a plan.
func remember(tx *store.Tx, p PlanTable, id discussion.ID, print string) error {
	return tx.PutSetting(textSetting(p.Name), strings.Join([]string{p.Text, string(id), print}, "\n"))
}

// fingerprint says whether a file is the same as another time.
func fingerprint(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}
