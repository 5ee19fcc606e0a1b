package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/test/postgres"
)

// both runs a test on SQLite and on PostgreSQL. dsn names an empty database.
func both(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "bot.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, schema(t)) })
}

var database = sync.OnceValues(func() (*postgres.Database, error) { return cluster.Create(context.Background()) })

var (
	cluster *postgres.Cluster
	schemas atomic.Int64
)

// schema makes an empty schema: faster than a database of its own, and as good.
func schema(t testing.TB) string {
	t.Helper()
	cluster = postgres.Start(t)
	d, err := database()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), d.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	name := fmt.Sprintf("s%d", schemas.Add(1))
	if _, err := conn.Exec(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	return d.URL() + "&search_path=" + name
}

// eachDB is both with an open database that does not watch for others.
func eachDB(t *testing.T, test func(t *testing.T, db *DB)) {
	both(t, func(t *testing.T, dsn string) { test(t, opened(t, dsn, Options{NoListen: true})) })
}

func opened(t testing.TB, dsn string, o Options) *DB {
	t.Helper()
	db, err := Open(context.Background(), dsn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// update and view end the test with the error of their transaction.
func update(t testing.TB, db *DB, f func(*Tx) error) {
	t.Helper()
	if err := db.Update(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, db *DB, f func(*Tx) error) {
	t.Helper()
	if err := db.View(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

// got is what a read returns in a View.
func got[T any](t testing.TB, db *DB, read func(*Tx) (T, error)) T {
	t.Helper()
	var v T
	view(t, db, func(tx *Tx) (err error) {
		v, err = read(tx)
		return err
	})
	return v
}

// all runs steps until one fails.
func all(steps ...error) error {
	for _, err := range steps {
		if err != nil {
			return err
		}
	}
	return nil
}

var (
	noon  = time.Date(2026, 11, 23, 12, 0, 0, 123e6, time.UTC)
	attic = chat.Room{Platform: "matrix", ID: "!attic:example.org"}
	shed  = chat.Room{Platform: "local", ID: "shed"}
)

// essay is a small discussion: an essay of three passages and a comment.
func essay() discussion.Discussion {
	body := format.Text("One thought.\n\nAnother – thought.\n\nThe end.")
	body.Spans = []format.Span{{Kind: format.Link, Start: 4, End: 11, Attr: "https://example.org"}}
	d := discussion.Discussion{ID: "an-essay-123456", Title: "An <essay>", URL: "https://example.org/essay"}
	d.Documents = []discussion.Document{
		{ID: "doc-essay", Kind: discussion.Essay, Author: "A. Writer", URL: d.URL, Posted: noon, Body: body},
		{ID: "doc-comment", Kind: discussion.Comment, Parent: "doc-essay", Lines: [2]int{4, 9}, Confidence: 0.75, Body: format.Text("A word.")},
	}
	for i, b := range body.Blocks {
		id := discussion.PassageID(fmt.Sprintf("passage-%d", i+1))
		d.Passages = append(d.Passages, discussion.Passage{ID: id, Document: "doc-essay", Seq: i + 1, Start: b.Start, End: b.End})
	}
	return d
}

func remark(id discussion.AnnotationID, under discussion.PassageID, by discussion.PersonID) discussion.Annotation {
	return discussion.Annotation{
		ID: id, Discussion: "an-essay-123456", Motivation: discussion.Commenting, Under: under, Creator: by,
		Target: discussion.Target{Source: "doc-essay", Selector: discussion.Selector{Start: 4, End: 11, Exact: "thought", Prefix: "One ", Suffix: "."}},
		Body:   format.Text("I say " + string(id)), Via: "https://example.org/via", Created: noon,
	}
}

// furnish records the essay and people of the given IDs.
func furnish(tx *Tx, people ...discussion.PersonID) error {
	_, err := tx.PutDiscussion(essay(), noon)
	for _, id := range people {
		_, err2 := tx.exec("INSERT INTO people (id, platform, user_id, name, state) VALUES ($1, 'matrix', $1, $1, '') ON CONFLICT (id) DO NOTHING", id)
		err = all(err, err2)
	}
	return err
}

func at(room chat.Room, thread, id, as string) chat.Ref {
	return chat.Ref{Place: chat.Place{Room: room, Thread: thread}, ID: id, As: as}
}

// mentions fails unless the error has all the words.
func mentions(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; it should say %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q: %v", w, err)
		}
	}
}
