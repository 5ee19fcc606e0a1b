package command

import (
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// A moderator has what was given up in a room tried again, and is told why it
// was; nobody else may.
func TestRetry(t *testing.T) {
	h := newHouse(t)
	if got := h.say("1", lobby, chat.Moderator, "retry"); got != "Nothing was given up here." {
		t.Errorf("with nothing to try: %q", got)
	}
	thing := store.Thing("p:nobody knows it")
	err := h.db.Update(t.Context(), func(tx *store.Tx) error {
		p, err := tx.PassageAt(h.id, 2)
		if err != nil {
			return err
		}
		thing = store.PassageThing(p.ID)
		if err := tx.Stale(thing, lobby, "", store.ClassPost, begin); err != nil {
			return err
		}
		d, err := tx.Delivery(thing, lobby)
		if err != nil {
			return err
		}
		d.Dead, d.Tries, d.Why = begin, 3, "the network refuses this message"
		return tx.PutDelivery(d)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.say("2", lobby, chat.Anyone, "retry"); !strings.Contains(got, "Only a moderator") {
		t.Errorf("anyone is told %q", got)
	}
	if got := h.say("3", attic, chat.Moderator, "retry"); got != "Nothing was given up here." {
		t.Errorf("in another room: %q", got)
	}
	got := h.say("4", lobby, chat.Moderator, "retry")
	if !strings.HasPrefix(got, "Tried again: 1 message.") || !strings.Contains(got, "passage 2 of An Essay, to local: the network refuses this message") {
		t.Errorf("a moderator is told %q", got)
	}
	if err := h.db.View(t.Context(), func(tx *store.Tx) error {
		d, err := tx.Delivery(thing, lobby)
		if !d.Dead.IsZero() || d.Tries != 0 {
			t.Errorf("afterwards the delivery is %+v", d)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
