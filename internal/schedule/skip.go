package schedule

import (
	"fmt"
	"strings"
	"time"
)

// dates are days on which nothing is posted.
type dates []stretch

// stretch is days from one to another, both included; of every year if yearly.
// A day is its midnight in UTC, a yearly one that of a leap year.
type stretch struct {
	from, to time.Time
	yearly   bool
}

// readDates reads "2026-12-24", "2026-12-25..2027-01-01", and the same of each
// year: "12-24", "12-25..01-01".
func readDates(all []string) (dates, error) {
	var read dates
	for _, s := range all {
		first, last, isSpan := strings.Cut(s, "..")
		if !isSpan {
			last = first
		}
		from, yearly, ok1 := readDay(strings.TrimSpace(first))
		to, both, ok2 := readDay(strings.TrimSpace(last))
		if !ok1 || !ok2 || yearly != both {
			return nil, fmt.Errorf("skips %q, which is no date: write 2026-12-24, 12-24 for each year, or 2026-12-25..2027-01-01", s)
		}
		if to.Before(from) && !yearly {
			return nil, fmt.Errorf("skips %q, which ends before it begins: write the earlier date first", s)
		}
		read = append(read, stretch{from, to, yearly})
	}
	return read, nil
}

func readDay(s string) (day time.Time, yearly, ok bool) {
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day, false, true
	}
	day, err := time.Parse(time.DateOnly, "2024-"+s)
	return day, true, err == nil
}

// last returns a day until which, from that of t on, all days are skipped;
// false if that of t is not.
func (all dates) last(t time.Time) (time.Time, bool) {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	for _, s := range all {
		if s.yearly && s.eachYear(day) {
			return day, true
		}
		if !s.yearly && !day.Before(s.from) && !day.After(s.to) {
			return s.to, true
		}
	}
	return time.Time{}, false
}

func (s stretch) eachYear(day time.Time) bool {
	number := func(t time.Time) int { return int(t.Month())*100 + t.Day() }
	from, to, d := number(s.from), number(s.to), number(day)
	if from <= to {
		return from <= d && d <= to
	}
	return d >= from || d <= to
}
