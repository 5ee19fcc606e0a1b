package format

import (
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// Split cuts d into parts that each fit, as few as it can by filling one after
// the other. It cuts between blocks where a block fits into a part; else at
// the ends of sentences and lines, then between words, and in a word only
// when it is too long alone. Links are kept whole as long as they fit. A
// character that does not fit is a part all the same.
//
// fits must hold for every part of a Doc that fits. No word is lost or moved;
// what is cut keeps its kind, and the rest of a list's item has no marker.
func Split(d Doc, fits func(Doc) bool) []Doc {
	c := newCutter(d, fits)
	var out []Doc
	for start := 0; start < len(d.Text); {
		end := c.next(start)
		if part := c.part(start, end); !part.Empty() {
			out = append(out, part)
		}
		start = end
	}
	return out
}

type cutter struct {
	doc   Doc
	fits  func(Doc) bool
	spans [][]Span // by block, in the order of their starts
	reach [][]int  // how far the spans up to each reach

	block int     // the block whose cuts are known
	cuts  [][]int // or nil
}

func newCutter(d Doc, fits func(Doc) bool) *cutter {
	c := cutter{doc: d, fits: fits, spans: d.spans()}
	for _, spans := range c.spans {
		slices.SortStableFunc(spans, nesting)
		furthest, reach := 0, make([]int, len(spans))
		for i, s := range spans {
			furthest = max(furthest, s.End)
			reach[i] = furthest
		}
		c.reach = append(c.reach, reach)
	}
	return &c
}

// part returns the part of the Doc between two offsets.
func (c *cutter) part(start, end int) Doc {
	return c.doc.slice(start, end, func(block, from, to int) []Span {
		spans := c.spans[block]
		first := sort.SearchInts(c.reach[block], from+1)
		last := sort.Search(len(spans), func(i int) bool { return spans[i].Start >= to })
		return spans[min(first, last):last]
	})
}

// fit reports whether a part fits. Of a long one it tries the beginning first.
func (c *cutter) fit(start, end int) bool {
	for size := 4096; start+size < end; size *= 2 {
		at := start + size
		for !utf8.RuneStart(c.doc.Text[at]) {
			at--
		}
		if !c.fits(c.part(start, at)) {
			return false
		}
	}
	return c.fits(c.part(start, end))
}

// next returns where the part that begins at start ends.
func (c *cutter) next(start int) int {
	first := c.doc.blockAt(start)
	if first == len(c.doc.Blocks) {
		return len(c.doc.Text)
	}
	blocks := c.doc.Blocks[first:]
	n := furthest(len(blocks), func(i int) bool { return c.fit(start, blocks[i].End) })
	if n == len(blocks) {
		return len(c.doc.Text)
	}
	if b := blocks[n]; n > 0 && c.fit(b.Start, b.End) {
		return blocks[n-1].End
	}
	if end := c.within(start, first+n, n == 0); end > start {
		return end
	}
	return blocks[n-1].End
}

// furthest returns how many of n things fit, if whatever is before one that
// fits does so too.
func furthest(n int, fits func(int) bool) int {
	reach := 1
	for reach <= n && fits(reach-1) {
		reach *= 2
	}
	low := reach / 2
	return low + sort.Search(min(reach-1, n)-low, func(i int) bool { return !fits(low + i) })
}

// within cuts block i for a part that begins at start. Must: the part holds
// nothing else, so that it has to take something of it.
func (c *cutter) within(start, i int, must bool) int {
	b := c.doc.Blocks[i]
	from := max(start, b.Start)
	for _, cuts := range c.places(i, from) {
		if n := furthest(len(cuts), func(i int) bool { return c.fit(start, cuts[i]) }); n > 0 {
			return cuts[n-1]
		}
		if !must && len(cuts) > 0 {
			return 0
		}
	}
	if !must {
		return 0
	}
	return from + firstCharacter(c.doc.Text[from:b.End])
}

// firstCharacter returns the length of the first character that is seen, with
// the white space before it.
func firstCharacter(s string) int {
	space := len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
	it := graphemes.FromString(s[space:])
	it.Next()
	return space + len(it.Value())
}

// places returns where block i may be cut behind an offset, the better places
// first: sentences and lines, words, characters; and in links at the last.
func (c *cutter) places(i, from int) [][]int {
	if c.cuts == nil || c.block != i {
		b := c.doc.Blocks[i]
		words := c.doc.Text[b.Start:b.End]
		sentence, word := breaks(words, b.Start, b.Kind == Code)
		c.block = i
		c.cuts = [][]int{c.outside(i, sentence), c.outside(i, word), word, characters(words, b.Start)}
	}
	out := make([][]int, len(c.cuts))
	for k, cuts := range c.cuts {
		out[k] = cuts[sort.SearchInts(cuts, from+1):]
	}
	return out
}

// outside leaves out the places within addresses.
func (c *cutter) outside(i int, cuts []int) []int {
	var out []int
	taken := c.addresses(i)
	for _, cut := range cuts {
		for len(taken) > 0 && taken[0].End <= cut {
			taken = taken[1:]
		}
		if len(taken) == 0 || cut <= taken[0].Start {
			out = append(out, cut)
		}
	}
	return out
}

func (c *cutter) addresses(i int) []Span {
	var out []Span
	for _, s := range c.spans[i] {
		if rank(s.Kind) == rank(Link) {
			out = append(out, s)
		}
	}
	return merged(c.doc.Text, out)
}

// breaks returns where sentences or lines end in words, and where words do.
// Places count from base and stand behind the white space; those of code
// stand before the next line's indentation.
func breaks(words string, base int, code bool) (sentence, word []int) {
	ended, newline, space := false, -1, false
	for i, r := range words {
		if unicode.IsSpace(r) {
			space = true
			if r == '\n' {
				newline = i
			}
			continue
		}
		place := i
		if code && newline >= 0 {
			place = newline + 1
		}
		if space && i > 0 {
			word = append(word, base+place)
		}
		if space && i > 0 && (newline >= 0 || ended && !code) {
			sentence = append(sentence, base+place)
		}
		space, newline = false, -1
		ended = endsSentence(r, ended)
	}
	return sentence, word
}

// endsSentence reports whether a sentence may end behind r: at its last sign,
// or at what closes behind that.
func endsSentence(r rune, ended bool) bool {
	if strings.ContainsRune(".!?…。！？", r) {
		return true
	}
	return ended && (unicode.In(r, unicode.Pe, unicode.Pf) || r == '"' || r == '\'')
}

func characters(words string, base int) []int {
	var out []int
	it := graphemes.FromString(words)
	for it.Next() {
		if it.Start() > 0 {
			out = append(out, base+it.Start())
		}
	}
	return out
}
