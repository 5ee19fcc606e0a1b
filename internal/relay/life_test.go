package relay_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// A life is one process of the bot, from its start to its end. It may be
// struck dead at any moment: from then on nothing that it does reaches a
// network or the database, and all that it had in memory is lost.
type life struct {
	t      *testing.T
	db     *store.DB
	told   *told
	cancel context.CancelFunc
	ended  sync.WaitGroup // Run
	over   chan struct{}  // closed when it died
	buried chan struct{}  // closed once its database is shut

	mu    sync.Mutex
	fate  moment // when it dies …
	after int    // … after so many more of them
}

// moment is where a process may die.
type moment string

const (
	beforeDo     moment = "between the commit of take and Do"
	duringDo     moment = "while Do runs"
	afterDo      moment = "between Do and its settlement"
	beforeHandle moment = "before Handle"
	duringHandle moment = "in the midst of Handle"
	afterHandle  moment = "after Handle committed"
	anyTime      moment = "at any time"
)

var moments = []moment{beforeDo, duringDo, afterDo, beforeHandle, duringHandle, afterHandle, anyTime}

var errDead = errors.New("this process is dead")

// begin starts a process on the database and the networks.
func begin(t *testing.T, db *store.DB, w *world) *life {
	ctx, cancel := context.WithCancel(context.Background())
	l := &life{t: t, db: db, told: &w.told, cancel: cancel, over: make(chan struct{}), buried: make(chan struct{})}
	var platforms []chat.Platform
	for _, name := range []string{"one", "two"} {
		platforms = append(platforms, mortal{w.nets[name].Open("bot"), l})
	}
	r := relay.New(relay.Config{DB: db, Platforms: platforms, Rooms: w.rooms, Flat: w.flat, Settle: settleTime, Command: answer, Log: logger(t)})
	l.ended.Go(func() {
		if err := r.Run(ctx); err != nil && !l.dead() {
			t.Errorf("Run: %v", err)
		}
	})
	return l
}

const settleTime = 30 * time.Second

func answer(_ context.Context, c chat.Call, _ time.Time) (format.Doc, error) {
	return format.Text("The answer to " + c.Args["a"] + "."), nil
}

// doom says when the process dies.
func (l *life) doom(at moment, after int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fate, l.after = at, after
}

// trace writes down what happens, if -torture.trace is set.
func (l *life) trace(format string, args ...any) {
	if *tortureTrace {
		l.t.Logf(time.Now().Format("15:04:05.000 ")+format, args...)
	}
}

// pass kills the process if its hour has come.
func (l *life) pass(at moment) bool {
	l.mu.Lock()
	if l.fate != at {
		l.mu.Unlock()
		return false
	}
	l.after--
	dies := l.after < 0
	l.mu.Unlock()
	if dies {
		l.trace("dies %s", at)
		l.die()
	}
	return dies
}

func (l *life) die() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.dead() {
		close(l.over)
		l.cancel()
	}
}

func (l *life) dead() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}

// bury takes the database from a dead process and lets go of its goroutines.
// rest waits until they all stand still.
func (l *life) bury(rest func()) error {
	rest()
	err := l.db.Close()
	close(l.buried)
	l.ended.Wait()
	return err
}

// mortal is a platform in the hands of a process that may die.
type mortal struct {
	*chattest.Platform
	life *life
}

func (m mortal) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if m.life.pass(beforeDo); m.life.dead() {
		return m.limbo()
	}
	answered := make(chan struct{})
	var done chat.Done
	var err error
	go func() {
		defer close(answered)
		done, err = m.Platform.Do(ctx, a)
		m.life.trace("%s %s again %v on %q sent %q says %q in %v: %q found %v, %v", a.Verb, a.Key, a.Again, a.On.ID, a.Sent, a.Message.Body.Text, a.Message.Ref.Place, done.Ref.ID, done.Found, err)
	}()
	m.life.pass(duringDo)
	select {
	case <-answered:
	case <-m.life.over:
		cancel()
		<-answered
	}
	if m.life.pass(afterDo); m.life.dead() {
		return m.limbo()
	}
	return done, err
}

// limbo is where requests of dead processes stay.
func (m mortal) limbo() (chat.Done, error) {
	<-m.life.buried
	return chat.Done{}, errDead
}

func (m mortal) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	defer func() {
		if m.life.dead() {
			<-m.life.buried
		}
	}()
	return m.Platform.Run(ctx, since, func(ctx context.Context, b chat.Batch) error {
		if len(b.Events) > 0 && m.life.pass(beforeHandle) || m.life.dead() {
			return errDead
		}
		var killer sync.WaitGroup
		if len(b.Events) > 0 {
			killer.Go(func() {
				for range rand.IntN(300) {
					runtime.Gosched()
				}
				m.life.pass(duringHandle)
			})
		}
		err := handle(ctx, b)
		for _, e := range b.Events {
			m.life.trace("heard %s %s → %s %q by %s in %v (%s%s), %v", e.Kind, e.Message.Ref.ID, e.Message.ReplyTo.ID, e.Message.Body.Text, e.By.ID, e.Message.Ref.Place, e.Emoji, e.Own, err)
			if e.Kind == chat.Said && err == nil {
				m.life.told.hear(e.Message.Ref)
			}
		}
		killer.Wait()
		if len(b.Events) > 0 {
			m.life.pass(afterHandle)
		}
		return err
	})
}
