package store

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"marginalia/internal/discussion"
)

// A question is open until somebody else replies to it or speaks behind it in its
// thread; what stands there no more, or answers something else, answers nothing.
func TestUnansweredQuestions(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		update(t, db, func(tx *Tx) error {
			return all(furnish(tx, "x"), furnish(tx, "y"))
		})
		put := func(id, by, answers string, change func(*discussion.Annotation)) {
			a := remark(discussion.AnnotationID(id), "passage-1", discussion.PersonID(by))
			a.Target.Annotation = discussion.AnnotationID(answers)
			if change != nil {
				change(&a)
			}
			update(t, db, func(tx *Tx) error { return tx.PutAnnotation(a) })
		}
		open := func(when string, most int, want ...discussion.AnnotationID) {
			t.Helper()
			found := got(t, db, func(tx *Tx) (ids []discussion.AnnotationID, err error) {
				qs, err := tx.Unanswered(essay().ID, most)
				for _, q := range qs {
					ids = append(ids, q.ID)
				}
				return ids, err
			})
			same(t, when, found, want)
		}
		asks := func(a *discussion.Annotation) { a.Motivation = discussion.Questioning }
		open("before anything was asked", 9)
		put("said", "x", "", nil)
		put("first", "x", "", asks)
		put("second", "x", "", asks)
		open("two questions of one person", 9, "second", "first")
		open("one at most", 1, "second")
		put("elsewhere", "y", "said", nil)
		open("a reply to something else", 9, "second", "first")
		put("hidden", "y", "first", func(a *discussion.Annotation) { a.Hidden = true })
		put("deleted", "y", "first", func(a *discussion.Annotation) { a.Deleted = noon })
		put("own", "x", "first", nil)
		open("replies that are gone, and one's own", 9, "second", "first")
		put("reply", "y", "first", nil)
		open("a reply", 9, "second")
		put("behind", "y", "", nil)
		open("somebody spoke behind it", 9)
		put("third", "y", "", asks)
		open("what was said before it", 9, "third")
		put("third", "y", "", func(a *discussion.Annotation) { asks(a); a.Under = "" })
		open("a question under no passage", 9)
		put("third", "y", "", func(a *discussion.Annotation) { asks(a); a.Hidden = true })
		open("a hidden question", 9)
	})
}

// A second account of the same person's answers nothing.
func TestOnesOtherAccountAnswersNoQuestion(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		update(t, db, func(tx *Tx) error {
			if err := furnish(tx, "x", "y"); err != nil {
				return err
			}
			_, err := tx.exec("UPDATE people SET same = 'x' WHERE id = 'y'")
			a := remark("asked", "passage-1", "x")
			a.Motivation = discussion.Questioning
			return all(err, tx.PutAnnotation(a), tx.PutAnnotation(remark("more", "passage-1", "y")))
		})
		view(t, db, func(tx *Tx) error {
			open, err := tx.Unanswered(essay().ID, 3)
			same(t, "open questions", len(open), 1)
			return err
		})
	})
}

// What stands before a question answers nothing, and is not looked at: with that a
// long thread of questions took minutes. Nor are the words of what is counted.
func TestOnlyIndexesAreReadOfWhatIsCounted(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "bot.db"), Options{NoListen: true})
	update(t, db, func(tx *Tx) error { return furnish(tx) })
	view(t, db, func(tx *Tx) error {
		_, err := tx.Unanswered(essay().ID, 3)
		_, err2 := tx.SaidUnder("passage-1")
		conn := tx.s.(*sqliteConn)
		for _, c := range []struct{ of, step string }{
			{"NOT EXISTS", "SEARCH b USING COVERING INDEX annotations_under (under=? AND ord>?)"},
			{"NOT EXISTS", "SEARCH annotations USING INDEX annotations_asked (discussion=?)"},
			{"SUM(a.said)", "SEARCH annotations USING COVERING INDEX annotations_under (under=?)"},
		} {
			planned := false
			for q := range conn.stmts {
				if planned = strings.Contains(q, c.of); planned {
					if steps := planOf(t, conn, q); !slices.Contains(steps, c.step) {
						t.Errorf("no %q in %q", c.step, steps)
					}
					break
				}
			}
			if !planned {
				t.Errorf("no query has %q", c.of)
			}
		}
		return errors.Join(err, err2)
	})
}
