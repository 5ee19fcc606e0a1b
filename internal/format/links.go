package format

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// linked adds a link for each bare web address that stands outside addresses
// and inline code, where the dialect keeps links. The address of a person is not
// made a mention of them.
func linked(words string, spans []Span, keep keeper) []Span {
	if !strings.Contains(words, "://") {
		return spans
	}
	taken := slices.DeleteFunc(slices.Clone(spans), func(s Span) bool {
		return rank(s.Kind) != rank(Link) && s.Kind != CodeSpan
	})
	slices.SortFunc(taken, nesting)
	at, until := 0, 0 // the next taken span, and how far those before reach
	for start, end := bare(words, 0); start < end; start, end = bare(words, end) {
		for ; at < len(taken) && taken[at].Start < end; at++ {
			until = max(until, taken[at].End)
		}
		s := Span{Kind: Link, Start: start, End: end, Attr: words[start:end]}
		if s, ok := keep(s, s.Attr); ok && s.Kind == Link && until <= start {
			spans = append(spans, s)
		}
	}
	return spans
}

// bare finds the next web address at or behind an offset; without one it
// returns an empty range. It ends at anything that an address cannot hold,
// and before the marks that end a sentence or close a bracket.
func bare(words string, at int) (start, end int) {
	for {
		i := strings.Index(words[at:], "://")
		if i < 0 {
			return len(words), len(words)
		}
		mark := at + i
		at = mark + len("://")
		start = mark - len("http")
		if strings.HasSuffix(words[:mark], "https") {
			start--
		} else if !strings.HasSuffix(words[:mark], "http") {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(words[:start])
		if start > 0 && (unicode.IsLetter(before) || unicode.IsDigit(before)) {
			continue
		}
		end = at + len(endOfAddress(words[at:]))
		if end > at && address(words[start:end]) == words[start:end] {
			return start, end
		}
	}
}

func endOfAddress(s string) string {
	stop := strings.IndexFunc(s, func(r rune) bool {
		return escaped(r) || r > unicode.MaxASCII && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if stop >= 0 {
		s = s[:stop]
	}
	surplus := map[byte]int{ // closing brackets that were not opened
		')': strings.Count(s, ")") - strings.Count(s, "("),
		']': strings.Count(s, "]") - strings.Count(s, "["),
	}
	for s != "" {
		last := s[len(s)-1]
		if last == '_' && !strings.HasSuffix(s, "__") && strings.Count(s, "_")%2 == 0 {
			return s // it belongs to another before it
		}
		if strings.IndexByte(".,;:!?'*_~", last) < 0 {
			if surplus[last] <= 0 {
				return s
			}
			surplus[last]--
		}
		s = s[:len(s)-1]
	}
	return s
}
