package format

import "golang.org/x/net/html"

// blocks reports whether an element begins and ends on a line of its own.
func blocks(tag string) bool {
	switch tag {
	case "address", "article", "aside", "body", "caption", "center", "dd", "details", "dialog", "div", "dl",
		"dt", "fieldset", "figcaption", "figure", "footer", "form", "head", "header", "hgroup", "hr", "html",
		"legend", "main", "p", "search", "section", "summary", "tbody", "tfoot", "optgroup", "option":
		return true
	}
	return stacked(tag)
}

// stacked reports whether a block element is kept on the stack.
func stacked(tag string) bool {
	switch tag {
	case "blockquote", "dir", "li", "listing", "menu", "ol", "plaintext", "pre", "table", "td", "th", "thead", "tr", "ul", "xmp":
		return true
	}
	return isHeading(tag)
}

func isHeading(tag string) bool {
	return len(tag) == 2 && tag[0] == 'h' && tag[1] >= '1' && tag[1] <= '6'
}
func isItem(tag string) bool  { return tag == "li" }
func isRow(tag string) bool   { return tag == "tr" }
func isTable(tag string) bool { return tag == "table" }
func isCell(tag string) bool  { return tag == "td" || tag == "th" || tag == "caption" || tag == "table" }
func isList(tag string) bool {
	return tag == "ul" || tag == "ol" || tag == "menu" || tag == "dir" || tag == "blockquote" || isCell(tag)
}

// isContainer is what a heading cannot reach out of.
func isContainer(tag string) bool { return isList(tag) || isItem(tag) }

// void elements have no end tag.
func void(tag string) bool {
	switch tag {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr":
		return true
	}
	return false
}

// startTable reads the start tags of tables. In a table that lays out a page
// they part blocks and do no more.
func (r *reader) startTable(t token) {
	switch t.Data {
	case "table":
		r.endRow()
		if r.push("table", "") {
			r.data, r.head = !t.layout && !r.data && !r.pre, false
		}
	case "thead":
		r.pop(isRow, isTable)
		r.head = r.push("thead", "") || r.head
	case "tr":
		r.startRow()
	case "td", "th":
		r.startCell(t.Token)
	case "tbody", "tfoot":
		r.endTable("thead")
	case "caption":
		r.endRow()
	}
}

func (r *reader) startRow() {
	r.endRow()
	r.pop(isRow, isTable)
	r.push("tr", "")
	if r.data {
		r.b.begin(Block{Kind: Table, Quote: r.quote + r.base.Quote})
		r.cells, r.heads = 0, 0
	}
}

func (r *reader) startCell(t html.Token) {
	if r.data && (!r.b.in || r.b.block.Kind != Table) {
		r.startRow()
	}
	r.pop(func(tag string) bool { return tag == "td" || tag == "th" }, func(tag string) bool { return isRow(tag) || isTable(tag) })
	r.push(t.Data, "")
	if !r.data {
		return
	}
	if r.cells > 0 {
		r.b.tab()
	}
	r.cells++
	if t.Data == "th" {
		r.heads++
	}
}

// endRow ends the row that is being read, if one is.
func (r *reader) endRow() {
	if !r.data || !r.b.in || r.b.block.Kind != Table {
		return
	}
	if r.head || r.heads == r.cells {
		r.b.block.Level = 1
	}
	r.b.end()
}

func (r *reader) endTable(tag string) {
	switch tag {
	case "tr":
		r.endRow()
		r.pop(isRow, isTable)
	case "thead":
		r.endRow()
		r.pop(func(tag string) bool { return tag == "thead" }, isTable)
	case "table":
		r.endRow()
		r.pop(isTable, func(string) bool { return false })
	}
}
