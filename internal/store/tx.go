package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/format"
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
	ctx     context.Context
	s       session
	db      *DB
	reads   bool                 // nothing may be written
	wrote   bool                 // something was written
	touched map[chat.Room]bool   // whose deliveries changed
	places  map[chat.Place]int64 // numbers that this transaction learned
	broken  error                // the first error of the database
}

// A session runs SQL on one connection.
type session interface {
	exec(ctx context.Context, query string, args []any) (int64, error)
	query(ctx context.Context, query string, args []any) (*sql.Rows, error)
}

func (db *DB) newTx(ctx context.Context, s session, reads bool) *Tx {
	return &Tx{ctx: ctx, s: s, db: db, reads: reads, touched: map[chat.Room]bool{}, places: map[chat.Place]int64{}}
}

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
	all, err := rows(tx, scan, query, args...)
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

// one scans a row of a single column.
func one[T any](s scanner) (T, error) {
	var v T
	err := s.Scan(&v)
	return v, err
}

// values makes arguments of what both databases take: integers, floats and
// clean strings.
func values(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = value(a)
	}
	return out
}

func value(a any) any {
	switch x := a.(type) {
	case string:
		return clean(x)
	case int64, float64:
		return x
	case int:
		return int64(x)
	case time.Time:
		return milli(x)
	case time.Duration:
		return x.Milliseconds()
	case bool:
		if x {
			return int64(1)
		}
		return int64(0)
	}
	v := reflect.ValueOf(a)
	switch v.Kind() {
	case reflect.String:
		return clean(v.String())
	case reflect.Uint8:
		return int64(v.Uint())
	}
	panic(fmt.Sprintf("store: a value of type %T", a))
}

// clean puts "?" for every byte that no database holds; offsets stay right.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	b := []byte(s)
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == 0 || r == utf8.RuneError && size == 1 {
			b[i] = '?'
		}
		i += size
	}
	return string(b)
}

func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// A moment scans milliseconds.
type moment struct{ t *time.Time }

func (m moment) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a time that is %T", src)
	}
	*m.t = time.Time{}
	if n != 0 {
		*m.t = time.UnixMilli(n).UTC()
	}
	return nil
}

// A span scans a duration in milliseconds.
type span struct{ d *time.Duration }

func (s span) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a duration that is %T", src)
	}
	*s.d = time.Duration(n) * time.Millisecond
	return nil
}

// An object scans JSON; "" leaves what is there.
type object struct{ to any }

func (o object) Scan(src any) error {
	text, err := textOf(src)
	if err != nil || text == "" {
		return err
	}
	return json.Unmarshal([]byte(text), o.to)
}

func textOf(src any) (string, error) {
	switch x := src.(type) {
	case string:
		return x, nil
	case []byte:
		return string(x), nil
	}
	return "", fmt.Errorf("a text that is %T", src)
}

func jsonOf(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

type marks struct {
	Blocks []format.Block `json:"b,omitempty"`
	Spans  []format.Span  `json:"s,omitempty"`
}

// marksOf writes down a Doc's structure: "" for one plain paragraph, its line
// for one that knows from where it came, else JSON.
func marksOf(d format.Doc) (string, error) {
	if len(d.Spans) > 0 || len(d.Blocks) > 1 || len(d.Blocks) == 0 && d.Text != "" || len(d.Blocks) == 1 && d.Text == "" {
		return jsonOf(marks{d.Blocks, d.Spans})
	}
	if d.Text == "" || d.Blocks[0] == paragraph(d.Text, 0) {
		return "", nil
	}
	if line := d.Blocks[0].Line; line > 0 && d.Blocks[0] == paragraph(d.Text, line) {
		return strconv.Itoa(line), nil
	}
	return jsonOf(marks{d.Blocks, d.Spans})
}

// docOf is what marksOf wrote down.
func docOf(text, structure string) (format.Doc, error) {
	d := format.Doc{Text: text}
	if text == "" && structure == "" {
		return d, nil
	}
	if line, err := strconv.Atoi(cmp.Or(structure, "0")); err == nil {
		d.Blocks = []format.Block{paragraph(text, line)}
		return d, nil
	}
	var m marks
	if err := json.Unmarshal([]byte(structure), &m); err != nil {
		return d, fmt.Errorf("structure of a text: %w", err)
	}
	d.Blocks, d.Spans = m.Blocks, m.Spans
	return d, nil
}

func paragraph(text string, line int) format.Block {
	return format.Block{Kind: format.Paragraph, End: len(text), Line: line}
}
