package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// spot is what a remark can be about: words of a passage that stands in a room, or
// all of it, or a remark under it.
type spot struct {
	on       store.Thing
	passage  discussion.Passage
	document discussion.Document
	at       discussion.Selector // zero: all of it
	post     chat.Ref            // which shows the passage in the room
}

// spotMeant is where the words stand that a call names, or what it is a reply to if
// it names none; or what is to be said instead.
func spotMeant(in lang.Language, tx *store.Tx, call chat.Call, words string) (to spot, why format.Doc, err error) {
	here, err := spotCalled(tx, call)
	if err != nil {
		return to, why, err
	}
	if words == "" {
		if here.on == "" {
			return here, format.Text(in.Sprintf("Say which words it is about, or say it as a reply to a passage.") + " " + in.Words(howToAnnotate)), nil
		}
		return here, why, nil
	}
	if s, ok, err := spotChosen(tx, call, words); ok || err != nil {
		return s, why, err
	}
	head, rest, _ := strings.Cut(words, " ")
	if n, notNumber := strconv.Atoi(head); notNumber == nil && rest != "" {
		all, _, err := spots(tx, call, here, rest)
		if err != nil {
			return to, why, err
		}
		if len(all) > 1 && n >= 1 && n <= len(all) {
			return all[n-1], why, nil
		}
	}
	all, waiting, err := spots(tx, call, here, words)
	switch {
	case err != nil:
	case len(all) == 1:
		return all[0], why, nil
	case len(all) == 0 && waiting:
		why = format.Text(in.Sprintf("These words stand in a passage that is not posted here yet."))
	default:
		why = severalSpots(in, all)
	}
	return to, why, err
}

// severalSpots says that words stand nowhere, or where they stand.
func severalSpots(in lang.Language, all []spot) format.Doc {
	if len(all) == 0 {
		return format.Text(in.Sprintf("These words were not found in what was posted here."))
	}
	d := paragraph(format.Doc{}, in.Sprintf("These words stand at %d places:", len(all)))
	for i, s := range all[:min(len(all), mostListed)] {
		d = line{text: in.Sprintf("passage %d: %s", s.passage.Seq, s.document.Glimpse(s.at))}.
			under(d, format.Block{Kind: format.List, Level: 1, Marker: strconv.Itoa(i+1) + "."})
	}
	if more := len(all) - mostListed; more > 0 {
		return paragraph(d, in.Sprintf("And at %d more: say more of the words to have fewer.", more))
	}
	return paragraph(d, in.Sprintf("Say which one: its number, and then the words again."))
}

// spotCalled is the passage or remark that a call is about, or in whose thread it
// was made; nothing if there is none.
func spotCalled(tx *store.Tx, call chat.Call) (spot, error) {
	thing, err := relay.About(tx, whereCalled(call))
	if err != nil || thing == "" {
		return spot{}, err
	}
	under, err := passageCalled(tx, call)
	if err != nil || under == "" {
		return spot{}, err
	}
	s, stands, err := spotIn(tx, call.Ref.Place.Room, under)
	if s.on = thing; !stands {
		s.post = whereCalled(call)
	}
	return s, err
}

// spotIn is a passage, if it stands in a room.
func spotIn(tx *store.Tx, room chat.Room, id discussion.PassageID) (s spot, stands bool, err error) {
	s.on = store.PassageThing(id)
	if s.passage, _, _, err = tx.Passage(id); err != nil {
		return s, false, err
	}
	if s.document, _, err = tx.Document(s.passage.Document); err != nil {
		return s, false, err
	}
	s.post, err = postOf(tx, id, room)
	return s, !s.post.IsZero(), err
}

// spots is where words stand in what was posted in a call's room, in the order of
// the texts: of the passage that it is about, if they stand there. waiting reports
// that they stand in what was not posted yet.
func spots(tx *store.Tx, call chat.Call, here spot, words string) (all []spot, waiting bool, err error) {
	texts, err := textsHere(tx, call)
	if err != nil {
		return nil, false, err
	}
	words = words[:format.Byte(words, discussion.LongestQuote)]
	q := discussion.NewQuery(words)
	for _, text := range texts {
		for _, doc := range text.Documents {
			some, wait, err := spotsIn(tx, call.Ref.Place.Room, text, doc, here, q, words)
			if err != nil {
				return nil, false, err
			}
			if i := slices.IndexFunc(some, here.sharesPassage); i >= 0 {
				some[i].on = here.on
				return some[i : i+1], false, nil
			}
			all, waiting = append(all, some...), waiting || wait
		}
	}
	return toTheLetter(all, words), waiting, nil
}

// spotsIn is spots in one document of a text.
func spotsIn(tx *store.Tx, room chat.Room, text discussion.Discussion, doc discussion.Document, here spot, q discussion.Query, words string) (all []spot, waiting bool, err error) {
	if how, _, _ := q.In(doc.Body.Text); doc.Kind == discussion.Comment && how < discussion.Folded {
		return nil, false, nil // of an essay the words are found with errors in them, too
	}
	within := [2]int{}
	if doc.ID == here.passage.Document {
		within = [2]int{here.passage.Start, here.passage.End}
	}
	for _, at := range discussion.Places(doc.Body.Text, within, words) {
		s, stands, err := spotAt(tx, room, text, doc, at)
		if err != nil {
			return nil, false, err
		}
		if stands {
			all = append(all, s)
		} else if s.passage.ID != "" {
			waiting = true
		}
	}
	return all, waiting, nil
}

// sharesPassage reports whether s is about something, and o is of its passage.
func (s spot) sharesPassage(o spot) bool { return s.on != "" && s.passage.ID == o.passage.ID }

// toTheLetter are the spots where words stand as they were said, or all if they
// stand so nowhere.
func toTheLetter(all []spot, words string) []spot {
	plain := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	if same := slices.DeleteFunc(slices.Clone(all), func(s spot) bool { return plain(s.at.Exact) != plain(words) }); len(same) > 0 {
		return same
	}
	return all
}

// spotAt is the passage in which words of a document begin, if it stands in a room.
func spotAt(tx *store.Tx, room chat.Room, text discussion.Discussion, doc discussion.Document, at discussion.Selector) (s spot, stands bool, err error) {
	i := slices.IndexFunc(text.Passages, func(p discussion.Passage) bool {
		return p.Document == doc.ID && p.Start <= at.Start && at.Start < p.End
	})
	if i < 0 {
		return s, false, nil
	}
	s = spot{on: store.PassageThing(text.Passages[i].ID), passage: text.Passages[i], document: doc, at: at}
	s.post, err = postOf(tx, s.passage.ID, room)
	return s, !s.post.IsZero(), err
}

// chosen is a spot as it is offered while someone types.
func (s spot) chosen() string {
	text := s.document.Body.Text
	return fmt.Sprintf("%s@%d-%d", s.passage.ID, format.CodePoint(text, s.at.Start), format.CodePoint(text, s.at.End))
}

// spotChosen is what was chosen of what was offered, if words are that: words of
// one passage, which stands in the room. People may type it, too, with any numbers.
func spotChosen(tx *store.Tx, call chat.Call, words string) (s spot, ok bool, err error) {
	id, at, parted := strings.Cut(words, "@")
	from, to, ranged := strings.Cut(at, "-")
	start, err1 := strconv.Atoi(from)
	end, err2 := strconv.Atoi(to)
	if !parted || !ranged || err1 != nil || err2 != nil || start < 0 || end <= start || strings.ContainsAny(id, " \n") {
		return s, false, nil
	}
	s, ok, err = spotIn(tx, call.Ref.Place.Room, discussion.PassageID(id))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return spot{}, false, err
	}
	text := s.document.Body.Text
	start, end = format.Byte(text, start), format.Byte(text, end)
	if !ok || start < s.passage.Start || end > s.passage.End || end <= start {
		return spot{}, false, nil
	}
	s.at = discussion.SelectorOf(text, start, end)
	return s, true, nil
}

// offerSpots offers the places where the words stand that were typed so far, of
// which the last may only be begun.
func offerSpots(ctx context.Context, env Env, call chat.Call) (choices []chat.Choice, err error) {
	typed := strings.TrimSpace(call.Args["words"])
	if typed == "" {
		return nil, nil
	}
	err = env.DB.View(ctx, func(tx *store.Tx) error {
		choices = nil
		texts, err := textsHere(tx, call)
		if err != nil {
			return err
		}
		q := discussion.NewQuery(typed)
		for _, f := range search(texts, typed) {
			if len(choices) == mostOffered {
				return nil
			}
			all := f.everywhere(q, mostOffered-len(choices))
			if len(all) == 0 {
				continue
			}
			if post, err := postOf(tx, f.passage.ID, call.Ref.Place.Room); err != nil || post.IsZero() {
				if err != nil {
					return err
				}
				continue
			}
			for _, s := range all {
				label := fmt.Sprintf("%d · %s", s.passage.Seq, s.document.Glimpse(s.at))
				choices = append(choices, chat.Choice{Label: format.Excerpt(format.Text(label), longChoice), Value: s.chosen()})
			}
		}
		return nil
	})
	return choices, err
}

// everywhere are the places of a passage where words stand, at most so many.
func (f found) everywhere(q discussion.Query, most int) (all []spot) {
	text := f.document.Body.Text
	for from := f.passage.Start; len(all) < most; {
		how, start, end := q.In(text[from:f.passage.End])
		if how < discussion.Folded {
			return all
		}
		start, end = from+start, from+end
		if more := strings.IndexFunc(text[end:f.passage.End], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }); more > 0 {
			end += more // the rest of a word that was begun
		}
		all = append(all, spot{passage: f.passage, document: f.document, at: discussion.SelectorOf(text, start, end)})
		from = end
	}
	return all
}
