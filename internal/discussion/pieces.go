package discussion

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"marginalia/internal/format"
)

// A piece is what a passage is made of and never cut: a sentence, a heading, a
// list item with its further paragraphs, a code block, a table's row.
type piece struct {
	start, end int // bytes of the document's text
	size       int // code points from start to end
	block      int // index of its (first) block
	kind       format.BlockKind
	leads      bool // its last line ends in a colon
	from, to   int  // start and end in code points
}

// pieces lists d's pieces in order. All words of d stand in them; only a piece
// that alone exceeds limit is broken, at line breaks, sentences or spaces.
func pieces(d format.Doc, limit int) []piece {
	var all []piece
	for i := 0; i < len(d.Blocks); {
		n := 1
		for d.Blocks[i].Kind == format.List && i+n < len(d.Blocks) && continues(d.Blocks[i+n]) {
			n++
		}
		all = append(all, blockPieces(d, i, n, limit)...)
		i += n
	}
	at, count := 0, 0
	for i, p := range all {
		count += format.CodePoint(d.Text[at:], p.start-at)
		at = p.end
		all[i].from, all[i].to = count, count+p.size
		count += p.size
	}
	return all
}

// continues reports whether b is a further paragraph of the list item before it.
func continues(b format.Block) bool { return b.Kind == format.List && b.Marker == "" }

func blockPieces(d format.Doc, first, n, limit int) []piece {
	b := d.Blocks[first]
	if n > 1 {
		if p, ok := newPiece(d.Text, b.Start, d.Blocks[first+n-1].End, b.Kind); ok && p.size <= limit {
			p.block = first
			return []piece{p}
		}
		var all []piece
		for i := first; i < first+n; i++ {
			all = append(all, blockPieces(d, i, 1, limit)...)
		}
		return all
	}
	whole, ok := newPiece(d.Text, b.Start, b.End, b.Kind)
	if !ok {
		return nil
	}
	var all []piece
	if splits := b.Kind == format.Paragraph || b.Kind == format.Quote; splits || whole.size > limit {
		all = broken(d.Text, b, limit)
	} else {
		all = []piece{whole}
	}
	for i := range all {
		all[i].block = first
	}
	return all
}

// broken cuts a block at its sentences (code: at its lines), and what is
// still longer than limit at spaces.
func broken(text string, b format.Block, limit int) []piece {
	words := text[b.Start:b.End]
	var ends []int
	if b.Kind == format.Code || b.Kind == format.Table {
		for at := 0; at < len(words); {
			line := strings.IndexAny(words[at:], "\n\t") + 1
			if line == 0 {
				line = len(words) - at
			}
			at += line
			ends = append(ends, at)
		}
	} else {
		ends = sentenceEnds(words)
	}
	var all []piece
	start := 0
	for _, end := range ends {
		all = append(all, hardCut(text, b.Start+start, b.Start+end, limit, b.Kind)...)
		start = end
	}
	return all
}

// hardCut returns text[start:end] as one piece, or as several of at most limit
// code points, cut at spaces where there are any.
func hardCut(text string, start, end, limit int, kind format.BlockKind) []piece {
	var all []piece
	for start < end {
		to := start + format.Byte(text[start:end], limit)
		if to < end {
			if space := strings.LastIndexFunc(text[start:to], unicode.IsSpace); space > 0 {
				_, n := utf8.DecodeRuneInString(text[start+space:])
				to = start + space + n
			}
		}
		if p, ok := newPiece(text, start, to, kind); ok {
			all = append(all, p)
		}
		start = to
	}
	return all
}

// newPiece makes a piece of text[start:end] without white space at its ends
// (code keeps its indentation, a row its empty cells), or false if nothing is left.
func newPiece(text string, start, end int, kind format.BlockKind) (piece, bool) {
	words := strings.TrimRightFunc(text[start:end], unicode.IsSpace)
	if words == "" {
		return piece{}, false
	}
	end = start + len(words)
	if kind != format.Code && kind != format.Table {
		words = strings.TrimLeftFunc(words, unicode.IsSpace)
		start = end - len(words)
	}
	last, _ := utf8.DecodeLastRuneInString(words)
	return piece{
		start: start, end: end, size: utf8.RuneCountInString(words), kind: kind,
		leads: (last == ':' || last == '：') && kind != format.Code,
	}, true
}
