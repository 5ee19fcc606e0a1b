package relay_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

const comesLate = "UTC on comes late"

// lateLines counts the lines in a thread that tell of what comes late, and fails
// if one does not stand behind something else.
func (n *town) lateLines(room chat.Room, seq int) (many int) {
	n.t.Helper()
	all := n.net(room).Read(n.threads(room)[seq])
	for i, m := range all {
		if !strings.Contains(m.Body.Text, comesLate) {
			continue
		}
		many++
		if i == 0 || strings.Contains(all[i-1].Body.Text, comesLate) {
			n.t.Errorf("in %s nothing stands above %q", room, m.Body.Text)
		}
	}
	return many
}

// What an outage of a network kept back is told of in one line of each thread that
// has some of it; the next outage in another.
func TestWhatANetworkMissedIsToldInOneLine(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.pass(3*time.Hour + time.Minute) // three passages stand
		hall, club := n.rooms[0], n.rooms[2]
		talk := func(outage time.Duration) {
			for range 4 {
				for seq := 1; seq <= 2; seq++ {
					n.people["one"][0].Say(n.threads(hall)[seq], "from the hall", chat.Ref{})
					n.people["two"][0].Say(n.threads(club)[seq], "from the club", chat.Ref{})
				}
				n.pass(outage / 4)
			}
		}
		for outages, long := range []time.Duration{20 * time.Minute, 24 * time.Hour, 8 * time.Hour} {
			n.nets["two"].SetDown(true)
			talk(long)
			n.nets["two"].SetDown(false)
			n.pass(time.Hour)
			n.quiet()
			for _, room := range n.rooms {
				for seq := 1; seq <= 3; seq++ {
					want := outages
					if seq == 3 {
						want = 0 // nobody spoke there
					}
					if got := n.lateLines(room, seq); got != want {
						t.Errorf("after %d outages and %s thread %d of %s has %d lines, want %d", outages, long, seq, room, got, want)
					}
				}
			}
		}
	})
}

// Each network is out of reach for a day in which people on both do much. All of
// it is made up for afterwards, and no thread has more than a line of each outage.
func TestADayOfOutage(t *testing.T) {
	if testing.Short() {
		t.Skip("a day of talk takes a while")
	}
	synctest.Test(t, func(t *testing.T) {
		n := newTown(t, filepath.Join(t.TempDir(), "town.db"), 10, netOne, netTwo)
		n.plan("0 * * * *")
		n.start()
		n.pass(11 * time.Hour) // all is posted
		dice, said, lines := rand.New(rand.NewPCG(24, 24)), []*remark{}, 0
		for i, down := range []string{"one", "two"} {
			n.all[down].SetDown(true)
			n.talk(dice, &said, map[string]int{"say": 2000, "edit": 200, "delete": 200, "react": 500}, 24*time.Hour, func(time.Duration) {})
			n.all[down].SetDown(false)
			n.pass(3 * time.Hour)
			for _, f := range n.check(said) {
				t.Errorf("after the outage of %s: %s", down, f)
			}
			for _, room := range n.rooms {
				for seq := 1; seq <= 10; seq++ {
					got := n.lateLines(room, seq)
					if lines += got; got > i+1 {
						t.Errorf("after %d outages thread %d of %s has %d lines", i+1, seq, room, got)
					}
				}
			}
			n.quiet()
		}
		if lines == 0 {
			t.Error("no thread has a line")
		}
		n.stop()
		n.verified()
		n.plantFaults(said)
		if err := n.db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What people said while the bot was not run is told of likewise, with when it was
// said; but not where they said it, and not what is posted anew.
func TestWhatTheBotMissedIsToldInOneLine(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall := n.rooms[0]
		early := n.people["one"][0].SayDoc(n.threads(hall)[1], mentioning(n.people["one"][1].Person(), "early"), chat.Ref{})
		n.pass(time.Minute)
		n.stop()
		for i := range 3 {
			n.people["one"][i].Say(n.threads(hall)[1], fmt.Sprintf("missed %d", i), chat.Ref{})
			n.pass(5 * time.Hour)
		}
		n.start()
		n.pass(time.Minute)
		n.shows(hall, "early", "missed 0", "missed 1", "missed 2")
		for _, room := range n.rooms[1:] {
			n.shows(room, "early", "missed 0", "1 January 2000, 01:02 UTC on comes late.", "missed 1", "missed 2")
		}
		n.update(func(tx *store.Tx) error {
			who, err := tx.PutPerson("one", n.people["one"][1].Person())
			if err != nil {
				return err
			}
			return relay.Forget(tx, who.ID, time.Now())
		})
		n.pass(24 * time.Hour)
		for _, room := range n.rooms[1:] {
			n.shows(room, "missed 0", "1 January 2000, 01:02 UTC on comes late.", "missed 2", "early")
		}
		n.people["one"][0].Edit(early, "early, and edited late")
		n.pass(time.Minute)
		n.shows(n.rooms[1], "missed 0", "1 January 2000, 01:02 UTC on comes late.", "missed 2", "early, and edited late")
		n.quiet()
	})
}

// A line that a network does not take is not tried again when it would stand below
// something else.
func TestALineThatIsRefusedIsLeftOut(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.stop()
		n.through = func(p *chattest.Platform) chat.Platform { return refusesLines{p} }
		n.start()
		n.nets["two"].SetDown(true)
		n.say(n.rooms[0], 0, "held back", chat.Ref{})
		n.pass(5 * time.Hour)
		n.nets["two"].SetDown(false)
		n.pass(time.Hour)
		n.say(n.rooms[0], 0, "in time", chat.Ref{})
		n.shows(n.rooms[2], "held back", "in time")
		n.quiet()
	})
}

// refusesLines is a platform that takes no line about what comes late.
type refusesLines struct{ *chattest.Platform }

func (p refusesLines) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	if strings.Contains(a.Message.Body.Text, comesLate) {
		return chat.Done{}, chat.ErrRefused
	}
	return p.Platform.Do(ctx, a)
}
