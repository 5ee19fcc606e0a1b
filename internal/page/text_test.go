package page

import (
	"fmt"
	"html/template"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

func TestBlocksAreWrittenAsHTML(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"markup is words":     {`a \<b> & "c"`, `<p>a &lt;b&gt; &amp; &#34;c&#34;</p>`},
		"spans nest":          {"**a *b* c**", `<p><strong>a <em>b</em> c</strong></p>`},
		"a link":              {"[a](https://x.example/?a=1&b=%22)", `<p><a href="https://x.example/?a=1&amp;b=%22" rel="nofollow ugc noopener noreferrer">a</a></p>`},
		"a link that is none": {"[a](javascript:alert(1))", `<p>a</p>`},
		"a picture":           {"![a cat](https://x.example/cat.png)", `<p><a class="image" href="https://x.example/cat.png" rel="nofollow ugc noopener noreferrer">a cat</a></p>`},
		"lists":               {"3. a\n4. b\n    - c\n5. d", `<ol> <li value="3">a</li> <li value="4">b<ul> <li>c</li></ul> </li> <li value="5">d</li></ol>`},
		"quotations":          {"> a\n>\n> > b\n\nc", `<blockquote><p>a</p> <blockquote><p>b</p> </blockquote> </blockquote> <p>c</p>`},
		"a list in quotation": {"> - a\n> - b\n\n- c", `<blockquote><ul> <li>a</li> <li>b</li></ul> </blockquote> <ul> <li>c</li></ul>`},
		"code":                {"```\na <b>\n\nc\n```", "<pre tabindex=\"0\"><code>a &lt;b&gt; c</code></pre>"},
		"a table":             {"|a|b|\n|-|-|\n|c|*d*|", `<div class="table" tabindex="0"><table><tr><th>a</th><th>b</th></tr> <tr><td>c</td><td><em>d</em></td></tr> </table></div>`},
		"a rule":              {"a\n\n---\n\nb", `<p>a</p> <hr><p>b</p>`},
		"headings":            {"# a\n\n###### b", `<h4>a</h4> <h6>b</h6>`},
		"a break":             {"a\\\nb", `<p>a<br> b</p>`},
	} {
		got := strings.Join(strings.Fields(string(Words(format.Markdown{}.Parse(c.src)))), " ")
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestHighlightsMayOverlapAndCrossSpansAndPassages(t *testing.T) {
	doc := format.Markdown{}.Parse("one *two three* four five")
	x := &text{doc: doc, heading: 1,
		passages: []discussion.Passage{{ID: "p1", Seq: 1, Start: 0, End: 13}, {ID: "p2", Seq: 2, Start: 14, End: 23}},
		marks:    []highlight{{4, 18, "a", "a-a"}, {8, 23, "b", "a-b"}},
	}
	got := string(x.blocks(0, 1))
	want := `<p><span class="passage" data-p="p1" id="p1"><a class="no" href="#p1" data-n="1" aria-label="Passage 1"></a>one ` +
		`<em><mark class="m1" data-a="a" aria-details="a-a">two </mark><mark class="m2" data-a="a b" aria-details="a-a a-b">three</mark></em></span>` +
		`<mark class="m2" data-a="a b" aria-details="a-a a-b"> </mark>` +
		`<span class="passage" data-p="p2" id="p2"><a class="no" href="#p2" data-n="2" aria-label="Passage 2"></a>` +
		`<mark class="m2" data-a="a b" aria-details="a-a a-b">four</mark><mark class="m1" data-a="b" aria-details="a-b"> five</mark></span></p>` + "\n"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestAnyTextIsWellFormed writes texts in which everything points anywhere,
// and asks that each element is closed and every word is there.
func TestAnyTextIsWellFormed(t *testing.T) {
	kinds := []format.SpanKind{format.Strong, format.Emph, format.Link, format.Image, format.CodeSpan, format.Spoiler, format.Mention, format.Sup}
	blocks := []format.BlockKind{format.Paragraph, format.Heading, format.Quote, format.List, format.Code, format.Table}
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 9))
		x := &text{heading: r.IntN(4)}
		for range 1 + r.IntN(8) {
			b := format.Block{Kind: blocks[r.IntN(len(blocks))], Level: r.IntN(4), Quote: r.IntN(3)}
			if b.Kind == format.List {
				b.Marker = []string{"-", "2.", ""}[r.IntN(3)]
			}
			x.doc = x.doc.Add(b, []string{"wörter <hier>", "a\tb", "x", "two\nlines & more"}[r.IntN(4)])
		}
		n := len(x.doc.Text)
		any := func() (int, int) { a, b := r.IntN(n+1), r.IntN(n+1); return min(a, b), max(a, b) }
		for range r.IntN(8) {
			from, to := any()
			x.doc.Spans = append(x.doc.Spans, format.Span{Kind: kinds[r.IntN(len(kinds))], Start: from, End: to, Attr: "https://x.example"})
		}
		for i := range r.IntN(6) {
			from, to := any()
			x.marks = append(x.marks, highlight{from, to, fmt.Sprint(i), noteID(discussion.AnnotationID(fmt.Sprint(i)))})
		}
		for i, at := 0, 0; at < n && i < 4; i++ {
			end := min(n, at+1+r.IntN(n))
			x.passages = append(x.passages, discussion.Passage{ID: discussion.PassageID(fmt.Sprint("p", i)), Seq: i + 1, Start: at, End: end})
			at = end
		}
		plain := strings.Join(strings.Fields(x.doc.Text), "")
		out := x.blocks(0, len(x.doc.Blocks))
		if got := wellFormed(t, out); strings.Join(strings.Fields(got), "") != plain {
			t.Fatalf("seed %d: the words are %q, not %q:\n%s", seed, got, plain, out)
		}
		for _, p := range x.passages {
			if strings.Count(string(out), `id="`+string(p.ID)+`"`) > 1 {
				t.Fatalf("seed %d: passage %s begins twice:\n%s", seed, p.ID, out)
			}
		}
	}
}

// wellFormed returns the words of some HTML whose elements are all closed in
// the order in which they were opened.
func wellFormed(t *testing.T, src template.HTML) string {
	t.Helper()
	var open []string
	words := ""
	for z := html.NewTokenizer(strings.NewReader(string(src))); ; {
		kind := z.Next()
		token := z.Token()
		switch {
		case kind == html.ErrorToken && z.Err() == io.EOF:
			if len(open) > 0 {
				t.Fatalf("%v is not closed in %s", open, src)
			}
			return words
		case kind == html.TextToken:
			words += token.Data
		case kind == html.StartTagToken && token.Data != "br" && token.Data != "hr":
			open = append(open, token.Data)
		case kind == html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("%s closes %v in %s", token.Data, open, src)
			}
			open = open[:len(open)-1]
		}
	}
}
