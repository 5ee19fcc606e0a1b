package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
)

// PutPerson records a person at first sight, and the name as it is now. The ID
// is derived from platform, p.ID and a secret of this database: whoever knows
// an account's name cannot tell its ID, nor its pseudonym. Of a person whom
// EmptyPerson forgot nothing is recorded again until SetState is called for
// them.
func (tx *Tx) PutPerson(platform string, p chat.Person) (who discussion.Person, err error) {
	secret, err := tx.secret()
	if err == nil {
		who, err = tx.putPerson(personID(secret, platform, p.ID), platform, p)
	}
	if err != nil {
		return who, fmt.Errorf("record person %s on %s: %w", p.ID, platform, err)
	}
	return who, nil
}

func personID(secret, platform, user string) discussion.PersonID {
	return discussion.PersonID(discussion.Derive("person", secret, platform, user))
}

// PersonIDs returns what tells the ID of a platform's user, who need not have
// been recorded, and may have been forgotten.
func (tx *Tx) PersonIDs() (func(platform, user string) discussion.PersonID, error) {
	secret, err := tx.knownSecret()
	if err != nil {
		return nil, fmt.Errorf("who is who: %w", err)
	}
	return func(platform, user string) discussion.PersonID {
		if secret == "" { // nobody was recorded yet
			return ""
		}
		return personID(secret, platform, user)
	}, nil
}

// Forgotten tells when EmptyPerson was last called for a platform's user, zero
// if it never was, and whether that still holds: SetState was not called after it.
func (tx *Tx) Forgotten(platform, user string) (at time.Time, still bool, err error) {
	id, err := tx.PersonIDs()
	if err != nil {
		return at, false, err
	}
	_, err = rows(tx, func(s scanner) (struct{}, error) { return struct{}{}, s.Scan(moment{&at}, &still) },
		"SELECT ABS(forgotten), forgotten > 0 FROM people WHERE id = $1", id(platform, user))
	if err != nil {
		return at, false, fmt.Errorf("whether %s on %s was forgotten: %w", user, platform, err)
	}
	return at, still, nil
}

// ForgottenOf are those of a platform's users who were forgotten, while that
// holds. It asks for many at once.
func (tx *Tx) ForgottenOf(platform string, users []string) (gone []string, err error) {
	if len(users) == 0 {
		return nil, nil
	}
	id, err := tx.PersonIDs()
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(users, 8) {
		called := map[string]string{}
		ids := slices.Repeat([]any{""}, 8) // nobody's: the statement is the same for any number
		for i, user := range some {
			who := string(id(platform, user))
			ids[i], called[who] = who, user
		}
		found, err := rows(tx, one[string], "SELECT id FROM people WHERE forgotten > 0 AND id IN ($1, $2, $3, $4, $5, $6, $7, $8)", ids...)
		if err != nil {
			return nil, fmt.Errorf("who on %s was forgotten: %w", platform, err)
		}
		for _, id := range found {
			gone = append(gone, called[id])
		}
	}
	return gone, nil
}

// people is the setting that secret is kept in.
const people = "people"

// secret returns what this database derives people's IDs with, made at first use.
func (tx *Tx) secret() (string, error) {
	value, err := tx.knownSecret()
	if err != nil || value != "" {
		return value, err
	}
	tx.people = rand.Text()
	return tx.people, tx.PutSetting(people, tx.people)
}

// knownSecret is secret, "" before the first use. It never changes, so it is
// seldom asked for.
func (tx *Tx) knownSecret() (value string, err error) {
	if tx.people == "" {
		tx.people = tx.db.people.of(tx.era)
	}
	if tx.people == "" {
		tx.people, err = tx.Setting(people)
	}
	return tx.people, err
}

// lasting is a value that never changes, in an era of the engine: see numbers.
type lasting struct {
	mu    sync.RWMutex
	era   int64
	value string
}

func (l *lasting) of(era int64) string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.era != era {
		return ""
	}
	return l.value
}

// learn keeps the value, once it is true for everyone.
func (l *lasting) learn(value string, era int64) {
	if value == "" || l.of(era) == value {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if era >= l.era {
		l.era, l.value = era, value
	}
}

func (tx *Tx) putPerson(id discussion.PersonID, platform string, p chat.Person) (discussion.Person, error) {
	var forgotten bool
	name := clean(p.Name)
	who, err := row(tx, func(s scanner) (discussion.Person, error) { return personAnd(s, &forgotten) },
		"SELECT "+personColumns+", forgotten > 0 FROM people WHERE id = $1", id)
	if errors.Is(err, ErrNotFound) {
		who = discussion.Person{ID: id, Platform: platform, User: p.ID, Name: name}
		_, err = tx.exec("INSERT INTO people (id, platform, user_id, name, state) VALUES ($1, $2, $3, $4, '')", id, platform, p.ID, name)
		return who, err
	}
	if err != nil || forgotten || who.Name == name && who.User == p.ID {
		return who, err
	}
	who.User, who.Name = p.ID, name
	_, err = tx.exec("UPDATE people SET user_id = $1, name = $2 WHERE id = $3", p.ID, name, id)
	return who, err
}

// Person returns a person, or ErrNotFound.
func (tx *Tx) Person(id discussion.PersonID) (discussion.Person, error) {
	p, err := row(tx, personRow, "SELECT "+personColumns+" FROM people WHERE id = $1", id)
	if err != nil {
		return p, fmt.Errorf("person %s: %w", id, err)
	}
	return p, nil
}

// People returns all who annotated anything of a discussion, or reacted to it.
func (tx *Tx) People(id discussion.ID) (map[discussion.PersonID]discussion.Person, error) {
	found, err := rows(tx, personRow, "SELECT "+personColumns+` FROM people WHERE num IN (
		SELECT creator FROM annotations WHERE discussion = `+numberOf+`) OR id IN (
		SELECT person FROM reactions WHERE thing IN (`+thingsOf+`))`, id)
	if err != nil {
		return nil, fmt.Errorf("people of %s: %w", id, err)
	}
	all := map[discussion.PersonID]discussion.Person{}
	for _, p := range found {
		all[p.ID] = p
	}
	return all, nil
}

// SaidUnder returns how many of the remarks in a passage's thread are not gone, by what
// those who made them chose to be named as.
func (tx *Tx) SaidUnder(p discussion.PassageID) (map[discussion.CreatorState]int, error) {
	type some struct {
		state discussion.CreatorState
		n     int
	}
	found, err := rows(tx, func(s scanner) (one some, err error) {
		err = s.Scan(&one.state, &one.n)
		return one, err
	}, `SELECT w.state, CAST(SUM(a.said) AS BIGINT) FROM (SELECT creator, COUNT(*) AS said FROM annotations
		WHERE under = (SELECT num FROM passages WHERE id = $1) AND deleted = 0 AND hidden = 0 GROUP BY creator) a
		JOIN people w ON w.num = a.creator GROUP BY w.state`, p)
	if err != nil {
		return nil, fmt.Errorf("how much was said of %s: %w", p, err)
	}
	all := map[discussion.CreatorState]int{}
	for _, one := range found {
		all[one.state] = one.n
	}
	return all, nil
}

// SetState records how a person agreed to be named. A person who was
// forgotten is from then on recorded like any other; when that was stays known.
// ErrNotFound if the person is not known.
func (tx *Tx) SetState(id discussion.PersonID, s discussion.CreatorState) error {
	return tx.changePerson(id, "UPDATE people SET state = $1, forgotten = -ABS(forgotten) WHERE id = $2", s, id)
}

// EmptyPerson forgets a person's name and the network's id of them; the state
// becomes Unpublished. The row stays, so that their ID stays known, and since
// when: PutPerson brings neither back before SetState is called. ErrNotFound if
// the person is not known.
func (tx *Tx) EmptyPerson(id discussion.PersonID, now time.Time) error {
	err := tx.changePerson(id, "UPDATE people SET name = '', user_id = '', state = $1, forgotten = $2 WHERE id = $3", discussion.Unpublished, now, id)
	if err != nil {
		return err
	}
	return tx.erased()
}

func (tx *Tx) changePerson(id discussion.PersonID, query string, args ...any) error {
	n, err := tx.exec(query, args...)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("change person %s: %w", id, err)
	}
	return nil
}

const personColumns = `id, platform, user_id, name, state, same,
	COALESCE((SELECT one.name FROM people one WHERE one.id = people.same), '')`

func personRow(s scanner) (discussion.Person, error) { return personAnd(s) }

func personAnd(s scanner, more ...any) (p discussion.Person, err error) {
	err = s.Scan(append([]any{&p.ID, &p.Platform, &p.User, &p.Name, &p.State, &p.Same, &p.Alias}, more...)...)
	return p, err
}
