package store

import (
	"errors"
	"strings"
	"testing"

	"marginalia/internal/chat"
)

func TestWhatMessagesThatAreGoneWereAbout(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		about := func(room chat.Room, id string) Thing {
			t.Helper()
			return got(t, db, func(tx *Tx) (Thing, error) {
				thing, err := tx.GoneAt(room, id)
				if errors.Is(err, ErrNotFound) {
					err = nil
				}
				return thing, err
			})
		}
		reveals := func(id string, thing Thing, want bool) {
			t.Helper()
			update(t, db, func(tx *Tx) error {
				all, err := tx.Reveal(attic, id, thing)
				if len(all) > 0 != want {
					t.Errorf("%s reveals %q", id, all)
				}
				return err
			})
		}
		first, second := AnnotationThing("one"), AnnotationThing("two")
		update(t, db, func(tx *Tx) error {
			return all(tx.PutGone(attic, "$a", first), tx.PutGoneBehind(attic, "$c", "$b"), tx.PutGoneBehind(attic, "$d", "$c"),
				tx.PutGoneBehind(shed, "$e", "$b"), tx.PutGoneBehind(attic, "$a", "$b"))
		})
		if about(attic, "$a") != first || about(shed, "$a") != "" || about(attic, "$c") != "" {
			t.Error("what is known of what is gone is not as it was recorded")
		}
		behind := func(id string) bool {
			return got(t, db, func(tx *Tx) (bool, error) { return tx.BehindHeld(attic, id) })
		}
		waits := Held{ID: "h", Room: attic, On: "$x", Event: chat.Event{Kind: chat.Reacted, Message: chat.Message{Ref: chat.Ref{Place: chat.Place{Room: attic}, ID: "$b"}}}}
		if update(t, db, func(tx *Tx) error { return tx.PutHeld(waits) }); behind("$d") {
			t.Error("it is behind a reaction")
		}
		waits.Event.Kind = chat.Said
		if update(t, db, func(tx *Tx) error { return tx.PutHeld(waits) }); !behind("$d") || !behind("$c") || behind("$a") || behind("$x") {
			t.Error("what is behind a message that waits is not known, or more than that")
		}
		reveals("$x", second, false)
		reveals("$b", second, true)
		reveals("$b", first, false)
		if about(attic, "$c") != second || about(attic, "$d") != second || about(shed, "$e") != "" || about(attic, "$a") != first {
			t.Error("what was about the same is not revealed, or more than that")
		}
		if update(t, db, func(tx *Tx) error { return tx.PutGone(attic, "$c", first) }); about(attic, "$c") != first {
			t.Error("what is known newly does not count")
		}
		rest := got(t, db, func(tx *Tx) ([]string, error) {
			return rows(tx, one[string], "SELECT hash || follows FROM gone_messages")
		})
		if len(rest) != 4 || strings.Contains(strings.Join(rest, " "), "$") {
			t.Errorf("recorded are %q", rest)
		}
	})
}
