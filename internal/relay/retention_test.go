package relay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/test/require"
)

// What is said is kept for ten days. After that it goes from the database and
// from the rooms in which the bot repeated it, and does not come back; what is
// younger stays, and so do threads and people's own messages.
func TestWhatIsTooOldGoes(t *testing.T) {
	require.Long(t) // a month passes
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

// Much has become too old at once, on a network that takes little at a time: what
// people say meanwhile does not wait until it is gone.
func TestTalkGoesBeforeWhatIsTooOld(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		yard, club := n.rooms[1], n.rooms[2]
		eve := n.people["two"][0]
		for i := range 100 {
			eve.Say(n.threads(club)[1], fmt.Sprintf("old words %d", i), chat.Ref{})
		}
		n.pass(10 * 24 * time.Hour)
		n.stop()
		n.keeps = 5 * 24 * time.Hour
		n.nets["one"].Limit(0.2, 10)
		n.start()
		n.pass(time.Minute)
		eve.Say(n.threads(club)[1], "a new reply", chat.Ref{})
		began := time.Now()
		for !strings.Contains(strings.Join(n.nets["one"].Everything(yard), " "), "a new reply") {
			if n.pass(10 * time.Second); time.Since(began) > 2*time.Minute {
				t.Fatal("a new reply waits for what is too old")
			}
		}
		n.pass(time.Hour)
		n.said(yard, 1, "a new reply")
	})
}

// A network's clock that is ahead keeps nothing longer.
func TestADateFromTheFuture(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.stop()
		n.keeps = 5 * 24 * time.Hour
		n.start()
		them := n.people["one"][0].Person()
		n.tell(chat.Event{Kind: chat.Said, At: time.Now().AddDate(100, 0, 0), Message: chat.Message{
			Ref: chat.Ref{Place: n.threads(n.rooms[0])[1], ID: "future"}, From: them, Body: format.Text("from the future")}})
		if all := n.annotations(); len(all) != 1 || all[0].Created.After(time.Now()) {
			t.Errorf("recorded is %+v", all)
		}
		n.pass(6 * 24 * time.Hour)
		if all := n.annotations(); all[0].Deleted.IsZero() {
			t.Error("it is kept after six days of five")
		}
	})
}
