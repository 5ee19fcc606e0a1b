package matrixuser

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Log is everything that a user's live /sync has shown since it began, in
// order per room. It is safe for use while it grows.
type Log struct {
	mu      sync.Mutex
	rooms   map[string][]Event
	seen    map[string]bool
	limited int
	grown   chan struct{}
}

// Watch follows /sync until ctx is done. ready is closed once the first
// answer is in.
func (u *User) Watch(ctx context.Context) (log *Log, ready <-chan struct{}) {
	log = &Log{rooms: map[string][]Event{}, seen: map[string]bool{}, grown: make(chan struct{})}
	up := make(chan struct{})
	go log.follow(ctx, u, up)
	return log, up
}

const syncFilter = `{"room":{"timeline":{"limit":5000},"ephemeral":{"types":[]},"state":{"lazy_load_members":true}},"presence":{"types":[]}}`

func (l *Log) follow(ctx context.Context, u *User, up chan struct{}) {
	since := ""
	for ctx.Err() == nil {
		q := url.Values{"filter": {syncFilter}, "timeout": {"10000"}}
		if since != "" {
			q.Set("since", since)
		} else {
			q.Set("timeout", "0")
		}
		var answer struct {
			Next  string `json:"next_batch"`
			Rooms struct {
				Join map[string]struct {
					Timeline struct {
						Events  []Event `json:"events"`
						Limited bool    `json:"limited"`
					} `json:"timeline"`
				} `json:"join"`
			} `json:"rooms"`
		}
		if err := u.Call(ctx, "GET", "/_matrix/client/v3/sync", q, nil, &answer); err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		for room, r := range answer.Rooms.Join {
			l.add(room, r.Timeline.Events, r.Timeline.Limited && since != "")
		}
		if since == "" {
			close(up)
		}
		since = answer.Next
	}
}

func (l *Log) add(room string, events []Event, limited bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		if e.Room = room; !l.seen[e.ID] {
			l.seen[e.ID] = true
			l.rooms[room] = append(l.rooms[room], e)
		}
	}
	if limited {
		l.limited++
	}
	close(l.grown)
	l.grown = make(chan struct{})
}

// Room returns what was seen in a room so far, for its caller to read. It is not
// copied: what is seen later is put behind it.
func (l *Log) Room(room string) []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clip(l.rooms[room])
}

// Complete adds what u finds in a room by other ways, and returns how much that
// is: a server that was killed may have events that it never tells a sync.
func (l *Log) Complete(ctx context.Context, u *User, room string) (int, error) {
	found, err := u.Messages(ctx, room)
	if err != nil {
		return 0, err
	}
	for _, root := range l.roots(room) {
		under, err := u.Relations(ctx, room, root, "")
		if err != nil {
			return 0, err
		}
		found = append(found, under...)
	}
	return l.Add(room, found), nil
}

// Add takes in what was read of a room, and returns how much of that the live
// sync has not shown.
func (l *Log) Add(room string, found []Event) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	added := 0
	for _, e := range found {
		if !l.seen[e.ID] {
			e.Room, e.Untold = room, true
			l.seen[e.ID] = true
			l.rooms[room] = append(l.rooms[room], e)
			added++
		}
	}
	return added
}

// roots are the events of a room that others relate to.
func (l *Log) roots(room string) []string {
	var all []string
	seen := map[string]bool{}
	for _, e := range l.Room(room) {
		if _, to := e.Relation(); to != "" && !seen[to] {
			seen[to] = true
			all = append(all, to)
		}
	}
	return all
}

// Gaps says how often the server left something out of an answer.
func (l *Log) Gaps() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.limited
}

// Wait waits until ok accepts what was seen in a room.
func (l *Log) Wait(ctx context.Context, room string, ok func([]Event) bool) error {
	for {
		l.mu.Lock()
		events, grown := slices.Clip(l.rooms[room]), l.grown
		l.mu.Unlock()
		if ok(events) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), fmt.Errorf("waited in vain in %s, where %d events were seen", room, len(events)))
		case <-grown:
		}
	}
}
