package page

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// Build makes the reader's view of a discussion.
func Build(in Input) Reader {
	talk := listen(in)
	d := in.Discussion
	r := Reader{ID: d.ID, Title: title(d), Notes: talk.shown}
	r.URL, _ = Address(d.URL)
	passages := byDocument(d)
	for _, doc := range d.Documents {
		if doc.Kind == discussion.Comment {
			continue
		}
		titled := len(r.Texts) == 0 && startsWithTitle(doc, r.Title)
		if len(r.Texts) == 0 {
			r.Author = doc.Author
		}
		if titled {
			r.Heading = newText(doc, passages[doc.ID], talk).title()
		}
		r.Texts = append(r.Texts, document(doc, passages[doc.ID], talk, titled))
	}
	if len(r.Texts) == 1 {
		r.Score = r.Texts[0].Score
	}
	r.Comments = comments(d, passages, talk)
	return r
}

func title(d discussion.Discussion) string {
	if t := strings.TrimSpace(d.Title); t != "" {
		return t
	}
	return "Untitled"
}

func startsWithTitle(doc discussion.Document, title string) bool {
	if len(doc.Body.Blocks) < 2 || doc.Body.Blocks[0].Kind != format.Heading {
		return false
	}
	b := doc.Body.Blocks[0]
	return fold(doc.Body.Text[b.Start:b.End]) == fold(title)
}

func byDocument(d discussion.Discussion) map[discussion.DocumentID][]discussion.Passage {
	all := map[discussion.DocumentID][]discussion.Passage{}
	for _, p := range d.Passages {
		all[p.Document] = append(all[p.Document], p)
	}
	for _, ps := range all {
		slices.SortStableFunc(ps, func(a, b discussion.Passage) int { return a.Start - b.Start })
	}
	return all
}

// comments are the source's comments, each followed by those that answer it.
func comments(d discussion.Discussion, passages map[discussion.DocumentID][]discussion.Passage, talk talk) []Document {
	under := map[discussion.DocumentID][]discussion.Document{}
	known, texts := map[discussion.DocumentID]discussion.Document{}, map[discussion.DocumentID]string{}
	for _, doc := range d.Documents {
		texts[doc.ID] = doc.Body.Text
		if doc.Kind == discussion.Comment {
			known[doc.ID] = doc
		}
	}
	for _, doc := range d.Documents {
		if doc.Kind != discussion.Comment {
			continue
		}
		parent := doc.Parent
		if _, ok := known[parent]; !ok || parent == doc.ID {
			parent = ""
		}
		under[parent] = append(under[parent], doc)
	}
	var out []Document
	seen := map[discussion.DocumentID]bool{}
	var add func(doc discussion.Document, depth int)
	add = func(doc discussion.Document, depth int) {
		if seen[doc.ID] {
			return
		}
		seen[doc.ID] = true
		view := document(doc, passages[doc.ID], talk, false)
		view.Depth = min(depth, 5)
		view.Answers = known[doc.Parent].Author
		if t := doc.Target; stands(t.Selector, texts[t.Source]) {
			view.Quote = short(texts[t.Source][t.Selector.Start:t.Selector.End])
			view.On = holding(passages[t.Source], t.Selector.Start)
		}
		out = append(out, view)
		for _, answer := range under[doc.ID] {
			add(answer, depth+1)
		}
	}
	for _, doc := range under[""] {
		add(doc, 0)
	}
	for _, doc := range d.Documents { // whatever answers itself in a circle
		if doc.Kind == discussion.Comment {
			add(doc, 0)
		}
	}
	return out
}

// holding is the passage that holds a byte of its document, "" if none does.
func holding(passages []discussion.Passage, at int) string {
	i := slices.IndexFunc(passages, func(p discussion.Passage) bool { return p.Start <= at && at < p.End })
	if i < 0 {
		return ""
	}
	return string(passages[i].ID)
}

// sure is the confidence from which on a document's borders are not called uncertain.
const sure = 0.7

func document(doc discussion.Document, passages []discussion.Passage, talk talk, titled bool) Document {
	view := Document{ID: doc.ID, Kind: doc.Kind, Author: doc.Author, Posted: Moment{doc.Posted}, Score: doc.Score.String()}
	view.URL, _ = Address(doc.URL)
	if doc.Lines[0] > 0 && doc.Confidence < sure {
		view.Uncertain = fmt.Sprintf("Where this text begins and ends was guessed from a plain dump (lines %d to %d, %.0f %% sure).",
			doc.Lines[0], doc.Lines[1], 100*doc.Confidence)
	}
	t := newText(doc, passages, talk)
	first := 0
	if titled {
		first = 1
	}
	for from := first; from < len(doc.Body.Blocks); {
		to := runEnd(doc.Body.Blocks, passages, from)
		run := Run{ID: fmt.Sprintf("run-%s-%d", doc.ID, from), From: from, To: to, Words: t.blocks(from, to)}
		here := beginning(doc.Body.Blocks, passages, from, to, from == first)
		for _, p := range here {
			run.Notes = append(run.Notes, talk.notes[p.ID]...)
			if given := talk.reactions[p.ID]; len(given) > 0 {
				run.Assessed = append(run.Assessed, Assessed{p.Seq, len(here) > 1, given})
			}
		}
		view.Runs = append(view.Runs, run)
		from = to
	}
	return view
}

// runEnd is the index behind the last block of the run that begins at from:
// passages are not torn, and blocks without a passage stay together.
func runEnd(blocks []format.Block, passages []discussion.Passage, from int) int {
	to, reach, bare := from, -1, false
	for ; to < len(blocks); to++ {
		b := blocks[to]
		last := furthest(b, passages)
		if to > from && b.Start >= reach && !(bare && last < 0) {
			return to
		}
		bare = last < 0 && reach < 0
		reach = max(reach, last)
	}
	return to
}

// furthest is where the passages that share words with a block end, or -1.
func furthest(b format.Block, passages []discussion.Passage) int {
	end := -1
	for _, p := range passages {
		if p.Start < b.End && b.Start < p.End {
			end = max(end, p.End)
		}
	}
	return end
}

// beginning are the passages that begin in the run of blocks, or before it if
// it is the first.
func beginning(blocks []format.Block, passages []discussion.Passage, from, to int, first bool) []discussion.Passage {
	start, end := blocks[from].Start, math.MaxInt
	if first {
		start = 0
	}
	if to < len(blocks) {
		end = blocks[to].Start
	}
	var in []discussion.Passage
	for _, p := range passages {
		if p.Start >= start && p.Start < end {
			in = append(in, p)
		}
	}
	return in
}
