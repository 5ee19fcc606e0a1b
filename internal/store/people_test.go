package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// Whom words mention is found by their id, whatever signs it is made of.
func TestAnnotationsNaming(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		ids := []string{"@ann_b:example.org", `@a"n\n%<x>:example.org`, "@annxb:example.org", "123"}
		update(t, db, func(tx *Tx) error {
			if err := furnish(tx, "x"); err != nil {
				return err
			}
			for i, id := range ids {
				a := remark(discussion.AnnotationID(rune('a'+i)), "passage-1", "x")
				a.Body = format.Text("so says @somebody")
				a.Body.Spans = []format.Span{{Kind: format.Mention, Start: 8, End: 17, Attr: id}}
				if err := tx.PutAnnotation(a); err != nil {
					return err
				}
			}
			plain := remark("plain", "passage-1", "x")
			plain.Body = format.Text("so says @ann_b:example.org, 123")
			return tx.PutAnnotation(plain)
		})
		for i, id := range ids {
			all := got(t, db, func(tx *Tx) ([]discussion.Annotation, error) { return tx.AnnotationsNaming(id) })
			if len(all) != 1 || all[0].ID != discussion.AnnotationID(rune('a'+i)) {
				t.Errorf("%s is named by %+v", id, all)
			}
		}
	})
}

// Of who was forgotten it is known that they were, and who they are if they
// speak again, and nothing else.
func TestWhoWasForgottenIsKnownToBe(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		ann := chat.Person{ID: "@ann:example.org", Name: "Ann"}
		var at time.Time
		who := func(user string) (id discussion.PersonID, gone bool) {
			view(t, db, func(tx *Tx) error {
				ids, err := tx.PersonIDs()
				if err == nil {
					id = ids("matrix", user)
					at, gone, err = tx.Forgotten("matrix", user)
				}
				return err
			})
			return id, gone
		}
		if id, gone := who(ann.ID); id != "" || gone {
			t.Errorf("before anybody was recorded: %q, %v", id, gone)
		}
		var p discussion.Person
		update(t, db, func(tx *Tx) (err error) { p, err = tx.PutPerson("matrix", ann); return err })
		if id, gone := who(ann.ID); id != p.ID || gone || !at.IsZero() {
			t.Errorf("once recorded: %q, %v", id, gone)
		}
		update(t, db, func(tx *Tx) error { return tx.EmptyPerson(p.ID, noon) })
		if id, gone := who(ann.ID); id != p.ID || !gone || !at.Equal(noon) {
			t.Errorf("once forgotten: %q, %v", id, gone)
		}
		if _, gone := who("@ben:example.org"); gone {
			t.Error("somebody else is forgotten, too")
		}
		update(t, db, func(tx *Tx) error { return tx.SetState(p.ID, discussion.Named) })
		if _, gone := who(ann.ID); gone || !at.Equal(noon) {
			t.Errorf("of who chose anew: %v, %v", at, gone)
		}
	})
}

// Of many people those who were forgotten are found, wherever they stand among
// the others.
func TestWhoOfManyWasForgotten(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		var users []string
		for i := range 20 {
			users = append(users, fmt.Sprintf("user-%d", i))
		}
		among := func(users []string) (gone []string) {
			view(t, db, func(tx *Tx) (err error) { gone, err = tx.ForgottenOf("one", users); return err })
			return gone
		}
		if got := among(users); len(got) != 0 {
			t.Errorf("before anybody was recorded: %q", got)
		}
		update(t, db, func(tx *Tx) error {
			for i, user := range users[:19] { // the last one is not known
				who, err := tx.PutPerson("one", chat.Person{ID: user, Name: user})
				if err != nil {
					return err
				}
				if i != 2 && i != 18 {
					continue
				}
				if err := tx.EmptyPerson(who.ID, time.Now()); err != nil {
					return err
				}
			}
			return nil
		})
		if got := among(users); !slices.Equal(got, []string{"user-2", "user-18"}) {
			t.Errorf("forgotten are %q", got)
		}
		if got := among(nil); len(got) != 0 {
			t.Errorf("of nobody forgotten are %q", got)
		}
	})
}
