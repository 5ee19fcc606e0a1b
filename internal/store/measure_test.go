package store

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/test/postgres"
	"marginalia/test/require"
)

// longID is an id as Matrix makes them: 44 characters that look like chance.
func longID(parts ...any) string {
	sum := sha256.Sum256([]byte(fmt.Sprint(parts...)))
	return "$" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// stage stores what n messages of mirror need.
func stage(tx *Tx, n int) error {
	d := discussion.Discussion{ID: "the-design-of-everyday-essays-a1b2c3", Documents: []discussion.Document{{ID: discussion.DocumentID(discussion.Derive("document"))}}}
	for i := range n/10 + 1 {
		id := discussion.PassageID(discussion.Derive("passage", fmt.Sprint(i)))
		d.Passages = append(d.Passages, discussion.Passage{ID: id, Document: d.Documents[0].ID, Seq: i + 1})
	}
	_, err := tx.PutDiscussion(d, noon)
	var people []discussion.PersonID
	for i := range 30 {
		people = append(people, discussion.PersonID(discussion.Derive("person", "matrix", fmt.Sprint(i))))
	}
	return all(err, furnish(tx, people...))
}

// mirror stores one message of 272 characters in a thread and its settled
// copy in another room, as the relay leaves them.
func mirror(tx *Tx, i int) error {
	passage := discussion.PassageID(discussion.Derive("passage", fmt.Sprint(i/10)))
	thread := longID("root", i/10)
	id := discussion.AnnotationID(discussion.Derive("annotation", fmt.Sprint(i)))
	words := strings.Repeat("so many words ", 20)[:272]
	a := discussion.Annotation{
		ID: id, Discussion: "the-design-of-everyday-essays-a1b2c3", Motivation: discussion.Commenting, Under: passage,
		Target: discussion.Target{Source: discussion.DocumentID(discussion.Derive("document")), Selector: discussion.Selector{
			Start: i / 10 * 900, End: i/10*900 + 900, Exact: strings.Repeat("the passage ", 75), Prefix: strings.Repeat("before", 5), Suffix: strings.Repeat("behind", 5)}},
		Body: format.Text(words), Creator: discussion.PersonID(discussion.Derive("person", "matrix", fmt.Sprint(i%30))),
		Via: "https://matrix.to/#/!abcdefghijklmnopqr:example.org/" + longID("said", i), Created: noon.Add(time.Duration(i) * time.Second),
	}
	thing := AnnotationThing(id)
	hash := base64.RawURLEncoding.EncodeToString(sha256.New().Sum(nil)[:16])
	return all(tx.PutAnnotation(a), tx.PutCopy(thing, attic, Copy{Ref: at(attic, thread, longID("said", i), "")}),
		tx.Stale(thing, shed, passage, ClassReply, noon),
		tx.PutCopy(thing, shed, Copy{Ref: at(shed, longID("other root", i/10), longID("mirrored", i), "bot"), Hash: hash, Seq: 1, Key: discussion.Derive("copy", fmt.Sprint(i))}),
		tx.DropDelivery(thing, shed))
}

// TestAMirroredMessageTakesLittleSpace logs how many bytes of SQLite a message
// of 272 takes, all indexes and its mirror in another room included, and its
// share of the passage that it selects whole (ten do).
func TestAMirroredMessageTakesLittleSpace(t *testing.T) {
	require.Long(t)
	path := filepath.Join(t.TempDir(), "bot.db")
	db := opened(t, path, Options{NoListen: true})
	size := func() int64 {
		if err := db.engine.(*sqliteDB).writer.do("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	const n = 3000
	update(t, db, func(tx *Tx) error { return stage(tx, n) })
	before := size()
	for i := range n {
		update(t, db, func(tx *Tx) error { return mirror(tx, i) })
	}
	each := (size() - before) / n
	t.Logf("%d bytes a mirrored message", each)
	if each > 900 {
		t.Errorf("a mirrored message takes %d bytes", each)
	}
	for _, x := range got(t, db, func(tx *Tx) ([]string, error) {
		return rows(tx, one[string], "SELECT name || ' ' || (SUM(pgsize)/3000) FROM dbstat GROUP BY name ORDER BY SUM(pgsize) DESC LIMIT 16")
	}) {
		t.Log(x)
	}
}

func eachBench(b *testing.B, bench func(b *testing.B, db *DB)) {
	b.Run("sqlite", func(b *testing.B) { bench(b, opened(b, filepath.Join(b.TempDir(), "bot.db"), Options{NoListen: true})) })
	b.Run("postgres", func(b *testing.B) {
		postgres.Start(b)
		bench(b, opened(b, schema(b), Options{NoListen: true}))
	})
}

// BenchmarkUpdate: one small write a transaction, on disk when it returns.
func BenchmarkUpdate(b *testing.B) {
	eachBench(b, func(b *testing.B, db *DB) {
		i := 0
		for b.Loop() {
			i++
			update(b, db, func(tx *Tx) error { return tx.PutSetting("a", fmt.Sprint(i)) })
		}
	})
}

// BenchmarkHandle: what a message from outside costs.
func BenchmarkHandle(b *testing.B) {
	eachBench(b, func(b *testing.B, db *DB) {
		update(b, db, func(tx *Tx) error { return stage(tx, 50_000) })
		b.ResetTimer()
		i := 0
		for b.Loop() {
			i++
			update(b, db, func(tx *Tx) error {
				_, _, err := tx.CopyAt(attic, fmt.Sprint(i))
				_, err2 := tx.Tombstoned(attic, fmt.Sprint(i))
				_, err3 := tx.PutPerson("matrix", chat.Person{ID: fmt.Sprint(i % 30), Name: "Ann"})
				if err == nil {
					b.Error("found what is not there")
				}
				return all(err2, err3, mirror(tx, i), tx.PutCursors("matrix", map[chat.Place]chat.Cursor{{}: chat.Cursor(fmt.Sprint(i))}))
			})
		}
	})
}

// BenchmarkUpdate8 is BenchmarkUpdate by eight writers at once, each on rows of its own.
func BenchmarkUpdate8(b *testing.B) {
	eachBench(b, func(b *testing.B, db *DB) {
		b.SetParallelism(4)
		b.RunParallel(func(p *testing.PB) {
			for i := 0; p.Next(); i++ {
				update(b, db, func(tx *Tx) error { return tx.PutSetting(fmt.Sprintf("%p", p), fmt.Sprint(i)) })
			}
		})
	})
}

func BenchmarkView(b *testing.B) {
	eachBench(b, func(b *testing.B, db *DB) {
		for b.Loop() {
			view(b, db, func(tx *Tx) error { _, err := tx.Setting("a"); return err })
		}
	})
}

func bulk(b *testing.B, db *DB, n int, put func(tx *Tx, i int) error) {
	for i := 0; i < n; i += 1000 {
		update(b, db, func(tx *Tx) error {
			for j := i; j < min(i+1000, n); j++ {
				if err := put(tx, j); err != nil {
					return err
				}
			}
			return nil
		})
	}
	b.ResetTimer()
}

// BenchmarkHeads: 10,000 deliveries wait, in 100 threads.
func BenchmarkHeads(b *testing.B) {
	eachBench(b, func(b *testing.B, db *DB) {
		bulk(b, db, 10_000, func(tx *Tx, i int) error {
			return tx.Stale(Thing(fmt.Sprint("a:", i)), attic, discussion.PassageID(discussion.Derive(fmt.Sprint(i%100))), ClassReply, noon)
		})
		for b.Loop() {
			view(b, db, func(tx *Tx) error {
				heads, err := tx.Heads(attic)
				if len(heads) != 100 {
					b.Errorf("%d heads", len(heads))
				}
				return err
			})
		}
	})
}

// BenchmarkCopyAt: one of 100,000 copies.
func BenchmarkCopyAt(b *testing.B) {
	eachBench(b, func(b *testing.B, db *DB) {
		bulk(b, db, 100_000, func(tx *Tx, i int) error {
			return tx.PutCopy(Thing("a:"+discussion.Derive(fmt.Sprint(i))), attic, Copy{Ref: at(attic, "", longID(i), "bot"), Seq: 1, Key: discussion.Derive("k", fmt.Sprint(i))})
		})
		i := 0
		for b.Loop() {
			i += 7919
			view(b, db, func(tx *Tx) error {
				_, _, err := tx.CopyAt(attic, longID(i%100_000))
				return err
			})
		}
	})
}
