package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"marginalia/test/require"
)

// yearly are plans in six time zones: a cron line and plain words each, and what
// is left out with either.
var yearly = []struct {
	zone, cron, words string
	quiet             string
	skip              []string
}{
	{"Europe/Berlin", "30 8,18 * * 1-5", "weekdays 8:30 and 18:00", "18:00-08:00", []string{"2026-12-24..2027-01-01", "05-01"}},
	{"Europe/Berlin", "30 2 * * *", "daily at 2:30", "02:15-02:45", []string{"03-28"}},
	{"Europe/Berlin", "15,45 * * * *", "every 30 minutes", "22:00-02:30", []string{"2026-10-24..2026-10-25"}},
	{"America/New_York", "0,20,40 1-3 * * 0", "sun 1:30, sat-mon 2:30 and 2:45", "23:00-01:30", []string{"11-01"}},
	{"America/New_York", "30 1 1,15 * *", "on the 1st and 15th at 1:30", "01:00-02:00", []string{"2026-02-15"}},
	{"Australia/Lord_Howe", "*/15 1-2 * 3,4,10,11 *", "every 2 hours", "01:45-02:15", []string{"2026-04-05", "2026-10-04"}},
	{"Australia/Lord_Howe", "59 1 * * *", "mon, wed and fri 1:59, weekends noon", "11:00-02:00", []string{"12-30..01-02"}},
	{"Asia/Kolkata", "0 0 29 2 *", "every day 6pm and midnight", "17:00-07:00", []string{"2026-03-01..2026-04-15", "04-15..04-20"}},
	{"Asia/Kolkata", "0 9 13 * 5", "tuesday to thursday 9:00; sat 21:15", "08:30-09:30", []string{"02-13"}},
	{"America/St_Johns", "*/7 */5 * * *", "weekends every hour", "00:00-10:00", []string{"03-08"}},
	{"Africa/Cairo", "30 0 * * *", "daily midnight, fri 0:30", "23:30-00:15", []string{"2026-04-24"}},
	{"Africa/Cairo", "5 * * * 4,5", "weekdays every 3 hours", "22:00-05:30", []string{"10-29..10-30"}},
}

// TestAYear compares what twelve plans in six time zones do in a year, said as
// cron lines and in plain words, with quiet hours and skipped dates and without,
// with a plain look at each of its minutes, by readers of its own of all of
// these. What leaves the hour open fires whenever the wall shows a time that it
// names; any other once for each such time, the first time that the wall shows
// it, and where the clocks skip it, when they have. What would fire in the quiet
// waits until the wall shows a minute that is not, and is skipped by that date.
func TestAYear(t *testing.T) {
	require.Long(t)
	y := year{t: t, from: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), walls: map[string][]time.Time{}}
	y.until = y.from.AddDate(1, 0, 0)
	for _, c := range yearly {
		said, err := Parse(strings.ToUpper(c.words))
		if err != nil {
			t.Fatal(err)
		}
		words := spoken(t, c.words)
		for _, one := range []struct {
			said string
			cron string
			due  []time.Time
		}{
			{c.cron, c.cron, y.everyMinute(c.zone, func(w time.Time) bool { return names(t, strings.Fields(c.cron), w) }, strings.Fields(c.cron)[1] == "*")},
			{c.words, said.Cron, y.everyMinute(c.zone, words, strings.Contains(c.words, " minutes") || strings.Contains(c.words, "every hour"))},
		} {
			p := Plan{Name: one.said, Does: Drip, Count: 1, Cron: one.cron, Zone: c.zone, Start: y.from.Add(-time.Minute)}
			y.compare(p, one.due)
			p.Quiet, p.Skip = c.quiet, c.skip
			kept := y.compare(p, one.due)
			t.Logf("%-40s %-20s %5d firings, %5d with what is left out", one.said, c.zone, len(one.due), kept)
		}
	}
}

type year struct {
	t           *testing.T
	from, until time.Time
	walls       map[string][]time.Time // what clocks show in each minute, from the one before
}

// made is a firing: when it is due, and when it is made.
type made struct{ due, at time.Time }

func (m made) String() string {
	return m.due.Format("01-02T15:04Z07:00") + " made at " + m.at.Format("01-02T15:04Z07:00")
}

// compare holds p against what is due, and returns how many firings are kept.
// Where they are few, the clock asks for them, each way of catching up.
func (y year) compare(p Plan, due []time.Time) int {
	want := y.keep(p, due)
	r, err := p.rule()
	if err != nil && len(due) > 0 {
		y.t.Fatalf("%s: %v", p.Name, err)
	}
	var got []made
	for due, at := r.next(p.Start); !due.IsZero() && at.Before(y.until); due, at = r.next(due) {
		got = append(got, made{due, at})
	}
	y.same(p, "all", got, want)
	if len(due) > 800 {
		return len(want)
	}
	var one, none []made
	for i, m := range want {
		if i+1 == len(want) || !want[i+1].at.Equal(m.at) {
			one = append(one, m)
		}
		if m.due.Equal(m.at) {
			none = append(none, m)
		}
	}
	y.same(p, All, y.clock(p, All), want)
	y.same(p, One, y.clock(p, One), one)
	y.same(p, None, y.clock(p, None), none)
	return len(want)
}

func (y year) same(p Plan, how CatchUp, got, want []made) {
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !got[i].due.Equal(want[i].due) || !got[i].at.Equal(want[i].at) {
			y.t.Errorf("%s (%s, quiet %q, without %q, %s): firing %d of %d is %v, of %d wanted %v",
				p.Name, p.Zone, p.Quiet, p.Skip, how, i, len(got), nth(got, i), len(want), nth(want, i))
			return
		}
	}
}

func nth(all []made, i int) string {
	if i >= len(all) {
		return "none"
	}
	return all[i].String()
}

// clock is what comes of waking whenever p says so.
func (y year) clock(p Plan, how CatchUp) (all []made) {
	p.CatchUp = how
	for f, ok := p.After(p.Start); ok && f.At.Before(y.until); f, ok = p.After(f.At) {
		fire, last := p.Due(f.At)
		for _, one := range fire {
			due, err := time.Parse(time.RFC3339, strings.TrimPrefix(one.Key, p.Name+" "))
			if err != nil {
				y.t.Fatal(err)
			}
			if !one.At.Equal(f.At) {
				y.t.Errorf("%s: %s is made at %s", p.Name, one.Key, f.At)
			}
			all = append(all, made{due, f.At})
		}
		p = p.Done(fire, last, f.At)
	}
	return all
}

// keep says what becomes of what is due where something is left out.
func (y year) keep(p Plan, due []time.Time) (all []made) {
	zone := y.zone(p.Zone)
	for _, d := range due {
		at := d
		for p.Quiet != "" && silent(p.Quiet, onTheWall(at, zone)) {
			at = at.Add(time.Minute)
		}
		if at.Before(y.until) && !left(p.Skip, onTheWall(at, zone)) {
			all = append(all, made{d, at})
		}
	}
	return all
}

func silent(quiet string, w time.Time) bool {
	from, to, _ := strings.Cut(quiet, "-")
	now := w.Format("15:04")
	if from < to {
		return from <= now && now < to
	}
	return from <= now || now < to
}

func left(skip []string, w time.Time) bool {
	return slices.ContainsFunc(skip, func(s string) bool {
		from, to, isSpan := strings.Cut(s, "..")
		if !isSpan {
			to = from
		}
		day := w.Format(time.DateOnly)
		if len(from) == len("12-24") {
			if day = day[5:]; from > to {
				return day >= from || day <= to
			}
		}
		return from <= day && day <= to
	})
}

func (y year) zone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		y.t.Fatal(err)
	}
	return zone
}

// everyMinute are the times at which something fires, by looking at each minute.
func (y year) everyMinute(zone string, names func(time.Time) bool, open bool) []time.Time {
	if y.walls[zone] == nil {
		in := y.zone(zone)
		for m := y.from.Add(-time.Minute); m.Before(y.until); m = m.Add(time.Minute) {
			y.walls[zone] = append(y.walls[zone], onTheWall(m, in))
		}
	}
	shown := map[time.Time]bool{} // fixed times that the wall showed, or skipped
	var all []time.Time
	for i, now := range y.walls[zone][1:] {
		fires := false
		for w := y.walls[zone][i].Add(time.Minute); w.Before(now) && !open; w = w.Add(time.Minute) { // skipped
			fires = fires || names(w)
			shown[w] = true
		}
		if names(now) {
			fires = fires || open || !shown[now]
			shown[now] = true
		}
		if fires {
			all = append(all, y.from.Add(time.Duration(i)*time.Minute))
		}
	}
	return all
}

// onTheWall is what clocks in a zone show, as if it were UTC.
func onTheWall(at time.Time, zone *time.Location) time.Time {
	_, offset := at.In(zone).Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second)
}

// spoken reads plain words: days, and behind them their times.
func spoken(t *testing.T, words string) func(w time.Time) bool {
	type clause struct {
		week, month map[int]bool
		times       map[int]bool
	}
	fresh := func() clause { return clause{map[int]bool{}, map[int]bool{}, map[int]bool{}} }
	var all []clause
	now := fresh()
	day := func() {
		if len(now.times) > 0 {
			all, now = append(all, now), fresh()
		}
	}
	names := map[string][]int{"daily": {0, 1, 2, 3, 4, 5, 6}, "day": {0, 1, 2, 3, 4, 5, 6}, "weekdays": {1, 2, 3, 4, 5}, "weekends": {0, 6}, "sat-mon": {6, 0, 1}}
	for i := range 7 {
		name := strings.ToLower(time.Weekday(i).String())
		names[name], names[name[:3]] = []int{i}, []int{i}
	}
	step := 0 // the number behind every
	fields := strings.FieldsFunc(strings.ReplaceAll(words, "tuesday to thursday", "tue wed thu"), func(c rune) bool { return strings.ContainsRune(" ,;", c) })
	for _, f := range fields {
		if n, err := strconv.Atoi(f); err == nil {
			step = n
		} else if f == "minutes" || f == "hour" || f == "hours" {
			if step = max(step, 1); f != "minutes" {
				step *= 60
			}
			for m := 0; m < 24*60; m += step {
				now.times[m] = true
			}
		} else if days, ok := names[f]; ok {
			day()
			for _, d := range days {
				now.week[d] = true
			}
		} else if n, err := strconv.Atoi(strings.TrimRight(f, "sthn")); err == nil && n < 32 {
			day()
			now.month[n] = true
		} else if at, err := time.Parse("15:04", map[string]string{"noon": "12:00", "midnight": "00:00", "6pm": "18:00"}[f]); err == nil {
			now.times[at.Hour()*60+at.Minute()] = true
		} else if at, err := time.Parse("15:04", f); err == nil {
			now.times[at.Hour()*60+at.Minute()] = true
		} else if !slices.Contains([]string{"at", "on", "and", "the", "every"}, f) {
			t.Fatalf("the test does not understand %q of %q", f, words)
		}
	}
	all = append(all, now)
	return func(w time.Time) bool {
		return slices.ContainsFunc(all, func(c clause) bool {
			free := len(c.week)+len(c.month) == 0
			return c.times[w.Hour()*60+w.Minute()] && (free || c.week[int(w.Weekday())] || c.month[w.Day()])
		})
	}
}

// names reports whether a cron line's fields name a time. Where both of the days'
// fields are given one of them is enough.
func names(t *testing.T, fields []string, w time.Time) bool {
	has := func(i, v, least, most int) bool { return holds(t, fields[i], v, least, most) }
	if !has(0, w.Minute(), 0, 59) || !has(1, w.Hour(), 0, 23) || !has(3, int(w.Month()), 1, 12) {
		return false
	}
	day, weekday := has(2, w.Day(), 1, 31), has(4, int(w.Weekday()), 0, 6)
	if fields[2] != "*" && fields[4] != "*" {
		return day || weekday
	}
	return day && weekday
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
