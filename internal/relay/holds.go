package relay

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"marginalia/internal/chat"
)

// holds remembers which platforms and rooms asked to be left alone. It is
// advice for the lanes, never state that matters: after a restart the network
// says it again.
type holds struct {
	mu      sync.Mutex
	by      map[string]hold // platform, or room
	changed chan struct{}
}

type hold struct {
	until time.Time
	tries int
	asked bool // by the network, which knows best when to come back
	why   string
}

func newHolds() *holds { return &holds{by: map[string]hold{}, changed: make(chan struct{})} }

// until says how long nothing may be asked of the room; zero: ask.
func (h *holds) until(room chat.Room, now time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	until := h.by[room.Platform].until
	if t := h.by[room.String()].until; t.After(until) {
		until = t
	}
	if until.After(now) {
		return until
	}
	return time.Time{}
}

// wait holds name for d, or, with d zero, for longer each time.
func (h *holds) wait(name string, d, most time.Duration, now time.Time, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.by[name]
	was.tries++
	if was.asked = d > 0; !was.asked {
		d = min(backoff(name, was.tries), most)
	}
	was.until, was.why = now.Add(d), why
	h.by[name] = was
}

// clear lets name be asked again, unless the network itself named a time, and
// wakes whoever waits.
func (h *holds) clear(name string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if held, ok := h.by[name]; !ok || held.asked && held.until.After(now) {
		return
	}
	delete(h.by, name)
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *holds) wake() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}

// why says what the platform is held for, or nil.
func (h *holds) why(platform string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if held, ok := h.by[platform]; ok {
		return fmt.Errorf("%s: %s", platform, held.why)
	}
	return nil
}

// note holds or frees the room and its platform after a request.
func (r *Relay) note(room chat.Room, j *job, now time.Time) {
	var asked chat.RetryAfter
	switch {
	case j.err == nil:
		r.holds.clear(room.Platform, now)
		r.holds.clear(room.String(), now)
	case errors.As(j.err, &asked) && asked.Scope == chat.AccountScope:
		r.holds.wait(room.Platform, max(asked.Wait, time.Millisecond), 0, now, j.err.Error())
	case errors.As(j.err, &asked) && asked.Scope == chat.RoomScope:
		r.holds.wait(room.String(), max(asked.Wait, time.Millisecond), 0, now, j.err.Error())
	case errors.Is(j.err, chat.ErrUnreached), errors.Is(j.err, chat.ErrAuth):
		r.holds.wait(room.Platform, 0, 5*time.Minute, now, j.err.Error())
	case errors.Is(j.err, chat.ErrForbidden):
		r.holds.wait(room.String(), 0, time.Hour, now, j.err.Error())
	}
	if j.err != nil {
		r.c.Log.Warn("delivery goes on later", "room", room.String(), "thing", j.delivery.Thing, "verb", j.step.Action.Verb, "error", j.err)
	}
}
