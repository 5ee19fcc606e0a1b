package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"marginalia/internal/chat"
)

// Tx is a transaction. It must not leave the function it was handed to, and
// one goroutine at a time may use it.
//
// A method that cannot find the one row it was asked for returns ErrNotFound,
// which leaves the transaction as it was. Any other error of a method ends
// the transaction, whatever the function makes of it.
//
// Every text comes back as it was given, but for what no database can hold:
// a zero byte, or a byte that is not UTF-8, comes back as "?". Times keep
// their milliseconds and come back in UTC.
type Tx struct {
	ctx       context.Context
	s         session
	db        *DB
	reads     bool                 // nothing may be written
	wrote     bool                 // something was written
	noted     bool                 // that words were erased
	touched   map[chat.Room]bool   // whose deliveries changed
	looked    map[chat.Room]bool   // of them, those that need not be told
	lazy      bool                 // it need not be on disk yet
	planned   bool                 // what has a time of its own was written
	era       int64                // of the engine, when it began
	places    map[chat.Place]int64 // numbers that this transaction learned
	things    map[Thing]int64
	addresses map[address]int64
	people    string // what their IDs are derived with
	broken    error  // the first error of the database
}

// A session runs SQL on one connection.
type session interface {
	exec(ctx context.Context, query string, args []any) (int64, error)
	query(ctx context.Context, query string, args []any) (cursor, error)
}

// A cursor goes through the rows of a query, as [sql.Rows] do.
type cursor interface {
	Next() bool
	scanner
	Err() error
	Close() error
}

func (db *DB) newTx(ctx context.Context, s session, reads bool) *Tx {
	return &Tx{ctx: ctx, s: s, db: db, reads: reads, era: db.engine.era(),
		touched: map[chat.Room]bool{}, looked: map[chat.Room]bool{}, places: map[chat.Place]int64{}, things: map[Thing]int64{}, addresses: map[address]int64{}}
}

// stirred are the rooms whose lanes are to look: something was written there.
func (tx *Tx) stirred() map[chat.Room]bool {
	if !tx.wrote {
		return nil
	}
	maps.DeleteFunc(tx.touched, func(r chat.Room, _ bool) bool { return tx.looked[r] })
	return tx.touched
}

// Lazy says that all that tx writes can be found out again: the commit does not
// wait for the disk. What it wrote outlives the process, however that ends. With
// the machine's power it may be lost, as if tx and all after it had not been,
// until the next transaction that is not lazy has put itself and all before it
// on disk.
func (tx *Tx) Lazy() { tx.lazy = true }

// fail keeps the transaction from being committed.
func (tx *Tx) fail(err error) error {
	err = tx.db.engine.explain(err)
	if tx.broken == nil {
		tx.broken = err
	}
	return err
}

var errReads = errors.New("written in a View, which only reads")

// exec writes and returns how many rows it wrote.
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	if err := tx.mayWrite(); err != nil {
		return 0, err
	}
	if err := tx.ctx.Err(); err != nil {
		return 0, tx.fail(err)
	}
	n, err := tx.s.exec(tx.ctx, query, values(args))
	if err != nil {
		return 0, tx.fail(err)
	}
	tx.wrote = tx.wrote || n > 0
	return n, nil
}

func (tx *Tx) mayWrite() error {
	if tx.reads {
		return tx.fail(errReads)
	}
	return nil
}

// A scanner is the row that rows and row are at.
type scanner interface{ Scan(dest ...any) error }

// rows reads all rows of a query.
func rows[T any](tx *Tx, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	if err := tx.ctx.Err(); err != nil {
		return nil, tx.fail(err)
	}
	found, err := tx.s.query(tx.ctx, query, values(args))
	if err != nil {
		return nil, tx.fail(err)
	}
	defer found.Close()
	var all []T
	for found.Next() {
		one, err := scan(found)
		if err != nil {
			return nil, tx.fail(err)
		}
		all = append(all, one)
	}
	if err := found.Err(); err != nil {
		return nil, tx.fail(err)
	}
	return all, nil
}

// row reads the first row of a query, or returns ErrNotFound.
func row[T any](tx *Tx, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	return first(rows(tx, scan, query, args...))
}

// first is the first of some rows, or ErrNotFound.
func first[T any](all []T, err error) (T, error) {
	if err != nil || len(all) == 0 {
		var none T
		if err == nil {
			err = ErrNotFound
		}
		return none, err
	}
	return all[0], nil
}

// written is row for a statement that writes and returns what it wrote.
func written[T any](tx *Tx, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	if err := tx.mayWrite(); err != nil {
		var none T
		return none, err
	}
	tx.wrote = true
	return row(tx, scan, query, args...)
}

// insert writes many rows of one table with few statements, and nothing over
// rows that are there already.
func (tx *Tx) insert(into string, rows [][]any) (n int64, err error) {
	const most = 40 // rows a statement
	for len(rows) > 0 {
		some := rows[:min(most, len(rows))]
		rows = rows[len(some):]
		var list strings.Builder
		var args []any
		for i, r := range some {
			if i > 0 {
				list.WriteByte(',')
			}
			for j := range r {
				fmt.Fprintf(&list, "%c$%d", "(,"[min(j, 1)], len(args)+j+1)
			}
			list.WriteByte(')')
			args = append(args, r...)
		}
		done, err := tx.exec("INSERT INTO "+into+" VALUES "+list.String(), args...)
		if err != nil {
			return n, err
		}
		n += done
	}
	return n, nil
}
