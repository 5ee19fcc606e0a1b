package page

import (
	"fmt"
	"html"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// A highlight is a stretch of a document's text that an annotation is about.
type highlight struct {
	start, end int
	id         discussion.AnnotationID
}

// text writes a document's blocks as HTML, with its passages and highlighted
// words marked. It is the only printer of a Doc in the pages: everything that
// people wrote goes through its escaping.
type text struct {
	doc      format.Doc
	passages []discussion.Passage // of the document, by Start
	marks    []highlight
	heading  int // what is added to a heading's level

	out   strings.Builder
	quote int      // quotations open
	lists []string // lists open, each with an open item
	table bool
}

func newText(doc discussion.Document, passages []discussion.Passage, talk talk) *text {
	t := &text{doc: doc.Body, passages: passages, marks: talk.marks[doc.ID], heading: 1}
	if doc.Kind == discussion.Comment {
		t.heading = 3
	}
	return t
}

// title is the first block as the page's title.
func (t *text) title() template.HTML {
	t.wrap("h1", t.doc.Blocks[0])
	defer t.out.Reset()
	return template.HTML(t.out.String())
}

// Words is the HTML of a text that nothing points into: what somebody said,
// or a passage as a room shows it.
func Words(d format.Doc) template.HTML {
	t := text{doc: d, heading: 3}
	return t.blocks(0, len(d.Blocks))
}

// blocks writes the blocks from one index up to another.
func (t *text) blocks(from, to int) template.HTML {
	for i := from; i < to; i++ {
		t.block(i)
	}
	if t.table {
		t.endTable()
	}
	t.close(0, 0)
	html := t.out.String()
	t.out.Reset()
	return template.HTML(html)
}

func (t *text) block(i int) {
	b := t.doc.Blocks[i]
	depth := 0
	if b.Kind == format.List {
		depth = max(b.Level, 1)
	}
	if t.table && (b.Kind != format.Table || b.Quote != t.quote) {
		t.endTable()
	}
	t.close(b.Quote, depth)
	for ; t.quote < b.Quote; t.quote++ {
		t.out.WriteString("<blockquote>")
	}
	switch b.Kind {
	case format.Heading:
		t.headingBlock(b)
	case format.List:
		t.item(b, depth)
	case format.Code:
		t.code(b)
	case format.Table:
		t.row(b)
	case format.Rule:
		t.out.WriteString("<hr>")
	default:
		t.wrap("p", b)
	}
}

func (t *text) wrap(tag string, b format.Block) {
	t.out.WriteString("<" + tag + ">")
	t.inline(b.Start, b.End, false)
	t.out.WriteString("</" + tag + ">\n")
}

func (t *text) headingBlock(b format.Block) {
	t.wrap("h"+strconv.Itoa(min(max(b.Level, 1)+t.heading, 6)), b)
}

func (t *text) code(b format.Block) {
	t.out.WriteString(`<pre tabindex="0"><code>`)
	t.inline(b.Start, b.End, true)
	t.out.WriteString("</code></pre>\n")
}

// item writes one item of a list, inside as many lists as its level says.
func (t *text) item(b format.Block, depth int) {
	kind, number := listOf(b.Marker)
	if b.Marker == "" && len(t.lists) == depth {
		t.wrap("p", b)
		return
	}
	if len(t.lists) == depth && t.lists[depth-1] != kind {
		t.close(b.Quote, depth-1)
	}
	if len(t.lists) == depth {
		t.out.WriteString("</li>\n")
	}
	for len(t.lists) < depth {
		t.out.WriteString("<" + kind + ">\n")
		t.lists = append(t.lists, kind)
		if len(t.lists) < depth {
			t.out.WriteString("<li>")
		}
	}
	t.out.WriteString("<li")
	if number != "" {
		t.out.WriteString(` value="` + number + `"`)
	}
	t.out.WriteString(">")
	t.inline(b.Start, b.End, false)
}

// listOf says which list a marker belongs to: "3." counts, "-" does not.
func listOf(marker string) (kind, number string) {
	digits := strings.TrimRight(marker, ".)")
	if _, err := strconv.Atoi(digits); err == nil && digits != marker {
		return "ol", digits
	}
	return "ul", ""
}

func (t *text) row(b format.Block) {
	if !t.table {
		t.out.WriteString(`<div class="table" tabindex="0"><table>`)
		t.table = true
	}
	cell := "td"
	if b.Level == 1 {
		cell = "th"
	}
	t.out.WriteString("<tr>")
	at := b.Start
	for cut := range strings.SplitSeq(t.doc.Text[b.Start:b.End], "\t") {
		t.out.WriteString("<" + cell + ">")
		t.inline(at, at+len(cut), false)
		t.out.WriteString("</" + cell + ">")
		at += len(cut) + 1
	}
	t.out.WriteString("</tr>\n")
}

func (t *text) endTable() {
	t.out.WriteString("</table></div>\n")
	t.table = false
}

// close ends lists and quotations until at most so many are open. A list does
// not reach over the border of a quotation.
func (t *text) close(quotes, lists int) {
	if t.quote != quotes {
		lists = 0
	}
	for len(t.lists) > lists {
		t.out.WriteString("</li></" + t.lists[len(t.lists)-1] + ">\n")
		t.lists = t.lists[:len(t.lists)-1]
	}
	for ; t.quote > quotes; t.quote-- {
		t.out.WriteString("</blockquote>\n")
	}
}

// A tag is an element that is open at some place of a line. Two tags with the
// same key are the same element.
type tag struct{ key, open, close string }

// inline writes the words between two offsets. Elements stand in a fixed
// order: the passage, the text's own spans, the highlight; whatever crosses a
// border is closed there and opened again.
func (t *text) inline(start, end int, verbatim bool) {
	var open []tag
	borders := t.borders(start, end)
	for i := 0; i+1 < len(borders); i++ {
		from, to := borders[i], borders[i+1]
		want := t.tags(from, to, start)
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

// borders are the offsets between start and end where an element begins or ends.
func (t *text) borders(start, end int) []int {
	at := []int{start, end}
	add := func(from, to int) {
		for _, offset := range [2]int{from, to} {
			if offset > start && offset < end && utf8.RuneStart(t.doc.Text[offset]) {
				at = append(at, offset)
			}
		}
	}
	for _, p := range t.passages {
		add(p.Start, p.End)
	}
	for _, s := range t.doc.Spans {
		add(s.Start, s.End)
	}
	for _, m := range t.marks {
		add(m.start, m.end)
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// tags are the elements in which the words between two borders stand.
func (t *text) tags(from, to, start int) []tag {
	var all []tag
	for _, p := range t.passages {
		if p.Start <= from && to <= p.End {
			all = append(all, t.passage(p, start))
			break
		}
	}
	var spans []format.Span
	for _, s := range t.doc.Spans {
		if s.Start <= from && to <= s.End {
			spans = append(spans, s)
		}
	}
	slices.SortStableFunc(spans, func(a, b format.Span) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return b.End - a.End
	})
	linked := false
	for _, s := range spans {
		isLink := s.Kind == format.Link || s.Kind == format.Image
		if isLink && linked {
			continue
		}
		if g, ok := element(s); ok {
			all = append(all, g)
			linked = linked || isLink
		}
	}
	if g, ok := t.mark(from, to); ok {
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

// mark is the element around words that annotations are about.
func (t *text) mark(from, to int) (tag, bool) {
	var ids []string
	for _, m := range t.marks {
		if m.start <= from && to <= m.end {
			ids = append(ids, string(m.id))
		}
	}
	if len(ids) == 0 {
		return tag{}, false
	}
	notes := make([]string, len(ids))
	for i, id := range ids {
		notes[i] = noteID(discussion.AnnotationID(id))
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
