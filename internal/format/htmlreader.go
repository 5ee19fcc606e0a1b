package format

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// A reader turns the tags of HTML into a Doc, one after the other. It keeps a
// stack of the elements that matter and no tree: what is wrongly nested or
// never closed costs no more than what is right.
type reader struct {
	b      *builder
	matrix *Matrix // where the HTML is a Matrix message
	base   Block   // what the words stand in before any tag: Markdown's block
	scene
	stack  []element
	over   int    // elements that were opened above the stack's limit
	skip   string // the element that is left out, and how often it stands open
	skips  int
	marker string // of the item that has begun and has no words yet
	cells  int    // of the row
	heads  int    // of these, how many are head cells
	math   *formula
	at     bool // a mention has begun and wants its "@"
}

// A scene is where in the structure the reader stands.
type scene struct {
	heading, quote, level int
	list                  *listing
	pre, data, head       bool // in code; in a table of data; in its head
	lang                  string
}

type listing struct {
	ordered bool
	next    int
}

// An element is open. Its end tag brings back the scene before it.
type element struct {
	tag    string
	span   SpanKind // that it opened, or ""
	before scene
}

// deepestStack bounds how many elements matter at once.
const deepestStack = 256

func (r *reader) read(tokens []token, line int) {
	for _, t := range tokens {
		r.b.line = line
		switch t.Type {
		case html.TextToken:
			r.words(t.Data)
		case html.StartTagToken, html.SelfClosingTagToken:
			r.start(t)
		case html.EndTagToken:
			r.end(t.Data)
		}
		line += t.breaks
	}
}

// close ends all that stands open.
func (r *reader) close() {
	r.endMath("math")
	r.skip = ""
	r.unwind(0)
}

// words adds a text of the source.
func (r *reader) words(s string) {
	if r.skip != "" || r.math.take(s) {
		return
	}
	if !r.b.in {
		if !r.pre && strings.Trim(s, " \t\n\r\f") == "" {
			return
		}
		r.b.begin(r.block())
	}
	if r.at && strings.TrimSpace(s) != "" {
		r.at = false
		s = atSign(strings.TrimLeft(s, " \t\n\r\f"))
	}
	r.b.text(s)
}

// block is what words that stand here belong to.
func (r *reader) block() Block {
	b := Block{Kind: Paragraph, Quote: r.quote + r.base.Quote, Level: r.level}
	if r.quote == 0 {
		b.Level += r.base.Level
	}
	switch {
	case r.pre:
		return Block{Kind: Code, Quote: b.Quote, Lang: r.lang}
	case b.Level > 0:
		b.Kind, b.Marker = List, r.marker
		r.marker = ""
	case r.heading > 0:
		b.Kind, b.Level = Heading, r.heading
	}
	return b
}

func (r *reader) start(t token) {
	if r.skip != "" {
		if t.Data == r.skip && t.Type == html.StartTagToken {
			r.skips++
		}
		return
	}
	if r.left(t.Token) {
		if !void(t.Data) && (t.Data != "svg" || t.Type == html.StartTagToken) {
			r.skip, r.skips = t.Data, 1
		}
		return
	}
	if r.startMath(t.Token) || r.startInline(t.Token) || !blocks(t.Data) {
		return
	}
	r.border()
	r.startBlock(t)
}

// left reports whether an element is no text of the page.
func (r *reader) left(t html.Token) bool {
	switch t.Data {
	case "script", "style", "title", "template", "nav", "noscript", "iframe", "noembed", "noframes",
		"svg", "canvas", "audio", "video", "object", "select", "textarea", "button", "mx-reply":
		return true
	}
	if _, ok := attr(t, "data-mx-profile-fallback"); ok && r.matrix != nil {
		return true
	}
	_, gone := attr(t, "hidden")
	aria, _ := attr(t, "aria-hidden")
	style, _ := attr(t, "style")
	return gone || aria == "true" || strings.Contains(strings.ReplaceAll(style, " ", ""), "display:none")
}

// border ends the block, where blocks can end.
func (r *reader) border() {
	switch {
	case r.data:
		r.b.space = true
	case r.pre:
		if n := len(r.b.buf); n > 0 && r.b.buf[n-1] != '\n' {
			r.b.brk()
		}
	default:
		r.b.end()
	}
}

// push opens an element, unless too many stand open: then it is only counted.
func (r *reader) push(tag string, span SpanKind) bool {
	if len(r.stack) >= deepestStack {
		r.over++
		if span != "" {
			r.b.stop(span)
		}
		return false
	}
	r.stack = append(r.stack, element{tag: tag, span: span, before: r.scene})
	return true
}

// pop closes the innermost element that is wanted with all within it, if it
// does not stand outside of a fence.
func (r *reader) pop(wanted, fence func(tag string) bool) bool {
	for i := len(r.stack) - 1; i >= 0; i-- {
		if wanted(r.stack[i].tag) {
			r.unwind(i)
			return true
		}
		if fence(r.stack[i].tag) {
			return false
		}
	}
	return false
}

// unwind closes the elements of the stack above its first n.
func (r *reader) unwind(n int) {
	for _, e := range slices.Backward(r.stack[n:]) {
		r.stop(e.span)
		if r.pre && !e.before.pre || r.data && !e.before.data {
			r.b.end()
		}
		r.scene = e.before
	}
	r.stack = r.stack[:n]
}

func (r *reader) stop(span SpanKind) {
	if span == Mention {
		r.at = false
	}
	if span != "" {
		r.b.stop(span)
	}
}

// end reads an end tag.
func (r *reader) end(tag string) {
	if r.skip != "" {
		if tag == r.skip {
			if r.skips--; r.skips == 0 {
				r.skip = ""
			}
		}
		return
	}
	if r.endMath(tag) || r.endInline(tag) || !blocks(tag) {
		return
	}
	if r.over > 0 && stacked(tag) {
		r.over--
		return
	}
	r.border()
	r.endBlock(tag)
}
