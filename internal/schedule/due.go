package schedule

import (
	"fmt"
	"time"
)

// grace is how late a firing may be made by a plan that drops missed ones.
const grace = time.Minute

// mostAtOnce is how many firings Due returns at most.
const mostAtOnce = 1000

// Check says in one sentence, which begins with the plan's name, what keeps p
// from firing; nil if nothing does.
func (p Plan) Check() error {
	if p.Name == "" {
		return fmt.Errorf("a plan of discussion %q has no name: give it one", p.Discussion)
	}
	if fault := p.fault(); fault != "" {
		return fmt.Errorf("plan %s %s", p.Name, fault)
	}
	if _, err := p.rule(); err != nil {
		return fmt.Errorf("plan %s %w", p.Name, err)
	}
	return nil
}

func (p Plan) fault() string {
	switch {
	case p.Does != Drip && p.Does != Digest:
		return fmt.Sprintf("is to do %q: a plan does drip or digest", p.Does)
	case p.CatchUp != One && p.CatchUp != All && p.CatchUp != None && p.CatchUp != "":
		return fmt.Sprintf("catches up with %q: write one, all or none", p.CatchUp)
	case len(p.Rooms) == 0:
		return "has no rooms: name at least one"
	case p.Does == Drip && p.Count < 1:
		return fmt.Sprintf("posts %d passages a firing: it takes at least 1", p.Count)
	}
	return ""
}

// After returns p's first firing after t, whether p is paused or not. It
// returns false where there is none, or where Check would complain of the line.
func (p Plan) After(t time.Time) (Firing, bool) {
	r, err := p.rule()
	if err != nil {
		return Firing{}, false
	}
	at := r.after(t)
	if at.IsZero() {
		return Firing{}, false
	}
	return p.firing(at), true
}

func (p Plan) firing(at time.Time) Firing {
	return Firing{Key: p.Name + " " + at.Format(time.RFC3339), At: at}
}

// Due returns what p has to do at now, oldest first, and the Last to store
// once it was done.
//
// Looked at are the firings after Last and Start and not after now (a plan with
// neither begins now). With CatchUp One the newest of them
// is made; with All each, at most 1,000 at a call, the rest at the next; with
// None those that are at most a minute late. The others are dropped: last
// passes them. A paused plan drops all.
func (p Plan) Due(now time.Time) (fire []Firing, last time.Time) {
	r, err := p.rule()
	if err != nil {
		return nil, p.Last
	}
	if p.Last.IsZero() && p.Start.IsZero() {
		return nil, now
	}
	from := p.Last
	if from.Before(p.Start) {
		from = p.Start
	}
	newest := r.newest(from, now)
	if newest.IsZero() {
		return nil, p.Last
	}
	switch {
	case p.Paused:
	case p.CatchUp == All:
		fire = p.between(r, from, now)
		return fire, fire[len(fire)-1].At
	case p.CatchUp == None:
		if recent := now.Add(-grace - 1); from.Before(recent) {
			from = recent
		}
		fire = p.between(r, from, now)
	default:
		fire = []Firing{p.firing(newest)}
	}
	return fire, newest
}

func (p Plan) between(r rule, from, to time.Time) []Firing {
	var all []Firing
	for at := r.after(from); !at.IsZero() && !at.After(to) && len(all) < mostAtOnce; at = r.after(at) {
		all = append(all, p.firing(at))
	}
	return all
}

// newest returns the last firing after from and not after now, zero if there
// is none. It looks back in growing steps: a plan of every second that slept
// for a year is not counted through.
func (r rule) newest(from, now time.Time) time.Time {
	for back := time.Minute; ; back *= 2 {
		since := now.Add(-back)
		if since.Before(from) {
			since = from
		}
		found := time.Time{}
		for at := r.after(since); !at.IsZero() && !at.After(now); at = r.after(at) {
			found = at
		}
		if !found.IsZero() || since.Equal(from) || back > 1<<61 {
			return found
		}
	}
}
