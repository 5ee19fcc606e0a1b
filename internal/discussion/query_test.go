package discussion

import (
	"strings"
	"testing"

	"marginalia/internal/format"
)

func TestQuery(t *testing.T) {
	const text = "The Tide Table is a bookmark. “Don’t wait”, said the keeper — the tide waits for nobody.\nStraße, 日本語の潮。"
	for _, c := range []struct {
		words string
		how   Match
		found string
	}{
		{"Tide Table", Exact, "Tide Table"},
		{"  tide table ", Folded, "Tide Table"},
		{"Tide Ta", Exact, "Tide Ta"}, // the last word is still being typed
		{"don't wait", Folded, "Don’t wait"},
		{"keeper -- the tide", Folded, "keeper — the tide"},
		{"nobody. straße", Folded, "nobody.\nStraße"},
		{"the tide waits", Exact, "the tide waits"},
		{"mark", InsideWord, "mark"},
		{"waits keeper", AllWords, "keeper"},
		{"keep, wait!", AllWords, "wait"},
		{"潮", Exact, "潮"},
		{"keeper whale", NoMatch, ""},
		{"keeper eeper", NoMatch, ""}, // each word must begin one
		{"", NoMatch, ""},
		{" \n\u200b", NoMatch, ""},
		{"?!", NoMatch, ""},
	} {
		how, start, end := NewQuery(c.words).In(text)
		if how != c.how || text[start:end] != c.found {
			t.Errorf("%q: match %d at %q, should be %d at %q", c.words, how, text[start:end], c.how, c.found)
		}
	}
}

// Words that stand everywhere, and queries without end, do not take long.
// What the bot quotes can be given back to it.
func TestWhatIsQuotedIsFound(t *testing.T) {
	body := format.HTML{}.Parse("<h1>The end</h1><p>He <b>dies</b>.</p><h2>And then?</h2><p>Nobody knows.</p>")
	if how, start, end := NewQuery(format.Quotation(body, 300)).In(body.Text); how < Folded || start != 0 || end != len(body.Text) {
		t.Errorf("match %d, from %d to %d", how, start, end)
	}
}

func TestQueryIsBounded(t *testing.T) {
	q := NewQuery(strings.Repeat("many words ", 1000))
	if n := len(q.words); n > 3 || len(q.exact) > longestQuery {
		t.Errorf("%d words of %d bytes are looked for", n, len(q.exact))
	}
	if how, _, _ := NewQuery("a" + strings.Repeat("b", 50)).In(strings.Repeat("xa", 100_000)); how != NoMatch {
		t.Errorf("match %d", how)
	}
}
