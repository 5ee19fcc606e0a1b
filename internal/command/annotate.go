package command

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

var annotate = Command{
	Command: chat.Command{
		Name: relay.Annotates, Menu: "Annotate this",
		Help: "says something about words of the text, from anywhere in the room: first the words, as a quotation",
		Options: []chat.Option{
			{Name: "remark", Help: "what you have to say", Required: true, Asked: "What do you have to say?", Long: true},
			{Name: "words", Help: "words of the text; without them it is about the message that this is a reply to", Asked: "About which of its words? (none: all)"},
		},
	},
	Run:      runAnnotate,
	Complete: map[string]func(context.Context, Env, chat.Call) ([]chat.Choice, error){"words": offerSpots},
}

var retract = Command{
	Command: chat.Command{
		Name: "retract", Menu: "Take back",
		Help: "takes back a remark that you made with annotate: say it as a reply to it",
		Options: []chat.Option{
			{Name: "remark", Help: "which remark, where this is no reply to it"},
		},
	},
	Run: func(ctx context.Context, env Env, call chat.Call, now time.Time) (d format.Doc, err error) {
		err = env.DB.Update(ctx, func(tx *store.Tx) error {
			said, err := retractRemark(env.in, tx, call, now)
			d = format.Text(said)
			return err
		})
		return d, err
	},
	Complete: map[string]func(context.Context, Env, chat.Call) ([]chat.Choice, error){
		"remark": offerRemarks(func(tx *store.Tx, call chat.Call, a discussion.Annotation) (bool, error) {
			if a.Gone() {
				return false, nil
			}
			return relay.Wrote(tx, call.By, call.Ref.Place.Room.Platform, a)
		}),
	},
}

const threadClosed lang.Key = "The thread of this passage is closed: what is said in it is no remark."

const howToAnnotate lang.Key = "Say it like: annotate > some words of the text, and on the next line what you have to say."

// runAnnotate makes a remark, once for a call, or says what is missing. The words
// are found as if they were quoted in a thread; nothing waits for that.
func runAnnotate(ctx context.Context, env Env, call chat.Call, now time.Time) (format.Doc, error) {
	d, made, err := env.annotates(ctx, call, now)
	if err != nil && ctx.Err() == nil {
		d, err = env.broken(call, err), nil
	}
	if made || err != nil || !call.Private || call.Typed {
		return d, err
	}
	return env.givenBack(call, d), nil
}

// givenBack is an answer and, behind its first words, the remark that was not made:
// it stands nowhere else. As much of both is said as goes into one message.
func (e Env) givenBack(call chat.Call, why format.Doc) format.Doc {
	said := strings.TrimSpace(call.Args["remark"])
	if said == "" {
		return why
	}
	back := format.Text(said)
	for i := range back.Blocks {
		back.Blocks[i].Kind, back.Blocks[i].Quote = format.Quote, 1
	}
	first := why.Slice(0, why.Blocks[0].End)
	rest := why.Slice(why.Blocks[0].End, len(why.Text))
	fits := func(d format.Doc) bool {
		fits := e.Profile(call.Ref.Place.Room.Platform).Fits
		return fits == nil || fits(chat.Message{Ref: chat.Ref{Place: call.Ref.Place}, Body: d})
	}
	with := paragraph(first, e.in.Sprintf("This is what you wrote:")).Append(back)
	if all := with.Append(rest); fits(all) {
		return all
	}
	if fits(with) {
		return with
	}
	first = paragraph(first, e.in.Sprintf("This is the beginning of what you wrote, for there is no room here for more:"))
	return first.Append(format.Split(back, func(part format.Doc) bool { return fits(first.Append(part)) })[0])
}

// annotates makes a remark, or says why it was not made.
func (e Env) annotates(ctx context.Context, call chat.Call, now time.Time) (d format.Doc, made bool, err error) {
	var r relay.Remark
	var at chat.Ref
	err = e.DB.View(ctx, func(tx *store.Tx) (err error) {
		r, at, d, made, err = e.remarkFor(tx, call)
		return err
	})
	edited := !call.Revised.IsZero()
	if err != nil || !d.Empty() && !edited {
		return d, made, err
	}
	why := d
	err = e.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if yet, err := relay.Current(tx, call); !yet || err != nil {
			d = format.Doc{}
			return err
		}
		if edited {
			d, made, err = e.amend(tx, call, r, at, why, now)
			return err
		}
		d, made, err = e.annotateOnce(tx, call, r, at, now)
		return err
	})
	return d, made, err
}

// remarkFor is the remark that a call is to make, and a message in whose thread it
// will stand; or what is to be said instead, as where it was made before.
func (e Env) remarkFor(tx *store.Tx, call chat.Call) (r relay.Remark, at chat.Ref, why format.Doc, made bool, err error) {
	before, err := relay.AnnotationBy(tx, call.Deed())
	if err == nil && !call.Revised.After(before.Modified) {
		why, err = e.stands(tx, call, before)
		return r, at, why, true, err
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return r, at, why, false, err
	}
	words, said := quotedAndSaid(call)
	if said == "" && len(call.Files) == 0 {
		return r, at, format.Text(e.in.Sprintf("There is no remark.") + " " + e.in.Words(howToAnnotate)), false, nil
	}
	to, why, err := spotMeant(e.in, tx, call, words)
	if before.ID != "" && words == "" && call.On.IsZero() && len(discussion.Quotes(before.Body)) == 0 { // an edit may not tell what is answered
		if to, _, err = spotIn(tx, call.Ref.Place.Room, before.Under); err == nil {
			why = format.Doc{}
		}
	}
	body := remarkBody(to, e.read(call.Ref.Place.Room.Platform, said))
	r = relay.Remark{
		Call: call.Deed(), Typed: call.Typed, Revised: call.Revised, Edits: call.Edits,
		By: call.By, On: to.on, At: to.at, Body: body, Files: call.Files,
	}
	if call.Typed {
		r.Via = e.Link(call.Ref)
	}
	return r, to.post, why, false, err
}

// annotateOnce makes the remark, unless the thread is closed or who called took
// that back.
func (e Env) annotateOnce(tx *store.Tx, call chat.Call, r relay.Remark, at chat.Ref, now time.Time) (d format.Doc, made bool, err error) {
	if gone, err := tx.Tombstoned(call.Ref.Place.Room, call.Ref.ID); gone || err != nil {
		return format.Text(e.in.Sprintf("You took that back.")), false, err
	}
	if closed, err := relay.Locked(tx, at, now); closed || err != nil {
		return format.Text(e.in.Words(threadClosed)), false, err
	}
	a, err := relay.Annotate(tx, r, now)
	if err != nil {
		return d, false, err
	}
	d, err = e.stands(tx, call, a)
	return d, err == nil, err
}

// quotedAndSaid are the words that a call is about and what it says of them. Where
// it was typed, the lines that begin with “>” are the words, unless they are named.
func quotedAndSaid(call chat.Call) (words, said string) {
	words, said = call.Args["words"], call.Args["remark"]
	switch {
	case words != "" && said == "":
		return words, spokenFrom(call, "remark", 1)
	case said != "" || words != "":
		return words, said
	}
	var quote []string
	lines := strings.Split(call.Text, "\n")
	for len(lines) > 0 && strings.HasPrefix(strings.TrimSpace(lines[0]), ">") {
		quote = append(quote, strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(lines[0]), "> ")))
		lines = lines[1:]
	}
	return strings.Join(quote, " "), strings.TrimSpace(strings.Join(lines, "\n"))
}

// remarkBody is a remark as it would be typed in a thread: the words that it is
// about as a quotation, and behind them what is said. What a spoiler covers stays
// covered.
func remarkBody(to spot, said format.Doc) format.Doc {
	if to.at.Exact == "" {
		return said
	}
	var d format.Doc
	about := to.document.Selected(to.at)
	if !slices.ContainsFunc(about.Spans, isSpoiler) {
		return quote(d, format.Excerpt(format.Text(to.at.Exact), discussion.LongestQuote)).Append(said)
	}
	about = about.Slice(0, format.Byte(about.Text, discussion.LongestQuote))
	for _, b := range about.Blocks {
		words := about.Slice(b.Start, b.End)
		words.Blocks[0] = format.Block{Kind: format.Quote, Quote: 1, End: len(words.Text)}
		words.Spans = slices.DeleteFunc(words.Spans, func(s format.Span) bool { return !isSpoiler(s) })
		d = d.Append(words)
	}
	return d.Append(said)
}

func isSpoiler(s format.Span) bool { return s.Kind == format.Spoiler }

// stands says where a remark stands that a call made, and how its writer is named.
func (e Env) stands(tx *store.Tx, call chat.Call, a discussion.Annotation) (format.Doc, error) {
	if a.Gone() {
		return format.Text(e.in.Sprintf("This remark is gone.")), nil
	}
	p, of, _, err := tx.Passage(a.Under)
	if err != nil {
		return format.Doc{}, err
	}
	post, err := postOf(tx, p.ID, call.Ref.Place.Room)
	if err != nil {
		return format.Doc{}, err
	}
	l := line{text: e.in.Sprintf("Your remark stands in the thread of passage %d", p.Seq)}
	d := e.whereabouts(l, post, of, p.ID).paragraph(format.Doc{})
	if a.Target.Selector.End-a.Target.Selector.Start < p.End-p.Start {
		document, _, err := tx.Document(p.Document)
		if err != nil {
			return format.Doc{}, err
		}
		d = quote(paragraph(d, e.in.Sprintf("It is about these words:")), format.Quotation(document.Selected(a.Target.Selector), longQuote))
	}
	who, gone, err := caller(tx, call)
	if err == nil && (who.State == discussion.Unset || gone) {
		d = paragraph(d, naming(e.in, who, gone, e.Default, call.Private)+" "+e.in.Sprintf("To choose: me"))
	}
	return paragraph(d, e.in.Sprintf("To take it back: retract")), err
}

func retractRemark(in lang.Language, tx *store.Tx, call chat.Call, now time.Time) (string, error) {
	a, err := remarkMeant(tx, call)
	if errors.Is(err, store.ErrNotFound) {
		return in.Sprintf("Say which remark: as a reply to it."), nil
	}
	if err != nil {
		return "", err
	}
	mine, err := relay.Wrote(tx, call.By, call.Ref.Place.Room.Platform, a)
	switch {
	case err != nil:
		return "", err
	case !mine:
		return in.Sprintf("Only who made this remark may take it back; moderators may hide it."), nil
	case !a.Deleted.IsZero():
		return in.Sprintf("This remark is gone."), nil
	}
	done, err := relay.Retract(tx, a, now)
	if !done {
		return in.Sprintf("It is a message of your own: delete that, and it is taken back everywhere."), err
	}
	return in.Sprintf("It is taken back: from the page, from exports, and from all rooms."), err
}
