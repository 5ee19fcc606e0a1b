package store

import (
	"fmt"
	"testing"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// thread is an essay and comments, as a site tells them: name, whom it answers.
func thread(title string, comments ...[2]string) discussion.Discussion {
	points := 7
	docs := []discussion.Document{{ID: "essay", Kind: discussion.Essay, Body: format.Text("The gap is never empty."), Confidence: 1, Score: discussion.Score{Points: &points}}}
	for _, c := range comments {
		docs = append(docs, discussion.Document{
			ID: discussion.DocumentID(c[0]), Kind: discussion.Comment, Parent: discussion.DocumentID(c[1]),
			Author: "reader of " + c[0], Posted: noon, Confidence: 1, Body: format.Text("Words of " + c[0] + "."),
		})
	}
	return discussion.AssembleFrom("forum:1", title, "https://forum.example/1", docs, discussion.CutOptions{})
}

func TestAGrownDiscussionKeepsItsNumbers(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		put := func(d discussion.Discussion) Imported {
			t.Helper()
			var did Imported
			update(t, db, func(tx *Tx) (err error) { did, err = tx.Import(d, noon.Add(time.Hour)); return err })
			return did
		}
		first := thread("The gap", [2]string{"c", "lost"}, [2]string{"a", "essay"})
		same(t, "the first time", put(first), Imported{first.ID, true, 3, 3, 0})
		same(t, "the second time", put(first), Imported{ID: first.ID})
		before := got(t, db, func(tx *Tx) (discussion.Discussion, error) { return tx.Discussion(first.ID) })
		same(t, "kept", before, first)

		// Later the site shows new comments at the top, one of them what c
		// answers, has changed a's words, and has another title.
		later := thread("The gap, revised", [2]string{"new", "a"}, [2]string{"a", "essay"}, [2]string{"lost", "essay"}, [2]string{"c", "lost"})
		later.Documents[2].Body = format.Text("Changed words.")
		same(t, "what was added", put(later), Imported{first.ID, false, 2, 2, 0})
		same(t, "and again", put(later), Imported{ID: first.ID})

		want := first
		want.Documents = append(append([]discussion.Document{}, first.Documents...), later.Documents[1], later.Documents[3])
		want.Documents[1].Parent = later.Documents[3].ID
		want.Passages = append(append([]discussion.Passage{}, first.Passages...), later.Passages[1], later.Passages[3])
		for i := range want.Passages {
			want.Passages[i].Seq = i + 1
		}
		same(t, "grown", got(t, db, func(tx *Tx) (discussion.Discussion, error) { return tx.Discussion(first.ID) }), want)
		same(t, "discussions", len(got(t, db, (*Tx).Discussions)), 1)
	})
}

// Comments point at words of the text as it is kept, whatever became of it
// where it came from; those that were kept without are pointed at them once.
func TestWhatQuotesPointsIntoTheTextThatIsKept(t *testing.T) {
	told := func(essay string, comments ...string) discussion.Discussion {
		docs := []discussion.Document{{ID: "essay", Kind: discussion.Essay, Body: format.Text(essay), Confidence: 1}}
		for i, c := range comments {
			docs = append(docs, discussion.Document{ID: discussion.DocumentID(fmt.Sprint(i)), Kind: discussion.Comment, Confidence: 1, Body: format.Markdown{}.Parse(c)})
		}
		return discussion.AssembleFrom("forum:1", "The gap", "", docs, discussion.CutOptions{})
	}
	const kept = "The gap is never empty. Somebody lives in it."
	never, lives := "> The gap is never empty.\n\nIt is.", "> Somebody lives in it.\n\nWho?"
	eachDB(t, func(t *testing.T, db *DB) {
		put := func(d discussion.Discussion) {
			t.Helper()
			update(t, db, func(tx *Tx) error { _, err := tx.Import(d, noon); return err })
		}
		points := func(want ...string) {
			t.Helper()
			d := got(t, db, func(tx *Tx) (discussion.Discussion, error) {
				return tx.Discussion(told(kept).ID)
			})
			for i, doc := range d.Documents[1:] {
				s := doc.Target.Selector
				same(t, fmt.Sprint("comment ", i), kept[s.Start:s.End], want[i])
				same(t, fmt.Sprint("words of comment ", i), s.Exact, want[i])
			}
		}
		first := told(kept, never)
		first.Documents[1].Target = discussion.Target{} // as it was kept before comments pointed at anything
		put(first)
		points("")
		later := told("Erratum: nobody knows. "+kept, never, lives, "> Erratum: nobody knows.\n\nI do.")
		for range 2 {
			put(later)
			points("The gap is never empty.", "Somebody lives in it.", "")
		}
	})
}

// Votes go on where a text came from. A later import brings them, and nothing
// else of what was there changes; what it does not tell stays as it was told.
func TestScoresAreAsTheyWereToldLast(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		put := func(d discussion.Discussion) Imported {
			t.Helper()
			var did Imported
			update(t, db, func(tx *Tx) (err error) { did, err = tx.Import(d, noon); return err })
			return did
		}
		first := thread("The gap", [2]string{"a", "essay"}, [2]string{"b", "a"})
		first.Documents[1].Score = discussion.Score{Points: new(1), Votes: new(1)}
		put(first)
		later := thread("The gap", [2]string{"a", "essay"}, [2]string{"b", "a"}, [2]string{"c", "b"})
		later.Documents[0].Score = discussion.Score{Points: new(70)}
		later.Documents[1].Score = discussion.Score{Points: new(-2), Agreement: new(0)}
		later.Documents[1].Body = format.Text("Changed words.")
		later.Documents[3].Score = discussion.Score{Points: new(3)}
		same(t, "what came", put(later), Imported{first.ID, false, 1, 1, 2})
		same(t, "and again", put(later), Imported{ID: first.ID})

		want := first
		want.Documents = append(append([]discussion.Document{}, first.Documents...), later.Documents[3])
		want.Documents[0].Score = discussion.Score{Points: new(70)}
		want.Documents[1].Score = discussion.Score{Points: new(-2), Votes: new(1), Agreement: new(0)}
		want.Passages = later.Passages
		same(t, "kept", got(t, db, func(tx *Tx) (discussion.Discussion, error) { return tx.Discussion(first.ID) }), want)
	})
}

func TestTwoOriginsAreTwoDiscussions(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		for i := range 3 {
			d := discussion.AssembleFrom(fmt.Sprint("forum:", i), "Same", "", []discussion.Document{{ID: "essay", Kind: discussion.Essay, Body: format.Text("Same words.")}}, discussion.CutOptions{})
			update(t, db, func(tx *Tx) error {
				did, err := tx.Import(d, noon)
				same(t, "import", did, Imported{d.ID, true, 1, 1, 0})
				return err
			})
		}
		same(t, "discussions", len(got(t, db, (*Tx).Discussions)), 3)
	})
}
