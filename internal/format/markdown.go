package format

import "github.com/yuin/goldmark/text"

// Markdown is CommonMark with strikethrough and tables, and with HTML where it
// stands in the source. A line break of the source is a space. Name returns
// the name of whom an id means, or "" where the text's own words shall stand;
// it may be nil. Typed is for Markdown as people type it into a chat: HTML in it
// is words like any others.
//
// Normal says what is lost: mentions are plain words, spoilers are covered by
// "[spoiler]", and only http, https and mailto links are links.
type Markdown struct {
	Name  func(kind, id string) string
	Typed bool
}

// Print writes d so that nothing in its words is read as markup.
func (m Markdown) Print(d Doc) string { return printMarkdown(m.Normal(d)) }

// Normal is what Markdown shows of d.
func (m Markdown) Normal(d Doc) Doc {
	return normal(d, rules{keep: m.keep, say: m.say})
}

func (m Markdown) say(s Span, words string) (string, bool) {
	if s.Kind != Mention || m.Name == nil {
		return sayHidden(s, words)
	}
	name := m.Name("user", s.Attr)
	return atSign(name), name != ""
}

// keep drops what Markdown has no marks for, and as typed no HTML either.
func (m Markdown) keep(s Span, words string) (Span, bool) {
	if s.Kind == Spoiler || m.Typed && (s.Kind == Underline || s.Kind == Sup || s.Kind == Sub) {
		return s, false
	}
	return keepHTML(s, words)
}

// Parse reads Markdown.
func (m Markdown) Parse(src string) Doc {
	src = clean(src)
	w := walker{source: []byte(src), b: &builder{keep: m.keep}}
	w.r = reader{b: w.b}
	for i := range len(src) {
		if src[i] == '\n' {
			w.lines = append(w.lines, i)
		}
	}
	w.blocks(newParser(m.Typed).Parse(text.NewReader(w.source)), &place{})
	return w.b.doc()
}
