package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/discussion"
)

// PutDiscussion records a discussion with its documents and passages. If one
// of that ID is there already, nothing changes and added is false.
func (tx *Tx) PutDiscussion(d discussion.Discussion, now time.Time) (added bool, err error) {
	num, err := written(tx, one[int64], `INSERT INTO discussions (id, title, url, imported) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO NOTHING RETURNING num`, d.ID, d.Title, d.URL, now)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err == nil {
		err = tx.putWords(num, d)
	}
	if err != nil {
		return false, fmt.Errorf("record discussion %s: %w", d.ID, err)
	}
	return true, nil
}

func (tx *Tx) putWords(num int64, d discussion.Discussion) error {
	var documents, passages [][]any
	for i, x := range d.Documents {
		structure, err := marksOf(x.Body)
		if err != nil {
			return err
		}
		documents = append(documents, []any{x.ID, num, i + 1, x.Kind, x.Parent, x.Author, x.URL, x.Posted,
			x.Lines[0], x.Lines[1], x.Confidence, x.Body.Text, structure})
	}
	for _, p := range d.Passages {
		passages = append(passages, []any{p.ID, num, p.Document, p.Seq, p.Start, p.End})
	}
	_, err := tx.insert(`documents (id, discussion, seq, kind, parent, author, url, posted,
		first_line, last_line, confidence, text, marks)`, documents)
	if err != nil {
		return err
	}
	_, err = tx.insert("passages (id, discussion, document, seq, start_at, end_at)", passages)
	return err
}

// Head returns a discussion's ID, Title and URL, or ErrNotFound.
func (tx *Tx) Head(id discussion.ID) (discussion.Discussion, error) {
	d, err := row(tx, func(s scanner) (d discussion.Discussion, err error) {
		err = s.Scan(&d.ID, &d.Title, &d.URL)
		return d, err
	}, "SELECT id, title, url FROM discussions WHERE id = $1", id)
	if err != nil {
		return d, fmt.Errorf("discussion %s: %w", id, err)
	}
	return d, nil
}

// Discussion returns a whole discussion, or ErrNotFound.
func (tx *Tx) Discussion(id discussion.ID) (discussion.Discussion, error) {
	d, err := tx.Head(id)
	if err != nil {
		return d, err
	}
	d.Documents, err = rows(tx, documentRow, "SELECT "+documentColumns+" FROM documents WHERE discussion = "+numberOf+" ORDER BY seq", id)
	if err == nil {
		d.Passages, err = rows(tx, passageRow, "SELECT "+passageColumns+" FROM passages WHERE discussion = "+numberOf+" ORDER BY seq", id)
	}
	if err != nil {
		return d, fmt.Errorf("discussion %s: %w", id, err)
	}
	return d, nil
}

// Discussions returns all discussions without their words, the first imported first.
func (tx *Tx) Discussions() ([]Summary, error) {
	all, err := rows(tx, summaryRow, `SELECT d.id, d.title, d.url, d.imported,
		(SELECT COUNT(*) FROM documents x WHERE x.discussion = d.num),
		(SELECT COUNT(*) FROM passages x WHERE x.discussion = d.num),
		(SELECT COUNT(*) FROM passages x WHERE x.discussion = d.num AND EXISTS (
			SELECT 1 FROM copies c WHERE c.thing = 'p:' || x.id AND c.part = 0 AND c.mark = '' AND c.id <> '')),
		(SELECT COUNT(*) FROM annotations x WHERE x.discussion = d.num AND x.deleted = 0 AND x.hidden = 0)
		FROM discussions d`)
	if err != nil {
		return nil, fmt.Errorf("discussions: %w", err)
	}
	slices.SortFunc(all, func(a, b Summary) int {
		return cmp.Or(a.Imported.Compare(b.Imported), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

func summaryRow(s scanner) (x Summary, err error) {
	err = s.Scan(&x.ID, &x.Title, &x.URL, moment{&x.Imported}, &x.Documents, &x.Passages, &x.Posted, &x.Annotations)
	return x, err
}

// Document returns a document and the discussion it belongs to, or ErrNotFound.
func (tx *Tx) Document(id discussion.DocumentID) (discussion.Document, discussion.ID, error) {
	var of discussion.ID
	d, err := row(tx, func(s scanner) (discussion.Document, error) { return documentAnd(s, &of) },
		"SELECT "+documentColumns+", (SELECT d.id FROM discussions d WHERE d.num = discussion) FROM documents WHERE id = $1", id)
	if err != nil {
		return d, "", fmt.Errorf("document %s: %w", id, err)
	}
	return d, of, nil
}

// Passage returns a passage, the discussion it belongs to and how many
// passages that has, or ErrNotFound.
func (tx *Tx) Passage(id discussion.PassageID) (p discussion.Passage, of discussion.ID, total int, err error) {
	p, err = row(tx, func(s scanner) (p discussion.Passage, err error) {
		err = s.Scan(&p.ID, &p.Document, &p.Seq, &p.Start, &p.End, &of, &total)
		return p, err
	}, "SELECT "+passageColumns+`, (SELECT d.id FROM discussions d WHERE d.num = discussion),
		(SELECT COUNT(*) FROM passages x WHERE x.discussion = passages.discussion) FROM passages WHERE id = $1`, id)
	if err != nil {
		return p, "", 0, fmt.Errorf("passage %s: %w", id, err)
	}
	return p, of, total, nil
}

// PassageAt returns the passage at place seq of a discussion's reading order,
// which begins with 1, or ErrNotFound behind the last.
func (tx *Tx) PassageAt(id discussion.ID, seq int) (discussion.Passage, error) {
	p, err := row(tx, passageRow, "SELECT "+passageColumns+" FROM passages WHERE discussion = "+numberOf+" AND seq = $2", id, seq)
	if err != nil {
		return p, fmt.Errorf("passage %d of %s: %w", seq, id, err)
	}
	return p, nil
}

// numberOf is the number of discussion $1.
const numberOf = "(SELECT num FROM discussions WHERE id = $1)"

const passageColumns = "id, document, seq, start_at, end_at"

func passageRow(s scanner) (p discussion.Passage, err error) {
	err = s.Scan(&p.ID, &p.Document, &p.Seq, &p.Start, &p.End)
	return p, err
}

const documentColumns = "id, kind, parent, author, url, posted, first_line, last_line, confidence, text, marks"

func documentRow(s scanner) (discussion.Document, error) { return documentAnd(s) }

func documentAnd(s scanner, more ...any) (d discussion.Document, err error) {
	var text, structure string
	err = s.Scan(append([]any{&d.ID, &d.Kind, &d.Parent, &d.Author, &d.URL, moment{&d.Posted},
		&d.Lines[0], &d.Lines[1], &d.Confidence, &text, &structure}, more...)...)
	if err != nil {
		return d, err
	}
	d.Body, err = docOf(text, structure)
	return d, err
}
