package main

import (
	"errors"
	"path/filepath"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

// Who wrote a comment is told after it was posted: its posts, and no others,
// are made to say so.
func TestAPostSaysWhoWroteItOnceThatIsKnown(t *testing.T) {
	d := newDesk(t)
	d.write("dump.txt", "I really enjoyed this essay, and I learned a lot about lamps from it.\nAgreed, and thank you for the numbers.\nWhat happened to the second keeper? You never say.\n")
	text, err := source.Open(t.Context(), filepath.Join(d.dir, "dump.txt"), source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	room := chat.Room{Platform: "local", ID: "garden"}
	d.change(func(tx *store.Tx) error {
		if _, err := tx.Import(text, d.now); err != nil {
			return err
		}
		for i, p := range text.Passages[:2] { // two of three are posted
			ref := chat.Ref{Place: chat.Place{Room: room}, ID: string(p.ID), As: "bot"}
			if err := tx.PutCopy(store.PassageThing(p.ID), room, store.Copy{Ref: ref, Seq: i + 1}); err != nil {
				return err
			}
		}
		return nil
	})
	docs := d.discussion(text.ID).Documents
	for i := range docs {
		if docs[i].ID != text.Passages[0].Document {
			docs[i].Author = "Ada"
		}
	}
	c := defaults()
	c.Bot.Database = filepath.Join(d.dir, "marginalia.db")
	if _, err := amend(t.Context(), c, d.discussion(text.ID), docs); err != nil {
		t.Fatal(err)
	}
	d.change(func(tx *store.Tx) error {
		for i, p := range text.Passages {
			_, err := tx.Delivery(store.PassageThing(p.ID), room)
			if stale := err == nil; err != nil && !errors.Is(err, store.ErrNotFound) || stale != (i == 1) {
				t.Errorf("passage %d is to be looked at again: %v (%v)", p.Seq, stale, err)
			}
		}
		return nil
	})
}
