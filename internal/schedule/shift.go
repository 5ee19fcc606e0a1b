package schedule

import (
	"time"

	"marginalia/internal/lang"
)

// Shift is a time of a plan at which the clocks change: they skip it, or show it
// twice.
type Shift struct {
	Named time.Time // what the wall shows, as if it were UTC
	At    time.Time // when the plan fires for it, in the plan's zone
	Twice bool
}

// String says it in a sentence without an end.
func (s Shift) String() string { return s.In(lang.English) }

// In is String in a language.
func (s Shift) In(in lang.Language) string {
	named := in.Moment(s.Named.Truncate(time.Minute))
	if s.Twice {
		return in.Sprintf("%s comes twice, and counts the first time", named)
	}
	return in.Sprintf("%s is skipped by the clocks: %s counts for it", named, s.At.Format("15:04"))
}

// Ahead is how long before a Shift people are told of it.
const Ahead = 7 * 24 * time.Hour

// Shifts returns the shifts of p after one time and not after another, those
// left out that fall into the quiet or on skipped dates. Lines that leave the
// hour open have none: they fire each hour that there is.
func (p Plan) Shifts(after, until time.Time) (all []Shift) {
	r, err := p.rule()
	if err != nil {
		return nil
	}
	seen := map[time.Time]bool{}
	for _, l := range r.lines {
		for t := after.In(r.zone); !t.IsZero() && !t.After(until); _, t = t.ZoneBounds() {
			for _, s := range l.shiftsAround(t) {
				if s.At.After(after) && !s.At.After(until) && !seen[s.Named] && r.open(s.At).Equal(s.At) {
					seen[s.Named] = true
					all = append(all, s)
				}
			}
		}
	}
	return all
}

// shiftsAround are the shifts of l at the two changes of the clock between which
// t, in its zone, lies.
func (l line) shiftsAround(t time.Time) (all []Shift) {
	if l.every > 0 || l.everyHour() {
		return nil
	}
	from, to := t.ZoneBounds()
	for _, change := range []time.Time{from, to} {
		if change.IsZero() {
			continue
		}
		before, after := wall(change.Add(-time.Second)).Add(time.Second), wall(change)
		first, end, twice := before, after, false
		if after.Before(before) {
			first, end, twice = after, before, true
		}
		for w := l.spec.Next(first.Add(-time.Second)); !w.IsZero() && w.Before(end); w = l.spec.Next(w) {
			all = append(all, Shift{w, instant(w, l.zone), twice})
		}
	}
	return all
}

// Told is up to when people were told of p's shifts when it fired last, or began: they are
// told early enough, and at the latest when p fires the time before.
func (p Plan) Told() time.Time {
	told := p.passed().Add(Ahead)
	if f, ok := p.After(p.passed()); ok {
		return later(told, f.At)
	}
	return told
}
