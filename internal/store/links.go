package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/discussion"
)

// LinkCode is what links an account to a person's: a hash of the code.
type LinkCode struct {
	Person discussion.PersonID
	Hash   string
	Until  time.Time
}

// PutLinkCode records a person's code in the place of the one before, if any.
func (tx *Tx) PutLinkCode(c LinkCode) error {
	_, err := tx.exec(`INSERT INTO link_codes (person, hash, until) VALUES ($1, $2, $3)
		ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, until = excluded.until`, c.Person, c.Hash, c.Until)
	if err != nil {
		return fmt.Errorf("record a code of person %s: %w", c.Person, err)
	}
	return nil
}

// LinkCodes returns the codes that hold at a time.
func (tx *Tx) LinkCodes(now time.Time) ([]LinkCode, error) {
	all, err := rows(tx, func(s scanner) (c LinkCode, err error) {
		err = s.Scan(&c.Person, &c.Hash, moment{&c.Until})
		return c, err
	}, "SELECT person, hash, until FROM link_codes WHERE hash <> '' AND until > $1 ORDER BY person", now)
	if err != nil {
		return nil, fmt.Errorf("codes: %w", err)
	}
	return all, nil
}

// PutLinkTries records how many codes someone tried that were none, and since when.
func (tx *Tx) PutLinkTries(id discussion.PersonID, n int, since time.Time) error {
	_, err := tx.exec(`INSERT INTO link_codes (person, tries, since) VALUES ($1, $2, $3)
		ON CONFLICT (person) DO UPDATE SET tries = excluded.tries, since = excluded.since`, id, n, since)
	if err != nil {
		return fmt.Errorf("record what person %s tried: %w", id, err)
	}
	return nil
}

// LinkTries returns what PutLinkTries recorded last.
func (tx *Tx) LinkTries(id discussion.PersonID) (n int, since time.Time, err error) {
	_, err = row(tx, func(s scanner) (struct{}, error) { return struct{}{}, s.Scan(&n, moment{&since}) },
		"SELECT tries, since FROM link_codes WHERE person = $1", id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return 0, since, fmt.Errorf("what person %s tried: %w", id, err)
	}
	return n, since, nil
}

// DropLinkCode forgets a person's code and what they tried.
func (tx *Tx) DropLinkCode(id discussion.PersonID) error {
	if _, err := tx.exec("DELETE FROM link_codes WHERE person = $1", id); err != nil {
		return fmt.Errorf("drop the code of person %s: %w", id, err)
	}
	return nil
}

// Link makes two accounts, and those that each is linked to, one person's: they
// are published as to is.
func (tx *Tx) Link(id, to discussion.PersonID) error {
	one, err := tx.Person(to)
	if err != nil {
		return err
	}
	other, err := tx.Person(id)
	if err != nil {
		return err
	}
	from, into := other.Self(), one.Self()
	if from == into {
		return nil
	}
	_, err = tx.exec("UPDATE people SET same = $1 WHERE id = $2 OR same <> '' AND same = $2", into, from)
	if err == nil {
		err = tx.retellAll()
	}
	if err != nil {
		return fmt.Errorf("link person %s to %s: %w", id, to, err)
	}
	return nil
}

// Linked returns the accounts that are the same person's as one is, that one
// included. ErrNotFound if it is not known.
func (tx *Tx) Linked(id discussion.PersonID) ([]discussion.Person, error) {
	p, err := tx.Person(id)
	if err != nil {
		return nil, err
	}
	all, err := rows(tx, personRow, "SELECT "+personColumns+" FROM people WHERE id = $1 OR same <> '' AND same = $1", p.Self())
	if err != nil {
		return nil, fmt.Errorf("who is person %s: %w", id, err)
	}
	slices.SortFunc(all, func(a, b discussion.Person) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// Unlink makes an account a person of its own again. Those that it was linked
// to stay linked to each other.
func (tx *Tx) Unlink(id discussion.PersonID) error {
	all, err := tx.Linked(id)
	if err != nil {
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(all), func(p discussion.Person) bool { return p.ID == id })
	if len(rest) == 0 {
		return nil
	}
	main := rest[0].Self()
	if main == id {
		main = rest[0].ID
	}
	for _, p := range all {
		same := main
		if p.ID == id || p.ID == main {
			same = ""
		}
		if _, err := tx.exec("UPDATE people SET same = $1 WHERE id = $2 AND same <> $1", same, p.ID); err != nil {
			return fmt.Errorf("unlink person %s: %w", id, err)
		}
	}
	if err := tx.retellAll(); err != nil {
		return fmt.Errorf("unlink person %s: %w", id, err)
	}
	return nil
}
