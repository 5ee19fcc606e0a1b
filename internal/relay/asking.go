package relay

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/store"
)

// Where the words that a remark quotes stand at several places as good, its
// writer is asked which one is meant: by a note in reply to it, once. Whatever
// settles it takes the note back: an answer, a command, an edit, a deletion.
const (
	Question = "question" // the Kind of the note that asks

	mostAsked = 6         // places that a question offers; words that stand at more point nowhere
	mostOpen  = 3         // questions in a place; of more than that the newest
	askWithin = time.Hour // after it was said: what an outage kept back is not asked about
)

// questionOn names the question about an annotation.
func questionOn(id discussion.AnnotationID) discussion.NoteID {
	return discussion.NoteID(discussion.Derive("question", string(id)))
}

// ask asks which of several places an annotation means, that of the message
// at; if there is nothing to ask it takes back what it asked before. A question
// that was settled is not put again.
func (b about) ask(tx *store.Tx, in lang.Language, a discussion.Annotation, several []discussion.Selector, at chat.Ref, said, now time.Time) error {
	body := b.question(in, several)
	n, err := tx.Note(questionOn(a.ID))
	switch {
	case err == nil && n.Body.Empty():
		return nil
	case err == nil:
		return reword(tx, n, a.Under, body, now)
	case !errors.Is(err, store.ErrNotFound):
		return err
	case body.Empty() || b.answers != "" || now.Sub(said) > askWithin:
		return nil
	}
	if err := makeRoom(tx, a.Discussion, at.Place, now); err != nil {
		return err
	}
	n = store.Note{ID: questionOn(a.ID), Kind: Question, Discussion: a.Discussion, Body: body, Place: at.Place, ReplyTo: at, Created: said}
	if err := tx.PutNote(n); err != nil {
		return err
	}
	return tx.Stale(store.NoteThing(n.ID), at.Place.Room, a.Under, store.ClassAnswer, now)
}

// makeRoom takes back the oldest questions of a place, so that one more may be
// asked there.
func makeRoom(tx *store.Tx, d discussion.ID, p chat.Place, now time.Time) error {
	open, err := questionsAt(tx, d, p)
	if err != nil {
		return err
	}
	for _, n := range open[min(len(open), mostOpen-1):] {
		a, err := askedAbout(tx, n)
		if err != nil {
			return err
		}
		if err := reword(tx, n, a.Under, format.Doc{}, now); err != nil {
			return err
		}
	}
	return nil
}

// askedAbout is the annotation that a question is about; its ID is "" if that
// is not known. Outside threads, the questions of a place are about several
// passages.
func askedAbout(tx *store.Tx, n store.Note) (a discussion.Annotation, err error) {
	thing, err := thingAt(tx, n.Place.Room, n.ReplyTo.ID)
	if err != nil || thing.Annotation() == "" {
		return a, err
	}
	return tx.Annotation(thing.Annotation())
}

// questionsAt are the open questions of a place, the newest first.
func questionsAt(tx *store.Tx, d discussion.ID, p chat.Place) ([]store.Note, error) {
	open, err := tx.Notes(d, Question)
	return slices.DeleteFunc(open, func(n store.Note) bool { return n.Place != p }), err
}

// unask takes back what was asked about an annotation.
func unask(tx *store.Tx, a discussion.Annotation, now time.Time) error {
	n, err := tx.Note(questionOn(a.ID))
	if err != nil {
		return ignoreMissing(err)
	}
	return reword(tx, n, a.Under, format.Doc{}, now)
}

// reword gives a note of a thread other words.
func reword(tx *store.Tx, n store.Note, under discussion.PassageID, body format.Doc, now time.Time) error {
	if n.Body.Text == body.Text {
		return nil
	}
	if err := tx.RewordNote(n.ID, body); err != nil {
		return err
	}
	return tx.Stale(store.NoteThing(n.ID), n.Place.Room, under, store.ClassAnswer, now)
}

// question is how a choice between places is put, without words if there is
// none to put.
func (b about) question(in lang.Language, places []discussion.Selector) format.Doc {
	if len(places) < 2 || len(places) > mostAsked {
		return format.Doc{}
	}
	d := format.Doc{}.Add(format.Block{Kind: format.Paragraph},
		in.Sprintf("The words that you quote stand at %d places. Which one do you mean?", len(places)))
	d = List(d, b.document, places)
	d = d.Add(numbered(len(places)+1), in.Sprintf("the passage as a whole"))
	return d.Add(format.Block{Kind: format.Paragraph}, in.Sprintf("Answer with the number. Until then it is the passage as a whole."))
}

// List adds places of a document to a text, numbered, each on a line.
func List(d format.Doc, of discussion.Document, places []discussion.Selector) format.Doc {
	for i, s := range places {
		g := of.Glimpse(s)
		d = d.Add(numbered(i+1), g.String())
		if line := d.Blocks[len(d.Blocks)-1]; g.Words != "" && d.Text[line.Start:line.End] == g.String() {
			start := line.Start + len(g.Before)
			d.Spans = append(d.Spans[:len(d.Spans):len(d.Spans)], format.Span{Kind: format.Strong, Start: start, End: start + len(g.Words)})
		}
	}
	return d
}

func numbered(n int) format.Block {
	return format.Block{Kind: format.List, Level: 1, Marker: strconv.Itoa(n) + "."}
}

// heardChoice takes a number alone that answers a question as the choice of
// its place, if it is the writer who answers. In reply to a question it is no
// remark, whoever says it and whatever the number is; anything with a file is
// one. A choice stays one when it is told again, until it is edited into words.
func (r *Relay) heardChoice(tx *store.Tx, e chat.Event, now time.Time) (heard bool, err error) {
	n, ok := numberAlone(e.Message.Body.Text)
	if !ok || len(e.Message.Files) > 0 {
		return false, nil
	}
	a, expressly, err := asksAbout(tx, e.Message)
	if err != nil || a.ID == "" {
		return false, err
	}
	aim, err := AimOf(tx, a)
	if err != nil {
		return false, err
	}
	to, offered := aim.Choice(n)
	if !offered && !expressly {
		return false, nil
	}
	if err := r.unsaid(tx, e, a.ID, now); err != nil {
		return true, err
	}
	mine, err := Wrote(tx, e.Message.From, e.Message.Ref.Place.Room.Platform, a)
	if err != nil || !mine || !offered {
		return true, err
	}
	if q, err := tx.Note(questionOn(a.ID)); err != nil || q.Body.Empty() {
		return true, err
	}
	return true, Move(tx, a, to, now)
}

// unsaid records a choice as a reply to what it is about whose words were taken
// back: what the choice may be edited into is then a remark like any other.
func (r *Relay) unsaid(tx *store.Tx, e chat.Event, to discussion.AnnotationID, now time.Time) error {
	about, err := answering(tx, to)
	if err != nil {
		return err
	}
	a, err := r.annotation(tx, about, e, now)
	if err != nil {
		return err
	}
	a.Body, a.Files, a.Deleted = format.Doc{}, nil, a.Created
	a.Target = discussion.Target{Source: about.document.ID, Annotation: to, Selector: about.whole()}
	if err := tx.PutAnnotation(a); err != nil {
		return err
	}
	return tx.PutCopy(store.AnnotationThing(a.ID), e.Message.Ref.Place.Room, store.Copy{Ref: e.Message.Ref})
}

// isUnsaid reports whether unsaid recorded an annotation, and nothing was said
// in its place since: its words were gone as it was made.
func isUnsaid(a discussion.Annotation) bool {
	return !a.Deleted.IsZero() && a.Deleted.Equal(a.Created)
}

// choosesAnew takes the edit of a choice into another number as the choice of
// that place, once.
func choosesAnew(tx *store.Tx, choice discussion.Annotation, e chat.Event, now time.Time) (heard bool, err error) {
	n, ok := numberAlone(e.Message.Body.Text)
	if !ok || len(e.Message.Files) > 0 || !isUnsaid(choice) {
		return false, nil
	}
	if !e.Revised.After(choice.Modified) {
		return true, nil
	}
	choice.Modified = e.Revised.UTC()
	if err := tx.PutAnnotation(choice); err != nil {
		return true, err
	}
	a, err := tx.Annotation(choice.Target.Annotation)
	if err != nil || a.Creator != choice.Creator {
		return true, err
	}
	aim, err := AimOf(tx, a)
	if err != nil {
		return true, err
	}
	to, offered := aim.Choice(n)
	if !offered {
		return true, nil
	}
	return true, Move(tx, a, to, now)
}

// numberAlone reads "2", "2." and the like.
func numberAlone(text string) (n int, ok bool) {
	n, err := strconv.Atoi(strings.Trim(text, " \n#.)("))
	return n, err == nil && n > 0 && n < 100
}

// asksAbout is the annotation that a message answers a question about,
// expressly if it is a reply to that; its ID is "" if it answers none. Who
// replies to nothing, in a thread, answers what they were asked there last; so
// does who replies to what is not known, while that question is being posted.
func asksAbout(tx *store.Tx, m chat.Message) (a discussion.Annotation, expressly bool, err error) {
	room, to := m.Ref.Place.Room, m.ReplyTo.ID
	if to != "" {
		thing, err := ownAt(tx, room, to)
		if err == nil {
			return askedBy(tx, thing, chat.Ref{Place: m.Ref.Place, ID: to})
		}
		if !errors.Is(err, store.ErrNotFound) {
			return a, false, err
		}
	}
	asked, err := Asked(tx, m.Ref.Place, m.From)
	if err != nil || len(asked) == 0 {
		return a, false, err
	}
	if to != "" {
		posting, err := beingAsked(tx, asked[0], room)
		if err != nil || !posting {
			return a, false, err
		}
	}
	return asked[0], false, nil
}

// askedBy is the annotation that the message at asks about, if it is a question.
func askedBy(tx *store.Tx, shown store.Thing, at chat.Ref) (a discussion.Annotation, is bool, err error) {
	if shown.Note() == "" {
		return a, false, nil
	}
	about, err := thingAt(tx, at.Place.Room, at.ID)
	if err != nil || about.Annotation() == "" || shown != store.NoteThing(questionOn(about.Annotation())) {
		return a, false, err
	}
	a, err = tx.Annotation(about.Annotation())
	return a, true, err
}

// beingAsked reports whether the question about an annotation is on its way to
// a room, so that nobody knows yet which message it is.
func beingAsked(tx *store.Tx, a discussion.Annotation, room chat.Room) (bool, error) {
	copies, err := tx.Copies(store.NoteThing(questionOn(a.ID)), room)
	return slices.ContainsFunc(copies, func(c store.Copy) bool { return c.Verb == chat.Post }), err
}

// Asked are the remarks about which someone is being asked in a thread, the
// newest question first.
func Asked(tx *store.Tx, p chat.Place, who chat.Person) ([]discussion.Annotation, error) {
	thing, err := About(tx, chat.Ref{Place: p})
	if err != nil || thing == "" {
		return nil, err
	}
	of, err := discussionOf(tx, thing)
	if err != nil {
		return nil, err
	}
	open, err := questionsAt(tx, of, p)
	if err != nil {
		return nil, err
	}
	var mine []discussion.Annotation
	for _, n := range open {
		a, err := askedAbout(tx, n)
		if err != nil {
			return nil, err
		}
		if a.ID == "" {
			continue
		}
		if wrote, err := Wrote(tx, who, p.Room.Platform, a); err != nil {
			return nil, err
		} else if wrote {
			mine = append(mine, a)
		}
	}
	return mine, nil
}

func discussionOf(tx *store.Tx, t store.Thing) (discussion.ID, error) {
	if t.Annotation() != "" {
		a, err := tx.Annotation(t.Annotation())
		return a.Discussion, err
	}
	_, of, _, err := tx.Passage(t.Passage())
	return of, err
}
