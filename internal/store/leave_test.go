package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/test/require"
)

// TestErasedWordsLeaveTheFiles says, edits and deletes at random and looks for
// what is said no more in the database's files: some of it is there, though
// SQLite deletes securely, and after Scrub nothing.
func TestErasedWordsLeaveTheFiles(t *testing.T) {
	require.Long(t)
	left := 0
	for round := range 12 {
		path := filepath.Join(t.TempDir(), fmt.Sprint(round, "bot.db"))
		db := opened(t, path, Options{NoListen: true})
		update(t, db, func(tx *Tx) error { return stage(tx, 400) })
		s := speech{random: rand.New(rand.NewPCG(2026, uint64(round))), now: map[string]bool{}}
		for range 40 {
			update(t, db, func(tx *Tx) error {
				return all(s.step(tx), s.step(tx), s.step(tx), s.step(tx), s.step(tx), s.step(tx), s.step(tx), s.step(tx))
			})
		}
		if err := db.engine.(*sqliteDB).writer.do("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			t.Fatal(err)
		}
		left += len(s.gone(t, path))
		if err := db.Scrub(context.Background()); err != nil {
			t.Fatal(err)
		}
		if gone := s.gone(t, path); len(gone) > 0 {
			t.Errorf("in round %d %d words that were erased stay: %s", round, len(gone), gone[0])
		}
		if is := got(t, db, (*Tx).Erased); is {
			t.Errorf("in round %d there is still something to erase", round)
		}
	}
	if left == 0 {
		t.Error("without Scrub nothing stays: it is not needed any more")
	}
	t.Logf("%d words stayed until Scrub", left)
}

// A speech is what was said in annotations: in each a token, and padding.
type speech struct {
	random *rand.Rand
	says   []string        // the token of each annotation, "" once deleted
	now    map[string]bool // tokens that stand somewhere
	next   int
}

var token = regexp.MustCompile(`tk\d{6}x`)

func (s *speech) step(tx *Tx) error {
	i := len(s.says)
	if s.random.IntN(2) == 0 && i > 0 {
		i = s.random.IntN(i)
	} else {
		s.says = append(s.says, "")
	}
	delete(s.now, s.says[i])
	s.says[i] = ""
	words := ""
	if s.random.IntN(3) > 0 {
		s.says[i] = fmt.Sprintf("tk%06dx", s.next)
		s.next++
		s.now[s.says[i]] = true
		words = s.says[i] + strings.Repeat("y", s.random.IntN(s.random.IntN(2000)+1))
	}
	return tx.PutAnnotation(discussion.Annotation{
		ID: discussion.AnnotationID(discussion.Derive("annotation", fmt.Sprint(i))), Discussion: "the-design-of-everyday-essays-a1b2c3",
		Motivation: discussion.Commenting, Under: discussion.PassageID(discussion.Derive("passage", fmt.Sprint(i/10))),
		Target:  discussion.Target{Source: discussion.DocumentID(discussion.Derive("document"))},
		Creator: discussion.PersonID(discussion.Derive("person", "matrix", fmt.Sprint(i%30))),
		Body:    format.Text(words), Created: noon,
	})
}

// gone returns where tokens that stand nowhere are in the database's files;
// a token that stands somewhere must be there.
func (s *speech) gone(t *testing.T, path string) (all []string) {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	missing := len(s.now)
	seen := map[string]bool{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range token.FindAllIndex(raw, -1) {
			is := string(raw[at[0]:at[1]])
			if !s.now[is] {
				all = append(all, fmt.Sprintf("%s at byte %d of %s", is, at[0], filepath.Base(f)))
			} else if !seen[is] {
				seen[is] = true
				missing--
			}
		}
	}
	if missing != 0 {
		t.Errorf("%d words that stand are not in the files", missing)
	}
	return all
}

// What a note said before is erased, too.
func TestWordsOfANoteThatIsRewordedAreErased(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "bot.db"), Options{NoListen: true})
	update(t, db, func(tx *Tx) error {
		return all(tx.PutNote(Note{ID: "n", Kind: "question", Body: format.Text("Which?"), Created: noon}), tx.RewordNote("n", format.Text("Which?")))
	})
	if got(t, db, (*Tx).Erased) {
		t.Error("the same words again erase something")
	}
	update(t, db, func(tx *Tx) error { return tx.RewordNote("n", format.Doc{}) })
	if !got(t, db, (*Tx).Erased) {
		t.Error("words that were taken back are not noted")
	}
}

// TestAScrubThatIsHeldUpIsOwed: a View stands in the way of emptying the log,
// and what was erased stays noted until it could be.
func TestAScrubThatIsHeldUpIsOwed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bot.db")
	db := opened(t, path, Options{NoListen: true})
	if err := db.engine.(*sqliteDB).writer.do("PRAGMA busy_timeout=50"); err != nil {
		t.Fatal(err)
	}
	update(t, db, func(tx *Tx) error { return stage(tx, 400) })
	s := speech{random: rand.New(rand.NewPCG(2026, 1)), now: map[string]bool{}}
	for range 50 {
		update(t, db, s.step)
	}
	err := db.View(t.Context(), func(tx *Tx) error {
		if _, err := tx.Erased(); err != nil { // a View begins with its first look
			return err
		}
		update(t, db, s.step) // which the View does not see: the log must keep both
		return db.Scrub(t.Context())
	})
	if err == nil || !got(t, db, (*Tx).Erased) {
		t.Errorf("held up, Scrub says %v, and noted is %v", err, got(t, db, (*Tx).Erased))
	}
	if err := db.Scrub(t.Context()); err != nil || got(t, db, (*Tx).Erased) || len(s.gone(t, path)) > 0 {
		t.Errorf("later, Scrub says %v and leaves %q", err, s.gone(t, path))
	}
}
