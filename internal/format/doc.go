// Package format is the text of Marginalia: one type, [Doc], that essays,
// comments, annotations and the bot's own words are all written in, and the
// dialects by which every text enters and leaves.
//
// It knows no network SDK and no store. Offsets are bytes of Doc.Text;
// whatever is printed or exported counts Unicode code points, converted by
// [CodePoint] and [Byte] alone.
package format

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Doc is a text with its structure kept beside it (standoff): Blocks and Spans
// point into Text by byte offsets.
//
// Blocks are in text order and never overlap. Between two blocks stands "\n"
// where both are items of one list or rows of one table, and "\n\n"
// everywhere else; before the first and after the last stands nothing. A
// line break inside a block is "\n". A block is never blank and neither begins
// nor ends with white space, but for the indentation and the trailing blanks
// of code and the empty first cells of a table's row. Spans lie inside one
// block each; they may nest. A stored Doc stands as it was parsed.
type Doc struct {
	Text   string  `json:"text"`
	Blocks []Block `json:"blocks,omitempty"`
	Spans  []Span  `json:"spans,omitempty"`
}

// BlockKind names what a block is. The values are printed by import --json.
type BlockKind string

// The kinds of block.
const (
	Paragraph BlockKind = "paragraph"
	Heading   BlockKind = "heading" // Level 1 to 6
	Quote     BlockKind = "quote"   // a paragraph inside a quotation; Quote ≥ 1
	List      BlockKind = "list"    // one item (or a further paragraph of it, Marker ""); Level ≥ 1
	Code      BlockKind = "code"    // Lang may be set
	Table     BlockKind = "table"   // one row, cells parted by "\t"; Level 1 marks the head
	Rule      BlockKind = "rule"    // a thematic break; its text is "* * *"
)

// A Block is one leaf of a text's structure.
type Block struct {
	Kind   BlockKind `json:"kind"`
	Start  int       `json:"start"`            // byte offset of its first byte
	End    int       `json:"end"`              // byte offset behind its last byte
	Level  int       `json:"level,omitempty"`  // of a heading, or of a list's nesting
	Quote  int       `json:"quote,omitempty"`  // how many quotations it stands in
	Marker string    `json:"marker,omitempty"` // of a list item: "-" or "3."; never part of Text
	Lang   string    `json:"lang,omitempty"`   // of code
	Line   int       `json:"line,omitempty"`   // 1-based line of the source it came from, 0 unknown
}

// SpanKind names what a span is.
type SpanKind string

// The kinds of span. Attr holds the address of Link and Image, the id of
// Mention; the text of an Image is its alternative text.
const (
	Strong    SpanKind = "strong"
	Emph      SpanKind = "emph"
	Strike    SpanKind = "strike"
	Underline SpanKind = "underline"
	CodeSpan  SpanKind = "code"
	Link      SpanKind = "link"
	Image     SpanKind = "image"
	Spoiler   SpanKind = "spoiler"
	Mention   SpanKind = "mention"
	Sup       SpanKind = "sup"
	Sub       SpanKind = "sub"
)

// A Span is a stretch of one block that is shown differently.
type Span struct {
	Kind  SpanKind `json:"kind"`
	Start int      `json:"start"`
	End   int      `json:"end"`
	Attr  string   `json:"attr,omitempty"`
}

// Dialect is a way of writing a Doc down. Implementations are struct values.
//
// Parse never fails: what it does not understand is text. For every Doc d,
// Parse(Print(d)).Text == Normal(d).Text, and Normal is idempotent.
type Dialect interface {
	Parse(src string) Doc
	Print(d Doc) string
	Normal(d Doc) Doc // what this dialect can show of d
}

// Text makes a Doc of plain words: one paragraph for each run of lines,
// parted by blank lines. Nothing in it is read as markup; bare web addresses
// are links.
func Text(s string) Doc {
	b := builder{keep: keepPlain}
	for _, line := range strings.Split(clean(s), "\n") {
		if strings.TrimSpace(line) == "" {
			b.end()
			continue
		}
		b.text(line)
		b.brk()
	}
	return b.doc()
}

// Empty reports whether d has no words.
func (d Doc) Empty() bool { return strings.TrimSpace(d.Text) == "" }

// Check reports the first way in which d breaks the rules that Doc states.
func (d Doc) Check() error {
	at := 0
	for i, b := range d.Blocks {
		if b.Start < at || b.End < b.Start || b.End > len(d.Text) {
			return fmt.Errorf("block %d (%s) stands at %d to %d, behind %d of %d bytes", i, b.Kind, b.Start, b.End, at, len(d.Text))
		}
		want := ""
		if i > 0 {
			want = between(d.Blocks[i-1], b)
		}
		if got := d.Text[at:b.Start]; got != want {
			return fmt.Errorf("before block %d (%s) stands %q, not %q", i, b.Kind, got, want)
		}
		if fault := b.fault(d.Text[b.Start:b.End]); fault != "" {
			return fmt.Errorf("block %d (%s) %s", i, b.Kind, fault)
		}
		at = b.End
	}
	if at != len(d.Text) {
		return fmt.Errorf("%d bytes stand behind the last block", len(d.Text)-at)
	}
	return d.checkSpans()
}

func (b Block) fault(words string) string {
	if strings.TrimSpace(words) == "" {
		return "is blank"
	}
	if b.Kind == Code {
		if strings.HasPrefix(words, "\n") || strings.HasSuffix(words, "\n") {
			return "begins or ends with a line break"
		}
		return ""
	}
	if b.Kind == Table && words[0] == '\t' {
		words = strings.TrimLeftFunc(words, isBreak)
	}
	if strings.TrimSpace(words) != words {
		return "begins or ends with white space"
	}
	return ""
}

func (d Doc) checkSpans() error {
	for i, s := range d.Spans {
		if s.Start < 0 || s.End <= s.Start || s.End > len(d.Text) {
			return fmt.Errorf("span %d (%s) stands at %d to %d of %d bytes", i, s.Kind, s.Start, s.End, len(d.Text))
		}
		if b := d.Blocks[d.blockAt(s.Start)]; s.Start < b.Start || s.End > b.End {
			return fmt.Errorf("span %d (%s) stands at %d to %d, not inside one block", i, s.Kind, s.Start, s.End)
		}
	}
	return nil
}

// isBreak reports whether r parts words; it is what [strings.TrimSpace] trims.
func isBreak(r rune) bool { return unicode.IsSpace(r) }

// CodePoint converts a byte offset of s into a count of Unicode code points.
func CodePoint(s string, offset int) int {
	return utf8.RuneCountInString(s[:min(max(offset, 0), len(s))])
}

// Byte converts a count of Unicode code points into a byte offset of s.
func Byte(s string, codepoints int) int {
	for i := range s {
		if codepoints == 0 {
			return i
		}
		codepoints--
	}
	return len(s)
}
