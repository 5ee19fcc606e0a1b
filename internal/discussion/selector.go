package discussion

import (
	"strings"
	"unicode"
	"unicode/utf8"
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

// Select finds the words that quote quotes and returns their selector.
//
// It looks in text[within[0]:within[1]] (the passage) first and then in all of
// text; in each exactly, and then with case, white space, quotation marks,
// dashes and compatible characters folded. Where the first look that finds
// anything finds the words more than once, or only in the middle of another
// word, it returns false: an unsure anchor is worse than none.
func Select(text string, within [2]int, quote string) (Selector, bool) {
	quote = strings.TrimSpace(quote)
	if quote == "" {
		return Selector{}, false
	}
	from := runeStart(text, within[0])
	to := max(from, runeStart(text, within[1]))
	needle := fold(quote).text
	for _, part := range [][2]int{{from, to}, {0, len(text)}} {
		stretch := text[part[0]:part[1]]
		if at, n := find(stretch, quote); n > 0 {
			return SelectorOf(text, part[0]+at, part[0]+at+len(quote)), n == 1
		}
		if needle == "" {
			continue
		}
		folded := fold(stretch)
		if at, n := find(folded.text, needle); n > 0 {
			start, end := int(folded.from[at]), int(folded.to[at+len(needle)-1])
			return SelectorOf(text, part[0]+start, part[0]+end), n == 1
		}
	}
	return Selector{}, false
}

// mostHits is how many places find looks at before it gives up on words that
// stand everywhere.
const mostHits = 100

// longQuote is from how many bytes on words count as found even where they
// begin or end inside a word (a quote that was cut off).
const longQuote = 20

// find returns where needle stands in text and how often: 0, 1, or 2 for more
// than once. Places where whole words match go before others.
func find(text, needle string) (at, n int) {
	whole, part, firstPart := 0, 0, -1
	for i, hits := 0, 0; whole < 2 && hits < mostHits; hits++ {
		j := strings.Index(text[i:], needle)
		if j < 0 {
			break
		}
		i += j
		if wholeWords(text, i, i+len(needle)) {
			whole++
			if whole == 1 {
				at = i
			}
		} else if part++; part == 1 {
			firstPart = i
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		i += size
		if hits == mostHits-1 {
			return at, 2
		}
	}
	if whole > 0 {
		return at, whole
	}
	if part > 0 && len(needle) >= longQuote {
		return firstPart, min(part, 2)
	}
	return 0, 0
}

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
