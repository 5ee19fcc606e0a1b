package format

import (
	"html"
	"net/url"
	"strconv"
	"strings"
)

// printHTML writes a normal Doc as HTML of the web or of Matrix.
func printHTML(d Doc, matrix bool) string {
	p := markup{matrix: matrix, bare: matrix && len(d.Blocks) == 1 && d.Blocks[0].Kind == Paragraph}
	for i, spans := range d.spans() {
		b := d.Blocks[i]
		p.block(b, d.Text[b.Start:b.End], spans)
	}
	p.shut(Block{Kind: Paragraph})
	return strings.TrimSuffix(p.String(), "\n")
}

// markup writes HTML. It knows which quotations, lists and tables are open.
type markup struct {
	strings.Builder
	matrix bool
	bare   bool // one paragraph alone, written without its tag
	quote  int
	lists  []listing
	table  string // the part of the table that is open: "thead", "tbody" or ""
	cell   string // of the row: "th" or "td"
}

func (p *markup) block(b Block, words string, spans []Span) {
	p.shut(b)
	for ; p.quote < b.Quote; p.quote++ {
		p.tag("<blockquote>")
	}
	switch b.Kind {
	case Heading:
		p.element("h"+strconv.Itoa(b.Level), b, words, spans)
	case List:
		p.item(b, words, spans)
	case Code:
		p.code(b, words)
	case Table:
		p.row(b, words, spans)
	case Rule:
		p.tag("<hr>")
	default:
		if p.bare {
			p.inline(b, words, spans)
			return
		}
		p.element("p", b, words, spans)
	}
}

// tag writes a tag that stands between blocks.
func (p *markup) tag(s string) {
	p.WriteString(s)
	if !p.matrix {
		p.WriteByte('\n')
	}
}

func (p *markup) element(name string, b Block, words string, spans []Span) {
	p.WriteString("<" + name + ">")
	p.inline(b, words, spans)
	p.tag("</" + name + ">")
}

func (p *markup) inline(b Block, words string, spans []Span) {
	for i := range spans {
		spans[i].Start, spans[i].End = spans[i].Start-b.Start, spans[i].End-b.Start
	}
	weave(words, spans, p)
}

func (p *markup) code(b Block, words string) {
	p.WriteString("<pre><code")
	if b.Lang != "" {
		p.WriteString(` class="language-` + html.EscapeString(b.Lang) + `"`)
	}
	p.WriteString(">" + escapeText(words))
	p.tag("</code></pre>")
}

// shut closes what does not go on in the next block.
func (p *markup) shut(next Block) {
	if p.table != "" && (next.Kind != Table || next.Quote != p.quote) {
		p.tag("</" + p.table + "></table>")
		p.table = ""
	}
	if next.Kind != List || next.Quote != p.quote {
		p.shutLists(0)
	}
	for ; p.quote > next.Quote; p.quote-- {
		p.tag("</blockquote>")
	}
}

// shutLists closes the lists above a level.
func (p *markup) shutLists(level int) {
	for n := len(p.lists) - 1; n >= level; n-- {
		p.tag("</li></" + p.lists[n].tag() + ">")
		p.lists = p.lists[:n]
	}
}

func (l listing) tag() string {
	if l.ordered {
		return "ol"
	}
	return "ul"
}

func (p *markup) item(b Block, words string, spans []Span) {
	p.shutLists(b.Level)
	if b.Marker == "" {
		p.element("p", b, words, spans)
		return
	}
	n, ordered := number(b.Marker)
	p.openItem(b.Level, n, ordered)
	p.inline(b, words, spans)
}

// openItem begins the next item of the list at a level, or a new list where
// the open one does not go on.
func (p *markup) openItem(level, n int, ordered bool) {
	if len(p.lists) == level {
		list := &p.lists[level-1]
		if list.ordered == ordered && (!ordered || list.next == n) {
			p.tag("</li>")
			p.WriteString("<li>")
			list.next++
			return
		}
		p.shutLists(level - 1)
	}
	list := listing{ordered: ordered, next: n + 1}
	start := ""
	if ordered && n != 1 {
		start = ` start="` + strconv.Itoa(n) + `"`
	}
	p.lists = append(p.lists, list)
	p.tag("<" + list.tag() + start + ">")
	p.WriteString("<li>")
}

func (p *markup) row(b Block, words string, spans []Span) {
	part := "tbody"
	if b.Level == 1 && p.table != "tbody" {
		part = "thead"
	}
	switch p.table {
	case "":
		p.tag("<table><" + part + ">")
	case part:
	default:
		p.tag("</" + p.table + "><" + part + ">")
	}
	p.table, p.cell = part, "td"
	if b.Level == 1 {
		p.cell = "th"
	}
	p.WriteString("<tr><" + p.cell + ">")
	p.inline(b, words, spans)
	p.tag("</" + p.cell + "></tr>")
}

func (p *markup) text(words string) {
	words = strings.ReplaceAll(escapeText(words), "\n", "<br>")
	if p.table != "" {
		words = strings.ReplaceAll(words, "\t", "</"+p.cell+"><"+p.cell+">")
	}
	p.WriteString(words)
}

// escapeText is enough between tags, and leaves quotes as they are.
func escapeText(words string) string {
	words = strings.ReplaceAll(words, "&", "&amp;")
	return strings.ReplaceAll(strings.ReplaceAll(words, "<", "&lt;"), ">", "&gt;")
}

func (p *markup) open(s Span, words string, plain bool) bool {
	switch s.Kind {
	case Link, Image:
		if p.matrix && s.Kind == Image {
			p.image(s, words)
			return false
		}
		p.anchor(s)
	case Mention:
		p.WriteString(`<a href="https://matrix.to/#/` + html.EscapeString(url.PathEscape(s.Attr)) + `">`)
	case Spoiler:
		if p.matrix {
			p.WriteString("<span data-mx-spoiler>")
		} else {
			p.WriteString(`<span class="spoiler">`)
		}
	default:
		p.WriteString("<" + tagOf(s.Kind) + ">")
	}
	return true
}

func (p *markup) anchor(s Span) {
	p.WriteString(`<a href="` + html.EscapeString(s.Attr) + `"`)
	if s.Kind == Image {
		p.WriteString(` class="image"`)
	}
	if !p.matrix {
		p.WriteString(` rel="nofollow noopener"`)
	}
	p.WriteByte('>')
}

// image writes an image that stands on a Matrix server. One whose words are
// :so: is an emoticon, and as high as a line.
func (p *markup) image(s Span, words string) {
	p.WriteString(`<img src="` + html.EscapeString(s.Attr) + `" alt="` + html.EscapeString(words) + `"`)
	if len(words) > 2 && words[0] == ':' && words[len(words)-1] == ':' && !strings.Contains(words, " ") {
		p.WriteString(` data-mx-emoticon height="32"`)
	}
	p.WriteByte('>')
}

func (p *markup) close(s Span) {
	switch s.Kind {
	case Link, Image, Mention:
		p.WriteString("</a>")
	case Spoiler:
		p.WriteString("</span>")
	default:
		p.WriteString("</" + tagOf(s.Kind) + ">")
	}
}

func tagOf(k SpanKind) string {
	return map[SpanKind]string{Strong: "strong", Emph: "em", Strike: "del", Underline: "u", CodeSpan: "code", Sup: "sup", Sub: "sub"}[k]
}
