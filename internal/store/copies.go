package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
)

// Copies returns the rows of a thing in a room by Part, then Mark, those whose
// message was removed included.
func (tx *Tx) Copies(t Thing, room chat.Room) ([]Copy, error) {
	thing, in, err := tx.thingIn(t, room)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	var found []Copy
	if err == nil {
		found, err = rows(tx, copyRow(room), copyOf+" WHERE c.thing = CAST($1 AS BIGINT) AND c.room = CAST($2 AS BIGINT)", thing, in) // see Heads
	}
	if err != nil {
		return nil, fmt.Errorf("copies of %s in %s: %w", t, room, err)
	}
	slices.SortFunc(found, byPart)
	return found, nil
}

// AllCopies returns the rows of a thing in every room, as Copies does.
func (tx *Tx) AllCopies(t Thing) (map[chat.Room][]Copy, error) {
	found, err := ofThing(tx, placedRow, copyQuery+" WHERE c.thing = "+numberOfThing, t)
	if err != nil {
		return nil, fmt.Errorf("copies of %s: %w", t, err)
	}
	return grouped(found, func(p placed) chat.Room { return p.room }), nil
}

// RoomCopies returns what stands in a room of a discussion's passages,
// annotations and notes, and of the notes that are about none: the rows whose Ref is not zero.
func (tx *Tx) RoomCopies(room chat.Room, d discussion.ID) (map[Thing][]Copy, error) {
	n, err := tx.knownRoom(room)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	var found []placed
	if err == nil {
		found, err = rows(tx, placedRow, copyQuery+` WHERE c.room = $2 AND c.id <> '' AND c.thing IN (`+thingsOf+`
			UNION ALL SELECT t.num FROM notes n JOIN things t ON t.id = 'n:' || n.id WHERE n.discussion = $1 OR n.discussion = '')`, d, n)
	}
	if err != nil {
		return nil, fmt.Errorf("copies of %s in %s: %w", d, room, err)
	}
	return grouped(found, func(p placed) Thing { return p.thing }), nil
}

// CopiesIn returns all rows of a room, as Copies does for one thing.
func (tx *Tx) CopiesIn(room chat.Room) (map[Thing][]Copy, error) {
	n, err := tx.knownRoom(room)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	var found []placed
	if err == nil {
		found, err = rows(tx, placedRow, copyQuery+" WHERE c.room = $1", n)
	}
	if err != nil {
		return nil, fmt.Errorf("copies in %s: %w", room, err)
	}
	return grouped(found, func(p placed) Thing { return p.thing }), nil
}

// PutCopy records a copy, or replaces the one of that (thing, room, Part,
// Mark). It refuses a Seq below the one that is recorded, a Ref or Old in
// another room, a message that is another copy's, and a Key that is another's
// while both are in flight.
func (tx *Tx) PutCopy(t Thing, room chat.Room, c Copy) error {
	if err := tx.putCopy(t, room, c); err != nil {
		return fmt.Errorf("record copy %d%s of %s in %s: %w", c.Part, c.Mark, t, room, err)
	}
	return nil
}

func (tx *Tx) putCopy(t Thing, room chat.Room, c Copy) error {
	if err := elsewhere(room, append(c.Old[:len(c.Old):len(c.Old)], c.Ref)); err != nil {
		return tx.fail(err)
	}
	n, err := tx.room(room)
	if err != nil {
		return err
	}
	thing, err := tx.thing(t)
	if err != nil {
		return err
	}
	place, err := tx.place(chat.Place{Room: room, Thread: c.Ref.Place.Thread})
	if err != nil {
		return err
	}
	old, err := oldOf(c.Old)
	if err != nil {
		return err
	}
	if !c.InFlight() {
		c.Key = ""
	}
	message := c.Ref.ID // which must not be another copy's
	if c.Mark != "" {
		message = ""
	}
	put, err := tx.exec(`INSERT INTO copies (thing, room, part, mark, place, id, speaker, old, hash, seq, verb, key, sent, began)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
		WHERE NOT EXISTS (SELECT 1 FROM copies c WHERE c.room = $15 AND SUBSTR(c.id, 1, 10) = SUBSTR(CAST($16 AS TEXT), 1, 10)
		AND c.id = CAST($17 AS TEXT) AND c.id <> '' AND c.mark = '' AND (c.thing <> $18 OR c.part <> $19))
		ON CONFLICT (thing, room, part, mark) DO UPDATE SET place = excluded.place, id = excluded.id,
		speaker = excluded.speaker, old = excluded.old, hash = excluded.hash, seq = excluded.seq, verb = excluded.verb,
		key = excluded.key, sent = excluded.sent, began = excluded.began WHERE copies.seq <= excluded.seq`,
		thing, n, c.Part, c.Mark, place, c.Ref.ID, c.Ref.As, old, c.Hash, c.Seq, c.Verb, c.Key, c.Sent, c.Began,
		n, message, message, thing, c.Part)
	if err != nil {
		return err
	}
	if put == 0 {
		return tx.refused(thing, n, c)
	}
	if err := tx.said(t, thing, n, c); err != nil {
		return err
	}
	return tx.putOld(thing, n, c)
}

// refused says why a copy was not recorded.
func (tx *Tx) refused(thing, room int64, c Copy) error {
	seq, err := row(tx, one[int], "SELECT seq FROM copies WHERE thing = $1 AND room = $2 AND part = $3 AND mark = $4", thing, room, c.Part, c.Mark)
	switch {
	case err != nil && !errors.Is(err, ErrNotFound):
		return err
	case seq > c.Seq:
		return tx.fail(fmt.Errorf("its Seq would fall to %d", c.Seq))
	}
	return tx.fail(fmt.Errorf("its message %s is another copy's", c.Ref.ID))
}

// partOfCall is the part that old_ids names of a call: its edits stay when the mirror
// beside it goes.
const partOfCall = -1

// putOld keeps the further events of a message findable by their ids.
func (tx *Tx) putOld(thing, room int64, c Copy) error {
	switch c.Mark {
	case "":
	case CallMark:
		c.Part = partOfCall
	default:
		return nil
	}
	if len(c.Old) == 0 {
		if !c.Ref.IsZero() || c.InFlight() || c.Seq == 0 {
			return nil
		}
		_, err := tx.exec("DELETE FROM old_ids WHERE thing = $1 AND room = $2 AND part = $3", thing, room, c.Part)
		if err != nil {
			return err
		}
		return tx.erased() // what was sent is forgotten
	}
	for _, ref := range c.Old {
		_, err := tx.exec(`INSERT INTO old_ids (room, id, thing, part) VALUES ($1, $2, $3, $4)
			ON CONFLICT (room, id) DO UPDATE SET thing = excluded.thing, part = excluded.part
			WHERE old_ids.thing <> excluded.thing OR old_ids.part <> excluded.part`, room, ref.ID, thing, c.Part)
		if err != nil {
			return err
		}
	}
	return nil
}

// elsewhere reports a Ref that points into another room.
func elsewhere(room chat.Room, refs []chat.Ref) error {
	for _, r := range refs {
		if in := r.Place.Room; in != room && in != (chat.Room{}) {
			return fmt.Errorf("its message %s stands in %s", r.ID, in)
		}
	}
	return nil
}

// CopyAt returns the thing that a message shows and the copy that it is, found
// by Ref.ID or by the ID of one of its Old, or ErrNotFound. Threads and
// reactions are not found.
func (tx *Tx) CopyAt(room chat.Room, id string) (Thing, Copy, error) {
	n, err := tx.knownRoom(room)
	var p placed
	if err == nil {
		p, err = row(tx, placedRow, copyQuery+` WHERE c.room = CAST($1 AS BIGINT) AND SUBSTR(c.id, 1, 10) = SUBSTR(CAST($2 AS TEXT), 1, 10)
				AND c.id = CAST($2 AS TEXT) AND c.id <> '' AND c.mark = ''
			UNION ALL `+copyQuery+` JOIN old_ids o ON c.thing = o.thing AND c.room = o.room AND c.part = o.part AND c.mark = ''
			WHERE o.room = CAST($1 AS BIGINT) AND o.id = CAST($2 AS TEXT)`, n, id)
	}
	if err == nil && p.copy.Ref.ID != id && !slices.ContainsFunc(p.copy.Old, func(r chat.Ref) bool { return r.ID == id }) {
		err = ErrNotFound
	}
	if err != nil {
		return "", Copy{}, fmt.Errorf("message %s in %s: %w", id, room, err)
	}
	return p.thing, p.copy, nil
}

// CallOfEdit returns the annotation whose call a further event of a room edited, and
// the copy that is the call, or ErrNotFound.
func (tx *Tx) CallOfEdit(room chat.Room, id string) (Thing, Copy, error) {
	n, err := tx.knownRoom(room)
	var p placed
	if err == nil {
		p, err = row(tx, placedRow, copyQuery+` JOIN old_ids o ON c.thing = o.thing AND c.room = o.room AND c.mark = 'call'
			WHERE o.room = CAST($1 AS BIGINT) AND o.id = CAST($2 AS TEXT) AND o.part = $3`, n, id, partOfCall)
	}
	if err == nil && !slices.ContainsFunc(p.copy.Old, func(r chat.Ref) bool { return r.ID == id }) {
		err = ErrNotFound
	}
	if err != nil {
		return "", Copy{}, fmt.Errorf("call that %s in %s edits: %w", id, room, err)
	}
	return p.thing, p.copy, nil
}

// CopyOfKey returns the copy that is in flight with the key, or ErrNotFound.
func (tx *Tx) CopyOfKey(key string) (Thing, chat.Room, Copy, error) {
	p, err := row(tx, placedRow, copyQuery+" WHERE c.key = $1 AND c.verb <> ''", key)
	if err != nil {
		return "", chat.Room{}, Copy{}, fmt.Errorf("request %s: %w", key, err)
	}
	return p.thing, p.room, p.copy, nil
}

// ThingOf returns the thing whose thread p is, or ErrNotFound.
func (tx *Tx) ThingOf(p chat.Place) (Thing, error) {
	n, err := tx.knownPlace(p)
	if err == nil && p.Thread == "" {
		err = ErrNotFound
	}
	var t Thing
	if err == nil {
		t, err = row(tx, one[Thing], "SELECT t.id FROM copies c JOIN things t ON t.num = c.thing WHERE c.place = $1 AND c.mark = 'thread'", n)
	}
	if err != nil {
		return "", fmt.Errorf("thread %s of %s: %w", p.Thread, p.Room, err)
	}
	return t, nil
}

// TalkIn returns the passage about which somebody said something in a thread, or
// ErrNotFound. It reads all copies for a thread that is known and leads to none.
func (tx *Tx) TalkIn(p chat.Place) (discussion.PassageID, error) {
	n, err := tx.knownPlace(p)
	var id discussion.PassageID
	if err == nil {
		id, err = row(tx, one[discussion.PassageID], `SELECT p.id FROM copies c JOIN annotations a ON a.num = c.thing
			JOIN passages p ON p.num = a.under WHERE c.place = $1 AND c.mark = '' LIMIT 1`, n)
	}
	if err != nil {
		return "", fmt.Errorf("talk in %s of %s: %w", p.Thread, p.Room, err)
	}
	return id, nil
}

// RoomsOf returns the rooms that show a thing or are about to: those with a
// copy that stands or is in flight, or with a delivery that lives.
func (tx *Tx) RoomsOf(t Thing) ([]chat.Room, error) {
	found, err := ofThing(tx, roomRow, `SELECT platform, room FROM places WHERE num IN (
		SELECT room FROM copies WHERE thing = `+numberOfThing+` AND (id <> '' OR verb <> '')
		UNION SELECT room FROM deliveries WHERE thing = `+numberOfThing+` AND dead = 0) ORDER BY num`, t)
	if err != nil {
		return nil, fmt.Errorf("rooms of %s: %w", t, err)
	}
	return found, nil
}

// Marked returns the rooms in which a thing bears a mark, a thread or an emoji:
// the first of its messages does.
func (tx *Tx) Marked(t Thing, mark string) ([]chat.Room, error) {
	found, err := ofThing(tx, roomRow, `SELECT m.platform, m.room FROM copies c JOIN places m ON m.num = c.room
		WHERE c.thing = `+numberOfThing+` AND c.part = 0 AND c.mark = CAST($2 AS TEXT) AND c.id <> '' ORDER BY c.room`, t, mark) // see Heads
	if err != nil {
		return nil, fmt.Errorf("rooms in which %s bears %s: %w", t, mark, err)
	}
	return found, nil
}

// placed is a copy with what it is of and where.
type placed struct {
	thing Thing
	room  chat.Room
	copy  Copy
}

const (
	copyFacts = "c.id, c.speaker, c.old, c.hash, c.seq, c.verb, c.key, c.sent, c.began"

	copyQuery = `SELECT (SELECT id FROM things WHERE num = c.thing), m.platform, m.room, c.part, c.mark, m.thread, ` + copyFacts + `
		FROM copies c JOIN places m ON m.num = c.place`

	// copyOf is for copies of a thing that is known in a room that is known: it is asked most of all.
	copyOf = `SELECT c.part, c.mark, CASE WHEN c.place = c.room THEN '' ELSE (SELECT thread FROM places WHERE num = c.place) END, ` + copyFacts + ` FROM copies c`
)

func placedRow(s scanner) (p placed, err error) {
	err = scanCopy(s, &p.copy, &p.room, &p.thing, &p.room.Platform, &p.room.ID)
	return p, err
}

func copyRow(room chat.Room) func(scanner) (Copy, error) {
	return func(s scanner) (c Copy, err error) {
		err = scanCopy(s, &c, &room)
		return c, err
	}
}

// scanCopy scans a copy behind other columns, which tell its room if that is not known.
func scanCopy(s scanner, c *Copy, room *chat.Room, before ...any) error {
	var old [][3]string
	err := s.Scan(append(before, &c.Part, &c.Mark, &c.Ref.Place.Thread, &c.Ref.ID, &c.Ref.As,
		object{&old}, &c.Hash, &c.Seq, &c.Verb, &c.Key, &c.Sent, moment{&c.Began})...)
	if c.Ref.ID != "" || c.Ref.Place.Thread != "" {
		c.Ref.Place.Room = *room
	}
	for _, o := range old {
		c.Old = append(c.Old, chat.Ref{Place: chat.Place{Room: *room, Thread: o[1]}, ID: o[0], As: o[2]})
	}
	return err
}

// oldOf writes down Old without the room, which is the copy's.
func oldOf(refs []chat.Ref) (string, error) {
	if len(refs) == 0 {
		return "", nil
	}
	var old [][3]string
	for _, r := range refs {
		old = append(old, [3]string{r.ID, r.Place.Thread, r.As})
	}
	return jsonOf(old)
}

func sorted(found []placed) []Copy {
	var all []Copy
	for _, p := range found {
		all = append(all, p.copy)
	}
	slices.SortFunc(all, byPart)
	return all
}

func byPart(a, b Copy) int { return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(a.Mark, b.Mark)) }

func grouped[K comparable](found []placed, by func(placed) K) map[K][]Copy {
	groups := map[K][]placed{}
	for _, p := range found {
		groups[by(p)] = append(groups[by(p)], p)
	}
	all := map[K][]Copy{}
	for k, g := range groups {
		all[k] = sorted(g)
	}
	return all
}
