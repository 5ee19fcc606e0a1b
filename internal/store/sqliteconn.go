package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
)

// sqliteConn is a connection that keeps its statements prepared. It is the
// driver's own: a pool of database/sql's takes locks, makes copies and looks for
// goroutines to end at each statement, and who has which connection is known here.
// One goroutine at a time may use it.
type sqliteConn struct {
	conn  driverConn
	stmts map[string]driverStmt
	named []driver.NamedValue // arguments of the statement that runs
}

// driverConn and driverStmt are what the driver's are.
type driverConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type driverStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func newSQLiteConn(ctx context.Context, d driver.Connector) (*sqliteConn, error) {
	conn, err := d.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &sqliteConn{conn: conn.(driverConn), stmts: map[string]driverStmt{}}, nil
}

const longQuery = 4000 // bytes; such are not repeated often enough to be kept

// exec and query do not hand ctx on: it would cost a goroutine for each
// statement, and statements are short. Tx looks at ctx between them.
func (c *sqliteConn) exec(_ context.Context, query string, args []any) (int64, error) {
	return c.stmt(context.Background(), query, args)
}

func (c *sqliteConn) stmt(ctx context.Context, query string, args []any) (int64, error) {
	if len(query) > longQuery {
		return rowsWritten(c.conn.ExecContext(ctx, inTurn(query), c.numbered(args)))
	}
	s, err := c.prepared(query)
	if err != nil {
		return 0, err
	}
	return rowsWritten(s.ExecContext(ctx, c.numbered(args)))
}

func rowsWritten(done driver.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

func (c *sqliteConn) query(_ context.Context, query string, args []any) (cursor, error) {
	s, err := c.prepared(query)
	if err != nil {
		return nil, err
	}
	found, err := s.QueryContext(context.Background(), c.numbered(args))
	if err != nil {
		return nil, err
	}
	return &sqliteRows{rows: found}, nil
}

func (c *sqliteConn) do(query string) error {
	_, err := c.stmt(context.Background(), query, nil)
	return err
}

// once runs a query that is not kept, and reads its first row into dest.
func (c *sqliteConn) once(ctx context.Context, query string, dest ...any) error {
	found, err := c.conn.QueryContext(ctx, query, nil)
	if err != nil {
		return err
	}
	r := &sqliteRows{rows: found}
	defer r.Close()
	if r.Next() && len(dest) > 0 {
		return r.Scan(dest...)
	}
	return r.Err()
}

func (c *sqliteConn) numbered(args []any) []driver.NamedValue {
	c.named = c.named[:0]
	for i, a := range args {
		c.named = append(c.named, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return c.named
}

func (c *sqliteConn) prepared(query string) (driverStmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	s, err := c.conn.PrepareContext(context.Background(), inTurn(query))
	if err != nil {
		return nil, err
	}
	c.stmts[query] = s.(driverStmt)
	return c.stmts[query], nil
}

var parameter = regexp.MustCompile(`\$[0-9]+`)

// inTurn is query with "?" for its parameters if they come in the order of
// their numbers. The driver looks up the name of each parameter that has one,
// among all of them, each time it runs the statement.
func inTurn(query string) string {
	next := 0
	for _, p := range parameter.FindAllString(query, -1) {
		if next++; p != fmt.Sprintf("$%d", next) {
			return query
		}
	}
	return parameter.ReplaceAllLiteralString(query, "?")
}

func (c *sqliteConn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}

// sqliteRows goes through what a statement found.
type sqliteRows struct {
	rows   driver.Rows
	at     []driver.Value
	err    error
	closed bool
}

func (r *sqliteRows) Next() bool {
	if r.closed || r.err != nil {
		return false
	}
	if r.at == nil {
		r.at = make([]driver.Value, len(r.rows.Columns()))
	}
	r.err = r.rows.Next(r.at)
	return r.err == nil
}

func (r *sqliteRows) Err() error {
	if r.err == io.EOF {
		return nil
	}
	return r.err
}

func (r *sqliteRows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	return r.rows.Close()
}

func (r *sqliteRows) Scan(dest ...any) error {
	if len(dest) != len(r.at) {
		return fmt.Errorf("a row of %d columns is read as one of %d", len(r.at), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, r.at[i]); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

// assign puts a value into what dest points at.
func assign(dest any, v driver.Value) error {
	switch d := dest.(type) {
	case sql.Scanner:
		return d.Scan(v)
	case *string:
		if s, ok := v.(string); ok {
			*d = s
			return nil
		}
	case *int:
		if n, ok := v.(int64); ok {
			*d = int(n)
			return nil
		}
	}
	to := reflect.ValueOf(dest).Elem()
	switch x := v.(type) {
	case string:
		if to.Kind() == reflect.String {
			to.SetString(x)
			return nil
		}
	case float64:
		if to.CanFloat() {
			to.SetFloat(x)
			return nil
		}
	case int64:
		switch {
		case to.CanInt() && !to.OverflowInt(x):
			to.SetInt(x)
			return nil
		case to.CanUint() && x >= 0 && !to.OverflowUint(uint64(x)):
			to.SetUint(uint64(x))
			return nil
		case to.CanFloat():
			to.SetFloat(float64(x))
			return nil
		case to.Kind() == reflect.Bool:
			to.SetBool(x != 0)
			return nil
		}
	}
	return fmt.Errorf("a %T does not fit into a %s", v, to.Type())
}
