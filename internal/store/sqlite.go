package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

const (
	busyTimeout = 5 * time.Second // how long a statement waits for another process
	beginWithin = 30 * time.Second
	maxReaders  = 4
)

// sqliteDB is one file: one connection that writes, behind a pen of our own,
// and a few that read. Within the process nobody but Scrub waits in SQLite's
// busy handler, which sleeps: only other processes are waited for that way.
type sqliteDB struct {
	path    string
	pen     pen    // the right to use writer
	torn    error  // of the flush that failed
	flushed func() // tests only
	writer  *sqliteConn
	log     *os.File      // the WAL, to be flushed by who has the pen; nil before the first time
	reading chan struct{} // holds a token for each reader at work

	mu     sync.Mutex
	idle   []*sqliteConn // readers
	closed bool          // read and written by who holds a token
}

func openSQLite(ctx context.Context, path string, o Options) (*sqliteDB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	if err := checkFile(path); err != nil {
		return nil, err
	}
	d := &sqliteDB{path: path, flushed: o.Flushed, reading: make(chan struct{}, maxReaders)}
	if err := d.open(ctx); err != nil {
		return nil, errors.Join(d.explain(err), d.close())
	}
	return d, nil
}

// checkFile says in one sentence why path cannot be a database, and makes the
// file, readable by its owner alone, if there is none.
func checkFile(path string) error {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("the database %s has no folder: make %s or name another path", path, dir)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("the database %s may not be read and written: give the user who runs the bot the right to the file and its folder", path)
	}
	if err != nil {
		return fmt.Errorf("the database %s cannot be opened: %w", path, err)
	}
	defer f.Close()
	head := make([]byte, 16)
	if n, err := io.ReadFull(f, head); err != io.EOF && (err != nil || string(head) != "SQLite format 3\x00") {
		return fmt.Errorf("the file %s is no SQLite database (it begins with %q): name another path, or move it away", path, head[:n])
	}
	return nil
}

func (d *sqliteDB) open(ctx context.Context) (err error) {
	if d.writer, err = d.connect("PRAGMA journal_size_limit=4194304"); err != nil {
		return err
	}
	if err := d.wal(ctx); err != nil {
		return err
	}
	if at, err := versionOf(ctx, d.writer); err == nil && at == newest() {
		return nil // without waiting for a process that writes
	}
	return d.update(ctx, func(s session) (effect, error) {
		return effect{wrote: true}, migrate(ctx, s, "sqlite", d.path)
	})
}

func (d *sqliteDB) connect(more ...string) (*sqliteConn, error) {
	c, err := newSQLiteConn(d.path)
	if err != nil {
		return nil, err
	}
	for _, p := range append([]string{
		"PRAGMA synchronous=NORMAL", "PRAGMA secure_delete=ON", "PRAGMA foreign_keys=ON", "PRAGMA cache_size=-2000", "PRAGMA temp_store=MEMORY",
	}, more...) {
		if err := c.once(p); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

// wal makes readers and the writer independent. Of processes that make a
// database at the same moment one may be refused at once, so it is tried again.
func (d *sqliteDB) wal(ctx context.Context) error {
	for tries := 1; ; tries++ {
		var mode string
		err := d.writer.once("PRAGMA journal_mode=WAL", &mode)
		if err == nil && mode != "wal" {
			return fmt.Errorf("the file system of %s does not allow several processes to share a database (journal mode %s): put it on a local disk", d.path, mode)
		}
		if err == nil || !isBusy(err) || tries == 50 {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// view takes a reader, or waits for one of those at work.
func (d *sqliteDB) view(ctx context.Context, f func(session) error) error {
	select {
	case d.reading <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.reading }()
	if d.closed {
		return errClosed
	}
	c, err := d.reader()
	if err != nil {
		return err
	}
	defer d.rest(c)
	if err := c.do("BEGIN"); err != nil {
		return err
	}
	defer c.do("ROLLBACK") // there is nothing to keep
	return f(c)
}

func (d *sqliteDB) reader() (*sqliteConn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := len(d.idle); n > 0 {
		c := d.idle[n-1]
		d.idle = d.idle[:n-1]
		return c, nil
	}
	return d.connect("PRAGMA query_only=ON")
}

func (d *sqliteDB) rest(c *sqliteConn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.idle = append(d.idle, c)
}

// begin waits for other processes that write; it gives up when ctx is done.
// SQLite itself would wait without looking at ctx.
func (d *sqliteDB) begin(ctx context.Context) error {
	d.writer.conn.SetBusyTimeout(0)
	defer d.writer.conn.SetBusyTimeout(busyTimeout)
	const longest = 100 * time.Millisecond
	for wait, waited := time.Millisecond, time.Duration(0); ; wait = min(2*wait, longest) {
		err := d.writer.do("BEGIN IMMEDIATE")
		if err == nil || !isBusy(err) || waited >= beginWithin {
			return err
		}
		select {
		case <-time.After(wait):
			waited += wait
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// flush puts all that was committed on disk. SQLite does so itself only before
// it moves the WAL into the database (synchronous=NORMAL), so that a lazy commit
// need not wait. On the WAL nobody holds a lock that closing it would give up.
// What cannot be flushed was committed all the same: it may be on disk or not.
// Nothing is written any more then: a system that was told once that it failed
// may say of the next flush that all is well.
func (d *sqliteDB) flush() (err error) {
	if d.log == nil {
		d.log, err = os.OpenFile(d.path+"-wal", os.O_RDWR, 0)
	}
	if err == nil {
		err = d.log.Sync()
	}
	if err != nil {
		d.torn = &fault{"the database " + d.path + " could not be put on disk: look at the disk and the system's log, then start the bot again", err}
		return d.torn
	}
	if d.flushed != nil {
		d.flushed()
	}
	return nil
}

// lock holds a lock on the file beside the database, which the system takes
// back when the process ends, however it ends.
func (d *sqliteDB) lock(context.Context) (func(), error) {
	l := flock.New(d.path + ".lock")
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the database %s: %w", d.path, err)
	}
	if !ok {
		return nil, fmt.Errorf("%w: %s; stop that one first, or give this one a database of its own", ErrLocked, d.path)
	}
	return func() { l.Unlock() }, nil
}

// close waits for the transactions that run.
func (d *sqliteDB) close() error {
	if err := d.alone(context.Background()); err != nil {
		return err
	}
	defer d.pen.hand(nil)
	for range maxReaders {
		d.reading <- struct{}{}
		defer func() { <-d.reading }()
	}
	d.closed = true
	var errs []error
	if d.log != nil {
		errs = append(errs, d.log.Close())
	}
	if d.writer != nil {
		errs = append(errs, d.writer.close())
	}
	for _, c := range d.idle {
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}
