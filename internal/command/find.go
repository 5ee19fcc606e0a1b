package command

import (
	"cmp"
	"context"
	"fmt"
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

const (
	mostFound   = 5   // passages in an answer: as many as a short message holds with their links
	mostOffered = 25  // choices; no network shows more
	longChoice  = 100 // code points of one
	longExcerpt = 120 // code points of a passage in an answer
	leadIn      = 40  // bytes, at most, of what stands before the words that were found
)

var find = Command{
	Command: chat.Command{
		Name: "find", Help: "finds the passages that hold some words",
		Options: []chat.Option{{Name: "words", Help: "words of the text, or the beginning of them", Required: true}},
	},
	Run: runFind,
	Complete: map[string]func(context.Context, Env, chat.Call) ([]chat.Choice, error){
		"words": offerPassages("words"),
	},
}

// found is a passage that holds what was looked for.
type found struct {
	passage    discussion.Passage
	text       discussion.Discussion // which it is of
	document   discussion.Document
	how        discussion.Match
	start, end int // of the words, in the document's text
}

func runFind(ctx context.Context, env Env, call chat.Call, _ time.Time) (format.Doc, error) {
	words := strings.TrimSpace(spoken(call, "words"))
	if words == "" {
		return format.Text(env.in.Sprintf("Say which words, as in: find once upon a time")), nil
	}
	var d format.Doc
	err := env.DB.View(ctx, func(tx *store.Tx) error {
		texts, err := textsHere(tx, call)
		if err != nil {
			return err
		}
		all := search(texts, words)
		shown := all[:min(len(all), mostFound)]
		d = paragraph(format.Doc{}, foundLine(env.in, len(texts), all))
		for _, f := range shown {
			l, err := env.passageItem(tx, "", f, call.Ref.Place.Room, len(texts) > 1)
			if err != nil {
				return err
			}
			d = l.item(d)
		}
		if more := len(all) - len(shown); more > 0 {
			d = paragraph(d, env.in.Sprintf("And %d passages more: say more of the words to have fewer.", more))
		}
		return nil
	})
	return d, err
}

// foundLine tells what was found. It does not repeat what was looked for: all
// can read the answer, and it stays when the call is deleted.
func foundLine(in lang.Language, texts int, all []found) string {
	switch {
	case texts == 0:
		return in.Sprintf("Nothing is read in this room yet.")
	case len(all) == 0:
		return in.Sprintf("No passage holds these words.")
	case all[0].how == discussion.NoMatch:
		return in.Sprintf("The passage that was chosen:")
	}
	return in.Sprintf("These words were found in %s:", in.Sprintf("%d passages", len(all)))
}

// passageItem is the line of an answer that shows a passage, behind what leads to it.
func (e Env) passageItem(tx *store.Tx, lead string, f found, room chat.Room, titled bool) (line, error) {
	l := line{text: lead}
	if titled {
		l = l.add(relay.Title(f.text.Title) + ", ")
	}
	l = l.add(fmt.Sprintf("%d: ", f.passage.Seq)).add(f.excerpt(longExcerpt))
	post, err := postOf(tx, f.passage.ID, room)
	if err != nil {
		return l, err
	}
	if post.IsZero() {
		l = l.add(" · " + e.in.Sprintf("not posted here yet"))
	}
	return e.whereabouts(l, post, f.text.ID, f.passage.ID), nil
}

// whereabouts adds the links to a passage's post and to the reader.
func (e Env) whereabouts(l line, post chat.Ref, d discussion.ID, p discussion.PassageID) line {
	address := ""
	if !post.IsZero() {
		address = e.Link(post)
	}
	return l.link(e.in.Sprintf("post"), address).link(e.in.Sprintf("read"), relay.ReaderLink(e.Reader, d, p))
}

// postOf is the message that shows a passage's beginning in a room, or a zero Ref.
func postOf(tx *store.Tx, p discussion.PassageID, room chat.Room) (chat.Ref, error) {
	return messageOf(tx, store.PassageThing(p), room)
}

// messageOf is the first message of a thing in a room, or a zero Ref.
func messageOf(tx *store.Tx, t store.Thing, room chat.Room) (chat.Ref, error) {
	copies, err := tx.Copies(t, room)
	for _, c := range copies {
		if c.Part == 0 && c.Mark == "" && c.Verb != chat.Post && c.Verb != chat.Delete {
			return c.Ref, err
		}
	}
	return chat.Ref{}, err
}

// textsHere are the texts that are read in a call's room.
func textsHere(tx *store.Tx, call chat.Call) ([]discussion.Discussion, error) {
	plans, err := plansHere(tx, call)
	if err != nil {
		return nil, err
	}
	var texts []discussion.Discussion
	for _, p := range plans {
		if slices.ContainsFunc(texts, func(d discussion.Discussion) bool { return d.ID == p.Discussion }) {
			continue
		}
		d, err := tx.Discussion(p.Discussion)
		if err != nil {
			return nil, err
		}
		texts = append(texts, d)
	}
	return texts, nil
}

// search finds the passages that hold words, the best matches first, and of
// those that match alike the first in the text. An id of a passage, as is taken
// for what was chosen of what was offered, finds that one, which is no match.
func search(texts []discussion.Discussion, words string) []found {
	q := discussion.NewQuery(words)
	var all []found
	for _, d := range texts {
		bodies := map[discussion.DocumentID]discussion.Document{}
		for _, doc := range d.Documents {
			bodies[doc.ID] = doc
		}
		for _, p := range d.Passages {
			f := found{passage: p, text: d, document: bodies[p.Document], start: p.Start, end: p.Start}
			if string(p.ID) == words {
				return []found{f}
			}
			if f.look(q) {
				all = append(all, f)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(b.how, a.how) })
	return all
}

func (f *found) look(q discussion.Query) bool {
	how, start, end := q.In(f.document.Body.Text[f.passage.Start:f.passage.End])
	f.how, f.start, f.end = how, f.passage.Start+start, f.passage.Start+end
	return how != discussion.NoMatch
}

// excerpt is n code points of the passage with the words that were found. What
// a spoiler covers stays covered.
func (f found) excerpt(n int) string {
	text := f.document.Body.Text
	from := f.passage.Start
	if f.start-from > leadIn {
		from = f.start - leadIn
		if i := strings.IndexAny(text[from:f.start], " \n"); i >= 0 {
			from += i + 1
		} else {
			from = f.start
		}
	}
	words := f.document.Body.Slice(from, f.passage.End)
	if from == f.passage.Start {
		return format.Excerpt(words, n)
	}
	return "…" + format.Excerpt(words, n-1)
}

// offerPassages offers, for an option, the passages that hold what was typed so
// far, or have it for their number; before anything was, the first ones.
func offerPassages(option string) func(context.Context, Env, chat.Call) ([]chat.Choice, error) {
	return func(ctx context.Context, env Env, call chat.Call) ([]chat.Choice, error) {
		var texts []discussion.Discussion
		err := env.DB.View(ctx, func(tx *store.Tx) (err error) {
			texts, err = textsHere(tx, call)
			return err
		})
		if err != nil {
			return nil, err
		}
		words := strings.TrimSpace(call.Args[option])
		all := beginnings(texts)
		if words != "" {
			all = append(numbered(texts, words), search(texts, words)...)
		}
		var choices []chat.Choice
		for i, f := range all[:min(len(all), mostOffered)] {
			if slices.ContainsFunc(all[:i], func(o found) bool { return o.passage.ID == f.passage.ID }) {
				continue // its number was typed, and stands in it
			}
			number := fmt.Sprintf("%d · ", f.passage.Seq)
			label := number + f.excerpt(longChoice-len([]rune(number)))
			choices = append(choices, chat.Choice{Label: label, Value: string(f.passage.ID)})
		}
		return choices, nil
	}
}

// numbered are the passages that have a number, one of each text; none if it is
// no number.
func numbered(texts []discussion.Discussion, number string) []found {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return nil
	}
	var all []found
	for _, d := range texts {
		if n <= len(d.Passages) {
			all = append(all, beginning(d, d.Passages[n-1]))
		}
	}
	return all
}

// beginnings are as many passages as can be offered, as they come.
func beginnings(texts []discussion.Discussion) []found {
	var all []found
	for _, d := range texts {
		for _, p := range d.Passages[:min(len(d.Passages), mostOffered)] {
			all = append(all, beginning(d, p))
		}
	}
	return all
}

func beginning(d discussion.Discussion, p discussion.Passage) found {
	i := slices.IndexFunc(d.Documents, func(doc discussion.Document) bool { return doc.ID == p.Document })
	return found{passage: p, text: d, document: d.Documents[i], start: p.Start, end: p.Start}
}
