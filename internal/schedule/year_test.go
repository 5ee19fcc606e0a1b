package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestAYear compares what twelve plans in six time zones do in a year with a plain
// look at each of its minutes, by a reader of cron lines of its own: a line that
// leaves the hour open fires whenever the wall shows a time that it names; any other
// once for each such time, the first time that the wall shows it, and where the
// clocks skip it, when they have.
func TestAYear(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	until := from.AddDate(1, 0, 0)
	if testing.Short() { // as with the race detector
		until = from.AddDate(0, 4, 0) // over a change of clocks
	}
	for _, p := range []Plan{
		{Cron: "30 8,18 * * 1-5", Zone: "Europe/Berlin"},
		{Cron: "30 2 * * *", Zone: "Europe/Berlin"},
		{Cron: "15,45 * * * *", Zone: "Europe/Berlin"},
		{Cron: "0,20,40 1-3 * * 0", Zone: "America/New_York"},
		{Cron: "30 1 1,15 * *", Zone: "America/New_York"},
		{Cron: "*/15 1-2 * 3,4,10,11 *", Zone: "Australia/Lord_Howe"},
		{Cron: "59 1 * * *", Zone: "Australia/Lord_Howe"},
		{Cron: "0 0 29 2 *", Zone: "Asia/Kolkata"},
		{Cron: "0 9 13 * 5", Zone: "Asia/Kolkata"},
		{Cron: "*/7 */5 * * *", Zone: "America/St_Johns"},
		{Cron: "30 0 * * *", Zone: "Africa/Cairo"},
		{Cron: "5 * * * 4,5", Zone: "Africa/Cairo"},
	} {
		p.Name, p.Does, p.Count, p.Start = p.Cron, Drip, 1, from.Add(-time.Minute)
		var got []time.Time
		for f, ok := p.After(p.Start); ok && f.At.Before(until); f, ok = p.After(f.At) {
			got = append(got, f.At)
		}
		want := everyMinute(t, p, from, until)
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || !got[i].Equal(want[i]) {
				t.Errorf("%s (%s): firing %d of %d is %v, of %d wanted %v", p.Cron, p.Zone, i, len(got), nth(got, i), len(want), nth(want, i))
				break
			}
		}
		t.Logf("%-24s %-20s %5d firings", p.Cron, p.Zone, len(got))
	}
}

func nth(all []time.Time, i int) string {
	if i >= len(all) {
		return "none"
	}
	return all[i].Format(time.RFC3339)
}

// everyMinute are the firings of a plan, by looking at each minute.
func everyMinute(t *testing.T, p Plan, from, until time.Time) []time.Time {
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(p.Cron)
	shown := map[string]bool{} // fixed times that the wall showed, or skipped
	var all []time.Time
	before := onTheWall(from.Add(-time.Minute), zone)
	for m := from; m.Before(until); m = m.Add(time.Minute) {
		now := onTheWall(m, zone)
		fires := false
		for w := before.Add(time.Minute); w.Before(now) && fields[1] != "*"; w = w.Add(time.Minute) { // skipped
			fires = fires || names(t, fields, w)
			shown[w.Format(time.DateTime)] = true
		}
		if names(t, fields, now) && (fields[1] == "*" || !shown[now.Format(time.DateTime)]) {
			fires = true
		}
		if fields[1] != "*" && names(t, fields, now) {
			shown[now.Format(time.DateTime)] = true
		}
		if fires {
			all = append(all, m)
		}
		before = now
	}
	return all
}

// onTheWall is what clocks in a zone show, as if it were UTC.
func onTheWall(at time.Time, zone *time.Location) time.Time {
	_, offset := at.In(zone).Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second)
}

// names reports whether a cron line's fields name a time. Where both of the days'
// fields are given one of them is enough.
func names(t *testing.T, fields []string, w time.Time) bool {
	has := func(i, v, least, most int) bool { return holds(t, fields[i], v, least, most) }
	day, weekday := has(2, w.Day(), 1, 31), has(4, int(w.Weekday()), 0, 6)
	days := day && weekday
	if fields[2] != "*" && fields[4] != "*" {
		days = day || weekday
	}
	return has(0, w.Minute(), 0, 59) && has(1, w.Hour(), 0, 23) && has(3, int(w.Month()), 1, 12) && days
}

// holds reports whether a field holds a number: "*", "*/2", "3", "1-5" or a list.
func holds(t *testing.T, field string, v, least, most int) bool {
	for part := range strings.SplitSeq(field, ",") {
		span, step, stepped := strings.Cut(part, "/")
		every := 1
		if stepped {
			every = number(t, step)
		}
		low, high := least, most
		if span != "*" {
			one, other, isSpan := strings.Cut(span, "-")
			low = number(t, one)
			if high = low; isSpan {
				high = number(t, other)
			}
		}
		if low <= v && v <= high && (v-low)%every == 0 {
			return true
		}
	}
	return false
}

func number(t *testing.T, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(fmt.Errorf("read a cron line: %w", err))
	}
	return n
}
