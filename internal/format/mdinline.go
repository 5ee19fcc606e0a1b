package format

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// inlineMarkdown writes a block's words with their spans. Line breaks stay;
// they have a backslash before them.
func inlineMarkdown(b Block, words string, spans []Span) string {
	for i := range spans {
		spans[i].Start, spans[i].End = spans[i].Start-b.Start, spans[i].End-b.Start
	}
	w := mdWeaver{table: b.Kind == Table, within: b.Kind == Table || b.Kind == Heading}
	weave(words, spans, &w)
	w.chooseEmphasis()
	var out strings.Builder
	for i := range w.pieces {
		out.WriteString(w.written(i))
	}
	return out.String()
}

// A piece is a stretch of what is written: words, a mark that opens or closes
// an emphasis, or markup that is finished.
type piece struct {
	role  role
	s     string
	other int // of a mark: the piece that closes or opened it
}

type role int

const (
	wordsPiece role = iota
	opening
	closing
	finished
)

type mdWeaver struct {
	pieces  []piece
	waiting []int // the opening pieces that wait for their close
	table   bool
	within  bool // a line that has begun: nothing begins a block
}

func (w *mdWeaver) text(words string) { w.add(wordsPiece, words) }

func (w *mdWeaver) add(r role, s string) { w.pieces = append(w.pieces, piece{role: r, s: s}) }

func (w *mdWeaver) open(s Span, words string, plain bool) bool {
	switch s.Kind {
	case Strong, Emph, Strike:
		w.waiting = append(w.waiting, len(w.pieces))
		w.add(opening, markOf(s.Kind))
	case CodeSpan:
		w.add(finished, codeMarkdown(words, w.table))
		return false
	case Link:
		if plain && words == s.Attr && autoLinks(words) {
			w.add(finished, "<"+words+">")
			return false
		}
		w.add(finished, "[")
	case Image:
		w.add(finished, "![")
	default:
		w.add(finished, "<"+tagOf(s.Kind)+">")
	}
	return true
}

func (w *mdWeaver) close(s Span) {
	switch s.Kind {
	case Strong, Emph, Strike:
		n := len(w.waiting) - 1
		at := w.waiting[n]
		w.waiting = w.waiting[:n]
		w.pieces[at].other = len(w.pieces)
		w.pieces = append(w.pieces, piece{role: closing, s: markOf(s.Kind), other: at})
	case Link, Image:
		w.add(finished, "]("+destination(s.Attr)+")")
	default:
		w.add(finished, "</"+tagOf(s.Kind)+">")
	}
}

func markOf(k SpanKind) string {
	return map[SpanKind]string{Strong: "**", Emph: "_", Strike: "~~"}[k]
}

// chooseEmphasis writes "*" for "_" within a word, where it can.
func (w *mdWeaver) chooseEmphasis() {
	for i, p := range w.pieces {
		if p.role != opening || p.s != "_" || !w.isWords(i-1) || !w.isWords(p.other+1) ||
			!w.isWords(i+1) || !w.isWords(p.other-1) {
			continue
		}
		if w.solidBefore(i) || w.solidAfter(p.other) {
			w.pieces[i].s, w.pieces[p.other].s = "*", "*"
		}
	}
}

// isWords reports whether a piece is words or beyond the ends.
func (w *mdWeaver) isWords(i int) bool {
	return i < 0 || i >= len(w.pieces) || w.pieces[i].role == wordsPiece
}

// solidBefore reports whether the piece before is words that end in a
// character of a word.
func (w *mdWeaver) solidBefore(i int) bool {
	if i < 1 || w.pieces[i-1].role != wordsPiece {
		return false
	}
	r, _ := utf8.DecodeLastRuneInString(w.pieces[i-1].s)
	return solid(r)
}

func (w *mdWeaver) solidAfter(i int) bool {
	if i+1 >= len(w.pieces) || w.pieces[i+1].role != wordsPiece {
		return false
	}
	r, _ := utf8.DecodeRuneInString(w.pieces[i+1].s)
	return solid(r)
}

// solid is neither white space nor punctuation.
func solid(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.IsPunct(r) && !(r < unicode.MaxASCII && unicode.IsSymbol(r))
}

// written returns piece i as it stands in the text. Whether a mark opens or
// closes depends on the characters about it; where they forbid it, the
// character outside of the emphasis is written as an entity, which counts as
// punctuation.
func (w *mdWeaver) written(i int) string {
	p := w.pieces[i]
	if p.role != wordsPiece {
		return p.s
	}
	e := escaper{s: p.s, table: w.table, start: i == 0 && !w.within, end: i+1 == len(w.pieces)}
	if i+1 < len(w.pieces) && w.pieces[i+1].role == opening && w.solidBefore(i+1) {
		e.last = w.pieces[i+1].s == "_" || !w.alnumAt(i+2, utf8.DecodeRuneInString)
	}
	if i > 0 && w.pieces[i-1].role == closing && w.solidAfter(i-1) {
		e.first = w.pieces[i-1].s == "_" || !w.alnumAt(i-2, utf8.DecodeLastRuneInString)
	}
	return e.escape()
}

// alnumAt reports whether a piece's first or last character is a letter or a
// digit. Of markup it never is.
func (w *mdWeaver) alnumAt(i int, decode func(string) (rune, int)) bool {
	p := w.pieces[i]
	if p.role != wordsPiece {
		return false
	}
	r, n := decode(p.s)
	entity := n == len(p.s) && // the only character, and it may become an entity
		(i+1 < len(w.pieces) && w.pieces[i+1].role == opening || i > 0 && w.pieces[i-1].role == closing)
	return isAlnum(r) && !entity
}

func isAlnum(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func codeMarkdown(words string, table bool) string {
	fence := strings.Repeat("`", longestRun(words)+1)
	if strings.HasPrefix(words, "`") || strings.HasSuffix(words, "`") {
		words = " " + words + " "
	}
	if table {
		words = strings.ReplaceAll(words, "|", `\|`)
	}
	return fence + words + fence
}

// autoLinks reports whether an address can be written in angle brackets alone.
func autoLinks(s string) bool {
	return strings.HasPrefix(s, "http") && !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// destination writes the address of a link.
func destination(to string) string {
	var out strings.Builder
	for i := range len(to) {
		if to[i] == '&' && entity([]byte(to[i:])) > 0 {
			out.WriteString("&amp;")
			continue
		}
		out.WriteByte(to[i])
	}
	if !balanced(to) {
		return "<" + out.String() + ">"
	}
	return out.String()
}

func balanced(s string) bool {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth < 0 || depth > 30 {
			return false
		}
	}
	return depth == 0
}
