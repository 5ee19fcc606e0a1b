package command

import (
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

func TestWho(t *testing.T) {
	h := newHouse(t, "daily")
	id := h.annotate(ann, "m1", "so it is")
	asks := func(on, want string) {
		t.Helper()
		if got := h.tells(chat.Person{ID: "bob", Name: "Bob"}, chat.Anyone, false, on, "who"); !strings.Contains(got, want) {
			t.Errorf("of %q: %q does not say %q", on, got, want)
		}
	}
	asks("", "as a reply to a remark")
	asks("m1", "Ann Verity said this on "+lobby.Platform+", "+When(begin, "UTC"))
	h.update(func(tx *store.Tx) error {
		a, err := tx.Annotation(id)
		if err != nil {
			return err
		}
		return relay.Forget(tx, a.Creator, begin.Add(time.Hour))
	})
	asks("m1", "gone")
}
