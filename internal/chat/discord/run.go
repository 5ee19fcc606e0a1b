package discord

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"marginalia/internal/chat"
)

// Run implements chat.Platform. A connection that breaks is opened again, and
// its session taken up, as long as Discord lets it; an error that a new
// connection does not mend is returned.
func (p *Platform) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l, err := p.listener(since, handle)
	if err != nil {
		return fmt.Errorf("listen to Discord: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	var all askings
	l.asked = func(h heard) { all.begin(func() { l.answerAtOnce(ctx, h) }) }
	err = l.keepListening(ctx)
	cancel()
	all.end()
	return err
}

// askings are the first answers that are on their way. discordgo may still
// bring interactions when Run ends.
type askings struct {
	mu      sync.Mutex
	ended   bool
	running sync.WaitGroup
}

func (a *askings) begin(answer func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.ended {
		a.running.Go(answer)
	}
}

// end waits for those that began, and lets no other begin.
func (a *askings) end() {
	a.mu.Lock()
	a.ended = true
	a.mu.Unlock()
	a.running.Wait()
}

// keepListening listens until something happens that a new connection does not
// mend.
func (l *listener) keepListening(ctx context.Context) error {
	for tries := 0; ; {
		began := time.Now()
		err := l.listen(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var o *over
		if !errors.As(err, &o) {
			return err
		}
		if err := l.mended(o); err != nil {
			return err
		}
		if time.Since(began) > time.Minute {
			tries = 0
		}
		l.c.Log.Info("a new connection to Discord is opened", "because", o.Error(), "session", l.session.ID != "")
		if err := sleep(ctx, pause(tries, o)); err != nil {
			return err
		}
		tries++
	}
}

// mended decides how to go on after a line ended: what to do otherwise, or
// with which error to give up.
func (l *listener) mended(o *over) error {
	switch {
	case o.code == noContent && !l.reduced.Load():
		l.reduced.Store(true)
		l.c.Log.Warn("Discord does not let the bot read what people write; it goes on with what it may read: " + l.contentSwitch())
		l.session = session{}
	case o.code == noContent:
		return fmt.Errorf("listen to Discord: it refuses the intents of the bot: %s: %w", l.contentSwitch(), chat.ErrAuth)
	case o.fatal != nil:
		return fmt.Errorf("listen to Discord: %w", o)
	case o.anew, o.code == 4007, o.code == 4009:
		l.session = session{}
	}
	return nil
}

// pause is how long to wait before the next connection: not at all at first,
// then longer each time. A session that was refused wants 1 to 5 s.
func pause(tries int, o *over) time.Duration {
	wait := time.Duration(0)
	if tries > 0 {
		wait = min(time.Second<<min(tries-1, 6), time.Minute)
	}
	if o.anew {
		wait = max(wait, time.Second+rand.N(4*time.Second))
	}
	return wait
}

// listen opens one line and takes what comes, until it ends.
func (l *listener) listen(ctx context.Context) error {
	if _, err := l.who(ctx); err != nil { // whoever does not know themselves takes their own words for someone's
		return err
	}
	from := l.session
	line, err := l.dial(ctx, from, l.asked)
	if err != nil && from.ID != "" && ctx.Err() == nil && !errors.As(err, new(*over)) {
		l.c.Log.Info("the session cannot be taken up", "error", err)
		l.session = session{}
		line, err = l.dial(ctx, session{}, l.asked)
	}
	if err != nil {
		return err
	}
	defer line.close(4000)
	l.line = line
	t := line.conn()
	for {
		if err := l.take(ctx); err != nil {
			return err
		}
		if err := l.goOn(ctx); err != nil {
			return err
		}
		silent, interval := t.silence(time.Now())
		if silent > 2*interval {
			return &over{end: end{reason: fmt.Sprintf("the gateway has been silent for %s", silent.Round(time.Second))}}
		}
		// not at the very time of a heartbeat, whose answer may be on its way
		watch := time.NewTimer(min(2*interval+interval/7-silent, l.untilNext()))
		select {
		case <-ctx.Done():
		case <-line.queue.wake:
		case <-l.calls.wake:
		case <-watch.C:
		case <-t.ended:
			watch.Stop()
			if err := l.take(ctx); err != nil {
				return err
			}
			return t.why.error(l.Platform)
		}
		watch.Stop()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// goOn does the next of what there is to do beside taking what comes: what was
// missed is read first, what was said long ago is looked at last.
func (l *listener) goOn(ctx context.Context) error {
	if l.waits() {
		return nil
	}
	if !l.whole {
		return l.arrived(ctx)
	}
	if place, due := l.nextGap(); due == 0 {
		return l.fill(ctx, place)
	}
	if err := l.lookAround(ctx); err != nil {
		return err
	}
	return l.lookBack(ctx)
}

// untilNext is how long it is until there is something to do.
func (l *listener) untilNext() time.Duration {
	if !l.whole {
		return l.untilArrival()
	}
	_, gap := l.nextGap()
	return min(gap, l.untilSight(), l.untilLook())
}
