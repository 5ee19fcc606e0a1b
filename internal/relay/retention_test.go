package relay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
)

// What is said is kept for ten days. After that it goes from the database and
// from the rooms in which the bot repeated it, and does not come back; what is
// younger stays, and so do threads and people's own messages.
func TestWhatIsTooOldGoes(t *testing.T) {
	const day = 24 * time.Hour
	onBoth(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		n.stop()
		n.keeps = 10 * day
		n.start()
		ada, eve := n.people["one"][0], n.people["two"][0]
		const many = 60
		var mine chat.Ref
		var old []string
		for i := range many {
			old = append(old, fmt.Sprintf("old words %d", i))
			mine = ada.Say(n.threads(hall)[1], old[i], chat.Ref{})
			time.Sleep(time.Second)
		}
		n.pass(5 * day)
		eve.Say(n.threads(club)[1], "younger words", n.mirror(club, old[many-1]))
		n.pass(5*day - time.Hour)
		n.said(yard, 1, append(slices.Clone(old), "younger words")...)

		// The bot is restarted while it is at it.
		n.pass(time.Hour + time.Second)
		n.stop()
		n.start()
		n.pass(time.Hour)
		n.said(hall, 1, append(slices.Clone(old), "younger words")...)
		n.said(yard, 1, "younger words")
		n.said(club, 1, "younger words")
		ada.Edit(mine, "old words, edited")
		n.pass(time.Hour)
		n.said(yard, 1, "younger words")
		for _, a := range n.annotations() {
			if strings.Contains(a.Body.Text, "old") || a.Deleted.IsZero() != (a.Body.Text == "younger words") || a.Gone() && a.Via != "" {
				t.Errorf("kept of what is too old: %+v", a)
			}
		}
		n.verified()

		// What is heard so late that it is too old is not taken up.
		n.nets["one"].SetDown(true)
		late := ada.Say(n.threads(hall)[1], "heard too late", chat.Ref{})
		n.pass(11 * day)
		n.nets["one"].SetDown(false)
		n.pass(day)
		n.said(yard, 1)
		n.said(club, 1, "younger words") // eve's own
		if said := n.annotations(); len(said) != many+1 || late.IsZero() {
			t.Errorf("%d annotations are recorded, not %d", len(said), many+1)
		}
		n.verified()
	})
}
