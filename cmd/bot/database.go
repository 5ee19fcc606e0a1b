package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// openBeside opens the database for a verb that works beside a running bot.
func openBeside(ctx context.Context, c Config) (*store.DB, error) {
	return store.Open(ctx, c.Bot.Database, store.Options{NoListen: true})
}

// read opens the database and runs f on what stands there. It makes none.
func read(ctx context.Context, c Config, f func(*store.Tx) error) (err error) {
	if path, missing := missingDatabase(c); missing {
		return fmt.Errorf("there is no database %s yet: bot import or bot run makes it", path)
	}
	db, err := openBeside(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.View(ctx, f)
}

// missingDatabase reports whether the database is a file that is not there.
func missingDatabase(c Config) (path string, missing bool) {
	path, ok := sqlitePath(c.Bot.Database)
	if !ok {
		return "", false
	}
	_, err := os.Stat(path)
	return path, errors.Is(err, fs.ErrNotExist)
}

func sqlitePath(dsn string) (string, bool) {
	path := strings.TrimPrefix(dsn, "sqlite:")
	return path, !strings.Contains(path, "://")
}

// find returns the discussion that id names: whole, or by an unambiguous
// beginning.
func find(tx *store.Tx, id string) (store.Summary, error) {
	all, err := tx.Discussions()
	if err != nil {
		return store.Summary{}, err
	}
	var found []store.Summary
	for _, s := range all {
		if s.ID == discussion.ID(id) {
			return s, nil
		}
		if id != "" && strings.HasPrefix(string(s.ID), id) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return store.Summary{}, fmt.Errorf("no text is called %q: bot list shows them all", id)
	}
	names := ""
	for _, s := range found {
		names += " " + string(s.ID)
	}
	return store.Summary{}, fmt.Errorf("%q is the beginning of several texts:%s", id, names)
}
