package relay

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/store"
)

// Closed is the Kind of the note that tells in a thread that it is closed.
const Closed = "closed"

const (
	closedWords lang.Key = "A moderator closed this thread: what is said in it from now on stays talk in this room, and comes neither to the page nor to the other rooms. Remarks from before it may still be edited."
	closedTalk  lang.Key = "A moderator closed the talk about this passage: what is said about it from now on stays talk in this room, and comes neither to the page nor to the other rooms. Remarks from before it may still be edited."
)

// A stretch is a time in which a thread is closed, without its end; To is zero
// while it is.
type stretch struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

func (s stretch) covers(at time.Time) bool {
	return !at.Before(s.From) && (s.To.IsZero() || at.Before(s.To))
}

// closings are the stretches in which a passage's thread was closed, in order.
func closings(tx *store.Tx, p discussion.PassageID) (all []stretch, err error) {
	value, err := tx.Setting(closingsOf(p))
	if err == nil && value != "" {
		err = json.Unmarshal([]byte(value), &all)
	}
	if err != nil {
		return nil, fmt.Errorf("when the thread of %s was closed: %w", p, err)
	}
	return all, nil
}

func closingsOf(p discussion.PassageID) string { return "closings:" + string(p) }

// setClosed begins a stretch, or ends the last one; what is so already stays.
func setClosed(tx *store.Tx, p discussion.PassageID, closed bool, now time.Time) error {
	all, err := closings(tx, p)
	if err != nil || closed == isClosed(all) {
		return err
	}
	now = now.UTC().Truncate(time.Millisecond) // as exactly as networks tell when something was said
	if closed {
		all = append(all, stretch{From: now})
	} else {
		all[len(all)-1].To = now
	}
	value, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return tx.PutSetting(closingsOf(p), string(value))
}

func isClosed(all []stretch) bool { return len(all) > 0 && all[len(all)-1].To.IsZero() }

// SetLocked closes the threads of a passage, or opens them again: those that are
// its own. Each of them is told so once, in the language of its room; the note goes
// when they are opened.
func SetLocked(tx *store.Tx, in func(chat.Room) lang.Language, p discussion.PassageID, locked bool, now time.Time) error {
	if err := setClosed(tx, p, locked, now); err != nil {
		return err
	}
	rooms, err := tx.RoomsOf(store.PassageThing(p))
	if err != nil {
		return err
	}
	for _, room := range rooms {
		if err := tellLocked(tx, in(room), p, room, now); err != nil {
			return err
		}
	}
	return nil
}

// tellLocked has the note stand in a passage's thread in a room if it is
// closed, and takes it back if it is not. It may be called at any time.
func tellLocked(tx *store.Tx, in lang.Language, p discussion.PassageID, room chat.Room, now time.Time) error {
	all, err := closings(tx, p)
	if err != nil || len(all) == 0 {
		return err
	}
	place, post, err := threadIn(tx, p, room)
	if errors.Is(err, errParked) {
		return nil // it is told when it is opened
	}
	if err != nil {
		return err
	}
	words := closedWords
	if place.Thread == "" {
		words = closedTalk
	}
	if whose, err := talkIn(tx, place, p); err != nil || whose != p {
		return err // an excerpt's, in the thread of another
	}
	_, of, _, err := tx.Passage(p)
	if err != nil {
		return err
	}
	n := store.Note{
		ID:   discussion.NoteID(discussion.Derive("closed", string(p), room.String())),
		Kind: Closed, Discussion: of, Place: place, ReplyTo: post, Created: now,
	}
	if err := tx.PutNote(n); err != nil {
		return err
	}
	if n, err = tx.Note(n.ID); err != nil {
		return err
	}
	body := format.Doc{}
	if removed := place.Thread == "" && post.IsZero(); isClosed(all) && !removed {
		body = format.Text(in.Words(words))
	}
	return reword(tx, n, p, body, now)
}

// Locked reports whether what is said at a time is talk of its room alone: at a
// place, or in answer to a message or as that itself. The lock of the passage
// decides in whose thread that is; and when it was said, not when the bot came
// to hear of it. The threads of a room that was replaced are closed.
func Locked(tx *store.Tx, ref chat.Ref, at time.Time) (bool, error) {
	p, err := ThreadAround(tx, ref)
	if p == "" || err != nil {
		return false, err
	}
	if by, err := ReplacementOf(tx, ref.Place.Room); err != nil || by.Followed() && !at.Before(by.At) {
		return err == nil, err
	}
	all, err := closings(tx, p)
	return slices.ContainsFunc(all, func(s stretch) bool { return s.covers(at) }), err
}

// ThreadAround is the passage in whose thread a message stands, or what is said
// about it would; "" if there is none. An excerpt may stand in that of another
// passage. A ref without an ID is a place alone.
func ThreadAround(tx *store.Tx, ref chat.Ref) (discussion.PassageID, error) {
	thing, err := threadOf(tx, ref.Place)
	if thing.Passage() != "" || err != nil {
		return thing.Passage(), err
	}
	p, err := Under(tx, ref)
	if p == "" || err != nil {
		return p, err
	}
	thread, _, err := threadIn(tx, p, ref.Place.Room)
	if errors.Is(err, errParked) {
		return p, nil
	}
	if err != nil {
		return "", err
	}
	whose, err := talkIn(tx, thread, p)
	return cmp.Or(whose, p), err
}

// talkIn is the passage whose talk stands in a place in which that about p does.
func talkIn(tx *store.Tx, place chat.Place, p discussion.PassageID) (discussion.PassageID, error) {
	if place.Thread == "" {
		return talkOf(tx, p, place.Room)
	}
	thing, err := threadOf(tx, place)
	return thing.Passage(), err
}

// Under is the passage that a message shows or under which it stands, "" if there is none.
func Under(tx *store.Tx, ref chat.Ref) (discussion.PassageID, error) {
	thing, err := About(tx, ref)
	if err != nil || thing.Annotation() == "" {
		return thing.Passage(), err
	}
	a, err := tx.Annotation(thing.Annotation())
	return a.Under, err
}
