package schedule

import (
	"fmt"
	"time"
)

// grace is how late a firing may be made by a plan that drops missed ones.
const grace = time.Minute

// mostAtOnce is how many firings Due returns at most.
const mostAtOnce = 1000

// mostWait is of how many passages at most a plan waits for readers: it keeps in mind
// which these are.
const mostWait = 100

// Check says in one sentence, which begins with the plan's name, what keeps p
// from firing; nil if nothing does.
func (p Plan) Check() error {
	if p.Name == "" {
		return fmt.Errorf("a plan of discussion %q has no name: give it one", p.Discussion)
	}
	if fault := p.fault(); fault != "" {
		return fmt.Errorf("plan %s %s", p.Name, fault)
	}
	r, err := p.rule()
	if err != nil {
		return fmt.Errorf("plan %s %w", p.Name, err)
	}
	if due, _ := r.next(leapYear); due.IsZero() {
		return fmt.Errorf("plan %s never fires: all its times are quiet or skipped", p.Name)
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
	case p.Pause < 0:
		return fmt.Sprintf("makes a pause of %s: leave it out, or write one such as 10m", p.Pause)
	case p.Wait < 0:
		return fmt.Sprintf("waits for readers after %d passages: leave it out, or write a number such as 3", p.Wait)
	case p.Wait > mostWait:
		return fmt.Sprintf("waits for readers of the last %d passages: it can of %d at most", p.Wait, mostWait)
	case p.Wait > 0 && p.Does != Drip:
		return "waits for readers, which only a plan does that posts passages: leave that out"
	case p.Wait > 0 && (p.CatchUp == All || p.CatchUp == None):
		return fmt.Sprintf("waits for readers, and what waits counts as one: it cannot catch up with %q as well", p.CatchUp)
	case p.Wait > 0 && p.Wait < p.Count:
		return fmt.Sprintf("posts %d passages a firing and waits for readers of the last %d alone: make the second as many at least", p.Count, p.Wait)
	case p.Does == Drip && p.Count < 1:
		return fmt.Sprintf("posts %d passages a firing: it takes at least 1", p.Count)
	}
	return ""
}

// After returns p's first firing after t that was not made yet, and in At when
// it will be, whether p is paused or not: at its time, at the end of the quiet
// or of the skipped dates in which it waits, or when the pause is over that
// CatchUp All keeps. Of several that are made at one moment it is the first.
// It returns false where there is none, or where Check would complain.
func (p Plan) After(t time.Time) (Firing, bool) {
	r, err := p.rule()
	if err != nil {
		return Firing{}, false
	}
	if f, waits := p.waits(r, t); waits {
		return f, true
	}
	from := t
	if start := r.quiet.start(t.In(r.zone)); start.Before(t) {
		if from = start.Add(-1); from.Before(p.Last) && p.Last.Before(t) {
			from = p.Last
		}
	}
	due, at := r.next(from)
	for !due.IsZero() && !at.After(t) {
		due, at = r.next(due)
	}
	return p.firing(due, at), !due.IsZero()
}

// waits returns the oldest firing that was neither made nor dropped, if it will
// be made after t.
func (p Plan) waits(r rule, t time.Time) (Firing, bool) {
	from := p.passed()
	if from.IsZero() || p.CatchUp == None {
		return Firing{}, false
	}
	due, at := r.next(from)
	if due.IsZero() {
		return Firing{}, false
	}
	if at = later(at, p.rested(due)); at.Before(t) {
		at = t
	}
	at = r.open(at)
	return p.firing(due, at), at.After(t)
}

// passed is up to when all firings were made or dropped.
func (p Plan) passed() time.Time { return later(p.Last, p.Start) }

// rested is when a firing that is due after Last may be made at the earliest.
// The pause before it is shorter where the plan itself fires as often, so that
// it comes up with itself, and what is not late is not made late.
func (p Plan) rested(due time.Time) time.Time {
	if p.CatchUp != All || p.Made.IsZero() {
		return time.Time{}
	}
	return p.Made.Add(min(p.Pause, due.Sub(p.Last)/2))
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// firing is p's firing that is due by its lines at one time and made at another.
// Its key is that of the first, so that it is made once whatever moves it.
func (p Plan) firing(due, at time.Time) Firing {
	return Firing{Key: p.Name + " " + due.Format(time.RFC3339), At: at}
}

// Due returns what p has to do at now, oldest first, and the Last to store
// once it was done: see Done.
//
// Looked at are the firings after Last and Start and not after now (a plan with
// neither begins now). With CatchUp One the newest of them
// is made; with All each, one at a call and no sooner than Pause after the one
// before, or without a Pause at most 1,000 at a call, the rest at the next; with
// None those that are at most a minute late. The others are dropped: last
// passes them. A paused plan drops all. In the quiet and on skipped dates
// nothing is made, and what is late waits.
func (p Plan) Due(now time.Time) (fire []Firing, last time.Time) {
	r, err := p.rule()
	if err != nil {
		return nil, p.Last
	}
	from := p.passed()
	if from.IsZero() {
		return nil, now
	}
	last = newest(r.after, from, now)
	switch {
	case last.IsZero():
		return nil, p.Last
	case p.Paused:
		return nil, last
	case r.open(now).After(now):
		return nil, p.Last
	case p.CatchUp == All:
		return p.each(r, from, now, last)
	case p.CatchUp == None:
		return p.between(r, later(from, now.Add(-grace-1)), now, mostAtOnce), last
	}
	kept := newest(func(t time.Time) time.Time { due, _ := r.next(t); return due }, from, now)
	if kept.IsZero() {
		return nil, last
	}
	return []Firing{p.firing(kept, r.quiet.end(kept))}, last
}

// each is Due for a plan that makes up for each firing.
func (p Plan) each(r rule, from, now, newest time.Time) (fire []Firing, last time.Time) {
	most := mostAtOnce
	if p.Pause > 0 {
		most = 1
		if due, _ := r.next(from); p.rested(due).After(now) {
			return nil, p.Last
		}
	}
	last = newest
	if fire = p.between(r, from, now, most); len(fire) == most {
		last = r.nth(from, most)
	}
	return fire, last
}

// nth returns when the n-th firing after from is due.
func (r rule) nth(from time.Time, n int) time.Time {
	for range n {
		from, _ = r.next(from)
	}
	return from
}

// between returns the first firings, at most so many, that are due after from
// and made not after to.
func (p Plan) between(r rule, from, to time.Time, most int) []Firing {
	var all []Firing
	for due, at := r.next(from); !due.IsZero() && !at.After(to) && len(all) < most; due, at = r.next(due) {
		all = append(all, p.firing(due, at))
	}
	return all
}

// Done is p once what Due returned at now was done.
func (p Plan) Done(fire []Firing, last, now time.Time) Plan {
	if len(fire) > 0 {
		p.Made = now
	}
	p.Last = later(p.Last, last)
	return p
}
