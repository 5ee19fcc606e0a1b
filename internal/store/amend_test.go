package store

import (
	"fmt"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/schedule"
)

// dumped makes a comment of each line of a dump, as sure as the numbers say.
func dumped(o discussion.CutOptions, sure ...float64) discussion.Discussion {
	var docs []discussion.Document
	for i, c := range sure {
		body := format.Join([]format.Block{{Kind: format.Paragraph, Line: i + 1}}, []string{fmt.Sprint("Comment number ", i+1, ".")})
		docs = append(docs, discussion.Document{Kind: discussion.Comment, Lines: [2]int{i + 1, i + 1}, Confidence: c, Body: body})
	}
	return discussion.Assemble("Dump", "", docs, o)
}

// TestAReviewedDump: two comments were posted, one is split; what a plan comes
// to next, and what was said, stay where they are.
func TestAReviewedDump(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		d := dumped(discussion.CutOptions{}, 0.9, 0.5, 0.5, 0.9)
		lobby := chat.Room{Platform: "local", ID: "lobby"}
		update(t, db, func(tx *Tx) error {
			if _, err := tx.PutDiscussion(d, noon); err != nil {
				return err
			}
			return tx.PutRoom(lobby)
		})
		given := func() int {
			return got(t, db, func(tx *Tx) (int, error) { return tx.Given(d.ID) })
		}
		same(t, "nothing was given", given(), 0)
		update(t, db, func(tx *Tx) error { return tx.Stale(PassageThing(d.Passages[0].ID), lobby, "", ClassPost, noon) })
		same(t, "one is on its way", given(), 1)
		update(t, db, func(tx *Tx) error {
			return tx.PutPlan(schedule.Plan{Name: "p", Does: schedule.Drip, Discussion: d.ID, Cron: "@daily", Count: 1, Next: 3})
		})
		same(t, "a plan has passed two", given(), 2)

		docs := append([]discussion.Document{}, d.Documents...)
		docs[2].Lines[1], docs[2].Body = 4, docs[2].Body.Append(docs[3].Body)
		docs[1].Author, docs[1].Confidence = "Ada", 1
		now, err := d.Revise(docs[:3], given(), discussion.CutOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // twice is once
			update(t, db, func(tx *Tx) error { return tx.Amend(now) })
			same(t, "merged", got(t, db, func(tx *Tx) (discussion.Discussion, error) { return tx.Discussion(d.ID) }), now)
		}
		same(t, "passages", now.Passages[:2], d.Passages[:2])
		update(t, db, func(tx *Tx) error { return tx.Amend(d) })
		same(t, "and split again", got(t, db, func(tx *Tx) (discussion.Discussion, error) { return tx.Discussion(d.ID) }), d)
	})
}

// TestWhatWaitsForAReview counts documents without passages that are unsure.
func TestWhatWaitsForAReview(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		d := dumped(discussion.CutOptions{Below: 0.6}, 0.9, 0.5, 0.55)
		update(t, db, func(tx *Tx) error { _, err := tx.PutDiscussion(d, noon); return err })
		all := got(t, db, (*Tx).Discussions)
		same(t, "waiting", [3]int{all[0].Documents, all[0].Passages, all[0].Waiting}, [3]int{3, 1, 2})
	})
}
