package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"marginalia/test/wait"
)

// inLine runs updates one behind another: none begins before all have asked to
// write. It returns what came of each.
func inLine(t *testing.T, db *DB, updates ...func(*Tx) error) []error {
	t.Helper()
	d := db.engine.(*sqliteDB)
	if _, err := d.pen.take(t.Context()); err != nil {
		t.Fatal(err)
	}
	outcomes := make([]chan error, len(updates))
	for i, f := range updates {
		outcomes[i] = make(chan error, 1)
		go func() {
			defer func() {
				if broken := recover(); broken != nil {
					outcomes[i] <- fmt.Errorf("it panicked: %v", broken)
				}
			}()
			outcomes[i] <- db.Update(t.Context(), f)
		}()
		wait.Until(t, 10*time.Second, "it waits", func() bool {
			d.pen.mu.Lock()
			defer d.pen.mu.Unlock()
			return len(d.pen.waiting) == i+1
		})
	}
	d.pass(nil)
	var errs []error
	for i := range outcomes {
		select {
		case err := <-outcomes[i]:
			errs = append(errs, err)
		case <-time.After(20 * time.Second):
			t.Fatalf("update %d does not return", i)
		}
	}
	return errs
}

// put writes a setting, and then what it is given.
func put(name string, then func(*Tx) error) func(*Tx) error {
	return func(tx *Tx) error { return all(tx.PutSetting(name, "yes"), then(tx)) }
}

func nothing(*Tx) error { return nil }

// kept are those of the settings that are on disk, as another process reads it.
func kept(t *testing.T, db *DB, names ...string) string {
	t.Helper()
	other := opened(t, nameOf(db), Options{NoListen: true})
	var found string
	for _, name := range names {
		if got(t, other, func(tx *Tx) (string, error) { return tx.Setting(name) }) == "yes" {
			found += name
		}
	}
	return found
}

// TestWhoWaitsToWriteSharesACommit: each sees what those before it wrote,
// which is not on disk yet. One that fails and one that panics are undone
// alone.
func TestWhoWaitsToWriteSharesACommit(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "bot.db"), Options{NoListen: true})
	boom := errors.New("boom")
	errs := inLine(t, db,
		put("a", nothing),
		put("b", func(*Tx) error { return boom }),
		put("c", func(*Tx) error { panic("broken") }),
		put("d", func(tx *Tx) error {
			var sees string
			for _, name := range []string{"a", "b", "c"} {
				value, err := tx.Setting(name)
				if err != nil {
					return err
				}
				sees += name[:len(value)/3]
			}
			if sees != "a" || kept(t, db, "a", "b", "c") != "" {
				return fmt.Errorf("it sees %q; on disk is %q", sees, kept(t, db, "a", "b", "c"))
			}
			return nil
		}),
	)
	if errs[0] != nil || !errors.Is(errs[1], boom) || errs[2] == nil || errs[3] != nil {
		t.Errorf("outcomes: %v", errs)
	}
	same(t, "on disk", kept(t, db, "a", "b", "c", "d"), "ad")
}

// TestATransactionThatSQLiteEndedIsNobodys: as where the disk is full. Nobody
// is told that it was kept, and those who come after it write on.
func TestATransactionThatSQLiteEndedIsNobodys(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "bot.db"), Options{NoListen: true})
	full := errors.New("full")
	errs := inLine(t, db,
		put("a", nothing),
		put("b", nothing),
		put("c", func(tx *Tx) error { return all(db.engine.(*sqliteDB).writer.do("ROLLBACK"), full) }),
		put("d", nothing),
	)
	if !errors.Is(errs[0], ErrDown) || !errors.Is(errs[1], ErrDown) || !errors.Is(errs[2], full) || errs[3] != nil {
		t.Errorf("outcomes: %v", errs)
	}
	same(t, "on disk", kept(t, db, "a", "b", "c", "d"), "d")
}

// TestWhoGivesUpIsPassedOver: of those who wait to write one goes away.
func TestWhoGivesUpIsPassedOver(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "bot.db"), Options{NoListen: true})
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error, 1)
	errs := inLine(t, db,
		func(tx *Tx) error {
			go func() { given <- db.Update(ctx, put("b", nothing)) }()
			d := db.engine.(*sqliteDB)
			wait.Until(t, 10*time.Second, "both wait", func() bool {
				d.pen.mu.Lock()
				defer d.pen.mu.Unlock()
				return len(d.pen.waiting) == 2
			})
			cancel()
			if err := <-given; !errors.Is(err, context.Canceled) {
				return fmt.Errorf("who gave up: %v", err)
			}
			return tx.PutSetting("a", "yes")
		},
		put("c", nothing),
	)
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	same(t, "on disk", kept(t, db, "a", "b", "c"), "ac")
}

// TestWhoIsWokenByARoomSeesWhy: perhaps before it is on disk, but never too
// early, and never in vain.
func TestWhoIsWokenByARoomSeesWhy(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		for i := range 50 {
			thing := Thing(fmt.Sprint("a:", i))
			woken := db.Changed(attic)
			saw := make(chan error, 1)
			go func() {
				<-woken
				saw <- db.Update(t.Context(), func(tx *Tx) error {
					_, err := tx.Delivery(thing, attic)
					return err
				})
			}()
			update(t, db, func(tx *Tx) error { return tx.Stale(thing, attic, "", ClassReply, noon) })
			if err := <-saw; err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What is lazy is committed, for other processes, too, and not flushed; it is
// with what comes next.
func TestALazyCommitDoesNotWaitForTheDisk(t *testing.T) {
	path, flushed := filepath.Join(t.TempDir(), "bot.db"), 0
	db := opened(t, path, Options{NoListen: true, Flushed: func() { flushed++ }})
	other := opened(t, path, Options{NoListen: true})
	put := func(key string, lazy bool) func(*Tx) error {
		return func(tx *Tx) error {
			if lazy {
				tx.Lazy()
			}
			return tx.PutSetting(key, "x")
		}
	}
	before := flushed
	update(t, db, put("a", true))
	if flushed != before {
		t.Error("what is lazy was flushed")
	}
	view(t, other, func(tx *Tx) error {
		if got, err := tx.Setting("a"); got != "x" || err != nil {
			t.Errorf("another process reads %q, %v", got, err)
		}
		return nil
	})
	update(t, db, func(*Tx) error { return nil })
	if flushed != before {
		t.Error("nothing was written, and flushed")
	}
	update(t, db, put("b", false))
	if flushed != before+1 {
		t.Errorf("flushed %d times, not once", flushed-before)
	}
	held, together := make(chan struct{}), make(chan error)
	go func() {
		together <- db.Update(t.Context(), func(tx *Tx) error { <-held; return put("c", true)(tx) })
	}()
	go func() {
		together <- db.Update(t.Context(), func(tx *Tx) error { return put("d", false)(tx) })
	}()
	close(held)
	if err := errors.Join(<-together, <-together); err != nil || flushed != before+2 {
		t.Errorf("the two flushed %d times, %v", flushed-before-1, err)
	}
}

// A disk that cannot be flushed is a fault of the database, as one is that cannot
// be written.
func TestWhatCannotBeFlushedIsNotOnDisk(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "bot.db"), Options{NoListen: true})
	update(t, db, func(tx *Tx) error { return tx.PutSetting("a", "x") })
	engine := db.engine.(*sqliteDB)
	whole := engine.log
	if engine.log = nil; whole == nil {
		t.Fatal("nothing was flushed")
	}
	broken, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	broken.Close()
	engine.log = broken
	err = db.Update(t.Context(), func(tx *Tx) error { return tx.PutSetting("a", "y") })
	engine.log = whole
	if !errors.Is(err, ErrDown) {
		t.Errorf("a flush that fails is told as %v", err)
	}
	if err := db.Update(t.Context(), func(tx *Tx) error { return tx.PutSetting("a", "z") }); !errors.Is(err, ErrDown) {
		t.Errorf("the next one is told as %v", err)
	}
}
