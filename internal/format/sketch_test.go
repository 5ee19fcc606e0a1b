package format

import (
	"fmt"
	"strings"
	"testing"
)

// sketch writes a Doc for readers of tests: a line for each block, that says
// what it is, with its spans in braces. "⏎" is a line break, "⇥" a cell's end.
func sketch(d Doc) string {
	var out strings.Builder
	for i, spans := range d.spans() {
		b := d.Blocks[i]
		fmt.Fprintf(&out, "%s%s", strings.Repeat(">", b.Quote), b.Kind)
		if b.Level > 0 {
			fmt.Fprintf(&out, "%d", b.Level)
		}
		for _, s := range []string{b.Marker, b.Lang} {
			if s != "" {
				out.WriteString(" " + s)
			}
		}
		out.WriteString(": ")
		words := d.Text[b.Start:b.End]
		weave(words, relative(b, words, spans), braces{&out})
		out.WriteString("\n")
	}
	return out.String()
}

type braces struct{ out *strings.Builder }

func (b braces) text(words string) {
	b.out.WriteString(strings.NewReplacer("\n", "⏎", "\t", "⇥").Replace(words))
}

func (b braces) open(s Span, words string, plain bool) bool {
	b.out.WriteString("{" + string(s.Kind))
	if s.Attr != "" {
		b.out.WriteString("=" + s.Attr)
	}
	b.out.WriteString(" ")
	return true
}

func (b braces) close(s Span) { b.out.WriteString("}") }

// reads holds what a dialect reads to a sketch.
func reads(t *testing.T, d Dialect, src, want string) {
	t.Helper()
	doc := d.Parse(src)
	if err := doc.Check(); err != nil {
		t.Errorf("%q: %v", src, err)
	}
	if got := sketch(doc); got != strings.TrimLeft(want, "\n") {
		t.Errorf("read %q\ngot:\n%swant:\n%s", src, got, want)
	}
}
