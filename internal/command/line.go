package command

import "marginalia/internal/format"

// line is one line of an answer, with links in it.
type line struct {
	text  string
	links []format.Span
}

func (l line) add(words string) line {
	l.text += words
	return l
}

// link adds words that lead to an address, parted from what stands before
// them; without an address it adds nothing.
func (l line) link(words, address string) line {
	if address == "" {
		return l
	}
	l.text += " · "
	start := len(l.text)
	l.text += words
	l.links = append(l.links[:len(l.links):len(l.links)],
		format.Span{Kind: format.Link, Start: start, End: len(l.text), Attr: address})
	return l
}

// under adds the line to an answer, as a block of that kind.
func (l line) under(d format.Doc, b format.Block) format.Doc {
	d = d.Add(b, l.text)
	at := d.Blocks[len(d.Blocks)-1].Start
	for _, s := range l.links {
		s.Start, s.End = s.Start+at, s.End+at
		d.Spans = append(d.Spans[:len(d.Spans):len(d.Spans)], s)
	}
	return d
}

func (l line) item(d format.Doc) format.Doc {
	return l.under(d, format.Block{Kind: format.List, Level: 1, Marker: "-"})
}

func (l line) paragraph(d format.Doc) format.Doc {
	return l.under(d, format.Block{Kind: format.Paragraph})
}

func paragraph(d format.Doc, text string) format.Doc { return line{text: text}.paragraph(d) }

func item(d format.Doc, text string) format.Doc { return line{text: text}.item(d) }

func quote(d format.Doc, text string) format.Doc {
	return line{text: text}.under(d, format.Block{Kind: format.Quote, Quote: 1})
}
