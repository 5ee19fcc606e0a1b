package discord

import (
	"sync"

	"marginalia/internal/chat"
)

// memory is what the process happens to know. Nothing depends on it: it saves
// questions, and it is lost with the process. What was told is not among it: a
// Run whose handle did not keep it is followed by one that tells it again.
type memory struct {
	mu      sync.Mutex
	made    recent[string, chat.Ref]  // keys of Actions → what they made
	gone    recent[string, bool]      // messages that the bot deletes
	named   recent[string, bool]      // messages of webhooks → whether their text names who speaks
	names   recent[string, string]    // people on a server → what they are called there
	authors recent[string, string]    // messages → who said them, by name
	rights  recent[string, authority] // servers → who may do what
}

func newMemory() memory {
	return memory{
		made:    newRecent[string, chat.Ref](4096),
		gone:    newRecent[string, bool](4096),
		named:   newRecent[string, bool](4096),
		names:   newRecent[string, string](8192),
		authors: newRecent[string, string](4096),
		rights:  newRecent[string, authority](64),
	}
}

// name is what format.Discord asks whom a mention means.
func (m *memory) name(kind, id string) string {
	n, _ := recall(m, &m.names, kind+" "+id)
	return n
}

// recent is a map that forgets what was not asked for in a long time. It holds
// up to twice its size.
type recent[K comparable, V any] struct {
	size       int
	young, old map[K]V
}

func newRecent[K comparable, V any](size int) recent[K, V] {
	return recent[K, V]{size: size, young: map[K]V{}}
}

func (r *recent[K, V]) put(k K, v V) {
	if len(r.young) >= r.size {
		r.young, r.old = map[K]V{}, r.young
	}
	r.young[k] = v
}

func (r *recent[K, V]) get(k K) (V, bool) {
	if v, ok := r.young[k]; ok {
		return v, true
	}
	v, ok := r.old[k]
	if ok {
		r.put(k, v)
	}
	return v, ok
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
	return r.get(k)
}
