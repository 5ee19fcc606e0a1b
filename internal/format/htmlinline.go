package format

import (
	"cmp"
	"strings"

	"golang.org/x/net/html"
)

// spanOf names the kind of span that an element makes.
func spanOf(tag string) SpanKind {
	switch tag {
	case "b", "strong":
		return Strong
	case "i", "em", "cite", "dfn", "var":
		return Emph
	case "s", "strike", "del":
		return Strike
	case "u", "ins":
		return Underline
	case "code", "kbd", "samp", "tt":
		return CodeSpan
	case "sup":
		return Sup
	case "sub":
		return Sub
	}
	return ""
}

func isInline(tag string) bool { return tag == "a" || tag == "span" || spanOf(tag) != "" }

// startInline reads the start tag of an element that stands within a line.
func (r *reader) startInline(t html.Token) bool {
	switch t.Data {
	case "br":
		r.b.brk()
	case "wbr":
	case "img":
		r.image(t)
	case "q":
		r.words("“")
	case "a":
		r.anchor(t)
	case "span":
		r.span(t)
	default:
		kind := spanOf(t.Data)
		if kind == "" {
			return false
		}
		if r.pre {
			r.lang = cmp.Or(r.lang, langOf(t))
		}
		r.enter(t.Data, kind, "")
	}
	return true
}

// enter opens a span and the element that makes it.
func (r *reader) enter(tag string, kind SpanKind, to string) {
	if kind != "" && !r.b.start(kind, to) {
		kind = ""
	}
	r.push(tag, kind)
}

func (r *reader) anchor(t html.Token) {
	r.leave("a")
	href, _ := attr(t, "href")
	if r.matrix != nil {
		if id := userID(strings.TrimSpace(href)); id != "" {
			r.mention(id)
			return
		}
	}
	kind := SpanKind("")
	if address(href) != "" {
		kind = Link
	}
	if class, _ := attr(t, "class"); class == "image" && kind == Link {
		kind = Image
	}
	r.enter("a", kind, href)
}

// mention opens a link to a person. A name that the dialect knows stands for
// the link's words.
func (r *reader) mention(id string) {
	name := r.matrix.name(id)
	if name == "" {
		r.at = true
		r.enter("a", Mention, id)
		return
	}
	opened := r.b.start(Mention, id)
	r.words(atSign(name))
	if opened {
		r.b.stop(Mention)
	}
	r.skip, r.skips = "a", 1
}

func (r *reader) span(t html.Token) {
	class, _ := attr(t, "class")
	reason, spoiler := attr(t, "data-mx-spoiler")
	if label, ok := attr(t, "aria-label"); ok && strings.Contains(class, "mjx-math") {
		r.words(label)
		r.skip, r.skips = "span", 1
		return
	}
	kind := SpanKind("")
	if spoiler || class == "spoiler" {
		kind = Spoiler
	}
	if reason != "" {
		r.words("(" + reason + ")")
	}
	r.enter("span", kind, "")
}

// image writes an image's alternative text. Images of one pixel count visitors.
func (r *reader) image(t html.Token) {
	src, _ := attr(t, "src")
	alt, _ := attr(t, "alt")
	width, _ := attr(t, "width")
	height, _ := attr(t, "height")
	if width == "1" || height == "1" || width == "0" || height == "0" {
		return
	}
	to, seen := r.b.keep(Span{Kind: Image, Attr: src}, alt)
	if strings.TrimSpace(alt) == "" {
		if !seen {
			return
		}
		alt = "[image]"
	}
	opened := seen && r.b.start(to.Kind, to.Attr)
	r.words(alt)
	if opened {
		r.b.stop(to.Kind)
	}
}

// endInline reads the end tag of an element that stands within a line.
func (r *reader) endInline(tag string) bool {
	if tag == "q" {
		r.words("”")
		return true
	}
	if tag == "br" { // as browsers do
		r.b.brk()
		return true
	}
	if !isInline(tag) {
		return false
	}
	if r.over > 0 {
		r.over--
		return true
	}
	r.leave(tag)
	return true
}

// leave closes the innermost element of a name within this cell or list. What
// was opened in it and stands open stays so, as in browsers.
func (r *reader) leave(tag string) {
	for i := len(r.stack) - 1; i >= 0; i-- {
		e := r.stack[i]
		if e.tag == tag {
			r.stop(e.span)
			r.stack = append(r.stack[:i], r.stack[i+1:]...)
			return
		}
		if isCell(e.tag) {
			return
		}
	}
}

// A formula gathers what stands in <math>: its TeX, or else its signs.
type formula struct {
	tex, signs strings.Builder
	note       string // the kind of annotation that is open
}

// take adds a text to the formula, if there is one.
func (f *formula) take(s string) bool {
	if f == nil {
		return false
	}
	switch f.note {
	case "":
		f.signs.WriteString(s)
	case "application/x-tex":
		f.tex.WriteString(s)
	}
	return true
}

func (r *reader) startMath(t html.Token) bool {
	if r.math != nil && blocks(t.Data) {
		r.endMath("math")
	}
	if t.Data == "math" && r.math == nil {
		if alt, _ := attr(t, "alttext"); alt != "" {
			r.words(alt)
			r.skip, r.skips = "math", 1
			return true
		}
		r.math = &formula{}
		return true
	}
	if r.math == nil {
		return false
	}
	if strings.HasPrefix(t.Data, "annotation") {
		r.math.note, _ = attr(t, "encoding")
		if r.math.note == "" {
			r.math.note = "?"
		}
	}
	return true
}

func (r *reader) endMath(tag string) bool {
	f := r.math
	if f == nil {
		return false
	}
	if blocks(tag) {
		r.endMath("math")
		return false
	}
	if strings.HasPrefix(tag, "annotation") {
		f.note = ""
	}
	if tag == "math" {
		r.math = nil
		r.words(cmp.Or(f.tex.String(), f.signs.String()))
	}
	return true
}
