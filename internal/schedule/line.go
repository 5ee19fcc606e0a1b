package schedule

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// line is a plan's cron line, read.
type line struct {
	start time.Time // @every counts from here
	zone  *time.Location
	every time.Duration      // of "@every", else 0
	spec  *cron.SpecSchedule // of all else
}

// lineBreak parts the cron lines of a plan.
const lineBreak = "; "

// lines reads the cron lines of p.
func (p Plan) lines() ([]line, error) {
	zone, err := p.zone()
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(p.Cron) == "" {
		return nil, errors.New("is never to fire: write when, as in \"weekdays at 8:30\", or a cron line such as \"0 9 * * *\"")
	}
	var all []line
	for spec := range strings.SplitSeq(p.Cron, strings.TrimSpace(lineBreak)) {
		l, err := readLine(strings.TrimSpace(spec), p.Start, zone)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// readLine reads one cron line. @every counts from start, or where there is
// none, from an instant of its own.
func readLine(spec string, start time.Time, zone *time.Location) (line, error) {
	if strings.HasPrefix(spec, "TZ=") || strings.HasPrefix(spec, "CRON_TZ=") {
		return line{}, fmt.Errorf("names a zone in its cron line %q: name it in the plan's zone", spec)
	}
	if d, ok := strings.CutPrefix(spec, "@every "); ok {
		every, err := time.ParseDuration(strings.TrimSpace(d))
		if err != nil || every < time.Second || every%time.Second != 0 {
			return line{}, fmt.Errorf("has the line %q: after @every stands a time such as 90s, 20m or 36h, in whole seconds", spec)
		}
		if start.IsZero() {
			start = time.Unix(0, 0)
		}
		return line{start: start, zone: zone, every: every}, nil
	}
	schedule, err := cron.ParseStandard(spec)
	if err != nil {
		return line{}, fmt.Errorf("has the cron line %q, which cannot be read: %w", spec, err)
	}
	s, ok := schedule.(*cron.SpecSchedule)
	if !ok {
		return line{}, fmt.Errorf("has the cron line %q, which is of no known kind", spec)
	}
	if s.Next(leapYear).IsZero() {
		return line{}, fmt.Errorf("has the cron line %q, which never fires: there is no such day or time", spec)
	}
	return line{start: start, zone: zone, spec: s}, nil
}

// leapYear lies before a 29 February, so that whatever fires at all fires
// within the five years that robfig/cron looks ahead.
var leapYear = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func (p Plan) zone() (*time.Location, error) {
	if p.Zone == "" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(p.Zone)
	if err != nil || p.Zone == "Local" {
		return nil, fmt.Errorf("names the zone %q, which is not known: write one such as Europe/Berlin", p.Zone)
	}
	return zone, nil
}

// after returns the first firing after t and after start, in the plan's zone;
// zero if there is none.
func (l line) after(t time.Time) time.Time {
	if l.every > 0 {
		return l.nextBeat(t).In(l.zone)
	}
	if t.Before(l.start) {
		t = l.start
	}
	if l.everyHour() {
		return l.nextOfEveryHour(t)
	}
	return l.nextOfFixedHour(t)
}

func (l line) nextBeat(t time.Time) time.Time {
	n := int64(1)
	if t.After(l.start) {
		n += int64(t.Sub(l.start) / l.every)
	}
	return l.start.Add(time.Duration(n) * l.every)
}

// everyHour reports whether the line leaves the hour open: such lines count
// real hours, all others the hours of the clock on the wall.
func (l line) everyHour() bool {
	const all = 1<<24 - 1
	return bits.OnesCount64(l.spec.Hour&all) == 24
}

// nextOfEveryHour goes through the stretches between two changes of the clock,
// inside which wall time is plain arithmetic.
func (l line) nextOfEveryHour(t time.Time) time.Time {
	for range 100 {
		_, shift := t.In(l.zone).Zone()
		offset := time.Duration(shift) * time.Second
		next := l.spec.Next(t.UTC().Add(offset))
		if next.IsZero() {
			return next
		}
		_, end := t.In(l.zone).ZoneBounds()
		if next = next.Add(-offset); end.IsZero() || next.Before(end) {
			return next.In(l.zone)
		}
		if next = l.atChange(end); !next.IsZero() {
			return next
		}
		t = end
	}
	return time.Time{}
}

// atChange returns end, the instant of a change, if the line fires then.
func (l line) atChange(end time.Time) time.Time {
	w := wall(end.In(l.zone))
	if l.spec.Next(w.Add(-1)).Equal(w) {
		return end.In(l.zone)
	}
	return time.Time{}
}

// nextOfFixedHour goes through the times of the clock on the wall. A time that
// comes twice in autumn counts the first time; one that is skipped in spring
// counts at the end of the gap.
func (l line) nextOfFixedHour(t time.Time) time.Time {
	w := wall(t.In(l.zone))
	for range 10_000 {
		w = l.spec.Next(w)
		if w.IsZero() {
			return w
		}
		if at := instant(w, l.zone); at.After(t) {
			return at
		}
	}
	return time.Time{}
}

// wall is the time that the clock on the wall shows, as if it were UTC.
func wall(t time.Time) time.Time {
	_, shift := t.Zone()
	return t.UTC().Add(time.Duration(shift) * time.Second)
}

// instant is when the clocks of zone first show w, or where they skip w, the
// moment of the jump.
func instant(w time.Time, zone *time.Location) time.Time {
	near := time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), 0, zone)
	from, to := near.ZoneBounds()
	var changes []time.Time
	for _, c := range []time.Time{from, to} {
		if !c.IsZero() {
			changes = append(changes, c)
		}
	}
	first := time.Time{}
	for _, c := range append([]time.Time{near}, changes...) {
		for _, side := range []time.Time{c.Add(-1), c} {
			_, shift := side.Zone()
			at := w.Add(-time.Duration(shift) * time.Second).In(zone)
			if wall(at).Equal(w) && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	if !first.IsZero() {
		return first
	}
	for _, c := range changes {
		if wall(c.Add(-1)).Before(w) && wall(c).After(w) {
			return c
		}
	}
	return near
}
