package relay_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/relay"
	"marginalia/internal/store"
	"marginalia/test/require"
)

const (
	comesLate = "UTC on comes late"
	at0102    = "1 January 2000, 01:02 UTC on comes late."
)

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
		for outages, long := range []time.Duration{20 * time.Minute, 24 * time.Hour, 30 * time.Hour} {
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
	require.Long(t)
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
			n.shows(room, "early", "missed 0", at0102, "missed 1", "missed 2")
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
			n.shows(room, "missed 0", at0102, "missed 2", "early")
		}
		n.people["one"][0].Edit(early, "early, and edited late")
		n.pass(time.Minute)
		n.shows(n.rooms[1], "missed 0", at0102, "missed 2", "early, and edited late")
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

// lines are the lines in a place.
func (n *town) lines(p chat.Place) (many int) {
	for _, m := range n.net(p.Room).Read(p) {
		if strings.Contains(m.Body.Text, comesLate) {
			many++
		}
	}
	return many
}

// missed has the bot miss what is said in the hall.
func (n *town) missed(words string) chat.Ref {
	n.pass(time.Minute)
	n.stop()
	ref := n.people["one"][0].Say(n.threads(n.rooms[0])[1], words, chat.Ref{})
	n.pass(5 * time.Hour)
	return ref
}

// unanswered waits until a remark stands in a room whose answers are slow, be it
// before or behind what else is due there.
func (n *town) unanswered(room chat.Room, words string) chat.Ref {
	n.t.Helper()
	for range 300 {
		n.pass(time.Second)
		for _, m := range n.net(room).Read(n.threads(room)[1]) {
			if strings.HasSuffix(m.Body.Text, words) {
				return m.Ref
			}
		}
	}
	n.t.Fatalf("%q does not come to stand in %s", words, room)
	return chat.Ref{}
}

// A moderator removes the mirror before its answer comes.
func TestALineOfWhatWasRemovedMeanwhile(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club := n.rooms[2]
		n.missed("missed")
		n.nets["two"].SlowAnswers(40 * time.Second)
		n.start()
		n.people["two"][1].Delete(n.unanswered(club, "missed"))
		n.pass(10 * time.Minute)
		if got := n.lines(chat.Place{Room: club}); got != 0 {
			t.Errorf("%d lines stand in the main timeline", got)
		}
		n.shows(club)
	})
}

// The writer takes it back before its answer comes.
func TestALineOfWhatWasTakenBackInFlight(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club := n.rooms[2]
		ref := n.missed("missed")
		n.nets["two"].SlowAnswers(40 * time.Second)
		n.start()
		n.unanswered(club, "missed")
		n.people["one"][0].Delete(ref)
		n.pass(10 * time.Minute)
		n.shows(club)
	})
}

// After the bot was away the network says once that it asks too often.
func TestALineAfterARefusalThatPasses(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club := n.rooms[2]
		n.missed("missed")
		n.through = func(p *chattest.Platform) chat.Platform { return slowAt{p, "missed", new(atomic.Bool)} }
		n.start()
		n.pass(10 * time.Minute)
		n.shows(club, "missed", at0102)
	})
}

// slowAt says once that it is asked too often, when it is to post some words.
type slowAt struct {
	*chattest.Platform
	words string
	done  *atomic.Bool
}

func (p slowAt) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	if a.Verb == chat.Post && strings.Contains(a.Message.Body.Text, p.words) && !p.done.Swap(true) {
		return chat.Done{}, chat.RetryAfter{Wait: 2 * time.Second, Scope: chat.AccountScope}
	}
	return p.Platform.Do(ctx, a)
}

// A long remark, between whose messages the network says that it is asked too often.
func TestALineStandsBehindAllOfARemark(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club := n.rooms[2]
		n.stop()
		n.through = func(p *chattest.Platform) chat.Platform { return slowAt{p, "the end", new(atomic.Bool)} }
		n.start()
		n.nets["two"].SetDown(true)
		n.say(n.rooms[0], 0, strings.TrimSpace(strings.Repeat("many words ", 250))+" the end", chat.Ref{})
		n.pass(5 * time.Hour)
		n.nets["two"].SetDown(false)
		n.pass(time.Hour)
		var got []string
		for _, m := range n.net(club).Read(n.threads(club)[1]) {
			got = append(got, m.Body.Text[max(0, len(m.Body.Text)-12):])
		}
		if strings.Join(got, "|") != "y words many|rds the end|comes late." && !strings.HasSuffix(got[len(got)-1], "comes late.") {
			t.Errorf("the club shows, by how they end, %q", got)
		}
	})
}

// A choice is edited into words hours later, while the bot runs all along.
func TestAChoiceEditedHoursLaterIsNotLate(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club, me := n.rooms[2], n.people["two"][0]
		n.quote(club, 0, sevens, "is it so?")
		choice := n.say(club, 0, "2", n.asks(club, 1).Ref)
		n.pass(3 * time.Hour)
		me.Edit(choice, "2, and why?")
		n.pass(time.Minute)
		n.shows(n.rooms[0], "is it so?", "2, and why?")
	})
}

// A room to which the passage comes two days after the others.
func TestARoomThatIsFilledInIsNotLate(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.say(n.rooms[0], 0, "old", chat.Ref{})
		n.pass(48 * time.Hour)
		n.shows(n.late(), "old")
	})
}

// A member whose server's clock is two hours behind speaks now and then.
func TestAClockThatIsBehind(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall := n.rooms[0]
		me := n.people["one"][0].Person()
		for i := range 4 {
			n.tell(chat.Event{Kind: chat.Said, By: me, At: time.Now().Add(-2 * time.Hour), Message: chat.Message{
				Ref: chat.Ref{Place: n.threads(hall)[1], ID: fmt.Sprintf("behind-%d", i)}, From: me, Body: mentioning(me, "so")}})
			n.pass(3 * time.Hour)
		}
		if got := n.lines(n.threads(n.rooms[2])[1]); got > 1 {
			t.Errorf("the club has %d lines, and nothing was late", got)
		}
	})
}

// One outage, whose backlog takes hours on a slow network.
func TestALineOfALongBacklog(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.pass(2*time.Hour + time.Minute)
		hall, club := n.rooms[0], n.rooms[2]
		n.nets["two"].SetDown(true)
		say := func(seq int, words string) { n.people["one"][0].Say(n.threads(hall)[seq], words, chat.Ref{}) }
		say(1, "in the outage")
		n.pass(time.Minute)
		for i := range 400 {
			say(2, fmt.Sprint("backlog ", i))
		}
		n.pass(5 * time.Hour)
		n.nets["two"].Pace(club, 20*time.Second)
		n.nets["two"].SetDown(false)
		n.pass(10 * time.Minute)
		say(1, "after it")
		n.pass(6 * time.Hour)
		if got := n.lines(n.threads(club)[1]); got != 1 {
			t.Errorf("the first thread has %d lines", got)
		}
	})
}

// A line that was lost is put right by verify: at the end of the thread.
func TestVerifySaysNoLineAnew(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club := n.rooms[2]
		n.missed("missed")
		n.start()
		n.pass(time.Minute)
		n.say(n.rooms[0], 1, "in time", chat.Ref{})
		n.shows(club, "missed", at0102, "in time")
		h := &hand{n: n}
		h.do(club, chat.Action{Verb: chat.Delete, On: n.mirror(club, at0102)})
		n.pass(time.Minute)
		n.mend(n.verify())
		n.shows(club, "missed", "in time")
	})
}

// A remark that never came to a room is hidden, and restored when all is well.
func TestRestoredIsNotLate(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club := n.rooms[2]
		n.nets["two"].SetDown(true)
		n.say(n.rooms[0], 0, "hidden", chat.Ref{})
		id := n.annotations()[0].ID
		n.update(func(tx *store.Tx) error { return relay.Hide(tx, id, time.Now()) })
		n.pass(time.Minute)
		n.nets["two"].SetDown(false)
		n.pass(24 * time.Hour)
		n.update(func(tx *store.Tx) error { return relay.Restore(tx, id, time.Now()) })
		n.pass(time.Minute)
		n.shows(club, "hidden")
		n.shows(n.rooms[1], "hidden")
	})
}

// An edit that names somebody is in flight, its answer lost, when another edit
// names them no more and they are forgotten.
func TestNamedInAnEditInFlight(t *testing.T) {
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprint(lost), func(t *testing.T) {
			story(t, func(t *testing.T, n *town) {
				hall, yard, them := n.rooms[0], n.rooms[1], n.people["one"][1].Person()
				n.say(hall, 0, "v1", chat.Ref{})
				mine := n.people["one"][0].SayDoc(n.threads(hall)[1], mentioning(them, "v2"), chat.Ref{})
				if lost {
					n.nets["one"].Lose(1)
				}
				n.pass(5 * time.Second)
				n.people["one"][0].Edit(mine, "v3")
				n.pass(5 * time.Second)
				n.forget("one", 1)
				n.pass(10 * time.Minute)
				for _, m := range n.net(yard).Everything(yard) {
					if strings.Contains(m, "v2") {
						t.Errorf("the yard holds %q", m)
					}
				}
				n.mirror(yard, "v3")
				n.quiet()
			})
		})
	}
}

// A post of the backlog is refused for good; hours later its writer has it tried again.
func TestADeadLetterRetriedIsNotLate(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club := n.rooms[2]
		n.nets["two"].FailOn(chat.Post, chat.ErrRefused)
		n.say(n.rooms[0], 0, "refused", chat.Ref{})
		n.nets["two"].FailOn(chat.Post, nil)
		n.pass(5 * time.Hour)
		n.update(func(tx *store.Tx) error {
			dead, err := tx.Dead(club)
			if err != nil {
				return err
			}
			return relay.Revive(tx, dead, time.Now())
		})
		n.pass(5 * time.Minute)
		n.shows(club, "refused")
	})
}

// A remark comes late to a room of which the thread moved on: two passages' remarks
// in one main timeline are no matter here; the line is refused by a gone thread.
func TestTheThreadIsGoneBeforeItsLine(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club := n.rooms[2]
		n.stop()
		n.through = func(p *chattest.Platform) chat.Platform { return goneLines{p} }
		n.start()
		n.nets["two"].SetDown(true)
		n.say(n.rooms[0], 0, "held back", chat.Ref{})
		n.pass(5 * time.Hour)
		n.nets["two"].SetDown(false)
		n.pass(2 * time.Hour)
		n.say(n.rooms[0], 1, "in time", chat.Ref{})
		n.shows(club, "held back", "in time")
		n.quiet()
	})
}

type goneLines struct{ *chattest.Platform }

func (p goneLines) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	if strings.Contains(a.Message.Body.Text, comesLate) {
		return chat.Done{}, chat.ErrGone
	}
	return p.Platform.Do(ctx, a)
}

// A late remark whose answer is lost has its line all the same.
func TestALineThoughTheAnswerIsLost(t *testing.T) {
	for name, fault := range map[string]func(n *town){
		"lost":    func(n *town) { n.nets["two"].Lose(1) },
		"late":    func(n *town) { n.nets["two"].Late(1, 3*time.Second) },
		"delayed": func(n *town) { n.nets["two"].SlowAnswers(3 * time.Second) },
		"restart": func(n *town) { n.nets["two"].Lose(1) },
	} {
		t.Run(name, func(t *testing.T) {
			dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
				hall, club := n.rooms[0], n.rooms[2]
				n.pass(65 * time.Minute)
				n.nets["two"].SetDown(true)
				n.people["one"][0].Say(n.threads(hall)[1], "from the hall", chat.Ref{})
				n.pass(3 * time.Hour)
				fault(n)
				if name == "restart" {
					n.stop()
					n.nets["two"].SetDown(false)
					n.start()
					n.pass(2 * time.Second)
					n.stop()
					n.start()
				} else {
					n.nets["two"].SetDown(false)
				}
				n.pass(time.Hour)
				if got := n.lateLines(club, 1); got != 1 {
					t.Errorf("%d lines in %q", got, texts(n.nets["two"].Read(n.threads(club)[1])))
				}
			})
		})
	}
}
