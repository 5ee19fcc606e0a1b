package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
)

// sqliteConn is a connection that keeps its statements prepared. A driver of
// database/sql's takes locks, makes copies, asks for the names of all columns
// and looks for goroutines to end at each statement; who has which connection is
// known here. One goroutine at a time may use it.
type sqliteConn struct {
	conn  *sqlite.Conn
	stmts map[string]*sqliteStmt
}

func newSQLiteConn(path string) (*sqliteConn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(busyTimeout)
	return &sqliteConn{conn: conn, stmts: map[string]*sqliteStmt{}}, nil
}

const longQuery = 4000 // bytes; such are not repeated often enough to be kept

// exec and query do not look at ctx: to interrupt SQLite takes a goroutine for
// each statement, and statements are short. Tx looks at it between them.
func (c *sqliteConn) exec(_ context.Context, query string, args []any) (int64, error) {
	s, err := c.ready(query, args)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	for s.Next() { // what it returns is not asked for
	}
	return int64(c.conn.Changes()), s.Err()
}

func (c *sqliteConn) query(_ context.Context, query string, args []any) (cursor, error) {
	return c.ready(query, args)
}

func (c *sqliteConn) do(query string) error {
	_, err := c.exec(context.Background(), query, nil)
	return err
}

// once runs a query that is not kept, and reads its first row into dest.
func (c *sqliteConn) once(query string, dest ...any) error {
	s, err := c.prepare(query, false)
	if err != nil {
		return err
	}
	defer s.Close()
	if s.Next() && len(dest) > 0 {
		return s.Scan(dest...)
	}
	return s.Err()
}

// ready is a statement that has its arguments and was not run yet. Until it is
// closed it cannot be asked for again: it would begin anew for who reads it now.
func (c *sqliteConn) ready(query string, args []any) (s *sqliteStmt, err error) {
	s, kept := c.stmts[query]
	if !kept {
		if s, err = c.prepare(query, len(query) <= longQuery); err != nil {
			return nil, err
		}
	}
	if s.running {
		return nil, fmt.Errorf("a query inside of itself: %q", query)
	}
	if len(args) != s.wants {
		return nil, fmt.Errorf("%d arguments, not %d, for %q", len(args), s.wants, query)
	}
	s.bind(args)
	return s, nil
}

func (c *sqliteConn) prepare(query string, keep bool) (*sqliteStmt, error) {
	prepared := c.conn.Prepare
	if !keep {
		prepared = func(query string) (*sqlite.Stmt, error) {
			s, behind, err := c.conn.PrepareTransient(query)
			if err == nil && behind > 0 {
				err = errors.Join(fmt.Errorf("two statements in %q", query), s.Finalize())
			}
			return s, err
		}
	}
	stmt, err := prepared(query)
	if err != nil {
		return nil, err
	}
	s := &sqliteStmt{stmt: stmt, kept: keep, columns: stmt.ColumnCount(), takes: make([]int, stmt.BindParamCount())}
	for i := range s.takes {
		n, err := strconv.Atoi(strings.TrimPrefix(stmt.BindParamName(i+1), "$"))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("a parameter without a number in %q", query), stmt.Finalize())
		}
		s.takes[i], s.wants = n-1, max(s.wants, n)
	}
	if keep {
		c.stmts[query] = s
	}
	return s, nil
}

func (c *sqliteConn) close() error { return c.conn.Close() }

// sqliteStmt is a statement, and goes through what it finds.
type sqliteStmt struct {
	stmt    *sqlite.Stmt
	kept    bool
	takes   []int // for each parameter, in SQLite's order, the number of its argument
	wants   int   // arguments
	texts   []int // parameters that are bound to a text
	columns int
	running bool // it was made ready and is not closed
	done    bool
	err     error
}

func (s *sqliteStmt) bind(args []any) {
	s.running, s.done, s.err = true, false, nil
	for i, n := range s.takes {
		switch a := args[n].(type) {
		case string:
			s.stmt.BindText(i+1, a)
			s.texts = append(s.texts, i+1)
		case int64:
			s.stmt.BindInt64(i+1, a)
		case float64:
			s.stmt.BindFloat(i+1, a)
		default:
			panic(fmt.Sprintf("store: an argument of type %T", a))
		}
	}
}

func (s *sqliteStmt) Next() bool {
	if s.done {
		return false
	}
	found, err := s.stmt.Step()
	s.done, s.err = !found, err
	return found
}

func (s *sqliteStmt) Err() error { return s.err }

// Close makes a statement that is kept ready for the next time, and forgets its
// texts, which may be someone's words. Numbers stay: a statement whose plan
// depends on one that is 0 or 1, as it may from SQLite 3.54 on, would be
// compiled again each time.
func (s *sqliteStmt) Close() error {
	s.running, s.done = false, true
	if !s.kept {
		return s.stmt.Finalize()
	}
	err := s.stmt.Reset()
	for _, i := range s.texts {
		s.stmt.BindNull(i)
	}
	s.texts = s.texts[:0]
	return err
}

func (s *sqliteStmt) Scan(dest ...any) error {
	if len(dest) != s.columns {
		return fmt.Errorf("a row of %d columns is read as one of %d", s.columns, len(dest))
	}
	for i, d := range dest {
		if err := s.scan(i, d); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

// scan puts a value of the row into what dest points at.
func (s *sqliteStmt) scan(i int, dest any) error {
	kind := s.stmt.ColumnType(i)
	switch d := dest.(type) {
	case *string:
		if kind == sqlite.TypeText {
			*d = s.stmt.ColumnText(i)
			return nil
		}
	case sql.Scanner:
		return d.Scan(s.value(i, kind))
	}
	to := reflect.ValueOf(dest).Elem()
	switch kind {
	case sqlite.TypeText:
		if to.Kind() == reflect.String {
			to.SetString(s.stmt.ColumnText(i))
			return nil
		}
	case sqlite.TypeFloat:
		if to.CanFloat() {
			to.SetFloat(s.stmt.ColumnFloat(i))
			return nil
		}
	case sqlite.TypeInteger:
		n := s.stmt.ColumnInt64(i)
		switch {
		case to.CanInt() && !to.OverflowInt(n):
			to.SetInt(n)
			return nil
		case to.CanUint() && n >= 0 && !to.OverflowUint(uint64(n)):
			to.SetUint(uint64(n))
			return nil
		case to.CanFloat():
			to.SetFloat(float64(n))
			return nil
		case to.Kind() == reflect.Bool:
			to.SetBool(n != 0)
			return nil
		}
	}
	return fmt.Errorf("a value of SQLite's type %v does not fit into a %s", kind, to.Type())
}

func (s *sqliteStmt) value(i int, kind sqlite.ColumnType) any {
	switch kind {
	case sqlite.TypeText:
		return s.stmt.ColumnText(i)
	case sqlite.TypeInteger:
		return s.stmt.ColumnInt64(i)
	case sqlite.TypeFloat:
		return s.stmt.ColumnFloat(i)
	}
	return nil
}
