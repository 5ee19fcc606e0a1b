package format

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// Excerpt returns the words of d on one line, at most n code points. A longer
// text is cut behind a word and ends in "…". What a spoiler covers stays so, and
// a heading is set apart from what it stands above.
func Excerpt(d Doc, n int) string { return shortened(joined(d, ": "), n) }

// Quotation is an Excerpt to be quoted, which may be copied from there and looked
// for: a heading has a line of its own, and there is nothing that d does not say.
func Quotation(d Doc, n int) string { return shortened(joined(d, "\n"), n) }

func shortened(words string, n int) string {
	if utf8.RuneCountInString(words) <= n {
		return words
	}
	if n < 1 {
		return ""
	}
	cut := words[:Byte(words, n-1)]
	if next := words[len(cut)]; next != ' ' && next != '\n' {
		i := strings.LastIndexAny(cut, " \n")
		if i <= 0 {
			return wholeCharacters(words, len(cut)) + "…"
		}
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " \n,;:.–—-") + "…"
}

// joined returns all the words of d. Behind a heading that ends in a mark of its own
// there is no colon.
func joined(d Doc, behindHeading string) string {
	d = normal(d, rules{keep: Markdown{}.keep, say: sayHidden})
	var all strings.Builder
	for i, b := range d.Blocks {
		part := " "
		if i > 0 && d.Blocks[i-1].Kind == Heading && b.Kind != Rule {
			part = behindHeading
			last, _ := utf8.DecodeLastRuneInString(all.String())
			if unicode.In(last, unicode.Terminal_Punctuation, unicode.Pd) || last == '…' {
				part = strings.TrimPrefix(part, ":")
			}
		}
		for word := range strings.FieldsSeq(d.Text[b.Start:b.End]) {
			if all.Len() > 0 {
				all.WriteString(part)
			}
			all.WriteString(word)
			part = " "
		}
	}
	return all.String()
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
