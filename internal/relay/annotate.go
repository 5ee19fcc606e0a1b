package relay

import (
	"errors"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// Remark is what somebody has the bot say where a message of their own would
// else say it.
type Remark struct {
	Call  chat.Ref // what it was made by, which names it
	Typed bool     // that is a message: who deletes it takes the remark back
	By    chat.Person
	On    store.Thing         // a passage, or a remark under one that it answers
	At    discussion.Selector // the words that it is about; zero: the passage as a whole
	Body  format.Doc
	Via   string
}

// Annotate records a remark as if it had been said in the passage's thread, and
// has it said in the threads of all rooms that show the passage, the one of the
// call, too. A call makes one: when it is run again, it is told what became of that.
func Annotate(tx *store.Tx, m Remark, now time.Time) (discussion.Annotation, error) {
	a, err := tx.Annotation(annotationBy(m.Call))
	if !errors.Is(err, store.ErrNotFound) {
		return a, err
	}
	about, err := aboutThing(tx, m.On)
	if err != nil {
		return a, err
	}
	who, err := tx.PutPerson(m.Call.Place.Room.Platform, m.By)
	if err != nil {
		return a, err
	}
	if m.Body, err = bodyOf(tx, chat.Message{Ref: m.Call, Body: m.Body}); err != nil {
		return a, err
	}
	a = discussion.Annotation{
		ID: annotationBy(m.Call), Discussion: about.discussion, Under: about.passage.ID, Creator: who.ID,
		Target: discussion.Target{Source: about.document.ID, Annotation: about.answers, Selector: m.At},
		Body:   m.Body, Motivation: about.motivation(m.Body), Via: m.Via, Created: now.UTC(),
	}
	if m.At == (discussion.Selector{}) {
		a.Target.Selector = about.whole()
	}
	if err := tx.PutAnnotation(a); err != nil {
		return a, err
	}
	if m.Typed {
		if err := tx.PutCopy(store.AnnotationThing(a.ID), m.Call.Place.Room, store.Copy{Mark: store.CallMark, Ref: m.Call}); err != nil {
			return a, err
		}
	}
	return a, mirror(tx, a, chat.Room{}, now)
}

// annotationBy names the annotation that a message or call makes.
func annotationBy(at chat.Ref) discussion.AnnotationID {
	return discussion.AnnotationID(discussion.Derive("annotation", at.Place.Room.String(), at.ID))
}

// AnnotationBy is what a call made by Annotate, or store.ErrNotFound.
func AnnotationBy(tx *store.Tx, call chat.Ref) (discussion.Annotation, error) {
	return tx.Annotation(annotationBy(call))
}

func aboutThing(tx *store.Tx, on store.Thing) (about, error) {
	if on.Annotation() != "" {
		return answering(tx, on.Annotation())
	}
	return aboutPassage(tx, on.Passage())
}

// Retract takes back a remark that Annotate made, for whoever made it. It reports
// false of one that is a message of theirs: that goes when they delete it.
func Retract(tx *store.Tx, a discussion.Annotation, now time.Time) (bool, error) {
	rooms, err := tx.AllCopies(store.AnnotationThing(a.ID))
	if err != nil {
		return false, err
	}
	for _, room := range inOrder(rooms) {
		for _, c := range rooms[room] {
			if isOwn(c) && !c.InFlight() {
				return false, nil
			}
		}
	}
	if err := bury(tx, a.ID); err != nil { // else an edit of the call would bring it back
		return false, err
	}
	return true, erase(tx, a, now, now, store.ClassPost)
}

// callTakenBack takes back the remark that a call made which was typed and is
// deleted now, if it made one.
func callTakenBack(tx *store.Tx, e chat.Event, now time.Time) error {
	a, err := AnnotationBy(tx, e.Message.Ref)
	if err != nil {
		return ignoreMissing(err)
	}
	return erase(tx, a, orNow(e.At, now), now, store.ClassPost)
}
