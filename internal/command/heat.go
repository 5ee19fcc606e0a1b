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
	"marginalia/internal/store"
)

// mostTalked is how many passages an answer about talk names.
const mostTalked = 5

var heat = Command{
	Command: chat.Command{Name: "heat", Help: "which passages are talked about most"},
	Run: func(ctx context.Context, env Env, call chat.Call, _ time.Time) (format.Doc, error) {
		return env.talk(ctx, call, "What is talked about most:", "Nothing was said about what is read here yet.", warmest)
	},
}

// warmth is how much was said about a passage.
type warmth struct {
	passage   discussion.PassageID
	said      int
	people    map[discussion.PersonID]bool
	reactions int
	answers   int // to the one who asks
}

func (w warmth) line() string {
	var parts []string
	if w.said > 0 {
		parts = append(parts, plural(w.said, "remark")+" by "+people(len(w.people)))
	}
	if w.answers > 0 {
		parts = append(parts, fmt.Sprintf("of which %d to you", w.answers))
	}
	if w.reactions > 0 {
		parts = append(parts, plural(w.reactions, "reaction"))
	}
	return strings.Join(parts, ", ")
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
		all[p] = &warmth{passage: p, people: map[discussion.PersonID]bool{}}
	}
	return all[p]
}

func (all warmths) add(a discussion.Annotation) *warmth {
	w := all.of(a.Under)
	w.said++
	w.people[a.Creator] = true
	return w
}

// warmest are the passages of a text that were talked about most: by most people,
// then in most remarks and reactions.
func warmest(tx *store.Tx, _ chat.Call, text discussion.ID) ([]warmth, error) {
	said, err := tx.Annotations(text)
	if err != nil {
		return nil, err
	}
	all, under := warmths{}, map[store.Thing]discussion.PassageID{}
	for _, a := range said {
		if !a.Gone() {
			all.add(a)
			under[store.AnnotationThing(a.ID)] = a.Under
		}
	}
	held, err := tx.ReactionsIn(text)
	if err != nil {
		return nil, err
	}
	for _, r := range held {
		p := cmp.Or(r.Thing.Passage(), under[r.Thing])
		if p == "" {
			continue // on what is gone
		}
		all.of(p).reactions++
	}
	return all.sorted(func(a, b warmth) int {
		return cmp.Or(cmp.Compare(len(b.people), len(a.people)), cmp.Compare(b.said+b.reactions, a.said+a.reactions))
	}), nil
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
	return e.passageItem(tx, w.line()+" · ", f, room, titled)
}
