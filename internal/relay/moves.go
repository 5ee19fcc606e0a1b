package relay

import (
	"cmp"
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

	// Left are the rooms in which the bot went on before it was told better.
	Left []chat.Room `json:"left,omitempty"`
	// Overruled says that no tombstone stands in the room: it is one of Left.
	Overruled bool `json:"overruled,omitempty"`
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

// successor is Successor of a room that is attended. No transaction asks for it
// while no such room was replaced, as nearly always; the one that has the bot
// follow takes away what is to be delivered, so that one beside it comes again.
func (r *Relay) successor(tx *store.Tx, room chat.Room) (chat.Room, error) {
	if r.settled.Load() {
		return room, nil
	}
	return Successor(tx, room)
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

// attend has the bot listen to a room and deliver to it, if it does not yet: for
// itself, or in place of another.
func (r *Relay) attend(room, of chat.Room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bells[room] == nil {
		r.stead[room] = cmp.Or(r.stead[of], of)
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
	rooms, settled := r.attended(), true
	of := map[chat.Room]chat.Room{}
	err := r.c.DB.Update(ctx, func(tx *store.Tx) error {
		rooms, settled = nil, true
		for _, configured := range r.c.Rooms {
			went, err := chain(tx, configured)
			if err != nil {
				return err
			}
			for _, room := range went {
				m, err := ReplacementOf(tx, room)
				if err != nil {
					return err
				}
				for _, one := range append([]chat.Room{room}, m.Left...) {
					rooms, of[one] = append(rooms, one), configured
				}
				settled = settled && m.To == (chat.Room{}) && len(m.Left) == 0
			}
		}
		for _, room := range rooms {
			if err := tx.PutRoom(room); err != nil {
				return err
			}
		}
		return nil
	})
	for _, room := range rooms {
		r.attend(room, cmp.Or(of[room], room))
	}
	r.settled.Store(settled && err == nil)
	return err
}

// moved records that a room was closed, and goes on in the room that replaces
// it as soon as the bot is there. A room is followed once, unless it is closed
// anew later, in favour of another: then the first was a mistake.
func (r *Relay) moved(tx *store.Tx, e chat.Event, now time.Time) error {
	r.settled.Store(false)
	old := e.Message.Ref.Place.Room
	was, err := ReplacementOf(tx, old)
	next := Replacement{To: e.To, Why: e.Why, At: orNow(e.At, now).UTC(), Left: was.Left}
	if next.At.After(now) {
		next.At = now.UTC() // else nothing could come later
	}
	if err != nil || !isNews(was, next) || e.To == old {
		return err
	}
	if !next.Followed() {
		r.c.Log.Warn("a room was replaced, and the bot has not followed", "room", old.String(), "to", e.To.String(), "why", e.Why)
		return putReplacement(tx, old, next)
	}
	if leads, err := leadsBack(tx, e.To, old); leads || err != nil {
		r.c.Log.Warn("a room is not followed: the way leads back to it", "room", old.String(), "to", e.To.String())
		return err
	}
	r.c.Log.Warn("a room was replaced: the bot goes on in the other", "room", old.String(), "to", e.To.String())
	if err := tx.PutRoom(e.To); err != nil {
		return err
	}
	went, err := chain(tx, old)
	if err != nil {
		return err
	}
	if next.Left, err = leave(tx, went, was.Left, e.To, r.c.Rooms, now); err != nil {
		return err
	}
	if err := putReplacement(tx, old, next); err != nil {
		return err
	}
	if err := movePlans(tx); err != nil {
		return err
	}
	for _, room := range append(slices.Clone(next.Left), old) {
		if err := r.carryOver(tx, room, now); err != nil {
			return err
		}
	}
	return nil
}

// isNews reports whether next says more of a room than was. Where the bot
// has followed only a later word counts, and only if it can follow that.
func isNews(was, next Replacement) bool {
	if was.Followed() {
		return next.Followed() && next.To != was.To && next.At.After(was.At)
	}
	return next.To != was.To || next.Why != was.Why
}

func putReplacement(tx *store.Tx, room chat.Room, m Replacement) error {
	value, err := json.Marshal(m)
	if err == nil {
		err = tx.PutSetting(replacedBy(room), string(value))
	}
	if err != nil {
		return fmt.Errorf("record where %s moved: %w", room, err)
	}
	return nil
}

// leadsBack reports whether the bot, going on in a room, would go on in old
// again. What it was told better of that room before does not count any more.
func leadsBack(tx *store.Tx, room, old chat.Room) (bool, error) {
	m, err := ReplacementOf(tx, room)
	if err == nil && m.Overruled {
		err = putReplacement(tx, room, Replacement{Left: m.Left})
	}
	if err != nil {
		return false, err
	}
	all, err := chain(tx, room)
	return slices.Contains(all, old), err
}

// leave has the bot leave the last of the rooms that it went through, in favour
// of another, unless it is there for a configured one, too. It returns those that it left,
// the ones from before included.
func leave(tx *store.Tx, went, left []chat.Room, to chat.Room, configured []chat.Room, now time.Time) ([]chat.Room, error) {
	last := went[len(went)-1]
	leads, err := Successor(tx, to)
	isConfigured := func(r chat.Room) bool { return slices.Contains(configured, r) }
	if err != nil || leads == last || len(went) == 1 || slices.ContainsFunc(went[1:], isConfigured) {
		return left, err
	}
	for _, room := range went[1:] {
		if !slices.Contains(left, room) {
			left = append(left, room)
		}
	}
	return left, putReplacement(tx, last, Replacement{To: to, At: now.UTC(), Overruled: true})
}

// Stay has the bot go on in a room that was replaced, and not in the one that
// it went to, unless that is configured, too.
func Stay(tx *store.Tx, room chat.Room, configured []chat.Room, now time.Time) error {
	m, err := ReplacementOf(tx, room)
	if err != nil || m.To == (chat.Room{}) {
		return err
	}
	went, err := chain(tx, room)
	if err != nil {
		return err
	}
	stays := Replacement{Left: m.Left}
	if err := putReplacement(tx, room, stays); err != nil || !m.Followed() {
		return err
	}
	if stays.Left, err = leave(tx, went, m.Left, room, configured, now); err != nil {
		return err
	}
	return putReplacement(tx, room, stays)
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
