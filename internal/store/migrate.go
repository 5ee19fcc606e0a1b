package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Migrations are a loop of our own instead of dbutil's: DDL is transactional
// in both databases, so the transaction that migrates is itself the lock
// between processes that start at once. dbutil opens a transaction of its own
// for each step and takes no lock, which would need a second one around it.
//
//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewer is returned by Open for a database that a newer Marginalia made.
var ErrNewer = errors.New("a newer Marginalia has migrated the database")

// migrate brings the database, which people call name, to the newest version.
// s is in a transaction that no other migration runs beside.
func migrate(ctx context.Context, s session, dialect, name string) error {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return err
	}
	if _, err := s.exec(ctx, "CREATE TABLE IF NOT EXISTS marginalia (version BIGINT NOT NULL)", nil); err != nil {
		return err
	}
	at, err := versionOf(ctx, s)
	if err != nil || at == len(files) {
		return err
	}
	if at > len(files) {
		return fmt.Errorf("%w %s: it is at version %d and this program knows %d: run the newer program, or restore a backup made before the update", ErrNewer, name, at, len(files))
	}
	for _, f := range files[at:] {
		text, err := migrations.ReadFile("migrations/" + f.Name())
		if err != nil {
			return err
		}
		for _, statement := range statements(string(text), dialect) {
			if _, err := s.exec(ctx, statement, nil); err != nil {
				return fmt.Errorf("migrate with %s: %w", f.Name(), err)
			}
		}
	}
	_, err = s.exec(ctx, "DELETE FROM marginalia", nil)
	if err == nil {
		_, err = s.exec(ctx, "INSERT INTO marginalia (version) VALUES ("+strconv.Itoa(len(files))+")", nil)
	}
	return err
}

func versionOf(ctx context.Context, s session) (at int, err error) {
	found, err := s.query(ctx, "SELECT version FROM marginalia", nil)
	if err != nil {
		return 0, err
	}
	defer found.Close()
	if found.Next() {
		err = found.Scan(&at)
	}
	return at, errors.Join(err, found.Err())
}

// statements splits a migration, without its comments and without the lines
// that are only for another dialect.
func statements(text, dialect string) []string {
	var kept []string
	for line := range strings.Lines(text) {
		line, comment, _ := strings.Cut(strings.TrimRight(line, "\n"), "--")
		only, limited := strings.CutPrefix(strings.TrimSpace(comment), "only: ")
		if !limited || only == dialect {
			kept = append(kept, line)
		}
	}
	all := strings.Split(strings.Join(kept, "\n"), ";")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// newest is the version that this program brings a database to.
func newest() int {
	files, _ := migrations.ReadDir("migrations") // embedded: it cannot fail
	return len(files)
}
