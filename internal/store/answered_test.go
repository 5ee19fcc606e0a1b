package store

import (
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
)

// A passage is answered in a room by what stands under it and was said there, or by
// a reaction that was given there: not by what was said elsewhere, or is gone.
func TestAnswered(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		answered := func(what string, want ...chat.Room) {
			t.Helper()
			view(t, db, func(tx *Tx) error {
				for _, room := range []chat.Room{attic, shed} {
					is, err := tx.Answered("passage-1", room)
					if err != nil {
						return err
					}
					yes := false
					for _, r := range want {
						yes = yes || r == room
					}
					same(t, what+", "+room.String(), is, yes)
				}
				return nil
			})
		}
		answered("unknown rooms")
		update(t, db, func(tx *Tx) error { return furnish(tx, "x") })
		a := remark("a", "passage-1", "x")
		change := func(f func(*discussion.Annotation)) {
			f(&a)
			update(t, db, func(tx *Tx) error { return tx.PutAnnotation(a) })
		}
		put := func(room chat.Room, c Copy) {
			update(t, db, func(tx *Tx) error { return tx.PutCopy(AnnotationThing("a"), room, c) })
		}
		update(t, db, func(tx *Tx) error {
			return all(tx.PutRoom(attic), tx.PutRoom(shed), tx.PutAnnotation(remark("elsewhere", "passage-2", "x")))
		})
		answered("another passage")
		change(func(*discussion.Annotation) {})
		answered("said in private", attic) // on Matrix
		put(shed, Copy{Ref: at(shed, "r", "9", "bot")})
		answered("its mirror", attic)
		put(shed, Copy{Mark: CallMark, Ref: at(shed, "", "8", "")})
		answered("said by a call", shed)
		change(func(a *discussion.Annotation) { a.Hidden = true })
		answered("hidden")
		change(func(a *discussion.Annotation) { a.Hidden, a.Deleted = false, noon })
		answered("deleted")
		reaction := Reaction{Thing: AnnotationThing("elsewhere"), Person: "x", Emoji: "👍", Room: attic, At: noon}
		react := func(on Thing) {
			reaction.Thing = on
			update(t, db, func(tx *Tx) error { return tx.PutReaction(reaction) })
		}
		react(AnnotationThing("elsewhere"))
		answered("a reaction elsewhere")
		react(AnnotationThing("a"))
		answered("a reaction to what is said", attic)
		update(t, db, func(tx *Tx) error { return tx.DeleteReaction(reaction.Thing, "x", "👍", attic) })
		answered("none any more")
		reaction.Room = shed
		react(PassageThing("passage-1"))
		answered("a reaction", shed)
	})
}
