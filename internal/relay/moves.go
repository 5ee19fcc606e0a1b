package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// A Replacement says that a room was closed in favour of another. Whoever configured
// the room still names it; the store knows where it went.
type Replacement struct {
	To  chat.Room `json:"to"`
	Why string    `json:"why,omitempty"` // what keeps the bot from following; "" once it has
	At  time.Time `json:"at"`            // when the room was closed
}

// Followed reports whether the bot goes on in the other room.
func (m Replacement) Followed() bool { return m.To != (chat.Room{}) && m.Why == "" }

// ReplacementOf returns what replaced a room, a zero one if it was not closed.
func ReplacementOf(tx *store.Tx, room chat.Room) (m Replacement, err error) {
	value, err := tx.Setting(replacedBy(room))
	if err == nil && value != "" {
		err = json.Unmarshal([]byte(value), &m)
	}
	if err != nil {
		return m, fmt.Errorf("where %s moved: %w", room, err)
	}
	return m, nil
}

func replacedBy(room chat.Room) string { return "replaced:" + room.String() }

// Successor is the room in which the bot goes on for room: room itself, unless
// that was replaced and the bot has followed.
func Successor(tx *store.Tx, room chat.Room) (chat.Room, error) {
	all, err := chain(tx, room)
	return all[len(all)-1], err
}

// chain is a room and those in which the bot went on for it, the last of which
// is its Successor. Where they lead back to one of them nobody goes anywhere.
func chain(tx *store.Tx, room chat.Room) ([]chat.Room, error) {
	all := []chat.Room{room}
	for {
		m, err := ReplacementOf(tx, all[len(all)-1])
		if err != nil || !m.Followed() {
			return all, err
		}
		if slices.Contains(all, m.To) {
			return all[:1], nil
		}
		all = append(all, m.To)
	}
}

// Successors is Successor of each of rooms, without repeats.
func Successors(tx *store.Tx, rooms []chat.Room) ([]chat.Room, error) {
	var all []chat.Room
	for _, room := range rooms {
		room, err := Successor(tx, room)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(all, room) {
			all = append(all, room)
		}
	}
	return all, nil
}

// attend has the bot listen to a room and deliver to it, if it does not yet.
func (r *Relay) attend(room chat.Room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bells[room] == nil {
		r.rooms = append(r.rooms, room)
		r.bells[room] = make(chan struct{}, 1)
		ring(r.arrived)
	}
}

// attended are the rooms of attend, in the order in which they came.
func (r *Relay) attended() []chat.Room {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.rooms)
}

// bellOf is the bell of a room that is attended, nil of any other.
func (r *Relay) bellOf(room chat.Room) chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bells[room]
}

// enterRooms attends the rooms in which the bot went on for those that it was
// given, also those that it has left since: what is left to do there, taking
// words back, is still done.
func (r *Relay) enterRooms(ctx context.Context) error {
	rooms := r.attended()
	err := r.c.DB.Update(ctx, func(tx *store.Tx) error {
		rooms = nil
		for _, room := range r.c.Rooms {
			went, err := chain(tx, room)
			if err != nil {
				return err
			}
			rooms = append(rooms, went...)
		}
		for _, room := range rooms {
			if err := tx.PutRoom(room); err != nil {
				return err
			}
		}
		return nil
	})
	for _, room := range rooms {
		r.attend(room)
	}
	return err
}

// moved records that a room was closed, and goes on in the room that replaces
// it as soon as the bot is there. A room is followed once.
func (r *Relay) moved(tx *store.Tx, e chat.Event, now time.Time) error {
	old := e.Message.Ref.Place.Room
	was, err := ReplacementOf(tx, old)
	next := Replacement{To: e.To, Why: e.Why, At: orNow(e.At, now).UTC()}
	if err != nil || was.Followed() || was.To == next.To && was.Why == next.Why || e.To == old {
		return err
	}
	back, err := chain(tx, e.To)
	if err != nil {
		return err
	}
	if slices.Contains(back, old) {
		r.c.Log.Warn("a room is not followed: the way leads back to it", "room", old.String(), "to", e.To.String())
		return nil
	}
	value, err := json.Marshal(next)
	if err == nil {
		err = tx.PutSetting(replacedBy(old), string(value))
	}
	if err != nil {
		return fmt.Errorf("record where %s moved: %w", old, err)
	}
	if !next.Followed() {
		r.c.Log.Warn("a room was replaced, and the bot has not followed", "room", old.String(), "to", e.To.String(), "why", e.Why)
		return nil
	}
	r.c.Log.Warn("a room was replaced: the bot goes on in the other", "room", old.String(), "to", e.To.String())
	if err := tx.PutRoom(e.To); err != nil {
		return err
	}
	if err := movePlans(tx); err != nil {
		return err
	}
	return r.carryOver(tx, old, now)
}

// movePlans has each plan post where its rooms went.
func movePlans(tx *store.Tx) error {
	plans, err := tx.Plans()
	if err != nil {
		return err
	}
	for _, p := range plans {
		rooms, err := Successors(tx, p.Rooms)
		if err != nil {
			return err
		}
		if slices.Equal(rooms, p.Rooms) {
			continue
		}
		p.Rooms = rooms
		if err := tx.PutPlan(p); err != nil {
			return err
		}
	}
	return nil
}
