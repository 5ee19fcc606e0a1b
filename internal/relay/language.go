package relay

import (
	"cmp"

	"marginalia/internal/chat"
	"marginalia/internal/lang"
)

// Language is the one that the bot speaks in a room: in one that replaced another,
// that of the other.
func (r *Relay) Language(room chat.Room) lang.Language {
	if r.c.Language == nil {
		return lang.English
	}
	r.mu.Lock()
	of := cmp.Or(r.stead[room], room)
	r.mu.Unlock()
	return r.c.Language(of)
}
