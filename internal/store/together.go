package store

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
)

// A together is a transaction of SQLite that several Updates share, one after
// another, so that one flush of the disk serves all who wanted to write at the
// same time. Each is undone alone if it fails, and none returns before all of
// it is on disk, if it is to be there.
type together struct {
	entered int           // Updates that wrote in it, those that were undone included
	members int           // Updates whose writes it holds
	urgent  bool          // one of them is to be on disk before it returns
	done    chan struct{} // closed when it came to its end, with err
	err     error
}

const mostTogether = 32 // Updates: the first waits for the last

// sharedEnd is what the members of a transaction hear that SQLite ended.
const sharedEnd = "SQLite ended the transaction that several writes shared: they were not kept, and can be tried again"

var errPanicked = errors.New("one of the writes panicked")

// update runs f in the transaction that is open, or in a new one, and returns
// once that was committed and, unless all of it is lazy, is on disk.
func (d *sqliteDB) update(ctx context.Context, f func(session) (effect, error)) error {
	t, err := d.pen.take(ctx)
	if err != nil {
		return err
	}
	if t, err = d.enter(ctx, t); err != nil {
		d.pass(t)
		return err
	}
	cause := errPanicked
	defer func() {
		if cause != nil {
			d.pass(d.undo(t, cause))
		}
	}()
	did, err := f(d.writer)
	if cause = err; err != nil {
		return err
	}
	t.members++
	t.urgent = t.urgent || did.wrote && !did.lazy
	d.pass(t)
	<-t.done
	return t.err
}

func (d *sqliteDB) serial() bool { return true }

func (d *sqliteDB) era() int64 { return 0 }

// enter begins a transaction, or a part of its own in the one that is open.
func (d *sqliteDB) enter(ctx context.Context, t *together) (*together, error) {
	if t != nil {
		t.entered++
		return t, d.writer.do("SAVEPOINT own")
	}
	if d.closed {
		return nil, errClosed
	}
	if d.torn != nil {
		return nil, d.torn
	}
	if err := d.begin(ctx); err != nil {
		return nil, err
	}
	return &together{entered: 1, done: make(chan struct{})}, nil
}

// undo takes back what the newest member wrote and returns what is left of the
// transaction, nil if nothing is. SQLite itself may have ended it, as it does
// where the disk is full: then nothing of it is kept, and all its members hear
// of the cause as one of the database, not of what they asked for.
func (d *sqliteDB) undo(t *together, cause error) *together {
	if t.members > 0 {
		if d.writer.do("ROLLBACK TO own") == nil {
			return t
		}
		if cause = d.explain(cause); !errors.Is(cause, ErrDown) {
			cause = &fault{sharedEnd, cause}
		}
		defer t.end(cause)
	}
	d.writer.do("ROLLBACK")
	return nil
}

// pass lets the next one write: with t, if that is open and there is a next
// one, and else after t was committed.
func (d *sqliteDB) pass(t *together) {
	if t != nil {
		runtime.Gosched() // whoever is about to write comes along
		if t.entered < mostTogether && d.pen.hand(t) {
			return
		}
		d.commit(t)
	}
	d.pen.hand(nil)
}

// commit ends the transaction, and puts it on disk if anybody waits for that.
func (d *sqliteDB) commit(t *together) {
	err := d.writer.do("COMMIT")
	if err != nil {
		d.writer.do("ROLLBACK")
	} else if t.urgent {
		err = d.flush()
	}
	t.end(err)
}

// alone takes the pen where no transaction is open. It is handed on with nil.
func (d *sqliteDB) alone(ctx context.Context) error {
	t, err := d.pen.take(ctx)
	if t != nil {
		d.commit(t)
	}
	return err
}

// end tells the members what came of the transaction.
func (t *together) end(err error) {
	t.err = err
	close(t.done)
}

// pen is the right to use the connection that writes. It goes to those who ask
// in the order of asking, with the transaction that is open, if one is.
type pen struct {
	mu      sync.Mutex
	taken   bool
	waiting []chan *together
}

// take waits for the pen and returns the transaction that came with it, nil if
// none is open. Whoever has it must pass it on.
func (p *pen) take(ctx context.Context) (*together, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	if !p.taken {
		p.taken = true
		p.mu.Unlock()
		return nil, nil
	}
	mine := make(chan *together, 1)
	p.waiting = append(p.waiting, mine)
	p.mu.Unlock()
	select {
	case t := <-mine:
		return t, nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.waiting, mine); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
		return nil, ctx.Err()
	}
	return <-mine, nil // it came at the same moment
}

// hand gives the pen, and t with it, to the one who has waited longest, and
// reports whether anybody did. If not, it is put down, unless t is open.
func (p *pen) hand(t *together) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		p.taken = t != nil
		return false
	}
	p.waiting[0] <- t
	p.waiting = slices.Delete(p.waiting, 0, 1)
	return true
}
