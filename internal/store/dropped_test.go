package store

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"marginalia/test/wait"
)

// TestConnectionsThatTheServerEnded, as a restart of it does while nobody asks
// anything, are noticed by nobody: whoever comes first gets another one.
func TestConnectionsThatTheServerEnded(t *testing.T) {
	dsn := schema(t) + "&application_name=" + t.Name()
	db := opened(t, dsn, Options{NoListen: true})
	admin, err := pgx.Connect(t.Context(), schema(t))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())
	const ours = " FROM pg_stat_activity WHERE application_name = $1"
	for _, reads := range []bool{true, false} {
		update(t, db, func(tx *Tx) error { return tx.PutSetting("x", "y") }) // there is a connection
		if _, err := admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid)"+ours, t.Name()); err != nil {
			t.Fatal(err)
		}
		wait.Until(t, time.Minute, "the connections to be gone", func() bool {
			var left int
			err := admin.QueryRow(t.Context(), "SELECT COUNT(*)"+ours, t.Name()).Scan(&left)
			return err == nil && left == 0
		})
		if reads {
			got(t, db, func(tx *Tx) (string, error) { return tx.Setting("x") })
		} else {
			update(t, db, func(tx *Tx) error { return tx.PutSetting("x", "z") })
		}
	}
}
