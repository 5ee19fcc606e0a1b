package store

import (
	"context"
	"os"
	"time"
)

const (
	firstLook = 50 * time.Millisecond // after the log was written
	lastLook  = 10 * time.Second
	pollEvery = time.Second // where the system does not tell what is written
)

// A writeLog is a file that a database writes before each commit.
type writeLog interface {
	// wait waits for something to be written, for limit at most (0: without
	// limit) and until ctx is done, and reports whether it was.
	wait(ctx context.Context, limit time.Duration) bool
	close()
}

// watch sleeps until something is written to the database's log, by whomever,
// and then looks for a commit of another process: soon, and again at growing
// intervals, since the log is written some time before the commit holds.
func (d *sqliteDB) watch(ctx context.Context, changed func()) {
	log := openLog(d.path + "-wal")
	defer log.close()
	w := newWatcher(ctx, d)
	for pause := firstLook; ctx.Err() == nil; pause *= 2 {
		if pause > lastLook {
			pause = 0
		}
		if log.wait(ctx, pause) {
			pause = firstLook
			pausing(ctx, pause)
		}
		if w.look(ctx) {
			changed()
		}
	}
}

// pausing waits for d, or until ctx is done.
func pausing(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// watcher tells another process's commits from our own: it asks SQLite through
// the writing connection, to which its own commits are no change.
type watcher struct {
	db      *sqliteDB
	version int64
}

func newWatcher(ctx context.Context, d *sqliteDB) *watcher {
	return &watcher{d, d.dataVersion(ctx)}
}

// look reports whether another process has committed since the last look.
func (w *watcher) look(ctx context.Context) bool {
	version := w.db.dataVersion(ctx)
	changed := version != w.version
	w.version = version
	return changed
}

func (d *sqliteDB) dataVersion(ctx context.Context) (v int64) {
	t, err := d.pen.take(ctx)
	if err != nil {
		return 0
	}
	defer d.pass(t)
	found, err := d.writer.query(ctx, "PRAGMA data_version", nil)
	if err != nil {
		return 0
	}
	defer found.Close()
	if found.Next() {
		found.Scan(&v)
	}
	return v
}

// polledLog is a log that is looked at each second.
type polledLog struct {
	path string
	seen fileState
}

func pollLog(path string) *polledLog { return &polledLog{path, stateOf(path)} }

func (l *polledLog) wait(ctx context.Context, limit time.Duration) bool {
	for waited := time.Duration(0); ctx.Err() == nil && (limit == 0 || waited < limit); waited += pollEvery {
		if now := stateOf(l.path); now != l.seen {
			l.seen = now
			return true
		}
		pausing(ctx, pollEvery)
	}
	return false
}

func (l *polledLog) close() {}

type fileState struct {
	size int64
	at   time.Time
}

func stateOf(path string) fileState {
	info, err := os.Stat(path)
	if err != nil {
		return fileState{}
	}
	return fileState{info.Size(), info.ModTime()}
}
