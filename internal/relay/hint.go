package relay

import (
	"errors"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/lang"
	"marginalia/internal/store"
)

// Hinted is the Kind of the note that tells people what becomes of what they say.
const Hinted = "hint"

// hint tells someone who speaks for the first time what becomes of what they
// say. Nobody is told the same twice, nor who chose already how they are named; and in a
// thread it stands once: who speaks there for the first time has it before
// their eyes. So it comes where there are newcomers, and a busy thread has one
// line of it. Where something else holds by now, they are told that, and what
// stands in other threads of the text is reworded. A room without threads has one.
func (r *Relay) hint(tx *store.Tx, a discussion.Annotation, e chat.Event, now time.Time) error {
	at := e.Message.Ref.Place
	if r.c.Hint == nil || now.Sub(e.At) > askWithin {
		return nil
	}
	platform := at.Room.Platform
	body := r.c.Hint(platform, r.Language(at.Room))
	if body.Empty() {
		return nil
	}
	by, err := tx.Person(a.Creator)
	if err != nil || by.State != discussion.Unset {
		return err
	}
	first, err := tx.PutFiring(Hinted, discussion.Derive(string(by.ID), r.c.Hint(platform, lang.English).Text), now)
	if err != nil || !first {
		return err
	}
	if err := r.rewordHints(tx, a.Discussion, platform, now); err != nil {
		return err
	}
	place, _, err := threadIn(tx, a.Under, at.Room)
	if errors.Is(err, errParked) || err == nil && place.Thread == "" {
		place, err = at, nil // also in a thread that people opened by themselves
	}
	if err != nil {
		return err
	}
	n := store.Note{
		ID:   discussion.NoteID(discussion.Derive(Hinted, place.Room.String(), place.Thread)),
		Kind: Hinted, Discussion: a.Discussion, Body: body, Place: place, Created: e.At.UTC(),
	}
	if place.Thread == "" && place == at {
		n.ReplyTo = e.Message.Ref // else nobody knew whom it tells
	}
	if was, err := tx.Note(n.ID); err == nil {
		return reword(tx, was, a.Under, body, now) // it stands there, perhaps of another text
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := tx.PutNote(n); err != nil {
		return err
	}
	return tx.Stale(store.NoteThing(n.ID), place.Room, a.Under, store.ClassAnswer, now)
}

// rewordHints has all hints of a text on a platform say the same, each in the
// language of its room.
func (r *Relay) rewordHints(tx *store.Tx, d discussion.ID, platform string, now time.Time) error {
	told, err := tx.Notes(d, Hinted)
	if err != nil {
		return err
	}
	for _, n := range told {
		if n.Place.Room.Platform != platform {
			continue
		}
		under, err := threadOf(tx, n.Place)
		if err != nil {
			return err
		}
		if err := reword(tx, n, under.Passage(), r.c.Hint(platform, r.Language(n.Place.Room)), now); err != nil {
			return err
		}
	}
	return nil
}

// silent reports whether a note is of those that ring nobody's phone.
func silent(n store.Note) bool {
	return n.Kind == Hinted || n.Kind == Closed || n.Kind == Late || n.Kind == Indexed
}
