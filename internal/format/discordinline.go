package format

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A lexeme is what a block's words are made of: words, or one character of a
// mark.
type lexeme struct {
	kind lexemeKind
	mark byte // of a mark: one of *_~|
	from int  // where it stands in the source
	text string
	attr string // the address of a link, the id of a mention
	role role
	span SpanKind
}

type lexemeKind int

const (
	wordLexeme lexemeKind = iota
	breakLexeme
	markLexeme
	codeLexeme
	addressLexeme
	mentionLexeme
	linkStart
	linkEnd
	coverLexeme
)

// lexer cuts a block's words into lexemes. What it finds first wins:
// nothing in code, addresses and mentions is a mark.
type lexer struct {
	dialect  Discord
	src      string
	at       int
	ticks    map[int][]int
	lexemes  []lexeme
	brackets []int // the lexemes "[" that wait for their "]"
}

func (r *discordReader) inline(words string) {
	t := lexer{dialect: r.dialect, src: words, ticks: backticks(words)}
	t.run()
	p := pairer{src: words, lexemes: t.lexemes}
	p.scope(0, len(t.lexemes), 0)
	for _, x := range p.lexemes {
		r.emit(x)
	}
}

func (r *discordReader) emit(x lexeme) {
	switch x.kind {
	case breakLexeme:
		r.b.brk()
		r.b.line++
	case markLexeme:
		r.mark(x)
	case codeLexeme:
		r.span(CodeSpan, x)
	case addressLexeme:
		r.span(Link, x)
	case mentionLexeme:
		r.span(Mention, x)
	case linkStart:
		r.b.start(Link, x.attr)
	case linkEnd:
		r.b.stop(Link)
	case coverLexeme:
		if x.text == coverStart {
			r.b.start(Spoiler, "")
		} else {
			r.b.stop(Spoiler)
		}
	default:
		addSeen(r.b, x.text)
	}
}

// mark begins or ends a span, unless it stands in one of its kind.
func (r *discordReader) mark(x lexeme) {
	switch x.role {
	case opening:
		r.within = append(r.within, !r.b.start(x.span, ""))
	case closing:
		n := len(r.within) - 1
		if inner := r.within[n]; !inner {
			r.b.stop(x.span)
		}
		r.within = r.within[:n]
	case wordsPiece:
		r.b.text(string(x.mark))
	}
}

func (r *discordReader) span(kind SpanKind, x lexeme) {
	opened := r.b.start(kind, x.attr)
	addSeen(r.b, x.text)
	if opened {
		r.b.stop(kind)
	}
}

func (t *lexer) add(kind lexemeKind, end int, text, attr string) {
	t.lexemes = append(t.lexemes, lexeme{kind: kind, from: t.at, text: text, attr: attr})
	t.at = end
}

const shrug = `¯\_(ツ)_/¯`

func (t *lexer) run() {
	for t.at < len(t.src) {
		if !t.special() {
			t.word()
		}
	}
}

// word adds what is up to the next character that may be special.
func (t *lexer) word() {
	_, n := utf8.DecodeRuneInString(t.src[t.at:])
	end := strings.IndexAny(t.src[t.at+n:], "\\`*_~|<[]\nh¯\x01\x02"+joint)
	if end < 0 {
		end = len(t.src) - t.at - n
	}
	end += t.at + n
	t.add(wordLexeme, end, t.src[t.at:end], "")
}

// special adds what stands here if it is not just words.
func (t *lexer) special() bool {
	rest := t.src[t.at:]
	switch c := rest[0]; c {
	case '\n':
		t.add(breakLexeme, t.at+1, "", "")
	case '*', '_', '~', '|':
		t.add(markLexeme, t.at+1, "", "")
		t.lexemes[len(t.lexemes)-1].mark = c
	case '\\':
		return t.escaped()
	case '`':
		t.code()
	case '<':
		return t.angle()
	case 'h':
		return t.address()
	case '[':
		t.brackets = append(t.brackets, len(t.lexemes))
		t.add(wordLexeme, t.at+1, "[", "")
	case ']':
		t.bracket()
	case coverStart[0], coverEnd[0]:
		t.add(coverLexeme, t.at+2, rest[:2], "")
	default:
		if !strings.HasPrefix(rest, shrug) {
			return false
		}
		t.add(wordLexeme, t.at+len(shrug), shrug, "")
	}
	return true
}

func (t *lexer) escaped() bool {
	r, n := utf8.DecodeRuneInString(t.src[t.at+1:])
	if n == 0 || unicode.IsSpace(r) || isWordByte(r) && r != '_' {
		return false
	}
	t.add(wordLexeme, t.at+1+n, string(r), "")
	return true
}

// isWordByte reports whether r is what the client takes for part of a word.
func isWordByte(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r|' ' >= 'a' && r|' ' <= 'z' && r < utf8.RuneSelf
}

func (t *lexer) code() {
	n := longestPrefix(t.src[t.at:], '`')
	from := t.at + n
	end := nextRun(t.ticks, n, from)
	if end < 0 {
		t.add(wordLexeme, from, t.src[t.at:from], "")
		return
	}
	t.add(codeLexeme, end+n, strings.TrimSpace(seen(t.src[from:end])), "")
}

// nextRun returns where the next run of n backticks stands, or -1.
func nextRun(ticks map[int][]int, n, from int) int {
	at := ticks[n]
	if i := sort.SearchInts(at, from); i < len(at) {
		return at[i]
	}
	return -1
}

// address adds the web address that begins here, if one does.
func (t *lexer) address() bool {
	before, _ := utf8.DecodeLastRuneInString(t.src[:t.at])
	if t.at > 0 && (unicode.IsLetter(before) || unicode.IsDigit(before)) {
		return false
	}
	end := addressAt(t.src, t.at)
	if end < 0 {
		return false
	}
	words := t.src[t.at:end]
	t.add(addressLexeme, end, words, words)
	return true
}

// addressAt returns where the web address that begins at a place ends, or -1.
func addressAt(s string, at int) int {
	for _, scheme := range []string{"https://", "http://"} {
		if !strings.HasPrefix(s[at:], scheme) {
			continue
		}
		n := len(scheme) + len(endOfAddress(s[at+len(scheme):]))
		if words := s[at : at+n]; n > len(scheme) && address(words) == words {
			return at + n
		}
	}
	return -1
}

// bracket adds the end of a masked link, or a bracket.
func (t *lexer) bracket() {
	n := len(t.brackets)
	to, end := "", -1
	if n > 0 {
		to, end = target(t.src, t.at+1)
	}
	if end < 0 || addressOf(to, "http://", "https://") == "" {
		t.brackets = t.brackets[:max(n-1, 0)]
		t.add(wordLexeme, t.at+1, "]", "")
		return
	}
	open := &t.lexemes[t.brackets[n-1]]
	open.kind, open.text, open.attr = linkStart, "", to
	t.brackets = t.brackets[:0] // no link stands in another
	t.add(linkEnd, end, "", "")
}

// target reads the address of a masked link with its brackets, and returns
// where it ends, or -1.
func target(s string, at int) (to string, end int) {
	if !strings.HasPrefix(s[at:], "(") {
		return "", -1
	}
	i := at + 1
	for i < len(s) && s[i] == ' ' {
		i++
	}
	from := i
	if strings.HasPrefix(s[i:], "<") {
		n := strings.IndexAny(s[i:], ">\n ")
		if n < 0 || s[i+n] != '>' {
			return "", -1
		}
		to, i = s[i+1:i+n], i+n+1
	} else {
		for depth := 0; i < len(s) && s[i] > ' ' && (s[i] != ')' || depth > 0) && depth <= 30; i++ {
			switch s[i] {
			case '(':
				depth++
			case ')':
				depth--
			}
		}
		to = s[from:i]
	}
	return to, behindTitle(s, i)
}

// behindTitle returns where the masked link ends whose address ends at i.
func behindTitle(s string, i int) int {
	rest := strings.TrimLeft(s[i:], " ")
	if rest != "" && len(rest) < len(s)-i && (rest[0] == '"' || rest[0] == '\'') {
		n := strings.IndexAny(rest[1:], rest[:1]+"\n")
		if n < 0 {
			return -1
		}
		rest = strings.TrimLeft(rest[n+2:], " ")
	}
	if !strings.HasPrefix(rest, ")") {
		return -1
	}
	return len(s) - len(rest) + 1
}
