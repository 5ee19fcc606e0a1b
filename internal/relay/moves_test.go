package relay_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// closing is a network that also tells that a room was closed in favour of
// another. It is heard anew afterwards, as after any trouble.
type closing struct {
	*chattest.Platform
	moves <-chan chat.Event
}

func (c closing) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	ended := make(chan error, 1)
	go func() { ended <- c.Platform.Run(ctx, since, handle) }()
	select {
	case err := <-ended:
		return err
	case e := <-c.moves:
		end(errors.New("a room moved"))
		<-ended
		return handle(context.WithoutCancel(ctx), chat.Batch{Events: []chat.Event{e}})
	}
}

// closings starts the bot anew on networks of which the first tells of moves.
func (n *town) closings() chan<- chat.Event {
	n.stop()
	moves := make(chan chat.Event)
	n.through = func(p *chattest.Platform) chat.Platform {
		if p.Profile().Name == "one" {
			return closing{p, moves}
		}
		return closing{p, nil}
	}
	n.start()
	return moves
}

// The hall is closed in favour of the attic, which the bot is first let into
// after a restart. What was to be posted meanwhile is posted there, once; what
// is said about it goes on from there; and the hall's threads are closed.
func TestARoomThatIsReplacedIsFollowed(t *testing.T) {
	onBoth(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		attic := n.nets["one"].Room("attic")
		ada, eve := n.people["one"][0], n.people["two"][0]
		moves := n.closings()
		mine := ada.Say(n.threads(hall)[1], "said in the hall", chat.Ref{})
		n.pass(time.Minute)

		n.nets["one"].Forbid(hall, true)
		e := chat.Event{Kind: chat.Moved, Message: chat.Message{Ref: chat.Ref{Place: chat.Place{Room: hall}}}, At: time.Now(), To: attic, Why: "invite the bot"}
		moves <- e
		n.pass(time.Hour)
		if by := n.replaced(hall); by.To != attic || by.Why != "invite the bot" || by.Followed() {
			t.Errorf("before the bot is let in the hall is replaced by %+v", by)
		}
		if got := n.threads(attic); len(got) != 0 {
			t.Errorf("passages stand where the bot is not: %v", got)
		}
		n.stop()
		moves = n.closings()
		for range 2 { // networks repeat
			e.Why = ""
			moves <- e
			n.pass(time.Minute)
		}
		if hall, attic := n.threads(hall), n.threads(attic); len(hall) != 1 || len(attic) != 1 || attic[2] == (chat.Place{}) {
			t.Errorf("the hall has the threads %v, the attic %v; they should have 1 and 2", hall, attic)
		}

		eve.Say(n.threads(club)[1], "about the first, from afar", chat.Ref{})
		eve.Say(n.threads(club)[2], "about the second, from afar", chat.Ref{})
		ada.Say(n.threads(attic)[2], "about the second, in the attic", chat.Ref{})
		late := ada.Say(n.threads(hall)[1], "by one who still may", chat.Ref{})
		n.pass(time.Minute)
		n.said(hall, 1, "said in the hall", "by one who still may")
		n.said(yard, 1, "said in the hall", "about the first, from afar")
		for _, room := range []chat.Room{attic, yard, club} {
			n.said(room, 2, "about the second, from afar", "about the second, in the attic")
		}
		n.update(func(tx *store.Tx) error {
			if _, _, err := tx.CopyAt(hall, late.ID); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("what is said in the hall's threads now is recorded: %v", err)
			}
			return nil
		})

		n.nets["one"].Forbid(hall, false)
		ada.Delete(mine)
		n.closings()
		n.pass(time.Hour)
		n.said(yard, 1, "about the first, from afar")
		if got := n.threads(attic); len(got) != 2 || got[3] == (chat.Place{}) {
			t.Errorf("an hour later the attic has the threads %v; they should be 2 and 3", got)
		}
		n.update(func(tx *store.Tx) error {
			for _, room := range []chat.Room{hall, attic, yard, club} {
				if left, err := tx.Deliveries(room); len(left) > 0 || err != nil {
					t.Errorf("left for %s: %+v, %v", room, left, err)
				}
			}
			return nil
		})
		n.verified()
	})
}

func (n *town) replaced(room chat.Room) (by relay.Replacement) {
	n.t.Helper()
	n.update(func(tx *store.Tx) (err error) {
		by, err = relay.ReplacementOf(tx, room)
		return err
	})
	return by
}

// said fails unless exactly the given remarks stand in a passage's thread, in
// any order.
func (n *town) said(room chat.Room, seq int, want ...string) {
	n.t.Helper()
	var got []string
	for _, m := range n.net(room).Read(n.threads(room)[seq]) {
		_, words, named := strings.Cut(m.Body.Text, ":\n\n") // of who speaks, where the network does not say
		if !named {
			words = m.Body.Text
		}
		got = append(got, words)
	}
	slices.Sort(got)
	slices.Sort(want)
	if strings.Join(got, "|") != strings.Join(want, "|") {
		n.t.Errorf("under passage %d in %s stands %q, not %q", seq, room, got, want)
	}
}
