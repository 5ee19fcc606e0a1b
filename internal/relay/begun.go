package relay

import (
	"sync"

	"marginalia/internal/chat"
)

// begun remembers from which places there are cursors that a machine keeps whose
// power fails. A room without one is listened to from now on, and what was said
// there before that is not heard.
type begun struct {
	mu sync.Mutex
	at map[string]map[chat.Place]bool // by platform
}

func (b *begun) add(platform string, since map[chat.Place]chat.Cursor) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at == nil {
		b.at = map[string]map[chat.Place]bool{}
	}
	if b.at[platform] == nil {
		b.at[platform] = map[chat.Place]bool{}
	}
	for place := range since {
		b.at[platform][place] = true
	}
}

// has reports whether there are cursors from all of some places.
func (b *begun) has(platform string, since map[chat.Place]chat.Cursor) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for place := range since {
		if !b.at[platform][place] {
			return false
		}
	}
	return true
}
