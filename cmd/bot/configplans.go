package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"marginalia/internal/chat"
	"marginalia/internal/schedule"
)

func (c *Config) checkPlans() error {
	var all []error
	names := map[string]bool{}
	for i, p := range c.Plans {
		where := fmt.Sprintf("%s: %s", c.where(), p.called(i))
		if p.Text == "" {
			all = append(all, usage("%s has no text: name a file, a web address, or the id of a text that was imported", where))
			continue
		}
		if names[p.Name] {
			all = append(all, usage("%s: two plans have this name: rename one", where))
		}
		names[p.Name] = true
		rooms, err := c.roomsOf(p)
		if err != nil {
			all = append(all, usage("%s: %s", where, err))
			continue
		}
		if err := errors.Join(p.checkTimes(), c.readHolidays(&c.Plans[i])); err != nil {
			all = append(all, usage("%s: %s", where, err))
			continue
		}
		if p.From < 1 {
			all = append(all, usage("%s: from is %d: write the number of the passage that comes first, counted from 1", where, p.From))
		}
		if err := c.Plans[i].plan(rooms).Check(); err != nil {
			all = append(all, usage("%s: %s", c.where(), err))
		}
	}
	return errors.Join(all...)
}

// readHolidays reads the calendar of a plan.
func (c *Config) readHolidays(p *PlanTable) error {
	if p.SkipFile == "" {
		return nil
	}
	src, err := os.ReadFile(c.path(p.SkipFile))
	if err != nil {
		return fmt.Errorf("skip_file %s cannot be read (%w): name a calendar (.ics), or leave it out", p.SkipFile, cause(err))
	}
	if p.holidays, err = schedule.ReadCalendar(string(src)); err != nil {
		return fmt.Errorf("skip_file %s: %w", p.SkipFile, err)
	}
	return nil
}

// checkTimes says what is wrong with when the plan fires, where words say that.
func (p PlanTable) checkTimes() error {
	if p.When == "" {
		if _, err := schedule.Parse(p.Cron); err == nil && !schedule.IsCron(p.Cron) {
			return fmt.Errorf("cron is %q, which are plain words: write them as when = %q", p.Cron, p.Cron)
		}
		return nil
	}
	if p.Cron != "" {
		return errors.New("it has both when and cron: keep one of them")
	}
	said, err := schedule.Parse(p.When)
	if err != nil {
		return fmt.Errorf("when: %w", err)
	}
	if said.Zone != "" && p.Zone != "" && said.Zone != p.Zone {
		return fmt.Errorf("when names the zone %s, and zone is %q: keep one of them", said.Zone, p.Zone)
	}
	return nil
}

// plan is p as the scheduler knows it; its text is found later.
func (p PlanTable) plan(rooms []chat.Room) schedule.Plan {
	if said, err := schedule.Parse(p.When); p.When != "" && err == nil {
		p.Cron, p.Zone = said.Cron, cmp.Or(said.Zone, p.Zone)
	}
	return schedule.Plan{
		Name: p.Name, Does: schedule.Does(p.Does), Cron: p.Cron, Zone: p.Zone, Rooms: rooms,
		Count: p.Count, CatchUp: schedule.CatchUp(p.CatchUp), FromConfig: true, Next: p.From,
		Wait: p.WaitForReaders, Pause: p.CatchUpEvery.Duration, Quiet: p.Quiet, Skip: slices.Concat(p.Skip, p.holidays),
	}
}
