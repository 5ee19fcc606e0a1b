package relay

import (
	"context"
	"encoding/json"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// sent is what a post in flight looks like on its network, should it have to
// be found there: its speaker and what was printed. It is kept as Copy.Sent
// until it is known whether it stands.
type sent struct {
	From  chat.Person `json:"from"`
	Words string      `json:"words"`
	File  string      `json:"file,omitempty"` // what is posted instead, if it can be had and is taken
}

// wordless is the Copy.Sent of a post that was found and is being taken back.
const wordless = "{}"

func sentOf(s Step, p chat.Profile) string {
	m := s.Action.Message
	out := sent{From: m.From}
	for _, f := range m.Files {
		out.File, m = f.Name, s.Instead
	}
	if p.Dialect != nil {
		out.Words = p.Dialect.Print(m.Body)
	}
	b, err := json.Marshal(out)
	if err != nil {
		return ""
	}
	return string(b)
}

func sentAs(c store.Copy) sent {
	var s sent
	if json.Unmarshal([]byte(c.Sent), &s) != nil {
		return sent{Words: c.Sent}
	}
	return s
}

// taken reports whether a message is known as a copy of something.
func (r *Relay) taken(ctx context.Context, ref chat.Ref) bool {
	known := false
	err := r.c.DB.View(ctx, func(tx *store.Tx) error {
		_, _, err := tx.CopyAt(ref.Place.Room, ref.ID)
		known = err == nil
		return ignoreMissing(err)
	})
	if err != nil {
		r.c.Log.Error("look up a message", "room", ref.Place.Room.String(), "message", ref.ID, "error", err)
	}
	return known
}
