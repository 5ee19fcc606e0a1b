package command

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// mostTalked is how many passages an answer about talk names.
const mostTalked = 5

var heat = Command{
	Command: chat.Command{Name: "heat", Help: "which passages are talked about most: who spoke counts twice, who only reacted once"},
	Run: func(ctx context.Context, env Env, call chat.Call, _ time.Time) (format.Doc, error) {
		return env.talk(ctx, call, "What is talked about most:", "Nothing was said about what is read here yet.", warmest)
	},
}

// warmth is how much was said about a passage, in words and by reactions. People
// count once, whatever their accounts.
type warmth struct {
	passage discussion.PassageID
	said    int
	people  map[discussion.PersonID]bool // who spoke
	reacted map[discussion.PersonID]bool // to the passage, or to what was said about it
	given   []discussion.Reaction        // to the passage itself
	answers int                          // to the one who asks
}

// heat is how many people took part: those who spoke count twice, those who only
// reacted once. What they meant does not matter: disagreement warms as well.
func (w warmth) heat() int {
	n := 2 * len(w.people)
	for p := range w.reacted {
		if !w.people[p] {
			n++
		}
	}
	return n
}

func (w warmth) line(l discussion.Lexicon) string {
	var parts []string
	if w.said > 0 {
		parts = append(parts, plural(w.said, "remark")+" by "+people(len(w.people)))
	}
	if w.answers > 0 {
		parts = append(parts, fmt.Sprintf("of which %d to you", w.answers))
	}
	if len(w.reacted) > 0 {
		parts = append(parts, "reactions by "+people(len(w.reacted)))
	}
	if t := tallies(l, w.given); t != "" {
		parts = append(parts, t)
	}
	return strings.Join(parts, ", ")
}

// tallies are how many people said what by reactions to one thing.
func tallies(l discussion.Lexicon, given []discussion.Reaction) string {
	var parts []string
	for _, t := range l.Tally(given) {
		parts = append(parts, fmt.Sprintf("%s %d", t.Emoji, t.People))
	}
	return strings.Join(parts, " ")
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// warmths are sums by passage.
type warmths map[discussion.PassageID]*warmth

func (all warmths) of(p discussion.PassageID) *warmth {
	if all[p] == nil {
		all[p] = &warmth{passage: p, people: map[discussion.PersonID]bool{}, reacted: map[discussion.PersonID]bool{}}
	}
	return all[p]
}

// add counts a remark by someone.
func (all warmths) add(a discussion.Annotation, by discussion.PersonID) *warmth {
	w := all.of(a.Under)
	w.said++
	w.people[by] = true
	return w
}

// warmest are the passages of a text that were talked about most: by most people,
// then in most remarks.
func warmest(tx *store.Tx, _ chat.Call, text discussion.ID) ([]warmth, error) {
	all, err := warmthSince(tx, text, time.Time{})
	return all.sorted(func(a, b warmth) int {
		return cmp.Or(cmp.Compare(b.heat(), a.heat()), cmp.Compare(b.said, a.said))
	}), err
}

// warmthSince sums up what was said about a text after a time.
func warmthSince(tx *store.Tx, text discussion.ID, since time.Time) (warmths, error) {
	said, err := tx.Annotations(text)
	if err != nil {
		return nil, err
	}
	known, err := tx.People(text)
	if err != nil {
		return nil, err
	}
	all, under := warmths{}, map[store.Thing]discussion.PassageID{}
	for _, a := range slices.DeleteFunc(said, discussion.Annotation.Gone) {
		under[store.AnnotationThing(a.ID)] = a.Under
		if a.Created.After(since) {
			all.add(a, known[a.Creator].Self())
		}
	}
	held, err := relay.Opinions(tx, text)
	for _, r := range held {
		p := cmp.Or(r.Thing.Passage(), under[r.Thing])
		if p == "" || !r.At.After(since) {
			continue // on what is gone, or before
		}
		w := all.of(p)
		w.reacted[r.Self] = true
		if r.Thing.Passage() != "" {
			w.given = append(w.given, discussion.Reaction{Person: r.Self, Emoji: r.Emoji})
		}
	}
	return all, err
}

// sorted are the sums in an order, and where that does not tell, by id.
func (all warmths) sorted(order func(a, b warmth) int) []warmth {
	var list []warmth
	for _, p := range slices.Sorted(maps.Keys(all)) {
		list = append(list, *all[p])
	}
	slices.SortStableFunc(list, order)
	return list
}

// talk answers with the passages that sums finds in each of the texts that are
// read in a call's room. It repeats nothing that people said: an answer outlives
// what its writers take back.
func (e Env) talk(ctx context.Context, call chat.Call, lead, none string, sums func(*store.Tx, chat.Call, discussion.ID) ([]warmth, error)) (format.Doc, error) {
	d := paragraph(format.Doc{}, lead)
	empty := true
	err := e.DB.View(ctx, func(tx *store.Tx) error {
		texts, err := textsHere(tx, call)
		if err != nil {
			return err
		}
		for _, text := range texts {
			all, err := sums(tx, call, text.ID)
			if err != nil {
				return err
			}
			for _, w := range all[:min(len(all), mostTalked)] {
				l, err := e.talkItem(tx, text, w, call.Ref.Place.Room, len(texts) > 1)
				if err != nil {
					return err
				}
				d, empty = l.item(d), false
			}
		}
		return nil
	})
	if empty {
		d = format.Text(none)
	}
	return d, err
}

// talkItem is the line of an answer that shows how much was said about a passage.
func (e Env) talkItem(tx *store.Tx, text discussion.Discussion, w warmth, room chat.Room, titled bool) (line, error) {
	p, _, _, err := tx.Passage(w.passage)
	if err != nil {
		return line{}, err
	}
	document, _, err := tx.Document(p.Document)
	if err != nil {
		return line{}, err
	}
	f := found{passage: p, text: text, document: document, start: p.Start, end: p.Start}
	return e.passageItem(tx, w.line(e.Lexicon)+" · ", f, room, titled)
}
