package format

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A builder makes Docs that keep Doc's rules, whatever it is told: every
// parser writes into one, and every Normal replays its Doc into one. It
// collapses white space as browsers do, drops control characters, turns two
// line breaks into a new block, links bare web addresses and leaves the spans
// in an order that nests.
type builder struct {
	joiner
	keep  keeper
	line  int // of the source, for blocks that begin now
	in    bool
	block Block
	buf   []byte
	open  []Span // at most one of each kind; they go on from block to block
	done  []Span
	space bool
	brks  int
}

// A keeper says how a dialect shows a span of a block, and whether it does.
type keeper func(s Span, words string) (Span, bool)

func (b *builder) doc() Doc {
	b.end()
	return b.joiner.doc()
}

// begin ends the block before and begins another.
func (b *builder) begin(block Block) {
	b.end()
	block.Line = 0
	b.block, b.in = block, true
}

// text adds words to the block, or to a paragraph when none has begun.
func (b *builder) text(s string) {
	if !b.in {
		if strings.TrimLeft(s, " \t\n\r\f\v") == "" {
			return
		}
		b.begin(Block{Kind: Paragraph})
	}
	if b.block.Kind == Code {
		b.code(s)
		return
	}
	for _, r := range s {
		if isBlank(r) {
			b.space = true
			continue
		}
		if dropped(r) || unicode.IsSpace(r) && b.atStart() {
			continue
		}
		b.gap()
		b.mark()
		b.buf = utf8.AppendRune(b.buf, r)
	}
}

// replayed adds words of a Doc, in which line breaks and tabs are meant.
func (b *builder) replayed(s string) {
	if b.block.Kind == Code {
		b.text(s)
		return
	}
	for s != "" {
		i := strings.IndexAny(s, "\n\t")
		if i < 0 {
			b.text(s)
			return
		}
		b.text(s[:i])
		if s[i] == '\n' {
			b.brk()
		} else {
			b.tab()
		}
		s = s[i+1:]
	}
}

func (b *builder) code(s string) {
	for _, r := range s {
		if !dropped(r) {
			b.mark()
			b.buf = utf8.AppendRune(b.buf, r)
		}
	}
}

// mark notes the line on which a block's first word stands.
func (b *builder) mark() {
	if len(b.buf) == 0 {
		b.block.Line = b.line
	}
}

// atStart reports whether the next word would be the first of its line.
func (b *builder) atStart() bool {
	if b.brks > 0 || len(b.buf) == 0 {
		return true
	}
	last := b.buf[len(b.buf)-1]
	return last == '\n' || last == '\t'
}

// gap writes the space or line breaks that stand before the next word.
func (b *builder) gap() {
	brks, space := b.brks, b.space && !b.atStart()
	b.brks, b.space = 0, false
	if brks > 1 {
		next := b.block
		next.Marker = ""
		b.end()
		b.begin(next)
		return
	}
	if brks == 1 {
		b.cut()
		b.buf = append(b.buf, '\n')
		return
	}
	if space {
		b.buf = append(b.buf, ' ')
	}
}

// brk adds a line break. Headings and the rows of tables have none.
func (b *builder) brk() {
	switch {
	case !b.in || len(b.buf) == 0:
	case b.block.Kind == Code:
		b.buf = append(b.buf, '\n')
	case b.block.Kind == Heading || b.block.Kind == Table:
		b.space = true
	default:
		b.brks++
	}
}

// tab begins the next cell of a table's row.
func (b *builder) tab() {
	if b.block.Kind != Table {
		b.space = true
		return
	}
	b.cut()
	b.space = false
	b.buf = append(b.buf, '\t')
}

// cut takes white space off the end of the line or cell.
func (b *builder) cut() {
	n := len(b.buf)
	for n > 0 {
		r, size := utf8.DecodeLastRune(b.buf[:n])
		if !unicode.IsSpace(r) || r == '\n' || r == '\t' {
			break
		}
		n -= size
	}
	b.buf = b.buf[:n]
	for i := len(b.done) - 1; i >= 0 && b.done[i].End > n; i-- {
		b.done[i].End = n
	}
	for i := range b.open {
		b.open[i].Start = min(b.open[i].Start, n)
	}
}

// start opens a span of a kind, unless one of its kind, or another address,
// is open: then it reports false and must not be stopped.
func (b *builder) start(kind SpanKind, attr string) bool {
	for _, s := range b.open {
		if rank(s.Kind) == rank(kind) {
			return false
		}
	}
	b.open = append(b.open, Span{Kind: kind, Start: len(b.buf), Attr: attr})
	return true
}

// stop ends the open span of a kind.
func (b *builder) stop(kind SpanKind) {
	for i, s := range b.open {
		if s.Kind == kind {
			b.open = append(b.open[:i], b.open[i+1:]...)
			b.shut(s)
			return
		}
	}
}

func (b *builder) shut(s Span) {
	s.End = len(b.buf)
	if s.Start < s.End {
		b.done = append(b.done, s)
	}
}

// end ends the block; a blank one is left out.
func (b *builder) end() {
	if !b.in {
		return
	}
	for i, s := range b.open {
		b.shut(s)
		b.open[i].Start = 0
	}
	b.settle()
	b.in, b.space, b.brks = false, false, 0
	b.buf, b.done = b.buf[:0], b.done[:0]
}

func (b *builder) settle() {
	text := string(b.buf)
	from, to := b.block.trim(text, 0, len(text))
	words := text[from:to]
	block := b.block
	if words == "" && block.Kind != Rule {
		return
	}
	block = settled(block, b.blocks)
	if block.Kind == Rule {
		words = "* * *"
	}
	if block.Kind == Rule || block.Kind == Code {
		b.add(block, words, 0, nil)
		return
	}
	spans := linked(words, kept(words, b.done, b.keep), b.keep)
	b.add(block, words, 0, tidy(block, words, spans))
}

// kept returns the spans as a dialect shows them.
func kept(words string, spans []Span, keep keeper) []Span {
	var out []Span
	for _, s := range spans {
		s.End = min(s.End, len(words))
		if s.Start >= s.End {
			continue
		}
		if s, ok := keep(s, words[s.Start:s.End]); ok {
			out = append(out, s)
		}
	}
	return out
}
