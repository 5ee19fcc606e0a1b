package store

import (
	"context"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"marginalia/internal/chat"
)

// A fickle context is cancelled when it is asked about itself for the last of
// so many times.
type fickle struct {
	context.Context
	cancel context.CancelFunc
	left   atomic.Int64
}

func (c *fickle) Done() <-chan struct{} {
	c.asked()
	return c.Context.Done()
}

func (c *fickle) Err() error {
	c.asked()
	return c.Context.Err()
}

func (c *fickle) asked() {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
}

// Whoever gives up while their transaction begins leaves none behind: the next
// one begins as any other. (SQLite may say that it was interrupted after it has
// begun.)
func TestWhoGivesUpLeavesNoTransaction(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "bot.db"), Options{NoListen: true})
	given := 0
	try := func(ctx context.Context) {
		if err := db.Update(ctx, func(*Tx) error { return nil }); err != nil {
			given++
		}
		err := db.Update(t.Context(), func(tx *Tx) error { return tx.PutRoom(chat.Room{Platform: "local", ID: "main"}) })
		if err != nil {
			t.Fatalf("after %d that gave up: %v", given, err)
		}
	}
	// At each moment at which a transaction looks, several times.
	for i := range 200 {
		ctx := &fickle{}
		ctx.Context, ctx.cancel = context.WithCancel(t.Context())
		ctx.left.Store(int64(1 + i%20))
		try(ctx)
		ctx.cancel()
	}
	if given == 0 {
		t.Error("nobody gave up")
	}
	// And at any other.
	for i := range 500 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for range i % 50 {
				runtime.Gosched()
			}
			cancel()
		}()
		try(ctx)
		cancel()
	}
	t.Logf("%d gave up", given)
}
