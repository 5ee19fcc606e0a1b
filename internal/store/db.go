package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"marginalia/internal/chat"
)

// Options of Open.
type Options struct {
	Isolation string // tests only: PostgreSQL isolation instead of SERIALIZABLE
	Flushed   func() // tests only: SQLite: called each time that all that was committed is on disk, before anything is written again
	NoListen  bool   // PostgreSQL: no LISTEN connection; SQLite: no watching for other processes
}

// DB is an open database. It may be used by any number of goroutines.
type DB struct {
	engine engine
	topics topics
	stop   func()         // ends the watcher
	done   sync.WaitGroup // the watcher

	places    numbers[chat.Place]
	things    numbers[Thing]
	addresses numbers[address]
	people    lasting
	words     wordsRead
	talks     talks
	surveys   chan struct{} // holds a token for each that runs
}

// An engine is SQLite or PostgreSQL.
type engine interface {
	// view runs f on a snapshot.
	view(ctx context.Context, f func(session) error) error
	// update runs f in a serializable transaction, again where the database
	// asks for it, and commits if f returns nil.
	update(ctx context.Context, f func(session) (effect, error)) error
	// serial tells that an update waits for those begun before it, and sees what
	// they wrote, be it on disk yet or not.
	serial() bool
	// era changes when what was committed and not on disk may have been lost
	// while this process went on.
	era() int64
	// lock takes the right to run the bot.
	lock(ctx context.Context) (unlock func(), err error)
	// watch calls changed when another process may have committed, until ctx is done.
	watch(ctx context.Context, changed func())
	// explain puts an error of the database into words for the operator.
	explain(err error) error
	close() error
}

// An effect is what a transaction did, as far as its commit is concerned.
type effect struct {
	wrote bool
	lazy  bool // it need not be on disk yet
}

// Open opens the database at dsn, makes it if it is a path where nothing is,
// and migrates it. dsn is a path, "sqlite:path" or a "postgres://" address. A
// database that a newer Marginalia has migrated is refused. No error names a
// password.
//
// Open starts one goroutine that watches for the commits of other processes,
// unless o.NoListen is set; Close ends it.
func Open(ctx context.Context, dsn string, o Options) (*DB, error) {
	e, err := openEngine(ctx, dsn, o)
	if err != nil {
		return nil, err
	}
	db := &DB{engine: e, surveys: make(chan struct{}, mostSurveys)}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	db.stop = stop
	if !o.NoListen {
		db.done.Go(func() { e.watch(watching, db.topics.fireAll) })
	}
	return db, nil
}

func openEngine(ctx context.Context, dsn string, o Options) (engine, error) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return openPostgres(ctx, dsn, o)
	}
	return openSQLite(ctx, strings.TrimPrefix(dsn, "sqlite:"), o)
}

var errClosed = errors.New("the database is closed")

// Close closes the database after the Updates that run; those that come later
// fail. It must not be called twice, nor from inside a transaction.
func (db *DB) Close() error {
	db.stop()
	db.done.Wait()
	if err := db.engine.close(); err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
	return nil
}

// Lock takes the right to run the bot on this database until unlock is called
// or the process ends, however it ends. While another has it the error is
// ErrLocked, with the database's name and what to do.
func (db *DB) Lock(ctx context.Context) (unlock func(), err error) { return db.engine.lock(ctx) }

// View runs f on a state of the database that does not change meanwhile. It
// never waits for an Update. A method of Tx that writes ends it with an error.
func (db *DB) View(ctx context.Context, f func(*Tx) error) error {
	var tx *Tx
	var own error
	err := db.engine.view(ctx, func(s session) error {
		tx = db.newTx(ctx, s, true)
		own = tx.run(f)
		return own
	})
	if err != nil {
		return db.explain(err, own)
	}
	db.learned(tx)
	return nil
}

// Update runs f in one serializable transaction and commits it if f returns
// nil and no method of Tx failed but with ErrNotFound. If it returns nil, what
// f did is on disk, unless it was Lazy; an error of the disk may leave open
// whether it is. f may run more than once: it must be re-runnable, and set anew
// what it leaves behind.
//
// An Update inside an Update waits for itself until ctx is done. A View inside
// an Update sees what was committed before.
func (db *DB) Update(ctx context.Context, f func(*Tx) error) error {
	var tx *Tx
	var own error
	err := db.engine.update(ctx, func(s session) (effect, error) {
		tx = db.newTx(ctx, s, false)
		if own = tx.run(f); own == nil && db.engine.serial() {
			db.topics.fireRooms(tx.stirred())
		}
		return effect{tx.wrote, tx.lazy}, own
	})
	if err != nil {
		return db.explain(err, own)
	}
	db.learned(tx)
	if !tx.wrote {
		return nil
	}
	db.topics.fire(tx.planned)
	if !db.engine.serial() {
		db.topics.fireRooms(tx.stirred())
	}
	return nil
}

// explain puts an error of a transaction into words. What the function itself
// returned is left as it is: where that came from the database it was put into
// words already, and where it did not the database has nothing to do with it.
func (db *DB) explain(err, own error) error {
	if own != nil && errors.Is(err, own) {
		return err
	}
	return db.engine.explain(err)
}

// run returns the error of f. An error of the database goes before it if f
// made something else of it.
func (tx *Tx) run(f func(*Tx) error) error {
	err := f(tx)
	if tx.broken == nil || err != nil && !retryable(tx.broken) {
		return err
	}
	if err == nil {
		return fmt.Errorf("nothing is kept: an error was passed over: %w", tx.broken)
	}
	return tx.broken
}
