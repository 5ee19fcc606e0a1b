package store

import (
	"slices"
	"sync"

	"marginalia/internal/chat"
)

// Changed returns a channel that is closed at the next commit, of this or
// another process. With rooms it is closed only when a delivery was enqueued
// for one of them or changed there, or when another process committed.
//
// Ask for the channel first, then look, then wait: nothing is missed.
func (db *DB) Changed(rooms ...chat.Room) <-chan struct{} { return db.topics.next(rooms) }

// topics are channels that wait to be closed, one for each set of rooms that
// was asked for; the empty set is closed by everything.
type topics struct {
	mu  sync.Mutex
	all []topic
}

type topic struct {
	rooms  []chat.Room
	closed chan struct{}
}

func (t *topics) next(rooms []chat.Room) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range t.all {
		if slices.Equal(x.rooms, rooms) {
			return x.closed
		}
	}
	x := topic{slices.Clone(rooms), make(chan struct{})}
	t.all = append(t.all, x)
	return x.closed
}

// fire closes what waits for any commit, and for one in which a room of touched changed.
func (t *topics) fire(touched map[chat.Room]bool) {
	t.close(func(x topic) bool {
		return len(x.rooms) == 0 || slices.ContainsFunc(x.rooms, func(r chat.Room) bool { return touched[r] })
	})
}

// fireAll closes all: nobody knows what another process changed.
func (t *topics) fireAll() { t.close(func(topic) bool { return true }) }

func (t *topics) close(which func(topic) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = slices.DeleteFunc(t.all, func(x topic) bool {
		hit := which(x)
		if hit {
			close(x.closed)
		}
		return hit
	})
}
