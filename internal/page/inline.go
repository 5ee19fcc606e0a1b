package page

import (
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// A tag is an element that is open at some place of a line. Two tags with the
// same key are the same element.
type tag struct{ key, open, close string }

// line is a stretch of one block with what stands over it.
type line struct {
	start, end int
	passages   []discussion.Passage
	spans      []format.Span // the outer before the inner
	marks      []highlight
}

// lineOf keeps of all that points into the text what touches a stretch.
func (t *text) lineOf(start, end int) line {
	l := line{start: start, end: end}
	for _, p := range t.passages {
		if p.Start < end && start < p.End {
			l.passages = append(l.passages, p)
		}
	}
	for _, s := range t.doc.Spans {
		if s.Start < end && start < s.End {
			l.spans = append(l.spans, s)
		}
	}
	for _, m := range t.marks {
		if m.start < end && start < m.end {
			l.marks = append(l.marks, m)
		}
	}
	slices.SortStableFunc(l.spans, func(a, b format.Span) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return b.End - a.End
	})
	return l
}

// inline writes the words between two offsets. Elements stand in a fixed
// order: the passage, the text's own spans, the highlight; whatever crosses a
// border is closed there and opened again.
func (t *text) inline(start, end int, verbatim bool) {
	var open []tag
	l := t.lineOf(start, end)
	borders := l.borders(t.doc.Text)
	for i := 0; i+1 < len(borders); i++ {
		from, to := borders[i], borders[i+1]
		want := t.tags(l, from, to)
		same := 0
		for same < len(open) && same < len(want) && open[same].key == want[same].key {
			same++
		}
		shut(&t.out, open[same:])
		for _, g := range want[same:] {
			t.out.WriteString(g.open)
		}
		open = want
		words := html.EscapeString(t.doc.Text[from:to])
		if !verbatim {
			words = strings.ReplaceAll(words, "\n", "<br>\n")
		}
		t.out.WriteString(words)
	}
	shut(&t.out, open)
}

func shut(out *strings.Builder, tags []tag) {
	for _, g := range slices.Backward(tags) {
		out.WriteString(g.close)
	}
}

// borders are the offsets in a line where an element begins or ends, its own
// ends among them.
func (l line) borders(text string) []int {
	at := []int{l.start, l.end}
	add := func(from, to int) {
		for _, offset := range [2]int{from, to} {
			if offset > l.start && offset < l.end && utf8.RuneStart(text[offset]) {
				at = append(at, offset)
			}
		}
	}
	for _, p := range l.passages {
		add(p.Start, p.End)
	}
	for _, s := range l.spans {
		add(s.Start, s.End)
	}
	for _, m := range l.marks {
		add(m.start, m.end)
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// tags are the elements in which the words between two borders stand.
func (t *text) tags(l line, from, to int) []tag {
	var all []tag
	for _, p := range l.passages {
		if p.Start <= from && to <= p.End {
			all = append(all, t.passage(p, l.start))
			break
		}
	}
	linked := false
	for _, s := range l.spans {
		isLink := s.Kind == format.Link || s.Kind == format.Image
		if s.Start > from || s.End < to || isLink && linked {
			continue
		}
		if g, ok := element(s); ok {
			all = append(all, g)
			linked = linked || isLink
		}
	}
	if g, ok := l.mark(from, to); ok {
		all = append(all, g)
	}
	return all
}

// passage is the element around a passage's words in one block. The one where
// the passage begins carries its id and its number.
func (t *text) passage(p discussion.Passage, block int) tag {
	g := tag{key: "passage " + string(p.ID), close: "</span>"}
	id := html.EscapeString(string(p.ID))
	if p.Start < block && t.begun(p, block) {
		g.open = fmt.Sprintf(`<span class="passage" data-p="%s">`, id)
		return g
	}
	g.open = fmt.Sprintf(`<span class="passage" data-p="%s" id="%s"><a class="no" href="#%s" data-n="%d" aria-label="Passage %d"></a>`, id, id, id, p.Seq, p.Seq)
	return g
}

// begun reports whether words of p stand in a block before the one at offset.
func (t *text) begun(p discussion.Passage, block int) bool {
	return slices.ContainsFunc(t.doc.Blocks, func(b format.Block) bool {
		return b.Kind != format.Rule && b.End > p.Start && b.Start < block && b.Start < b.End
	})
}

// mark is the element around words that annotations and comments are about.
func (l line) mark(from, to int) (tag, bool) {
	var ids, notes []string
	for _, m := range l.marks {
		if m.start <= from && to <= m.end {
			ids = append(ids, m.id)
			notes = append(notes, m.element)
		}
	}
	if len(ids) == 0 {
		return tag{}, false
	}
	open := fmt.Sprintf(`<mark class="m%d" data-a="%s" aria-details="%s">`, min(len(ids), 4),
		html.EscapeString(strings.Join(ids, " ")), html.EscapeString(strings.Join(notes, " ")))
	return tag{key: "mark " + strings.Join(ids, " "), open: open, close: "</mark>"}, true
}

var elements = map[format.SpanKind]string{
	format.Strong: "strong", format.Emph: "em", format.Strike: "s", format.Underline: "u",
	format.CodeSpan: "code", format.Sup: "sup", format.Sub: "sub",
}

// element is how a span is shown. A picture is a link to it: the page loads
// nothing from elsewhere.
func element(s format.Span) (tag, bool) {
	key := fmt.Sprintf("%s %d %d %s", s.Kind, s.Start, s.End, s.Attr)
	if name := elements[s.Kind]; name != "" {
		return tag{key, "<" + name + ">", "</" + name + ">"}, true
	}
	switch s.Kind {
	case format.Spoiler:
		return tag{key, `<span class="spoiler" tabindex="0">`, "</span>"}, true
	case format.Mention:
		return tag{key, `<span class="mention">`, "</span>"}, true
	case format.Link, format.Image:
		address, ok := Address(s.Attr)
		if !ok {
			return tag{}, false
		}
		class := ""
		if s.Kind == format.Image {
			class = ` class="image"`
		}
		return tag{key, `<a` + class + ` href="` + html.EscapeString(address) + `" rel="nofollow ugc noopener noreferrer">`, "</a>"}, true
	}
	return tag{}, false
}

// Address returns an absolute address that may be linked to: http, https or
// mailto.
func Address(s string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil {
		return "", false
	}
	switch u.Scheme {
	case "http", "https":
		return u.String(), u.Host != ""
	case "mailto":
		return u.String(), u.Opaque != ""
	}
	return "", false
}
