package relay_test

import (
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
)

// A remark that is made by a command from the room stands in the passage's thread
// in all rooms, that one, too; it is answered and reacted to like any other; who
// deletes the command takes it back everywhere.
func TestARemarkMadeByACommand(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		call := n.people["one"][0].Say(chat.Place{Room: hall}, `!essay annotate words="sentence 3 of paragraph 1" Is it so?`, chat.Ref{})
		n.pass(time.Minute)
		for _, room := range n.rooms {
			n.shows(room, "Is it so?")
		}
		n.people["two"][1].React(n.mirror(club, "Is it so?"), "👍")
		n.people["two"][1].Say(n.threads(club)[1], "It is.", n.mirror(club, "Is it so?"))
		n.pass(time.Minute)
		for _, room := range n.rooms {
			n.shows(room, "Is it so?", "It is.")
		}
		if got := n.net(hall).Reactions(n.mirror(hall, "Is it so?")); len(got) != 1 {
			t.Errorf("in the room of the call it has %q", got)
		}
		said := n.annotations()
		if len(said) != 2 || said[1].Target.Annotation != said[0].ID || !strings.EqualFold(said[0].Target.Selector.Exact, "sentence 3 of paragraph 1") {
			t.Fatalf("recorded are %+v", said)
		}
		n.verified()
		n.people["one"][0].Delete(call)
		n.pass(time.Minute)
		for _, room := range []chat.Room{hall, yard, club} {
			n.shows(room, "It is.")
		}
		if said := n.annotations(); !said[0].Gone() || !said[0].Body.Empty() {
			t.Errorf("it is kept: %+v", said[0])
		}
		n.verified()
	})
}

// What was made by a command is forgotten with its maker.
func TestARemarkMadeByACommandIsForgotten(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		n.people["one"][0].Say(chat.Place{Room: n.rooms[0]}, `!essay annotate words="sentence 3 of paragraph 1" Is it so?`, chat.Ref{})
		n.pass(time.Minute)
		n.forget("one", 0)
		n.pass(time.Minute)
		for _, room := range n.rooms {
			n.shows(room)
		}
		n.recorded("afterwards")
		n.verified()
	})
}
