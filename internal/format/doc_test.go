package format

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"", ""},
		{" \n\n \n", ""},
		{"one\r\ntwo\n \n\n  three  ", "paragraph: one⏎two\nparagraph: three\n"},
		{"*no* > markup\n- at all", "paragraph: *no* > markup⏎- at all\n"},
		{"at https://x.y.", "paragraph: at {link=https://x.y https://x.y}.\n"},
		{"_https://x.y/_a_, https://x.y/_", "paragraph: _{link=https://x.y/_a_ https://x.y/_a_}, {link=https://x.y/ https://x.y/}_\n"},
		{"\x00a\xff", "paragraph: a\ufffd\n"},
	} {
		d := Text(c.src)
		if err := d.Check(); err != nil || sketch(d) != c.want {
			t.Errorf("%q is %q, not %q (%v)", c.src, sketch(d), c.want, err)
		}
	}
}

func TestAddAppendSlice(t *testing.T) {
	d := HTML{}.Parse("<p>one <b>two</b></p><ul><li>three <i>four</i></ul>")
	e := HTML{}.Parse("<ul><li>five <a href=https://x.y>six</a></ul><pre>seven\n\n  eight\n</pre>")
	both := d.Append(e).Add(Block{Kind: Paragraph}, "nine")
	if err := both.Check(); err != nil {
		t.Fatal(err)
	}
	if want := "one two\n\nthree four\nfive six\n\nseven\n\n  eight\n\nnine"; both.Text != want {
		t.Errorf("%q, not %q", both.Text, want)
	}
	for _, c := range []struct{ from, to, want string }{
		{"two", "five", "paragraph: {strong two}\nlist1 -: three {emph four}\n"},
		{"ur", "x\n", "list1: {emph ur}\nlist1 -: five {link=https://x.y si}\n"},
		{"\n\n  eight", "ht", "code:   eig\n"},
		{" two", "two", ""},
	} {
		from := strings.Index(both.Text, c.from)
		part := both.Slice(from, from+strings.Index(both.Text[from:], c.to))
		if err := part.Check(); err != nil || sketch(part) != c.want {
			t.Errorf("from %q to %q: %q, not %q (%v)", c.from, c.to, sketch(part), c.want, err)
		}
	}
	if len(d.Blocks) != 2 || d.Text != "one two\n\nthree four" {
		t.Error("Append changed what it was called on")
	}
}

func TestEmphasised(t *testing.T) {
	d := HTML{}.Parse("<p>waves <b>at</b> <i>you</i></p><pre>code</pre><ul><li>twice")
	e := d.Emphasised()
	if err := e.Check(); err != nil || len(d.Spans) != 2 {
		t.Fatal(err, show(d))
	}
	if got, want := sketch(e), "paragraph: {emph waves {strong at} you}\ncode: code\nlist1 -: {emph twice}\n"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestSliceKeepsTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := genDoc().Draw(t, "doc")
		from := rapid.IntRange(0, len(d.Text)).Draw(t, "from")
		part := d.Slice(from, rapid.IntRange(from, len(d.Text)).Draw(t, "to"))
		if err := part.Check(); err != nil {
			t.Fatalf("%v\n%s", err, show(part))
		}
	})
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ name, doc, want string }{
		{"none", `{"text":"a\n\nb","blocks":[{"kind":"paragraph","start":0,"end":1},{"kind":"paragraph","start":3,"end":4}],"spans":[{"kind":"emph","start":3,"end":4}]}`, ""},
		{"blocks that overlap", `{"text":"ab","blocks":[{"kind":"paragraph","start":0,"end":2},{"kind":"paragraph","start":1,"end":2}]}`, "block 1 (paragraph) stands at 1 to 2"},
		{"what parts blocks", `{"text":"a\nb","blocks":[{"kind":"paragraph","start":0,"end":1},{"kind":"paragraph","start":2,"end":3}]}`, `before block 1 (paragraph) stands "\n"`},
		{"text behind", `{"text":"ab","blocks":[{"kind":"paragraph","start":0,"end":1}]}`, "1 bytes stand behind"},
		{"blank", `{"text":" ","blocks":[{"kind":"code","start":0,"end":1}]}`, "is blank"},
		{"white space", `{"text":"a ","blocks":[{"kind":"paragraph","start":0,"end":2}]}`, "with white space"},
		{"code", `{"text":"a\n","blocks":[{"kind":"code","start":0,"end":2}]}`, "with a line break"},
		{"a row", `{"text":"a\t","blocks":[{"kind":"table","start":0,"end":2}]}`, "with white space"},
		{"a row with an empty cell", `{"text":"\ta","blocks":[{"kind":"table","start":0,"end":2}]}`, ""},
		{"a span beyond", `{"text":"a","blocks":[{"kind":"paragraph","start":0,"end":1}],"spans":[{"kind":"emph","start":0,"end":2}]}`, "span 0 (emph) stands at 0 to 2 of 1"},
		{"a span of two blocks", `{"text":"a\n\nb","blocks":[{"kind":"paragraph","start":0,"end":1},{"kind":"paragraph","start":3,"end":4}],"spans":[{"kind":"emph","start":0,"end":4}]}`, "not inside one block"},
	} {
		var d Doc
		if err := json.Unmarshal([]byte(c.doc), &d); err != nil {
			t.Fatal(err)
		}
		err := d.Check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestCodePoints(t *testing.T) {
	s := "aä👩b"
	for points, offset := range []int{0, 1, 3, 7, 8} {
		if CodePoint(s, offset) != points || Byte(s, points) != offset {
			t.Errorf("%d code points are %d bytes, and %d bytes %d code points", points, Byte(s, points), offset, CodePoint(s, offset))
		}
	}
	if CodePoint(s, -1) != 0 || CodePoint(s, 99) != 4 || Byte(s, 99) != 8 {
		t.Error("offsets beyond the text are not held to it")
	}
}
