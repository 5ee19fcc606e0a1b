package store

import (
	"errors"
	"fmt"

	"marginalia/internal/chat"
)

// PutRoom records that the bot is to be in room.
func (tx *Tx) PutRoom(room chat.Room) error {
	n, err := tx.room(room)
	if err == nil {
		_, err = tx.exec("UPDATE places SET known = 1 WHERE num = $1 AND known = 0", n)
	}
	if err != nil {
		return fmt.Errorf("record room %s: %w", room, err)
	}
	return nil
}

// Rooms returns the rooms of PutRoom, in the order in which they came to be known.
func (tx *Tx) Rooms() ([]chat.Room, error) {
	found, err := rows(tx, roomRow, "SELECT platform, room FROM places WHERE known = 1 ORDER BY num")
	if err != nil {
		return nil, fmt.Errorf("rooms: %w", err)
	}
	return found, nil
}

func roomRow(s scanner) (r chat.Room, err error) {
	err = s.Scan(&r.Platform, &r.ID)
	return r, err
}

// room returns the number of a room, and gives it one if it has none.
func (tx *Tx) room(room chat.Room) (int64, error) { return tx.place(chat.Place{Room: room}) }

// knownRoom returns the number of a room, or ErrNotFound.
func (tx *Tx) knownRoom(room chat.Room) (int64, error) { return tx.knownPlace(chat.Place{Room: room}) }

// place returns the number of a place, and gives it one if it has none.
func (tx *Tx) place(p chat.Place) (int64, error) {
	n, err := tx.knownPlace(p)
	if !errors.Is(err, ErrNotFound) {
		return n, err
	}
	n, err = written(tx, one[int64], `INSERT INTO places (platform, room, thread) VALUES ($1, $2, $3)
		ON CONFLICT (platform, room, thread) DO UPDATE SET room = excluded.room RETURNING num`, p.Room.Platform, p.Room.ID, p.Thread)
	if err == nil {
		tx.places[p] = n
	}
	return n, err
}

// knownPlace returns the number of a place, or ErrNotFound. Numbers never
// change, so they are seldom asked for.
func (tx *Tx) knownPlace(p chat.Place) (int64, error) {
	if n, ok := tx.places[p]; ok {
		return n, nil
	}
	if n, ok := tx.db.places.of(p, tx.era); ok {
		return n, nil
	}
	n, err := row(tx, one[int64], "SELECT num FROM places WHERE platform = $1 AND room = $2 AND thread = $3", p.Room.Platform, p.Room.ID, p.Thread)
	if err == nil {
		tx.places[p] = n
	}
	return n, err
}

// learned keeps what a transaction learned, once it is true for everyone.
func (db *DB) learned(tx *Tx) {
	db.places.learn(tx.places, tx.era)
	db.things.learn(tx.things, tx.era)
	db.addresses.learn(tx.addresses, tx.era)
	db.people.learn(tx.people, tx.era)
}
