package chattest

import (
	"cmp"
	"errors"
	"time"

	"marginalia/internal/chat"
)

// What a request meets that a fault was planted for. They are none of the
// kinds in package chat: whether the change was made is left open.
var (
	errLost = errors.New("chattest: the connection broke before the answer came")
	errDrop = errors.New("chattest: the connection broke")
)

// fault is what happens to one request.
type fault struct {
	err   error         // it is answered with this; nothing is done
	drop  bool          // it never arrives
	lose  bool          // it is done; the answer is lost
	delay time.Duration // it is done this much later, whatever becomes of the caller
	late  bool          // the caller does not wait for that
}

// faults is what a network does wrong.
type faults struct {
	planned []fault // of the next requests
	always  map[chat.Verb]error
	down    bool
	outages int // how often it went down
	revoked bool
	answers time.Duration // how long answers take after the change was made
	repeat  int           // events told again before new ones
	held    map[chat.Room]time.Duration
	pace    map[chat.Room]time.Duration
	bucket  *bucket // nil: the account is not limited
	files   int     // fetches that come to nothing
}

// SetDown cuts the bot off the network, or lets it back in. Do finds
// chat.ErrUnreached, a Run in progress ends with it, one that begins later
// waits. People go on talking; the bot hears of it once it is back.
func (n *Network) SetDown(down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if down && !n.faults.down {
		n.faults.outages++
	}
	n.faults.down = down
	n.move()
}

// Revoke makes the bot's token void (or valid again): Do and Run find
// chat.ErrAuth.
func (n *Network) Revoke(revoked bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults.revoked = revoked
	n.move()
}

// Forbid closes a room to the bot, or opens it again: Do finds
// chat.ErrForbidden. It still hears what is said there.
func (n *Network) Forbid(r chat.Room, closed bool) {
	n.Room(r.ID)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rooms[r].closed = closed
}

// FailNext answers the next k requests with err; nothing is done. With a
// chat.RetryAfter it also writes down who asks again too early. A plain error
// is an answer that leaves open what was done, as of a server that fell over.
func (n *Network) FailNext(k int, err error) { n.plan(k, fault{err: err}) }

// FailOn answers every request of a kind with err, until that is nil.
func (n *Network) FailOn(v chat.Verb, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.faults.always == nil {
		n.faults.always = map[chat.Verb]error{}
	}
	n.faults.always[v] = err
}

// Hold answers every request to a room with the wish to leave it alone for a
// while, until that is 0.
func (n *Network) Hold(r chat.Room, wait time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	set(&n.faults.held, r, wait)
}

// Pace makes every request to a room take d before it is done.
func (n *Network) Pace(r chat.Room, d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	set(&n.faults.pace, r, d)
}

// Limit lets the bot make burst requests at once and from then on so many a
// second, in all rooms together; 0: as many as it likes. Synapse, unless told
// otherwise, lets an account send 10, and then one in 5 seconds.
func (n *Network) Limit(perSecond float64, burst int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults.bucket = nil
	if perSecond > 0 {
		n.faults.bucket = &bucket{perSecond: perSecond, burst: float64(burst), tokens: float64(burst), seen: time.Now()}
	}
}

func set(m *map[chat.Room]time.Duration, r chat.Room, d time.Duration) {
	if *m == nil {
		*m = map[chat.Room]time.Duration{}
	}
	(*m)[r] = d
}

// bucket is a token bucket.
type bucket struct {
	perSecond, burst, tokens float64
	seen                     time.Time
}

// take takes a token, or tells when there will be one.
func (b *bucket) take(now time.Time) error {
	b.tokens = min(b.burst, b.tokens+now.Sub(b.seen).Seconds()*b.perSecond)
	b.seen = now
	if b.tokens < 0.999999 { // what is missing beyond that is an error of rounding
		return chat.RetryAfter{Wait: time.Duration((1 - b.tokens) / b.perSecond * float64(time.Second)), Scope: chat.AccountScope}
	}
	b.tokens = max(0, b.tokens-1)
	return nil
}

// Lose does the next k requests and loses their answers.
func (n *Network) Lose(k int) { n.plan(k, fault{lose: true}) }

// Drop loses the next k requests before they arrive.
func (n *Network) Drop(k int) { n.plan(k, fault{drop: true}) }

// Delay does the next k requests d later, even if their caller is gone by
// then.
func (n *Network) Delay(k int, d time.Duration) { n.plan(k, fault{delay: d}) }

// Late loses the answers of the next k requests at once and does them d later.
func (n *Network) Late(k int, d time.Duration) { n.plan(k, fault{delay: d, late: true}) }

// Relent takes back what was planned for the next requests and has not come to pass.
func (n *Network) Relent() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults.planned = nil
}

// SlowAnswers makes every answer come d after the change was made: the bot
// hears the echo of its post first.
func (n *Network) SlowAnswers(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults.answers = d
}

// Repeat makes the network tell the k events before the new ones once more,
// each time that there are new ones.
func (n *Network) Repeat(k int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults.repeat = k
}

func (n *Network) plan(k int, f fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for range k {
		n.faults.planned = append(n.faults.planned, f)
	}
}

// meet takes the next planned fault. With n.mu held.
func (n *Network) meet(v chat.Verb, r chat.Room) fault {
	if err := cmp.Or(n.away(), n.faults.always[v], n.limit(r)); err != nil {
		return fault{err: err}
	}
	if len(n.faults.planned) == 0 {
		return fault{delay: n.faults.pace[r]}
	}
	f := n.faults.planned[0]
	n.faults.planned = n.faults.planned[1:]
	return f
}

// limit tells whether the bot asks a room, or all of them, too often. With n.mu held.
func (n *Network) limit(r chat.Room) error {
	if wait := n.faults.held[r]; wait > 0 {
		return chat.RetryAfter{Wait: wait, Scope: chat.RoomScope}
	}
	if n.faults.bucket == nil {
		return nil
	}
	return n.faults.bucket.take(time.Now())
}

// away tells why nothing can be asked at all. With n.mu held.
func (n *Network) away() error {
	if n.faults.down {
		return chat.ErrUnreached
	}
	if n.faults.revoked {
		return chat.ErrAuth
	}
	return nil
}

// certain reports whether err is of a kind that says the change was not made.
func certain(err error) bool {
	for _, kind := range []error{chat.ErrRefused, chat.ErrGone, chat.ErrForbidden, chat.ErrAuth, chat.ErrUnreached} {
		if errors.Is(err, kind) {
			return true
		}
	}
	var wait chat.RetryAfter
	return errors.As(err, &wait)
}
