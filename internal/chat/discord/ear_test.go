package discord

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/format"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// ear keeps what a platform reports, as the relay does.
type ear struct {
	t      testing.TB
	cancel context.CancelFunc
	ended  chan error

	mu     sync.Mutex
	events []chat.Event
	since  map[chat.Place]chat.Cursor
	told   int // batches
	news   chan struct{}
}

// hear runs p until it is stopped, and waits until it was heard from.
func hear(t testing.TB, p *Platform, since map[chat.Place]chat.Cursor) *ear {
	t.Helper()
	e := listenTo(t, p, since)
	e.wait("the first batch", func() bool { return e.told > 0 })
	return e
}

// listenTo is hear without the wait.
func listenTo(t testing.TB, p *Platform, since map[chat.Place]chat.Cursor) *ear {
	ctx, cancel := context.WithCancel(context.Background())
	e := &ear{t: t, cancel: cancel, ended: make(chan error, 1), since: maps.Clone(since), news: make(chan struct{})}
	go func() { e.ended <- p.Run(ctx, maps.Clone(since), e.handle) }()
	t.Cleanup(cancel)
	return e
}

func fromNow(rooms ...chat.Room) map[chat.Place]chat.Cursor {
	since := map[chat.Place]chat.Cursor{{}: ""}
	for _, r := range rooms {
		since[chat.Place{Room: r}] = ""
	}
	return since
}

func (e *ear) handle(_ context.Context, b chat.Batch) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, b.Events...)
	maps.Copy(e.since, b.Since)
	e.told++
	close(e.news)
	e.news = make(chan struct{})
	return nil
}

// wait waits until ok, which is asked with e.mu held.
func (e *ear) wait(what string, ok func() bool) {
	e.t.Helper()
	late := time.After(patience + 10*time.Minute*time.Duration(b2i(inBubble(e.t))))
	for {
		e.mu.Lock()
		fine, news := ok(), e.news
		e.mu.Unlock()
		if fine {
			return
		}
		select {
		case <-news:
		case err := <-e.ended:
			e.t.Fatalf("Run ended with %v; waiting for %s", err, what)
		case <-late:
			e.t.Fatalf("waited in vain for %s; heard:\n%s", what, list(e.all()))
		}
	}
}

// hears waits for an event and returns it.
func (e *ear) hears(what string, is func(chat.Event) bool) chat.Event {
	e.t.Helper()
	var found chat.Event
	e.wait(what, func() bool {
		at := slices.IndexFunc(e.events, is)
		if at >= 0 {
			found = e.events[at]
		}
		return at >= 0
	})
	return found
}

func (e *ear) said(id string) chat.Event {
	e.t.Helper()
	return e.hears("message "+id, func(o chat.Event) bool { return o.Kind == chat.Said && o.Message.Ref.ID == id })
}

func (e *ear) all(kinds ...chat.Kind) []chat.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []chat.Event
	for _, o := range e.events {
		if len(kinds) == 0 || slices.Contains(kinds, o.Kind) {
			all = append(all, o)
		}
	}
	return all
}

// stop ends Run and returns how far was read.
func (e *ear) stop() map[chat.Place]chat.Cursor {
	e.t.Helper()
	e.cancel()
	if err := <-e.ended; !errors.Is(err, context.Canceled) {
		e.t.Errorf("Run returned %v when its context ended", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.since)
}

func list(events []chat.Event) string {
	var b strings.Builder
	for _, o := range events {
		fmt.Fprintf(&b, "  %s %s %q %s by %s\n", o.Kind, o.Message.Ref.ID, o.Message.Body.Text, o.Emoji, o.By.ID)
	}
	return b.String()
}

// bubbles are the tests that run in one, by name.
var bubbles sync.Map

func inBubble(t testing.TB) bool { _, in := bubbles.Load(t.Name()); return in }

// bubble tells a story in a bubble of time, where the double speaks over pipes.
func bubble(t *testing.T, o discordtest.Options, story func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		bubbles.Store(t.Name(), true)
		o.Pipe = true
		story(t, newWorld(t, o))
	})
}

// logs is what a platform logged.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// logger writes what the platform logs to where a test reads it.
func (l *logs) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func posting(p chat.Place, from, text string) chat.Action {
	a := chat.Action{Verb: chat.Post, Key: rand.Text()[:25], Began: time.Now(), Message: chat.Message{Ref: chat.Ref{Place: p}, Body: format.Text(text)}}
	if from != "" {
		a.Message.From = chat.Person{ID: "elsewhere:" + from, Name: from}
	}
	return a
}

// does does a, and waits as it is asked to.
func does(t testing.TB, p *Platform, a chat.Action) chat.Done {
	t.Helper()
	for {
		done, err := p.Do(t.Context(), a)
		wait, ok := waitOf(err)
		if !ok {
			must(t, err)
			return done
		}
		must(t, sleep(t.Context(), wait))
	}
}

// again is a once more, in doubt.
func again(a chat.Action, taken ...chat.Ref) chat.Action {
	a.Again, a.Sent = true, format.Discord{}.Print(a.Message.Body)
	a.Taken = func(r chat.Ref) bool {
		return slices.ContainsFunc(taken, func(o chat.Ref) bool { return o.ID == r.ID })
	}
	return a
}

func at(r chat.Room) chat.Place { return chat.Place{Room: r} }

// tape is a connection on which something was recorded.
type tape struct {
	net.Conn
	in []byte
}

func (c *tape) Read(b []byte) (int, error) {
	if len(c.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.in)
	c.in = c.in[n:]
	return n, nil
}

func (c *tape) Write(b []byte) (int, error) { return len(b), nil }
func (c *tape) Close() error                { return nil }
