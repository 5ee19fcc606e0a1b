package command

import (
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/lang"
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
	asks("m1", "Ann Verity said this on "+lobby.Platform+", "+When(lang.English, begin, "UTC"))
	h.update(func(tx *store.Tx) error {
		a, err := tx.Annotation(id)
		if err != nil {
			return err
		}
		return relay.Forget(tx, a.Creator, begin.Add(time.Hour))
	})
	asks("m1", "gone")
}

// Who has no name on their network goes by a pseudonym there as well: it is not
// told whose message bears it.
func TestWhoOfOneWithoutAName(t *testing.T) {
	h := newHouse(t, "daily")
	for _, by := range []chat.Person{ann, {ID: "guest-x"}} {
		id := h.annotate(by, "of "+by.ID, "so it is")
		h.update(func(tx *store.Tx) error {
			a, err := tx.Annotation(id)
			if err != nil {
				return err
			}
			a.Via = "https://chat.example/" + by.ID
			return tx.PutAnnotation(a)
		})
		got := h.tells(ann, chat.Anyone, true, "of "+by.ID, "who")
		if leads := strings.Contains(got, "https://"); leads != (by.Name != "") {
			t.Errorf("of %q: %q", by.Name, got)
		}
	}
}
