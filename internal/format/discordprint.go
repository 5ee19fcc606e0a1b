package format

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// printDiscord writes a normal Doc as the content of a message.
func printDiscord(d Doc) string {
	var out strings.Builder
	var counts [deepest]int // the last numbers of the lists that are open, or 0
	for i, spans := range d.spans() {
		b := d.Blocks[i]
		words := d.Text[b.Start:b.End]
		if i > 0 {
			out.WriteString(discordGap(d.Blocks[i-1], b, counts[:]))
		}
		count(counts[:], b)
		first, rest := "", ""
		switch b.Kind {
		case Code:
			words = "```" + b.Lang + "\n" + fencedDiscord(words) + "\n```"
		case Heading:
			first = strings.Repeat("#", b.Level) + " "
			words = inlineDiscord(b, words, spans)
		default:
			if b.Kind == List {
				rest = strings.Repeat("  ", b.Level)
				first = rest[2:] + b.Marker + " "
			}
			words = inlineDiscord(b, words, spans)
		}
		quote := strings.Repeat("> ", b.Quote)
		out.WriteString(quote + first + strings.ReplaceAll(words, "\n", "\n"+quote+rest))
	}
	return out.String()
}

// count keeps the numbers of the lists that are open.
func count(counts []int, b Block) {
	from := 0
	if b.Kind == List {
		from = b.Level
		n, ordered := number(b.Marker)
		if counts[from-1] = -1; ordered {
			counts[from-1] = n
		}
	}
	for i := range counts[from:] {
		counts[from+i] = -1
	}
}

// discordGap parts two blocks. A blank line stands where one is needed to
// tell them apart: between paragraphs, and before an item whose number would
// not be its own.
func discordGap(a, b Block, counts []int) string {
	blank := !own(a) && !own(b) && a.Quote == b.Quote
	if a.Kind == List && b.Kind == List && a.Quote == b.Quote {
		n, ordered := number(b.Marker)
		last := counts[b.Level-1]
		blank = ordered && last >= 0 && n != last+1
	}
	if !blank {
		return "\n"
	}
	return "\n" + strings.Repeat("> ", b.Quote) + "\n"
}

// own reports whether a block's lines are told from words by themselves.
func own(b Block) bool { return b.Kind == Heading || b.Kind == Code || b.Kind == List }

// fencedDiscord writes code that stands in a fence.
func fencedDiscord(words string) string {
	if strings.Contains(words, "```") {
		words = broken(words, "``")
	}
	return unpinged(words)
}

// unpinged breaks what would ping someone, in code, which has no escapes.
func unpinged(s string) string {
	var out strings.Builder
	for i, r := range s {
		out.WriteRune(r)
		if r == '@' && pings(s, i) {
			out.WriteString(gap)
		}
	}
	return out.String()
}

// pings reports whether the server might ping for the "@" at i.
func pings(s string, i int) bool { return namesAll(s[i+1:]) || i > 0 && s[i-1] == '<' }

// inlineDiscord writes a block's words with their spans.
func inlineDiscord(b Block, words string, spans []Span) string {
	w := discordWeaver{masked: strings.Contains(words, "](")}
	for i := range spans {
		spans[i].Start, spans[i].End = spans[i].Start-b.Start, spans[i].End-b.Start
		w.masked = w.masked || spans[i].Kind == Link
	}
	weave(words, spans, &w)
	w.chooseEmphasis()
	return w.joined()
}

// discordWeaver writes a block in pieces.
type discordWeaver struct {
	pieces  []piece
	waiting []int
	masked  bool // there are masked links, or what looks like one
}

func (w *discordWeaver) text(words string) { w.add(wordsPiece, words) }

func (w *discordWeaver) add(r role, s string) { w.pieces = append(w.pieces, piece{role: r, s: s}) }

var discordMarks = map[SpanKind]string{Strong: "**", Emph: "_", Strike: "~~", Underline: "__", Spoiler: "||"}

func (w *discordWeaver) open(s Span, words string, plain bool) bool {
	switch s.Kind {
	case CodeSpan:
		w.add(finished, w.code(words))
		return false
	case Mention:
		w.add(finished, "<@"+s.Attr+">")
		return false
	case Link:
		if plain && words == s.Attr {
			w.add(finished, words)
			return false
		}
		w.add(finished, "[")
	default:
		w.waiting = append(w.waiting, len(w.pieces))
		w.add(opening, discordMarks[s.Kind])
	}
	return true
}

func (w *discordWeaver) close(s Span) {
	if s.Kind == Link {
		to := s.Attr
		if !balanced(to) {
			to = "<" + to + ">"
		}
		w.add(finished, "]("+to+")")
		return
	}
	n := len(w.waiting) - 1
	at := w.waiting[n]
	w.waiting = w.waiting[:n]
	w.pieces[at].other = len(w.pieces)
	w.pieces = append(w.pieces, piece{role: closing, s: discordMarks[s.Kind], other: at})
}

// code writes inline code between one or two backticks: three would be
// a block of code.
//
// The client closes a span at the first mark that it sees, in code as well;
// there the mark is broken.
func (w *discordWeaver) code(words string) string {
	fence := "`"
	if strings.Contains(words, "`") {
		fence = "``"
		words = broken(words, fence)
	}
	for _, i := range w.waiting {
		if mark := w.pieces[i].s; len(mark) == 2 {
			words = broken(words, mark)
		}
	}
	if strings.HasPrefix(words, "`") {
		words = " " + words
	}
	if strings.HasSuffix(words, "`") {
		words += " "
	}
	return fence + unpinged(words) + fence
}

// broken puts joints between characters that are a mark of two.
func broken(words, mark string) string {
	apart := mark[:1] + joint + mark[1:]
	return strings.ReplaceAll(strings.ReplaceAll(words, mark, apart), mark, apart) // twice for odd runs
}

// chooseEmphasis writes "*" for "_" beside words and underlined ones, and
// about code and addresses that hold a "_".
func (w *discordWeaver) chooseEmphasis() {
	for i, p := range w.pieces {
		if p.role != opening || p.s != "_" {
			continue
		}
		star := i > 0 && endsWord(w.pieces[i-1].s) || p.other+1 < len(w.pieces) && startsWord(w.pieces[p.other+1].s) ||
			w.pieces[i+1].s == "__" || w.pieces[p.other-1].s == "__"
		stars := false
		for _, in := range w.pieces[i+1 : p.other] {
			star = star || in.role == finished && strings.Contains(in.s, "_")
			stars = stars || in.role == finished && strings.Contains(in.s, "*")
		}
		if star && !stars {
			w.pieces[i].s, w.pieces[p.other].s = "*", "*"
		}
	}
}

func startsWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return isWordByte(r)
}

func endsWord(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return isWordByte(r)
}

// joined writes the pieces behind each other. A shrug that they happen to make
// would lose its backslash and its mark.
func (w *discordWeaver) joined() string {
	var out strings.Builder
	line := true // at the start of a line, but for marks
	last := ""
	for i, p := range w.pieces {
		s := p.s
		switch {
		case p.role == wordsPiece:
			s = discordEscaper{s: s, line: line, masked: w.masked, ends: i+1 == len(w.pieces)}.escape()
		case p.role == finished && strings.HasPrefix(s, "http"):
			s = w.alone(i)
		}
		if touches(last, s) || i > 0 && w.pieces[i-1].role == closing && last == "_" && startsWord(s) {
			out.WriteString(joint)
		}
		out.WriteString(s)
		line = line && p.role != wordsPiece || p.role == wordsPiece && strings.HasSuffix(p.s, "\n")
		last = s
	}
	s := out.String()
	for strings.Contains(s, shrug) { // of two that share an arm the second is left for another turn
		s = strings.ReplaceAll(s, shrug, "¯"+joint+shrug[len("¯"):])
	}
	return s
}

// alone writes a web address bare where it stands between blanks, and else in
// angle brackets, lest it goes on.
func (w *discordWeaver) alone(i int) string {
	before, after := ' ', ' '
	if i > 0 {
		before, _ = utf8.DecodeLastRuneInString(w.pieces[i-1].s)
	}
	if i+1 < len(w.pieces) {
		after, _ = utf8.DecodeRuneInString(w.pieces[i+1].s)
	}
	s := w.pieces[i].s
	if unicode.IsSpace(before) && unicode.IsSpace(after) && addressAt(s, 0) == len(s) {
		return s
	}
	return "<" + s + ">"
}

// touches reports whether the mark that ends one piece would be read together
// with what begins the next.
func touches(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	last := a[len(a)-1]
	return last == b[0] && strings.IndexByte("*_~|`", last) >= 0
}

// discordEscaper writes words so that they are read as words.
type discordEscaper struct {
	s      string
	line   bool // it stands at the start of a line
	masked bool
	ends   bool // nothing follows
}

func (e discordEscaper) escape() string {
	var out strings.Builder
	line := -1
	if e.line {
		line = 0
	}
	for i, r := range e.s {
		if i == line && e.startsBlock(i) || e.special(i, r) || r == '.' && line >= 0 && e.numbers(line, i) {
			out.WriteByte('\\')
		}
		out.WriteRune(r)
		if r == '@' && pings(e.s, i) {
			out.WriteString(gap)
		}
		if r == '\n' {
			line = i + 1
		}
	}
	return out.String()
}

// special reports whether a character is markup where it stands.
func (e discordEscaper) special(i int, r rune) bool {
	next := e.s[i+utf8.RuneLen(r):]
	switch r {
	case '\\', '*', '_', '~', '|', '`':
		return true
	case '[', ']':
		return e.masked
	case '<':
		if next == "" {
			return !e.ends
		}
		return strings.IndexByte("@#:/+", next[0]) >= 0 || next[0]|' ' >= 'a' && next[0]|' ' <= 'z' || e.beginsMail(next)
	case '@':
		return strings.HasSuffix(e.s[:i], "<")
	case ':':
		return strings.HasPrefix(next, "//") && (strings.HasSuffix(e.s[:i], "http") || strings.HasSuffix(e.s[:i], "https"))
	}
	return false
}

// beginsMail reports whether s begins with a mail address and the bracket that
// ends it, or may once the marks and words behind it are written.
func (e discordEscaper) beginsMail(s string) bool {
	n := strings.IndexAny(s, "> \n<")
	if n < 0 {
		return !e.ends
	}
	if s[n] != '>' {
		return false
	}
	to, _, _ := strings.Cut(s[:n], "?")
	return isMail(to)
}

// startsBlock reports whether a line would begin a block.
func (e discordEscaper) startsBlock(i int) bool {
	line, _, _ := strings.Cut(e.s[i:], "\n")
	behind := strings.TrimLeft(line, line[:min(1, len(line))])
	marks := len(line) - len(behind)
	space := behind != "" && strings.IndexFunc(behind, unicode.IsSpace) == 0
	switch {
	case marks == 0:
		return false
	case line[0] == '#':
		return space && marks <= 3
	case line[0] == '>':
		return true
	case line[0] == '-':
		return space || strings.HasPrefix(behind, "#")
	}
	return false
}

// numbers reports whether the dot at i ends the number of a list's item.
func (e discordEscaper) numbers(line, i int) bool {
	next, _ := utf8.DecodeRuneInString(e.s[i+1:])
	return i > line && i-line < 40 && strings.Trim(e.s[line:i], "0123456789") == "" && unicode.IsSpace(next)
}
