package export

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/page"
)

// writeMarkdown writes the text, and under each passage, as quotations, what
// was said about it.
func writeMarkdown(w io.Writer, b Bundle) error {
	m := marker{bodies: map[discussion.DocumentID]format.Doc{}}
	for _, d := range b.Discussion.Documents {
		m.bodies[d.ID] = d.Body
	}
	_, err := io.WriteString(w, format.Markdown{}.Print(uncovered(m.reader(b.Page())))+"\n")
	return err
}

// marker writes a reader's page as one Doc.
type marker struct {
	bodies map[discussion.DocumentID]format.Doc
	out    format.Doc
}

// piece is some words of a line and how they are shown.
type piece struct {
	words string
	kind  format.SpanKind // "" plain
	attr  string
}

func (m *marker) line(b format.Block, pieces ...piece) {
	words, spans := "", []format.Span(nil)
	for _, p := range pieces {
		if p.kind != "" && p.words != "" {
			spans = append(spans, format.Span{Kind: p.kind, Start: len(words), End: len(words) + len(p.words), Attr: p.attr})
		}
		words += p.words
	}
	d := format.Doc{}.Add(b, words)
	d.Spans = spans
	m.out = m.out.Append(d)
}

func (m *marker) reader(r page.Reader) format.Doc {
	m.line(format.Block{Kind: format.Heading, Level: 1}, piece{words: r.Title})
	if r.Author != "" || r.URL != "" {
		m.line(format.Block{Kind: format.Paragraph}, byline(r.Author, r.URL)...)
	}
	if r.Score != "" {
		m.line(format.Block{Kind: format.Paragraph}, piece{words: r.Score})
	}
	for _, d := range r.Texts {
		m.runs(d)
	}
	if len(r.Comments) > 0 {
		m.line(format.Block{Kind: format.Rule}, piece{words: "* * *"})
		m.line(format.Block{Kind: format.Heading, Level: 2}, piece{words: "Comments where it was published"})
	}
	for _, d := range r.Comments {
		m.line(format.Block{Kind: format.Paragraph}, credit(d)...)
		m.runs(d)
	}
	return m.out
}

func byline(author, url string) []piece {
	var line []piece
	if author != "" {
		line = append(line, piece{words: "by " + author, kind: format.Emph})
	}
	if author != "" && url != "" {
		line = append(line, piece{words: " · "})
	}
	if url != "" {
		line = append(line, piece{url, format.Link, url})
	}
	return line
}

func credit(d page.Document) []piece {
	who := d.Author
	if who == "" {
		who = "Unsigned"
	}
	line := []piece{{words: who, kind: format.Strong}}
	if d.Answers != "" {
		line = append(line, piece{words: " answers " + d.Answers})
	}
	if d.Quote != "" {
		line = append(line, piece{words: " on “" + d.Quote + "”"})
	}
	if !d.Posted.IsZero() {
		line = append(line, piece{words: " · " + d.Posted.Day()})
	}
	if d.Score != "" {
		line = append(line, piece{words: " · " + d.Score})
	}
	if d.Uncertain != "" {
		line = append(line, piece{words: " · "}, piece{words: "border uncertain", kind: format.Emph})
	}
	return line
}

func (m *marker) runs(d page.Document) {
	body := m.bodies[d.ID]
	for _, r := range d.Runs {
		m.out = m.out.Append(body.Slice(body.Blocks[r.From].Start, body.Blocks[r.To-1].End))
		for _, a := range r.Assessed {
			m.line(format.Block{Kind: format.Quote, Quote: 1}, piece{words: assessed(a)})
		}
		for _, n := range r.Notes {
			m.note(n, 1)
		}
	}
}

// note writes a note as a quotation so many deep, its answers one deeper.
func (m *marker) note(n page.Note, depth int) {
	b := format.Block{Kind: format.Quote, Quote: depth}
	if n.Withdrawn != "" {
		m.line(b, piece{words: n.Withdrawn, kind: format.Emph})
	} else {
		m.line(b, heading(n)...)
		m.out = m.out.Append(deeper(n.Said, depth))
	}
	if len(n.Reactions) > 0 {
		m.line(b, piece{words: tallies(n.Reactions)})
	}
	for _, answer := range n.Replies {
		m.note(answer, depth+1)
	}
}

func heading(n page.Note) []piece {
	line := []piece{{words: n.Name, kind: format.Strong}}
	if n.Answers != "" {
		line = append(line, piece{words: " to " + n.Answers})
	}
	if n.Quote != "" {
		line = append(line, piece{words: " on “" + n.Quote + "”"})
	}
	when := " · " + n.At.Minute()
	if n.Edited {
		when += ", edited"
	}
	return append(line, piece{words: when})
}

// assessed is how people reacted to a passage, which is numbered where it is not
// plain which one that is.
func assessed(a page.Assessed) string {
	if a.Among {
		return fmt.Sprintf("%d: %s", a.Seq, tallies(a.Reactions))
	}
	return tallies(a.Reactions)
}

func tallies(all []page.Emoji) string {
	var parts []string
	for _, e := range all {
		parts = append(parts, fmt.Sprintf("%s %d", e.Emoji, e.Count))
	}
	return strings.Join(parts, " · ")
}

// deeper is d as a quotation so many levels deep.
func deeper(d format.Doc, depth int) format.Doc {
	d.Blocks = slices.Clone(d.Blocks)
	for i := range d.Blocks {
		d.Blocks[i].Quote += depth
		if d.Blocks[i].Kind == format.Paragraph {
			d.Blocks[i].Kind = format.Quote
		}
	}
	return d
}

// uncovered is d with the words of its spoilers to be read: a file has
// nothing to click on.
func uncovered(d format.Doc) format.Doc {
	d.Spans = slices.DeleteFunc(slices.Clone(d.Spans), func(s format.Span) bool { return s.Kind == format.Spoiler })
	return d
}
