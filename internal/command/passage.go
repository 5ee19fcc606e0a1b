package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// longQuote is how many code points of what a message is about are quoted.
const longQuote = 300

var passage = Command{
	Command: chat.Command{
		Name: "passage", Menu: "Show passage",
		Help: "which passage a message belongs to: say it as a reply to the message, or in its thread",
	},
	Run: func(ctx context.Context, env Env, call chat.Call, _ time.Time) (format.Doc, error) {
		var d format.Doc
		err := env.DB.View(ctx, func(tx *store.Tx) (err error) {
			d, err = env.passageOf(tx, call)
			return err
		})
		return d, err
	},
}

// passageOf shows what the message that a call is about belongs to, or the
// thread in which it was called.
func (e Env) passageOf(tx *store.Tx, call chat.Call) (format.Doc, error) {
	on := whereCalled(call)
	thing, err := relay.About(tx, on)
	if err != nil {
		return format.Doc{}, err
	}
	switch {
	case thing.Passage() != "":
		return e.show(tx, "This is", thing, thing.Passage(), discussion.Selector{}, on.Place.Room)
	case thing.Annotation() != "":
		a, err := tx.Annotation(thing.Annotation())
		if err != nil {
			return format.Doc{}, err
		}
		lead := "This was said about"
		if a.Target.Annotation != "" {
			lead = "This answers what was said about"
		}
		return e.show(tx, lead, thing, a.Under, a.Target.Selector, on.Place.Room)
	case on.ID == "" && on.Place.Thread == "":
		return format.Text("Say this as a reply to a message, or in a passage's thread, to see which passage it belongs to."), nil
	}
	return format.Text("This message belongs to no passage."), nil
}

// whereCalled is the message that a call is about, or the thread that it was
// made in.
func whereCalled(call chat.Call) chat.Ref {
	on := chat.Ref{Place: call.Ref.Place, ID: call.On.ID}
	if call.On.Place.Thread != "" {
		on.Place = call.On.Place
	}
	return on
}

// show shows a passage, or the words of it that a selector points at, and how
// people reacted to the thing that was asked about.
func (e Env) show(tx *store.Tx, lead string, asked store.Thing, id discussion.PassageID, at discussion.Selector, room chat.Room) (format.Doc, error) {
	p, of, total, err := tx.Passage(id)
	if errors.Is(err, store.ErrNotFound) {
		return format.Text("This message belongs to no passage."), nil
	}
	if err != nil {
		return format.Doc{}, err
	}
	head, err := tx.Head(of)
	if err != nil {
		return format.Doc{}, err
	}
	document, _, err := tx.Document(p.Document)
	if err != nil {
		return format.Doc{}, err
	}
	post, err := postOf(tx, p.ID, room)
	if err != nil {
		return format.Doc{}, err
	}
	start, end := p.Start, p.End
	if at.End > at.Start && at.End <= len(document.Body.Text) {
		start, end = at.Start, at.End
	}
	l := line{text: fmt.Sprintf("%s passage %d of %d of %s", lead, p.Seq, total, head.Title)}
	d := e.whereabouts(l, post, of, p.ID).paragraph(format.Doc{})
	d = quote(d, format.Excerpt(document.Body.Slice(start, end), longQuote))
	reacted, err := e.reactedTo(tx, asked)
	if reacted == "" {
		return d, err
	}
	return paragraph(d, reacted), err
}

// reactedTo says how people reacted to a thing, "" if nobody did.
func (e Env) reactedTo(tx *store.Tx, t store.Thing) (string, error) {
	all, err := relay.OpinionsOn(tx, t)
	var given []discussion.Reaction
	for _, r := range all {
		given = append(given, discussion.Reaction{Person: r.Self, Emoji: r.Emoji})
	}
	var said []string
	for _, t := range e.Lexicon.Tally(given) {
		if t.Meaning == "" {
			said = append(said, t.Phrase())
			continue
		}
		said = append(said, t.Emoji+" "+t.Phrase())
	}
	return strings.Join(said, ", "), err
}
