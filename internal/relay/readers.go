package relay

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// mostLookedBack is how far back a plan looks for what it posted last.
const mostLookedBack = 1000

// Held reports whether a firing is due that a plan does not make because it waits
// for readers. Nothing is written down of that: as soon as somebody answers it is
// late, and made; of several the newest is.
func Held(tx *store.Tx, p schedule.Plan, now time.Time) (bool, error) {
	if p.Wait == 0 {
		return false, nil
	}
	if due, _ := p.Due(now); len(due) == 0 {
		return false, nil
	}
	if over, err := isOver(tx, p); over || err != nil {
		return false, err
	}
	return unread(tx, p)
}

// askedFor is a plan of which somebody asks for more: they have read what there is,
// and what was held is what they are given.
func askedFor(tx *store.Tx, p schedule.Plan, now time.Time) (schedule.Plan, error) {
	if p.Wait == 0 {
		return p, nil
	}
	held, err := Held(tx, p, now)
	if err != nil {
		return p, err
	}
	if held {
		due, last := p.Due(now)
		p = p.Done(due, last, now)
	}
	return p, putReadOn(tx, p, p.Next-1)
}

// unread reports whether a plan waits for readers: of the last passages that it
// posted, as many as it has them be, nobody answered one in its rooms or read on
// from it. Excerpts in the thread of a passage are that passage. What can stand
// in none of the rooms is not waited for.
func unread(tx *store.Tx, p schedule.Plan) (bool, error) {
	if p.Wait == 0 || p.Does != schedule.Drip {
		return false, nil
	}
	last, err := readOn(tx, p)
	if err != nil {
		return false, err
	}
	own := 0
	for seq := p.Next - 1; seq > max(0, p.Next-mostLookedBack); seq-- {
		if seq <= last {
			return false, nil
		}
		passage, err := tx.PassageAt(p.Discussion, seq)
		if errors.Is(err, store.ErrNotFound) {
			continue // the text had more passages once
		}
		if err != nil {
			return false, err
		}
		rooms, err := shownIn(tx, passage.ID, p.Rooms)
		if err != nil {
			return false, err
		}
		for _, room := range rooms {
			if read, err := tx.Answered(passage.ID, room); read || err != nil {
				return false, err
			}
		}
		under, err := threads(tx, passage, rooms)
		if err != nil {
			return false, err
		}
		if slices.Contains(under, "") {
			own++
		}
		if own == p.Wait {
			return true, nil
		}
	}
	return false, nil
}

// shownIn are those of rooms that show a passage, or are about to.
func shownIn(tx *store.Tx, p discussion.PassageID, rooms []chat.Room) ([]chat.Room, error) {
	show, err := tx.RoomsOf(store.PassageThing(p))
	return slices.DeleteFunc(show, func(r chat.Room) bool { return !slices.Contains(rooms, r) }), err
}

// Waiting are the plans that wait for readers in a room and posted a passage there
// from which nobody read on yet, nor from a later one.
func Waiting(tx *store.Tx, p discussion.Passage, room chat.Room) (waiting []schedule.Plan, err error) {
	plans, err := tx.Plans()
	if err != nil {
		return nil, err
	}
	for _, plan := range plans {
		if plan.Wait == 0 || p.Seq >= plan.Next || !slices.Contains(plan.Rooms, room) {
			continue
		}
		at, err := tx.PassageAt(plan.Discussion, p.Seq)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		last, err := readOn(tx, plan)
		if err != nil {
			return nil, err
		}
		if at.ID == p.ID && last < p.Seq {
			waiting = append(waiting, plan)
		}
	}
	return waiting, nil
}

// ReadOn notes that somebody in a room went on from a passage to the next.
func ReadOn(tx *store.Tx, p discussion.Passage, room chat.Room) error {
	plans, err := Waiting(tx, p, room)
	for _, plan := range plans {
		err = errors.Join(err, putReadOn(tx, plan, p.Seq))
	}
	return err
}

// readOn is the last passage of its text from which somebody went on to the next,
// by its place in the reading order; 0 if nobody did.
func readOn(tx *store.Tx, p schedule.Plan) (int, error) {
	value, err := tx.Setting(readOnSetting(p.Name))
	text, seq, _ := strings.Cut(value, " ")
	if err != nil || text != string(p.Discussion) {
		return 0, err
	}
	n, err := strconv.Atoi(seq)
	if err != nil {
		return 0, fmt.Errorf("where somebody read on in plan %s: %w", p.Name, err)
	}
	return n, nil
}

func putReadOn(tx *store.Tx, p schedule.Plan, seq int) error {
	return tx.PutSetting(readOnSetting(p.Name), fmt.Sprintf("%s %d", p.Discussion, seq))
}

func readOnSetting(plan string) string { return "plan read on: " + plan }
