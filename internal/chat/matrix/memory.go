package matrix

import (
	"sync"

	"marginalia/internal/chat"
)

// memory is what the process happens to know. Nothing depends on it: it saves
// questions to the server, and it is lost with the process.
type memory struct {
	mu     sync.Mutex
	made   recent[string, string]     // keys of Actions → the events that they made
	types  recent[string, string]     // events → their types
	gone   recent[string, bool]       // events that were redacted
	newest recent[chat.Place, string] // threads → their newest events
	tries  recent[string, int]        // look-ups → how often they went wrong
	names  recent[member, string]     // people in rooms → their display names
	powers map[string]powers          // rooms → who may do what there
}

// member is someone in a room.
type member struct{ room, user string }

func newMemory() memory {
	return memory{
		made:   newRecent[string, string](4096),
		types:  newRecent[string, string](8192),
		gone:   newRecent[string, bool](4096),
		newest: newRecent[chat.Place, string](4096),
		tries:  newRecent[string, int](256),
		names:  newRecent[member, string](8192),
		powers: map[string]powers{},
	}
}

// recent is a map that forgets its oldest entries.
type recent[K comparable, V any] struct {
	limit int
	all   map[K]V
	order []K // oldest first, from first on
	first int
}

func newRecent[K comparable, V any](limit int) recent[K, V] {
	return recent[K, V]{limit: limit, all: map[K]V{}}
}

func (r *recent[K, V]) put(k K, v V) {
	if _, known := r.all[k]; !known {
		r.order = append(r.order, k)
	}
	r.all[k] = v
	for len(r.all) > r.limit {
		delete(r.all, r.order[r.first])
		r.first++
	}
	if r.first > r.limit {
		r.order = append([]K(nil), r.order[r.first:]...)
		r.first = 0
	}
}

// note puts something into one of m's maps, recall gets it back.
func note[K comparable, V any](m *memory, r *recent[K, V], k K, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.put(k, v)
}

func recall[K comparable, V any](m *memory, r *recent[K, V], k K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, known := r.all[k]
	return v, known
}
