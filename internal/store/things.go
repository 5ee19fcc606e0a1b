package store

import (
	"errors"
	"maps"
	"sync"

	"marginalia/internal/chat"
)

// thing returns the number of a thing, and gives it one if it has none.
func (tx *Tx) thing(t Thing) (int64, error) {
	n, err := tx.knownThing(t)
	if !errors.Is(err, ErrNotFound) {
		return n, err
	}
	n, err = written(tx, one[int64], `INSERT INTO things (id) VALUES ($1)
		ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING num`, t)
	if err == nil {
		tx.things[t] = n
	}
	return n, err
}

// knownThing returns the number of a thing, or ErrNotFound.
func (tx *Tx) knownThing(t Thing) (int64, error) {
	if n, ok := tx.things[t]; ok {
		return n, nil
	}
	if n, ok := tx.db.things.of(t, tx.era); ok {
		return n, nil
	}
	n, err := row(tx, one[int64], "SELECT num FROM things WHERE id = $1", t)
	if err == nil {
		tx.things[t] = n
	}
	return n, err
}

// ofThing reads the rows of a query whose $1 is the number of a thing, none if
// it has none.
func ofThing[T any](tx *Tx, scan func(scanner) (T, error), query string, t Thing, more ...any) ([]T, error) {
	n, err := tx.knownThing(t)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return rows(tx, scan, query, append([]any{n}, more...)...)
}

// numberOfThing is $1 of such a query; without the cast SQLite plans anew for
// the numbers 0 and 1.
const numberOfThing = "CAST($1 AS BIGINT)"

// thingIn returns the numbers of a thing and of a room, or ErrNotFound.
func (tx *Tx) thingIn(t Thing, room chat.Room) (thing, in int64, err error) {
	if in, err = tx.knownRoom(room); err == nil {
		thing, err = tx.knownThing(t)
	}
	return thing, in, err
}

const mostNumbers = 2000 // that are kept in memory, of each kind

// numbers keeps what rows are called in other rows. That never changes, but a
// row that was not on disk yet may be lost and its number given to another one:
// so what was learned in one era of the engine does not hold in the next.
type numbers[K comparable] struct {
	mu  sync.RWMutex
	era int64
	all map[K]int64
}

func (n *numbers[K]) of(k K, era int64) (int64, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.era != era {
		return 0, false
	}
	num, ok := n.all[k]
	return num, ok
}

// learn keeps what a transaction learned, once it is true for everyone.
func (n *numbers[K]) learn(all map[K]int64, era int64) {
	if len(all) == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if era < n.era {
		return
	}
	if n.all == nil || era > n.era || len(n.all)+len(all) > mostNumbers {
		n.era, n.all = era, map[K]int64{}
	}
	maps.Copy(n.all, all)
}
