package format

import (
	"strconv"
	"strings"
)

// printMarkdown writes a normal Doc as Markdown.
func printMarkdown(d Doc) string {
	var p mdPrinter
	spans := d.spans()
	for i := 0; i < len(d.Blocks); {
		n := 1
		if d.Blocks[i].Kind == Table {
			n = p.table(d, spans, i)
		} else {
			p.block(d, spans[i], i)
		}
		i += n
	}
	return p.String()
}

// mdPrinter writes Markdown. It knows which items of lists are open.
type mdPrinter struct {
	strings.Builder
	before Block
	begun  bool
	lists  []mdList
}

type mdList struct {
	listing
	mark   byte // behind the number: two lists that follow each other differ
	indent int  // of what belongs to the open item
}

func (p *mdPrinter) block(d Doc, spans []Span, i int) {
	b := d.Blocks[i]
	words := d.Text[b.Start:b.End]
	first, rest, tight := "", "", false
	if b.Kind == List {
		first, rest, tight = p.item(b)
	} else {
		p.lists = nil
	}
	p.gap(b, tight)
	quote := strings.Repeat("> ", b.Quote)
	switch b.Kind {
	case Heading:
		p.WriteString(quote + strings.Repeat("#", b.Level) + " " + heading(inlineMarkdown(b, words, spans)))
	case Rule:
		p.WriteString(quote + "---")
	case Code:
		p.WriteString(quote + strings.ReplaceAll(fenced(b, words), "\n", "\n"+quote))
	default:
		words = inlineMarkdown(b, words, spans)
		p.WriteString(quote + first + strings.ReplaceAll(words, "\n", "\n"+quote+rest))
	}
}

// gap parts a block from the one before.
func (p *mdPrinter) gap(b Block, tight bool) {
	if p.begun {
		p.WriteByte('\n')
		if !tight {
			p.WriteString(strings.TrimSpace(strings.Repeat("> ", min(p.before.Quote, b.Quote))) + "\n")
		}
	}
	p.before, p.begun = b, true
}

// item opens an item, or goes on with one. It returns what stands before its
// first line and its further lines, and whether it follows at once.
func (p *mdPrinter) item(b Block) (first, rest string, tight bool) {
	if p.before.Quote != b.Quote {
		p.lists = nil
	}
	if b.Marker == "" {
		p.lists = p.lists[:b.Level]
		rest = strings.Repeat(" ", p.lists[b.Level-1].indent)
		return rest, rest, false
	}
	n, ordered := number(b.Marker)
	l := mdList{listing: listing{ordered: ordered, next: n}, mark: '.'}
	tight = p.before.Kind == List && len(p.lists) > 0 && (!ordered || n == 1)
	if len(p.lists) >= b.Level {
		l, tight = p.lists[b.Level-1].follow(l)
	}
	base := 0
	if b.Level > 1 {
		base = p.lists[b.Level-2].indent
	}
	marker := "- "
	if ordered {
		marker = strconv.Itoa(n) + string(l.mark) + " "
	}
	l.next, l.indent = n+1, base+len(marker)
	p.lists = append(p.lists[:b.Level-1], l)
	return strings.Repeat(" ", base) + marker, strings.Repeat(" ", l.indent), tight
}

// follow returns the list of an item that stands behind l's last: l itself
// where it goes on, or else one that is told apart from it.
func (l mdList) follow(next mdList) (mdList, bool) {
	if l.ordered == next.ordered && (!l.ordered || l.next == next.next) {
		return l, true
	}
	if l.ordered && next.ordered && l.mark == '.' {
		next.mark = ')'
	}
	return next, false
}

// heading keeps the signs at the end of a heading from being read as its end.
func heading(words string) string {
	if s, ok := strings.CutSuffix(words, "#"); ok {
		return s + "&#35;"
	}
	return words
}

func fenced(b Block, words string) string {
	fence := strings.Repeat("`", max(3, longestRun(words)+1))
	return fence + b.Lang + "\n" + words + "\n" + fence
}

// longestRun counts the backticks that follow each other.
func longestRun(s string) int {
	longest, run := 0, 0
	for i := range len(s) {
		run++
		if s[i] != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

// table writes the rows that belong to one table and returns how many they
// are. A head begins a new one; a table without a head gets an empty one.
func (p *mdPrinter) table(d Doc, spans [][]Span, i int) int {
	first := d.Blocks[i]
	rows, columns := tableAt(d, i)
	empty := strings.Repeat("  |", columns)
	line := "|" + strings.Repeat(" --- |", columns)
	var lines []string
	if first.Level == 0 {
		lines = append(lines, "|"+empty, line)
	}
	for k, b := range d.Blocks[i : i+rows] {
		words := d.Text[b.Start:b.End]
		cells := strings.Count(words, "\t") + 1
		lines = append(lines, "| "+inlineMarkdown(b, words, spans[i+k])+" |"+strings.Repeat("  |", columns-cells))
		if b.Level == 1 {
			lines = append(lines, line)
		}
	}
	p.lists = nil
	p.gap(first, false)
	quote := strings.Repeat("> ", first.Quote)
	p.WriteString(quote + strings.Join(lines, "\n"+quote))
	return rows
}

// tableAt counts the rows and columns of the table that begins with a block.
func tableAt(d Doc, i int) (rows, columns int) {
	for k, b := range d.Blocks[i:] {
		if b.Kind != Table || b.Quote != d.Blocks[i].Quote || k > 0 && b.Level == 1 {
			break
		}
		rows++
		columns = max(columns, strings.Count(d.Text[b.Start:b.End], "\t")+1)
	}
	return rows, columns
}
