package format

import "testing"

func TestMarkdownReads(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"soft and hard breaks", "\ufeffa\nb  \nc\\\nd", `
paragraph: a b⏎c⏎d
`},
		{"headings", "# a *b*\n\nc\n===\n\n- # d", `
heading1: a {emph b}
heading1: c
list1 -: d
`},
		{"lists", "- a\n\n  b\n\n  3) c\n\n     d\n\n  e\n- f", `
list1 -: a
list1: b
list2 3.: c
list2: d
list1: e
list1 -: f
`},
		{"quotations", "> a\n> > b\n\n> - c", `
>quote: a
>>quote: b
>list1 -: c
`},
		{"code", "```go x\na\n\tb\n\n```\n\n    c\n\n> ~~~\n> d\n> ~~~", `
code go: a⏎⇥b
code: c
>code: d
`},
		{"tables", "| a | b |\n|---|:-:|\n| `x\\|y` | \\| |\n| **z** |", `
table1: a⇥b
table: {code x|y}⇥|
table: {strong z}
`},
		{"notes", "a[^1] b[^2] [c]\n\n[^1]: Ibid.\n[^2]: https://x.y\n\n[c]: https://c.x", `
paragraph: a[^1] b[^2] {link=https://c.x c}
paragraph: [^1]: Ibid. [^2]: {link=https://x.y https://x.y}
`},
		{"links", "[a](</b> \"t\") [c](https://x.y/(z)?a&amp;b) [r][d] ![](https://x.y/i) ![alt *e*](https://x.y/i) <https://e.f> <g@h.i> https://bare.x.\n\n[d]: https://d.x", `
paragraph: a {link=https://x.y/(z)?a&b c} {link=https://d.x r} {image=https://x.y/i [image]} {image=https://x.y/i alt e} {link=https://e.f https://e.f} {link=mailto:g@h.i g@h.i} {link=https://bare.x https://bare.x}.
`},
		{"entities", `&amp; &#42; &#x2a; \* &copy &nosuch; &notit; \&amp; &#;`, `
paragraph: & * * * &copy &nosuch; &notit; &amp; &#;
`},
		{"html within", "a <b>c</b><br>d <kbd>e</kbd> <script>f</script> <foo>g <!-- h --> x<sup>2</sup> <b>open\n\nnext", `
paragraph: a {strong c}⏎d {code e} <foo>g x{sup 2} {strong open}
paragraph: next
`},
		{"html blocks", "<div>\na\n</div>\n\n> <p>b</p>\n\n- <p>c\n\n<details>\n\n*d*\n\n</details>", `
paragraph: a
>quote: b
list1 -: c
paragraph: {emph d}
`},
		{"a rule", "a\n\n***", `
paragraph: a
rule: * * *
`},
	} {
		t.Run(c.name, func(t *testing.T) { reads(t, Markdown{}, c.src, c.want) })
	}
}

func TestMarkdownLines(t *testing.T) {
	d := Markdown{}.Parse("one\ntwo\n\n# four\n\n- six\n\n```\nnine\n```\n\n| a |\n|---|\n| fourteen |\n\n<div>sixteen</div>")
	for i, want := range []int{1, 4, 6, 9, 12, 14, 16} {
		if d.Blocks[i].Line != want {
			t.Errorf("block %d stands on line %d, not %d", i, d.Blocks[i].Line, want)
		}
	}
}

func TestMarkdownNames(t *testing.T) {
	d := Text("ask bob or eve")
	d.Spans = []Span{{Kind: Mention, Start: 4, End: 7, Attr: "123"}, {Kind: Mention, Start: 11, End: 14, Attr: "9"}}
	m := Markdown{Name: func(kind, id string) string { return map[string]string{"123": "Reader 7"}[id] }}
	if got := m.Print(d); got != "ask @Reader 7 or eve" {
		t.Errorf("printed %q", got)
	}
}

func TestPlainReads(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"paragraphs", "a\r\nb  c\n \n\n  d", `
paragraph: a⏎b c
paragraph: d
`},
		{"quotations", "> q1\n> q2\nreply\n>> deep\n>\n> one\nand > not", `
>quote: q1⏎q2
paragraph: reply
>>quote: deep
>quote: one
paragraph: and > not
`},
		{"no quotations", ">_< x\n>no", `
paragraph: >_< x⏎>no
`},
		{"addresses", "see https://x.y/a.", `
paragraph: see {link=https://x.y/a https://x.y/a}.
`},
	} {
		t.Run(c.name, func(t *testing.T) { reads(t, Plain{}, c.src, c.want) })
	}
}

func TestPlainPrints(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`<a href="https://x.y">here</a> <a href="https://x.y">https://x.y</a> <a href="mailto:a@b.c">a@b.c</a>`, "here (https://x.y) https://x.y a@b.c"},
		{`<img src="https://x.y/p" alt="a cat">`, "a cat (https://x.y/p)"},
		{`the <span class=spoiler>butler <a href="https://leak.x">did</a></span> it`, "the [spoiler] it"},
		{`<h1>T</h1><ol><li>a<ul><li>b<br>c</ul></ol><hr>`, "T\n\n1. a\n  - b\n  c\n\n* * *"},
		{`<blockquote>a<blockquote>b<p>c</blockquote></blockquote>d`, "> a\n>\n> > b\n> >\n> > c\n\nd"},
	} {
		if got := (Plain{}).Print(HTML{}.Parse(c.src)); got != c.want {
			t.Errorf("printed %q, not %q", got, c.want)
		}
	}
}
