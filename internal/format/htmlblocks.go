package format

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// startBlock reads the start tag of an element that stands on its own lines.
func (r *reader) startBlock(t token) {
	switch t.Data {
	case "h1", "h2", "h3", "h4", "h5", "h6":
		r.pop(isHeading, isContainer)
		if r.push(t.Data, "") {
			r.heading = int(t.Data[1] - '0')
		}
	case "hr":
		if !r.data && !r.pre {
			r.b.begin(Block{Kind: Rule, Quote: r.quote + r.base.Quote})
			r.b.end()
		}
	case "blockquote":
		if r.push(t.Data, "") {
			r.quote, r.level, r.list, r.heading = r.quote+1, 0, nil, 0
		}
	case "ul", "ol", "menu", "dir":
		if r.push(t.Data, "") {
			r.level, r.list = r.level+1, newListing(t.Token)
		}
	case "li":
		r.startItem(t.Token)
	case "pre", "xmp", "listing", "plaintext":
		if r.push(t.Data, "") {
			r.pre, r.lang = true, langOf(t.Token)
		}
	default:
		r.startTable(t)
	}
}

func newListing(t html.Token) *listing {
	l := listing{ordered: t.Data == "ol", next: 1}
	if start, ok := attr(t, "start"); ok {
		l.next = ordinal(start, 1)
	}
	return &l
}

// ordinal reads a number that can be a marker.
func ordinal(s string, otherwise int) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 || n > 999_999_999 {
		return otherwise
	}
	return n
}

func (r *reader) startItem(t html.Token) {
	r.pop(isItem, isList)
	if !r.push("li", "") {
		return
	}
	r.heading = 0
	if r.list == nil { // an item without a list
		r.level, r.list = r.level+1, &listing{}
	}
	r.marker = "-"
	if r.list.ordered {
		value, _ := attr(t, "value")
		n := ordinal(value, r.list.next)
		r.list.next = min(n+1, 999_999_999)
		r.marker = strconv.Itoa(n) + "."
	}
}

func langOf(t html.Token) string {
	class, _ := attr(t, "class")
	for _, c := range strings.Fields(class) {
		for _, prefix := range []string{"language-", "lang-"} {
			if name, ok := strings.CutPrefix(c, prefix); ok {
				return name
			}
		}
	}
	return ""
}

func (r *reader) endBlock(tag string) {
	same := func(t string) bool { return t == tag }
	switch {
	case !stacked(tag):
	case isHeading(tag):
		r.pop(isHeading, isContainer)
	case tag == "li":
		r.pop(isItem, isList)
		r.marker = ""
	case tag == "tr" || tag == "table" || tag == "thead":
		r.endTable(tag)
	default:
		r.pop(same, isCell)
	}
}
