package discussion

import (
	"strings"
	"unicode/utf8"
)

// numeral is how an item of a typed list is numbered.
type numeral byte

const (
	plain  numeral = iota
	number         // 1) 2.
	letter         // a) b.
	roman          // I. II)
)

// item is the marker that a line begins with: "b)" is {letter, 2, ')'}.
type item struct {
	numeral numeral
	value   int
	mark    byte
}

// itemOf reads the marker at the beginning of a line.
func itemOf(s string) item {
	head, _, spaced := strings.Cut(s, " ")
	head = strings.TrimPrefix(head, "(")
	if !spaced || len(head) < 2 || len(head) > 6 {
		return item{}
	}
	mark := head[len(head)-1]
	if mark != ')' && mark != '.' {
		return item{}
	}
	body := head[:len(head)-1]
	if n := romanValue(body); n > 0 {
		return item{roman, n, mark}
	}
	if n := decimal(body); n > 0 {
		return item{number, n, mark}
	}
	if len(body) == 1 && body[0] >= 'a' && body[0] <= 'z' && mark == ')' {
		return item{letter, int(body[0]-'a') + 1, mark}
	}
	return item{}
}

func decimal(s string) int {
	n := 0
	for _, r := range s {
		if r < '0' || r > '9' || n > 99 {
			return 0
		}
		n = n*10 + int(r-'0')
	}
	return n
}

func romanValue(s string) int {
	for i, r := range []string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"} {
		if s == r {
			return i + 1
		}
	}
	return 0
}

// farthestItem is how many lines an item of a typed list may hold.
const farthestItem = 12

// bindItems marks the lines that stand between one item of a list and the
// next: they belong together, whatever they look like.
func (d *dump) bindItems() {
	for i, l := range d.lines {
		if l.marker.value < 2 {
			continue
		}
		want := item{l.marker.numeral, l.marker.value - 1, l.marker.mark}
		for j := i - 1; j >= max(0, i-farthestItem); j-- {
			if d.lines[j].marker == want {
				for k := j + 1; k <= i; k++ {
					d.lines[k].bound = true
				}
				break
			}
		}
	}
}

// farthestBracket is how many lines a bracket may stay open.
const farthestBracket = 6

// bindBrackets marks the lines before which a bracket is open. One that is
// closed nowhere near binds only the next line.
func (d *dump) bindBrackets() {
	for i, l := range d.lines {
		depth := openBrackets(l.text)
		if depth <= 0 {
			continue
		}
		closed := i + 1
		for j := i + 1; j < min(len(d.lines), i+1+farthestBracket); j++ {
			if depth += openBrackets(d.lines[j].text); depth <= 0 {
				closed = j
				break
			}
		}
		for k := i + 1; k <= min(closed, len(d.lines)-1); k++ {
			d.lines[k].bound = true
		}
	}
}

// openBrackets is how many brackets a line opens and does not close, or
// closes and did not open (negative). Markers like "a)" and faces do not count.
func openBrackets(s string) int {
	open, shut := 0, 0
	var before rune
	for i, r := range s {
		face := before == ':' || before == ';' || before == '-' && i > 1 && strings.ContainsRune(":;", rune(s[i-2]))
		switch {
		case face:
		case r == '(' || r == '[':
			open++
		case (r == ')' || r == ']') && open > 0:
			open--
		case (r == ')' || r == ']') && !afterMarker(s[:i]):
			shut++
		}
		before = r
	}
	return open - shut
}

// afterMarker reports whether text ends in the "a" or "12" of a marker.
func afterMarker(text string) bool {
	word := text[strings.LastIndexAny(text, " (")+1:]
	return utf8.RuneCountInString(word) == 1 || decimal(word) > 0 || romanValue(word) > 0
}
