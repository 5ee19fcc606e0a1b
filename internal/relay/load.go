package relay

import (
	"cmp"
	"errors"
	"slices"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// errParked says that a thing cannot be shown yet: the post above it does not
// stand in the room.
var errParked = errors.New("the post above it does not stand in this room")

// load reads what there is to say about a thing and what its room adds, or
// returns errParked. The copies are those that stand in the room.
func (r *Relay) load(tx *store.Tx, d store.Delivery, have []store.Copy) (Words, View, error) {
	w := Words{Thing: d.Thing}
	v := View{Room: d.Room, Language: r.Language(d.Room), Profile: r.platforms[d.Room.Platform].Profile(), Reader: r.c.Reader, Place: chat.Place{Room: d.Room}}
	v.Largest = min(r.c.Largest, v.Profile.Files)
	for _, c := range have {
		if c.Mark == "" && !c.Ref.IsZero() {
			if c.Part < store.FirstFile {
				v.Parts++
			} else {
				v.Files = append(v.Files, c.Part-store.FirstFile)
			}
			v.Own = v.Own || c.Ref.As == ""
		}
		if c.Mark == store.ThreadMark && !c.Ref.IsZero() {
			v.Thread = c.Ref.Place
		}
	}
	v.Worded = need{have: have}.copy(0, "").Seq > 0
	v.FileFirst = !v.Worded && slices.ContainsFunc(have, func(c store.Copy) bool { return c.Part >= store.FirstFile })
	var err error
	switch {
	case d.Thing.Passage() != "":
		err = loadPassage(tx, d, have, &w, &v)
		if err == nil && !v.Flat {
			v.Flat, err = r.isFlat(tx, d.Room)
		}
	case d.Thing.Annotation() != "":
		err = loadAnnotation(tx, d, &w, &v)
	default:
		w.Note, err = tx.Note(d.Thing.Note())
		if w.Note.Place.Room == d.Room {
			v.Place, v.Thread, v.ReplyTo = w.Note.Place, w.Note.Place, w.Note.ReplyTo
		}
	}
	if err == nil && v.Profile.Reactions {
		w.Reactions, err = OpinionsOn(tx, d.Thing)
	}
	return w, v, err
}

func loadPassage(tx *store.Tx, d store.Delivery, have []store.Copy, w *Words, v *View) error {
	var of discussion.ID
	var err error
	if w.Passage, of, w.Total, err = tx.Passage(d.Thing.Passage()); err != nil {
		return err
	}
	if w.Discussion, err = tx.Head(of); err != nil {
		return err
	}
	if w.Document, _, err = tx.Document(w.Passage.Document); err != nil {
		return err
	}
	if source := w.Document.Target.Source; source != "" {
		of, _, err := tx.Document(source)
		if err = ignoreMissing(err); err != nil {
			return err
		}
		w.About = aboutOf(w.Document, w.Passage, of)
	}
	if at, stands := standsIn(have); stands {
		v.Place.Thread = at
	} else if d.Thread != "" {
		v.Place, err = placeUnder(tx, d.Thread, d.Room)
	}
	if v.Place.Thread != "" {
		v.Thread = v.Place
	} else if err == nil && w.Document.Target.Source != "" {
		v.ReplyTo, v.Flat, err = answersPost(tx, w.Passage, d.Room)
	}
	return err
}

// placeUnder is the thread of passage p, or errParked while it may still come.
// Where it will not, since p was refused or removed, it is the room itself: an
// excerpt is a post of its own there.
func placeUnder(tx *store.Tx, p discussion.PassageID, room chat.Room) (chat.Place, error) {
	place, _, err := threadIn(tx, p, room)
	if !errors.Is(err, errParked) {
		return place, err
	}
	if coming, err := threaded(tx, p, room); coming || err != nil {
		return chat.Place{}, cmp.Or(err, errParked)
	}
	copies, err := tx.Copies(store.PassageThing(p), room)
	if err == nil && slices.ContainsFunc(copies, store.Copy.InFlight) {
		err = errParked
	}
	return chat.Place{Room: room}, err
}

// standsIn is the thread of another passage in which a passage stands, or is on
// its way to, "" if it is a post of its own.
func standsIn(have []store.Copy) (thread string, stands bool) {
	for _, c := range have {
		switch {
		case c.Mark == store.ThreadMark:
			return "", true
		case c.Part == 0 && c.Mark == "" && c.Ref != (chat.Ref{}):
			thread, stands = threadAround(c.Ref), true
		}
	}
	return thread, stands
}

// threadAround is the thread in which a message stands, "" if it stands in none
// or begins it.
func threadAround(ref chat.Ref) string {
	if ref.Place.Thread == ref.ID {
		return ""
	}
	return ref.Place.Thread
}

func loadAnnotation(tx *store.Tx, d store.Delivery, w *Words, v *View) error {
	var err error
	if w.Annotation, err = tx.Annotation(d.Thing.Annotation()); err != nil || w.Annotation.Gone() {
		return err
	}
	if v.Own {
		w.Dead, err = diedElsewhere(tx, w.Annotation.ID, d.Room)
		return err
	}
	if v.Thread, v.ReplyTo, err = threadIn(tx, w.Annotation.Under, d.Room); err != nil {
		return err
	}
	v.Place = v.Thread
	if w.Creator, err = tx.Person(w.Annotation.Creator); err != nil {
		return err
	}
	w.Discussion.ID = w.Annotation.Discussion
	if w.Annotation.Target.Annotation != "" {
		answers, err := answerable(tx, w.Annotation.Target.Annotation, d.Room)
		if err != nil {
			return err
		}
		v.ReplyTo = cmp.Or(answers, v.ReplyTo)
	}
	v.Later, err = outgrown(tx, d, *w, *v)
	return err
}

// threadIn finds the thread of a passage in a room, or errParked. That of an
// excerpt which stands in another's thread is that one, and what is said about
// it answers its message, or nothing once somebody removed that. Likewise where a
// post has no thread the main timeline is.
func threadIn(tx *store.Tx, p discussion.PassageID, room chat.Room) (thread chat.Place, answers chat.Ref, err error) {
	copies, err := tx.Copies(store.PassageThing(p), room)
	for _, c := range copies {
		if c.Mark == store.ThreadMark && !c.InFlight() && !c.Ref.IsZero() {
			if c.Ref.Place.Thread == "" {
				answers, err = aboveFlat(copies)
			}
			return c.Ref.Place, answers, err
		}
	}
	for _, c := range copies {
		if stoodUnder(c) && (!c.Ref.IsZero() || c.Hash == struck) && (!c.InFlight() || c.Verb == chat.Edit) {
			if !c.Ref.IsZero() {
				answers = c.Ref
			}
			return c.Ref.Place, answers, err
		}
	}
	if err == nil {
		err = errParked
	}
	return chat.Place{}, chat.Ref{}, err
}

// stoodUnder reports whether a copy is the first message of an excerpt in the
// thread of another passage, or was before somebody removed it.
func stoodUnder(c store.Copy) bool {
	return c.Part == 0 && c.Mark == "" && threadAround(c.Ref) != ""
}

// answerable finds the message of an annotation that can be answered in a room,
// or a zero Ref.
func answerable(tx *store.Tx, id discussion.AnnotationID, room chat.Room) (chat.Ref, error) {
	ref, err := standing(tx, store.AnnotationThing(id), room)
	if err != nil || ref.IsZero() {
		return ref, err
	}
	a, err := tx.Annotation(id)
	if err != nil || !a.Deleted.IsZero() || a.Hidden && ref.As != "" {
		return chat.Ref{}, err
	}
	return ref, nil
}

// standing finds the first message of a thing in a room, or a zero Ref.
func standing(tx *store.Tx, t store.Thing, room chat.Room) (chat.Ref, error) {
	copies, err := tx.Copies(t, room)
	if c := (need{have: copies}).first(); c.Verb != chat.Post && c.Verb != chat.Delete {
		return c.Ref, err
	}
	return chat.Ref{}, err
}

// outgrown reports whether an annotation that stood in the room as a whole now
// needs more messages than it has, and something newer stands behind it, as in a
// main timeline something always may.
func outgrown(tx *store.Tx, d store.Delivery, w Words, v View) (bool, error) {
	if v.Parts == 0 || d.Class < store.ClassEdit || len(Render(w, v)) <= v.Parts {
		return false, nil
	}
	if v.Place.Thread == "" {
		return true, nil
	}
	all, err := tx.AnnotationsUnder(w.Annotation.Under)
	if err != nil {
		return false, err
	}
	at := slices.IndexFunc(all, func(a discussion.Annotation) bool { return a.ID == w.Annotation.ID })
	for _, a := range all[at+1:] {
		ref, err := standing(tx, store.AnnotationThing(a.ID), d.Room)
		if err != nil || !ref.IsZero() {
			return true, err
		}
	}
	return false, nil
}
