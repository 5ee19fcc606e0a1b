package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
)

// ownership is the right to run the bot on a PostgreSQL database: an advisory
// lock that lasts as long as its connection.
type ownership struct {
	mu   sync.Mutex
	conn *pgx.Conn // nil unless held
	gone error     // another took it when the connection was lost
}

func (o *ownership) lost() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.gone
}

func (d *postgresDB) lock(ctx context.Context) (func(), error) {
	o := &d.ownership
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.conn != nil {
		return nil, d.locked()
	}
	conn, err := d.takeLock(ctx)
	if err != nil {
		return nil, err
	}
	o.conn = conn
	return d.unlock, nil
}

func (d *postgresDB) unlock() {
	o := &d.ownership
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.conn != nil {
		o.conn.Close(context.Background())
	}
	o.conn, o.gone = nil, nil
}

func (d *postgresDB) takeLock(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, d.config.Copy())
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", d.explain(err))
	}
	var ok bool
	err = conn.QueryRow(ctx, "SELECT pg_try_advisory_lock("+d.key("run")+")").Scan(&ok)
	if err == nil && ok {
		return conn, nil
	}
	conn.Close(context.WithoutCancel(ctx))
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", d.explain(err))
	}
	return nil, d.locked()
}

func (d *postgresDB) locked() error {
	return fmt.Errorf("%w: %s; stop that one first, or give this one a database of its own", ErrLocked, d.name)
}

// keepLock takes the lock again if its connection was lost, as by a restart
// of the server. If another has it meanwhile, this process may not write any
// more: every further Update fails with ErrLocked.
func (d *postgresDB) keepLock(ctx context.Context) {
	o := &d.ownership
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.conn == nil || o.conn.Ping(ctx) == nil {
		return
	}
	conn, err := d.takeLock(ctx)
	if err == nil {
		o.conn, o.gone = conn, nil
		return
	}
	if errors.Is(err, ErrLocked) {
		o.gone = err
	}
}
