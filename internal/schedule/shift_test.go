package schedule

import (
	"strings"
	"testing"
	"time"
)

// TestShifts: what people are told before the clocks change.
func TestShifts(t *testing.T) {
	const none = ""
	for _, c := range []struct {
		name, zone, cron, quiet, skip string
		after, until                  string
		want                          string
	}{
		{"an ordinary week", "Europe/Berlin", "30 2 * * *", none, none, "2026-03-29T04:00:00+02:00", "2026-10-20T00:00:00+02:00", ""},
		{"spring", "Europe/Berlin", "15,30 2 * * *", none, none, "2026-03-22T12:00:00+01:00", "2026-03-29T12:00:00+02:00",
			"Sun 29 Mar 02:15 is skipped by the clocks: 03:00 counts for it; Sun 29 Mar 02:30 is skipped by the clocks: 03:00 counts for it"},
		{"autumn", "Europe/Berlin", "30 2 * * *; 0 9 * * *", none, none, "2026-10-24T12:00:00+02:00", "2026-10-31T12:00:00+01:00",
			"Sun 25 Oct 02:30 comes twice, and counts the first time"},
		{"the edges of the doubled hour", "Europe/Berlin", "0 2,3 * * *", none, none, "2026-10-24T12:00:00+02:00", "2026-10-31T12:00:00+01:00",
			"Sun 25 Oct 02:00 comes twice, and counts the first time"},
		{"the edges of the skipped hour", "Europe/Berlin", "0 2,3 * * *", none, none, "2026-03-28T12:00:00+01:00", "2026-03-31T12:00:00+02:00",
			"Sun 29 Mar 02:00 is skipped by the clocks: 03:00 counts for it"},
		{"not yet", "Europe/Berlin", "30 2 * * *", none, none, "2026-10-17T12:00:00+02:00", "2026-10-24T12:00:00+02:00", ""},
		{"no longer", "Europe/Berlin", "30 2 * * *", none, none, "2026-10-25T02:30:00+02:00", "2026-10-31T12:00:00+01:00", ""},
		{"an open hour", "Europe/Berlin", "30 * * * *", none, none, "2026-10-24T12:00:00+02:00", "2026-10-31T12:00:00+01:00", ""},
		{"in the quiet", "Europe/Berlin", "30 2 * * *", "22:00-07:00", none, "2026-10-24T12:00:00+02:00", "2026-10-31T12:00:00+01:00", ""},
		{"on a skipped date", "Europe/Berlin", "30 2 * * *", none, "10-25", "2026-10-24T12:00:00+02:00", "2026-10-31T12:00:00+01:00", ""},
		{"both in half a year", "America/New_York", "30 2,1 * * *", none, none, "2026-03-01T12:00:00-05:00", "2026-12-01T12:00:00-05:00",
			"Sun 8 Mar 02:30 is skipped by the clocks: 03:00 counts for it; Sun 1 Nov 01:30 comes twice, and counts the first time"},
		{"half an hour", "Australia/Lord_Howe", "45 1 * * *", none, none, "2026-04-04T12:00:00+11:00", "2026-04-06T12:00:00+10:30",
			"Sun 5 Apr 01:45 comes twice, and counts the first time"},
		{"where clocks never change", "Asia/Kolkata", "30 2 * * *", none, none, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := plan(c.cron, c.zone)
			p.Quiet = c.quiet
			if c.skip != "" {
				p.Skip = []string{c.skip}
			}
			var got []string
			for _, s := range p.Shifts(at(t, c.after), at(t, c.until)) {
				got = append(got, s.String())
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("told is\n%s, not\n%s", s, c.want)
			}
		})
	}
}

// TestShiftsAreToldOnce: whoever is told at each firing of what comes until Told
// hears of each shift once, before it comes.
func TestShiftsAreToldOnce(t *testing.T) {
	for _, cron := range []string{"30 2 * * *", "30 2 25 * *", "30 2 */8 * *", "30 2 * * 0"} {
		p := plan(cron, "Europe/Berlin")
		p.Start = at(t, "2026-01-01T00:00:00Z")
		want := p.Shifts(p.Start, at(t, "2030-01-01T00:00:00Z"))
		p.Last = p.Start
		heard := map[time.Time]int{}
		for p.Last.Before(at(t, "2030-01-01T00:00:00Z")) {
			f, _ := p.After(p.Last)
			was := p.Told()
			fire, last := p.Due(f.At)
			p = p.Done(fire, last, f.At)
			for _, s := range p.Shifts(was, p.Told()) {
				heard[s.Named]++
				if !s.At.After(p.Last) {
					t.Errorf("%s: of %s one hears at %s", cron, s, p.Last)
				}
			}
		}
		for _, s := range want {
			if heard[s.Named] != 1 {
				t.Errorf("%s: of %s one hears %d times", cron, s, heard[s.Named])
			}
		}
		if len(want) == 0 {
			t.Errorf("%s: no shift in four years", cron)
		}
	}
}
