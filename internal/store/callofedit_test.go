package store

import (
	"testing"

	"marginalia/internal/chat"
)

// A call is found by the events that edited it, in its own room.
func TestCallOfEdit(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		call := Copy{Mark: CallMark, Ref: at(attic, "", "$call", ""), Old: []chat.Ref{at(attic, "", "$one", ""), at(attic, "", "$two", "")}}
		update(t, db, func(tx *Tx) error {
			return all(furnish(tx, "x"), tx.PutAnnotation(remark("a", "passage-1", "x")), tx.PutRoom(shed), tx.PutCopy("a:a", attic, call))
		})
		view(t, db, func(tx *Tx) error {
			thing, c, err := tx.CallOfEdit(attic, "$one")
			same(t, "call", []any{thing, c}, []any{Thing("a:a"), call})
			_, _, other := tx.CallOfEdit(shed, "$one")
			missing(t, "in another room", other)
			_, _, none := tx.CallOfEdit(attic, "$call")
			missing(t, "the call itself", none)
			return err
		})
		mirror := Copy{Ref: at(attic, "", "$mirror", "bot"), Old: []chat.Ref{at(attic, "", "$other", "bot")}, Seq: 1}
		call.Old = call.Old[1:]
		update(t, db, func(tx *Tx) error {
			return all(tx.PutCopy("a:a", attic, call), tx.PutCopy("a:a", attic, mirror), tx.PutCopy("a:a", attic, Copy{Seq: 1}))
		})
		view(t, db, func(tx *Tx) error {
			_, _, taken := tx.CallOfEdit(attic, "$one")
			missing(t, "an edit that was taken back", taken)
			_, _, mirrors := tx.CallOfEdit(attic, "$other")
			missing(t, "an edit of the mirror", mirrors)
			_, _, message := tx.CopyAt(attic, "$two")
			missing(t, "a message", message)
			thing, c, err := tx.CallOfEdit(attic, "$two")
			same(t, "call when its mirror is gone", []any{thing, c}, []any{Thing("a:a"), call})
			return err
		})
	})
}
