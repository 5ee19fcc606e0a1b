package store

import (
	"fmt"

	"marginalia/internal/discussion"
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

func noteRow(s scanner) (n Note, err error) {
	var text, structure string
	err = s.Scan(&n.ID, &n.Kind, &n.Discussion, &text, &structure, object{&n.Place}, object{&n.ReplyTo}, moment{&n.Created})
	if err != nil {
		return n, err
	}
	n.Body, err = docOf(text, structure)
	return n, err
}
