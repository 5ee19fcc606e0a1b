package format

import (
	"slices"
	"sort"
	"strings"
)

// Add returns d with one more block of the given words behind the last; b's
// offsets are set here. Rows of one table and items of one list are parted by
// one line break, everything else by two. It copies d's text: whoever adds
// thousands parses or appends them at once.
func (d Doc) Add(b Block, text string) Doc {
	if len(d.Blocks) > 0 {
		d.Text += between(d.Blocks[len(d.Blocks)-1], b)
	}
	b.Start = len(d.Text)
	d.Text += text
	b.End = len(d.Text)
	d.Blocks = append(d.Blocks[:len(d.Blocks):len(d.Blocks)], b)
	return d
}

func between(a, b Block) string {
	if a.Kind == b.Kind && a.Quote == b.Quote && (a.Kind == List || a.Kind == Table) {
		return "\n"
	}
	return "\n\n"
}

// Join makes a Doc of blocks that have no spans; words[i] are those of
// blocks[i], whose offsets are set here. It takes time linear in the words.
func Join(blocks []Block, words []string) Doc {
	var j joiner
	for i, b := range blocks {
		j.add(b, words[i], 0, nil)
	}
	return j.doc()
}

// Append returns d followed by e.
func (d Doc) Append(e Doc) Doc {
	var j joiner
	for _, part := range []Doc{d, e} {
		for i, spans := range part.spans() {
			b := part.Blocks[i]
			j.add(b, part.Text[b.Start:b.End], b.Start, spans)
		}
	}
	return j.doc()
}

// Emphasised returns d with an emphasis on all of its words but code.
func (d Doc) Emphasised() Doc {
	d.Spans = slices.Clip(d.Spans)
	for _, b := range d.Blocks {
		d.Spans = append(d.Spans, Span{Kind: Emph, Start: b.Start, End: b.End})
	}
	return normal(d, rules{keep: keepAll})
}

// Slice returns the part of d between two byte offsets, as a Doc of its own.
// A block that is cut keeps its kind; white space at the cut goes.
func (d Doc) Slice(start, end int) Doc {
	spans := d.spans()
	return d.slice(start, end, func(block, from, to int) []Span { return spans[block] })
}

// slice is Slice for callers that cut often and know the spans that a part of
// a block has.
func (d Doc) slice(start, end int, spans func(block, from, to int) []Span) Doc {
	var j joiner
	for i := d.blockAt(start); i < len(d.Blocks) && d.Blocks[i].Start < end; i++ {
		b := d.Blocks[i]
		from, to := b.trim(d.Text, max(b.Start, start), min(b.End, end))
		if from == to {
			continue
		}
		if from > b.Start && b.Kind == List {
			b.Marker = ""
		}
		j.add(b, d.Text[from:to], from, spans(i, from, to))
	}
	return j.doc()
}

// trim takes the white space off a part of b's words, as Doc's rules ask.
// Where they are blank it returns an empty range.
func (b Block) trim(text string, from, to int) (int, int) {
	if from >= to || strings.TrimSpace(text[from:to]) == "" {
		return from, from
	}
	left, space := isBreak, isBreak
	if b.Kind == Code {
		space = func(r rune) bool { return r == '\n' }
		left = space
	}
	if b.Kind == Table {
		left = func(r rune) bool { return isBreak(r) && r != '\t' }
	}
	from = to - len(strings.TrimLeftFunc(text[from:to], left))
	return from, from + len(strings.TrimRightFunc(text[from:to], space))
}

// blockAt returns the index of the first block that ends behind a byte offset.
func (d Doc) blockAt(offset int) int {
	return sort.Search(len(d.Blocks), func(i int) bool { return d.Blocks[i].End > offset })
}

// spans returns d's spans by block, clipped to it.
func (d Doc) spans() [][]Span {
	out := make([][]Span, len(d.Blocks))
	for _, s := range d.Spans {
		for i := d.blockAt(s.Start); i < len(d.Blocks) && d.Blocks[i].Start < s.End; i++ {
			in := s
			in.Start, in.End = max(s.Start, d.Blocks[i].Start), min(s.End, d.Blocks[i].End)
			out[i] = append(out[i], in)
		}
	}
	return out
}

// A joiner lays blocks behind each other, in time linear in their words.
type joiner struct {
	words  strings.Builder
	blocks []Block
	marks  []Span
}

// add takes over b with its words. The spans count from base and are clipped
// to the words.
func (j *joiner) add(b Block, words string, base int, spans []Span) {
	if len(j.blocks) > 0 {
		j.words.WriteString(between(j.blocks[len(j.blocks)-1], b))
	}
	b.Start = j.words.Len()
	j.words.WriteString(words)
	b.End = j.words.Len()
	j.blocks = append(j.blocks, b)
	for _, s := range spans {
		s.Start, s.End = max(s.Start-base, 0)+b.Start, min(s.End-base, len(words))+b.Start
		if s.Start < s.End {
			j.marks = append(j.marks, s)
		}
	}
}

func (j *joiner) doc() Doc {
	return Doc{Text: j.words.String(), Blocks: j.blocks, Spans: j.marks}
}
