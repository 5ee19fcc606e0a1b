package schedule

import (
	"fmt"
	"strings"
	"time"
)

// quiet is a time of each day in which nothing is posted, in minutes from
// midnight; none if both are the same. It may go over midnight.
type quiet struct{ from, to int }

func readQuiet(s string) (quiet, error) {
	if s == "" {
		return quiet{}, nil
	}
	first, last, _ := strings.Cut(joined(strings.TrimSpace(s)), "-")
	from, ok1 := timeOfDay(first)
	to, ok2 := timeOfDay(last)
	if !ok1 || !ok2 || from == to {
		return quiet{}, fmt.Errorf("is quiet at %q: write two times of day, as in \"22:00-07:00\"", s)
	}
	return quiet{from, to}, nil
}

func (q quiet) holds(t time.Time) bool {
	m := t.Hour()*60 + t.Minute()
	if q.from <= q.to {
		return q.from <= m && m < q.to
	}
	return m >= q.from || m < q.to
}

// end returns the first moment from t on that is not quiet, as the wall shows
// it: t itself if that is not. t is in its zone. An hour that comes twice is
// quiet both times; what the clocks skip does not keep the quiet from its end.
func (q quiet) end(t time.Time) time.Time {
	for q.holds(t) {
		left := time.Duration((q.to-t.Hour()*60-t.Minute()+24*60)%(24*60)) * time.Minute
		next := t.Truncate(time.Second).Add(left - time.Duration(t.Second())*time.Second)
		_, change := t.ZoneBounds()
		if !change.IsZero() && !next.Before(change) {
			next = change
		}
		t = next
	}
	return t
}

// start returns a moment that is not after the beginning of the quiet in which
// t, in its zone, lies; t if that is not quiet.
func (q quiet) start(t time.Time) time.Time {
	if !q.holds(t) {
		return t
	}
	w := time.Date(t.Year(), t.Month(), t.Day(), q.from/60, q.from%60, 0, 0, time.UTC)
	if t.Hour()*60+t.Minute() < q.from {
		w = w.AddDate(0, 0, -1)
	}
	if at := instant(w, t.Location()); at.Before(t) {
		return at
	}
	return t
}
