package store

import (
	"errors"
	"fmt"
	"slices"

	"marginalia/internal/chat"
)

// PutGone records what a message was about that is gone, for GoneAt. Of the message
// itself a hash of room and id is kept, for good, as of tombstones.
func (tx *Tx) PutGone(room chat.Room, id string, about Thing) error {
	n, err := tx.thing(about)
	if err == nil {
		_, err = tx.exec(`INSERT INTO gone_messages (hash, thing, follows) VALUES ($1, $2, '')
			ON CONFLICT (hash) DO UPDATE SET thing = excluded.thing, follows = ''`, grave(room, id), n)
	}
	if err != nil {
		return fmt.Errorf("record that what was about %s is gone from %s: %w", about, room, err)
	}
	return nil
}

// PutGoneBehind records that a message that is gone was about what another message, or
// a thread, is about, which is not known yet: Reveal will tell. What is recorded
// already stays.
func (tx *Tx) PutGoneBehind(room chat.Room, id, other string) error {
	_, err := tx.exec("INSERT INTO gone_messages (hash, thing, follows) VALUES ($1, 0, $2) ON CONFLICT (hash) DO NOTHING",
		grave(room, id), grave(room, other))
	if err != nil {
		return fmt.Errorf("record that a message is gone from %s: %w", room, err)
	}
	return nil
}

// Reveal records what a message or thread is about, and with it what those were about
// of which PutGoneBehind told. It returns them, for HeldOnGone.
func (tx *Tx) Reveal(room chat.Room, id string, about Thing) (revealed []string, err error) {
	for found := []string{grave(room, id)}; len(found) > 0; found = found[1:] {
		behind, err := rows(tx, one[string], "SELECT hash FROM gone_messages WHERE follows = $1 AND follows <> ''", found[0])
		if err != nil {
			return nil, fmt.Errorf("what is gone from %s: %w", room, err)
		}
		if len(behind) == 0 {
			continue
		}
		n, err := tx.thing(about)
		if err == nil {
			_, err = tx.exec("UPDATE gone_messages SET thing = $1, follows = '' WHERE follows = $2 AND follows <> ''", n, found[0])
		}
		if err != nil {
			return nil, fmt.Errorf("record that what was about %s is gone from %s: %w", about, room, err)
		}
		revealed, found = append(revealed, behind...), append(found, behind...)
	}
	return revealed, nil
}

// HeldOnGone returns what waits in a room for messages that Reveal returned.
func (tx *Tx) HeldOnGone(room chat.Room, revealed []string) ([]Held, error) {
	if len(revealed) == 0 {
		return nil, nil
	}
	all, err := tx.Held()
	return slices.DeleteFunc(all, func(h Held) bool { return h.Room != room || !slices.Contains(revealed, grave(room, h.On)) }), err
}

// BehindHeld reports whether a message that is gone was about what a message is about
// that waits, be it by way of others that are gone.
func (tx *Tx) BehindHeld(room chat.Room, id string) (bool, error) {
	waits := map[string]bool{}
	for hash, seen := grave(room, id), map[string]bool{}; !seen[hash]; {
		seen[hash] = true
		next, err := row(tx, one[string], "SELECT follows FROM gone_messages WHERE hash = $1 AND follows <> ''", hash)
		if errors.Is(err, ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("what is gone from %s: %w", room, err)
		}
		if len(waits) == 0 {
			all, err := tx.Held()
			if err != nil || len(all) == 0 {
				return false, err
			}
			for _, h := range all {
				waits[grave(h.Room, h.Event.Message.Ref.ID)] = h.Event.Kind == chat.Said || waits[grave(h.Room, h.Event.Message.Ref.ID)]
			}
		}
		if waits[next] {
			return true, nil
		}
		hash = next
	}
	return false, nil
}

// GoneAt returns what a message that is gone was about, or ErrNotFound.
func (tx *Tx) GoneAt(room chat.Room, id string) (Thing, error) {
	t, err := row(tx, one[Thing], "SELECT h.id FROM gone_messages g JOIN things h ON h.num = g.thing WHERE g.hash = $1", grave(room, id))
	if err != nil {
		return "", fmt.Errorf("message %s that is gone from %s: %w", id, room, err)
	}
	return t, nil
}
