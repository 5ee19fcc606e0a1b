package format

import (
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
	c := cutter{doc: d, spans: d.spans(), fits: fits}
	var out []Doc
	for start := 0; start < len(d.Text); {
		end := c.next(start)
		if part := d.slice(c.spans, start, end); !part.Empty() {
			out = append(out, part)
		}
		start = end
	}
	return out
}

type cutter struct {
	doc   Doc
	spans [][]Span
	fits  func(Doc) bool

	block int     // the block whose cuts are known
	cuts  [][]int // or nil
}

func (c *cutter) fit(start, end int) bool { return c.fits(c.doc.slice(c.spans, start, end)) }

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

// Excerpt returns the words of d on one line, at most n code points. A longer
// text is cut behind a word and ends in "…". What a spoiler covers stays so.
func Excerpt(d Doc, n int) string {
	words := strings.Join(strings.Fields(normal(d, rules{keep: keepMarkdown, say: sayHidden}).Text), " ")
	if utf8.RuneCountInString(words) <= n {
		return words
	}
	if n < 1 {
		return ""
	}
	cut := words[:Byte(words, n-1)]
	if i := strings.LastIndexByte(cut, ' '); i > 0 && words[len(cut)] != ' ' {
		return strings.TrimRightFunc(cut[:i], unicode.IsPunct) + "…"
	}
	if words[len(cut)] != ' ' {
		cut = wholeCharacters(words, len(cut))
	}
	return strings.TrimRight(cut, " ") + "…"
}

// wholeCharacters returns the characters of s that end at or before a limit.
func wholeCharacters(s string, limit int) string {
	it := graphemes.FromString(s)
	end := 0
	for it.Next() && it.End() <= limit {
		end = it.End()
	}
	return s[:end]
}

// Quoted parts what d quotes from what it says: the quotations, those that
// follow each other as one, and the rest.
func (d Doc) Quoted() (quotes []string, rest Doc) {
	var j joiner
	quoting := false
	for i, spans := range d.spans() {
		b := d.Blocks[i]
		words := d.Text[b.Start:b.End]
		if b.Quote == 0 && b.Kind != Quote {
			quoting = false
			j.add(b, words, b.Start, spans)
			continue
		}
		if quoting {
			quotes[len(quotes)-1] += "\n\n" + words
		} else {
			quotes = append(quotes, words)
		}
		quoting = true
	}
	return quotes, j.doc()
}
