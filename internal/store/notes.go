package store

import (
	"fmt"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// PutNote records a note. If one of that ID is there already, nothing changes.
func (tx *Tx) PutNote(n Note) error {
	if err := tx.putNote(n); err != nil {
		return fmt.Errorf("record note %s: %w", n.ID, err)
	}
	return nil
}

func (tx *Tx) putNote(n Note) error {
	structure, err := marksOf(n.Body)
	if err != nil {
		return err
	}
	place, err := jsonOf(n.Place)
	if err != nil {
		return err
	}
	answers, err := jsonOf(n.ReplyTo)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO notes (id, kind, discussion, text, marks, place, reply_to, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING`,
		n.ID, n.Kind, n.Discussion, n.Body.Text, structure, place, answers, n.Created)
	return err
}

// Note returns a note, or ErrNotFound.
func (tx *Tx) Note(id discussion.NoteID) (Note, error) {
	n, err := row(tx, noteRow, `SELECT id, kind, discussion, text, marks, place, reply_to, created
		FROM notes WHERE id = $1`, id)
	if err != nil {
		return n, fmt.Errorf("note %s: %w", id, err)
	}
	return n, nil
}

// RewordNote gives a note other words; without any it is no longer wanted.
// ErrNotFound if there is none of that ID.
func (tx *Tx) RewordNote(id discussion.NoteID, body format.Doc) error {
	if err := tx.rewordNote(id, body); err != nil {
		return fmt.Errorf("reword note %s: %w", id, err)
	}
	return nil
}

func (tx *Tx) rewordNote(id discussion.NoteID, body format.Doc) error {
	structure, err := marksOf(body)
	if err != nil {
		return err
	}
	replaced, err := row(tx, one[bool], "SELECT text <> '' AND (text <> $2 OR marks <> $3) FROM notes WHERE id = $1", id, body.Text, structure)
	if err != nil {
		return err
	}
	if _, err := tx.exec("UPDATE notes SET text = $1, marks = $2 WHERE id = $3", body.Text, structure, id); err != nil || !replaced {
		return err
	}
	return tx.erased()
}

// Notes returns the notes of a kind about a discussion that have words, the
// newest first.
func (tx *Tx) Notes(d discussion.ID, kind string) ([]Note, error) {
	all, err := rows(tx, noteRow, `SELECT id, kind, discussion, text, marks, place, reply_to, created
		FROM notes WHERE discussion = $1 AND discussion <> '' AND kind = $2 AND text <> '' ORDER BY created DESC, id`, d, kind)
	if err != nil {
		return nil, fmt.Errorf("notes about %s: %w", d, err)
	}
	return all, nil
}

func noteRow(s scanner) (n Note, err error) {
	var text, structure string
	err = s.Scan(&n.ID, &n.Kind, &n.Discussion, &text, &structure, object{&n.Place}, object{&n.ReplyTo}, moment{&n.Created})
	if err != nil {
		return n, err
	}
	n.Body, err = docOf(text, structure)
	return n, err
}
