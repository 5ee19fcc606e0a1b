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
	})
}
