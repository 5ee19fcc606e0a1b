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
	asked time.Time // the network wished to be left alone until then
	until time.Time // it did not work; so this is when it is tried again
	tries int
	why   string
}

func newHolds() *holds { return &holds{by: map[string]hold{}, changed: make(chan struct{})} }

// until says how long nothing may be asked of the room; zero: ask.
func (h *holds) until(room chat.Room, now time.Time) time.Time {
	return later(h.of(room.Platform, now), h.of(room.String(), now))
}

// of says how long name, a platform or room, is to be left alone; zero: it is not.
func (h *holds) of(name string, now time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	until := later(h.by[name].asked, h.by[name].until)
	if !until.After(now) {
		return time.Time{}
	}
	return until
}

// ask holds name for as long as the network wishes.
func (h *holds) ask(name string, wish time.Duration, now time.Time, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.by[name]
	if until := now.Add(max(wish, leastWait)); until.After(was.asked) {
		was.asked = until
	}
	was.why = why
	h.by[name] = was
}

// fail holds name for longer each time, up to most.
func (h *holds) fail(name string, most time.Duration, now time.Time, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.by[name]
	was.tries++
	was.until, was.why = now.Add(min(backoff(name, was.tries), most)), why
	h.by[name] = was
}

// clear lets name be asked again, unless the network itself wished for more
// time, and wakes whoever waits.
func (h *holds) clear(name string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	held, ok := h.by[name]
	if !ok {
		return
	}
	delete(h.by, name)
	if held.asked.After(now) {
		h.by[name] = hold{asked: held.asked, why: held.why}
	}
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

// note holds or frees the room and its platform after a request, and gives its
// turn to the next room.
func (r *Relay) note(room chat.Room, j *job, now time.Time) {
	defer r.turns.note(room, j.err)
	var asked chat.RetryAfter
	switch {
	case j.err == nil:
		r.holds.clear(room.Platform, now)
		r.holds.clear(room.String(), now)
	case errors.As(j.err, &asked) && asked.Scope == chat.AccountScope:
		r.holds.ask(room.Platform, asked.Wait, now, j.err.Error())
	case errors.As(j.err, &asked) && asked.Scope == chat.RoomScope:
		r.holds.ask(room.String(), asked.Wait, now, j.err.Error())
	case errors.Is(j.err, chat.ErrUnreached) && !r.hears(room.Platform):
		r.holds.fail(room.Platform, time.Hour, now, j.err.Error()) // the listener, once it hears, frees it
		if r.hears(room.Platform) {
			r.holds.clear(room.Platform, now) // it heard meanwhile
		}
	case errors.Is(j.err, chat.ErrUnreached), errors.Is(j.err, chat.ErrAuth):
		r.holds.fail(room.Platform, 5*time.Minute, now, j.err.Error())
	case errors.Is(j.err, chat.ErrForbidden):
		r.holds.fail(room.String(), time.Hour, now, j.err.Error())
	}
	if j.err != nil {
		r.c.Log.Warn("delivery goes on later", "room", room.String(), "thing", j.delivery.Thing, "verb", j.step.Action.Verb, "error", j.err)
	}
}
