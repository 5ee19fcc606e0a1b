package store

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"

	"marginalia/internal/chat"
)

// Whoever gives up while their transaction begins leaves none behind: the next
// one begins as any other. (SQLite may say that it was interrupted after it has
// begun.)
func TestWhoGivesUpLeavesNoTransaction(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "bot.db"), Options{NoListen: true})
	given := 0
	for i := range 500 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for range i % 50 {
				runtime.Gosched()
			}
			cancel()
		}()
		if err := db.Update(ctx, func(*Tx) error { return nil }); err != nil {
			given++
		}
		cancel()
		err := db.Update(t.Context(), func(tx *Tx) error { return tx.PutRoom(chat.Room{Platform: "local", ID: "main"}) })
		if err != nil {
			t.Fatalf("after %d that gave up: %v", given, err)
		}
	}
	if given == 0 {
		t.Error("nobody gave up")
	}
}
