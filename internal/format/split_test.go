package format

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func atMost(n int) func(Doc) bool {
	return func(d Doc) bool { return utf8.RuneCountInString(d.Text) <= n }
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name, src string
		limit     int
		want      []string
	}{
		{"fits", "<p>a</p><p>b</p>", 10, []string{"paragraph: a\nparagraph: b\n"}},
		{"blocks", "<p>one</p><p>two</p><p>three</p>", 8, []string{"paragraph: one\nparagraph: two\n", "paragraph: three\n"}},
		{"sentences", "<p>It is so. “Is it?” Yes, so it is.</p>", 21, []string{"paragraph: It is so. “Is it?”\n", "paragraph: Yes, so it is.\n"}},
		{"a block that fits is not cut", "<p>One. Two.</p><p>Three. Four.</p>", 15, []string{"paragraph: One. Two.\n", "paragraph: Three. Four.\n"}},
		{"a block that never fits begins at once", "<h1>T</h1><p>One two three. Four five six. Seven.</p>", 20, []string{"heading1: T\nparagraph: One two three.\n", "paragraph: Four five six.\n", "paragraph: Seven.\n"}},
		{"words", "<p>one two three four</p>", 9, []string{"paragraph: one two\n", "paragraph: three\n", "paragraph: four\n"}},
		{"characters", "<p>abcdefgh</p>", 3, []string{"paragraph: abc\n", "paragraph: def\n", "paragraph: gh\n"}},
		{"no character is cut", "<p>👩‍👩‍👧👩‍👩‍👧e\u0301🇩🇪</p>", 6, []string{"paragraph: 👩‍👩‍👧\n", "paragraph: 👩‍👩‍👧\n", "paragraph: e\u0301🇩🇪\n"}},
		{"a character that does not fit", "<p>👩‍👩‍👧 a</p>", 2, []string{"paragraph: 👩‍👩‍👧\n", "paragraph: a\n"}},
		{"spans", "<p><b>one two <i>three four</i></b></p>", 9, []string{"paragraph: {strong one two}\n", "paragraph: {strong {emph three}}\n", "paragraph: {strong {emph four}}\n"}},
		{"links stay whole", `<p>go to <a href="https://x.y">the one place</a> now</p>`, 14, []string{"paragraph: go to\n", "paragraph: {link=https://x.y the one place}\n", "paragraph: now\n"}},
		{"links too long alone", `<p>a <a href="https://x.y">very long link</a></p>`, 10, []string{"paragraph: a\n", "paragraph: {link=https://x.y very long}\n", "paragraph: {link=https://x.y link}\n"}},
		{"code", "<pre><code class=language-go>one\n\ttwo\n\n  three</code></pre>", 9, []string{"code go: one⏎⇥two\n", "code go:   three\n"}},
		{"quotations and items", "<blockquote>one two</blockquote><ul><li>three four</ul>", 6, []string{">quote: one\n", ">quote: two\n", "list1 -: three\n", "list1: four\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, part := range Split(HTML{}.Parse(c.src), atMost(c.limit)) {
				got = append(got, sketch(part))
			}
			if strings.Join(got, "---\n") != strings.Join(c.want, "---\n") {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "---\n"), strings.Join(c.want, "---\n"))
			}
		})
	}
}

// TestSplitKeeps cuts Docs of every shape for every size.
func TestSplitKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := HTML{}.Normal(genDoc().Draw(t, "doc"))
		fits := atMost(rapid.IntRange(0, 40).Draw(t, "limit"))
		if rapid.Bool().Draw(t, "printed") {
			size := rapid.IntRange(0, 80).Draw(t, "size")
			fits = func(d Doc) bool { return len(Markdown{}.Print(d)) <= size }
		}
		var words strings.Builder
		for _, part := range Split(d, fits) {
			if err := part.Check(); err != nil {
				t.Fatalf("a part: %v\n%s", err, show(part))
			}
			if part.Empty() {
				t.Fatal("an empty part")
			}
			if !fits(part) && len(strings.TrimSpace(characterAfter(part.Text))) > 0 {
				t.Fatalf("a part that does not fit: %s", show(part))
			}
			words.WriteString(part.Text)
		}
		if got, want := squeezed(words.String()), squeezed(d.Text); got != want {
			t.Fatalf("the words are\n%q\nnot\n%q", got, want)
		}
	})
}

// characterAfter returns what follows the first character of s.
func characterAfter(s string) string { return s[firstCharacter(s):] }

func squeezed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
