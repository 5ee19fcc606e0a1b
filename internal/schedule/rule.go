package schedule

import "time"

// rule is when a plan fires: whenever one of its lines does, at one moment once;
// a firing in the quiet is made at its end, or if so wished not at all, and one
// that would be made on a skipped date is not.
type rule struct {
	lines []line
	zone  *time.Location
	quiet quiet
	drops bool // what falls into the quiet
	skip  dates
}

// foresight is how many years rules look ahead for a firing that is neither quiet
// nor skipped: over the leap year of a 29 February, and the next.
const foresight = 10

func (p Plan) rule() (r rule, err error) {
	if r.lines, err = p.lines(); err != nil {
		return r, err
	}
	r.zone, r.drops = r.lines[0].zone, p.CatchUp == None
	if r.quiet, err = readQuiet(p.Quiet); err != nil {
		return r, err
	}
	if r.skip, err = readDates(p.Skip); err != nil {
		return r, err
	}
	return r, nil
}

// after returns the first time after t and after the start that the lines name,
// in the plan's zone; zero if there is none.
func (r rule) after(t time.Time) time.Time {
	first := time.Time{}
	for _, l := range r.lines {
		if at := l.after(t); first.IsZero() || !at.IsZero() && at.Before(first) {
			first = at
		}
	}
	return first
}

// next returns the first firing after t: when it is due by the lines, and when
// it is made. Both grow with t.
func (r rule) next(t time.Time) (due, at time.Time) {
	for end := later(t, r.lines[0].start).AddDate(foresight, 0, 0); ; {
		due = r.after(t)
		if due.IsZero() || due.After(end) {
			return time.Time{}, time.Time{}
		}
		if at = r.quiet.end(due); r.drops && !at.Equal(due) {
			t = at.Add(-1)
			continue
		}
		last, skipped := r.skip.last(at)
		if !skipped {
			return due, at
		}
		t = due
		if resume := r.quiet.start(r.dayAfter(last)).Add(-1); resume.After(t) {
			t = resume
		}
	}
}

// open returns the first moment from t on that is neither quiet nor on a skipped
// date, in the plan's zone.
func (r rule) open(t time.Time) time.Time {
	t = t.In(r.zone)
	for end := t.AddDate(foresight, 0, 0); t.Before(end); {
		t = r.quiet.end(t)
		last, skipped := r.skip.last(t)
		if !skipped {
			return t
		}
		t = r.dayAfter(last)
	}
	return t
}

// dayAfter is when the day after another begins.
func (r rule) dayAfter(day time.Time) time.Time {
	return instant(day.AddDate(0, 0, 1), r.zone).In(r.zone)
}

// newest returns the last of the times after from and not after now that next
// goes through, zero if there is none. It looks back in growing steps: a plan
// of every second that slept for a year is not counted through.
func newest(next func(time.Time) time.Time, from, now time.Time) time.Time {
	for back := time.Minute; ; back *= 2 {
		since := now.Add(-back)
		if since.Before(from) {
			since = from
		}
		found := time.Time{}
		for at := next(since); !at.IsZero() && !at.After(now); at = next(at) {
			found = at
		}
		if !found.IsZero() || since.Equal(from) || back > 1<<61 {
			return found
		}
	}
}
