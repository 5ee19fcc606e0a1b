package command

import (
	"context"
	"errors"
	"fmt"
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

const (
	mostListed = 6         // places in an answer
	allOfIt    = "passage" // what is typed for a remark's whole passage
)

var anchor = Command{
	Command: chat.Command{
		Name: "anchor", Menu: "Move anchor",
		Help: "which words a remark is about, or that it is about others: say it as a reply to the remark",
		Options: []chat.Option{
			{Name: "place", Help: "words of the text, the number of a place that was asked about, or: passage"},
			{Name: "remark", Help: "which remark, where this is no reply to it"},
		},
	},
	Run: runAnchor,
	Complete: map[string]func(context.Context, Env, chat.Call) ([]chat.Choice, error){
		"place": offerPlaces,
		"remark": offerRemarks(func(tx *store.Tx, call chat.Call, a discussion.Annotation) (bool, error) {
			if a.Gone() {
				return false, nil
			}
			return mayMove(tx, call, a)
		}),
	},
}

func runAnchor(ctx context.Context, env Env, call chat.Call, now time.Time) (d format.Doc, err error) {
	err = env.DB.Update(ctx, func(tx *store.Tx) (err error) {
		d, err = moveAnchor(env.in, tx, call, now)
		return err
	})
	return d, err
}

// moveAnchor moves the remark that a call is about, and says where it stands
// then, or what is missing. Which remark that is may depend on what is asked
// now, so a call that is run again moves nothing.
func moveAnchor(in lang.Language, tx *store.Tx, call chat.Call, now time.Time) (format.Doc, error) {
	a, err := remarkOf(tx, call)
	if errors.Is(err, store.ErrNotFound) {
		return format.Text(in.Sprintf("Say which remark: as a reply to it, or in its thread where it is yours and you were asked about it.")), nil
	}
	if err != nil {
		return format.Doc{}, err
	}
	may, err := mayMove(tx, call, a)
	if err != nil {
		return format.Doc{}, err
	}
	aim, err := relay.AimOf(tx, a)
	if err != nil {
		return format.Doc{}, err
	}
	place := strings.TrimSpace(strings.TrimLeft(spoken(call, "place"), "> "))
	switch {
	case a.Gone():
		return format.Text(in.Sprintf("This remark is gone.")), nil
	case place == "":
		return standsAt(in, aim, a, may), nil
	case !may:
		return format.Text(in.Sprintf("Only who wrote this remark, or a moderator of this room, may move it.")), nil
	}
	to, why := placeOf(in, aim, place)
	if !why.Empty() {
		return why, nil
	}
	first, err := tx.PutFiring("command anchor", callKey(call), now)
	if err != nil || !first {
		return format.Text(in.Sprintf("This was done already.")), err
	}
	return pointsAt(in, nowAbout, aim, to), relay.Move(tx, a, to, now)
}

// remarkOf is the annotation that a call is about: that of remarkMeant, or else
// the one about which the caller is being asked in this thread.
// store.ErrNotFound means none.
func remarkOf(tx *store.Tx, call chat.Call) (discussion.Annotation, error) {
	place := call.Ref.Place
	a, err := remarkMeant(tx, call)
	if !errors.Is(err, store.ErrNotFound) || call.Args["remark"] != "" || call.On.ID != "" && call.On.ID != place.Thread {
		return a, err
	}
	asked, err := relay.Asked(tx, place, call.By)
	if err != nil || len(asked) == 0 {
		return discussion.Annotation{}, errors.Join(err, store.ErrNotFound)
	}
	return asked[0], nil
}

// remarkMeant is the annotation that a call names, or else that it answers.
// store.ErrNotFound means none.
func remarkMeant(tx *store.Tx, call chat.Call) (discussion.Annotation, error) {
	if id := call.Args["remark"]; id != "" {
		thing := store.AnnotationThing(discussion.AnnotationID(id))
		if here, err := tx.Copies(thing, call.Ref.Place.Room); err != nil || len(here) == 0 {
			return discussion.Annotation{}, errors.Join(err, store.ErrNotFound)
		}
		return tx.Annotation(thing.Annotation())
	}
	on := call.On
	on.Place.Thread = "" // what it shows, not where it stands
	thing, err := relay.About(tx, on)
	if err != nil {
		return discussion.Annotation{}, err
	}
	if thing.Annotation() == "" {
		return discussion.Annotation{}, store.ErrNotFound
	}
	return tx.Annotation(thing.Annotation())
}

// mayMove reports whether whoever calls may move an annotation.
func mayMove(tx *store.Tx, call chat.Call, a discussion.Annotation) (bool, error) {
	if call.Rights >= chat.Moderator {
		return true, nil
	}
	return relay.Wrote(tx, call.By, call.Ref.Place.Room.Platform, a)
}

// placeOf is the place that is meant, or what is to be said instead.
func placeOf(in lang.Language, aim relay.Aim, said string) (to discussion.Selector, why format.Doc) {
	if strings.EqualFold(said, allOfIt) {
		return aim.Passage(), why
	}
	if to, ok := stretch(aim, said); ok {
		return to, why
	}
	head, words, _ := strings.Cut(said, " ")
	n, err := strconv.Atoi(head)
	if err == nil && words == "" && len(aim.Places) > 0 {
		if to, ok := aim.Choice(n); ok {
			return to, why
		}
		return to, format.Text(in.Sprintf("There are only places 1 to %d.", len(aim.Places)+1))
	}
	if err == nil && words != "" {
		if found := aim.Find(words); len(found) > 1 && n >= 1 && n <= len(found) {
			return found[n-1], why
		}
	}
	found := aim.Find(said)
	if len(found) == 1 {
		return found[0], why
	}
	return to, cannotTell(in, aim, found)
}

// cannotTell says that words stand nowhere, or where they stand. It does not
// repeat them: all can read the answer, and it stays when the call is deleted.
func cannotTell(in lang.Language, aim relay.Aim, found []discussion.Selector) format.Doc {
	if len(found) == 0 {
		return format.Text(in.Sprintf("These words were not found in the text."))
	}
	d := paragraph(format.Doc{}, in.Sprintf("These words stand at %d places:", len(found)))
	d = relay.List(d, aim.Document(), found[:min(len(found), mostListed)])
	if more := len(found) - mostListed; more > 0 {
		return paragraph(d, in.Sprintf("And at %d more: say more of the words to have fewer.", more))
	}
	return paragraph(d, in.Sprintf("Say which one: its number, and then the words again."))
}

// standsAt says what a remark is about, and what else it may be about.
func standsAt(in lang.Language, aim relay.Aim, a discussion.Annotation, may bool) format.Doc {
	d := pointsAt(in, isAbout, aim, a.Target.Selector)
	if !may {
		return d
	}
	if len(aim.Places) > 0 && len(aim.Places) <= mostListed {
		d = paragraph(d, in.Sprintf("The words that it quotes stand at %d places:", len(aim.Places)))
		return paragraph(relay.List(d, aim.Document(), aim.Places), in.Sprintf("To move it, say one's number, other words of the text, or “passage”, as in: anchor 2"))
	}
	return paragraph(d, in.Sprintf("To move it, say other words of the text, or “passage”, as in: anchor once upon a time"))
}

// about says that a remark is about words, or its passage as a whole.
type about struct{ words, whole lang.Key }

var (
	isAbout  = about{lang.Key("This remark is about these words:"), lang.Key("This remark is about its passage as a whole:")}
	nowAbout = about{lang.Key("It is now about these words:"), lang.Key("It is now about its passage as a whole:")}
)

// pointsAt says what a remark is about.
func pointsAt(in lang.Language, said about, aim relay.Aim, at discussion.Selector) format.Doc {
	what := said.words
	if whole := aim.Passage(); at.Start == whole.Start && at.End == whole.End {
		what = said.whole
	}
	return quote(paragraph(format.Doc{}, in.Words(what)), format.Quotation(aim.Document().Body.Slice(at.Start, at.End), longQuote))
}

// A stretch is a place as it is offered while someone types: from and to, in
// code points of the document.
func stretchOf(aim relay.Aim, s discussion.Selector) string {
	text := aim.Document().Body.Text
	return fmt.Sprintf("@%d-%d", format.CodePoint(text, s.Start), format.CodePoint(text, s.End))
}

func stretch(aim relay.Aim, said string) (discussion.Selector, bool) {
	digits, ok := strings.CutPrefix(said, "@")
	from, to, parted := strings.Cut(digits, "-")
	start, err1 := strconv.Atoi(from)
	end, err2 := strconv.Atoi(to)
	text := aim.Document().Body.Text
	if !ok || !parted || err1 != nil || err2 != nil || start < 0 || end <= start || end > format.CodePoint(text, len(text)) {
		return discussion.Selector{}, false
	}
	return discussion.SelectorOf(text, format.Byte(text, start), format.Byte(text, end)), true
}

// offerPlaces offers where a remark may be moved to: what was asked about it,
// or where the words stand that were typed so far.
func offerPlaces(ctx context.Context, env Env, call chat.Call) (choices []chat.Choice, err error) {
	err = env.DB.View(ctx, func(tx *store.Tx) error {
		choices = nil
		a, err := remarkOf(tx, call)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		aim, err := relay.AimOf(tx, a)
		if err != nil {
			return err
		}
		typed := strings.TrimSpace(call.Args["place"])
		places := aim.Places
		if typed != "" {
			places = aim.Find(typed)
		}
		for i, s := range places[:min(len(places), mostOffered-1)] {
			label := fmt.Sprintf("%d · %s", i+1, aim.Document().Glimpse(s))
			choices = append(choices, chat.Choice{Label: format.Excerpt(format.Text(label), longChoice), Value: stretchOf(aim, s)})
		}
		choices = append(choices, chat.Choice{Label: env.in.Sprintf("the passage as a whole"), Value: allOfIt})
		return nil
	})
	return choices, err
}

// offerRemarks offers the remarks of a thread that suit whoever types, the
// newest first.
func offerRemarks(suits func(tx *store.Tx, call chat.Call, a discussion.Annotation) (bool, error)) func(context.Context, Env, chat.Call) ([]chat.Choice, error) {
	return func(ctx context.Context, env Env, call chat.Call) (choices []chat.Choice, err error) {
		err = env.DB.View(ctx, func(tx *store.Tx) error {
			choices = nil
			thing, err := relay.About(tx, chat.Ref{Place: call.Ref.Place})
			if err != nil || thing.Passage() == "" {
				return err
			}
			typed := strings.ToLower(strings.TrimSpace(call.Args["remark"]))
			for a, err := range tx.NewestUnder(thing.Passage()) {
				if err != nil || len(choices) == mostOffered {
					return err
				}
				label := format.Excerpt(a.Told(), longChoice)
				if !strings.Contains(strings.ToLower(label), typed) {
					continue
				}
				ok, err := suits(tx, call, a)
				if err != nil {
					return err
				}
				if ok {
					choices = append(choices, chat.Choice{Label: label, Value: string(a.ID)})
				}
			}
			return nil
		})
		return choices, err
	}
}
