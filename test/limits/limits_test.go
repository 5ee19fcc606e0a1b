// Package limits holds whatever the bot says or shows against the documented
// limits of the networks: hostile titles, names and texts in ten scripts go
// through the whole bot, and each message, thread, button, option, choice, form
// and answer that comes of them is judged. On Discord its double is the judge,
// on Matrix the size of each event.
package limits

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// rounds is how many bots are set up, each with texts of its own in all scripts.
// For a longer look: go test ./test/limits -rounds 100
var rounds = flag.Int("rounds", 1, "how many rounds of hostile texts")

// each tells a story of every round.
func each(t *testing.T, story func(t *testing.T, w *writer)) {
	for round := range *rounds {
		w := newWriter(round)
		t.Run(fmt.Sprint(round), func(t *testing.T) { story(t, w) })
	}
}

// readings are how texts come in.
var readings = []format.Dialect{format.Markdown{}, format.Plain{}, format.HTML{}, format.Matrix{}, format.Discord{}}

// discussionOf is something to read: an essay, and comments on it.
func discussionOf(w *writer) discussion.Discussion {
	read := func(n int) format.Doc { return readings[w.dice.IntN(len(readings))].Parse(w.text(n)) }
	docs := []discussion.Document{{Kind: discussion.Essay, Confidence: 1, Body: read(6000), Author: w.line()}}
	for range 2 {
		docs = append(docs, discussion.Document{Kind: discussion.Comment, Confidence: 1, Body: read(600), Author: w.line(), URL: "https://a.example/comment"})
	}
	return discussion.Assemble(w.line(), "https://a.example/essay", docs, discussion.CutOptions{})
}

// opened is an empty database with the discussion in it.
func opened(t *testing.T, d discussion.Discussion) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "bot.db"), store.Options{NoListen: true})
	if err != nil {
		t.Fatal(err)
	}
	update(t, db, func(tx *store.Tx) error {
		_, err := tx.PutDiscussion(d, time.Now())
		return err
	})
	return db
}

func update(t *testing.T, db *store.DB, f func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Update(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func logger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}
