package discussion

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"marginalia/internal/format"
)

// contextLength is how many code points of Prefix and Suffix a Selector has.
const contextLength = 32

// SelectorOf returns the selector of text[start:end], both bytes. Offsets that
// stand outside the text or inside a character are moved into it, or back.
func SelectorOf(text string, start, end int) Selector {
	start = runeStart(text, start)
	end = max(start, runeStart(text, end))
	return Selector{
		Start: start, End: end, Exact: text[start:end],
		Prefix: text[backward(text, start, contextLength):start],
		Suffix: text[end:forward(text, end, contextLength)],
	}
}

func runeStart(text string, at int) int {
	at = min(max(at, 0), len(text))
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

func backward(text string, at, n int) int {
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
	}
	return at
}

func forward(text string, at, n int) int {
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at
}

// selectLiteral finds words that stand in the passage just once and to the
// letter, which most quotes do: nothing needs to be prepared for them.
func selectLiteral(text string, in Span, quote string) (Selector, bool) {
	passage := text[in.Start:in.End]
	at := strings.Index(passage, quote)
	if at < 0 || trim(fold(quote).text) == "" || strings.Contains(passage[at+1:], quote) {
		return Selector{}, false
	}
	start, end := in.Start+at, in.Start+at+len(quote)
	if len(quote) < longQuote && !wholeWords(text, start, end) {
		return Selector{}, false
	}
	return SelectorOf(text, start, end), true
}

// Select finds the words that the first of quotes that stands in text quotes,
// as [Text.Find] does with the passage text[within[0]:within[1]] as the hint,
// and returns their selector.
//
// People quote whole words: a short quote is not taken for the middle of
// another word. Where several places are as good a quote is passed over: an
// unsure anchor is worse than none.
func Select(text string, within [2]int, quotes ...string) (Selector, bool) {
	return new(Texts).Select(text, within, quotes...)
}

// Places is Select for those who can ask: where every quote was passed over it
// returns the places of the first that has several, in the order of the text.
func Places(text string, within [2]int, quotes ...string) []Selector {
	return new(Texts).Places(text, within, quotes...)
}

// Select is as the package's Select, for a text that may come again.
func (k *Texts) Select(text string, within [2]int, quotes ...string) (Selector, bool) {
	if found := k.Places(text, within, quotes...); len(found) == 1 {
		return found[0], true
	}
	return Selector{}, false
}

// Places is as the package's Places, for a text that may come again.
func (k *Texts) Places(text string, within [2]int, quotes ...string) (several []Selector) {
	from := runeStart(text, within[0])
	passage := Span{from, max(from, runeStart(text, within[1]))}
	var prepared *Text // once, and only for a quote that does not stand there to the letter
	for _, quote := range quotes {
		if s, ok := selectLiteral(text, passage, strings.TrimSpace(quote)); ok {
			return []Selector{s}
		}
		if prepared == nil {
			prepared = k.Prepare(text)
		}
		found := prepared.wholePlaces(passage, Quote{Exact: quote})
		if len(found) == 1 {
			return found
		}
		if several == nil {
			several = found
		}
	}
	return several
}

// wholePlaces finds words in the passage, or else in all of t. The Hint of q is
// not looked at.
func (t *Text) wholePlaces(passage Span, q Quote) []Selector {
	hints := []*Span{&passage, nil}
	if passage.Start == passage.End {
		hints = hints[1:]
	}
	for _, hint := range hints {
		q.Hint = hint
		found := t.Find(q)
		var whole []Selector
		for _, p := range found {
			if p.End-p.Start >= longQuote || wholeWords(t.text, p.Start, p.End) {
				whole = append(whole, SelectorOf(t.text, p.Start, p.End))
			}
		}
		if len(whole) > 0 {
			slices.SortStableFunc(whole, func(a, b Selector) int { return cmp.Compare(a.Start, b.Start) })
			return whole
		}
		if len(found) == 0 {
			break // what is near nothing with a hint is near nothing without
		}
	}
	return nil
}

// mostHits is how many places a search looks at before it gives up on words
// that stand everywhere.
const mostHits = 100

// longQuote is from how many bytes on words count as found even where they
// begin or end inside a word (a quote that was cut off).
const longQuote = 20

// wholeWords reports whether text[start:end] neither begins nor ends inside a
// word. Scripts without spaces have no inside.
func wholeWords(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	first, _ := utf8.DecodeRuneInString(text[start:])
	last, _ := utf8.DecodeLastRuneInString(text[:end])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return !(start > 0 && oneWord(before, first)) && !(end < len(text) && oneWord(last, after))
}

func oneWord(a, b rune) bool {
	return inWord(a) && (inWord(b) || unicode.Is(unicode.Mn, b)) && !unspaced(a) && !unspaced(b)
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// Selected returns the words that a selector is about as they are shown in the
// document, spoilers and all; where they do not stand there any more, as it has them.
func (d Document) Selected(at Selector) format.Doc {
	if text := d.Body.Text; at.Start < 0 || at.End < at.Start || at.End > len(text) || text[at.Start:at.End] != at.Exact {
		return format.Text(at.Exact)
	}
	return d.Body.Slice(at.Start, at.End)
}
