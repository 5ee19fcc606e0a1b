package discussion

import (
	"slices"

	"marginalia/internal/format"
)

// CutOptions says how long passages are, in Unicode code points. The zero
// value of a field stands for its default.
type CutOptions struct {
	Min, Max int // wanted; default 600 and 1,200
	Excerpt  int // of a comment, at most; default Max
	Limit    int // what the network takes in one message; default 4,000. Never exceeded

	Below float64 // a document of a dump that is less sure than this has no passages; 0: each has
}

func (o CutOptions) orDefaults() CutOptions {
	if o.Limit <= 0 {
		o.Limit = 4000
	}
	if o.Max <= 0 {
		o.Max = 1200
	}
	o.Max = min(o.Max, o.Limit)
	if o.Min <= 0 || o.Min > o.Max {
		o.Min = min(600, o.Max/2)
	}
	if o.Excerpt <= 0 {
		o.Excerpt = o.Max
	}
	o.Excerpt = min(o.Excerpt, o.Limit)
	return o
}

// Cut returns d's passages, with Document, Start and End set.
//
// Those of an essay or post cover all its words in order and do not overlap.
// They are cut before headings, between paragraphs or list items, and at the
// ends of sentences, so that most hold Min to Max code points. A list item or
// code block is cut only if it alone exceeds Limit; a heading goes with what
// follows it, a line that ends in a colon likewise while Max allows. Where
// that needs more than Max, a passage may be longer, but never than Limit.
//
// A comment has one passage: all of it, or else the stretch of whole sentences,
// list items and quotations that tells most in at most Excerpt code points. No
// sentence is parted from one that takes it back, nor words from those that say
// whose they are; where that needs more, it is the beginning, up to Limit.
//
// A document of a dump whose Confidence is below o.Below has none: it waits for
// a person to review its borders.
func Cut(d Document, o CutOptions) []Passage {
	if d.Guessed() && d.Confidence < o.Below {
		return nil
	}
	o = o.orDefaults()
	all := pieces(d.Body, o.Limit)
	if len(all) == 0 {
		return nil
	}
	if d.Kind == Comment {
		from, to := excerpt(d.Body.Text, all, o)
		return []Passage{{Document: d.ID, Start: all[from].start, End: all[to-1].end}}
	}
	var out []Passage
	from := 0
	for _, to := range cheapest(all, o) {
		out = append(out, Passage{Document: d.ID, Start: all[from].start, End: all[to-1].end})
		from = to
	}
	return out
}

// opens reports whether p is nothing without what follows.
func opens(p piece) bool { return p.leads || p.kind == format.Heading }

// The costs of cutting, in no unit. What may not be costs so much that it is
// done only where nothing else fits the limit.
const (
	costOrphan   = 1e6 // a heading at a passage's end
	costLong     = 1e4 // more than Max
	costLead     = 300 // behind a line that ends in a colon
	costShort    = 100 // much less than Min
	costSection  = 25  // a heading in a passage's middle
	costSentence = 12  // inside a paragraph
)

// cheapest finds the borders with the least cost: dynamic programming over all
// ways to cut, linear since a passage holds at most Limit code points. It
// returns the index behind each passage's last piece.
func cheapest(all []piece, o CutOptions) []int {
	sections := make([]int, len(all)+1) // how many of all[:i] begin a section
	headings := make([]int, len(all)+1) // how many of all[:i] are headings
	for i, p := range all {
		sections[i+1], headings[i+1] = sections[i], headings[i]
		if p.kind == format.Heading {
			headings[i+1]++
		}
		if p.kind == format.Heading && i > 0 && all[i-1].kind != format.Heading {
			sections[i+1]++
		}
	}
	best := make([]float64, len(all)+1)
	from := make([]int, len(all)+1)
	for j := 1; j <= len(all); j++ {
		for i := j - 1; i >= 0; i-- {
			size := all[j-1].to - all[i].from
			if size > o.Limit && i < j-1 {
				break
			}
			inside := float64(sections[j]-sections[i+1]) * costSection
			bodies := j - i - (headings[j] - headings[i])
			c := best[i] + inside + costOfBorder(all, i) + costOfSize(size, bodies, j == len(all), j-i == 1, o)
			if i == j-1 || c < best[j] {
				best[j], from[j] = c, i
			}
		}
	}
	var ends []int
	for j := len(all); j > 0; j = from[j] {
		ends = append(ends, j)
	}
	slices.Reverse(ends)
	return ends
}

// costOfSize is what a passage of size code points and that many pieces besides
// headings costs.
func costOfSize(size, bodies int, last, single bool, o CutOptions) float64 {
	s, low, high := float64(size), float64(o.Min), float64(o.Max)
	switch {
	case size > o.Max && single:
		return 0
	case size > o.Max:
		return costLong * s / high * float64(max(bodies, 1))
	case size < o.Min && last:
		return costShort / 2 * (low - s) / low * (low - s) / low
	case size < o.Min:
		return 10 + costShort*(low-s)/low*(low-s)/low
	}
	off := (s - (low+high)/2) / (high - low + 1)
	return 3 * off * off
}

// costOfBorder is what it costs to begin a passage with all[i].
func costOfBorder(all []piece, i int) float64 {
	if i == 0 {
		return 0
	}
	before, after := all[i-1], all[i]
	switch {
	case before.kind == format.Heading:
		return costOrphan
	case before.leads:
		return costLead
	case before.block == after.block:
		return costSentence
	case after.kind == format.Heading || before.kind == format.Rule:
		return 0
	case after.kind == format.Rule || after.kind == format.Table && before.kind == format.Table:
		return 20
	case after.kind == format.List:
		return 6
	case after.kind == before.kind && after.kind != format.Paragraph:
		return 6
	}
	return 3
}
