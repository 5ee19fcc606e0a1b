package discussion

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"marginalia/internal/format"
)

// Reviewable reports whether d holds anything that was guessed.
func (d Discussion) Reviewable() bool { return slices.ContainsFunc(d.Documents, Document.Guessed) }

// shownOfLine is how many code points of a dump's line an outline shows.
const shownOfLine = 66

// Outline prints what was guessed of a dump for a person to correct:
// a line for each document, and under it the beginnings of its lines.
// [ReadOutline] reads what became of it.
func Outline(d Discussion) string {
	docs := inDump(d.Documents)
	lines := dumpLines(docs)
	var b strings.Builder
	for l := range strings.Lines(fmt.Sprintf(howToOutline, d.Title, len(docs), len(lines))) {
		b.WriteString(strings.TrimRight("# "+l, " \n") + "\n")
	}
	fmt.Fprintf(&b, "\n%s\n", d.named())
	begins := firstLines(docs)
	width := 1
	if len(lines) > 0 {
		width = len(fmt.Sprint(lines[len(lines)-1].number))
	}
	for _, doc := range docs {
		fmt.Fprintf(&b, "\n%s\n", header(doc, begins))
		for _, l := range dumpLines([]Document{doc}) {
			words := format.Excerpt(format.Text(l.words[:format.Byte(l.words, 2*shownOfLine)]), shownOfLine)
			fmt.Fprintf(&b, "  %*d%s %s\n", width, l.number, markOf(l.kind), words)
		}
	}
	return b.String()
}

const howToOutline = `What was guessed of %q: %d texts in %d lines.
Correct it, save, and leave the editor.

A text begins with a line that says what it is. Below it stand its own lines,
with their numbers; of long ones, here, only the beginning. As in:

  comment 57%%, answers 4, by Ada
     9  I see your point, but
    10> and it was never so before

split   write a line "comment" where another text begins
merge   take away the line that begins the second
move    "answers 4": it answers the text that holds line 4
author  "by" and the name, behind all else
kind    comment, post or essay
right   take away the percentage, which says how sure the guess is;
        a text that you change is right without that

The mark behind a line's number: > it quotes somebody, - it is a list's item,
# it is a heading. Lines keep their order, and none may be left out.
Notes like this one are not read. If you change nothing, nothing changes.`

// named is the line of an outline that names its text, and how it was reviewed
// when the outline was written.
func (d Discussion) named() string { return "text " + string(d.ID) + " " + d.reviewed() }

// reviewed tells a text from itself as another review left it.
func (d Discussion) reviewed() string {
	docs := inDump(d.Documents)
	begins := firstLines(docs)
	var parts []string
	for _, doc := range docs {
		parts = append(parts, header(doc, begins))
		for _, l := range dumpLines([]Document{doc}) {
			parts = append(parts, fmt.Sprint(l.number, l.kind))
		}
	}
	return Derive(append(parts, "outline")...)[:8]
}

// Renewed is an outline that was read into d, as one of d: so that it may be
// corrected further. One that does not say how its text was reviewed stays.
func Renewed(src string, d Discussion) string {
	lines := strings.Split(src, "\n")
	for i, line := range lines {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "text" && f[1] == string(d.ID) {
			lines[i] = d.named()
		}
	}
	return strings.Join(lines, "\n")
}

// inDump are the guessed ones of docs, in the dump's order.
func inDump(docs []Document) []Document {
	docs = slices.DeleteFunc(slices.Clone(docs), func(d Document) bool { return !d.Guessed() })
	slices.SortFunc(docs, func(a, b Document) int { return a.Lines[0] - b.Lines[0] })
	return docs
}

// firstLines says where in the dump the words of each document begin.
func firstLines(docs []Document) map[DocumentID]int {
	all := map[DocumentID]int{}
	for _, d := range docs {
		all[d.ID] = d.firstLine()
	}
	return all
}

// firstLine is where in the dump the words of d begin: behind a line that names
// the author.
func (d Document) firstLine() int {
	if len(d.Body.Blocks) == 0 {
		return d.Lines[0]
	}
	return d.Body.Blocks[0].Line
}

func header(d Document, begins map[DocumentID]int) string {
	line := string(d.Kind)
	if n := percent(d.Confidence); n < 100 {
		line += fmt.Sprintf(" %d%%", n)
	}
	if n := begins[d.Parent]; n > 0 {
		line += fmt.Sprintf(", answers %d", n)
	}
	if d.Author != "" {
		line += ", by " + strings.Join(strings.Fields(d.Author), " ")
	}
	return line
}

// percent is a confidence as an outline shows it: 100 is certain.
func percent(confidence float64) int {
	if confidence >= 1 {
		return 100
	}
	return min(99, int(math.Round(100*confidence)))
}

// The marks that stand directly behind a line's number.
var lineMarks = map[string]format.BlockKind{
	" ": format.Paragraph, ">": format.Quote, "-": format.List, "#": format.Heading,
}

func markOf(kind format.BlockKind) string {
	for mark, k := range lineMarks {
		if k == kind {
			return mark
		}
	}
	return " "
}
