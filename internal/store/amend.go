package store

import (
	"errors"
	"fmt"

	"marginalia/internal/discussion"
)

// Given returns how many of a discussion's first passages were handed out: all
// up to the last that stands in a room, is on its way to one or was talked
// about, or that a drip plan has passed.
func (tx *Tx) Given(id discussion.ID) (int, error) {
	n, err := row(tx, one[int], `SELECT COALESCE(MAX(seq), 0) FROM (
		SELECT x.seq FROM passages x WHERE x.discussion = `+numberOf+` AND (
			EXISTS (SELECT 1 FROM copies c WHERE c.thing = (SELECT num FROM things WHERE id = 'p:' || x.id))
			OR EXISTS (SELECT 1 FROM deliveries d WHERE d.thing = (SELECT num FROM things WHERE id = 'p:' || x.id))
			OR EXISTS (SELECT 1 FROM annotations a WHERE a.under = x.num))
		UNION ALL SELECT p.next - 1 FROM plans p WHERE p.discussion = $1 AND p.does = 'drip') given`, id)
	if err != nil {
		return 0, fmt.Errorf("how far %s was read: %w", id, err)
	}
	return n, nil
}

// Amend makes the documents and passages of a discussion those of d. The
// passages that [Tx.Given] counts must be among them, as they are and where
// they are: see [discussion.Discussion.Revise].
func (tx *Tx) Amend(d discussion.Discussion) error {
	num, err := row(tx, one[int64], "SELECT num FROM discussions WHERE id = $1", d.ID)
	if err == nil {
		err = tx.amend(num, d)
	}
	if err != nil {
		return fmt.Errorf("amend discussion %s: %w", d.ID, err)
	}
	return nil
}

func (tx *Tx) amend(num int64, d discussion.Discussion) error {
	old, err := tx.Discussion(d.ID)
	if err != nil {
		return err
	}
	now, stays := map[discussion.PassageID]discussion.Passage{}, map[discussion.PassageID]bool{}
	for _, p := range d.Passages {
		now[p.ID] = p
	}
	for _, p := range old.Passages {
		if stays[p.ID] = now[p.ID] == p; stays[p.ID] {
			continue
		}
		if _, err := tx.exec("DELETE FROM passages WHERE id = $1", p.ID); err != nil {
			return err
		}
	}
	if err := tx.amendDocuments(num, old.Documents, d.Documents); err != nil {
		return err
	}
	var passages [][]any
	for _, p := range d.Passages {
		if !stays[p.ID] {
			passages = append(passages, []any{p.ID, num, p.Document, p.Seq, p.Start, p.End})
		}
	}
	if _, err = tx.insert("passages (id, discussion, document, seq, start_at, end_at)", passages); err != nil {
		return err
	}
	return tx.retell(num, 0)
}

// amendDocuments leaves out the documents that are no more, changes those that
// are still there and adds the others. Nothing may refer to those that go.
func (tx *Tx) amendDocuments(num int64, old, now []discussion.Document) error {
	place := map[discussion.DocumentID]int{}
	for i, x := range now {
		place[x.ID] = i + 1
	}
	known := map[discussion.DocumentID]bool{}
	for _, x := range old {
		known[x.ID] = true
		if place[x.ID] > 0 {
			continue
		}
		if _, err := tx.exec("DELETE FROM documents WHERE id = $1", x.ID); err != nil {
			return err
		}
	}
	if _, err := tx.exec("UPDATE documents SET seq = -seq WHERE discussion = $1", num); err != nil {
		return err
	}
	for _, x := range now {
		if !known[x.ID] {
			if err := tx.putWords(num, discussion.Discussion{Documents: []discussion.Document{x}}, place[x.ID]-1); err != nil {
				return err
			}
			continue
		}
		structure, err := marksOf(x.Body)
		if err != nil {
			return err
		}
		target, err := targetOf(x.Target)
		if err != nil {
			return err
		}
		n, err := tx.exec(`UPDATE documents SET seq = $1, kind = $2, parent = $3, author = $4, first_line = $5, last_line = $6,
			confidence = $7, text = $8, marks = $9, target = $10, sum = $11 WHERE id = $12`,
			place[x.ID], x.Kind, x.Parent, x.Author, x.Lines[0], x.Lines[1], x.Confidence, x.Body.Text, structure, target, sumOf(x.Body.Text, structure), x.ID)
		if err == nil && n != 1 {
			err = errors.New("a document is not where it was")
		}
		if err != nil {
			return err
		}
	}
	return nil
}
