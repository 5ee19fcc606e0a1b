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
	maxConns     = 16
	maxConflicts = 200 // tries of one Update
)

// postgresDB is a database on a server. Updates run side by side and again
// where the server finds that they would not fit in a row. Those that run
// again go one by one, so that each of them ends.
type postgresDB struct {
	config    *pgx.ConnConfig
	name      string // for people: no password
	begin     string
	pool      *sql.DB
	channel   string        // for NOTIFY: one for each schema
	again     chan struct{} // holds one token while somebody tries again
	listener  atomic.Uint32 // process of our LISTEN connection; 0 while there is none
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
		config: config,
		name:   "postgres://" + config.User + "@" + net.JoinHostPort(config.Host, fmt.Sprint(config.Port)) + "/" + config.Database,
		begin:  "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE",
		pool:   stdlib.OpenDB(*config),
		again:  make(chan struct{}, 1),
	}
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
	return d.transaction(ctx, "BEGIN ISOLATION LEVEL READ COMMITTED", func(s session) (bool, error) {
		if _, err := s.exec(ctx, "SELECT pg_advisory_xact_lock("+d.key("migrate")+")", nil); err != nil {
			return false, err
		}
		return false, migrate(ctx, s, "postgres", d.name)
	})
}

// key is the number of an advisory lock: one for each purpose and schema.
func (d *postgresDB) key(purpose string) string {
	return fmt.Sprintf("hashtext('marginalia %s'), hashtext('%s')", purpose, d.channel)
}

func (d *postgresDB) view(ctx context.Context, f func(session) error) error {
	return d.transaction(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", func(s session) (bool, error) {
		return false, f(s)
	})
}

func (d *postgresDB) update(ctx context.Context, f func(session) (bool, error)) error {
	if err := d.ownership.lost(); err != nil {
		return err
	}
	err := d.transaction(ctx, d.begin, f)
	if !retryable(err) {
		return err
	}
	select {
	case d.again <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.again }()
	for tries := 1; retryable(err) && tries < maxConflicts && ctx.Err() == nil; tries++ {
		err = d.transaction(ctx, d.begin, f)
	}
	return err
}

// retryable reports whether a transaction failed only because another ran at
// the same time.
func retryable(err error) bool {
	switch pgCode(err) {
	case "40001", "40P01":
		return true
	}
	return false
}

// transaction runs f in one transaction. A connection that turns out to be
// dead before anything was done is replaced.
func (d *postgresDB) transaction(ctx context.Context, begin string, f func(session) (wrote bool, err error)) error {
	for tries := 1; ; tries++ {
		conn, err := d.pool.Conn(ctx)
		if err != nil {
			return err
		}
		if _, err = conn.ExecContext(ctx, begin); err == nil {
			return d.finish(ctx, conn, f)
		}
		conn.Close()
		if !errors.Is(err, driver.ErrBadConn) || tries > maxConns {
			return err
		}
	}
}

func (d *postgresDB) finish(ctx context.Context, conn *sql.Conn, f func(session) (wrote bool, err error)) error {
	kept := false
	defer func() {
		if !kept { // f failed or panicked, or the commit did; the pool drops what is still in a transaction
			conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		}
		conn.Close()
	}()
	wrote, err := f(pgSession{conn})
	if err != nil {
		return err
	}
	err = d.commit(ctx, conn, wrote)
	kept = err == nil
	return err
}

// commit tells the other processes in the same round trip. A transaction in
// which a statement failed is not committed, however that is answered.
func (d *postgresDB) commit(ctx context.Context, conn *sql.Conn, wrote bool) error {
	query := "COMMIT"
	if wrote {
		query = fmt.Sprintf("SELECT pg_notify('%s', '%d'); COMMIT", d.channel, d.listener.Load())
	}
	return conn.Raw(func(c any) error {
		results, err := c.(*stdlib.Conn).Conn().PgConn().Exec(ctx, query).ReadAll()
		if err == nil && results[len(results)-1].CommandTag.String() != "COMMIT" {
			err = errors.New("not committed: a statement had failed")
		}
		return err
	})
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
	own := conn.PgConn().PID()
	d.listener.Store(own)
	defer d.listener.Store(0)
	d.keepLock(ctx)
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

func (d *postgresDB) close() error { return d.pool.Close() }

// pgSession is a connection of the pool; pgx keeps its statements prepared.
type pgSession struct{ conn *sql.Conn }

func (s pgSession) exec(ctx context.Context, query string, args []any) (int64, error) {
	done, err := s.conn.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

func (s pgSession) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	return s.conn.QueryContext(ctx, query, args...)
}

// pgCode returns the server's code of an error, "" if it is not the server's.
func pgCode(err error) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

func (d *postgresDB) explain(err error) error {
	var known *fault
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if s, ok := pgSentences[pgCode(err)]; ok {
		return &fault{strings.ReplaceAll(s, "%", d.name), err}
	}
	var connect *pgconn.ConnectError
	var broken net.Error
	if errors.As(err, &connect) || errors.As(err, &broken) || errors.Is(err, driver.ErrBadConn) {
		return &fault{"the database " + d.name + " cannot be reached: see that PostgreSQL runs there and that the address is right", err}
	}
	return err
}

var pgSentences = map[string]string{
	"28P01": "the database % does not accept the user or the password: mend the address",
	"28000": "the database % does not accept the user: mend the address, or PostgreSQL's pg_hba.conf",
	"3D000": "there is no database %: make it with createdb, or mend the address",
	"42501": "the user of the database % lacks a right there: make it the owner, or GRANT it",
	"25006": "the database % only reads (a replica?): name the one that is written",
	"53100": "the disk of the database % is full: make room; what was being written was not kept, all else is unharmed",
	"53300": "the database % has no connection left: raise max_connections or end other programs",
	"57P01": "the database % is being stopped: start PostgreSQL again",
	"57P03": "the database % is just starting or stopping: wait a moment and try again",
	"40001": "the database % has so many writers at once that this one never came to its end: try again",
}
