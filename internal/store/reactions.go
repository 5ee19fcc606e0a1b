package store

import (
	"errors"
	"fmt"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
)

// PutReaction records a reaction. There is one for each (thing, person, emoji,
// room); the same again takes over Own and keeps the first At. On PostgreSQL one
// that is new writes its text's row of said, or that of all where its text is not
// known: reactions to one text wait for each other, as remarks do.
func (tx *Tx) PutReaction(r Reaction) error {
	room, err := tx.room(r.Room)
	var thing int64
	if err == nil {
		thing, err = tx.thing(r.Thing)
	}
	var added int64
	if err == nil {
		added, err = tx.exec(`INSERT INTO reactions (thing, person, emoji, room, own, given) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (thing, person, emoji, room) DO NOTHING`, thing, r.Person, r.Emoji, room, r.Own, r.At)
	}
	if err == nil && added > 0 {
		err = tx.retellOf(r.Thing, thing)
	}
	if err == nil && added == 0 {
		_, err = tx.exec("UPDATE reactions SET own = $1 WHERE thing = $2 AND person = $3 AND emoji = $4 AND room = $5 AND own <> $6",
			r.Own, thing, r.Person, r.Emoji, room, r.Own)
	}
	if err != nil {
		return fmt.Errorf("record reaction to %s: %w", r.Thing, err)
	}
	return nil
}

// DeleteReaction removes a reaction, if it is there.
func (tx *Tx) DeleteReaction(t Thing, p discussion.PersonID, emoji string, room chat.Room) error {
	thing, in, err := tx.thingIn(t, room)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	var gone int64
	if err == nil {
		gone, err = tx.exec("DELETE FROM reactions WHERE thing = $1 AND person = $2 AND emoji = $3 AND room = $4", thing, p, emoji, in)
	}
	if err == nil && gone > 0 {
		err = tx.retellOf(t, thing)
	}
	if err != nil {
		return fmt.Errorf("remove reaction to %s: %w", t, err)
	}
	return nil
}

// ReactionAt returns the reaction whose own id in room is own, or ErrNotFound.
func (tx *Tx) ReactionAt(room chat.Room, own string) (Reaction, error) {
	r, err := row(tx, reactionRow, reactionQuery+` WHERE m.platform = $1 AND m.room = $2 AND m.thread = '' AND r.own = $3 AND r.own <> ''
		ORDER BY r.ord DESC`, room.Platform, room.ID, own)
	if err != nil {
		return r, fmt.Errorf("reaction %s in %s: %w", own, room, err)
	}
	return r, nil
}

// Reactions returns all reactions to a thing, in the order of recording.
func (tx *Tx) Reactions(t Thing) ([]Reaction, error) {
	all, err := ofThing(tx, reactionRow, reactionQuery+" WHERE r.thing = "+numberOfThing+" ORDER BY r.ord", t)
	if err != nil {
		return nil, fmt.Errorf("reactions of %s: %w", t, err)
	}
	return all, nil
}

// ReactionsIn returns all reactions to passages and annotations of a
// discussion, in the order of recording.
func (tx *Tx) ReactionsIn(id discussion.ID) ([]Reaction, error) {
	return tx.reactions("r.thing IN ("+thingsOf+")", string(id))
}

// ReactionsBy returns all reactions that a person made, in the order of recording.
func (tx *Tx) ReactionsBy(p discussion.PersonID) ([]Reaction, error) {
	return tx.reactions("r.person = $1", string(p))
}

func (tx *Tx) reactions(where, is string) ([]Reaction, error) {
	all, err := rows(tx, reactionRow, reactionQuery+" WHERE "+where+" ORDER BY r.ord", is)
	if err != nil {
		return nil, fmt.Errorf("reactions of %s: %w", is, err)
	}
	return all, nil
}

// thingsOf selects the numbers of the things of discussion $1 that people speak about.
const thingsOf = "SELECT t.num FROM passages p JOIN things t ON t.id = 'p:' || p.id WHERE p.discussion = " + numberOf +
	" UNION ALL SELECT num FROM annotations WHERE discussion = " + numberOf

const reactionQuery = `SELECT (SELECT id FROM things WHERE num = r.thing), r.person, COALESCE((SELECT NULLIF(w.same, '') FROM people w WHERE w.id = r.person), r.person), r.emoji, m.platform, m.room, r.own, r.given
	FROM reactions r JOIN places m ON m.num = r.room`

func reactionRow(s scanner) (r Reaction, err error) {
	err = s.Scan(&r.Thing, &r.Person, &r.Self, &r.Emoji, &r.Room.Platform, &r.Room.ID, &r.Own, moment{&r.At})
	return r, err
}
