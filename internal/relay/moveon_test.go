package relay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

func movedTo(from, to chat.Room) chat.Event {
	return chat.Event{Kind: chat.Moved, Message: chat.Message{Ref: chat.Ref{Place: chat.Place{Room: from}}}, At: time.Now(), To: to}
}

// passages are the numbers of the passages that people see in a room, "2/6", in
// their order.
func (n *town) passages(r chat.Room) (all []string) {
	for _, m := range n.net(r).Read(chat.Place{Room: r}) {
		if at := strings.LastIndex(m.Body.Text, "The Story · "); at >= 0 {
			all = append(all, m.Body.Text[at+len("The Story · "):])
		}
	}
	return all
}

// nothingLeft fails if something waits for one of rooms, or was given up there.
func (n *town) nothingLeft(rooms ...chat.Room) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		for _, room := range rooms {
			if left, err := tx.Deliveries(room); len(left) > 0 || err != nil {
				n.t.Errorf("left for %s: %+v, %v", room, left, err)
			}
		}
		return nil
	})
}

// A room is closed between two messages of a passage: all of the passage is said
// in the other.
func TestHalfAPassageInAClosedRoomIsSaidAgainInTheOther(t *testing.T) {
	one := netOne
	one.Limit = 400
	dawn(t, one, netTwo, func(t *testing.T, n *town) {
		hall, attic := n.rooms[0], n.nets["one"].Room("attic")
		moves := n.closings()
		n.pass(30 * time.Minute)
		n.nets["one"].Pace(hall, 20*time.Second)
		n.pass(30*time.Minute + 25*time.Second)
		n.nets["one"].Forbid(hall, true)
		moves <- movedTo(hall, attic)
		n.pass(20 * time.Minute)
		count := func(r chat.Room) (sentences int) {
			all := strings.Join(n.nets["one"].Everything(r), " ")
			for j := range 18 {
				sentences += min(1, strings.Count(all, fmt.Sprintf("Sentence %d of paragraph 1 ", j+1)))
			}
			return sentences
		}
		if hall, attic := count(hall), count(attic); hall == 0 || hall == 18 || attic != 18 {
			t.Errorf("of 18 sentences the hall has %d, the attic %d", hall, attic)
		}
		n.nothingLeft(hall, attic)
	})
}

// A post's answer is lost, and then its room is closed: what came of it cannot
// be looked for. It is said in the other room, and what comes after it too.
func TestAPostInFlightMovesOnFromAClosedRoom(t *testing.T) {
	storyOn(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, attic := n.rooms[0], n.nets["one"].Room("attic")
		moves := n.closings()
		n.pass(30 * time.Minute)
		n.nets["one"].Pace(hall, 20*time.Second)
		n.pass(28*time.Minute + 55*time.Second)
		n.nets["one"].FailOn(chat.Post, errors.New("gateway timeout")) // open: nobody knows
		n.pass(5 * time.Minute)
		n.nets["one"].FailOn(chat.Post, nil)
		n.nets["one"].Forbid(hall, true)
		moves <- movedTo(hall, attic)
		n.pass(5 * time.Minute)
		if got := strings.Join(n.passages(attic), " "); got != "2/6" {
			t.Errorf("the attic shows %q", got)
		}
		n.pass(5 * 24 * time.Hour)
		if got := strings.Join(n.passages(attic), " "); got != "2/6 3/6 4/6 5/6 6/6" {
			t.Errorf("days later the attic shows %q", got)
		}
		n.nothingLeft(hall, attic)
	})
}

// finding is a network on which what an earlier try made in a closed room is
// found, and may not be taken back.
type finding struct {
	closing
	closed *atomic.Bool
	made   func() chat.Ref
}

func (f finding) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	if f.closed.Load() && a.Again && a.Verb == chat.Delete {
		return chat.Done{Ref: f.made()}, chat.ErrForbidden
	}
	return f.Platform.Do(ctx, a)
}

// As before, but the post went through, which can still be seen: it stands, and
// is not said again.
func TestAPostThatIsFoundInAClosedRoomStands(t *testing.T) {
	one := netOne
	one.NoEcho = true
	storyOn(t, one, netTwo, func(t *testing.T, n *town) {
		hall, attic := n.rooms[0], n.nets["one"].Room("attic")
		var closed atomic.Bool
		made := func() chat.Ref {
			all := n.nets["one"].Read(chat.Place{Room: hall})
			return all[len(all)-1].Ref
		}
		n.stop()
		moves := make(chan chat.Event)
		n.through = func(p *chattest.Platform) chat.Platform {
			if p.Profile().Name != "one" {
				return closing{p, nil}
			}
			return finding{closing{p, moves}, &closed, made}
		}
		n.start()
		n.pass(58 * time.Minute)
		n.nets["one"].Lose(2) // the hall's and the yard's
		n.pass(time.Minute + time.Second)
		closed.Store(true)
		n.nets["one"].Forbid(hall, true)
		moves <- movedTo(hall, attic)
		n.pass(2 * time.Hour)
		if hall, attic := strings.Join(n.passages(hall), " "), strings.Join(n.passages(attic), " "); hall != "1/6 2/6" || attic != "3/6 4/6" {
			t.Errorf("the hall shows %q, the attic %q", hall, attic)
		}
		n.nothingLeft(hall, attic)
	})
}

// The bot went on twice, and is started anew: what it said in the room in the
// middle can still be taken back.
func TestTheRoomInTheMiddleIsAttended(t *testing.T) {
	storyOn(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		attic, roof := n.nets["one"].Room("attic"), n.nets["one"].Room("roof")
		moves := n.closings()
		moves <- movedTo(hall, attic)
		n.pass(time.Hour)
		eve := n.people["two"][0]
		mine := eve.Say(n.threads(club)[2], "to be forgotten", chat.Ref{})
		n.pass(time.Minute)
		n.said(attic, 2, "to be forgotten")
		moves <- movedTo(attic, roof)
		n.pass(time.Minute)
		n.closings()
		n.pass(time.Minute)
		eve.Delete(mine)
		n.pass(time.Minute)
		n.said(attic, 2)
		n.nothingLeft(hall, attic, roof)
	})
}

// The closed room refused what was posted there for hours, so that it is asked
// seldom. When the bot goes on, all that waited is said at once, in its order.
func TestWhatWaitedForAClosedRoomKeepsItsOrder(t *testing.T) {
	storyOn(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, attic := n.rooms[0], n.nets["one"].Room("attic")
		moves := n.closings()
		n.nets["one"].Forbid(hall, true)
		n.pass(2*time.Hour + 50*time.Minute) // passages 2 and 3 are refused
		moves <- movedTo(hall, attic)
		n.pass(time.Minute)
		if got := n.passages(attic); !slices.Equal(got, []string{"2/6", "3/6"}) {
			t.Errorf("a minute after the move the attic shows %q", got)
		}
		n.pass(3 * time.Hour)
		if got := n.passages(attic); !slices.Equal(got, []string{"2/6", "3/6", "4/6", "5/6", "6/6"}) {
			t.Errorf("hours later the attic shows %q", got)
		}
		n.nothingLeft(hall, attic)
	})
}

// The bot is let into the other room when its patience with the closed one has
// long been at its end: what it had given up is said there.
func TestWhatWasGivenUpInAClosedRoomMovesOn(t *testing.T) {
	storyOn(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, attic := n.rooms[0], n.nets["one"].Room("attic")
		moves := n.closings()
		n.nets["one"].Forbid(hall, true)
		e := movedTo(hall, attic)
		e.Why = "invite the bot"
		moves <- e
		said := n.people["two"][0].Say(n.threads(n.rooms[2])[1], "not for the hall any more", chat.Ref{})
		n.pass(30 * 24 * time.Hour)
		n.update(func(tx *store.Tx) error {
			if dead, err := tx.Dead(hall); len(dead) < 6 || err != nil {
				t.Errorf("after a month %d are given up: %v", len(dead), err)
			}
			return nil
		})
		if got := n.nets["two"].Reactions(said); len(got) != 1 {
			t.Errorf("who said what did not come to the hall is told %q", got)
		}
		moves = n.closings()
		moves <- movedTo(hall, attic)
		n.pass(time.Minute)
		if got := strings.Join(n.passages(attic), " "); got != "2/6 3/6 4/6 5/6 6/6" {
			t.Errorf("the attic shows %q", got)
		}
		if got := n.nets["two"].Reactions(said); len(got) != 0 {
			t.Errorf("of a thread that is closed they are still told %q", got)
		}
		n.nothingLeft(hall, attic)
	})
}

// Rooms that lead round in a circle, by hand or by lies, lead nowhere: the bot
// stays in each, and what is due is posted.
func TestACircleOfRoomsLeadsNowhere(t *testing.T) {
	storyOn(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, attic, roof := n.rooms[0], n.nets["one"].Room("attic"), n.nets["one"].Room("roof")
		n.stop()
		n.update(func(tx *store.Tx) error {
			for from, to := range map[chat.Room]chat.Room{hall: attic, attic: roof, roof: hall} {
				value := fmt.Sprintf(`{"to": {"platform": %q, "id": %q}}`, to.Platform, to.ID)
				if err := tx.PutSetting("replaced:"+from.String(), value); err != nil {
					return err
				}
				if by, err := relay.ReplacementOf(tx, from); by.To != to || err != nil {
					t.Fatalf("%s is replaced by %+v: %v", from, by, err)
				}
			}
			return nil
		})
		n.start()
		n.pass(time.Hour)
		if got := strings.Join(n.passages(hall), " "); got != "1/6 2/6" {
			t.Errorf("the hall shows %q", got)
		}
		n.nothingLeft(hall, attic, roof)
	})
}

// A room that was left does not become the one that its successor leads to.
func TestNoRoomLeadsBack(t *testing.T) {
	storyOn(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, attic := n.rooms[0], n.nets["one"].Room("attic")
		moves := n.closings()
		moves <- movedTo(hall, attic)
		n.pass(time.Minute)
		moves <- movedTo(attic, hall)
		n.pass(2 * time.Hour)
		if by := n.replaced(attic); by.Followed() {
			t.Errorf("the attic is replaced by %+v", by)
		}
		if hall, attic := strings.Join(n.passages(hall), " "), strings.Join(n.passages(attic), " "); hall != "1/6" || attic != "2/6 3/6" {
			t.Errorf("the hall shows %q, the attic %q", hall, attic)
		}
	})
}

// The hall is closed in favour of the wrong room, and then of another: the bot
// goes on there, with what it had not said yet. An earlier word, one from the
// future and a room that the bot is not let into change nothing.
func TestALaterWordOnWhereARoomWentCounts(t *testing.T) {
	storyOn(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		wrong, roof, trap := n.nets["one"].Room("wrong"), n.nets["one"].Room("roof"), n.nets["one"].Room("trap")
		moves := n.closings()
		e := movedTo(hall, wrong)
		e.At = e.At.AddDate(100, 0, 0)
		moves <- e
		n.pass(time.Hour) // passage 2
		eve := n.people["two"][0]
		mine := eve.Say(n.threads(club)[2], "to be forgotten", chat.Ref{})
		n.pass(time.Minute)
		n.said(wrong, 2, "to be forgotten")
		n.nets["one"].Forbid(wrong, true)
		n.pass(time.Hour) // passage 3
		n.nets["one"].Forbid(wrong, false)
		moves <- movedTo(hall, roof)
		n.pass(time.Minute)
		late, kept := movedTo(hall, trap), movedTo(hall, trap)
		late.At, kept.Why = late.At.Add(-time.Hour), "it does not say that it replaces this room"
		moves <- late
		moves <- kept
		n.pass(time.Hour)
		if wrong, roof, trap := n.passages(wrong), n.passages(roof), n.passages(trap); !slices.Equal(wrong, []string{"2/6"}) ||
			!slices.Equal(roof, []string{"3/6", "4/6"}) || len(trap) > 0 {
			t.Errorf("the wrong room shows %q, the roof %q, the trap %q", wrong, roof, trap)
		}
		n.closings()
		eve.Delete(mine)
		n.pass(time.Minute)
		n.said(wrong, 2)
		n.nothingLeft(hall, wrong, roof, trap)
	})
}

// The operator has the bot stay in a room that it left: it comes back, with what
// it had not said yet. When it may follow again, it does.
func TestTheBotStaysWhereItIsToldTo(t *testing.T) {
	storyOn(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, attic := n.rooms[0], n.nets["one"].Room("attic")
		moves := n.closings()
		moves <- movedTo(hall, attic)
		n.nets["one"].Forbid(attic, true)
		n.pass(time.Hour)
		n.stop()
		n.update(func(tx *store.Tx) error {
			for range 2 {
				if err := relay.Stay(tx, hall, n.rooms, time.Now()); err != nil {
					return err
				}
			}
			return n.replan(tx)
		})
		moves = n.closings()
		n.pass(time.Hour)
		if hall, attic := n.passages(hall), n.passages(attic); !slices.Equal(hall, []string{"1/6", "2/6", "3/6"}) || len(attic) > 0 {
			t.Errorf("the hall shows %q, the attic %q", hall, attic)
		}
		n.nothingLeft(hall, attic)
		n.nets["one"].Forbid(attic, false)
		moves <- movedTo(hall, attic)
		n.pass(time.Hour)
		if attic := n.passages(attic); !slices.Equal(attic, []string{"4/6"}) {
			t.Errorf("the attic shows %q", attic)
		}
	})
}

// replan has the plan post where its rooms went, as at a start.
func (n *town) replan(tx *store.Tx) error {
	p, err := tx.Plan("drip")
	if err != nil {
		return err
	}
	if p.Rooms, err = relay.Successors(tx, n.rooms); err != nil {
		return err
	}
	return tx.PutPlan(p)
}
