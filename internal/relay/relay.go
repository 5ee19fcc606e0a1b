// Package relay is the engine: it turns the clock and what people say into
// rows, and rows into messages.
//
// The clock and the listeners write and never speak to a network; the
// couriers speak and never decide. What stands between them is one pure
// function, [Next]: it compares what should stand in a room with what stands
// there and yields the one next request.
package relay

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/store"
)

// Config is what an engine is made of.
type Config struct {
	DB        *store.DB
	Platforms []chat.Platform
	Rooms     []chat.Room // where the bot listens, and may be told to post
	Flat      []chat.Room // those of them in which posts get no threads: what is said about one answers it

	// Reader is the address of the reader page, without a slash at its end;
	// "" if it is not served. Posts link to it.
	Reader string

	Settle   time.Duration // how long a request may still commit after it was begun; default 30 s
	Patience time.Duration // how long answered tries may go on failing; default 72 h

	// Retention is how long what people say is kept; 0: for ever.
	Retention time.Duration

	// Largest is how many bytes a file may have that is copied from one network
	// to others; default 8 MiB, below 0: none is. Others are named, with a link.
	Largest int64

	// Command runs what someone told the bot and returns its answer. It may
	// be called again for the same Call: its effect must be the same. Calls of
	// several places are run at once.
	// nil: the bot takes no commands.
	Command func(ctx context.Context, c chat.Call, now time.Time) (format.Doc, error)

	// Language is the one that the bot speaks in a room. nil: English.
	Language func(chat.Room) lang.Language

	// Hint is what people of a platform are told when they speak for the first
	// time, without words if nothing. nil: nobody is told anything.
	Hint func(platform string, in lang.Language) format.Doc

	// Digest words a digest, without words where nothing was said since the last
	// one. It only reads. nil: there are no digests.
	Digest func(*store.Tx, Digest) (format.Doc, error)

	// Index words the list of the open threads of a room, without words where there
	// are none. It only reads. The rooms of Indexed have one.
	Index   func(*store.Tx, Index) (format.Doc, error)
	Indexed []chat.Room

	Log *slog.Logger
}

// Relay is an engine. Its methods may be called by hand (tests do); Run calls
// them as time and networks ask.
type Relay struct {
	c         Config
	platforms map[string]chat.Platform
	holds     *holds
	echoes    *echoes
	begun     begun
	desk      *desk
	bell      chan struct{} // rung when a call was recorded
	arrived   chan struct{} // rung when there is a room more
	turns     *turns
	slots     map[string]chan struct{}           // lanes at work, by platform
	fetches   *fetches                           // files on their way
	texts     discussion.Texts                   // in which replies quoted last
	readers   atomic.Pointer[map[chat.Room]bool] // rooms in which a plan waits for them; nil: not known yet
	settled   atomic.Bool                        // no room that is attended was ever replaced

	mu      sync.Mutex
	rooms   []chat.Room                 // each once: a room has one lane
	bells   map[chat.Room]chan struct{} // of each of them, rung when its lane should look again
	indexed map[Index]lookedAt          // the last at each list of open threads
	heard   map[string]error            // what each platform's listener came to; nil: it was heard
	stead   map[chat.Room]chat.Room     // the configured room for which the bot goes on in another
}

const lanesAtWork = 64 // on one platform

// New makes an engine.
func New(c Config) *Relay {
	if c.Settle == 0 {
		c.Settle = 30 * time.Second
	}
	if c.Patience == 0 {
		c.Patience = 72 * time.Hour
	}
	if c.Largest == 0 {
		c.Largest = 8 << 20
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	r := &Relay{
		c: c, platforms: map[string]chat.Platform{}, holds: newHolds(), echoes: newEchoes(), desk: newDesk(),
		bell: make(chan struct{}, 1), arrived: make(chan struct{}, 1), bells: map[chat.Room]chan struct{}{}, slots: map[string]chan struct{}{}, fetches: newFetches(), heard: map[string]error{}, indexed: map[Index]lookedAt{}, stead: map[chat.Room]chat.Room{},
	}
	r.turns = newTurns(r.bellOf)
	for _, p := range c.Platforms {
		name := p.Profile().Name
		r.platforms[name] = p
		r.slots[name] = make(chan struct{}, lanesAtWork)
		r.heard[name] = errors.New(name + " was not heard from yet")
		if c, ok := p.(chat.Comparer); ok {
			c.Compare(r.standing)
		}
	}
	for _, room := range c.Rooms {
		r.attend(room, room)
	}
	return r
}

// Run runs the clock, one listener a platform, one lane a room, a few
// command workers and fetches of files until ctx is done, and returns once all of them ended and
// what they had begun is settled.
func (r *Relay) Run(ctx context.Context) error {
	err := r.enterRooms(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	all.Go(func() { r.keepTime(ctx) })
	all.Go(func() { r.answerCalls(ctx) })
	all.Go(func() { r.fetchFiles(ctx) })
	for _, p := range r.c.Platforms {
		all.Go(func() { r.listen(ctx, p) })
	}
	all.Go(func() { r.lanes(ctx) })
	all.Wait()
	return nil
}

// lanes runs a lane for each room, also for those that come later, until ctx is
// done, and returns once all of them ended.
func (r *Relay) lanes(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	for begun := 0; ; {
		rooms := r.attended()
		for _, room := range rooms[begun:] {
			if r.platforms[room.Platform] != nil {
				all.Go(func() { r.lane(ctx, room) })
			}
		}
		begun = len(rooms)
		if !sleep(ctx, time.Time{}, r.arrived) {
			return
		}
	}
}

// Ready reports nil once every network has been heard from since Run began,
// or what keeps one of them.
func (r *Relay) Ready() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []error
	for name, err := range r.heard {
		if err == nil {
			err = r.holds.why(name)
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

func (r *Relay) hear(platform string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard[platform] = err
}

// hears reports whether the platform's listener hears its network.
func (r *Relay) hears(platform string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heard[platform] == nil
}

// keepTime ticks when something is due, and looks again when that may have
// changed.
func (r *Relay) keepTime(ctx context.Context) {
	for {
		planned := r.c.DB.Planned()
		next, err := r.Tick(ctx, time.Now())
		if err != nil && ctx.Err() == nil {
			r.c.Log.Error("the clock waits", "error", err)
			next = earlier(next, time.Now().Add(clockPause*10))
		}
		if !sleep(ctx, next, planned) || !sleep(ctx, pause(next), nil) {
			return
		}
	}
}

// clockPause keeps the clock from looking at each of many commits.
const clockPause = 500 * time.Millisecond

func pause(next time.Time) time.Time {
	until := time.Now().Add(clockPause)
	if !next.IsZero() && next.Before(until) {
		return next
	}
	return until
}

// sleep returns at a time (zero: never) or when a channel is closed, and
// reports whether ctx still lives.
func sleep(ctx context.Context, until time.Time, woken ...<-chan struct{}) bool {
	var ring <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		ring = t.C
	}
	woken = append(woken, nil, nil, nil)
	select {
	case <-ctx.Done():
	case <-ring:
	case <-woken[0]:
	case <-woken[1]:
	case <-woken[2]:
	}
	return ctx.Err() == nil
}

// lane delivers to one room whenever it is due.
func (r *Relay) lane(ctx context.Context, room chat.Room) {
	bell := r.bellOf(room)
	for tries := 0; ; {
		changed, freed := r.c.DB.Changed(room), r.holds.wake()
		may, next, err := r.mayAsk(ctx, room, time.Now())
		if may {
			select {
			case r.slots[room.Platform] <- struct{}{}:
			case <-ctx.Done():
				return
			}
			next, err = r.Deliver(ctx, room, time.Now())
			<-r.slots[room.Platform]
		}
		if err == nil {
			tries = 0
		} else {
			tries++
			next, changed = time.Now().Add(min(backoff(room.String(), tries), time.Minute)), nil
			r.c.Log.Error("a lane waits", "room", room.String(), "error", err)
		}
		if !sleep(ctx, next, changed, freed, bell) {
			return
		}
	}
}

// listen records what a platform reports. When its Run ends it is begun again
// after a pause, from the stored cursors.
func (r *Relay) listen(ctx context.Context, p chat.Platform) {
	name := p.Profile().Name
	for tries := 0; ctx.Err() == nil; {
		since, err := r.since(ctx, name)
		if err == nil {
			err = p.Run(ctx, since, func(ctx context.Context, b chat.Batch) error {
				if err := r.Handle(ctx, name, b); err != nil {
					return err
				}
				tries = 0
				r.hear(name, nil)
				r.holds.clear(name, time.Now())
				return nil
			})
		}
		if ctx.Err() != nil {
			break
		}
		if tries++; err == nil {
			err = errors.New("listening ended")
		}
		r.hear(name, err)
		if tries&(tries-1) == 0 { // an outage of days fills no log
			r.c.Log.Error("the network is not listened to", "platform", name, "error", err, "tries", tries)
		}
		wait := min(backoff(name, tries), time.Minute)
		if errors.Is(err, chat.ErrAuth) {
			wait = 5 * time.Minute
		}
		sleep(ctx, time.Now().Add(wait))
	}
	off := r.echoes.with(name, chat.Batch{})
	if len(off.Since) == 0 {
		return
	}
	if err := r.Handle(context.WithoutCancel(ctx), name, off); err != nil {
		r.c.Log.Error("how far the network was read is not recorded", "platform", name, "error", err)
	}
}

// since is how far a platform was read: the stored cursors, which are remembered to be
// there, and an empty one for each room that was not heard yet.
func (r *Relay) since(ctx context.Context, platform string) (map[chat.Place]chat.Cursor, error) {
	var since map[chat.Place]chat.Cursor
	err := r.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		since, err = tx.Cursors(platform)
		return err
	})
	if err != nil {
		return nil, err
	}
	r.begun.add(platform, since)
	for _, room := range r.attended() {
		if _, known := since[chat.Place{Room: room}]; room.Platform == platform && !known {
			since[chat.Place{Room: room}] = ""
		}
	}
	return since, nil
}
