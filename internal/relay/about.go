package relay

import (
	"errors"
	"slices"
	"strings"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// about is what a reply is about: a passage, and perhaps an annotation in its
// thread.
type about struct {
	discussion discussion.ID
	passage    discussion.Passage
	document   discussion.Document
	answers    discussion.AnnotationID
}

// About is the passage or annotation that a message shows, or in whose thread
// it stands; "" if it is neither. A ref without an ID is a place alone.
func About(tx *store.Tx, ref chat.Ref) (store.Thing, error) {
	room, thread := ref.Place.Room, ref.Place.Thread
	for _, look := range []func() (store.Thing, error){
		func() (store.Thing, error) { return thingAt(tx, room, ref.ID) },
		func() (store.Thing, error) { return threadOf(tx, ref.Place) },
		func() (store.Thing, error) { return thingAt(tx, room, thread) }, // a thread that is free, under a message of ours
		func() (store.Thing, error) { return ownTalkIn(tx, ref.Place) },  // under one that was removed since
	} {
		thing, err := look()
		if err != nil || thing.Passage() != "" || thing.Annotation() != "" {
			return thing, err
		}
	}
	return "", nil
}

// ownTalkIn is the passage about which people talk in a thread that is none of ours, ""
// if they do not.
func ownTalkIn(tx *store.Tx, p chat.Place) (store.Thing, error) {
	if p.Thread == "" {
		return "", nil
	}
	under, err := tx.TalkIn(p)
	if err != nil || under == "" {
		return "", ignoreMissing(err)
	}
	return store.PassageThing(under), nil
}

// whatAbout finds what a message is about: what it answers, or else the
// passage or annotation in whose thread it stands. store.ErrNotFound means
// nothing of ours.
func whatAbout(tx *store.Tx, m chat.Message) (about, error) {
	thing, err := About(tx, chat.Ref{Place: m.Ref.Place, ID: m.ReplyTo.ID})
	switch {
	case err != nil:
		return about{}, err
	case thing.Passage() != "":
		return aboutPassage(tx, thing.Passage())
	case thing.Annotation() != "":
		return answering(tx, thing.Annotation())
	}
	return about{}, store.ErrNotFound
}

// thingAt is the thing that a message shows, or showed; "" if it is nothing of ours.
// What the bot says about a message shows what that does.
func thingAt(tx *store.Tx, room chat.Room, id string) (store.Thing, error) {
	if id == "" {
		return "", nil
	}
	thing, err := ownAt(tx, room, id)
	if err != nil || thing.Note() == "" {
		return thing, ignoreMissing(err)
	}
	n, err := tx.Note(thing.Note())
	if err != nil || !slices.Contains([]string{Question, Hinted, Closed}, n.Kind) {
		return thing, err
	}
	return thingAt(tx, room, n.ReplyTo.ID)
}

// ownAt is the thing that a message shows itself, or showed before it was gone, or
// store.ErrNotFound.
func ownAt(tx *store.Tx, room chat.Room, id string) (store.Thing, error) {
	thing, _, err := tx.CopyAt(room, id)
	if errors.Is(err, store.ErrNotFound) {
		thing, err = tx.GoneAt(room, id)
	}
	return thing, err
}

// leaves keeps what a message of ours in the main timeline shows before it goes: of
// what people answered meanwhile no thread tells that, and it may be heard later.
func leaves(tx *store.Tx, thing store.Thing, ref chat.Ref) error {
	if ref.ID == "" || ref.As == "" || ref.Place.Thread != "" {
		return nil
	}
	about, err := thingAt(tx, ref.Place.Room, ref.ID)
	if err != nil || about.Passage() == "" && about.Annotation() == "" {
		return err
	}
	return tx.PutGone(ref.Place.Room, ref.ID, thing)
}

// threadOf is the thing whose thread p is, "" if it is none of ours.
func threadOf(tx *store.Tx, p chat.Place) (store.Thing, error) {
	if p.Thread == "" {
		return "", nil
	}
	thing, err := tx.ThingOf(p)
	return thing, ignoreMissing(err)
}

func aboutPassage(tx *store.Tx, id discussion.PassageID) (about, error) {
	p, of, _, err := tx.Passage(id)
	if err != nil {
		return about{}, err
	}
	document, _, err := tx.Document(p.Document)
	return about{discussion: of, passage: p, document: document}, err
}

func answering(tx *store.Tx, id discussion.AnnotationID) (about, error) {
	a, err := tx.Annotation(id)
	if err != nil {
		return about{}, err
	}
	found, err := aboutPassage(tx, a.Under)
	found.answers = id
	return found, err
}

// aboutAnnotation is what an annotation that is known already is about.
func aboutAnnotation(tx *store.Tx, a discussion.Annotation) (about, error) {
	found, err := aboutPassage(tx, a.Under)
	found.answers = a.Target.Annotation
	return found, err
}

// aim sets an annotation's target. Words that it quotes from the text narrow
// it from the passage to them; where they stand at several places as good, it
// returns those.
func (b about) aim(a *discussion.Annotation, in *discussion.Texts) (several []discussion.Selector) {
	a.Target = discussion.Target{Source: b.document.ID, Annotation: b.answers, Selector: b.whole()}
	found := b.places(in, discussion.Quotes(a.Body)...)
	if len(found) == 1 {
		a.Target.Selector = found[0]
		return nil
	}
	return found
}

// whole is all of the passage.
func (b about) whole() discussion.Selector {
	return discussion.SelectorOf(b.document.Body.Text, b.passage.Start, b.passage.End)
}

// places is where quoted words stand.
func (b about) places(in *discussion.Texts, quotes ...string) []discussion.Selector {
	return in.Places(b.document.Body.Text, [2]int{b.passage.Start, b.passage.End}, quotes...)
}

// motivation is why a message was written.
func (b about) motivation(body format.Doc) discussion.Motivation {
	if b.answers != "" {
		return discussion.Replying
	}
	if _, rest := body.Quoted(); strings.HasSuffix(strings.TrimSpace(rest.Text), "?") {
		return discussion.Questioning
	}
	return discussion.Commenting
}
