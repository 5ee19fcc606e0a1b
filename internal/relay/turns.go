package relay

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// turns lets the rooms of an account ask in turn, once its network has said
// that all of them together ask too often: each once in a round, and within a
// round posts go before replies, replies before edits, edits before reactions.
// So a room's next request waits for less than two rounds, however much other
// rooms have to say. An account that is not refused has no queue, and nobody
// waits there.
//
// As holds, it is advice: after a restart the network says it again.
type turns struct {
	first func(round int, a, b *place) bool // whether a's turn is before b's
	bell  func(chat.Room) chan struct{}     // wakes a room's lane

	mu     sync.Mutex
	queues map[string]*queue // by platform, of accounts that were refused
}

// queue is the rooms of one account that was refused.
type queue struct {
	first  func(round int, a, b *place) bool
	rooms  map[chat.Room]*place
	round  int
	came   int // places that were taken
	asking int // rooms that make a request
	most   int // that may do so at once
	good   int // requests that were taken since the last refusal
}

// place is how a room stands in a queue.
type place struct {
	state state
	class uint8 // of what it would say next
	came  int   // the order of coming; kept by who was refused
	round int   // in which it asked last
}

type state uint8

const (
	away     state = iota // nothing is due there
	inLine                // for its turn
	asking                // it has the turn
	settling              // it asked, and comes back at once or leaves
)

// goodForMore is how many requests in a row an account must take before one
// more of them is made at the same time.
const goodForMore = 8

func newTurns(bell func(chat.Room) chan struct{}) *turns {
	return &turns{first: first, bell: bell, queues: map[string]*queue{}}
}

// limits reports whether the rooms of a platform ask in turn.
func (t *turns) limits(platform string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.queues[platform] != nil
}

// ask has a room wait for its turn with something of a class to say, and
// reports whether that has come; held: not yet for anyone. Else the room is rung
// for. Whoever has the turn gives it back by done or leave.
func (t *turns) ask(room chat.Room, class uint8, held bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queues[room.Platform]
	if q == nil {
		return !held
	}
	p := q.at(room)
	if p.class = class; p.came == 0 {
		q.came++
		p.came = q.came
	}
	if p.state == asking {
		return true
	}
	if p.state = inLine; held {
		return false
	}
	next, ok := q.next()
	if ok && next == room {
		p.state = asking
		q.asking++
		return true
	}
	if ok {
		ring(t.bell(next))
	}
	return false
}

// done takes note of a request: that the account was refused, or not; counts
// says whether it was the room's turn at all.
func (t *turns) done(room chat.Room, refused, counts bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queues[room.Platform]
	if q == nil {
		if !refused {
			return
		}
		q = &queue{first: t.first, rooms: map[chat.Room]*place{}, round: 1}
		t.queues[room.Platform] = q
	}
	p := q.at(room)
	q.release(p)
	p.state = settling
	switch {
	case refused:
		q.most, q.good = 1, 0
		return
	case counts:
		p.came, p.round = 0, q.round
		if q.good++; q.good%goodForMore == 0 {
			q.most++
		}
	}
	if next, ok := q.next(); ok {
		ring(t.bell(next))
	}
}

// leave takes note that nothing is due in a room. Once that holds for all of
// them, nobody waits any more.
func (t *turns) leave(room chat.Room) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queues[room.Platform]
	if q == nil {
		return
	}
	p := q.at(room)
	q.release(p)
	p.state, p.came = away, 0
	if q.empty() {
		delete(t.queues, room.Platform)
	} else if next, ok := q.next(); ok {
		ring(t.bell(next))
	}
}

func (q *queue) at(room chat.Room) *place {
	if q.rooms[room] == nil {
		q.rooms[room] = &place{}
	}
	return q.rooms[room]
}

func (q *queue) release(p *place) {
	if p.state == asking {
		q.asking--
	}
}

func (q *queue) empty() bool {
	for _, p := range q.rooms {
		if p.state != away {
			return false
		}
	}
	return true
}

// next is the room whose turn it is, if one may ask. Once all that wait have
// asked in this round, a new one begins.
func (q *queue) next() (room chat.Room, ok bool) {
	if q.asking >= q.most {
		return room, false
	}
	var next *place
	for r, p := range q.rooms {
		if p.state == inLine && (next == nil || q.first(q.round, p, next)) {
			room, next = r, p
		}
	}
	if next != nil && next.round == q.round {
		q.round++
	}
	return room, next != nil
}

// first puts who has not asked in this round before who has; of them, who has
// the more urgent thing to say; and of them, who came first.
func first(round int, a, b *place) bool {
	asked := func(p *place) int {
		if p.round == round {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(asked(a), asked(b)), cmp.Compare(a.class, b.class), cmp.Compare(a.came, b.came)) < 0
}

// mayAsk reports whether the room may make a request now. If not, it waits for
// its turn where something is due, and again is when it should look once more.
func (r *Relay) mayAsk(ctx context.Context, room chat.Room, now time.Time) (may bool, again time.Time, err error) {
	if !r.turns.limits(room.Platform) {
		return true, time.Time{}, nil
	}
	class, again, err := r.firstDue(ctx, room, now)
	if held := r.holds.of(room.String(), now); err != nil || class == 0 || !held.IsZero() {
		r.turns.leave(room)
		return false, later(again, held), err
	}
	held := r.holds.of(room.Platform, now)
	return r.turns.ask(room, class, !held.IsZero()), held, nil
}

// firstDue is the class of the first thing that the room is due to say, 0 if
// there is none, and when there is.
func (r *Relay) firstDue(ctx context.Context, room chat.Room, now time.Time) (class uint8, next time.Time, err error) {
	err = r.c.DB.Update(ctx, func(tx *store.Tx) error { // see DB.Changed
		class, next = 0, time.Time{}
		heads, err := tx.Heads(room)
		for _, d := range heads {
			if !d.Due.After(now) {
				class = d.Class
				break
			}
			next = earlier(next, d.Due)
		}
		return err
	})
	return class, next, err
}

// note takes note of a request's outcome.
func (t *turns) note(room chat.Room, err error) {
	var asked chat.RetryAfter
	refused := errors.As(err, &asked) && asked.Scope == chat.AccountScope
	t.done(room, refused, !errors.Is(err, chat.ErrUnreached))
}
