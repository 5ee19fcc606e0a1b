package format

import (
	"strings"
	"testing"
)

func TestExcerpt(t *testing.T) {
	for _, c := range []struct {
		src  string
		n    int
		want string
	}{
		{"<h1>One</h1><p>two <b>three</b></p>", 20, "One: two three"},
		{"<h1>Who?</h1><p>two</p>", 20, "Who? two"},
		{"<h1>One</h1><h2>„Two“</h2><p>three</p>", 20, "One: „Two“: three"},
		{"<h1>One</h1><p>two</p>", 5, "One…"},
		{"<h1>One</h1><hr><p>two</p>", 20, "One * * * two"},
		{"<h1>पहला</h1><p>दूसरा</p>", 20, "पहला: दूसरा"},
		{"<h1>第一章。</h1><p>二</p>", 20, "第一章。 二"},
		{"<hr>", 20, "* * *"},
		{"<p>one two three</p>", 13, "one two three"},
		{"<p>one two three</p>", 12, "one two…"},
		{"<p>one two, three</p>", 10, "one two…"},
		{"<p>one two three</p>", 8, "one two…"},
		{"<p>onetwothree</p>", 4, "one…"},
		{"<p>👩‍👩‍👧👩‍👩‍👧</p>", 8, "👩‍👩‍👧…"},
		{"<p>the <span class=spoiler>butler</span></p>", 20, "the [spoiler]"},
		{"<p>one</p>", 0, ""},
	} {
		if got := Excerpt(HTML{}.Parse(c.src), c.n); got != c.want {
			t.Errorf("%d of %s: %q, not %q", c.n, c.src, got, c.want)
		}
	}
}

func TestQuotation(t *testing.T) {
	for _, c := range []struct {
		src  string
		n    int
		want string
	}{
		{"<h1>One</h1><p>two <b>three</b></p>", 20, "One\ntwo three"},
		{"<h1>One</h1><p>two</p>", 5, "One…"},
		{"<h1>One two</h1><p>three</p>", 6, "One…"},
		{"<p>one</p><p>two <span class=spoiler>three</span></p>", 20, "one two [spoiler]"},
	} {
		if got := Quotation(HTML{}.Parse(c.src), c.n); got != c.want {
			t.Errorf("%d of %s: %q, not %q", c.n, c.src, got, c.want)
		}
	}
}

func TestQuoted(t *testing.T) {
	quotes, rest := HTML{}.Parse("<blockquote><p>a</p><ul><li>b</ul></blockquote><p>one <b>x</b></p><blockquote>c</blockquote>two").Quoted()
	if strings.Join(quotes, "|") != "a\n\nb|c" || sketch(rest) != "paragraph: one {strong x}\nparagraph: two\n" {
		t.Errorf("quoted %q and said\n%s", quotes, sketch(rest))
	}
	if err := rest.Check(); err != nil {
		t.Error(err)
	}
}
