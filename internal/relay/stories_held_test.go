package relay_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/test/require"
)

// Nine rooms show one text, and in one of them people talk. Whatever keeps
// another of them, the p99 of the latencies to the rest stays what it is, and
// the room that was kept has everything in the end.
func TestAHeldRoomHoldsUpNoOther(t *testing.T) {
	free := heldRoom(t, nil, func(*chattest.Network, chat.Room, bool) {})
	for name, keep := range map[string]func(*chattest.Network, chat.Room, bool){
		"left alone for minutes": func(net *chattest.Network, r chat.Room, on bool) {
			net.Hold(r, map[bool]time.Duration{true: 3 * time.Minute}[on])
		},
		"each request takes minutes": func(net *chattest.Network, r chat.Room, on bool) {
			net.Pace(r, map[bool]time.Duration{true: 4 * time.Minute, false: hallPace}[on])
		},
		"closed": func(net *chattest.Network, r chat.Room, on bool) { net.Forbid(r, on) },
	} {
		if testing.Short() && name != "each request takes minutes" { // under the race detector one of them is long enough
			continue
		}
		if ratio := float64(heldRoom(t, nil, keep)) / float64(free); ratio > 1.1 {
			t.Errorf("with a room that is %s the p99 of the others is %.2f times as long", name, ratio)
		} else {
			t.Logf("%s: p99 of the others %.3f times as long as without", name, ratio)
		}
	}
}

// A bot with one lane for all rooms is found out.
func TestAHeldRoomThatHoldsUpOthersIsFound(t *testing.T) {
	require.Long(t)
	one := func() func(*chattest.Platform) chat.Platform {
		turn := make(chan struct{}, 1)
		return func(p *chattest.Platform) chat.Platform { return oneLane{p, turn} }
	}
	free := heldRoom(t, one, func(*chattest.Network, chat.Room, bool) {})
	slow := heldRoom(t, one, func(net *chattest.Network, r chat.Room, on bool) {
		net.Pace(r, map[bool]time.Duration{true: time.Second, false: hallPace}[on])
	})
	if float64(slow)/float64(free) <= 1.1 {
		t.Errorf("the p99 of the others is %s, and was %s", slow, free)
	}
}

// oneLane does one thing after another, in whatever room.
type oneLane struct {
	*chattest.Platform
	turn chan struct{}
}

func (o oneLane) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	o.turn <- struct{}{}
	defer func() { <-o.turn }()
	return o.Platform.Do(ctx, a)
}

const hallPace = 40 * time.Millisecond // of a request

// heldRoom lets people talk while keep keeps the first room, and returns the
// p99 of how long their words take to the others.
func heldRoom(t *testing.T, through func() func(*chattest.Platform) chat.Platform, keep func(net *chattest.Network, r chat.Room, on bool)) (p99 time.Duration) {
	t.Helper()
	dsn := filepath.Join(t.TempDir(), "held.db")
	synctest.Test(t, func(t *testing.T) {
		one, two := chattest.New(netOne), chattest.New(netTwo)
		rooms := []chat.Room{two.Room("club")}
		for i := range 8 {
			rooms = append(rooms, one.Room(fmt.Sprint("hall", i)))
			one.Pace(rooms[i+1], hallPace)
		}
		n := settleTown(t, dsn, 1, map[string]network{"one": inMemory{one}, "two": inMemory{two}}, rooms...)
		if through != nil {
			n.through = through()
		}
		n.plan("0 * * * *")
		n.start()
		n.pass(time.Hour + time.Minute)
		keep(one, rooms[1], true)
		said, dice := map[string]time.Time{}, rand.New(rand.NewPCG(8, 1))
		for i := range 80 {
			token := fmt.Sprintf("tk%04d", i)
			said[token] = time.Now()
			n.people["two"][i%4].Say(n.threads(rooms[0])[1], token+" is said.", chat.Ref{})
			time.Sleep(time.Duration(dice.IntN(600)) * time.Millisecond)
		}
		n.pass(time.Hour)
		p99 = n.p99(one, said, rooms[2:])
		keep(one, rooms[1], false)
		n.pass(2 * time.Hour)
		n.p99(one, said, rooms[1:2]) // all of it is there
		n.stop()
		one.Check(t)
		if err := n.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return p99
}

// p99 is of how long what was said took to rooms, in each of which it must
// stand once and in its order.
func (n *town) p99(net *chattest.Network, said map[string]time.Time, rooms []chat.Room) time.Duration {
	n.t.Helper()
	var took []time.Duration
	for _, room := range rooms {
		var order []string
		for e, err := range net.Open("reader").History(n.t.Context(), n.threads(room)[1], "") {
			if err != nil {
				n.t.Fatal(err)
			}
			if token := tokenIn(e.Message.Body.Text); token != "" {
				order = append(order, token)
				took = append(took, e.At.Sub(said[token]))
			}
		}
		if !slices.IsSorted(order) || len(order) != len(said) {
			n.t.Errorf("%s shows %d of %d, in this order: %v", room, len(order), len(said), order)
		}
	}
	slices.Sort(took)
	return took[max(len(took)-1, 0)*99/100]
}
