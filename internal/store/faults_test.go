package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/test/postgres"
)

// refusedWith opens what cannot be opened and expects one sentence.
func refusedWith(t *testing.T, dsn string, words ...string) {
	t.Helper()
	db, err := Open(t.Context(), dsn, Options{NoListen: true})
	if err == nil {
		db.Close()
		t.Fatalf("%s was opened", dsn)
	}
	mentions(t, err, words...)
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
}

func TestFilesThatAreNoDatabase(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	torn := filepath.Join(dir, "torn")
	err := all(os.WriteFile(text, []byte("Dear diary, today I wrote no database."), 0o600), os.WriteFile(torn, []byte("SQLi"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	refusedWith(t, text, text, "no SQLite database", "Dear diary")
	refusedWith(t, "sqlite:"+torn, torn, "no SQLite database")
	refusedWith(t, filepath.Join(dir, "no", "such", "bot.db"), "folder", filepath.Join(dir, "no", "such"))
	refusedWith(t, dir, dir, "directory")
	if kept, _ := os.ReadFile(text); !strings.HasPrefix(string(kept), "Dear diary") {
		t.Error("the diary was written over")
	}
}

func TestPathsWithOddSigns(t *testing.T) {
	for _, name := range []string{"a b?c#d%20e&f=g.db", "ö🦉.db", "file:x.db"} {
		dir := t.TempDir()
		opened(t, filepath.Join(dir, name), Options{NoListen: true})
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestTheFileIsForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bot.db")
	db := opened(t, path, Options{NoListen: true})
	update(t, db, func(tx *Tx) error { return tx.PutSetting("a", "b") })
	for _, end := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + end)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", end, info.Mode(), err)
		}
	}
}

func TestANewerDatabaseIsRefused(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		db := opened(t, dsn, Options{NoListen: true})
		update(t, db, func(tx *Tx) error {
			_, err := tx.exec("UPDATE marginalia SET version = 99")
			return err
		})
		refusedWith(t, dsn, "newer Marginalia", "99", "backup", nameOf(db))
		if _, err := Open(t.Context(), dsn, Options{}); !errors.Is(err, ErrNewer) {
			t.Errorf("%v is not ErrNewer", err)
		}
	})
}

// TestOpenedByManyAtOnce: eight migrate one empty database.
func TestOpenedByManyAtOnce(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		errs := make(chan error)
		for range 8 {
			go func() {
				db, err := Open(t.Context(), dsn, Options{NoListen: true})
				if err == nil {
					err = errors.Join(db.Update(t.Context(), func(tx *Tx) error { _, err := bump(tx, "n"); return err }), db.Close())
				}
				errs <- err
			}()
		}
		for range 8 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		db := opened(t, dsn, Options{NoListen: true})
		same(t, "n", got(t, db, func(tx *Tx) (string, error) { return tx.Setting("n") }), "8")
	})
}

// TestAFullDisk: SQLite answers as on a full disk when a file may not grow.
func TestAFullDisk(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "bot.db"), Options{NoListen: true})
	d := db.engine.(*sqliteDB)
	limit := func(pages int) {
		if err := d.writer.do(fmt.Sprintf("PRAGMA max_page_count=%d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	update(t, db, func(tx *Tx) error { return all(furnish(tx, "x"), tx.PutSetting("before", "here")) })
	limit(1) // at least as many as there are
	big := remark("a", "passage-1", "x")
	big.Body = format.Text(strings.Repeat("words ", 100_000))
	err := db.Update(t.Context(), func(tx *Tx) error { return all(tx.PutSetting("half", "done"), tx.PutAnnotation(big)) })
	mentions(t, err, "full", d.path, "make room", "annotation a")
	if !errors.Is(err, ErrDown) {
		t.Errorf("%v is not ErrDown", err)
	}
	limit(1 << 30)
	update(t, db, func(tx *Tx) error { return tx.PutAnnotation(big) })
	same(t, "half", got(t, db, func(tx *Tx) (string, error) { return tx.Setting("half") }), "")
	same(t, "before", got(t, db, func(tx *Tx) (string, error) { return tx.Setting("before") }), "here")
	sound(t, db)
}

func TestAReadOnlyDatabase(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "bot.db"), Options{NoListen: true})
	if err := db.engine.(*sqliteDB).writer.do("PRAGMA query_only=ON"); err != nil { // root may write any file
		t.Fatal(err)
	}
	err := db.Update(t.Context(), func(tx *Tx) error { return tx.PutSetting("a", "b") })
	mentions(t, err, "may not be written", "bot.db", "right")
}

func TestADamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bot.db")
	err := withDB(path, func(db *DB) error {
		return db.Update(t.Context(), func(tx *Tx) error { _, err := tx.PutDiscussion(essay(), noon); return err })
	})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(whole); i++ {
		whole[i] = 'x'
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), path, Options{NoListen: true})
	if err == nil {
		err = again.Update(t.Context(), func(tx *Tx) error { return tx.PutSetting("a", "b") })
		again.Close()
	}
	mentions(t, err, "damaged", path, "backup")
}

func TestErrorsOfAServerNameNoPassword(t *testing.T) {
	d := postgres.Start(t).Database(t)
	good, err := url.Parse(d.TCP())
	if err != nil {
		t.Fatal(err)
	}
	const secret = "s3cr%t:/@word"
	with := func(change func(*url.URL)) string {
		u := *good
		change(&u)
		return u.String()
	}
	for name, c := range map[string]struct {
		dsn   string
		words []string
	}{
		"password": {with(func(u *url.URL) { u.User = url.UserPassword("postgres", secret) }), []string{"password", "postgres://postgres@127.0.0.1"}},
		"database": {with(func(u *url.URL) { u.Path = "/nowhere" }), []string{"no database", "nowhere", "createdb"}},
		"port":     {with(func(u *url.URL) { u.Host, u.User = "127.0.0.1:1", url.UserPassword("postgres", secret) }), []string{"cannot be reached", "127.0.0.1:1"}},
		"address":  {"postgres://postgres:" + secret + "@127.0.0.1:port/x", []string{"address"}},
	} {
		_, err := Open(t.Context(), c.dsn, Options{})
		mentions(t, err, c.words...)
		own, _ := good.User.Password()
		for _, word := range []string{secret, own, url.QueryEscape(secret), "s3cr"} {
			if strings.Contains(err.Error(), word) {
				t.Errorf("%s: the error names the password: %v", name, err)
			}
		}
	}
	db := opened(t, d.TCP(), Options{NoListen: true})
	unlock, err := db.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	_, err = db.Lock(t.Context())
	mentions(t, err, "postgres://postgres@127.0.0.1")
	if own, _ := good.User.Password(); strings.Contains(err.Error(), own) {
		t.Errorf("the error names the password: %v", err)
	}
}

func TestOneBadRowKeepsNothing(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		d := essay()
		update(t, db, func(tx *Tx) error { _, err := tx.PutDiscussion(d, noon); return err })
		d.ID = "of-the-same-documents"
		err := db.Update(t.Context(), func(tx *Tx) error {
			_, err := tx.PutDiscussion(d, noon)
			if err == nil {
				t.Error("a document was put into two discussions")
			}
			return nil // thrown away: the transaction is lost all the same
		})
		mentions(t, err, "documents")
		view(t, db, func(tx *Tx) error {
			_, err := tx.Head(d.ID)
			missing(t, "head", err)
			return nil
		})
	})
}

func TestPanicsAndCancelledCallsLeaveNothingBehind(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		func() {
			defer func() { recover() }()
			db.Update(t.Context(), func(tx *Tx) error {
				tx.PutSetting("a", "b")
				panic("boom")
			})
		}()
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Update(ctx, func(tx *Tx) error {
			err := tx.PutSetting("a", "b")
			cancel()
			return all(err, tx.PutSetting("c", "d"))
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		if err := db.Update(ctx, func(*Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: %v", err)
		}
		if err := db.View(ctx, func(tx *Tx) error { _, err := tx.Rooms(); return err }); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: %v", err)
		}
		for range 20 { // every connection is fit for use
			update(t, db, func(tx *Tx) error {
				s, err := tx.Setting("a")
				same(t, "a", s, "")
				return err
			})
		}
	})
}

func TestAnUpdateInsideAnUpdateEndsWithItsContext(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "bot.db"), Options{NoListen: true})
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Update(ctx, func(tx *Tx) error {
		go cancel()
		return db.Update(ctx, func(tx *Tx) error { return nil })
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestAViewSeesOneState: what is committed while it runs is not in it, and it
// does not wait for the writer.
func TestAViewSeesOneState(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		put := func(v string) error {
			return db.Update(t.Context(), func(tx *Tx) error { return tx.PutSetting("a", v) })
		}
		if err := put("old"); err != nil {
			t.Fatal(err)
		}
		view(t, db, func(tx *Tx) error {
			before, err := tx.Setting("a")
			err2 := put("new")
			after, err3 := tx.Setting("a")
			same(t, "in the view", []string{before, after}, []string{"old", "old"})
			return all(err, err2, err3)
		})
		update(t, db, func(tx *Tx) error {
			err := tx.PutSetting("a", "newer")
			same(t, "beside the writer", got(t, db, func(tx *Tx) (string, error) { return tx.Setting("a") }), "new")
			return err
		})
	})
}

func TestIDsOfPeopleAreDerived(t *testing.T) {
	if a, b := discussion.Derive("person", "matrix", "x"), discussion.Derive("person", "matri", "xx"); a == b {
		t.Error("two people of one ID")
	}
}

// TestAnErrorOfTheFunctionIsItsOwn: whatever it looks like, it says nothing of
// the database.
func TestAnErrorOfTheFunctionIsItsOwn(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		for name, run := range map[string]func(context.Context, func(*Tx) error) error{"view": db.View, "update": db.Update} {
			err := run(t.Context(), func(*Tx) error { return fmt.Errorf("read a file: %w", io.ErrUnexpectedEOF) })
			if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrDown) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
