package store

import (
	"errors"
	"fmt"

	"marginalia/internal/chat"
)

// Standing returns what is known to stand in a place, but for annotations that
// are deleted: in a thread the parts of its passage, the excerpts that stand
// under it, and what was said about either; in a room's main timeline everything;
// in both the calls that made annotations.
func (tx *Tx) Standing(p chat.Place) (all []chat.Standing, err error) {
	for _, look := range []func(chat.Place) ([]chat.Standing, error){tx.standing, tx.standingCalls, tx.standingOpen} {
		some, err := look(p)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, fmt.Errorf("what stands in %s %s: %w", p.Room, p.Thread, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// standingCalls are the messages in a place by which annotations were made. Who
// holds an emoji under them is nobody's concern.
func (tx *Tx) standingCalls(p chat.Place) ([]chat.Standing, error) {
	place, err := tx.knownPlace(p)
	if err != nil {
		return nil, err
	}
	return rows(tx, func(s scanner) (chat.Standing, error) {
		m := chat.Standing{Ref: chat.Ref{Place: p}}
		err := s.Scan(&m.Ref.ID, &m.Ref.As, moment{&m.Revised})
		return m, err
	}, `SELECT c.id, c.speaker, a.modified FROM copies c JOIN annotations a ON a.num = c.thing
		WHERE c.place = $1 AND c.mark = 'call' AND c.id <> '' AND a.deleted = 0`, place)
}

// standingOpen are the messages in a place that are calls which are yet to be run.
func (tx *Tx) standingOpen(p chat.Place) (all []chat.Standing, err error) {
	open, err := tx.OpenCalls()
	for _, c := range open {
		if c.Typed && c.Ref.Place == p {
			all = append(all, chat.Standing{Ref: c.Ref, Revised: c.Revised})
		}
	}
	return all, err
}

func (tx *Tx) standing(p chat.Place) ([]chat.Standing, error) {
	room, err := tx.knownRoom(p.Room)
	if err != nil {
		return nil, err
	}
	place, err := tx.knownPlace(p)
	if err != nil {
		return nil, err
	}
	var things string
	args := []any{room, place}
	if p.Thread == "" {
		things = "SELECT thing FROM copies WHERE room = $1 AND place = $2 AND mark = '' AND id <> ''"
	} else {
		thing, err := tx.ThingOf(p)
		if err != nil {
			return nil, err
		}
		things = `SELECT thing FROM copies WHERE room = $1 AND place = $2 AND mark = '' AND id <> '' AND thing IN (
			SELECT t.num FROM (` + shownIn + `) shown JOIN things t ON t.id = 'p:' || shown.id
			UNION ALL SELECT num FROM annotations WHERE under IN (SELECT num FROM (` + shownIn + `) shown))`
		args = append(args, thing.Passage())
	}
	emoji, err := tx.emojiIn(things, args)
	if err != nil {
		return nil, err
	}
	return rows(tx, func(s scanner) (chat.Standing, error) {
		var thing Thing
		var parts int
		m := chat.Standing{Ref: chat.Ref{Place: p}}
		err := s.Scan(&thing, &parts, &m.Ref.ID, &m.Ref.As, moment{&m.Revised})
		if parts == 1 { // under which part of several an emoji stands is not recorded
			m.Emoji = emoji[thing]
			if m.Emoji == nil {
				m.Emoji = map[string]int{}
			}
		}
		return m, err
	}, `SELECT (SELECT id FROM things WHERE num = c.thing), (SELECT COUNT(*) FROM copies o WHERE o.thing = c.thing AND o.room = c.room AND o.mark = '' AND o.id <> ''),
		c.id, c.speaker, COALESCE(a.modified, 0)
		FROM copies c LEFT JOIN annotations a ON a.num = c.thing
		WHERE c.room = $1 AND c.place = $2 AND c.mark = '' AND c.id <> '' AND COALESCE(a.deleted, 0) = 0
		AND c.thing IN (`+things+")", args...)
}

// shownIn selects the passages that have copies in thread $2 of room $1, removed
// ones included, and passage $3, whose thread that is.
const shownIn = `SELECT p.num, p.id FROM passages p WHERE p.discussion = (SELECT discussion FROM passages WHERE id = $3)
	AND (p.id = $3 OR EXISTS (SELECT 1 FROM copies e WHERE e.thing = (SELECT num FROM things WHERE id = 'p:' || p.id) AND e.room = $1 AND e.place = $2))`

// emojiIn counts who holds which emoji under things, in room $1.
func (tx *Tx) emojiIn(things string, args []any) (map[Thing]map[string]int, error) {
	type count struct {
		thing Thing
		emoji string
		many  int
	}
	found, err := rows(tx, func(s scanner) (c count, err error) {
		err = s.Scan(&c.thing, &c.emoji, &c.many)
		return c, err
	}, `SELECT (SELECT id FROM things WHERE num = r.thing), r.emoji, COUNT(*) FROM reactions r WHERE r.room = $1 AND r.thing IN (`+things+`) GROUP BY r.thing, r.emoji`, args...)
	if err != nil {
		return nil, err
	}
	all := map[Thing]map[string]int{}
	for _, c := range found {
		if all[c.thing] == nil {
			all[c.thing] = map[string]int{}
		}
		all[c.thing][c.emoji] = c.many
	}
	return all, nil
}
