package relay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// Stories of commands: those that are answered to the caller alone, and those
// that are many.

// ears is what callers have been told in private, and what becomes of telling
// them.
type ears struct {
	mu     sync.Mutex
	heard  map[string]string // by the call's token: what it says now
	tries  []string          // the tokens, in the order of trying
	answer func(ctx context.Context, c chat.Call) error
}

// discreet is a network whose commands are answered to the caller alone.
type discreet struct {
	*chattest.Platform
	ears *ears
}

func (d discreet) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	return d.Platform.Run(ctx, since, func(ctx context.Context, b chat.Batch) error {
		for i, e := range b.Events {
			if e.Call != nil {
				c := *e.Call
				c.Private, c.Token = true, "token-"+c.Args["1"]
				b.Events[i].Call = &c
			}
		}
		return handle(ctx, b)
	})
}

func (d discreet) Answer(ctx context.Context, c chat.Call, said chat.Message) error {
	d.ears.mu.Lock()
	defer d.ears.mu.Unlock()
	d.ears.tries = append(d.ears.tries, c.Token)
	if d.ears.answer != nil {
		if err := d.ears.answer(ctx, c); err != nil {
			return err
		}
	}
	d.ears.heard[c.Token] = said.Body.Text
	return nil
}

// asked is a command that counts how often it is run for each call.
type asked struct {
	mu   sync.Mutex
	runs map[string]int
}

func (a *asked) run(_ context.Context, c chat.Call, _ time.Time) (format.Doc, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.runs[c.Args["1"]]++
	return format.Text("The answer to " + c.Args["1"] + "."), nil
}

// inPrivate tells a story in which the first network's commands are private.
func inPrivate(t *testing.T, tell func(t *testing.T, n *town, e *ears, a *asked)) {
	t.Helper()
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.stop()
		e, a := &ears{heard: map[string]string{}}, &asked{runs: map[string]int{}}
		n.command = a.run
		n.through = func(p *chattest.Platform) chat.Platform {
			if p.Profile().Name == "one" {
				return discreet{p, e}
			}
			return p
		}
		n.start()
		n.pass(time.Second)
		tell(t, n, e, a)
	})
}

// ask types a command in the main timeline of a room.
func (n *town) ask(room chat.Room, who int, what string) {
	n.people[room.Platform][who].Say(chat.Place{Room: room}, "!essay ask "+what, chat.Ref{})
}

// open are the names of the calls that are open.
func (n *town) open() (names []string) {
	n.update(func(tx *store.Tx) error {
		calls, err := tx.OpenCalls()
		names = nil
		for _, c := range calls {
			names = append(names, c.Args["1"])
		}
		return err
	})
	return names
}

// A call that is edited while it is answered is answered once more, as it is then.
func TestACallThatIsEditedWhileItIsAnswered(t *testing.T) {
	inPrivate(t, func(t *testing.T, n *town, e *ears, a *asked) {
		var edit sync.Once
		e.answer = func(_ context.Context, c chat.Call) error {
			edit.Do(func() {
				c.Args, c.Revised = map[string]string{"1": "wherefore"}, time.Now()
				n.update(func(tx *store.Tx) error { return tx.ReopenCall(c, time.Now()) })
			})
			return nil
		}
		n.ask(n.rooms[0], 0, "why")
		n.ask(n.rooms[0], 0, "how")
		n.pass(time.Minute)
		if got := e.heard["token-why"]; got != "The answer to wherefore." {
			t.Errorf("the caller was told %q", got)
		}
		if open := n.open(); len(open) != 0 || a.runs["why"] != 1 || a.runs["wherefore"] != 1 || a.runs["how"] != 1 {
			t.Errorf("%q are open, %v", open, a.runs)
		}
	})
}

func TestAPrivateAnswerIsTheCallersAlone(t *testing.T) {
	inPrivate(t, func(t *testing.T, n *town, e *ears, a *asked) {
		n.ask(n.rooms[0], 0, "why")
		n.ask(n.rooms[2], 0, "how") // this network answers before all
		n.pass(time.Minute)
		if got := e.heard["token-why"]; got != "The answer to why." {
			t.Errorf("the caller was told %q", got)
		}
		if all := strings.Join(n.net(n.rooms[0]).Everything(n.rooms[0]), "\n"); strings.Contains(all, "The answer") {
			t.Errorf("in the room stands %q", all)
		}
		if all := strings.Join(n.net(n.rooms[2]).Everything(n.rooms[2]), "\n"); !strings.Contains(all, "The answer to how.") {
			t.Errorf("in the other room stands %q", all)
		}
		if open := n.open(); len(open) != 0 || a.runs["why"] != 1 {
			t.Errorf("%q are open, %v", open, a.runs)
		}
	})
}

// Before the crash the answer did not get through, or did and nobody knows.
// Either way the call is open, and is answered after it.
func TestAPrivateCallThatACrashLeftOpen(t *testing.T) {
	for name, reached := range map[string]bool{"before the answer": false, "after the answer": true} {
		t.Run(name, func(t *testing.T) {
			inPrivate(t, func(t *testing.T, n *town, e *ears, a *asked) {
				e.answer = func(ctx context.Context, c chat.Call) error {
					if reached {
						e.heard[c.Token] = "The answer, once."
					}
					<-ctx.Done() // the bot dies here
					return ctx.Err()
				}
				n.ask(n.rooms[0], 0, "why")
				n.pass(time.Second)
				n.stop()
				if open := n.open(); !slices.Equal(open, []string{"why"}) {
					t.Fatalf("%q are open", open)
				}
				e.answer = nil
				n.start()
				n.pass(time.Minute)
				if got := e.heard["token-why"]; got != "The answer to why." || len(e.heard) != 1 {
					t.Errorf("the caller was told %v", e.heard)
				}
				if open := n.open(); len(open) != 0 || a.runs["why"] != 2 || len(e.tries) != 2 {
					t.Errorf("%q are open, %v, %q", open, a.runs, e.tries)
				}
			})
		})
	}
}

// What it is too late for is given up; it is never said before all, neither
// now nor after a restart.
func TestAPrivateAnswerThatComesTooLate(t *testing.T) {
	inPrivate(t, func(t *testing.T, n *town, e *ears, a *asked) {
		e.answer = func(context.Context, chat.Call) error { return fmt.Errorf("answer: %w", chat.ErrGone) }
		n.ask(n.rooms[0], 0, "why")
		n.pass(time.Minute)
		n.stop()
		n.start()
		n.pass(time.Hour)
		if open := n.open(); len(open) != 0 || len(e.tries) != 1 || a.runs["why"] != 1 {
			t.Errorf("%q are open, %q, %v", open, e.tries, a.runs)
		}
		if all := strings.Join(n.net(n.rooms[0]).Everything(n.rooms[0]), "\n"); strings.Contains(all, "The answer") {
			t.Errorf("in the room stands %q", all)
		}
	})
}

// A call whose answer does not get through now is tried again, later each
// time; its command is run once, and those behind it are answered at once.
func TestACallThatWaitsHoldsUpNoOther(t *testing.T) {
	inPrivate(t, func(t *testing.T, n *town, e *ears, a *asked) {
		trouble := errors.New("502")
		now := func(what error) {
			e.mu.Lock()
			defer e.mu.Unlock()
			trouble = what
		}
		e.answer = func(_ context.Context, c chat.Call) error {
			if c.Token == "token-why" {
				return trouble
			}
			return nil
		}
		for _, what := range []string{"why", "when", "where"} {
			n.ask(n.rooms[0], 0, what)
		}
		n.ask(n.rooms[1], 1, "who")
		n.pass(time.Second / 2)
		if len(e.heard) != 3 || e.heard["token-why"] != "" {
			t.Errorf("half a second later these were told: %v", e.heard)
		}
		n.pass(10 * time.Minute)
		if tries := len(e.tries) - 3; tries < 10 || tries > 20 || a.runs["why"] != 1 {
			t.Errorf("in ten minutes it was tried %d times, and run %d times", tries, a.runs["why"])
		}
		before := len(e.tries)
		now(chat.RetryAfter{Wait: 20 * time.Minute})
		n.pass(19 * time.Minute)
		if tries := len(e.tries) - before; tries != 1 {
			t.Errorf("while the network asked for peace it was tried %d times", tries)
		}
		now(nil)
		n.pass(5 * time.Minute)
		if open := n.open(); len(open) != 0 || e.heard["token-why"] != "The answer to why." || a.runs["why"] != 1 {
			t.Errorf("%q are open, %v, %v", open, e.heard, a.runs)
		}
	})
}

// An answer that does not fit is cut, for there is only one.
func TestAPrivateAnswerIsOneMessage(t *testing.T) {
	inPrivate(t, func(t *testing.T, n *town, e *ears, _ *asked) {
		n.stop()
		n.command = func(_ context.Context, c chat.Call, _ time.Time) (format.Doc, error) {
			if c.Args["1"] == "nothing" {
				return format.Doc{}, nil
			}
			return format.Text(strings.TrimSpace(strings.Repeat("It goes on. ", 1000))), nil
		}
		n.start()
		n.pass(time.Second)
		n.ask(n.rooms[0], 0, "much")
		n.ask(n.rooms[0], 0, "nothing")
		n.pass(time.Minute)
		if got := e.heard["token-much"]; len(got) > netOne.Limit || len(got) < netOne.Limit/2 || !strings.Contains(got, "…") {
			t.Errorf("%d characters were told: %q", len(got), got)
		}
		if got := e.heard["token-nothing"]; got != "Done." {
			t.Errorf("of nothing %q was told", got)
		}
	})
}

// Calls of many places are run at the same time, but no more than eight, and
// those of one place in the order in which they came.
func TestCommandsOfManyPlaces(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.stop()
		var mu sync.Mutex
		running, most, order := 0, 0, map[chat.Place][]string{}
		n.command = func(ctx context.Context, c chat.Call, _ time.Time) (format.Doc, error) {
			mu.Lock()
			running++
			most = max(most, running)
			order[c.Ref.Place] = append(order[c.Ref.Place], c.Args["1"])
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return format.Text("Done with " + c.Args["1"] + "."), nil
		}
		var want []string
		hall := chat.Place{Room: n.rooms[0]}
		var places []chat.Place
		for range 20 {
			root := n.people["one"][0].Say(hall, "a root", chat.Ref{})
			places = append(places, chat.Place{Room: hall.Room, Thread: root.ID})
		}
		n.start()
		n.pass(time.Second)
		for i := range 5 {
			want = append(want, fmt.Sprint(i))
			for _, p := range places {
				n.people["one"][0].Say(p, "!essay ask "+want[i], chat.Ref{})
			}
		}
		began := time.Now()
		for n.pass(time.Second); len(n.open()) > 0; {
			n.pass(time.Second)
		}
		if took := time.Since(began); took < 100*time.Second/8 || took > 20*time.Second {
			t.Errorf("100 commands of a second took %s", took)
		}
		if most != 8 {
			t.Errorf("%d were run at once", most)
		}
		for _, p := range places {
			if !slices.Equal(order[p], want) {
				t.Errorf("in %s they were run in the order %q", p.Thread, order[p])
			}
		}
		synctest.Wait()
	})
}

// What a call was answered that could not be told is not told of an edit of it.
func TestACallThatIsEditedWhenItsAnswerDoesNotGetThrough(t *testing.T) {
	inPrivate(t, func(t *testing.T, n *town, e *ears, a *asked) {
		var edit sync.Once
		e.answer = func(_ context.Context, c chat.Call) (err error) {
			edit.Do(func() {
				c.Args, c.Revised = map[string]string{"1": "wherefore"}, time.Now()
				n.update(func(tx *store.Tx) error { return tx.ReopenCall(c, time.Now()) })
				err = errors.New("502")
			})
			return err
		}
		n.ask(n.rooms[0], 0, "why")
		n.pass(time.Minute)
		if got := e.heard["token-why"]; got != "The answer to wherefore." {
			t.Errorf("the caller was told %q", got)
		}
	})
}
