package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
)

// Stale records that room may not show t as it is now. A new delivery takes
// the room's next Order, in the order of commits. One that lives keeps
// everything but its Class, of which the lower holds, and Asked. A dead one lives
// again: it keeps its Order and begins anew otherwise.
func (tx *Tx) Stale(t Thing, room chat.Room, thread discussion.PassageID, class uint8, now time.Time) error {
	n, err := tx.room(room)
	var thing int64
	if err == nil {
		thing, err = tx.thing(t)
	}
	if err == nil {
		err = tx.stale(thing, n, thread, class, now)
	}
	if err != nil {
		return fmt.Errorf("enqueue %s for %s: %w", t, room, err)
	}
	tx.touched[room] = true
	return nil
}

func (tx *Tx) stale(thing, room int64, thread discussion.PassageID, class uint8, now time.Time) error {
	there, err := tx.exec(`UPDATE deliveries SET class = CASE WHEN dead = 0 AND class < $3 THEN class ELSE $3 END,
		thread = CASE WHEN dead = 0 THEN thread ELSE $5 END,
		born = CASE WHEN dead = 0 THEN born ELSE $4 END, due = CASE WHEN dead = 0 THEN due ELSE $4 END,
		tries = CASE WHEN dead = 0 THEN tries ELSE 0 END, spent = CASE WHEN dead = 0 THEN spent ELSE 0 END,
		why = CASE WHEN dead = 0 THEN why ELSE '' END, dead = 0, asked = asked + 1
		WHERE thing = $1 AND room = $2`, thing, room, class, now, thread)
	if err != nil || there > 0 {
		return err
	}
	order, err := written(tx, one[int64], `INSERT INTO lanes (room, orders) VALUES ($1, 1)
		ON CONFLICT (room) DO UPDATE SET orders = lanes.orders + 1 RETURNING orders`, room)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO deliveries (thing, room, thread, class, ord, born, due, tries, spent, dead, why)
		VALUES ($1, $2, $3, $4, $5, $6, $6, 0, 0, 0, '')`, thing, room, thread, class, order, now)
	return err
}

// Heads returns the first living delivery of each thread of the room, and of
// its main timeline: the lowest Class, and in it the lowest Order. They come
// in that order, too.
func (tx *Tx) Heads(room chat.Room) ([]Delivery, error) {
	const alive = "FROM deliveries WHERE room = CAST($1 AS BIGINT) AND dead = 0" // cast: else SQLite plans anew for each room, as where a value decides which index serves
	all, err := tx.deliveries(room, "SELECT "+deliveryColumns+" FROM deliveries d WHERE d.room = CAST($1 AS BIGINT) AND d.dead = 0 ORDER BY d.thread, d.class, d.ord LIMIT 9")
	if err == nil && len(all) < 9 { // fewer than were asked for, as nearly always: these are all that live
		var led []discussion.PassageID // threads
		return slices.DeleteFunc(all, func(d Delivery) bool {
			behind := slices.Contains(led, d.Thread)
			led = append(led, d.Thread)
			return behind
		}), nil
	}
	if err != nil {
		return nil, err
	}
	return tx.deliveries(room, `WITH RECURSIVE threads (thread) AS (
		SELECT (SELECT thread `+alive+` ORDER BY thread LIMIT 1)
		UNION ALL SELECT (SELECT thread `+alive+` AND thread > threads.thread ORDER BY thread LIMIT 1)
		FROM threads WHERE thread IS NOT NULL)
		SELECT `+deliveryColumns+` FROM threads t JOIN deliveries d ON d.room = CAST($1 AS BIGINT) AND d.thing = (
			SELECT thing `+alive+` AND thread = t.thread ORDER BY class, ord LIMIT 1)
		WHERE t.thread IS NOT NULL`)
}

// Deliveries returns all deliveries to a room, those that were given up
// included, by Class and Order.
func (tx *Tx) Deliveries(room chat.Room) ([]Delivery, error) {
	return tx.deliveries(room, "SELECT "+deliveryColumns+" FROM deliveries d WHERE d.room = $1 AND d.dead = 0 UNION ALL SELECT "+
		deliveryColumns+" FROM deliveries d WHERE d.room = $1 AND d.dead <> 0")
}

// Dead returns the deliveries to a room that were given up, by Class and Order.
func (tx *Tx) Dead(room chat.Room) ([]Delivery, error) {
	return tx.deliveries(room, "SELECT "+deliveryColumns+" FROM deliveries d WHERE d.room = $1 AND d.dead <> 0")
}

// DeadIn returns the rooms to which the delivery of a thing was given up.
func (tx *Tx) DeadIn(t Thing) ([]chat.Room, error) {
	found, err := ofThing(tx, roomRow, `SELECT m.platform, m.room FROM deliveries d JOIN places m ON m.num = d.room
		WHERE d.thing = `+numberOfThing+` AND d.dead <> 0 ORDER BY d.room`, t)
	if err != nil {
		return nil, fmt.Errorf("rooms that %s did not come to: %w", t, err)
	}
	return found, nil
}

// InFlight returns the deliveries to a room that have a copy in flight, by
// Class and Order.
func (tx *Tx) InFlight(room chat.Room) ([]Delivery, error) {
	return tx.deliveries(room, "SELECT "+deliveryColumns+` FROM deliveries d WHERE d.room = $1 AND d.thing IN (
		SELECT thing FROM copies WHERE room = $1 AND verb <> '')`)
}

func (tx *Tx) deliveries(room chat.Room, query string) ([]Delivery, error) {
	n, err := tx.knownRoom(room)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	var all []Delivery
	if err == nil {
		all, err = rows(tx, deliveryRow(room), query, n)
	}
	if err != nil {
		return nil, fmt.Errorf("deliveries to %s: %w", room, err)
	}
	slices.SortFunc(all, func(a, b Delivery) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Order, b.Order))
	})
	return all, nil
}

// Delivery returns the delivery of a thing to a room, or ErrNotFound.
func (tx *Tx) Delivery(t Thing, room chat.Room) (Delivery, error) {
	thing, in, err := tx.thingIn(t, room)
	var d Delivery
	if err == nil {
		d, err = row(tx, deliveryRow(room), "SELECT "+deliveryColumns+" FROM deliveries d WHERE d.thing = CAST($1 AS BIGINT) AND d.room = CAST($2 AS BIGINT)", thing, in)
	}
	if err != nil {
		return d, fmt.Errorf("delivery of %s to %s: %w", t, room, err)
	}
	return d, nil
}

// PutDelivery replaces the row of a delivery that exists, but for Order, Born and
// Asked, which it keeps. ErrNotFound if there is none.
func (tx *Tx) PutDelivery(d Delivery) error {
	thing, room, err := tx.thingIn(d.Thing, d.Room)
	var put int64
	if err == nil { // as nearly always, its place in the lane stays, and with it the index of that
		put, err = tx.exec(`UPDATE deliveries SET due = $1, tries = $2, spent = $3, why = $4
			WHERE thing = $5 AND room = $6 AND thread = $7 AND class = $8 AND dead = CAST($9 AS BIGINT)`, // see Heads
			d.Due, d.Tries, d.Spent, d.Why, thing, room, d.Thread, d.Class, d.Dead)
	}
	if err == nil && put == 0 {
		put, err = tx.exec(`UPDATE deliveries SET thread = $3, class = $4, due = $5, tries = $6, spent = $7, dead = $8, why = $9
			WHERE thing = $1 AND room = $2`, thing, room, d.Thread, d.Class, d.Due, d.Tries, d.Spent, d.Dead, d.Why)
	}
	if err == nil && put == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("change delivery of %s to %s: %w", d.Thing, d.Room, err)
	}
	tx.touched[d.Room] = true
	return nil
}

// DropDelivery removes a delivery, if it is there.
func (tx *Tx) DropDelivery(t Thing, room chat.Room) error {
	_, err := tx.dropDelivery(t, room, "TRUE")
	return err
}

// DropUnasked removes a delivery, unless somebody asked for it again since d was
// read. It reports whether it did.
func (tx *Tx) DropUnasked(d Delivery) (bool, error) {
	n, err := tx.dropDelivery(d.Thing, d.Room, "ord = $3 AND asked = $4", d.Order, d.Asked)
	return n > 0, err
}

func (tx *Tx) dropDelivery(t Thing, room chat.Room, where string, args ...any) (n int64, err error) {
	thing, in, err := tx.thingIn(t, room)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err == nil {
		n, err = tx.exec("DELETE FROM deliveries WHERE thing = $1 AND room = $2 AND "+where, append([]any{thing, in}, args...)...)
	}
	if err != nil {
		return 0, fmt.Errorf("drop delivery of %s to %s: %w", t, room, err)
	}
	tx.touched[room] = true
	return n, nil
}

// RoomStatus returns how each room stands that is known or has deliveries.
func (tx *Tx) RoomStatus() ([]RoomStatus, error) {
	all, err := rows(tx, statusRow, `SELECT m.platform, m.room, COALESCE(d.alive, 0), COALESCE(d.gone, 0), COALESCE(d.oldest, 0)
		FROM places m LEFT JOIN (SELECT room, SUM(CASE WHEN dead = 0 THEN 1 ELSE 0 END) AS alive,
			SUM(CASE WHEN dead <> 0 THEN 1 ELSE 0 END) AS gone, MIN(CASE WHEN dead = 0 THEN born END) AS oldest
			FROM deliveries GROUP BY room) d ON d.room = m.num
		WHERE m.known = 1 OR d.room IS NOT NULL ORDER BY m.num`)
	if err != nil {
		return nil, fmt.Errorf("status of rooms: %w", err)
	}
	errs, err := rows(tx, complaintRow, `SELECT m.platform, m.room, d.why FROM deliveries d JOIN places m ON m.num = d.room
		WHERE d.why <> '' ORDER BY CASE WHEN d.dead > d.due THEN d.dead ELSE d.due END, d.ord`)
	if err != nil {
		return nil, fmt.Errorf("status of rooms: %w", err)
	}
	newest := map[chat.Room]string{}
	for _, e := range errs {
		newest[e.room] = e.why
	}
	for i := range all {
		all[i].Why = newest[all[i].Room]
	}
	return all, nil
}

func statusRow(s scanner) (x RoomStatus, err error) {
	err = s.Scan(&x.Room.Platform, &x.Room.ID, &x.Pending, &x.Dead, moment{&x.Oldest})
	return x, err
}

// A complaint is an error that a delivery met.
type complaint struct {
	room chat.Room
	why  string
}

func complaintRow(s scanner) (c complaint, err error) {
	err = s.Scan(&c.room.Platform, &c.room.ID, &c.why)
	return c, err
}

const deliveryColumns = "(SELECT id FROM things WHERE num = d.thing), d.thread, d.class, d.ord, d.born, d.due, d.tries, d.spent, d.dead, d.why, d.asked"

func deliveryRow(room chat.Room) func(scanner) (Delivery, error) {
	return func(s scanner) (Delivery, error) {
		d := Delivery{Room: room}
		err := s.Scan(&d.Thing, &d.Thread, &d.Class, &d.Order, moment{&d.Born}, moment{&d.Due}, &d.Tries, span{&d.Spent}, moment{&d.Dead}, &d.Why, &d.Asked)
		return d, err
	}
}
