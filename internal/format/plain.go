package format

import "strings"

// Plain is text without markup. It shows paragraphs and quotations; all else
// becomes words: markers of lists, addresses of links, "[spoiler]" for what
// must stay covered. Normal says what is left then: every span is lost but for
// bare web addresses, lists and tables are paragraphs with line breaks, code
// loses its indentation, and a line that begins with "> " is a quotation.
type Plain struct{}

// Parse reads paragraphs parted by blank lines; lines that begin with "> " are
// quotations.
func (Plain) Parse(src string) Doc {
	b := builder{keep: keepPlain}
	for i, line := range strings.Split(clean(src), "\n") {
		b.line = i + 1
		depth, words := quoteMarks(line)
		if words == "" {
			b.end()
			continue
		}
		if !b.in || depth != b.block.Quote {
			b.begin(Block{Kind: Paragraph, Quote: depth})
		}
		b.text(words)
		b.brk()
	}
	return b.doc()
}

// quoteMarks counts the marks of quotation that a line begins with, and
// returns the words behind them. The last mark is followed by a space or
// stands alone: ">_<" is none.
func quoteMarks(line string) (depth int, words string) {
	words = strings.TrimFunc(line, isBreak)
	for {
		behind := strings.TrimLeft(words, ">")
		marks := len(words) - len(behind)
		next := strings.TrimLeftFunc(behind, isBreak)
		if marks == 0 || behind != "" && next == behind {
			return depth, words
		}
		depth, words = depth+marks, next
	}
}

// Print writes d for readers of plain text.
func (Plain) Print(d Doc) string {
	var out strings.Builder
	for i, spans := range d.spans() {
		b := d.Blocks[i]
		if i > 0 {
			out.WriteString(plainGap(d.Blocks[i-1], b))
		}
		words := d.Text[b.Start:b.End]
		if b.Kind != Code {
			words = plainWords(b, words, spans)
		}
		quote := strings.Repeat("> ", min(max(b.Quote, 0), deepest))
		out.WriteString(quote)
		out.WriteString(strings.ReplaceAll(words, "\n", "\n"+quote))
	}
	return out.String()
}

// Normal is d after it was printed and read again.
func (p Plain) Normal(d Doc) Doc { return p.Parse(p.Print(d)) }

// plainGap parts two blocks, within the quotations that both stand in.
func plainGap(a, b Block) string {
	gap := between(a, b)
	if shared := min(a.Quote, b.Quote, deepest); gap == "\n\n" && shared > 0 {
		return "\n" + strings.TrimSpace(strings.Repeat("> ", shared)) + "\n"
	}
	return gap
}

func plainWords(b Block, words string, spans []Span) string {
	var p plainWeaver
	weave(words, relative(b, words, spans), &p)
	words = p.String()
	switch b.Kind {
	case Table:
		words = strings.ReplaceAll(words, "\t", " | ")
	case List:
		mark := marker(b.Marker)
		if mark != "" {
			mark += " "
		}
		indent := strings.Repeat("  ", min(max(b.Level-1, 0), deepest))
		words = indent + mark + strings.ReplaceAll(words, "\n", "\n"+indent)
	}
	return words
}

// plainWeaver writes words as they are, and what plain text shows of spans.
type plainWeaver struct {
	strings.Builder
	from int // where the open link's words begin
}

func (p *plainWeaver) text(words string) { p.WriteString(words) }

func (p *plainWeaver) open(s Span, words string, plain bool) bool {
	if s.Kind == Spoiler {
		p.WriteString(hidden)
		return false
	}
	if rank(s.Kind) == rank(Link) {
		p.from = p.Len()
	}
	return true
}

func (p *plainWeaver) close(s Span) {
	if s.Kind != Link && s.Kind != Image {
		return
	}
	words, to := p.String()[p.from:], address(s.Attr)
	if to != "" && to != words && to != "mailto:"+words {
		p.WriteString(" (" + to + ")")
	}
}

// keepPlain keeps bare web addresses alone.
func keepPlain(s Span, words string) (Span, bool) {
	return s, s.Kind == Link && s.Attr == words && address(s.Attr) == words
}
