package format

import (
	"strconv"
	"strings"
	"unicode"
)

// deepest is how many quotations or lists may stand in each other. Element
// shows 50 levels of HTML; 9 quotations, 9 lists of two levels each and the
// spans stay below.
const deepest = 9

// settled returns b as it may stand behind the blocks before: levels within
// their bounds, and no continuation of a list's item that never began.
func settled(b Block, before []Block) Block {
	b.Quote = min(max(b.Quote, 0), deepest)
	out := Block{Kind: b.Kind, Quote: b.Quote, Line: b.Line}
	switch b.Kind {
	case Heading:
		out.Level = min(max(b.Level, 1), 6)
	case List:
		return item(b, before)
	case Code:
		out.Lang = lang(b.Lang)
	case Table:
		out.Level = min(max(b.Level, 0), 1)
	case Rule:
	case Quote:
		out.Quote = max(out.Quote, 1)
	default:
		out.Kind = Paragraph
		if b.Quote > 0 {
			out.Kind = Quote
		}
	}
	return out
}

func item(b Block, before []Block) Block {
	depth := 0
	if n := len(before); n > 0 && before[n-1].Kind == List && before[n-1].Quote == b.Quote {
		depth = before[n-1].Level
	}
	b.Marker = marker(b.Marker)
	if b.Marker != "" {
		depth = min(depth+1, deepest)
	}
	if depth == 0 {
		return settled(Block{Kind: Paragraph, Quote: b.Quote, Line: b.Line}, before)
	}
	return Block{Kind: List, Quote: b.Quote, Line: b.Line, Marker: b.Marker, Level: min(max(b.Level, 1), depth)}
}

// marker returns the marker of a list's item as Block keeps it.
func marker(m string) string {
	if m == "" {
		return ""
	}
	if n, ok := number(m); ok {
		return strconv.Itoa(n) + "."
	}
	return "-"
}

// number reads the marker of an ordered list.
func number(m string) (int, bool) {
	digits := strings.TrimRight(m, ".)")
	if len(m) != len(digits)+1 || len(digits) > 9 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return int(n), err == nil
}

// lang returns the name of a programming language, or nothing.
func lang(s string) string {
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("+-#._/", r)
	}
	if len(s) > 40 || strings.ContainsFunc(s, odd) {
		return ""
	}
	return s
}
