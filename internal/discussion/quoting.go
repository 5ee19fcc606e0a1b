package discussion

import (
	"slices"
	"strings"
	"sync"

	"marginalia/internal/format"
)

// What somebody quotes is looked for while others wait.
const (
	mostQuotes   = 8    // of a text; those behind them are not looked for
	LongestQuote = 2000 // code points; what stands behind them is not compared
)

// Quotes is what a text quotes, as much of it as is looked for.
func Quotes(d format.Doc) []string {
	quotes, _ := d.Quoted()
	quotes = quotes[:min(len(quotes), mostQuotes)]
	for i, q := range quotes {
		quotes[i] = q[:format.Byte(q, LongestQuote)]
	}
	return quotes
}

// anchor points the comments among docs that quote the essay or post at the
// words that they quote, as [Select] finds them, and the others nowhere. Words
// with errors are found only where the text's index says: many comments quote
// what is not there at all. What the comment that is answered says itself is that
// comment's: a quote of it points nowhere, though the words stand in the essay,
// too.
func anchor(docs []Document) {
	a := anchorer{said: map[DocumentID]Document{}, found: map[string]Target{}}
	for _, d := range docs {
		if d.Kind == Comment {
			a.said[d.ID] = d
		} else if !d.Body.Empty() {
			a.texts = append(a.texts, d)
			a.prepared = append(a.prepared, sync.OnceValue(func() *Text { return Prepare(d.Body.Text) }))
		}
	}
	for i := range docs {
		docs[i].Target = a.target(docs[i])
	}
}

type anchorer struct {
	texts    []Document // in which quotes are looked for
	prepared []func() *Text
	said     map[DocumentID]Document
	found    map[string]Target // by the words that are quoted: many quote the same
}

func (a *anchorer) target(d Document) Target {
	if d.Kind != Comment {
		return Target{}
	}
	quotes := Quotes(d.Body)
	for _, quote := range quotes {
		if t := a.meant(d, quote); t.Source != "" {
			return t
		}
	}
	var first Target // in the text: whoever puts words together may turn them round
	for _, quote := range paragraphsOf(quotes) {
		t := a.meant(d, quote)
		if first.Source == "" || t.Source == first.Source && t.Selector.Start < first.Selector.Start {
			first = t
		}
	}
	return first
}

// meant is where a quote stands, nowhere if it is of what d answers.
func (a *anchorer) meant(d Document, quote string) Target {
	t, known := a.found[quote]
	if !known {
		t = a.find(quote)
		a.found[quote] = t
	}
	if t.Source != "" && a.saidBy(d.Parent, quote) {
		return Target{}
	}
	return t
}

// paragraphsOf are those of quotes that have several, each by itself: somebody
// may have put together what does not stand together. Short ones are of too
// many places.
func paragraphsOf(quotes []string) (all []string) {
	for _, q := range quotes {
		if parts := strings.Split(q, "\n\n"); len(parts) > 1 {
			all = append(all, slices.DeleteFunc(parts, func(p string) bool { return len(p) < longQuote })...)
		}
	}
	return all[:min(len(all), mostQuotes)]
}

// find is where a quote stands in the first text that has it; nowhere if it
// stands at several places there.
func (a *anchorer) find(quote string) Target {
	for i, d := range a.texts {
		text := d.Body.Text
		if s, ok := selectLiteral(text, Span{0, len(text)}, strings.TrimSpace(quote)); ok {
			return Target{Source: d.ID, Selector: s}
		}
		places := a.prepared[i]().wholePlaces(Span{}, Quote{Exact: quote, Likely: true})
		if len(places) == 1 {
			return Target{Source: d.ID, Selector: places[0]}
		}
		if len(places) > 1 {
			break
		}
	}
	return Target{}
}

// saidBy reports whether a comment says words itself, and does not quote them.
func (a *anchorer) saidBy(id DocumentID, words string) bool {
	if _, ok := a.said[id]; !ok {
		return false
	}
	_, own := a.said[id].Body.Quoted()
	return strings.Contains(trim(fold(own.Text).text), trim(fold(words).text))
}

// In is s in a text that may be another than it was made for: where it was, or
// else where its words stand to the letter, if that is one place.
func (s Selector) In(text string) (Selector, bool) {
	if s.Start >= 0 && s.Start < s.End && s.End <= len(text) && text[s.Start:s.End] == s.Exact {
		return SelectorOf(text, s.Start, s.End), true
	}
	return selectLiteral(text, Span{0, len(text)}, s.Exact)
}
