package store

import (
	"errors"
	"strings"
)

// Where an annotation came from is the address of a message. Its row has a
// number for what such addresses have in common, and the message's id only
// until the copy that has it is recorded: then Via stands and goes with that.

// address is what is around the id in the address of a message.
type address struct{ head, tail string }

// cut returns what is around the id in an address, and the id: what is between
// the last "/" and the question, if there is one.
func cut(via string) (around address, id string) {
	path, _, _ := strings.Cut(via, "?")
	at := strings.LastIndexByte(path, '/') + 1
	return address{via[:at], via[len(path):]}, path[at:]
}

// address returns the number of an address, and gives it one if it has none; 0
// is the number of the empty one.
func (tx *Tx) address(a address) (int64, error) {
	if a == (address{}) {
		return 0, nil
	}
	if n, ok := tx.addresses[a]; ok {
		return n, nil
	}
	if n, ok := tx.db.addresses.of(a, tx.era); ok {
		return n, nil
	}
	n, err := row(tx, one[int64], "SELECT num FROM addresses WHERE head = $1 AND tail = $2", a.head, a.tail)
	if errors.Is(err, ErrNotFound) {
		n, err = written(tx, one[int64], `INSERT INTO addresses (head, tail) VALUES ($1, $2)
			ON CONFLICT (head, tail) DO UPDATE SET head = excluded.head RETURNING num`, a.head, a.tail)
	}
	if err == nil {
		tx.addresses[a] = n
	}
	return n, err
}

// saidIn returns in which room a message of an annotation has an id, 0 if none has.
func (tx *Tx) saidIn(annotation int64, id string) (room int64, err error) {
	if id == "" {
		return 0, nil
	}
	room, err = row(tx, one[int64], "SELECT room FROM copies WHERE thing = $1 AND id = $2 AND part = 0 AND mark = ''", annotation, id)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return room, err
}

// said takes note that c is the message that an annotation came from, if it is.
func (tx *Tx) said(t Thing, thing, room int64, c Copy) error {
	if t.Annotation() == "" || c.Part != 0 || c.Mark != "" || c.Ref.ID == "" || c.Ref.As != "" {
		return nil
	}
	_, err := tx.exec("UPDATE annotations SET said = $1, via_id = '' WHERE num = $2 AND via_id = $3", room, thing, c.Ref.ID)
	return err
}

// viaOf is Via of annotation a, whose address is x and whose message s.
const viaOf = `CASE WHEN a.said = 0 THEN COALESCE(x.head, '') || a.via_id || COALESCE(x.tail, '')
	WHEN COALESCE(s.id, '') = '' THEN '' ELSE x.head || s.id || x.tail END`
