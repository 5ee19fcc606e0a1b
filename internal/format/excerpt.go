package format

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// Excerpt returns the words of d on one line, at most n code points. A longer
// text is cut behind a word and ends in "…". What a spoiler covers stays so.
func Excerpt(d Doc, n int) string {
	words := strings.Join(strings.Fields(normal(d, rules{keep: Markdown{}.keep, say: sayHidden}).Text), " ")
	if utf8.RuneCountInString(words) <= n {
		return words
	}
	if n < 1 {
		return ""
	}
	cut := words[:Byte(words, n-1)]
	if i := strings.LastIndexByte(cut, ' '); i > 0 && words[len(cut)] != ' ' {
		return strings.TrimRight(cut[:i], " ,;:.–—-") + "…"
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
