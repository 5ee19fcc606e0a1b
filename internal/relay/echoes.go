package relay

import (
	"maps"
	"slices"
	"sync"
	"time"

	"marginalia/internal/chat"
)

// echoes knows the requests that this process makes, so that what networks
// tell of them alone needs no transaction: their answers say the same. It may
// be forgotten at any time: what was not recorded is told again, since its
// cursors were not recorded either.
type echoes struct {
	mu    sync.Mutex
	doing map[string]bool // keys of requests that are being made
	made  map[string]bool // keys of those made lately
	put   map[string]*putOff
}

// putOff is what a platform told that was not recorded yet.
type putOff struct {
	first time.Time // when it was told
	heard []chat.Event
	since map[chat.Place]chat.Cursor
}

const (
	mostMade   = 500         // keys that are remembered
	longestOff = time.Minute // for cursors
)

func newEchoes() *echoes {
	return &echoes{doing: map[string]bool{}, made: map[string]bool{}, put: map[string]*putOff{}}
}

// begin takes note of a request that is about to be made. One that takes back
// what an earlier one with its key may have made has no echo of its own: what
// is heard under its key is the other's, and must be recorded.
func (e *echoes) begin(verb chat.Verb, key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if says(verb) {
		e.doing[key] = true
	}
}

// says reports whether a request's effect is seen on the network as an echo.
func says(v chat.Verb) bool { return v == chat.Post || v == chat.Edit || v == chat.React }

// end takes note of a request's answer: whether it went through. It returns
// the request's echo, if that was heard and not recorded.
func (e *echoes) end(platform string, verb chat.Verb, key string, made bool) (chat.Event, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !says(verb) {
		return chat.Event{}, false
	}
	delete(e.doing, key)
	if len(e.made) >= mostMade {
		clear(e.made)
	}
	if made {
		e.made[key] = true
	}
	off := e.put[platform]
	if off == nil {
		return chat.Event{}, false
	}
	at := slices.IndexFunc(off.heard, func(event chat.Event) bool { return event.Key == key })
	if at < 0 {
		return chat.Event{}, false
	}
	event := off.heard[at]
	off.heard = slices.Delete(off.heard, at, at+1)
	return event, true
}

// putOff keeps a batch that holds nothing but echoes of this process's own
// requests, and reports whether it did.
func (e *echoes) putOff(platform string, b chat.Batch, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	off := e.put[platform]
	if off == nil {
		off = &putOff{first: now, since: map[chat.Place]chat.Cursor{}}
	}
	if len(b.Events) == 0 || now.Sub(off.first) > longestOff {
		return false
	}
	for _, event := range b.Events {
		if event.Kind != chat.Echoed || !e.doing[event.Key] && !e.made[event.Key] {
			return false
		}
	}
	for _, event := range b.Events {
		if e.doing[event.Key] {
			off.heard = append(off.heard, event)
		}
	}
	maps.Copy(off.since, b.Since)
	e.put[platform] = off
	return true
}

// with adds what was put off to a batch that came after it.
func (e *echoes) with(platform string, b chat.Batch) chat.Batch {
	e.mu.Lock()
	defer e.mu.Unlock()
	off := e.put[platform]
	if off == nil {
		return b
	}
	delete(e.put, platform)
	maps.Copy(off.since, b.Since)
	return chat.Batch{Events: append(off.heard, b.Events...), Since: off.since}
}
