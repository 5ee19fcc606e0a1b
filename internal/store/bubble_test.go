package store

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestInABubble: eight writers and four readers on each database inside
// testing/synctest take no time there, and nothing is left after Close (or the
// bubble would not end).
func TestInABubble(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			db, err := Open(t.Context(), dsn, Options{NoListen: true})
			if err != nil {
				t.Fatal(err)
			}
			var work sync.WaitGroup
			for range 8 {
				work.Go(func() {
					for range 15 {
						if err := db.Update(t.Context(), func(tx *Tx) error { _, err := bump(tx, "n"); return err }); err != nil {
							t.Error(err)
						}
						if err := db.View(t.Context(), func(tx *Tx) error { _, err := tx.Setting("n"); return err }); err != nil {
							t.Error(err)
						}
					}
				})
			}
			work.Wait()
			same(t, "n", got(t, db, func(tx *Tx) (string, error) { return tx.Setting("n") }), strconv.Itoa(8*15))
			changed := db.Changed()
			go func() {
				time.Sleep(time.Hour)
				db.Update(t.Context(), func(tx *Tx) error { return tx.PutSetting("late", "yes") })
			}()
			if took := time.Since(began); took != 0 {
				t.Errorf("the bubble's clock moved by %v", took)
			}
			<-changed
			if took := time.Since(began); took != time.Hour {
				t.Errorf("woken after %v", took)
			}
			synctest.Wait()
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestNoGoroutineIsLeft(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		for _, o := range []Options{{}, {NoListen: true}} {
			db, err := Open(t.Context(), dsn, o)
			if err != nil {
				t.Fatal(err)
			}
			if !o.NoListen {
				listening(t, db)
			}
			unlock, err := db.Lock(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			update(t, db, func(tx *Tx) error { return tx.PutSetting("a", "b") })
			unlock()
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			if left := ours(); left != "" {
				t.Errorf("after Close with %+v:\n%s", o, left)
			}
		}
	})
}

// ours returns the stacks of goroutines, but for the tests' own, that have
// anything to do with databases. Some are just ending.
func ours() string {
	var left []string
	for range 1000 {
		left = nil
		all := make([]byte, 1<<20)
		for _, g := range strings.Split(string(all[:runtime.Stack(all, true)]), "\n\n")[1:] {
			if strings.Contains(g, "database/sql") || strings.Contains(g, "pgx") || strings.Contains(g, "sqlite") || strings.Contains(g, "internal/store.(") {
				left = append(left, g)
			}
		}
		if left == nil {
			return ""
		}
		runtime.Gosched()
		<-time.After(time.Millisecond)
	}
	return strings.Join(left, "\n\n")
}

// TestClosedMeansClosed: Close waits for the Update that runs, and later ones
// fail in plain words.
func TestClosedMeansClosed(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		db, err := Open(context.Background(), dsn, Options{})
		if err != nil {
			t.Fatal(err)
		}
		running, done := make(chan struct{}), make(chan error)
		go func() {
			done <- db.Update(t.Context(), func(tx *Tx) error {
				close(running)
				err := tx.PutSetting("a", "b")
				for range 100 {
					_, err2 := bump(tx, "n")
					err = all(err, err2)
				}
				return err
			})
		}()
		<-running
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Errorf("the update that ran: %v", err)
		}
		mentions(t, db.View(t.Context(), func(tx *Tx) error { _, err := tx.Rooms(); return err }), "closed")
		mentions(t, db.Update(t.Context(), func(tx *Tx) error { return tx.PutSetting("a", "b") }), "closed")
	})
}
