package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests need no zones of the machine

	"pgregory.net/rapid"

	"marginalia/internal/chat"
)

func plan(cron, zone string) Plan {
	return Plan{Name: "morning", Does: Drip, Cron: cron, Zone: zone, Rooms: []chat.Room{{Platform: "local", ID: "a"}}, Count: 1, CatchUp: All}
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

// TestFirings walks through the days on which clocks change.
func TestFirings(t *testing.T) {
	const ny, berlin, howe = "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"
	for _, c := range []struct{ name, zone, cron, from, to, want string }{
		{"an ordinary day", ny, "30 8,18 * * *", "2026-06-01T00:00:00-04:00", "2026-06-02T00:00:00-04:00", "06-01T08:30:00-04:00 06-01T18:30:00-04:00"},
		{"spring skips 02:30: it fires at 03:00", ny, "30 2 * * *", "2026-03-07T12:00:00-05:00", "2026-03-09T12:00:00-04:00", "03-08T03:00:00-04:00 03-09T02:30:00-04:00"},
		{"two skipped times and the one behind them fire once", ny, "0,30 2,3 * * *", "2026-03-08T00:00:00-05:00", "2026-03-08T12:00:00-04:00", "03-08T03:00:00-04:00 03-08T03:30:00-04:00"},
		{"autumn has 01:30 twice: it fires at the first", ny, "30 1 * * *", "2026-10-31T12:00:00-04:00", "2026-11-02T12:00:00-05:00", "11-01T01:30:00-04:00 11-02T01:30:00-05:00"},
		{"asked between the two, it does not fire again", ny, "30 1 * * *", "2026-11-01T01:45:00-04:00", "2026-11-01T12:00:00-05:00", ""},
		{"a fixed hour behind the doubled one", ny, "0 2 * * *", "2026-11-01T00:00:00-04:00", "2026-11-01T12:00:00-05:00", "11-01T02:00:00-05:00"},
		{"an open hour fires through both", ny, "*/30 * * * *", "2026-11-01T00:30:00-04:00", "2026-11-01T02:30:00-05:00", "11-01T01:00:00-04:00 11-01T01:30:00-04:00 11-01T01:00:00-05:00 11-01T01:30:00-05:00 11-01T02:00:00-05:00 11-01T02:30:00-05:00"},
		{"hours 0-23 are open too", ny, "30 0-23 * * *", "2026-11-01T00:30:00-04:00", "2026-11-01T02:00:00-05:00", "11-01T01:30:00-04:00 11-01T01:30:00-05:00"},
		{"an open hour in spring has an hour less", ny, "0 * * * *", "2026-03-08T00:30:00-05:00", "2026-03-08T05:00:00-04:00", "03-08T01:00:00-05:00 03-08T03:00:00-04:00 03-08T04:00:00-04:00 03-08T05:00:00-04:00"},
		{"Berlin in spring", berlin, "30 2 * * *", "2026-03-28T12:00:00+01:00", "2026-03-30T12:00:00+02:00", "03-29T03:00:00+02:00 03-30T02:30:00+02:00"},
		{"Berlin in autumn", berlin, "30 2 * * *", "2026-10-24T12:00:00+02:00", "2026-10-26T12:00:00+01:00", "10-25T02:30:00+02:00 10-26T02:30:00+01:00"},
		{"Lord Howe skips half an hour", howe, "15 2 * * *", "2026-10-03T12:00:00+10:30", "2026-10-05T12:00:00+11:00", "10-04T02:30:00+11:00 10-05T02:15:00+11:00"},
		{"Lord Howe doubles half an hour", howe, "45 1 * * *", "2026-04-04T12:00:00+11:00", "2026-04-06T12:00:00+10:30", "04-05T01:45:00+11:00 04-06T01:45:00+10:30"},
		{"Lord Howe, open hour, autumn", howe, "45 * * * *", "2026-04-05T01:00:00+11:00", "2026-04-05T03:00:00+10:30", "04-05T01:45:00+11:00 04-05T01:45:00+10:30 04-05T02:45:00+10:30"},
		{"midnight that is skipped", "America/Sao_Paulo", "0 0 * * *", "2018-11-03T12:00:00-03:00", "2018-11-05T12:00:00-02:00", "11-04T01:00:00-02:00 11-05T00:00:00-02:00"},
		{"a day that is skipped", "Pacific/Apia", "0 9 * * *", "2011-12-29T00:00:00-10:00", "2011-12-31T12:00:00+14:00", "12-29T09:00:00-10:00 12-31T00:00:00+14:00 12-31T09:00:00+14:00"},
		{"weekdays", berlin, "0 9 * * 1-5", "2026-07-03T00:00:00+02:00", "2026-07-06T23:00:00+02:00", "07-03T09:00:00+02:00 07-06T09:00:00+02:00"},
		{"29 February", "", "0 9 29 2 *", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "02-29T09:00:00Z"},
		{"daily by name", "", "@daily", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "01-02T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := plan(c.cron, c.zone)
			if err := p.Check(); err != nil {
				t.Fatal(err)
			}
			p.Last = at(t, c.from)
			fire, last := p.Due(at(t, c.to))
			var got []string
			for _, f := range fire {
				got = append(got, f.At.Format("01-02T15:04:05Z07:00"))
				if want := "morning " + f.At.Format(time.RFC3339); f.Key != want {
					t.Errorf("the key is %q, not %q", f.Key, want)
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("fires at\n%s, not\n%s", s, c.want)
			}
			if len(fire) > 0 && !last.Equal(fire[len(fire)-1].At) || len(fire) == 0 && !last.Equal(p.Last) {
				t.Errorf("last is %s", last)
			}
		})
	}
}

func TestEveryCountsFromStart(t *testing.T) {
	p := plan("@every 20m", "Europe/Berlin")
	p.Start = at(t, "2026-05-01T08:07:30Z")
	for _, c := range [][2]string{
		{"2026-04-01T00:00:00Z", "2026-05-01T10:27:30+02:00"},
		{"2026-05-01T08:07:30Z", "2026-05-01T10:27:30+02:00"},
		{"2026-05-01T08:27:29Z", "2026-05-01T10:27:30+02:00"},
		{"2026-05-01T08:27:30Z", "2026-05-01T10:47:30+02:00"},
		{"2027-05-01T08:27:31Z", "2027-05-01T10:47:30+02:00"},
	} {
		f, ok := p.After(at(t, c[0]))
		if !ok || f.Key != "morning "+c[1] {
			t.Errorf("after %s comes %q, not %s", c[0], f.Key, c[1])
		}
	}
}

func TestNothingFiresBeforeStart(t *testing.T) {
	p := plan("0 9 * * *", "")
	p.Start = at(t, "2026-05-03T10:00:00Z")
	if f, _ := p.After(at(t, "2026-05-01T00:00:00Z")); f.Key != "morning 2026-05-04T09:00:00Z" {
		t.Errorf("fires at %q", f.Key)
	}
	if fire, last := p.Due(at(t, "2026-05-04T08:59:59Z")); len(fire) != 0 || !last.IsZero() {
		t.Errorf("fires %v, last %s", fire, last)
	}
	if fire, _ := p.Due(at(t, "2026-05-04T09:00:00Z")); len(fire) != 1 {
		t.Errorf("fires %v", fire)
	}
	p.Start = time.Time{}
	now := at(t, "2026-05-04T09:00:00Z")
	if fire, last := p.Due(now); len(fire) != 0 || !last.Equal(now) {
		t.Errorf("a plan without a start fires %v, last %s", fire, last)
	}
}

func TestCatchUp(t *testing.T) {
	now := at(t, "2026-05-04T09:00:30Z")
	for _, c := range []struct {
		how    CatchUp
		paused bool
		cron   string
		want   string
	}{
		{One, false, "0 9 * * *", "05-04"},
		{"", false, "0 9 * * *", "05-04"},
		{All, false, "0 9 * * *", "05-02 05-03 05-04"},
		{None, false, "0 9 * * *", "05-04"},
		{None, false, "0 8 * * *", ""},
		{One, false, "0 8 * * *", "05-04"},
		{All, true, "0 9 * * *", ""},
	} {
		p := plan(c.cron, "")
		p.CatchUp, p.Paused, p.Last = c.how, c.paused, at(t, "2026-05-01T12:00:00Z")
		fire, last := p.Due(now)
		var got []string
		for _, f := range fire {
			got = append(got, f.At.Format("01-02"))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q, paused %v, of %s: fires %q, not %q", c.how, c.paused, c.cron, s, c.want)
		}
		if last.Format("01-02") != "05-04" {
			t.Errorf("%q, paused %v: last is %s", c.how, c.paused, last)
		}
		p.Last = last
		if fire, again := p.Due(now); len(fire) != 0 || !again.Equal(last) {
			t.Errorf("%q, paused %v: asked again it fires %v", c.how, c.paused, fire)
		}
	}
}

func TestALongSleepIsNotCountedThrough(t *testing.T) {
	p := plan("@every 1s", "")
	p.CatchUp, p.Start = One, at(t, "2020-01-01T00:00:00Z")
	now := at(t, "2026-01-01T00:00:00Z")
	began := time.Now()
	fire, last := p.Due(now)
	if len(fire) != 1 || !fire[0].At.Equal(now) || !last.Equal(now) {
		t.Errorf("fires %v, last %s", fire, last)
	}
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("it took %s", took)
	}
	p.CatchUp = All
	total := 0
	for range 3 {
		fire, last = p.Due(at(t, "2020-01-01T00:40:00Z"))
		total += len(fire)
		p.Last = last
	}
	if total != 2400 {
		t.Errorf("all of 2,400 firings, a thousand at a time, are %d", total)
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		change func(*Plan)
		want   string
	}{
		{func(p *Plan) {}, ""},
		{func(p *Plan) { p.Cron = "@every 36h" }, ""},
		{func(p *Plan) { p.Cron = "0 9 30 2 *" }, `plan morning has the cron line "0 9 30 2 *", which never fires: there is no such day or time`},
		{func(p *Plan) { p.Cron = "0 9 31 4,6 *" }, `never fires`},
		{func(p *Plan) { p.Cron = "0 25 * * *" }, `plan morning has the cron line "0 25 * * *", which cannot be read`},
		{func(p *Plan) { p.Cron = "0 9 * *" }, `cannot be read`},
		{func(p *Plan) { p.Cron = ", 9 * * *" }, `never fires`},
		{func(p *Plan) { p.Cron = "" }, `plan morning is never to fire: write when`},
		{func(p *Plan) { p.Cron = "TZ=UTC" }, `names a zone in its cron line`},
		{func(p *Plan) { p.Cron = "@every 0s" }, `after @every stands a time`},
		{func(p *Plan) { p.Cron = "@every 1500ms" }, `after @every stands a time`},
		{func(p *Plan) { p.Cron = "@sometimes" }, `cannot be read`},
		{func(p *Plan) { p.Zone = "Europe/Berln" }, `plan morning names the zone "Europe/Berln", which is not known`},
		{func(p *Plan) { p.Zone = "Local" }, `names the zone "Local"`},
		{func(p *Plan) { p.Rooms = nil }, `plan morning has no rooms`},
		{func(p *Plan) { p.Count = 0 }, `plan morning posts 0 passages a firing`},
		{func(p *Plan) { p.Does, p.Count = Digest, 0 }, ""},
		{func(p *Plan) { p.Does = "sing" }, `plan morning is to do "sing"`},
		{func(p *Plan) { p.CatchUp = "some" }, `plan morning catches up with "some"`},
		{func(p *Plan) { p.Name = "" }, `has no name`},
	} {
		p := plan("0 9 * * *", "Europe/Berlin")
		c.change(&p)
		switch err := p.Check(); {
		case c.want == "" && err != nil:
			t.Errorf("%+v: %v", p, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("the error is %v, not %q", err, c.want)
		}
	}
	bad := plan("0 9 30 2 *", "")
	if f, ok := bad.After(time.Unix(0, 0)); ok {
		t.Errorf("30 February comes at %v", f)
	}
}

var fields = []struct {
	low, high int
}{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}}

func drawCron(t *rapid.T) string {
	if rapid.IntRange(0, 9).Draw(t, "every") == 0 {
		return fmt.Sprintf("@every %ds", rapid.IntRange(300, 200_000).Draw(t, "seconds"))
	}
	var all []string
	for i, f := range fields {
		one := rapid.IntRange(f.low, f.high)
		kinds := []string{"*", "one", "two", "step", "range"}
		if i >= 2 { // days and months mostly open, or little would fire
			kinds = []string{"*", "*", "*", "*", "step", "range"}
		}
		switch rapid.SampledFrom(kinds).Draw(t, "kind") {
		case "one":
			all = append(all, fmt.Sprint(one.Draw(t, "value")))
		case "two":
			all = append(all, fmt.Sprintf("%d,%d", one.Draw(t, "value"), one.Draw(t, "value")))
		case "step":
			all = append(all, fmt.Sprintf("*/%d", rapid.IntRange(2, 20).Draw(t, "step")))
		case "range":
			low := rapid.IntRange(f.low, f.high-1).Draw(t, "low")
			all = append(all, fmt.Sprintf("%d-%d", low, rapid.IntRange(low, f.high).Draw(t, "high")))
		default:
			all = append(all, "*")
		}
	}
	return strings.Join(all, " ")
}

// TestWalkingIsDue: stepping with After over a span yields the firings that
// Due yields for it, in whatever portions it is asked, and no key twice; and
// each firing shows a time that the line names, or ends a gap.
func TestWalkingIsDue(t *testing.T) {
	zones := []string{"", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca", "Asia/Kolkata", "Pacific/Apia", "America/St_Johns"}
	rapid.Check(t, func(t *rapid.T) {
		p := plan(drawCron(t), rapid.SampledFrom(zones).Draw(t, "zone"))
		p.Start = time.Unix(rapid.Int64Range(1262304000, 1893456000).Draw(t, "start"), 0).UTC()
		if p.Check() != nil {
			t.Skip("never fires")
		}
		end := p.Start.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "days")) * 24 * time.Hour)
		var walked []string
		keys := map[string]bool{}
		now := p.Start
		for len(walked) < 3000 {
			f, ok := p.After(now)
			if !ok || f.At.After(end) {
				break
			}
			if !f.At.After(now) {
				t.Fatalf("after %s comes %s", now, f.At)
			}
			if keys[f.Key] {
				t.Fatalf("%s comes twice", f.Key)
			}
			keys[f.Key] = true
			if !named(t, p, f.At) {
				t.Fatalf("%s fires at %s, which it does not name", p.Cron, f.At)
			}
			walked = append(walked, f.Key)
			now = f.At
		}
		if len(walked) == 3000 {
			end = now
		}
		var due []string
		for at := p.Start; at.Before(end); {
			at = at.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "hours")) * time.Hour)
			if at.After(end) {
				at = end
			}
			for {
				fire, last := p.Due(at)
				for _, f := range fire {
					due = append(due, f.Key)
				}
				p.Last = last
				if len(fire) < mostAtOnce {
					break
				}
			}
		}
		if a, b := strings.Join(walked, "\n"), strings.Join(due, "\n"); a != b {
			t.Fatalf("walked\n%s\ndue\n%s", a, b)
		}
		p.Last, p.CatchUp = time.Time{}, One
		if fire, last := p.Due(end); len(walked) > 0 && (len(fire) != 1 || fire[0].Key != walked[len(walked)-1] || !last.Equal(fire[0].At)) {
			t.Fatalf("the one to catch up with is %v, not %s", fire, walked[len(walked)-1])
		}
	})
}

// named reports whether p's line names the time that the wall shows, or the
// clocks have just jumped.
func named(t *rapid.T, p Plan, at time.Time) bool {
	all, err := p.lines()
	if err != nil {
		t.Fatal(err)
	}
	l := all[0]
	if l.every > 0 {
		return at.Sub(p.Start)%l.every == 0
	}
	jump, _ := at.ZoneBounds()
	w := wall(at)
	return l.spec.Next(w.Add(-1)).Equal(w) || jump.Equal(at)
}

// TestAgainstEveryMinute compares lines with a plain look at each minute of
// the wall clock, where no clock changes.
func TestAgainstEveryMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plan(drawCron(t), "Asia/Kolkata")
		all, err := p.lines()
		if err != nil || all[0].every > 0 {
			t.Skip()
		}
		l := all[0]
		now := time.Unix(rapid.Int64Range(1262304000, 1893456000).Draw(t, "start"), 0).Truncate(time.Minute)
		got, _ := p.After(now)
		for range 3 * 24 * 60 {
			now = now.Add(time.Minute)
			w := wall(now.In(l.zone))
			s := l.spec
			star := s.Dom>>63|s.Dow>>63 > 0
			dom, dow := s.Dom>>w.Day()&1 > 0, s.Dow>>w.Weekday()&1 > 0
			if s.Minute>>w.Minute()&1 > 0 && s.Hour>>w.Hour()&1 > 0 && s.Month>>w.Month()&1 > 0 && (star && dom && dow || !star && (dom || dow)) {
				if !got.At.Equal(now) {
					t.Fatalf("%s fires at %s, not %s", p.Cron, got.At, now)
				}
				return
			}
			if got.At.Equal(now) {
				t.Fatalf("%s fires at %s, which it does not name", p.Cron, now)
			}
		}
	})
}

func BenchmarkAfter(b *testing.B) {
	p := plan("30 8,18 * * *", "America/New_York")
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		p.After(now)
	}
}
