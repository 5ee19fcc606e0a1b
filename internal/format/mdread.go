package format

import (
	"bytes"
	"sort"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A walker turns goldmark's tree into a Doc.
type walker struct {
	source []byte
	lines  []int // where the source's lines end
	b      *builder
	r      reader // of the HTML within
	table  bool   // in a table's cell
}

// A place is where in the tree a block stands.
type place struct {
	quote, level int
	marker       string // of the item, until its first words took it
}

// block returns the block of a kind at this place.
func (p *place) block(kind BlockKind) Block {
	b := Block{Kind: kind, Quote: p.quote}
	if p.level > 0 && (kind == Paragraph || kind == Heading) {
		b.Kind, b.Level, b.Marker = List, p.level, p.marker
		p.marker = ""
	}
	return b
}

func (w *walker) blocks(parent ast.Node, p *place) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.block(n, p)
	}
}

func (w *walker) block(n ast.Node, p *place) {
	if n.Type() == ast.TypeBlock && n.Lines().Len() > 0 {
		w.b.line = w.lineOf(n.Lines().At(0).Start)
	}
	switch n := n.(type) {
	case *ast.Heading:
		b := p.block(Heading)
		if b.Kind == Heading {
			b.Level = n.Level
		}
		w.leaf(n, b)
	case *ast.Blockquote:
		w.blocks(n, &place{quote: p.quote + 1})
	case *ast.List:
		w.list(n, p)
	case *ast.LinkReferenceDefinition:
	case *ast.ThematicBreak:
		w.b.begin(p.block(Rule))
		w.b.end()
	case *ast.CodeBlock:
		w.code(n, p.block(Code))
	case *ast.FencedCodeBlock:
		b := p.block(Code)
		b.Lang = unescape(n.Language(w.source))
		w.code(n, b)
	case *ast.HTMLBlock:
		w.html(n, p)
	case *east.Table:
		w.rows(n, p)
	default:
		w.leaf(n, p.block(Paragraph))
	}
}

func (w *walker) lineOf(offset int) int { return sort.SearchInts(w.lines, offset) + 1 }

func (w *walker) list(n *ast.List, p *place) {
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		in := place{quote: p.quote, level: p.level + 1, marker: "-"}
		if n.IsOrdered() {
			in.marker = strconv.Itoa(min(number, 999_999_999)) + "."
			number++
		}
		w.blocks(item, &in)
	}
}

// leaf reads the words of a block. HTML within it goes no further than it.
func (w *walker) leaf(n ast.Node, b Block) {
	w.b.begin(b)
	w.r = reader{b: w.b, base: b}
	w.r.base.Marker = ""
	w.inlines(n)
	w.r.close()
	w.b.end()
}

func (w *walker) code(n ast.Node, b Block) {
	w.b.begin(b)
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		w.b.text(string(line.Value(w.source)))
	}
	w.b.end()
}

func (w *walker) html(n *ast.HTMLBlock, p *place) {
	var src bytes.Buffer
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		src.Write(line.Value(w.source))
	}
	if n.HasClosure() {
		src.Write(n.ClosureLine.Value(w.source))
	}
	w.b.end()
	w.r = reader{b: w.b, base: Block{Quote: p.quote, Level: p.level}, marker: p.marker}
	w.r.read(tokens(src.String()), w.b.line)
	w.r.close()
	w.b.end()
	p.marker = w.r.marker
}

func (w *walker) rows(n ast.Node, p *place) {
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		b := p.block(Table)
		if row.Kind() == east.KindTableHeader {
			b.Level = 1
		}
		w.b.begin(b)
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			if cell != row.FirstChild() {
				w.b.tab()
			}
			if cell.Lines().Len() > 0 {
				w.b.line = w.lineOf(cell.Lines().At(0).Start)
			}
			w.r = reader{b: w.b, scene: scene{data: true}}
			w.table = true
			w.inlines(cell)
			w.table = false
			w.r.close()
		}
		w.b.end()
	}
}

func (w *walker) inlines(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.inline(n)
	}
}

func (w *walker) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		w.words(n)
	case *ast.String:
		w.r.words(string(n.Value))
	case *ast.CodeSpan:
		w.codeSpan(n)
	case *ast.Emphasis:
		kind := Emph
		if n.Level == 2 {
			kind = Strong
		}
		w.within(n, kind, "")
	case *east.Strikethrough:
		w.within(n, Strike, "")
	case *ast.Link:
		w.within(n, Link, unescape(n.Destination))
	case *ast.Image:
		w.within(n, Image, unescape(n.Destination))
	case *ast.AutoLink:
		w.autoLink(n)
	case *ast.RawHTML:
		var src bytes.Buffer
		for i := range n.Segments.Len() {
			s := n.Segments.At(i)
			src.Write(s.Value(w.source))
		}
		w.tag(src.String())
	default:
		w.inlines(n)
	}
}

// tag reads HTML within a line. A tag that nobody knows is what was typed.
func (w *walker) tag(src string) {
	read := tokens(src)
	for _, t := range read {
		isTag := t.Type == html.StartTagToken || t.Type == html.EndTagToken || t.Type == html.SelfClosingTagToken
		if isTag && t.DataAtom == 0 && atom.Lookup([]byte(t.Data)) == 0 && !strings.Contains(t.Data, "-") {
			w.r.words(src)
			return
		}
	}
	w.r.read(read, w.b.line)
}

func (w *walker) words(n *ast.Text) {
	w.b.line = w.lineOf(n.Segment.Start)
	value := n.Segment.Value(w.source)
	if n.IsRaw() {
		w.r.words(string(value))
	} else {
		w.r.words(unescape(value))
	}
	if n.HardLineBreak() {
		w.b.brk()
	} else if n.SoftLineBreak() {
		w.r.words(" ")
	}
}

// within reads what stands in a span. An image without words is "[image]".
func (w *walker) within(n ast.Node, kind SpanKind, to string) {
	opened := w.b.start(kind, to)
	if kind == Image && n.FirstChild() == nil && address(to) != "" {
		w.r.words("[image]")
	}
	w.inlines(n)
	if opened {
		w.b.stop(kind)
	}
}

func (w *walker) codeSpan(n *ast.CodeSpan) {
	var words strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			words.Write(t.Segment.Value(w.source))
		}
	}
	s := words.String()
	if w.table {
		s = strings.ReplaceAll(s, `\|`, "|")
	}
	opened := w.b.start(CodeSpan, "")
	w.r.words(s)
	if opened {
		w.b.stop(CodeSpan)
	}
}

func (w *walker) autoLink(n *ast.AutoLink) {
	words := string(n.Label(w.source))
	to := words
	if n.AutoLinkType == ast.AutoLinkEmail {
		to = "mailto:" + words
	}
	opened := w.b.start(Link, to)
	w.r.words(words)
	if opened {
		w.b.stop(Link)
	}
}
