package page

import (
	"html/template"
	"strconv"
	"strings"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// A highlight is a stretch of a document's text that an annotation is about,
// or a comment that quotes it.
type highlight struct {
	start, end int
	id         string // the annotation's, or the comment's
	element    string // that shows it
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
