package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"marginalia/internal/discussion"
)

const (
	maxConns    = 16
	maxWriters  = 12              // the rest is for Views, also inside an Update
	maxConflict = 4 * time.Second // the longest wait between two tries
)

// postgresDB is a database on a server. Updates run side by side and again
// where the server finds that they would not fit in a row.
type postgresDB struct {
	config    *pgx.ConnConfig
	name      string // for people: no password
	begin     string
	pool      *sql.DB
	channel   string        // for NOTIFY: one for each schema
	writers   chan struct{} // holds a token for each that writes; who is alone holds all
	alone     chan struct{} // holds a token while somebody gathers all of those
	closed    atomic.Bool
	listener  atomic.Uint32 // process of our LISTEN connection; 0 while there is none
	connected atomic.Int64  // how many connections were made
	conflicts atomic.Int64  // how many transactions had to run again
	ownership ownership
}

func openPostgres(ctx context.Context, dsn string, o Options) (*postgresDB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil { // its words may hold a piece of the password
		return nil, errors.New("the address of the database is not one of PostgreSQL: write postgres://user:password@host:5432/name, with %-signs for special characters in the password")
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "marginalia"
	}
	d := &postgresDB{
		config:  config,
		name:    "postgres://" + config.User + "@" + net.JoinHostPort(config.Host, fmt.Sprint(config.Port)) + "/" + config.Database,
		begin:   "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE",
		writers: make(chan struct{}, maxWriters),
		alone:   make(chan struct{}, 1),
	}
	d.pool = stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		d.connected.Add(1)
		return preferIndexes(ctx, conn)
	}), stdlib.OptionShouldPing(func(context.Context, stdlib.ShouldPingParams) bool {
		return false // the BEGIN will tell
	}))
	if o.Isolation != "" {
		d.begin = "BEGIN ISOLATION LEVEL " + strings.ToUpper(o.Isolation) + " READ WRITE"
	}
	d.pool.SetMaxOpenConns(maxConns)
	d.pool.SetMaxIdleConns(maxConns / 2)
	if err := d.open(ctx); err != nil {
		return nil, errors.Join(d.explain(err), d.close())
	}
	return d, nil
}

// preferIndexes: every query here has its index. A planner that knows nothing
// of a table yet would rather read all of it, which costs time and makes
// transactions conflict that have nothing in common. What it is kept from it
// only counts as very dear (up to version 17), and for what is dear it compiles:
// tens of milliseconds for a query that takes one.
func preferIndexes(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; SET plan_cache_mode = force_generic_plan")
	return err
}

func (d *postgresDB) open(ctx context.Context) error {
	var schema sql.NullString
	if err := d.pool.QueryRowContext(ctx, "SELECT current_schema()").Scan(&schema); err != nil {
		return err
	}
	d.channel = "marginalia_" + discussion.Derive(schema.String)
	at := 0
	if err := d.pool.QueryRowContext(ctx, "SELECT version FROM marginalia").Scan(&at); err == nil && at == newest() {
		return nil
	}
	return d.transaction(ctx, "BEGIN ISOLATION LEVEL READ COMMITTED", func(s session) (effect, error) {
		if _, err := s.exec(ctx, "SELECT pg_advisory_xact_lock("+d.key("migrate")+")", nil); err != nil {
			return effect{}, err
		}
		return effect{}, migrate(ctx, s, "postgres", d.name)
	})
}

// key is the number of an advisory lock: one for each purpose and schema.
func (d *postgresDB) key(purpose string) string {
	return fmt.Sprintf("hashtext('marginalia %s'), hashtext('%s')", purpose, d.channel)
}

func (d *postgresDB) view(ctx context.Context, f func(session) error) error {
	return d.transaction(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", func(s session) (effect, error) {
		return effect{}, f(s)
	})
}

// update runs f beside the other transactions of this process, and where that
// led to a conflict again without them: then only another process can be in
// the way. Trying again beside them may go wrong for ever.
func (d *postgresDB) update(ctx context.Context, f func(session) (effect, error)) error {
	if err := d.ownership.lost(); err != nil {
		return err
	}
	err := d.beside(ctx, f)
	if !retryable(err) && pgCode(err) != uniqueViolation { // the other one may have written the same row first
		return err
	}
	leave, err := d.enter(ctx, maxWriters)
	if err != nil {
		return err
	}
	defer leave()
	for wait := time.Millisecond; ; wait *= 2 {
		d.conflicts.Add(1)
		err := d.transaction(ctx, d.begin, f)
		if !retryable(err) || wait > maxConflict {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *postgresDB) serial() bool { return false }

// era counts connections: all that there were end with a server that fails.
func (d *postgresDB) era() int64 { return d.connected.Load() }

func (d *postgresDB) beside(ctx context.Context, f func(session) (effect, error)) error {
	leave, err := d.enter(ctx, 1)
	if err != nil {
		return err
	}
	defer leave()
	return d.transaction(ctx, d.begin, f)
}

// enter takes n of the places for writers, or waits for them.
func (d *postgresDB) enter(ctx context.Context, n int) (leave func(), err error) {
	taken := 0
	leave = func() {
		for range taken {
			<-d.writers
		}
	}
	if n > 1 { // one at a time: two would wait for each other's places
		select {
		case d.alone <- struct{}{}:
			defer func() { <-d.alone }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	for ; taken < n; taken++ {
		select {
		case d.writers <- struct{}{}:
		case <-ctx.Done():
			leave()
			return nil, ctx.Err()
		}
	}
	return leave, nil
}

// transaction runs f in one transaction. A connection that turns out to be
// dead before anything was done is replaced.
func (d *postgresDB) transaction(ctx context.Context, begin string, f func(session) (effect, error)) error {
	for tries := 1; ; tries++ {
		if d.closed.Load() {
			return errClosed
		}
		conn, err := d.pool.Conn(ctx)
		if err != nil {
			return err
		}
		if _, err = conn.ExecContext(ctx, begin); err == nil {
			return d.finish(ctx, conn, f)
		}
		dead := errors.Is(err, driver.ErrBadConn) || isClosed(conn) // which may only show now: the server ended it, or was started anew
		conn.Close()
		if !dead || tries > maxConns || ctx.Err() != nil {
			return err
		}
	}
}

func isClosed(conn *sql.Conn) (closed bool) {
	err := conn.Raw(func(c any) error {
		closed = c.(*stdlib.Conn).Conn().IsClosed()
		return nil
	})
	return closed || err != nil
}

func (d *postgresDB) finish(ctx context.Context, conn *sql.Conn, f func(session) (effect, error)) error {
	kept := false
	defer func() {
		if !kept { // f failed or panicked, or the commit did; the pool drops what is still in a transaction
			conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		}
		conn.Close()
	}()
	did, err := f(pgSession{conn})
	if err != nil {
		return err
	}
	err = d.commit(ctx, conn, did)
	kept = err == nil
	return err
}

// commit tells the other processes in the same round trip, but after the
// commit: who is to be told by a transaction holds a lock of the whole server
// until that is on disk, and others could not go there with it. A transaction
// in which a statement failed is not committed, however that is answered.
func (d *postgresDB) commit(ctx context.Context, conn *sql.Conn, did effect) error {
	query := "COMMIT"
	if did.lazy {
		query = "SET LOCAL synchronous_commit = off; COMMIT"
	}
	if did.wrote {
		query += fmt.Sprintf("; SET LOCAL synchronous_commit = off; SELECT pg_notify('%s', '%d')", d.channel, d.listener.Load())
	}
	return conn.Raw(func(c any) error {
		results, err := c.(*stdlib.Conn).Conn().PgConn().Exec(ctx, query).ReadAll()
		return committed(results, err)
	})
}

// committed reports whether one of the commands was a commit that was done. That
// nobody could be told of it does not undo it.
func committed(results []*pgconn.Result, err error) error {
	for _, r := range results {
		switch {
		case r.Err != nil:
			return r.Err
		case r.CommandTag.String() == "COMMIT":
			return nil
		case r.CommandTag.String() == "ROLLBACK":
			return errors.New("not committed: a statement had failed")
		}
	}
	return err
}

// watch listens for what other processes commit. After every connection it
// reports a change: nobody knows what was missed before.
func (d *postgresDB) watch(ctx context.Context, changed func()) {
	for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, 30*time.Second) {
		if d.listen(ctx, changed) {
			wait = time.Second
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// listen reports whether it came to listen before it failed.
func (d *postgresDB) listen(ctx context.Context, changed func()) bool {
	conn, err := pgx.ConnectConfig(ctx, d.config.Copy())
	if err != nil {
		return false
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{d.channel}.Sanitize()); err != nil {
		return false
	}
	d.keepLock(ctx)
	own := conn.PgConn().PID()
	d.listener.Store(own)
	defer d.listener.Store(0)
	for changed(); ; {
		for {
			n, err := conn.WaitForNotification(ctx)
			if err != nil {
				return true
			}
			if n.Payload != fmt.Sprint(own) {
				break
			}
		}
		changed()
	}
}

// close waits for the transactions that write. The others lose their connections.
func (d *postgresDB) close() error {
	leave, err := d.enter(context.Background(), maxWriters)
	if err != nil {
		return err
	}
	defer leave()
	d.closed.Store(true)
	return d.pool.Close()
}

// pgSession is a connection of the pool; pgx keeps its statements prepared.
type pgSession struct{ conn *sql.Conn }

func (s pgSession) exec(ctx context.Context, query string, args []any) (int64, error) {
	done, err := s.conn.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

func (s pgSession) query(ctx context.Context, query string, args []any) (cursor, error) {
	return s.conn.QueryContext(ctx, query, args...)
}
