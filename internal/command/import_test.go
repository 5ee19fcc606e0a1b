package command

import (
	"fmt"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/lang"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

// A call that was refused since too much waits is not done: run again it is
// refused again, and done when there is room. What waits already is not refused.
func TestARefusedImportIsNotTakenForDone(t *testing.T) {
	h := newHouse(t, "daily")
	h.run = Dispatcher(Env{DB: h.db, Wished: func() {}})
	asks := func(ref, want string) {
		t.Helper()
		if got := h.say(ref, lobby, chat.Operator, "import https://example.org/essay"); !strings.HasPrefix(got, want) {
			t.Errorf("call %s: %q; want %q", ref, got, want)
		}
	}
	for i := range mostWishes {
		asks(fmt.Sprint(i), "It is being fetched.")
	}
	asks("late", "There are 5 texts to be fetched already")
	asks("late", "There are 5 texts to be fetched already")
	asks("0", "It is being fetched.")
	h.update(func(tx *store.Tx) error {
		all, err := Wishes(tx)
		if err != nil {
			return err
		}
		return Fulfilled(tx, lang.English, all[0], Outcome{}, begin)
	})
	asks("late", "It is being fetched.")
	h.update(func(tx *store.Tx) error {
		all, err := Wishes(tx)
		if len(all) != mostWishes || all[mostWishes-1].By.ID != "late" {
			t.Errorf("asked for are %+v", all)
		}
		return err
	})
}

// An address that is too long to find a text by is refused at once.
func TestImportOfALongAddress(t *testing.T) {
	h := newHouse(t, "daily")
	h.run = Dispatcher(Env{DB: h.db, Wished: func() {}})
	address := "https://example.org/" + strings.Repeat("a", source.LongestAddress)
	if got := h.say("1", lobby, chat.Operator, "import "+address); !strings.HasPrefix(got, "An address of more than 2000 bytes is not fetched") {
		t.Errorf("%q", got)
	}
	if got := h.say("2", lobby, chat.Operator, "import "+address[:source.LongestAddress]); !strings.HasPrefix(got, "It is being fetched.") {
		t.Errorf("%q", got)
	}
}
