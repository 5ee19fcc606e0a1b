package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"marginalia/internal/command"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

// importer fetches the texts that people ask for in rooms, one after another. What
// is asked for stands in the store, so that a restart begins anew what it broke off.
type importer struct {
	c    Config
	db   *store.DB
	web  source.Web
	log  *slog.Logger
	bell chan struct{}
}

func newImporter(c Config, db *store.DB, web source.Web, log *slog.Logger) importer {
	return importer{c, db, web, log, make(chan struct{}, 1)}
}

// ring says that something was asked for.
func (i importer) ring() {
	select {
	case i.bell <- struct{}{}:
	default:
	}
}

// importPause is how long a database that is in trouble is left alone.
const importPause = time.Minute

// run fetches until ctx is done.
func (i importer) run(ctx context.Context) {
	for ctx.Err() == nil {
		again := make(<-chan time.Time)
		if err := i.fetchAll(ctx); err != nil && ctx.Err() == nil {
			i.log.Error("an import waits", "error", err)
			again = time.After(importPause)
		}
		select {
		case <-ctx.Done():
		case <-i.bell:
		case <-again:
		}
	}
}

func (i importer) fetchAll(ctx context.Context) error {
	var todo []command.Wish
	err := i.db.View(ctx, func(tx *store.Tx) (err error) {
		todo, err = command.Wishes(tx)
		return err
	})
	for _, w := range todo {
		if err == nil {
			err = i.fetch(ctx, w)
		}
	}
	return err
}

// fetch imports one text as bot import does, and says what became of it where it
// was asked for. That a text does not come is such an outcome.
func (i importer) fetch(ctx context.Context, w command.Wish) error {
	f, why := source.Fetch(ctx, w.Address, source.Options{Web: i.web})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return i.db.Update(ctx, func(tx *store.Tx) error {
		now := time.Now()
		if why != nil {
			return command.Fulfilled(tx, w, fmt.Sprintf("Nothing was imported: %s.", why), now)
		}
		d := f.Discussion(i.c.cut())
		did, err := importInto(tx, i.c, d, now)
		if err != nil {
			return err
		}
		d.ID = did.ID
		return command.Fulfilled(tx, w, importedWords(did.line(d), f.Missing, did.waiting), now)
	})
}

// importedWords say what became of a text, what is not in it, and what comes next.
func importedWords(line string, missing []string, waiting int) string {
	said := line + ". To have it read here: start"
	if waiting > 0 {
		said += fmt.Sprintf(". Parts that wait for a review by whoever runs the bot: %d", waiting)
	}
	for _, m := range missing {
		said += "\n" + m
	}
	return said
}
