package schedule

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// wakings are the moments until the end at which p makes something when the clock
// wakes as it is told to, and what it makes: "06-01 07:00 ×2".
func wakings(t *testing.T, p Plan, from, until time.Time) string {
	t.Helper()
	var all []string
	keys := map[string]bool{}
	for now, ok := from, true; ok && !now.After(until); {
		fire, last := p.Due(now)
		for _, f := range fire {
			if keys[f.Key] {
				t.Errorf("%s fires twice", f.Key)
			}
			keys[f.Key] = true
		}
		if len(fire) > 0 {
			all = append(all, now.In(from.Location()).Format("01-02 15:04")+strings.Repeat("+", len(fire)-1))
		}
		p = p.Done(fire, last, now)
		var f Firing
		if f, ok = p.After(now); ok && !f.At.After(now) {
			t.Fatalf("after %s comes %s", now, f.At)
		}
		now = f.At
	}
	return strings.Join(all, ", ")
}

// TestLeftOut: what becomes of what falls into quiet hours and on skipped dates,
// and of what was missed.
func TestLeftOut(t *testing.T) {
	const hourly = "0 21-23,0-8 * * *"
	for _, c := range []struct {
		name, cron, quiet string
		skip              []string
		catchUp           CatchUp
		pause             time.Duration
		last, from, until string
		want              string
	}{
		{"several in one night count as one", hourly, "22:00-07:00", nil, One, 0, "06-01 20:00", "06-01 20:30", "06-02 09:00",
			"06-01 21:00, 06-02 07:00, 06-02 08:00"},
		{"each of them is made up for", hourly, "22:00-07:00", nil, All, 0, "06-01 20:00", "06-01 20:30", "06-02 09:00",
			"06-01 21:00, 06-02 07:00+++++++++, 06-02 08:00"},
		{"each, with a pause", "0,30 5,6,7 * * *", "22:00-07:00", nil, All, 5 * time.Minute, "06-01 20:00", "06-01 20:30", "06-02 09:00",
			"06-02 07:00, 06-02 07:05, 06-02 07:10, 06-02 07:15, 06-02 07:20, 06-02 07:30"},
		{"none of them", hourly, "22:00-07:00", nil, None, 0, "06-01 20:00", "06-01 20:30", "06-02 09:00",
			"06-01 21:00, 06-02 07:00, 06-02 08:00"},
		{"what was missed does not come at night", "0 18 * * *", "22:00-07:00", nil, One, 0, "05-31 18:00", "06-01 23:30", "06-02 19:00",
			"06-02 07:00, 06-02 18:00"},
		{"nor on a skipped date", "0 18 * * *", "", []string{"06-02"}, One, 0, "05-31 18:00", "06-02 10:00", "06-04 00:00",
			"06-03 00:00, 06-03 18:00"},
		{"nor in the night after one", "0 18 * * *", "22:00-07:00", []string{"2026-06-02..2026-06-03"}, All, 0, "05-30 18:00", "06-02 10:00", "06-04 19:00",
			"06-04 07:00+, 06-04 18:00"},
		{"a date is skipped by when it would be posted", "0 23 * * *", "22:00-07:00", []string{"06-02"}, One, 0, "05-31 12:00", "05-31 12:00", "06-03 12:00",
			"06-01 07:00, 06-03 07:00"},
		{"what is missed comes with a pause", "0 */2 * * *", "", nil, All, 10 * time.Minute, "06-01 04:00", "06-01 11:05", "06-01 14:00",
			"06-01 11:05, 06-01 11:15, 06-01 11:25, 06-01 12:00, 06-01 14:00"},
		{"a shorter one where the plan itself makes none", "*/10 * * * *", "", nil, All, 15 * time.Minute, "06-01 09:30", "06-01 10:07", "06-01 11:00",
			"06-01 10:07, 06-01 10:12, 06-01 10:17, 06-01 10:22, 06-01 10:27, 06-01 10:32, 06-01 10:40, 06-01 10:50, 06-01 11:00"},
		{"the pause goes on behind the night", "0 20 * * *", "22:00-07:00", nil, All, 90 * time.Minute, "05-28 20:00", "06-01 21:00", "06-02 12:00",
			"06-01 21:00, 06-02 07:00, 06-02 08:30, 06-02 10:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := plan(c.cron, "Europe/Berlin")
			p.Quiet, p.Skip, p.CatchUp, p.Pause = c.quiet, c.skip, c.catchUp, c.pause
			if err := p.Check(); err != nil {
				t.Fatal(err)
			}
			berlin, _ := time.LoadLocation("Europe/Berlin")
			when := func(s string) time.Time {
				at, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+s, berlin)
				if err != nil {
					t.Fatal(err)
				}
				return at
			}
			p.Last = when(c.last)
			p.Made = p.Last
			if got := wakings(t, p, when(c.from), when(c.until)); got != c.want {
				t.Errorf("it comes at\n%s, not\n%s", got, c.want)
			}
		})
	}
}

// A plan that is paused in the quiet drops what waits for its end.
func TestPausedInTheQuiet(t *testing.T) {
	p := plan("0 23 * * *", "")
	p.Quiet, p.Last = "22:00-07:00", at(t, "2026-06-01T12:00:00Z")
	p.Paused = true
	fire, last := p.Due(at(t, "2026-06-01T23:30:00Z"))
	p = p.Done(fire, last, at(t, "2026-06-01T23:30:00Z"))
	p.Paused = false
	if f, _ := p.After(at(t, "2026-06-02T00:00:00Z")); !f.At.Equal(at(t, "2026-06-03T07:00:00Z")) || len(fire) > 0 {
		t.Errorf("it fires %v, and then at %s", fire, f.At)
	}
}

func TestCheckOfWhatIsLeftOut(t *testing.T) {
	for _, c := range []struct {
		change func(*Plan)
		want   string
	}{
		{func(p *Plan) { p.Quiet = "10 pm to 7 am" }, ""},
		{func(p *Plan) { p.Wait, p.CatchUp = 3, One }, ""},
		{func(p *Plan) { p.Wait = -1 }, "plan morning waits for readers after -1 passages: leave it out"},
		{func(p *Plan) { p.Wait, p.CatchUp = 100, One }, ""},
		{func(p *Plan) { p.Wait, p.CatchUp = 101, One }, "plan morning waits for readers of the last 101 passages: it can of 100 at most"},
		{func(p *Plan) { p.Wait, p.Count, p.CatchUp = 2, 3, One }, "plan morning posts 3 passages a firing and waits for readers of the last 2 alone"},
		{func(p *Plan) { p.Wait, p.Does = 3, Digest }, "plan morning waits for readers, which only a plan does that posts passages"},
		{func(p *Plan) { p.Wait, p.CatchUp = 3, All }, `plan morning waits for readers, and what waits counts as one: it cannot catch up with "all"`},
		{func(p *Plan) { p.Wait, p.CatchUp = 3, None }, `it cannot catch up with "none"`},
		{func(p *Plan) { p.Quiet = "22-7" }, `plan morning is quiet at "22-7": write two times of day, as in "22:00-07:00"`},
		{func(p *Plan) { p.Quiet = "7:00-7:00" }, `is quiet at "7:00-7:00"`},
		{func(p *Plan) { p.Quiet = "always" }, `is quiet at "always"`},
		{func(p *Plan) { p.Skip = []string{"02-29", "12-25..01-01", "2026-12-24"} }, ""},
		{func(p *Plan) { p.Skip = []string{"24.12."} }, `plan morning skips "24.12.", which is no date: write 2026-12-24`},
		{func(p *Plan) { p.Skip = []string{"2026-02-30"} }, `skips "2026-02-30", which is no date`},
		{func(p *Plan) { p.Skip = []string{"2026-12-24..01-01"} }, `which is no date`},
		{func(p *Plan) { p.Skip = []string{"2027-01-01..2026-12-24"} }, `which ends before it begins`},
		{func(p *Plan) { p.Skip = []string{"01-01..12-31"} }, `plan morning never fires: all its times are quiet or skipped`},
		{func(p *Plan) { p.Quiet, p.CatchUp = "8:00-10:00", None }, `never fires: all its times are quiet or skipped`},
		{func(p *Plan) { p.Quiet, p.CatchUp = "8:00-10:00", One }, ""},
		{func(p *Plan) { p.Pause = -1 }, `plan morning makes a pause of -1ns`},
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
}

func calendar(lines ...string) string {
	all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0"}, lines...)
	return strings.Join(append(all, "END:VCALENDAR", ""), "\r\n")
}

func eventOf(lines ...string) string {
	return calendar(append(append([]string{"BEGIN:VEVENT", "SUMMARY:Feast\\, day"}, lines...), "END:VEVENT")...)
}

// TestReadCalendar: the dates of RFC 5545, as programs write them.
func TestReadCalendar(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"one day", eventOf("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261225"), "2026-12-24"},
		{"without an end", eventOf("DTSTART;VALUE=DATE:20261224"), "2026-12-24"},
		{"an end that is the beginning", eventOf("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261224"), "2026-12-24"},
		{"several days: the end is not one", eventOf("DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20270102"), "2026-12-25..2027-01-01"},
		{"two weeks", eventOf("DTSTART;VALUE=DATE:20260801", "DURATION:P2W"), "2026-08-01..2026-08-14"},
		{"folded, in small letters, with a colon in quotes", eventOf("dtst", " art;X=\"a:b;c\";VALUE=DATE:2026", "\t1224"), "2026-12-24"},
		{"each year", eventOf("DTSTART;VALUE=DATE:20201225", "DTEND;VALUE=DATE:20201227", "RRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;INTERVAL=1;WKST=MO"), "12-25..12-26"},
		{"three years", eventOf("DTSTART;VALUE=DATE:20261003", "RRULE:FREQ=YEARLY;COUNT=3"), "2026-10-03 2027-10-03 2028-10-03"},
		{"until a year", eventOf("DTSTART;VALUE=DATE:20261003", "RRULE:FREQ=YEARLY;UNTIL=20271003T000000Z"), "2026-10-03 2027-10-03"},
		{"at a time of day", eventOf("DTSTART:20261224T100000Z", "DTEND:20261224T110000Z", "RRULE:FREQ=DAILY"), ""},
		{"cancelled", eventOf("DTSTART;VALUE=DATE:20261224", "STATUS:CANCELLED"), ""},
		{"an alarm lasts as long as it likes", eventOf("DTSTART;VALUE=DATE:20261224", "BEGIN:VALARM", "DURATION:PT5M", "END:VALARM"), "2026-12-24"},
		{"what is no event", calendar("BEGIN:VTODO", "DTSTART;VALUE=DATE:20261224", "END:VTODO"), ""},
		{"a byte order mark, and plain ends of lines", "\ufeff" + strings.ReplaceAll(eventOf("DTSTART;VALUE=DATE:20261224"), "\r", ""), "2026-12-24"},
		{"nothing", "hello", `it is no calendar`},
		{"half a file", strings.Split(eventOf("DTSTART;VALUE=DATE:20261224"), "END:VEVENT")[0], `it ends inside VEVENT: a part of the file is missing`},
		{"each month", eventOf("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=MONTHLY"), `line 3: the event "Feast, day" comes again in a way that is not understood`},
		{"the fourth Thursday", eventOf("DTSTART;VALUE=DATE:20261126", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"), `comes again in a way`},
		{"all but one", eventOf("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20271224"), `comes again in a way`},
		{"no date", eventOf("DTSTART;VALUE=DATE:20261399"), `begins on "20261399", which is no date`},
		{"before it begins", eventOf("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261223"), `ends on "20261223", which is no date behind its beginning`},
		{"three hours", eventOf("DTSTART;VALUE=DATE:20261224", "DURATION:PT3H"), `lasts "PT3H", which is no number of days or weeks`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ReadCalendar(c.src)
			if err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)) || err == nil && strings.Join(got, " ") != c.want {
				t.Errorf("dates %q, error %v; want %q", got, err, c.want)
			}
			if _, err := readDates(got); err != nil {
				t.Error(err)
			}
			if again := slices.Compact(slices.Sorted(slices.Values(got))); !slices.Equal(again, got) {
				t.Errorf("%q are not in order, each once", got)
			}
		})
	}
}

func FuzzReadCalendar(f *testing.F) {
	f.Add(eventOf("DTSTART;VALUE=DATE:20261224", "DURATION:P2W", "RRULE:FREQ=YEARLY;COUNT=3"))
	f.Fuzz(func(t *testing.T, src string) {
		got, err := ReadCalendar(src)
		if _, wrong := readDates(got); err == nil && wrong != nil {
			t.Errorf("the dates are %q: %v", got, wrong)
		}
	})
}
