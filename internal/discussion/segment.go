package discussion

import (
	"cmp"
	"math"
	"strings"
	"time"

	"marginalia/internal/format"
)

// Part is a run of a dump's lines that [Segment] takes for one document.
type Part struct {
	First, Last int // 1-based, inclusive
	Kind        DocumentKind
	Parent      int                // index of the part that it seems to answer, or -1
	Confidence  float64            // of the weaker of its two borders
	Author      string             // whom a line above it names, or ""
	Posted      time.Time          // what a line above it tells, zero if none does
	Quotes      []int              // lines that seem to quote someone
	Blocks      []format.BlockKind // of each line from First; "" where it is blank, or names the author
}

// Segment guesses the documents of a plain dump: one paragraph a line, first
// comments, then the post's own words, with every mark of nesting gone. Lines
// that are blank belong to the part before them. Where lines that name authors
// and dates stand above the comments throughout, they alone say where one begins.
//
// Each border is scored by the signals of signals.go, none of which knows a
// text. Confidence is a probability: of borders said with 0.9, nine in ten are
// right, on texts like those in testdata. It stays a guess; show it.
func Segment(lines []string) []Part {
	d := newDump(lines)
	if len(d.lines) == 0 {
		return nil
	}
	chance := d.chances()
	post, sure := d.postStart(chance)
	if post < len(d.lines) {
		chance[post] = sure
		for i := post + 1; i < len(d.lines); i++ {
			chance[i] = 0
		}
	}
	var parts []Part
	for from := 0; from < len(d.lines); {
		to := from + 1
		for to < len(d.lines) && chance[to] < 0.5 {
			to++
		}
		parts = append(parts, d.part(from, to, chance))
		if from >= post {
			parts[len(parts)-1].Kind = Post
		}
		from = to
	}
	d.guessParents(parts)
	return parts
}

// dump is a dump's lines without the blank ones, and what is known of each.
type dump struct {
	lines  []line
	number []int // of lines[i] in the dump, 1-based
	rarity map[string]float64
	mean   float64 // words in a line
	framed bool    // lines that name the authors stand above the comments
}

// line is a paragraph of a dump.
type line struct {
	text      string
	first     string // its first sentence, in lower case
	last      string // its last sentence, likewise
	words     map[string]bool
	size      int // words
	sentences int
	marker    item // of a typed list or section, zero if none
	bound     bool // stands between two items of one list, or in brackets opened before
	quote     bool // repeats somebody's words
	announced bool // likewise, and the line before says so
	names     bool // says no more than whom the next line quotes
	typed     bool // a quotation whose mark was typed: "> so"
	repeat    int  // index of the line whose words it repeats, or -1

	byline byline
	author string // that a byline names
	posted time.Time
}

func newDump(lines []string) *dump {
	d := &dump{lines: make([]line, 0, len(lines)), number: make([]int, 0, len(lines)), rarity: map[string]float64{}}
	for i, s := range lines {
		s = strings.TrimSpace(s)
		if s == "" {
			continue
		}
		l := line{
			text: s, words: contentWords(s), size: wordCount(s), marker: itemOf(s), repeat: -1,
		}
		ends := sentenceEnds(s)
		l.first, l.last, l.sentences = plainly(s[:ends[0]]), plainly(s), len(ends)
		if len(ends) > 1 {
			l.last = plainly(s[ends[len(ends)-2]:])
		}
		d.lines = append(d.lines, l)
		d.number = append(d.number, i+1)
		for w := range l.words {
			d.rarity[w]++
		}
	}
	for w, n := range d.rarity {
		d.rarity[w] = math.Log(float64(1+len(d.lines)) / n)
	}
	for _, l := range d.lines {
		d.mean += float64(l.size) / float64(len(d.lines))
	}
	d.findBylines()
	d.bindItems()
	d.bindBrackets()
	d.findQuotes()
	return d
}

// wordCount is how many words s has.
func wordCount(s string) (n int) {
	for range strings.FieldsSeq(s) {
		n++
	}
	return n
}

// plainly is a text as the patterns of signals read it.
func plainly(s string) string { return strings.ReplaceAll(strings.ToLower(s), "’", "'") }

// chances is how likely each line begins a document.
func (d *dump) chances() []float64 {
	all := make([]float64, len(d.lines))
	for i := range d.lines {
		all[i] = 1
		switch {
		case i > 0 && d.framed:
			all[i] = d.inFrame(i)
		case i > 0:
			all[i] = 1 / (1 + math.Exp(-d.border(i).score()))
		}
	}
	return all
}

func (d *dump) border(i int) border {
	b := border{before: &d.lines[i-1], after: &d.lines[i], mean: d.mean}
	b.alike = d.cosine(b.before.words, b.after.words)
	return b
}

func (d *dump) part(from, to int, chance []float64) Part {
	p := Part{First: d.number[from], Last: d.number[to-1], Kind: Comment, Parent: -1, Confidence: chance[from]}
	if to < len(d.lines) {
		p.Confidence = min(p.Confidence, chance[to])
	}
	p.Confidence = math.Round(p.Confidence*100) / 100
	p.Blocks = make([]format.BlockKind, p.Last-p.First+1)
	d.keepWords(from, to)
	for i := from; i < to; i++ {
		if d.lines[i].byline != noByline {
			p.Author, p.Posted = cmp.Or(p.Author, d.lines[i].author), latest(p.Posted, d.lines[i].posted)
			continue
		}
		p.Blocks[d.number[i]-p.First] = d.kind(i, from, to)
		if d.lines[i].quote {
			p.Quotes = append(p.Quotes, d.number[i])
		}
	}
	return p
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// kind is what a line is within its document, the lines from..to-1.
func (d *dump) kind(i, from, to int) format.BlockKind {
	l := &d.lines[i]
	switch {
	case l.quote:
		return format.Quote
	case heads(l) && l.marker.numeral == roman && i+1 < to && d.lines[i+1].marker == item{}:
		return format.Heading
	case l.marker != item{}:
		return format.List
	case i > from && i+1 < to && LooksLikeHeading(l.text) && !LooksLikeHeading(d.lines[i+1].text):
		return format.Heading
	}
	return format.Paragraph
}

// LooksLikeHeading reports whether a line that stands alone is short, begins
// like a title and does not end like a sentence.
func LooksLikeHeading(s string) bool {
	if len(s) > 80 {
		return false
	}
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 10 || strings.ContainsAny(s[len(s)-1:], ".!?:;,)]\"'") {
		return false
	}
	return !strings.HasSuffix(s, "…") && !strings.HasSuffix(s, "”") && !startsSmall(s) && !strings.Contains(s, "://")
}
