package schedule

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestParse: what people type, the lines that are made of it, and how these
// are said.
func TestParse(t *testing.T) {
	for _, c := range []struct{ said, cron, zone, words string }{
		{"weekdays 8:30 and 18:00 Europe/Berlin", "30 8 * * 1-5; 0 18 * * 1-5", "Europe/Berlin", "weekdays at 08:30 and 18:00"},
		{"WEEKDAYS at 8:30, 18:30 europe/berlin", "30 8,18 * * 1-5", "Europe/Berlin", "weekdays at 08:30 and 18:30"},
		{"daily at 18:30", "30 18 * * *", "", "daily at 18:30"},
		{"Every day at 6:30 pm UTC", "30 18 * * *", "UTC", "daily at 18:30"},
		{"18:30", "30 18 * * *", "", "daily at 18:30"},
		{"mon, wed and fri 9:00", "0 9 * * 1,3,5", "", "Mon, Wed and Fri at 09:00"},
		{"every Monday & Thursday at noon", "0 12 * * 1,4", "", "Mon and Thu at 12:00"},
		{"on Tuesdays at 12am", "0 0 * * 2", "", "Tue at 00:00"},
		{"weekends 10:00, 16:00", "0 10,16 * * 0,6", "", "weekends at 10:00 and 16:00"},
		{"weekdays 8:30; weekends noon america/new_york", "30 8 * * 1-5; 0 12 * * 0,6", "America/New_York", "weekdays at 08:30, weekends at 12:00"},
		{"fri-mon 9am", "0 9 * * 0,1,5,6", "", "Mon, Fri, Sat and Sun at 09:00"},
		{"monday to friday 9:15", "15 9 * * 1-5", "", "weekdays at 09:15"},
		{"Mon – Thu 9:15 (America/Port-au-Prince)", "15 9 * * 1,2,3,4", "America/Port-au-Prince", "Mon, Tue, Wed and Thu at 09:15"},
		{"every 2 hours", "0 */2 * * *", "", "every 2 hours"},
		{"hourly", "0 * * * *", "", "every hour"},
		{"every 15 minutes", "*/15 * * * *", "", "every 15 minutes"},
		{"weekends every hour", "0 * * * 0,6", "", "weekends every hour"},
		{"on the 1st and 15th at 9 am", "0 9 1,15 * *", "", "on the 1st and 15th at 09:00"},
		{"the 1st to 3rd 9:00, 22nd at 10:00", "0 9 1,2,3 * *; 0 10 22 * *", "", "on the 1st, 2nd and 3rd at 09:00, on the 22nd at 10:00"},
		{"30 8,18 * * 1-5 Europe/Berlin", "30 8,18 * * 1-5", "Europe/Berlin", "weekdays at 08:30 and 18:30"},
		{"30 8 * * 1-5; 0 12 * * 0,6", "30 8 * * 1-5; 0 12 * * 0,6", "", "weekdays at 08:30, weekends at 12:00"},
		{"@every 36h", "@every 36h", "", "@every 36h"},
		{"@daily", "@daily", "", "daily at 00:00"},
		{"0 9 13 * 5", "0 9 13 * 5", "", "0 9 13 * 5"},
		{"0 9-17/2 * * *", "0 9-17/2 * * *", "", "0 9-17/2 * * *"},
		{"5 4 * 1 *", "5 4 * 1 *", "", "5 4 * 1 *"},
	} {
		got, err := Parse(c.said)
		if err != nil || got.Cron != c.cron || got.Zone != c.zone {
			t.Errorf("%q is %q in %q, %v; not %q in %q", c.said, got.Cron, got.Zone, err, c.cron, c.zone)
		}
		if words := plan(got.Cron, "").Words(); words != c.words {
			t.Errorf("%q is said as %q, not %q", c.said, words, c.words)
		}
	}
}

func TestParseSaysWhatIsNotUnderstood(t *testing.T) {
	for _, c := range []struct{ said, want string }{
		{"", `"" names no time: write it like "weekdays at 8:30 and 18:00"`},
		{"fortnightly at 9:00", `"fortnightly" in "fortnightly at 9:00" is not understood: write it like`},
		{"weekdays", `"weekdays" names no time of day for "weekdays": write times behind the days, as in "weekdays 9:00"`},
		{"9:00 on weekdays", `names no time of day for "weekdays"`},
		{"9:00 on mondays and 18:00", `names no time of day for "mondays", or no days for the times before it`},
		{"every 2 hours on weekdays, sat 9:00", `names no time of day for "weekdays", or no days for the times before it`},
		{"mon 9", `"9" in "mon 9" is not a time of day: write it like 9:00 or 9am`},
		{"mon 25:00", `"25:00" in "mon 25:00" is not understood`},
		{"mon 13pm", `"13pm" in "mon 13pm" is not understood`},
		{"mon 9:60", `"9:60" in`},
		{"the 32nd at 9:00", `"32nd" in`},
		{"every 5 hours", `a day is divided into steps of 1, 2, 3, 4, 6, 8 or 12 hours`},
		{"every 90 minutes", `"every 90 minutes" in`},
		{"every 2 days at 9:00", `"every 2 days" in "every 2 days at 9:00" is not understood`},
		{"every other day at 9:00", `"other" in`},
		{"9:00 every 2 hours", `"every 2 hours" in`},
		{"every 2 hours at 9:00", `"9:00" in`},
		{"mon and 1st at 9:00", `mixes days of the week and of the month`},
		{"daily 9:00 Europe/Berln", `the time zone "Europe/Berln" is not known: write one such as Europe/Berlin`},
		{"0 25 * * *", `it has the cron line "0 25 * * *", which cannot be read`},
		{"0 9 30 2 *", `it has the cron line "0 9 30 2 *", which never fires`},
		{"0 9 * *", `cannot be read`},
	} {
		got, err := Parse(c.said)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q is %+v, %v; want %q", c.said, got, err, c.want)
		}
	}
}

// TestWordsAreRead: what is said of any lines is read as lines that fire at the
// same times.
func TestWordsAreRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plan(drawCron(t), "")
		if rapid.Bool().Draw(t, "several") {
			p.Cron += lineBreak + drawCron(t)
		}
		if p.Check() != nil {
			t.Skip("never fires")
		}
		again, err := Parse(p.Words())
		if err != nil {
			t.Fatalf("%q is said as %q: %v", p.Cron, p.Words(), err)
		}
		q := p
		q.Cron = again.Cron
		now := time.Date(2026, 2, 27, 12, 34, 0, 0, time.UTC)
		for range 50 {
			a, ok := p.After(now)
			b, _ := q.After(now)
			if a != b {
				t.Fatalf("%q is said as %q: after %s comes %v, not %v", p.Cron, p.Words(), now, b.At, a.At)
			}
			if !ok {
				return
			}
			now = a.At
		}
	})
}

// Two lines that name one moment, or of which one is moved to the other's by the
// clocks, fire once.
func TestSeveralLinesFireOnce(t *testing.T) {
	p := plan("30 2 * * *; 0 3 * * *; */30 3 * * 0", "Europe/Berlin")
	p.Last = at(t, "2026-03-28T12:00:00+01:00")
	fire, _ := p.Due(at(t, "2026-03-30T12:00:00+02:00"))
	var got []string
	for _, f := range fire {
		got = append(got, strings.TrimPrefix(f.Key, "morning 2026-"))
	}
	want := "03-29T03:00:00+02:00 03-29T03:30:00+02:00 03-30T02:30:00+02:00 03-30T03:00:00+02:00"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("fires at %s, not %s", s, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, said := range []string{"weekdays 8:30 and 18:00 Europe/Berlin", "every 2 hours", "on the 1st-3rd 9 am", "0 9 * * 1-5", "/", "@every"} {
		f.Add(said)
	}
	f.Fuzz(func(t *testing.T, said string) {
		got, err := Parse(said)
		if err == nil && plan(got.Cron, got.Zone).Check() != nil {
			t.Errorf("%q is read as %+v, which is no plan's", said, got)
		}
	})
}
