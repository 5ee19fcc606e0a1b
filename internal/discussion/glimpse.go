package discussion

import (
	"strings"

	"marginalia/internal/format"
)

// How many code points a Glimpse has of the words, and on each side of them.
const (
	longGlimpse = 60
	besideThem  = 40
)

// Glimpse is a place in a document on one line: its words, shortened if they
// are many, between a few of those that stand around them.
type Glimpse struct{ Before, Words, After string }

func (g Glimpse) String() string { return g.Before + g.Words + g.After }

// Glimpse shows a place. What a spoiler covers stays covered.
func (d Document) Glimpse(s Selector) Glimpse {
	text := d.Body.Text
	start := runeStart(text, s.Start)
	end := max(start, runeStart(text, s.End))
	from, to := backward(text, start, besideThem), forward(text, end, besideThem)
	g := Glimpse{Words: format.Excerpt(d.Body.Slice(start, end), longGlimpse)}
	if from > 0 {
		g.Before = "…"
		from += strings.IndexAny(text[from:start], " \n") + 1
	}
	if to < len(text) {
		g.After = "…"
		if i := strings.LastIndexAny(text[end:to], " \n"); i >= 0 {
			to = end + i
		}
	}
	g.Before += onOneLine(d.Body, from, start)
	g.After = onOneLine(d.Body, end, to) + g.After
	return g
}

// onOneLine is a stretch of a text with a space at either end where one stands
// there.
func onOneLine(d format.Doc, from, to int) string {
	words := format.Excerpt(d.Slice(from, to), 2*besideThem)
	if words == "" {
		if from < to {
			return " "
		}
		return ""
	}
	if strings.TrimLeft(d.Text[from:to], " \n") != d.Text[from:to] {
		words = " " + words
	}
	if strings.TrimRight(d.Text[from:to], " \n") != d.Text[from:to] {
		words += " "
	}
	return words
}
