package format

import (
	"unicode"
	"unicode/utf8"
)

// pairer finds which marks open and close, as the client does: from left to
// right, a mark is closed by the first that can close it, and what stands
// between is read by itself.
type pairer struct {
	src     string
	lexemes []lexeme
}

// nested is how deep spans are looked for in spans.
const nested = 16

// scope pairs the marks among the lexemes from lo up to hi.
func (p *pairer) scope(lo, hi, depth int) {
	if depth > nested {
		return
	}
	s := scope{pairer: p, hi: hi, none: map[byte]bool{}, until: map[byte]int{}}
	for i := lo; i < hi; {
		width, end := s.pair(i)
		if width == 0 {
			i++
			continue
		}
		kind := markedSpan(p.lexemes[i].mark, width)
		p.set(i, width, opening, kind)
		p.set(end, width, closing, kind)
		p.scope(i+width, end, depth+1)
		i = end + width
	}
}

// set gives a mark its role. The second character of two is nothing more.
func (p *pairer) set(i, width int, r role, kind SpanKind) {
	p.lexemes[i].role, p.lexemes[i].span = r, kind
	if width == 2 {
		p.lexemes[i+1].role = finished
	}
}

func markedSpan(mark byte, width int) SpanKind {
	switch mark {
	case '~':
		return Strike
	case '|':
		return Spoiler
	case '_':
		if width == 2 {
			return Underline
		}
	}
	if width == 2 {
		return Strong
	}
	return Emph
}

// scope remembers what was looked for in vain, so that nothing is looked for
// twice.
type scope struct {
	*pairer
	hi    int
	none  map[byte]bool
	until map[byte]int
}

func (s *scope) is(i int, mark byte) bool {
	return i < s.hi && s.lexemes[i].kind == markLexeme && s.lexemes[i].mark == mark
}

// pair returns how many characters the mark has that opens at i, and where
// the one that closes it stands. The longer of two spans is taken.
func (s *scope) pair(i int) (width, end int) {
	mark := s.lexemes[i].mark
	if s.lexemes[i].kind != markLexeme {
		return 0, 0
	}
	if s.is(i+1, mark) && !s.none[mark] {
		if end = s.double(i+2, mark); end > 0 {
			width = 2
		} else {
			s.none[mark] = true
		}
	}
	if (mark == '*' || mark == '_') && i >= s.until[mark] {
		if single := s.single(i+1, mark); single > 0 && single+1 >= end+width {
			return 1, single
		}
	}
	return width, end
}

// double finds two characters of a mark behind the first lexeme of a span.
func (s *scope) double(from int, mark byte) int {
	for j := from + 1; j+1 < s.hi; j++ {
		if !s.is(j, mark) || !s.is(j+1, mark) {
			continue
		}
		if (mark == '*' || mark == '_') && s.is(j+2, mark) {
			continue
		}
		return j
	}
	return 0
}

// single finds the single character that closes an emphasis: of a run of them
// it is the odd one at the end.
func (s *scope) single(from int, mark byte) int {
	if from >= s.hi || mark == '*' && s.spaceAt(from) {
		return 0
	}
	for j := from; j < s.hi; j++ {
		if !s.is(j, mark) {
			continue
		}
		run := 0
		for s.is(j+run, mark) {
			run++
		}
		last := j + run - 1
		if run%2 == 1 {
			if last > from && s.closes(j, last, mark) {
				return last
			}
			s.until[mark] = last
			return 0
		}
		j = last
	}
	s.until[mark] = s.hi
	return 0
}

// closes reports whether the last of a run from first to last ends an
// emphasis.
func (s *scope) closes(first, last int, mark byte) bool {
	if mark == '_' {
		if last+1 >= s.hi {
			return true
		}
		next, _ := utf8.DecodeRuneInString(s.src[s.lexemes[last+1].from:])
		return !isWordByte(next)
	}
	before, _ := utf8.DecodeLastRuneInString(s.src[:s.lexemes[first].from])
	return first < last || !unicode.IsSpace(before)
}

func (s *scope) spaceAt(i int) bool {
	r, _ := utf8.DecodeRuneInString(s.src[s.lexemes[i].from:])
	return unicode.IsSpace(r)
}
