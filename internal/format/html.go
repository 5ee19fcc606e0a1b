package format

import (
	"strings"

	"golang.org/x/net/html"
)

// HTML is the web's dialect: any page or fragment is read, and what is written
// is clean, closed and escaped, and loads nothing. Normal says what is lost:
// mentions are plain words, and only http, https and mailto links are links.
// Images are written as links to them, spoilers as <span class="spoiler">.
type HTML struct{}

// Parse reads HTML as browsers show it, leaving out what is no text of the
// page: scripts, styles, navigation, forms' fields and what is hidden. It is
// linear in the length of src, however badly that is nested.
func (HTML) Parse(src string) Doc { return parseHTML(src, keepHTML, nil) }

// Print writes d as a fragment of HTML.
func (h HTML) Print(d Doc) string { return printHTML(h.Normal(d), false) }

// Normal is what HTML shows of d.
func (HTML) Normal(d Doc) Doc { return normal(d, rules{keep: keepHTML}) }

func keepHTML(s Span, words string) (Span, bool) {
	switch s.Kind {
	case Mention:
		return s, false
	case Link:
		s.Attr = address(s.Attr)
		return s, s.Attr != ""
	case Image:
		s.Attr = addressOf(s.Attr, "http://", "https://")
		return s, s.Attr != ""
	}
	return s, true
}

func parseHTML(src string, keep keeper, m *Matrix) Doc {
	b := &builder{keep: keep}
	r := reader{b: b, matrix: m}
	r.read(tokens(clean(src)), 1)
	r.close()
	return b.doc()
}

// A token is a piece of HTML and the line breaks that its source holds.
type token struct {
	html.Token
	breaks int
	layout bool // of <table>: it lays out a page and holds no data
}

// tokens cuts HTML into its tags and texts.
func tokens(src string) []token {
	if t, ok := simpleTag(src); ok {
		return []token{t}
	}
	var out []token
	z := html.NewTokenizer(strings.NewReader(src))
	for z.Next() != html.ErrorToken {
		breaks := strings.Count(string(z.Raw()), "\n")
		out = append(out, token{Token: z.Token(), breaks: breaks})
	}
	if rest := string(z.Raw()); rest != "" { // a tag that never ends
		out = append(out, token{Token: html.Token{Type: html.TextToken, Data: rest}})
	}
	markLayout(out)
	return out
}

// simpleTag reads what Markdown has most of, a tag alone without attributes,
// at a hundredth of the tokenizer's price.
func simpleTag(src string) (token, bool) {
	name, opened := strings.CutPrefix(src, "<")
	name, closed := strings.CutSuffix(name, ">")
	t := token{Token: html.Token{Type: html.StartTagToken}}
	if rest, ok := strings.CutPrefix(name, "/"); ok {
		t.Type, name = html.EndTagToken, rest
	}
	odd := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	t.Data = name
	return t, opened && closed && name != "" && name[0] > '9' && !strings.ContainsFunc(name, odd)
}

func attr(t html.Token, name string) (string, bool) {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// layouts finds the tables that lay out a page: those that hold what a cell
// of data would not.
type layouts struct {
	tokens     []token
	open       []int // the tables that stand open, by their tokens
	paragraphs int   // of the cell
	breaks     int   // in a row
}

func markLayout(tokens []token) {
	l := layouts{tokens: tokens}
	for i, t := range tokens {
		switch {
		case t.Type == html.TextToken && strings.TrimSpace(t.Data) != "":
			l.breaks = 0
		case t.Type == html.StartTagToken || t.Type == html.SelfClosingTagToken:
			l.start(i)
		case t.Type == html.EndTagToken && t.Data == "table" && len(l.open) > 0:
			l.open = l.open[:len(l.open)-1]
		}
	}
}

func (l *layouts) start(i int) {
	t := l.tokens[i]
	if t.Data == "table" {
		l.mark()
		l.open = append(l.open, i)
		l.paragraphs, l.breaks = 0, 0
		role, _ := attr(t.Token, "role")
		if role == "presentation" || role == "none" {
			l.mark()
		}
		return
	}
	switch t.Data {
	case "td", "th":
		l.paragraphs, l.breaks = 0, 0
	case "p", "div":
		l.paragraphs++
	case "br":
		l.breaks++
	case "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "hr":
		l.mark()
	}
	if l.paragraphs > 2 || l.breaks > 1 {
		l.mark()
	}
}

func (l *layouts) mark() {
	if n := len(l.open); n > 0 {
		l.tokens[l.open[n-1]].layout = true
	}
}
