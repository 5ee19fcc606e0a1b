package relay

import (
	"errors"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// Remark is what somebody has the bot say where a message of their own would
// else say it.
type Remark struct {
	Call    chat.Ref  // what it was made by, which names it
	Typed   bool      // that is a message: who deletes it takes the remark back
	Revised time.Time // the edit of that message which has these words; zero: none
	Edits   []string  // the events of such edits, see [chat.Call]
	By      chat.Person
	On      store.Thing         // a passage, or a remark under one that it answers
	At      discussion.Selector // the words that it is about; zero: the passage as a whole
	Body    format.Doc
	Files   []chat.File
	Via     string
}

// Current reports whether a call that is run is to have its effect yet: its message
// was not edited meanwhile, nor was the edit taken back whose words it has.
func Current(tx *store.Tx, c chat.Call) (bool, error) {
	if !c.Typed {
		return true, nil
	}
	open, err := tx.OpenCall(c.Ref)
	return err == nil && open.Revised.Equal(c.Revised), ignoreMissing(err)
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
		Body:   m.Body, Files: filesOf(nil, chat.Message{Files: m.Files}), Motivation: about.motivation(m.Body), Via: m.Via,
		Created: now.UTC(), Modified: m.Revised.UTC(),
	}
	if m.At == (discussion.Selector{}) {
		a.Target.Selector = about.whole()
	}
	if err := tx.PutAnnotation(a); err != nil {
		return a, err
	}
	if m.Typed {
		c := store.Copy{Mark: store.CallMark, Ref: m.Call}
		for _, id := range m.Edits {
			c.Old = append(c.Old, chat.Ref{Place: m.Call.Place, ID: id})
		}
		if err := tx.PutCopy(store.AnnotationThing(a.ID), m.Call.Place.Room, c); err != nil {
			return a, err
		}
	}
	if err := ReadOn(tx, a.Under, m.Call.Place.Room); err != nil {
		return a, err
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

// Annotates is the name of the command that calls Annotate, and Amend when the
// message that it was typed in is edited.
const Annotates = "annotate"

// callEdited has a remark made anew by the words that the call which made it has now,
// or takes it back if it is none any more; and reports whether the edit is of a call.
// One that was not run yet is run with its new words alone.
func (r *Relay) callEdited(tx *store.Tx, e chat.Event, now time.Time) (bool, error) {
	if dead, err := tx.Tombstoned(e.Message.Ref.Place.Room, e.Own); e.Own != "" && (dead || err != nil) {
		return true, err
	}
	a, err := AnnotationBy(tx, e.Message.Ref)
	if errors.Is(err, store.ErrNotFound) {
		return e.Call != nil, editOpen(tx, e, now)
	}
	if err != nil {
		return false, err
	}
	mine, err := Wrote(tx, e.By, e.Message.Ref.Place.Room.Platform, a)
	if !mine || err != nil || !e.Revised.After(a.Modified) {
		return true, err
	}
	open, err := tx.OpenCall(e.Message.Ref)
	if ignoreMissing(err) != nil || err == nil && !e.Revised.After(open.Revised) {
		return true, ignoreMissing(err)
	}
	if err := noteEdit(tx, a.ID, e); err != nil {
		return true, err
	}
	if e.Call == nil || e.Call.Name != Annotates {
		return true, Unsay(tx, a, e.Revised, now)
	}
	call := *e.Call
	copies, err := tx.Copies(store.AnnotationThing(a.ID), call.Ref.Place.Room)
	if i := slices.IndexFunc(copies, func(c store.Copy) bool { return c.Mark == store.CallMark && c.Ref.ID == call.Ref.ID }); i >= 0 {
		call.Ref = copies[i].Ref // an edit may not tell the thread
	}
	if err != nil {
		return true, err
	}
	call.Files, call.Revised = e.Message.Files, e.Revised
	return true, tx.ReopenCall(call, now)
}

// noteEdit keeps the event by which a call was edited, where there is one.
func noteEdit(tx *store.Tx, id discussion.AnnotationID, e chat.Event) error {
	thing, room := store.AnnotationThing(id), e.Message.Ref.Place.Room
	copies, err := tx.Copies(thing, room)
	i := slices.IndexFunc(copies, func(c store.Copy) bool { return c.Mark == store.CallMark && c.Ref.ID == e.Message.Ref.ID })
	if err != nil || i < 0 || e.Own == "" {
		return err
	}
	c := copies[i]
	c.Old = append(c.Old, chat.Ref{Place: c.Ref.Place, ID: e.Own})
	return tx.PutCopy(thing, room, c)
}

// callEditTakenBack takes back the remark of a call whose newest edit was deleted
// alone, as an edit of a reply: nobody knows what the message shows now. Of an
// older one all mirrors are made anew: their history may hold its words.
func callEditTakenBack(tx *store.Tx, e chat.Event, now time.Time) error {
	room, id := e.Message.Ref.Place.Room, e.Message.Ref.ID
	thing, c, err := tx.CallOfEdit(room, id)
	if errors.Is(err, store.ErrNotFound) {
		return openEditTakenBack(tx, room, id, now)
	}
	if err != nil {
		return err
	}
	newest := c.Old[len(c.Old)-1].ID == id
	c.Old = slices.DeleteFunc(c.Old, func(o chat.Ref) bool { return o.ID == id })
	if err := tx.PutCopy(thing, room, c); err != nil {
		return err
	}
	if !newest {
		return anew(tx, thing.Annotation(), now)
	}
	a, err := tx.Annotation(thing.Annotation())
	if err != nil {
		return err
	}
	if err := tx.CloseCall(c.Ref); err != nil { // its words are not to be answered any more
		return err
	}
	return erase(tx, a, orNow(e.At, now), now, store.ClassPost)
}

// editOpen gives a call that waits to be run its new words. One that is no such
// command any more is closed for good: edited back, it does nothing.
func editOpen(tx *store.Tx, e chat.Event, now time.Time) error {
	c, err := tx.OpenCall(e.Message.Ref)
	if err != nil || c.Name != Annotates || c.By.ID != e.By.ID || !e.Revised.After(c.Revised) {
		return ignoreMissing(err)
	}
	if e.Call == nil || e.Call.Name != Annotates {
		return tx.CloseCall(c.Ref)
	}
	c.Args, c.Text, c.Files, c.Revised = e.Call.Args, e.Call.Text, e.Message.Files, e.Revised
	if e.Own != "" {
		c.Edits = append(c.Edits, e.Own)
	}
	return tx.ReopenCall(c, now)
}

// openEditTakenBack closes a call that waits to be run with the words of an edit that
// was deleted alone. One that was edited again after that is run.
func openEditTakenBack(tx *store.Tx, room chat.Room, id string, now time.Time) error {
	open, err := tx.OpenCalls()
	if err != nil {
		return err
	}
	for _, c := range open {
		at := slices.Index(c.Edits, id)
		switch {
		case at < 0 || c.Ref.Place.Room != room:
			continue
		case at == len(c.Edits)-1:
			return tx.CloseCall(c.Ref)
		}
		c.Edits = slices.Delete(c.Edits, at, at+1)
		return tx.ReopenCall(c, now)
	}
	return nil
}

// Amend gives a remark that Annotate made the words that its call has since an edit;
// one that was taken back by an edit stands again. It answers what it did, and
// reports false of words about another passage: it cannot go there.
func Amend(tx *store.Tx, a discussion.Annotation, m Remark, now time.Time) (bool, error) {
	to, err := aboutThing(tx, m.On)
	if err != nil || to.passage.ID != a.Under {
		return false, err
	}
	about, err := aboutAnnotation(tx, a)
	if err != nil {
		return false, err
	}
	back := !a.Deleted.IsZero()
	if err := inWordsOf(tx, &a, chat.Message{Ref: m.Call, Body: m.Body}); err != nil {
		return false, err
	}
	a.Files = filesOf(a.Files, chat.Message{Files: m.Files})
	a.Motivation, a.Modified, a.Deleted = about.motivation(a.Body), m.Revised.UTC(), time.Time{}
	if a.Target.Selector = m.At; m.At == (discussion.Selector{}) {
		a.Target.Selector = about.whole()
	}
	if err := tx.PutAnnotation(a); err != nil {
		return false, err
	}
	if back {
		return true, restore(tx, a, chat.Room{}, now)
	}
	return true, remirror(tx, a, chat.Room{}, now)
}

// Unsay takes back a remark whose call makes none any more since an edit. Another
// edit may bring it back.
func Unsay(tx *store.Tx, a discussion.Annotation, revised, now time.Time) error {
	a.Modified = revised.UTC()
	return erase(tx, a, revised, now, store.ClassPost)
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
