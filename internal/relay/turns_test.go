package relay

import (
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// Who is served leaves and comes back does not have two turns in a round, be it
// with something more urgent; in a round the most urgent goes first.
func TestTurns(t *testing.T) {
	hall, yard, attic := chat.Room{Platform: "one", ID: "hall"}, chat.Room{Platform: "one", ID: "yard"}, chat.Room{Platform: "one", ID: "attic"}
	turns := newTurns(func(chat.Room) chan struct{} { return nil })
	asks := func(room chat.Room, class uint8, want bool) {
		t.Helper()
		if got := turns.ask(room, class, false); got != want {
			t.Errorf("%s has its turn: %v, want %v", room, got, want)
		}
	}
	asks(hall, store.ClassReply, true)
	if turns.limits("one") {
		t.Error("rooms wait although nobody was refused")
	}
	turns.done(hall, true, true)
	if !turns.limits("one") || turns.limits("two") {
		t.Error("not the rooms of the account that was refused wait")
	}
	asks(yard, store.ClassReaction, true)
	asks(hall, store.ClassReply, false) // one at a time
	asks(attic, store.ClassPost, false)
	turns.done(yard, false, true)
	asks(yard, store.ClassPost, false) // not twice in a round
	asks(hall, store.ClassReply, false)
	asks(attic, store.ClassPost, true) // it is urgent
	turns.done(attic, true, true)      // refused: it keeps its place
	asks(attic, store.ClassPost, true)
	turns.done(attic, false, true)
	turns.leave(attic)
	asks(attic, store.ClassPost, false) // though it left and came back
	asks(hall, store.ClassEdit, true)
	turns.done(hall, false, true)
	asks(hall, store.ClassEdit, false)
	asks(yard, store.ClassPost, true) // a new round: it came before the attic
	turns.leave(yard)                 // and has nothing to say after all
	asks(hall, store.ClassEdit, false)
	asks(attic, store.ClassPost, true)
	turns.leave(attic)
	turns.leave(hall)
	if turns.limits("one") {
		t.Error("rooms wait although nothing is left to say")
	}
}
