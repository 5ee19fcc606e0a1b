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
// Ask for the channel first, then look, then wait: nothing is missed. With
// rooms, look by an Update: the channel may be closed just before the commit,
// so that who is woken comes along with it, and a View does not see it yet.
func (db *DB) Changed(rooms ...chat.Room) <-chan struct{} { return db.topics.next(false, rooms) }

// Planned returns a channel that is closed at the next commit that wrote what
// has a time of its own, a plan or an event that waits, or when another process
// committed.
func (db *DB) Planned() <-chan struct{} { return db.topics.next(true, nil) }

// Looked keeps the commit of tx from waking who waits for the room alone: the
// caller looks at what is due there itself, after all that tx wrote.
func (tx *Tx) Looked(room chat.Room) { tx.looked[room] = true }

// topics are channels that wait to be closed: one for plans, and one for each
// set of rooms that was asked for; the empty set is closed by everything.
type topics struct {
	mu  sync.Mutex
	all []topic
}

type topic struct {
	plans  bool
	rooms  []chat.Room
	closed chan struct{}
}

func (t *topics) next(plans bool, rooms []chat.Room) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range t.all {
		if x.plans == plans && slices.Equal(x.rooms, rooms) {
			return x.closed
		}
	}
	x := topic{plans, slices.Clone(rooms), make(chan struct{})}
	t.all = append(t.all, x)
	return x.closed
}

// fire closes what waits for any commit, or for one that wrote plans.
func (t *topics) fire(plans bool) {
	t.close(func(x topic) bool { return len(x.rooms) == 0 && (plans || !x.plans) })
}

// fireRooms closes what waits for one in which a room of touched changed.
func (t *topics) fireRooms(touched map[chat.Room]bool) {
	if len(touched) == 0 {
		return
	}
	t.close(func(x topic) bool { return slices.ContainsFunc(x.rooms, func(r chat.Room) bool { return touched[r] }) })
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
