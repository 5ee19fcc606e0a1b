package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
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

// How long a database that does not work is left alone: at first, and at most.
const (
	importPause = time.Minute
	longPause   = time.Hour
)

// run fetches until ctx is done.
func (i importer) run(ctx context.Context) {
	pause := importPause
	for ctx.Err() == nil {
		again := make(<-chan time.Time)
		err := i.fetchAll(ctx)
		if err == nil {
			pause = importPause
		} else if ctx.Err() == nil {
			i.log.Error("imports wait for the database", "error", err, "again", pause)
			again = time.After(pause)
			pause = min(2*pause, longPause)
		}
		select {
		case <-ctx.Done():
		case <-i.bell:
		case <-again:
		}
	}
}

// fetchAll fetches all that is asked for. Its error is the database's, and what
// it left then stays asked for. None keeps the others waiting but where the
// database does not work.
func (i importer) fetchAll(ctx context.Context) error {
	var todo []command.Wish
	err := i.db.View(ctx, func(tx *store.Tx) (err error) {
		todo, err = command.Wishes(tx)
		return err
	})
	for _, w := range todo {
		if ctx.Err() != nil || errors.Is(err, store.ErrDown) {
			break
		}
		err = errors.Join(err, i.fetch(ctx, w))
	}
	return err
}

// fetch imports one text as bot import does, and says what became of it where it
// was asked for. That a text does not come, or cannot be kept, is such an outcome.
func (i importer) fetch(ctx context.Context, w command.Wish) error {
	err := i.tryFetch(ctx, w)
	if err == nil || ctx.Err() != nil || errors.Is(err, store.ErrDown) {
		return err
	}
	i.log.Warn("nothing was imported", "room", w.By.Place.Room.String(), "error", err)
	said := "Nothing was imported: the text cannot be kept; whoever runs the bot finds the reason in its log."
	var no refusal
	if errors.As(err, &no) {
		said = fmt.Sprintf("Nothing was imported: %s.", no.why)
	}
	return i.db.Update(ctx, func(tx *store.Tx) error {
		return command.Fulfilled(tx, i.c.language(w.By.Place.Room), w, command.Outcome{Said: said}, time.Now())
	})
}

// refusal is why a text does not come, in words for who asked for it.
type refusal struct{ why error }

func (r refusal) Error() string { return r.why.Error() }
func (r refusal) Unwrap() error { return r.why }

// tryFetch imports a text and says so, or returns why it is not: a refusal, or
// what went wrong here. A text that breaks what reads it breaks nothing else.
func (i importer) tryFetch(ctx context.Context, w command.Wish) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("it breaks what reads it: %v\n%s", broken, debug.Stack())
		}
	}()
	f, err := source.Fetch(ctx, w.Address, source.Options{Web: i.web})
	if err != nil {
		return refusal{err}
	}
	d := f.Discussion(i.c.cut())
	var did kept
	var said string
	err = i.db.Update(ctx, func(tx *store.Tx) (err error) {
		now := time.Now()
		if did, err = importInto(tx, i.c, d, now); err != nil {
			return err
		}
		known := d
		known.ID = did.ID
		said = importedWords(did.line(known), f.Missing, did.waiting)
		return command.Fulfilled(tx, i.c.language(w.By.Place.Room), w, command.Outcome{Said: said, Title: d.Title}, now)
	})
	if err == nil && !w.Typed {
		i.log.Info("a text was imported", "room", w.By.Place.Room.String(), "text", did.ID, "outcome", said)
	}
	return err
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
