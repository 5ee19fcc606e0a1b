package format

import (
	"cmp"
	"slices"
	"unicode"
	"unicode/utf8"
)

// rank orders the kinds of span from the outermost to the innermost: where
// two cross, the one of the higher rank is cut in two. Links, images and
// mentions are addresses and share a rank, for they never nest. An unknown
// kind has the rank of none.
func rank(k SpanKind) int {
	switch k {
	case Spoiler:
		return 0
	case Link, Image, Mention:
		return 1
	case Strong:
		return 2
	case Emph:
		return 3
	case Strike:
		return 4
	case Underline:
		return 5
	case Sup:
		return 6
	case Sub:
		return 7
	case CodeSpan:
		return 8
	}
	return ranks
}

const ranks = 9

// tidy returns the spans of a block of these words in a common form: without white space at their ends, merged where two of a kind overlap or
// touch, cut where two cross, and in an order that nests: outer before inner,
// inline code innermost, nothing in images and mentions.
func tidy(b Block, words string, spans []Span) []Span {
	var by [ranks][]Span
	for _, s := range spans {
		for _, s := range lines(b, words, s) {
			if r := rank(s.Kind); r < ranks {
				by[r] = append(by[r], s)
			}
		}
	}
	var out []Span
	for r := range by {
		by[r] = uncrossed(words, merged(words, by[r]), by[:r])
		out = append(out, by[r]...)
	}
	slices.SortStableFunc(out, nesting)
	return bareNames(out)
}

// bareNames takes the spans out of images and mentions, whose words are names.
func bareNames(spans []Span) []Span {
	end := 0
	return slices.DeleteFunc(spans, func(s Span) bool {
		if s.Kind == Image || s.Kind == Mention {
			end = s.End
			return false
		}
		return s.End <= end
	})
}

func nesting(a, b Span) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), cmp.Compare(rank(a.Kind), rank(b.Kind)))
}

// lines clips a span to the words and cuts it where it must not go on: at the
// cells of a table, and at line breaks where it is code or an image.
func lines(b Block, words string, s Span) []Span {
	s.Start, s.End = max(s.Start, 0), min(s.End, len(words))
	if s.Kind != Link && s.Kind != Image && s.Kind != Mention {
		s.Attr = ""
	}
	border := ""
	if b.Kind == Table {
		border = "\t"
	} else if s.Kind == CodeSpan || s.Kind == Image {
		border = "\n"
	}
	var cuts []int
	for i := s.Start; border != "" && i < s.End; i++ {
		if words[i] == border[0] {
			cuts = append(cuts, i)
		}
	}
	return parts(words, s, cuts)
}

// parts cuts a span at the given offsets, which ascend, and trims the parts.
func parts(words string, s Span, cuts []int) []Span {
	var out []Span
	for _, end := range append(cuts, s.End) {
		part := s
		part.End = end
		if part, ok := trimmed(words, part); ok {
			out = append(out, part)
		}
		s.Start = end
	}
	return out
}

func trimmed(words string, s Span) (Span, bool) {
	for s.Start < s.End {
		r, n := utf8.DecodeRuneInString(words[s.Start:s.End])
		if !unicode.IsSpace(r) {
			break
		}
		s.Start += n
	}
	for s.Start < s.End {
		r, n := utf8.DecodeLastRuneInString(words[s.Start:s.End])
		if !unicode.IsSpace(r) {
			break
		}
		s.End -= n
	}
	return s, s.Start < s.End
}

// merged sorts spans of one rank and makes them disjoint. Who is mentioned twice
// without a blank between stays so.
func merged(words string, spans []Span) []Span {
	slices.SortStableFunc(spans, nesting)
	out := spans[:0:0]
	for _, s := range spans {
		if len(out) == 0 || s.Start > out[len(out)-1].End || s.Kind == Mention && s.Start == out[len(out)-1].End {
			out = append(out, s)
			continue
		}
		last := &out[len(out)-1]
		if s.Kind == last.Kind && s.Attr == last.Attr {
			last.End = max(last.End, s.End)
			continue
		}
		s.Start = last.End
		if s, ok := trimmed(words, s); ok {
			out = append(out, s)
		}
	}
	return out
}

// uncrossed cuts disjoint spans where they cross the borders of those of
// lower rank. Code is cut at every border, so that it is innermost.
func uncrossed(words string, spans []Span, lower [][]Span) []Span {
	cuts := make([][]int, len(spans))
	for _, class := range lower {
		at := 0
		for i, s := range spans {
			for at < len(class) && class[at].End <= s.Start {
				at++
			}
			for j := at; j < len(class) && class[j].Start < s.End; j++ {
				cuts[i] = append(cuts[i], borders(s, class[j])...)
			}
		}
	}
	var out []Span
	for i, s := range spans {
		slices.Sort(cuts[i])
		out = append(out, parts(words, s, slices.Compact(cuts[i]))...)
	}
	return out
}

// borders returns where s must be cut for the sake of another span.
func borders(s, other Span) []int {
	var out []int
	starts, ends := other.Start > s.Start, other.End < s.End
	if starts && (!ends || s.Kind == CodeSpan) && other.End != s.End || starts && s.Kind == CodeSpan {
		out = append(out, other.Start)
	}
	if ends && (!starts || s.Kind == CodeSpan) && other.Start != s.Start || ends && s.Kind == CodeSpan {
		out = append(out, other.End)
	}
	return out
}

// A weaver is told of a block's words and spans in order.
type weaver interface {
	text(words string)
	// open begins a span. Where it returns false it has written the span's
	// words itself, and close is not called. Plain: no span begins in it.
	open(s Span, words string, plain bool) bool
	close(s Span)
}

// weave walks tidy spans and the words that they are about.
func weave(words string, spans []Span, w weaver) {
	at := 0
	write := func(to int) {
		if at < to {
			w.text(words[at:to])
			at = to
		}
	}
	var open []Span
	shut := func(to int) {
		for n := len(open) - 1; n >= 0 && open[n].End <= to; n-- {
			write(open[n].End)
			w.close(open[n])
			open = open[:n]
		}
	}
	for i, s := range spans {
		if s.Start < at {
			continue // within a span that wrote its words itself
		}
		shut(s.Start)
		write(s.Start)
		plain := i+1 == len(spans) || spans[i+1].Start >= s.End
		if w.open(s, words[s.Start:s.End], plain) {
			open = append(open, s)
			continue
		}
		at = s.End
	}
	shut(len(words))
	write(len(words))
}
