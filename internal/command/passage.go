package command

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// longQuote is how many code points of what a message is about are quoted.
const longQuote = 300

var passage = Command{
	Command: chat.Command{
		Name: "passage", Menu: "Show passage",
		Help: "shows the passage that a message belongs to, said as a reply to it or in its thread, or another",
		Options: []chat.Option{
			{Name: "which", Help: "the number of a passage, or one that is offered, if not that of the message"},
			{Name: "step", Help: "the passage before it, or the next", Choices: []chat.Choice{{Label: "the one before", Value: stepBack}, {Label: "the next", Value: stepOn}}},
		},
	},
	Run: func(ctx context.Context, env Env, call chat.Call, _ time.Time) (format.Doc, error) {
		var d format.Doc
		var from discussion.Passage
		waiting := false
		err := env.DB.View(ctx, func(tx *store.Tx) (err error) {
			if d, err = env.passageOf(tx, call); err == nil {
				from, waiting, err = readsOn(env.in, tx, call)
			}
			return err
		})
		if err == nil && waiting {
			err = env.DB.Update(ctx, func(tx *store.Tx) error { return relay.ReadOn(tx, from.ID, call.Ref.Place.Room) })
		}
		return d, err
	},
	Complete: map[string]func(context.Context, Env, chat.Call) ([]chat.Choice, error){
		"which": offerPassages("which"),
	},
}

// readsOn is the passage from which a call goes on to the next, and whether a plan
// waits for that.
func readsOn(in lang.Language, tx *store.Tx, call chat.Call) (from discussion.Passage, waiting bool, err error) {
	if argument(call, "step", 2) != stepOn {
		return from, false, nil
	}
	from, _, why, err := passageNamed(in, tx, call, strings.TrimSpace(argument(call, "which", 1)))
	if why != "" || err != nil {
		return from, false, err
	}
	waiting, err = relay.Waits(tx, from.ID, call.Ref.Place.Room)
	return from, waiting, err
}

// The values of the option step.
const (
	stepBack = "previous"
	stepOn   = "next"
)

// What is said of a passage that is shown: which it is.
const (
	thisIs       lang.Key = "This is passage %d of %d of %s"
	saidAbout    lang.Key = "This was said about passage %d of %d of %s"
	answersAbout lang.Key = "This answers what was said about passage %d of %d of %s"
)

// passageMeant shows the passage that a call names, or one beside it.
func (e Env) passageMeant(tx *store.Tx, call chat.Call, which, step string) (format.Doc, error) {
	p, of, why, err := passageNamed(e.in, tx, call, which)
	if err != nil || why != "" {
		return format.Text(why), err
	}
	switch step {
	case "":
	case stepBack:
		p, err = tx.PassageAt(of, p.Seq-1)
	case stepOn:
		p, err = tx.PassageAt(of, p.Seq+1)
	default:
		return format.Text(e.in.Sprintf("step takes %s or %s.", stepBack, stepOn)), nil
	}
	if errors.Is(err, store.ErrNotFound) {
		return format.Text(e.in.Words(map[string]lang.Key{
			stepBack: "There is no passage before this one: it is the first.", stepOn: "There is no passage after this one: it is the last.",
		}[step])), nil
	}
	if err != nil {
		return format.Doc{}, err
	}
	return e.show(tx, thisIs, store.PassageThing(p.ID), p.ID, discussion.Selector{}, call.Ref.Place.Room)
}

// passageNamed is a passage of what is read in a call's room, by its number or
// its id; without either the one that the call is about. why says that there is
// none, or which of several texts is meant.
func passageNamed(in lang.Language, tx *store.Tx, call chat.Call, which string) (p discussion.Passage, of discussion.ID, why string, err error) {
	here, of, err := passageAbout(tx, call)
	if err != nil || which == "" {
		if of == "" {
			why = in.Sprintf("Say this as a reply to a message of a passage, or in its thread, or say which passage.")
		}
		return here, of, why, err
	}
	texts, err := textsHere(tx, call)
	if err != nil {
		return p, "", "", err
	}
	for _, d := range texts {
		if i := slices.IndexFunc(d.Passages, func(p discussion.Passage) bool { return string(p.ID) == which }); i >= 0 {
			return d.Passages[i], d.ID, "", nil
		}
	}
	if of == "" && len(texts) == 1 {
		of = texts[0].ID
	}
	n, err := strconv.Atoi(strings.TrimPrefix(which, "#"))
	switch {
	case err != nil || n < 1:
		return p, "", in.Sprintf("Say which passage by its number, as in: %s 3", call.Name), nil
	case of == "" && len(texts) == 0:
		return p, "", in.Sprintf("Nothing is read in this room yet."), nil
	case of == "":
		return p, "", in.Sprintf("Several texts are read in this room: say this in a thread of the one that you mean."), nil
	}
	p, err = tx.PassageAt(of, n)
	if errors.Is(err, store.ErrNotFound) {
		return p, "", in.Sprintf("There is no passage %d.", n), nil
	}
	return p, of, "", err
}

// passageAbout is the passage that a call is about; of is "" if it is about none.
func passageAbout(tx *store.Tx, call chat.Call) (p discussion.Passage, of discussion.ID, err error) {
	thing, err := relay.About(tx, whereCalled(call))
	if err != nil || thing == "" {
		return p, "", err
	}
	id := thing.Passage()
	if thing.Annotation() != "" {
		a, err := tx.Annotation(thing.Annotation())
		if err != nil {
			return p, "", err
		}
		id = a.Under
	}
	p, of, _, err = tx.Passage(id)
	if errors.Is(err, store.ErrNotFound) {
		return p, "", nil
	}
	return p, of, err
}

// passageOf shows what the message that a call is about belongs to, or the
// thread in which it was called.
func (e Env) passageOf(tx *store.Tx, call chat.Call) (format.Doc, error) {
	which, step := strings.TrimSpace(argument(call, "which", 1)), argument(call, "step", 2)
	if which != "" || step != "" {
		return e.passageMeant(tx, call, which, step)
	}
	on := whereCalled(call)
	thing, err := relay.About(tx, on)
	if err != nil {
		return format.Doc{}, err
	}
	switch {
	case thing.Passage() != "":
		return e.show(tx, thisIs, thing, thing.Passage(), discussion.Selector{}, on.Place.Room)
	case thing.Annotation() != "":
		a, err := tx.Annotation(thing.Annotation())
		if err != nil {
			return format.Doc{}, err
		}
		lead := saidAbout
		if a.Target.Annotation != "" {
			lead = answersAbout
		}
		return e.show(tx, lead, thing, a.Under, a.Target.Selector, on.Place.Room)
	case on.ID == "" && on.Place.Thread == "":
		return format.Text(e.in.Sprintf("Say this as a reply to a message, or in a passage's thread, to see which passage it belongs to.")), nil
	}
	return format.Text(e.in.Sprintf("This message belongs to no passage.")), nil
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
func (e Env) show(tx *store.Tx, lead lang.Key, asked store.Thing, id discussion.PassageID, at discussion.Selector, room chat.Room) (format.Doc, error) {
	p, of, total, err := tx.Passage(id)
	if errors.Is(err, store.ErrNotFound) {
		return format.Text(e.in.Sprintf("This message belongs to no passage.")), nil
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
	l := line{text: e.in.Fill(lead, p.Seq, total, relay.Title(head.Title))}
	if post.IsZero() {
		l = l.add(" · " + e.in.Sprintf("not posted here yet"))
	}
	d := e.whereabouts(l, post, of, p.ID).paragraph(format.Doc{})
	d = quote(d, format.Quotation(document.Body.Slice(start, end), longQuote))
	reacted, err := e.reactedTo(tx, asked)
	if reacted == "" {
		return d, err
	}
	return paragraph(d, reacted), err
}

// opinions are what people mean by reactions.
var opinions = map[discussion.Meaning]lang.Key{
	discussion.Agree: "%d people agree", discussion.Disagree: "%d people disagree",
	discussion.Insight: "%d people found an insight", discussion.ChangedMind: "%d people changed their minds", discussion.Question: "%d people have a question",
	discussion.Approve: "%d people approve", discussion.Disapprove: "%d people disapprove",
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
			said = append(said, e.in.Sprintf("%d people gave %s", t.People, t.Emoji))
			continue
		}
		said = append(said, t.Emoji+" "+e.in.Fill(opinions[t.Meaning], t.People))
	}
	return strings.Join(said, ", "), err
}
