package relay

import (
	"errors"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// edited replaces an annotation's words, if its creator is who edits, and if
// the edit is not older than what is known. An annotation whose words were
// taken back stands again with the new ones.
func (r *Relay) edited(tx *store.Tx, e chat.Event, now time.Time) error {
	room := e.Message.Ref.Place.Room
	thing, c, err := tx.CopyAt(room, e.Message.Ref.ID)
	if errors.Is(err, store.ErrNotFound) {
		if dead, err := tx.Tombstoned(room, e.Message.Ref.ID); dead || err != nil {
			return err // it was deleted: its words would wait in vain
		}
		if call, err := r.callEdited(tx, e, now); call || err != nil {
			return err
		}
		return r.perhapsOurs(tx, e, now)
	}
	if err != nil || thing.Annotation() == "" || c.Ref.As != "" || c.Ref.ID != e.Message.Ref.ID {
		return err
	}
	a, err := tx.Annotation(thing.Annotation())
	if err != nil {
		return err
	}
	if mine, err := r.mayEdit(tx, a, c, e); !mine || err != nil {
		return err
	}
	stale := e.Revised.Before(a.Modified)
	if e.Own != "" {
		at := len(c.Old) // the newest last
		if stale {
			at = 0
		}
		c.Old = slices.Insert(c.Old, at, chat.Ref{Place: c.Ref.Place, ID: e.Own})
		if err := tx.PutCopy(thing, room, c); err != nil {
			return err
		}
	}
	if stale {
		return nil
	}
	if chose, err := choosesAnew(tx, a, e, now); chose || err != nil {
		return err
	}
	about, err := aboutAnnotation(tx, a)
	if err != nil {
		return err
	}
	back, quoted := !a.Deleted.IsZero(), discussion.Quotes(a.Body)
	if back { // and so would be new in a thread that may be closed
		if locked, err := Locked(tx, c.Ref, orNow(e.Revised, now)); err != nil {
			return err
		} else if locked {
			return tx.PutTombstone(room, e.Message.Ref.ID) // for good, as what is said there
		}
	}
	a.Modified, a.Deleted = e.Revised.UTC(), time.Time{}
	if err := inWordsOf(tx, &a, e.Message); err != nil {
		return err
	}
	a.Files, a.Motivation = filesOf(a.Files, e.Message), about.motivation(a.Body)
	if !slices.Equal(quoted, discussion.Quotes(a.Body)) { // else it stays where it was found, or moved to
		several := about.aim(&a, &r.texts)
		if err := about.ask(tx, r.Language(room), a, several, c.Ref, e.Revised, now); err != nil {
			return err
		}
	}
	if err := tx.PutAnnotation(a); err != nil {
		return err
	}
	if back {
		return restore(tx, a, room, now)
	}
	return remirror(tx, a, room, now)
}

// restore has what was taken back and is said again mirrored. What was taken back
// may stand yet in some mirrors: those go, with all its versions.
func restore(tx *store.Tx, a discussion.Annotation, origin chat.Room, now time.Time) error {
	if err := anew(tx, a.ID, now); err != nil {
		return err
	}
	return mirror(tx, a, origin, now)
}

// inWordsOf gives an annotation the words of an edited message, and notes whom it does
// not name any more: where an edit is a message of its own, the one before it does.
func inWordsOf(tx *store.Tx, a *discussion.Annotation, m chat.Message) (err error) {
	before := a.Body.Mentioned()
	if a.Body, err = bodyOf(tx, m); err != nil {
		return err
	}
	now := a.Body.Mentioned()
	return tx.OnceNamed(a.ID, slices.DeleteFunc(before, func(name string) bool { return slices.Contains(now, name) }))
}

// mayEdit reports whether an edit is the creator's, is told for the first
// time, and is about something that was not deleted.
func (r *Relay) mayEdit(tx *store.Tx, a discussion.Annotation, c store.Copy, e chat.Event) (bool, error) {
	if e.Own != "" && slices.ContainsFunc(c.Old, func(o chat.Ref) bool { return o.ID == e.Own }) {
		return false, nil
	}
	for _, id := range []string{e.Message.Ref.ID, e.Own} {
		if id == "" {
			continue
		}
		if dead, err := tx.Tombstoned(e.Message.Ref.Place.Room, id); dead || err != nil {
			return false, err
		}
	}
	who, err := tx.PutPerson(e.Message.Ref.Place.Room.Platform, e.By)
	return who.ID == a.Creator, err
}

// remirror marks an annotation whose words changed stale wherever it came, or
// was to come.
func remirror(tx *store.Tx, a discussion.Annotation, origin chat.Room, now time.Time) error {
	thing := store.AnnotationThing(a.ID)
	rooms, err := tx.RoomsOf(thing)
	if err != nil {
		return err
	}
	came, err := tx.AllCopies(thing)
	if err != nil {
		return err
	}
	for _, room := range inOrder(came) {
		if !slices.Contains(rooms, room) {
			rooms = append(rooms, room)
		}
	}
	for _, room := range rooms {
		if room == origin {
			continue
		}
		if err := tx.Stale(thing, room, a.Under, store.ClassEdit, now); err != nil {
			return err
		}
	}
	return nil
}

// deleted empties an annotation whose message was deleted, hides one whose
// mirror was removed, and takes back a reaction or an edit (some networks do
// not say what it is that was deleted). What is not known is remembered: it
// may still come.
func (r *Relay) deleted(tx *store.Tx, e chat.Event, now time.Time) error {
	room, id := e.Message.Ref.Place.Room, e.Message.Ref.ID
	thing, c, err := tx.CopyAt(room, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return r.deletedUnknown(tx, e, now)
	case err != nil:
		return err
	case c.Ref.As != "" && c.Verb == chat.Delete:
		return nil // the bot is about to delete it: its request will tell
	case c.Ref.As != "":
		return r.removed(tx, thing, room, c, now)
	case thing.Annotation() == "":
		return nil
	case c.Ref.ID != id:
		return r.editTakenBack(tx, thing, c, id, now)
	}
	if err := tx.PutTombstone(room, id); err != nil {
		return err
	}
	if err := drop(tx, room, id); err != nil {
		return err
	}
	return eraseID(tx, thing.Annotation(), orNow(e.At, now), now)
}

func (r *Relay) deletedUnknown(tx *store.Tx, e chat.Event, now time.Time) error {
	room, id := e.Message.Ref.Place.Room, e.Message.Ref.ID
	if id == "" {
		return errors.New("it does not say what was deleted")
	}
	reaction, err := tx.ReactionAt(room, id)
	if err == nil {
		return takeBack(tx, reaction, now)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := tx.PutTombstone(room, id); err != nil {
		return err
	}
	if err := drop(tx, room, id); err != nil {
		return err
	}
	if err := callTakenBack(tx, e, now); err != nil {
		return err
	}
	if err := callEditTakenBack(tx, e, now); err != nil {
		return err
	}
	e = chat.Event{Kind: e.Kind, Message: chat.Message{Ref: e.Message.Ref}, By: chat.Person{ID: e.By.ID}, At: e.At}
	return r.perhapsOurs(tx, e, now)
}

// editTakenBack removes the words of one edit of a person's message, where
// edits are events that can be deleted alone. Nobody knows any more in which
// mirrors they stand, so all of them are made anew; and if they are what the
// message showed, nobody knows what it shows now: the annotation is gone until
// its writer edits it again.
func (r *Relay) editTakenBack(tx *store.Tx, thing store.Thing, c store.Copy, edit string, now time.Time) error {
	room := c.Ref.Place.Room
	if err := tx.PutTombstone(room, edit); err != nil {
		return err
	}
	newest := c.Old[len(c.Old)-1].ID == edit
	c.Old = slices.DeleteFunc(c.Old, func(o chat.Ref) bool { return o.ID == edit })
	if err := tx.PutCopy(thing, room, c); err != nil {
		return err
	}
	if newest {
		return eraseID(tx, thing.Annotation(), now, now)
	}
	return anew(tx, thing.Annotation(), now)
}

// anew has all mirrors of an annotation deleted and posted again, whole: as a reply,
// not as an edit, which makes do with the messages that there are.
func anew(tx *store.Tx, id discussion.AnnotationID, now time.Time) error {
	a, err := tx.Annotation(id)
	if err != nil {
		return err
	}
	if err := tx.NamedNoMore(id); err != nil {
		return err
	}
	thing := store.AnnotationThing(id)
	rooms, err := tx.AllCopies(thing)
	if err != nil {
		return err
	}
	for _, room := range inOrder(rooms) {
		n := need{thing: thing, room: room}
		for _, c := range rooms[room] {
			switch {
			case c.Mark != "" || c.Ref.As == "" && !c.InFlight():
				continue
			case c.InFlight():
				c.Verb = chat.Delete
			default:
				c = n.begin(c, chat.Delete).Copy
				c.Began = now
			}
			if err := tx.PutCopy(thing, room, c); err != nil {
				return err
			}
			if err := tx.Stale(thing, room, a.Under, store.ClassReply, now); err != nil {
				return err
			}
		}
	}
	return nil
}

func orNow(at, now time.Time) time.Time {
	if at.IsZero() {
		return now
	}
	return at
}

// notAfter is the time at which something happened that is heard of now, whatever
// the clock of its network says.
func notAfter(at, now time.Time) time.Time {
	if at.After(now) {
		return now
	}
	return at
}
