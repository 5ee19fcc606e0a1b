package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// Indexed is the Kind of the note that lists the open threads of a room.
const Indexed = "index"

const (
	indexEvery = 10 * time.Minute // that threads are looked at
	mostListed = 10               // threads
)

// Index is a list of the open threads that a room is to have.
type Index struct {
	Discussion discussion.ID
	Room       chat.Room
	Most       int // threads that it names
	Now        time.Time
}

// A list is one that stands in a room, or is to.
type list struct {
	Discussion discussion.ID        `json:"text"`
	Room       chat.Room            `json:"room"`
	Below      discussion.PassageID `json:"below"` // the newest post when it was made
	Note       discussion.NoteID    `json:"note"`

	body format.Doc // as it is to be
	gone bool       // it is not wanted any more
}

func (l list) is(other list) bool { return l.Discussion == other.Discussion && l.Room == other.Room }

const listsSetting = "indexes" // lists as JSON

// indexes brings the lists of open threads up to date, and returns when they are
// looked at again (zero: never). A room has one of each text that is posted there,
// in one message: it is edited when other threads are open, and comes anew below
// each new post. Where there is to be none any more it goes.
func (r *Relay) indexes(ctx context.Context, now time.Time) (next time.Time, err error) {
	if r.c.Index == nil {
		return time.Time{}, nil
	}
	var due []list
	err = r.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		due, err = r.dueLists(tx, now)
		return err
	})
	all := []error{err}
	for _, l := range due {
		all = append(all, r.keepList(ctx, l, now))
	}
	if err = errors.Join(all...); err != nil {
		err = fmt.Errorf("lists of open threads: %w", err)
	}
	if len(r.c.Indexed) == 0 {
		return time.Time{}, err
	}
	return now.Truncate(indexEvery).Add(indexEvery), err
}

// dueLists are the lists that are to go, and those that are to be worded: every ten
// minutes, and below each new post.
func (r *Relay) dueLists(tx *store.Tx, now time.Time) (due []list, err error) {
	have, err := listsOf(tx)
	if err != nil {
		return nil, err
	}
	wanted, err := r.wantedLists(tx)
	if err != nil {
		return nil, err
	}
	for _, was := range have {
		if !slices.ContainsFunc(wanted, was.is) && was.Note != "" && !r.isBoard(was.Room) {
			due = append(due, list{Discussion: was.Discussion, Room: was.Room, gone: true})
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range wanted {
		if r.indexed[l.index()] != l.look(now) {
			due = append(due, l)
		}
	}
	return due, nil
}

// keepList words a list and has it stand so. One that cannot be worded is tried
// again when lists are looked at again, one that cannot be written at once.
func (r *Relay) keepList(ctx context.Context, l list, now time.Time) error {
	changed := l.gone
	var err error
	if !l.gone {
		err = r.c.DB.View(ctx, func(tx *store.Tx) (err error) {
			changed, err = r.word(tx, &l, now)
			return err
		})
	}
	if err == nil && changed {
		if err := r.c.DB.Update(ctx, func(tx *store.Tx) error { return putList(tx, l, now) }); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.indexed[l.index()] = l.look(now)
	return err
}

// word words a list, and reports whether another stands in its room.
func (r *Relay) word(tx *store.Tx, l *list, now time.Time) (changed bool, err error) {
	if l.body, err = r.listed(tx, *l, now); err != nil {
		return false, err
	}
	l.Note = ""
	if !l.body.Empty() {
		l.Note = discussion.NoteID(discussion.Derive(Indexed, string(l.Discussion), l.Room.String(), string(l.Below)))
	}
	have, err := listsOf(tx)
	if err != nil {
		return false, err
	}
	was := list{}
	if i := slices.IndexFunc(have, l.is); i >= 0 {
		was = have[i]
	}
	if was.Note != l.Note || l.Note == "" {
		return was.Note != l.Note, nil
	}
	note, err := tx.Note(was.Note)
	return note.Body.Text != l.body.Text || !slices.Equal(note.Body.Spans, l.body.Spans), err
}

// wantedLists are the lists that there are to be, without their words.
func (r *Relay) wantedLists(tx *store.Tx) (all []list, err error) {
	rooms, err := Successors(tx, r.c.Indexed)
	if err != nil || len(rooms) == 0 {
		return nil, err
	}
	plans, err := tx.Plans()
	if err != nil {
		return nil, err
	}
	for _, p := range plans {
		for _, room := range p.Rooms {
			if room, err = Successor(tx, room); err != nil {
				return nil, err
			}
			l := list{Discussion: p.Discussion, Room: room}
			if p.Does != schedule.Drip || !slices.Contains(rooms, room) || slices.ContainsFunc(all, l.is) || r.isBoard(room) {
				continue
			}
			newest, err := tx.Setting(newestIn(room))
			if err != nil {
				return nil, err
			}
			l.Below = discussion.PassageID(newest)
			all = append(all, l)
		}
	}
	return all, nil
}

// isBoard reports whether each message in the main timeline of a room begins a
// thread, so that a list would be one of them.
func (r *Relay) isBoard(room chat.Room) bool {
	b, ok := r.platforms[room.Platform].(chat.Boarder)
	return ok && b.Board(room)
}

// listed is what a list says, in one message.
func (r *Relay) listed(tx *store.Tx, l list, now time.Time) (format.Doc, error) {
	fits := r.platforms[l.Room.Platform].Profile().Fits
	for most := mostListed; most > 0; most-- {
		body, err := r.c.Index(tx, Index{l.Discussion, l.Room, most, now})
		if err != nil || fits == nil || fits(chat.Message{Body: body}) {
			return body, err
		}
	}
	return format.Doc{}, nil
}

// lookedAt is what a list is put into words for, once.
type lookedAt struct {
	below discussion.PassageID
	since time.Time // when the ten minutes began
}

func (l list) look(now time.Time) lookedAt { return lookedAt{l.Below, now.Truncate(indexEvery)} }

func (l list) index() Index { return Index{Discussion: l.Discussion, Room: l.Room} }

// putList has a list stand in its room instead of the one that does.
func putList(tx *store.Tx, l list, now time.Time) error {
	have, err := listsOf(tx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(have, l.is)
	if i < 0 {
		i, have = len(have), append(have, list{})
	}
	if was := have[i].Note; was != "" && was != l.Note {
		if err := sayIn(tx, was, l.Room, format.Doc{}, now); err != nil {
			return err
		}
	}
	if have[i] = l; l.Note != "" {
		n := store.Note{ID: l.Note, Kind: Indexed, Discussion: l.Discussion, Body: l.body, Created: now.UTC()}
		if err := errors.Join(tx.PutNote(n), sayIn(tx, l.Note, l.Room, l.body, now)); err != nil {
			return err
		}
	}
	have = slices.DeleteFunc(have, func(l list) bool { return l.Note == "" })
	value, err := json.Marshal(have)
	if err != nil {
		return err
	}
	return tx.PutSetting(listsSetting, string(value))
}

// sayIn gives a note other words in the main timeline of a room. In one that was
// replaced it is left as it is.
func sayIn(tx *store.Tx, id discussion.NoteID, room chat.Room, body format.Doc, now time.Time) error {
	if to, err := Successor(tx, room); err != nil || to != room {
		return err
	}
	if err := tx.RewordNote(id, body); err != nil {
		return err
	}
	return tx.Stale(store.NoteThing(id), room, "", store.ClassAnswer, now)
}

func listsOf(tx *store.Tx) (all []list, err error) {
	value, err := tx.Setting(listsSetting)
	if err == nil && value != "" {
		err = json.Unmarshal([]byte(value), &all)
	}
	return all, err
}

// newestIn names the setting that holds the passage which was posted last in a room,
// as a post of its own.
func newestIn(room chat.Room) string { return "newest post:" + room.String() }
