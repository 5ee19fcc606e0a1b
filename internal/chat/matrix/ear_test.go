//go:build unix

package matrix

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/test/wait"
)

// ear is what was heard of a platform, repeats and all.
type ear struct {
	t testing.TB

	mu     sync.Mutex
	events []chat.Event
	since  map[chat.Place]chat.Cursor
	answer chan struct{} // one for each batch

	cancel context.CancelFunc
	ended  chan error
}

// hear runs p and waits until the server has answered.
func hear(t testing.TB, p chat.Platform, since map[chat.Place]chat.Cursor) *ear {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	e := &ear{t: t, since: maps.Clone(since), answer: make(chan struct{}, 1<<16), cancel: cancel, ended: make(chan error, 1)}
	go func() { e.ended <- p.Run(ctx, since, e.handle) }()
	t.Cleanup(cancel)
	select {
	case <-e.answer:
	case err := <-e.ended:
		t.Fatalf("Run ended by itself: %v", err)
	case <-time.After(30 * time.Second):
		t.Fatal("Run tells nothing")
	}
	return e
}

func (e *ear) handle(_ context.Context, b chat.Batch) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, b.Events...)
	maps.Copy(e.since, b.Since)
	e.answer <- struct{}{}
	return nil
}

// stop ends Run and returns how far it had read.
func (e *ear) stop() map[chat.Place]chat.Cursor {
	e.t.Helper()
	e.cancel()
	if err := <-e.ended; !errors.Is(err, context.Canceled) {
		e.t.Errorf("Run returned %v", err)
	}
	return e.since
}

// all returns what was heard so far, of those kinds if any are named.
func (e *ear) all(kinds ...chat.Kind) []chat.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.events), func(told chat.Event) bool {
		return len(kinds) > 0 && !slices.Contains(kinds, told.Kind)
	})
}

// wait waits for an event and returns it.
func (e *ear) wait(what string, is func(chat.Event) bool) chat.Event {
	e.t.Helper()
	late := time.After(60 * time.Second)
	for {
		if all := e.all(); slices.ContainsFunc(all, is) {
			return all[slices.IndexFunc(all, is)]
		}
		select {
		case <-e.answer:
		case err := <-e.ended:
			e.t.Fatalf("Run ended by itself: %v; waiting for %s", err, what)
		case <-late:
			e.t.Fatalf("waited in vain for %s; heard %+v", what, e.all())
		}
	}
}

// waitFor waits for the event of that id.
func (e *ear) waitFor(id string) chat.Event {
	e.t.Helper()
	return e.wait(id, func(told chat.Event) bool { return told.Message.Ref.ID == id || told.Own == id })
}

// fromNow is the cursors of rooms that were not heard yet.
func fromNow(rooms ...chat.Room) map[chat.Place]chat.Cursor {
	since := map[chat.Place]chat.Cursor{{}: ""}
	for _, r := range rooms {
		since[chat.Place{Room: r}] = ""
	}
	return since
}

// texts is the words of events, in order.
func texts(events []chat.Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, e.Message.Body.Text)
	}
	return all
}

// eventually waits for what only looking can tell.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	wait.Until(t, 30*time.Second, what, ok)
}
