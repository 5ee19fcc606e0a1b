package relay_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// waits has the plan wait for readers.
func (n *town) waits(passages int) {
	n.update(func(tx *store.Tx) error {
		p, err := tx.Plan("drip")
		p.Wait = passages
		return errors.Join(err, tx.PutPlan(p))
	})
}

// shown fails unless each room shows so many posts of passages.
func (n *town) shown(want int) {
	n.t.Helper()
	for _, room := range n.rooms {
		got := 0
		for _, s := range n.stands(room) {
			if strings.HasPrefix(s, "paragraph") {
				got++
			}
		}
		if got != want {
			n.t.Errorf("at %s %s shows %d posts, not %d", time.Now().Format(time.TimeOnly), room, got, want)
		}
	}
}

// The story "nobody reads": a plan that waits for readers posts two passages, and
// none of the next hours. It says so, also after a restart. Whoever replies in one
// of the rooms, or reacts to a comment in the thread of a passage, has the next one
// come at once, and one only; and so does a moderator who asks for more.
func TestAPlanWaitsForReaders(t *testing.T) {
	text := discussed(9, comment{"Ada", 2, "Two."}, comment{"Bo", 2, "Two again."})
	quotingTown(t, text, func(t *testing.T, n *town) {
		n.moderators()
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		n.waits(2)
		n.pass(time.Hour)
		n.shown(1)
		if got := n.tells(hall, "status"); strings.Contains(got, "replies") {
			t.Errorf("while it goes on, it says %q", got)
		}
		n.pass(time.Hour)
		n.shown(2)
		if got := n.tells(hall, "status"); !strings.HasSuffix(got, ", or later, as soon as somebody replies or reacts under the last 2 passages.") {
			t.Errorf("before it is held, it says %q", got)
		}
		n.pass(4 * time.Hour)
		n.shown(2)
		n.moderators() // the bot is started anew
		n.pass(4 * time.Hour)
		n.shown(2)
		if got := n.tells(hall, "status"); !strings.HasSuffix(got, "; held: it goes on as soon as somebody replies or reacts under the last 2 passages.") {
			t.Errorf("while it is held, it says %q", got)
		}
		if got := n.tells(hall, "schedule"); !strings.HasSuffix(got, "; held: it goes on as soon as somebody replies or reacts under the last 2 passages.") {
			t.Errorf("of its times it says %q", got)
		}
		if told := n.rehearsed(90 * time.Minute); len(told) != 2*len(n.rooms) || told[0].Passage.Seq != 5 {
			t.Errorf("rehearsed is %+v", told)
		}

		n.people["one"][0].Say(n.threads(yard)[1], "I read this.", chat.Ref{})
		n.pass(2 * time.Minute)
		n.shown(3)
		n.pass(3 * time.Hour) // nobody answered the second and the third
		n.shown(3)

		two := n.net(club).Read(n.threads(club)[2])
		n.people["two"][1].React(two[len(two)-1].Ref, "👍") // to a comment that stands there
		n.pass(2 * time.Minute)
		n.shown(4)
		n.pass(3 * time.Hour)
		n.shown(4)

		if got := n.tells(hall, "next"); !strings.Contains(got, "on its way") {
			t.Errorf("to next is answered %q", got)
		}
		n.pass(time.Minute)
		n.shown(5) // the one that was held, and no more
		n.pass(3 * time.Hour)
		n.shown(6)
		n.verified()
	})
}
