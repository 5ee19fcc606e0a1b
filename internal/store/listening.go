package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
)

// PutCursors records how far places of a platform were read. Places that are
// not in since keep their cursors.
func (tx *Tx) PutCursors(platform string, since map[chat.Place]chat.Cursor) error {
	for p, c := range since {
		_, err := tx.exec(`INSERT INTO cursors (platform, room, thread, cursor) VALUES ($1, $2, $3, $4)
			ON CONFLICT (platform, room, thread) DO UPDATE SET cursor = excluded.cursor`, platform, p.Room.ID, p.Thread, c)
		if err != nil {
			return fmt.Errorf("record how far %s was read: %w", platform, err)
		}
	}
	return nil
}

// Cursors returns how far each place of a platform was read; the zero Place
// holds the account's cursor.
func (tx *Tx) Cursors(platform string) (map[chat.Place]chat.Cursor, error) {
	type read struct {
		place  chat.Place
		cursor chat.Cursor
	}
	all, err := rows(tx, func(s scanner) (r read, err error) {
		err = s.Scan(&r.place.Room.ID, &r.place.Thread, &r.cursor)
		return r, err
	}, "SELECT room, thread, cursor FROM cursors WHERE platform = $1", platform)
	if err != nil {
		return nil, fmt.Errorf("how far %s was read: %w", platform, err)
	}
	since := map[chat.Place]chat.Cursor{}
	for _, r := range all {
		if r.place != (chat.Place{}) {
			r.place.Room.Platform = platform
		}
		since[r.place] = r.cursor
	}
	return since, nil
}

// PutHeld records an event that waits, or replaces the one of that ID, which
// keeps its place in the order of recording.
func (tx *Tx) PutHeld(h Held) error {
	tx.planned = true
	if err := tx.putHeld(h); err != nil {
		return fmt.Errorf("hold event %s: %w", h.ID, err)
	}
	return nil
}

func (tx *Tx) putHeld(h Held) error {
	if len(h.Event.Raw) > 0 && !json.Valid(h.Event.Raw) { // kept as a JSON string: an inbox takes everything
		quoted, err := json.Marshal(string(h.Event.Raw))
		if err != nil {
			return err
		}
		h.Event.Raw = quoted
	}
	event, err := jsonOf(h.Event)
	if err != nil {
		return err
	}
	room, err := tx.room(h.Room)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO inbox (id, room, about, said, event, why, tries, came) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO UPDATE SET room = excluded.room, about = excluded.about, said = excluded.said, event = excluded.event,
		why = excluded.why, tries = excluded.tries, came = excluded.came`, h.ID, room, h.On, h.Event.Message.Ref.ID, event, h.Why, h.Tries, h.At)
	return err
}

// HeldOn returns what waits for a message, in the order of recording.
func (tx *Tx) HeldOn(room chat.Room, on string) ([]Held, error) {
	return tx.heldIn(room, "i.about = $2", on)
}

// HeldOf returns what waits of what was done to a message: saying it, editing
// it and so on, in the order of recording.
func (tx *Tx) HeldOf(room chat.Room, message string) ([]Held, error) {
	return tx.heldIn(room, "i.said = $2", message)
}

func (tx *Tx) heldIn(room chat.Room, where, message string) ([]Held, error) {
	n, err := tx.knownRoom(room)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("held events in %s: %w", room, err)
	}
	return tx.held(heldQuery+" WHERE i.room = CAST($1 AS BIGINT) AND "+where+" ORDER BY i.ord", n, message) // see Heads
}

// Held returns all that waits, in the order of recording.
func (tx *Tx) Held() ([]Held, error) {
	return tx.held(heldQuery + " ORDER BY i.ord")
}

const heldQuery = `SELECT i.id, m.platform, m.room, i.about, i.event, i.why, i.tries, i.came
	FROM inbox i JOIN places m ON m.num = i.room`

func (tx *Tx) held(query string, args ...any) ([]Held, error) {
	all, err := rows(tx, heldRow, query, args...)
	if err != nil {
		return nil, fmt.Errorf("held events: %w", err)
	}
	return all, nil
}

func heldRow(s scanner) (h Held, err error) {
	err = s.Scan(&h.ID, &h.Room.Platform, &h.Room.ID, &h.On, object{&h.Event}, &h.Why, &h.Tries, moment{&h.At})
	if string(h.Event.Raw) == "null" {
		h.Event.Raw = nil
	}
	return h, err
}

// DropHeld removes an event that waits, if it is there.
func (tx *Tx) DropHeld(id string) error {
	if err := tx.erase("DELETE FROM inbox WHERE id = $1", id); err != nil {
		return fmt.Errorf("drop held event %s: %w", id, err)
	}
	return nil
}

// PruneHeld removes what has waited since before a time.
func (tx *Tx) PruneHeld(before time.Time) error {
	if err := tx.erase("DELETE FROM inbox WHERE came < $1", before); err != nil {
		return fmt.Errorf("drop old held events: %w", err)
	}
	return nil
}

// PutTombstone records that a message must not come back. Only a hash of room
// and id is kept.
func (tx *Tx) PutTombstone(room chat.Room, id string) error {
	if _, err := tx.exec("INSERT INTO tombstones (hash) VALUES ($1) ON CONFLICT (hash) DO NOTHING", grave(room, id)); err != nil {
		return fmt.Errorf("record a tombstone in %s: %w", room, err)
	}
	return nil
}

// DropTombstone lets come back what PutTombstone kept away.
func (tx *Tx) DropTombstone(room chat.Room, id string) error {
	if _, err := tx.exec("DELETE FROM tombstones WHERE hash = $1", grave(room, id)); err != nil {
		return fmt.Errorf("drop a tombstone in %s: %w", room, err)
	}
	return nil
}

// Tombstoned reports whether PutTombstone was called for the message, and not
// DropTombstone after it.
func (tx *Tx) Tombstoned(room chat.Room, id string) (bool, error) {
	found, err := rows(tx, one[string], "SELECT hash FROM tombstones WHERE hash = $1", grave(room, id))
	if err != nil {
		return false, fmt.Errorf("tombstones of %s: %w", room, err)
	}
	return len(found) > 0, nil
}

func grave(room chat.Room, id string) string {
	return discussion.Derive("tombstone", room.Platform, room.ID, id)
}

// PutCall records a call by its Ref; first is false if it was recorded before.
func (tx *Tx) PutCall(c chat.Call, now time.Time) (first bool, err error) {
	call, err := jsonOf(c)
	var n int64
	if err == nil {
		n, err = tx.exec("INSERT INTO calls (id, call, called) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING", callID(c.Ref), call, now)
	}
	if err != nil {
		return false, fmt.Errorf("record call of %s: %w", c.Name, err)
	}
	return n == 1, nil
}

// OpenCalls returns the calls that CloseCall was not called for, oldest first.
func (tx *Tx) OpenCalls() ([]chat.Call, error) {
	all, err := rows(tx, func(s scanner) (c chat.Call, err error) {
		err = s.Scan(object{&c})
		return c, err
	}, "SELECT call FROM calls WHERE call <> '' ORDER BY ord")
	if err != nil {
		return nil, fmt.Errorf("open calls: %w", err)
	}
	return all, nil
}

// OpenCall returns the open call of a message, or ErrNotFound.
func (tx *Tx) OpenCall(ref chat.Ref) (c chat.Call, err error) {
	c, err = row(tx, func(s scanner) (c chat.Call, err error) {
		err = s.Scan(object{&c})
		return c, err
	}, "SELECT call FROM calls WHERE id = $1 AND call <> ''", callID(ref))
	if err != nil {
		return c, fmt.Errorf("open call %s: %w", ref.ID, err)
	}
	return c, nil
}

// ReopenCall records a call by its Ref with other words than before, so that it is
// open again.
func (tx *Tx) ReopenCall(c chat.Call, now time.Time) error {
	call, err := jsonOf(c)
	if err == nil {
		err = tx.erase(`INSERT INTO calls (id, call, called) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET call = excluded.call`, callID(c.Ref), call, now)
	}
	if err != nil {
		return fmt.Errorf("open call %s again: %w", c.Ref.ID, err)
	}
	return nil
}

// CloseCall records that a call was answered and forgets what it said; that it
// was made stays known.
func (tx *Tx) CloseCall(ref chat.Ref) error {
	if err := tx.erase("UPDATE calls SET call = '' WHERE id = $1", callID(ref)); err != nil {
		return fmt.Errorf("close call %s: %w", ref.ID, err)
	}
	return nil
}

func callID(r chat.Ref) string {
	return discussion.Derive("call", r.Place.Room.Platform, r.Place.Room.ID, r.ID)
}
