package chattest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"marginalia/internal/chat"
)

// bot is a small relay: it keeps what it hears and how far it has heard.
type bot struct {
	*stage
	p chat.Platform

	inHandle atomic.Bool

	mu      sync.Mutex
	events  []chat.Event // repeats left out
	known   map[string]bool
	since   map[chat.Place]chat.Cursor
	batches int
	news    chan struct{}          // closed at the next batch
	refuse  func(chat.Batch) error // nil: keeps all

	cancel context.CancelFunc
	ended  chan error
}

// bot starts a process with a fresh memory, which does not listen yet.
func (s *stage) bot(rooms ...chat.Room) *bot {
	b := &bot{
		stage: s, p: s.w.Open(s), known: map[string]bool{}, news: make(chan struct{}),
		since: map[chat.Place]chat.Cursor{{}: ""},
	}
	for _, r := range rooms {
		b.since[at(r)] = ""
	}
	return b
}

// listening starts a bot that listens.
func (s *stage) listening(rooms ...chat.Room) *bot {
	s.Helper()
	b := s.bot(rooms...)
	b.listen()
	return b
}

// listen runs the platform and waits until it has been heard from.
func (b *bot) listen() {
	b.Helper()
	b.mu.Lock()
	before := b.batches
	b.mu.Unlock()
	b.start(b.p.Run)
	b.await("Run tells how far it has read", func() bool { return b.batches > before })
}

type runner func(context.Context, map[chat.Place]chat.Cursor, func(context.Context, chat.Batch) error) error

func (b *bot) start(run runner) {
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel, b.ended = cancel, make(chan error, 1)
	ended := b.ended
	b.mu.Lock()
	since := maps.Clone(b.since)
	b.mu.Unlock()
	go func() { ended <- run(ctx, since, b.handle) }()
	b.Cleanup(cancel)
}

// persistent runs a platform again whenever its Run ends with an error, as
// the relay does.
func (b *bot) persistent(ctx context.Context, _ map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	for {
		b.mu.Lock()
		since := maps.Clone(b.since)
		b.mu.Unlock()
		err := b.p.Run(ctx, since, handle)
		if ctx.Err() != nil {
			return err
		}
		b.Logf("Run ended and is run again: %v", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the process.
func (b *bot) stop() {
	b.Helper()
	b.cancel()
	select {
	case err := <-b.ended:
		if !errors.Is(err, context.Canceled) {
			b.Errorf("Run returned %v when its context was canceled", err)
		}
	case <-time.After(patience):
		b.Fatalf("Run did not return within %s of its context's end", patience)
	}
}

// restart is a new process that remembers what the old one kept.
func (b *bot) restart() {
	b.Helper()
	b.p = b.w.Open(b)
	b.listen()
}

func (b *bot) handle(_ context.Context, batch chat.Batch) error {
	if b.inHandle.Swap(true) {
		b.Errorf("handle is called twice at once")
	}
	defer b.inHandle.Store(false)
	runtime.Gosched() // lets a second call come in
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse != nil {
		if err := b.refuse(batch); err != nil {
			return err
		}
	}
	for _, e := range batch.Events {
		if id := identity(e); !b.known[id] {
			b.known[id] = true
			b.events = append(b.events, e)
		}
	}
	maps.Copy(b.since, batch.Since)
	b.batches++
	close(b.news)
	b.news = make(chan struct{})
	return nil
}

// identity is the same for an event that is told again.
func identity(e chat.Event) string {
	if e.Kind == chat.Said {
		return fmt.Sprint(e.Kind, e.Message.Ref.ID, e.Message.Body.Text)
	}
	return fmt.Sprint(e.Kind, e.Message.Ref.ID, e.Message.Body.Text, e.Emoji, e.Own, e.By.ID, e.Key, e.At.UnixNano())
}

// await waits until ok, which is asked with b.mu held after each batch.
func (b *bot) await(what string, ok func() bool) {
	b.Helper()
	late := time.After(patience)
	for {
		b.mu.Lock()
		fine, news := ok(), b.news
		b.mu.Unlock()
		if fine {
			return
		}
		select {
		case <-news:
		case err := <-b.ended:
			b.Fatalf("Run ended by itself with: %v; waiting for: %s", err, what)
		case <-late:
			b.mu.Lock()
			defer b.mu.Unlock()
			b.Fatalf("waited %s in vain: %s; heard:\n%s", patience, what, list(b.events))
		}
	}
}

func list(events []chat.Event) string {
	var all strings.Builder
	for _, e := range events {
		fmt.Fprintf(&all, "  %s %s %q by %s in %v %s\n", e.Kind, e.Message.Ref.ID, e.Message.Body.Text, e.By.ID, e.Message.Ref.Place, e.Emoji)
	}
	return all.String()
}

// hears waits for the first event that is as asked.
func (b *bot) hears(what string, is func(chat.Event) bool) chat.Event {
	b.Helper()
	var found chat.Event
	b.await(what, func() bool {
		i := slices.IndexFunc(b.events, is)
		if i >= 0 {
			found = b.events[i]
		}
		return i >= 0
	})
	return found
}

// heard returns what was heard so far.
func (b *bot) heard() []chat.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.events)
}

// said waits for a message and checks what every platform must tell of one.
func (b *bot) said(u User, ref chat.Ref, text string) chat.Event {
	b.Helper()
	e := b.hears(fmt.Sprintf("said %q", text), func(e chat.Event) bool {
		return e.Kind == chat.Said && same(e.Message.Ref, ref)
	})
	if got := e.Message.Body.Text; got != text {
		b.Errorf("heard %q, said was %q", got, text)
	}
	if e.Message.Ref != ref {
		b.Errorf("%q is reported as %+v and is %+v", text, e.Message.Ref, ref)
	}
	who := u.Person()
	if e.Message.From.ID != who.ID || e.Message.From.Name != who.Name || e.By.ID != who.ID {
		b.Errorf("%q is reported as said by %+v (done by %+v); it was %+v", text, e.Message.From, e.By, who)
	}
	if e.At.IsZero() {
		b.Errorf("when %q was said is not reported", text)
	}
	return e
}

// fence waits until everything that happened in a place so far was heard.
func (b *bot) fence(u User, p chat.Place) {
	b.Helper()
	text := "so far, " + rand.Text()
	ref := u.Say(b, p, text, chat.Ref{})
	b.said(u, ref, text)
}

// onlySaid checks that exactly these messages were heard in a room, in this
// order, fences left out.
func (b *bot) onlySaid(r chat.Room, want ...chat.Ref) {
	b.Helper()
	var got, ids []string
	for _, e := range b.heard() {
		if e.Kind == chat.Said && e.Message.Ref.Place.Room == r && !strings.HasPrefix(e.Message.Body.Text, "so far, ") {
			got = append(got, e.Message.Ref.ID)
		}
	}
	for _, w := range want {
		ids = append(ids, w.ID)
	}
	if !slices.Equal(got, ids) {
		b.Errorf("in %s were said %q, heard %q:\n%s", r, ids, got, list(b.heard()))
	}
}
