package relay

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// Forget removes what a person said and their name, also where others mention
// them, and keeps tombstones so that no later reading of a network brings it
// back; what they said before and is heard only later is not recorded either.
// Their mirrors go with the next deliveries, and those in which they are
// mentioned are made anew. What they typed themselves on their own network
// stands there until they delete it.
//
// What they told the bot and it has not done yet it does not do any more, but for
// the calls that are named: those are being run.
//
// What they say from then on is recorded as anybody's, but without a name, and
// is published nowhere: see [store.Tx.EmptyPerson].
//
// All accounts of theirs are forgotten, and that they are one person's.
func Forget(tx *store.Tx, person discussion.PersonID, now time.Time, but ...chat.Ref) error {
	accounts, err := tx.Linked(person)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if err := forgetCalls(tx, a, but); err != nil {
			return err
		}
		if err := forgetAccount(tx, a.ID, now); err != nil {
			return err
		}
	}
	return nil
}

func forgetAccount(tx *store.Tx, person discussion.PersonID, now time.Time) error {
	if err := tx.Unlink(person); err != nil {
		return err
	}
	if err := tx.DropLinkCode(person); err != nil {
		return err
	}
	who, err := tx.Person(person)
	if err != nil {
		return err
	}
	said, err := tx.AnnotationsBy(person)
	if err != nil {
		return err
	}
	for _, a := range said {
		if err := bury(tx, a.ID); err != nil {
			return err
		}
		a.Via = "" // it leads to their own message
		if err := erase(tx, a, now, now, store.ClassPost); err != nil {
			return err
		}
	}
	for _, step := range []func(*store.Tx, discussion.Person, time.Time) error{forgetReactions, forgetMentions, forgetHeld} {
		if err := step(tx, who, now); err != nil {
			return err
		}
	}
	return tx.EmptyPerson(person, now)
}

// forgetReactions takes back a person's emoji.
func forgetReactions(tx *store.Tx, who discussion.Person, now time.Time) error {
	all, err := tx.ReactionsBy(who.ID)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Own == "" {
			if err := tx.PutTombstone(r.Room, reactionName(r)); err != nil {
				return err
			}
		}
		if err := takeBack(tx, r, now); err != nil {
			return err
		}
	}
	return nil
}

// reactionName is what a reaction is called that its network gives no id.
func reactionName(r store.Reaction) string {
	return discussion.Derive("reaction", string(r.Thing), string(r.Person), r.Emoji)
}

// forgetMentions takes a person's name out of what others said. The mirrors of
// that are made anew: where an edit is a message of its own, it would leave the
// name in the one before it.
func forgetMentions(tx *store.Tx, who discussion.Person, now time.Time) error {
	if who.User == "" {
		return nil
	}
	all, err := tx.AnnotationsNaming(who.User)
	if err != nil {
		return err
	}
	for _, a := range all {
		by, err := tx.Person(a.Creator)
		if err != nil {
			return err
		}
		if by.Platform != who.Platform {
			continue
		}
		a.Body = a.Body.Unnamed(who.User)
		if err := tx.PutAnnotation(a); err != nil {
			return err
		}
		if err := anew(tx, a.ID, now); err != nil {
			return err
		}
	}
	return nil
}

// forgetHeld drops what a person did that waits in the inbox, and takes their
// name out of what others did.
func forgetHeld(tx *store.Tx, who discussion.Person, _ time.Time) error {
	waiting, err := tx.Held()
	if err != nil {
		return err
	}
	id, err := tx.PersonIDs()
	if err != nil {
		return err
	}
	var theirs []store.Held
	for _, h := range waiting {
		if h.Room.Platform != who.Platform {
			continue
		}
		if id(who.Platform, h.Event.By.ID) == who.ID || id(who.Platform, h.Event.Message.From.ID) == who.ID {
			theirs = append(theirs, h)
			continue
		}
		if who.User == "" || !bytes.Contains(h.Event.Raw, []byte(who.User)) && !slices.Contains(h.Event.Message.Body.Mentioned(), who.User) {
			continue
		}
		h.Event.Raw, h.Event.Message.Body = nil, h.Event.Message.Body.Unnamed(who.User)
		if err := tx.PutHeld(h); err != nil {
			return err
		}
	}
	for _, h := range theirs { // now, as it may change the others
		if err := buryHeld(tx, h); err != nil {
			return err
		}
	}
	return nil
}

// forgetCalls closes what a person told the bot and it has not answered, so that
// also who runs it already records nothing of it.
func forgetCalls(tx *store.Tx, who discussion.Person, but []chat.Ref) error {
	open, err := tx.OpenCalls()
	if err != nil {
		return err
	}
	id, err := tx.PersonIDs()
	if err != nil {
		return err
	}
	for _, c := range open {
		room := c.Ref.Place.Room
		if room.Platform != who.Platform || id(room.Platform, c.By.ID) != who.ID || slices.Contains(but, c.Ref) {
			continue
		}
		if err := tx.PutTombstone(room, c.Ref.ID); err != nil {
			return err
		}
		if err := tx.CloseCall(c.Ref); err != nil {
			return err
		}
	}
	return nil
}

// buryHeld drops an event that waits, so that it is not taken when its network
// tells of it again.
func buryHeld(tx *store.Tx, h store.Held) error {
	ids := []string{h.Event.Own}
	if k := h.Event.Kind; k == chat.Said || k == chat.Edited { // else it is about what may be another's
		ids = append(ids, h.Event.Message.Ref.ID)
	}
	for _, id := range ids {
		if id == "" {
			continue
		}
		if err := tx.PutTombstone(h.Room, id); err != nil {
			return err
		}
	}
	return takeOut(tx, h)
}

// unheard reports whether somebody did before they were forgotten what is heard
// only now, commands included: what they chose before is overtaken. It is buried
// then: what they choose later does not bring it back.
func unheard(tx *store.Tx, e chat.Event) (bool, error) {
	room, message := e.Message.Ref.Place.Room, e.Message.Ref.ID
	by, at, id := e.By.ID, e.At, e.Own
	switch e.Kind {
	case chat.Said:
		by, id = e.Message.From.ID, message
	case chat.Edited:
		at = e.Revised
	case chat.Reacted, chat.Called:
	default:
		return false, nil
	}
	forgotten, _, err := tx.Forgotten(room.Platform, by)
	if err != nil || forgotten.IsZero() || at.After(forgotten) {
		return false, err
	}
	if e.Kind == chat.Said {
		err = errors.Join(drop(tx, room, message), passOver(tx, e.Message))
	}
	if err == nil && id != "" {
		err = tx.PutTombstone(room, id)
	}
	return true, err
}

// bodyOf is a message's words without the names of mentioned people who were
// forgotten.
func bodyOf(tx *store.Tx, m chat.Message) (format.Doc, error) {
	gone, err := tx.ForgottenOf(m.Ref.Place.Room.Platform, m.Body.Mentioned())
	if err != nil {
		return format.Doc{}, err
	}
	if len(gone) == 0 {
		return m.Body, nil
	}
	return m.Body.Unnamed(gone...), nil
}

// bury keeps tombstones of a person's own messages.
func bury(tx *store.Tx, id discussion.AnnotationID) error {
	rooms, err := tx.AllCopies(store.AnnotationThing(id))
	if err != nil {
		return err
	}
	for _, room := range inOrder(rooms) {
		for _, c := range rooms[room] {
			if c.Ref.As != "" || c.Ref.IsZero() {
				continue
			}
			for _, ref := range append(c.Old, c.Ref) {
				if err := tx.PutTombstone(room, ref.ID); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// eraseID is erase by the annotation's name.
func eraseID(tx *store.Tx, id discussion.AnnotationID, at, now time.Time) error {
	a, err := tx.Annotation(id)
	if err != nil {
		return err
	}
	return erase(tx, a, at, now, store.ClassPost)
}

// erase empties an annotation and lets its mirrors go, as what is of a class.
func erase(tx *store.Tx, a discussion.Annotation, at, now time.Time, class uint8) error {
	if a.Deleted.IsZero() {
		a.Deleted = at.UTC()
	}
	a.Body, a.Files = format.Doc{}, nil
	if err := tx.PutAnnotation(a); err != nil {
		return err
	}
	if err := tx.NamedNoMore(a.ID); err != nil {
		return err
	}
	return withdraw(tx, a, class, now)
}

// withdraw marks an annotation stale wherever a copy of ours stands or may
// stand, and takes back what was asked about it. As ClassPost that goes ahead of
// whatever waits in its thread. What is recorded of words on
// their way is needed to find them there; it goes as soon as that is settled.
func withdraw(tx *store.Tx, a discussion.Annotation, class uint8, now time.Time) error {
	if err := unask(tx, a, now); err != nil {
		return err
	}
	thing := store.AnnotationThing(a.ID)
	rooms, err := tx.AllCopies(thing)
	if err != nil {
		return err
	}
	for _, room := range inOrder(rooms) {
		if !slices.ContainsFunc(rooms[room], func(c store.Copy) bool { return c.Ref.IsZero() || c.Ref.As != "" }) {
			continue // the person's own message
		}
		if err := tx.Stale(thing, room, a.Under, class, now); err != nil {
			return err
		}
	}
	return nil
}
