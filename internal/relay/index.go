package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// Indexed is the Kind of the note that lists the open threads of a room.
const Indexed = "index"

const indexEvery = 10 * time.Minute // that threads are looked at

// Index is a list of the open threads that a room is to have.
type Index struct {
	Discussion discussion.ID
	Room       chat.Room
	Now        time.Time
}

// indexes brings the lists of open threads up to date, and returns when they are
// looked at again (zero: never). A room has one of each text that is posted there:
// it is edited as people talk, and comes anew below each new passage.
func (r *Relay) indexes(ctx context.Context, now time.Time) (next time.Time, err error) {
	if r.c.Index == nil || len(r.c.Indexed) == 0 {
		return time.Time{}, nil
	}
	posts := map[Index]int{} // that were made in it of a text
	err = r.c.DB.View(ctx, func(tx *store.Tx) error {
		clear(posts)
		plans, err := tx.Plans()
		for _, p := range plans {
			for _, room := range p.Rooms {
				if p.Does == schedule.Drip && slices.Contains(r.c.Indexed, room) {
					posts[Index{p.Discussion, room, now}] += p.Next
				}
			}
		}
		return err
	})
	all := []error{err}
	for of, n := range posts {
		all = append(all, r.index(ctx, of, n))
	}
	return now.Truncate(indexEvery).Add(indexEvery), errors.Join(all...)
}

// index brings one list up to date, in a room with so many posts.
func (r *Relay) index(ctx context.Context, of Index, posts int) error {
	var is, was store.Note
	look := func(tx *store.Tx) (err error) {
		is = store.Note{
			ID:   discussion.NoteID(discussion.Derive(Indexed, string(of.Discussion), of.Room.String(), strconv.Itoa(posts))),
			Kind: Indexed, Discussion: of.Discussion, Created: of.Now.UTC(),
		}
		if is.Body, err = r.c.Index(tx, of); err != nil {
			return err
		}
		last, err := tx.Setting(indexOf(of))
		if was = (store.Note{}); err == nil && last != "" {
			was, err = tx.Note(discussion.NoteID(last))
		}
		return err
	}
	err := r.c.DB.Survey(ctx, look)
	if err == nil && was.ID == is.ID && !r.mayReword(of) {
		return nil
	}
	same := was.ID == is.ID && was.Body.Text == is.Body.Text || was.Body.Empty() && is.Body.Empty()
	if err == nil && !same {
		err = r.c.DB.Update(ctx, func(tx *store.Tx) error {
			if err := look(tx); err != nil {
				return err
			}
			return putIndex(tx, of, was, is)
		})
	}
	if err != nil {
		return fmt.Errorf("open threads of %s: %w", of.Room, err)
	}
	return nil
}

// mayReword reports whether a list was not looked at yet in these ten minutes, and
// notes that it is.
func (r *Relay) mayReword(of Index) bool {
	now := of.Now.Truncate(indexEvery)
	of.Now = time.Time{}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.indexed[of].Equal(now) {
		return false
	}
	r.indexed[of] = now
	return true
}

// putIndex has a list stand in its room instead of the one that does.
func putIndex(tx *store.Tx, of Index, was, is store.Note) error {
	was.Place.Room = of.Room // where its delivery goes
	if was.ID == is.ID {
		return reword(tx, was, "", is.Body, of.Now)
	}
	if was.ID != "" {
		if err := reword(tx, was, "", format.Doc{}, of.Now); err != nil {
			return err
		}
	}
	if err := tx.PutNote(is); err != nil {
		return err
	}
	if err := tx.RewordNote(is.ID, is.Body); err != nil { // if there was one of so many posts before
		return err
	}
	if err := tx.PutSetting(indexOf(of), string(is.ID)); err != nil {
		return err
	}
	return tx.Stale(store.NoteThing(is.ID), of.Room, "", store.ClassAnswer, of.Now)
}

func indexOf(of Index) string {
	return "index:" + discussion.Derive(string(of.Discussion), of.Room.String())
}

// LockedNow reports whether the threads of a passage are closed.
func LockedNow(tx *store.Tx, p discussion.PassageID) (bool, error) {
	all, err := closings(tx, p)
	return isClosed(all), err
}
