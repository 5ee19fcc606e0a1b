package store

import (
	"fmt"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
)

// Three accounts become one person's, two by two, and one of them leaves.
func TestLinks(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		var ids []discussion.PersonID
		update(t, db, func(tx *Tx) error {
			ids = nil
			for i := range 3 {
				p, err := tx.PutPerson(fmt.Sprintf("net%d", i), chat.Person{ID: "ada", Name: fmt.Sprintf("Ada %d", i)})
				if err != nil {
					return err
				}
				ids = append(ids, p.ID)
			}
			return tx.PutReaction(Reaction{Thing: "a:a", Person: ids[2], Emoji: "👍", Room: attic, At: noon})
		})
		selves := func(when string, want ...int) {
			t.Helper()
			view(t, db, func(tx *Tx) error {
				for i, id := range ids {
					p, err := tx.Person(id)
					alias := ""
					if want[i] != i {
						alias = fmt.Sprintf("Ada %d", want[i])
					}
					if err != nil || p.Self() != ids[want[i]] || p.Alias != alias {
						t.Errorf("%s: account %d is %+v (%v), which should be %d", when, i, p, err, want[i])
					}
				}
				held, err := tx.ReactionsBy(ids[2])
				if len(held) != 1 || held[0].Self != ids[want[2]] {
					t.Errorf("%s: the emoji is held by %+v", when, held)
				}
				return err
			})
		}
		selves("at first", 0, 1, 2)
		update(t, db, func(tx *Tx) error { return all(tx.Link(ids[1], ids[0]), tx.Link(ids[0], ids[1])) })
		selves("two", 0, 0, 2)
		update(t, db, func(tx *Tx) error { return tx.Link(ids[1], ids[2]) })
		selves("three", 2, 2, 2)
		if group := got(t, db, func(tx *Tx) ([]discussion.Person, error) { return tx.Linked(ids[0]) }); len(group) != 3 {
			t.Errorf("one is %+v", group)
		}
		update(t, db, func(tx *Tx) error { return tx.Unlink(ids[2]) })
		first := 0 // of the two that are left, by their ids
		if ids[1] < ids[0] {
			first = 1
		}
		selves("two of three", first, first, 2)
		update(t, db, func(tx *Tx) error { return all(tx.Unlink(ids[0]), tx.Unlink(ids[0])) })
		selves("none", 0, 1, 2)
	})
}

func TestLinkCodes(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		code := LinkCode{Person: "ann", Hash: "abc", Until: noon.Add(time.Minute)}
		update(t, db, func(tx *Tx) error {
			return all(tx.PutLinkCode(LinkCode{Person: "ann", Hash: "old", Until: noon}), tx.PutLinkCode(code), tx.PutLinkTries("bob", 2, noon))
		})
		holding := func(at time.Time) []LinkCode {
			return got(t, db, func(tx *Tx) ([]LinkCode, error) { return tx.LinkCodes(at) })
		}
		same(t, "while it holds", holding(noon), []LinkCode{code})
		same(t, "afterwards", holding(noon.Add(time.Minute)), []LinkCode(nil))
		view(t, db, func(tx *Tx) error {
			n, since, err := tx.LinkTries("bob")
			none, _, err2 := tx.LinkTries("eve")
			if n != 2 || !since.Equal(noon) || none != 0 {
				t.Errorf("tried %d since %s, and %d", n, since, none)
			}
			return all(err, err2)
		})
		update(t, db, func(tx *Tx) error { return tx.DropLinkCode("ann") })
		same(t, "dropped", holding(noon), []LinkCode(nil))
	})
}
