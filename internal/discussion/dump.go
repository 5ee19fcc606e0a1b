package discussion

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"marginalia/internal/format"
)

// ReadDump makes a document of each part that [Segment] finds in a dump.
//
// The words of a line stand in the document's text as they stood in the dump,
// white space at their ends apart. That holds for typed lists too: the "a)" of
// an item is the writer's, and people will quote it; so the item's Marker is
// "-" and the "a)" stays in the text.
func ReadDump(lines []string) []Document {
	part := func(i int) DocumentID { return DocumentID("part " + strconv.Itoa(i)) }
	var all []Document
	for i, p := range Segment(lines) {
		var own []dumpLine
		for n := p.First; n <= p.Last; n++ {
			if kind := p.Blocks[n-p.First]; kind != "" {
				own = append(own, dumpLine{n, kind, wordsOf(lines[n-1])})
			}
		}
		d := Document{
			ID: part(i), Kind: p.Kind, Lines: [2]int{p.First, p.Last}, Confidence: p.Confidence, Body: bodyOf(own),
			Author: p.Author, Posted: p.Posted,
		}
		if p.Parent >= 0 {
			d.Parent = part(p.Parent)
		}
		all = append(all, d)
	}
	return all
}

// quoteMark is the mark of a quotation that was typed: ">" before a blank or
// another ">". That of ">90% of them fail" is the writer's word.
var quoteMark = regexp.MustCompile(`^(?:>+(?:[\s\x{a0}]+|$)|>{2,})+`)

// wordsOf is a line without the mark of a quotation that was typed.
func wordsOf(line string) string {
	words := strings.TrimSpace(line)
	if bare := words[typedMark(words):]; bare != "" {
		return bare
	}
	return words
}

// typedMark is the length of the quoteMark at the beginning of a line, 0 if there
// is none.
func typedMark(line string) int {
	if !strings.HasPrefix(line, ">") {
		return 0 // as nearly all have none
	}
	return len(quoteMark.FindString(line))
}

// Guessed reports whether d was found in a plain dump, where borders, kinds
// and parents are guesses until somebody reviewed them.
func (d Document) Guessed() bool { return d.Lines[0] > 0 }

// dumpLine is a line of a dump and what it is taken for.
type dumpLine struct {
	number int
	kind   format.BlockKind
	words  string
}

func bodyOf(lines []dumpLine) format.Doc {
	var blocks []format.Block
	var words []string
	for _, l := range lines {
		b := format.Block{Kind: l.kind, Line: l.number}
		switch b.Kind {
		case format.Quote:
			b.Quote = 1
		case format.List:
			b.Level, b.Marker = 1, "-"
		case format.Heading:
			b.Level = 2
		}
		blocks, words = append(blocks, b), append(words, l.words)
	}
	return format.Join(blocks, words)
}

// dumpLines are the lines that the guessed ones of docs hold, in the dump's order.
func dumpLines(docs []Document) []dumpLine {
	var all []dumpLine
	for _, d := range docs {
		if !d.Guessed() {
			continue
		}
		for _, b := range d.Body.Blocks {
			all = append(all, dumpLine{b.Line, b.Kind, d.Body.Text[b.Start:b.End]})
		}
	}
	slices.SortStableFunc(all, func(a, b dumpLine) int { return a.number - b.number })
	return all
}

// atLine is the identifier of the document that begins at a line of a dump.
func atLine(of string, first int) DocumentID {
	return DocumentID(Derive(of, "line", strconv.Itoa(first)))
}
