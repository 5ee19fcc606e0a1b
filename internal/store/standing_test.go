package store

import (
	"cmp"
	"slices"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
)

// In a thread stand the passage's further parts, the excerpts under it, one of
// which somebody removed, and what was said about all of these; in the room its
// posts: each with the edit that is known and who holds what, but where a thing
// has several parts. With these stand the calls by which remarks were made, whatever
// thread those stand in, and those that are yet to be run.
func TestWhatStandsInAPlace(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		edited, gone := remark("edited", "passage-1", "x"), remark("gone", "passage-1", "x")
		edited.Modified, gone.Deleted = noon, noon
		likes := func(thing Thing, person discussion.PersonID, room chat.Room, emoji string) Reaction {
			return Reaction{Thing: thing, Person: person, Emoji: emoji, Room: room, At: noon}
		}
		update(t, db, func(tx *Tx) error {
			return all(furnish(tx, "x"), tx.PutAnnotation(edited), tx.PutAnnotation(gone), tx.PutAnnotation(remark("mirror", "passage-1", "x")),
				tx.PutAnnotation(remark("answer", "passage-2", "x")), tx.PutAnnotation(remark("orphan", "passage-3", "x")),
				tx.PutCopy("p:passage-2", shed, Copy{Ref: at(shed, "1", "7", "bot")}),
				tx.PutCopy("p:passage-3", shed, Copy{Ref: at(shed, "1", "", "")}),
				tx.PutCopy("a:answer", shed, Copy{Ref: at(shed, "1", "8", "")}),
				tx.PutCopy("a:orphan", shed, Copy{Ref: at(shed, "1", "9", "hook")}),
				tx.PutCopy("p:passage-1", shed, Copy{Ref: at(shed, "", "1", "bot")}),
				tx.PutCopy("p:passage-1", shed, Copy{Part: 1, Ref: at(shed, "1", "2", "bot")}),
				tx.PutCopy("p:passage-1", shed, Copy{Mark: ThreadMark, Ref: at(shed, "1", "1", "bot")}),
				tx.PutCopy("a:edited", shed, Copy{Ref: at(shed, "1", "3", "")}),
				tx.PutCopy("a:gone", shed, Copy{Ref: at(shed, "1", "4", "")}),
				tx.PutCopy("a:mirror", shed, Copy{Ref: at(shed, "1", "5", "hook")}),
				tx.PutCopy("a:mirror", attic, Copy{Ref: at(attic, "1", "6", "")}),
				tx.PutCopy("a:edited", attic, Copy{Mark: CallMark, Ref: at(attic, "9", "10", "")}),
				tx.PutCopy("a:mirror", shed, Copy{Mark: CallMark, Ref: at(shed, "", "11", "")}),
				tx.PutCopy("a:gone", shed, Copy{Mark: CallMark, Ref: at(shed, "", "12", "")}),
				recorded(tx.PutCall(chat.Call{Ref: at(attic, "9", "13", ""), Name: "annotate", Typed: true, Revised: noon}, noon)),
				recorded(tx.PutCall(chat.Call{Ref: at(attic, "9", "14", ""), Name: "annotate"}, noon)),
				recorded(tx.PutCall(chat.Call{Ref: at(attic, "9", "15", ""), Name: "annotate", Typed: true}, noon)), tx.CloseCall(at(attic, "9", "15", "")),
				tx.PutReaction(likes("a:mirror", "q", shed, "👍")),
				tx.PutReaction(likes("a:edited", "p", shed, "👍")), tx.PutReaction(likes("a:edited", "q", shed, "👍")),
				tx.PutReaction(likes("a:edited", "q", attic, "👍")), tx.PutReaction(likes("p:passage-1", "q", shed, "👍")))
		})
		for _, c := range []struct {
			place chat.Place
			want  []chat.Standing
		}{
			{chat.Place{Room: shed}, []chat.Standing{{Ref: at(shed, "", "1", "bot")}, {Ref: at(shed, "", "11", "")}}},
			{chat.Place{Room: shed, Thread: "1"}, []chat.Standing{
				{Ref: at(shed, "1", "2", "bot")},
				{Ref: at(shed, "1", "3", ""), Revised: noon, Emoji: map[string]int{"👍": 2}},
				{Ref: at(shed, "1", "5", "hook"), Emoji: map[string]int{"👍": 1}},
				{Ref: at(shed, "1", "7", "bot"), Emoji: map[string]int{}},
				{Ref: at(shed, "1", "8", ""), Emoji: map[string]int{}},
				{Ref: at(shed, "1", "9", "hook"), Emoji: map[string]int{}},
			}},
			{chat.Place{Room: attic}, nil},
			{chat.Place{Room: attic, Thread: "9"}, []chat.Standing{
				{Ref: at(attic, "9", "10", ""), Revised: noon}, {Ref: at(attic, "9", "13", ""), Revised: noon},
			}},
			{chat.Place{Room: shed, Thread: "9"}, nil},
		} {
			found := got(t, db, func(tx *Tx) ([]chat.Standing, error) { return tx.Standing(c.place) })
			slices.SortFunc(found, func(a, b chat.Standing) int { return cmp.Compare(a.Ref.ID, b.Ref.ID) })
			same(t, c.place.Room.ID+" "+c.place.Thread, found, c.want)
		}
	})
}

func recorded(_ bool, err error) error { return err }
