package discussion

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"marginalia/internal/format"
	"marginalia/test/require"
)

func add(d *format.Doc, kind format.BlockKind, marker, words string) {
	b := format.Block{Kind: kind, Marker: marker}
	if kind == format.List || kind == format.Heading {
		b.Level = 1
	}
	if kind == format.Quote {
		b.Quote = 1
	}
	*d = d.Add(b, words)
}

func drawProse(t *rapid.T, most int) string {
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"sea", "lamp", "keeper", "Dr.", "of", "the", "naïve", "灯台", "e.g.", "(so", "it", "went)", "J.", "night", "storm:"}), 1, 14)
	var all []string
	for range rapid.IntRange(1, most).Draw(t, "sentences") {
		all = append(all, "The "+strings.Join(words.Draw(t, "words"), " ")+rapid.SampledFrom([]string{".", "!", "?", "", ":"}).Draw(t, "end"))
	}
	return strings.Join(all, " ")
}

func drawDoc(t *rapid.T) format.Doc {
	var d format.Doc
	for range rapid.IntRange(0, 25).Draw(t, "blocks") {
		switch rapid.SampledFrom([]string{"p", "p", "p", "h", "q", "l", "m", "c", "t", "r"}).Draw(t, "kind") {
		case "h":
			add(&d, format.Heading, "", "A heading of "+rapid.SampledFrom([]string{"one", "two", "three"}).Draw(t, "words"))
		case "q":
			add(&d, format.Quote, "", drawProse(t, 8))
		case "l":
			add(&d, format.List, "-", drawProse(t, 20))
		case "m":
			add(&d, format.List, "", drawProse(t, 20))
		case "c":
			add(&d, format.Code, "", "  code()"+strings.Repeat("\n\tx := f(y)", rapid.IntRange(0, 300).Draw(t, "lines")))
		case "t":
			add(&d, format.Table, "", drawProse(t, 2)+"\t"+drawProse(t, 2))
		case "r":
			add(&d, format.Rule, "", "* * *")
		default:
			add(&d, format.Paragraph, "", drawProse(t, 40))
		}
	}
	return d
}

// items are the stretches that must stay whole: list items with their further
// paragraphs, code blocks, headings, rows.
func items(d format.Doc) [][2]int {
	var all [][2]int
	for i, b := range d.Blocks {
		switch {
		case b.Kind == format.Paragraph || b.Kind == format.Quote:
		case i > 0 && continues(b) && d.Blocks[i-1].Kind == format.List:
			all[len(all)-1][1] = b.End
		default:
			all = append(all, [2]int{b.Start, b.End})
		}
	}
	return all
}

func kindAt(d format.Doc, at int) format.BlockKind {
	for _, b := range d.Blocks {
		if at >= b.Start && at < b.End {
			return b.Kind
		}
	}
	return ""
}

func TestCutKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Document{ID: "d", Kind: Essay, Body: drawDoc(t)}
		o := CutOptions{}
		if rapid.Bool().Draw(t, "options") {
			o = CutOptions{Min: rapid.IntRange(20, 400).Draw(t, "min"), Max: rapid.IntRange(100, 1500).Draw(t, "max"), Limit: rapid.IntRange(150, 5000).Draw(t, "limit")}
		}
		all := Cut(d, o)
		o = o.orDefaults()
		text := d.Body.Text
		at := 0
		for i, p := range all {
			if p.Document != d.ID || p.Start < at || p.End <= p.Start || p.End > len(text) {
				t.Fatalf("passage %d is %+v, behind %d of %d", i, p, at, len(text))
			}
			words := text[p.Start:p.End]
			if between := text[at:p.Start]; strings.TrimSpace(between) != "" {
				t.Fatalf("before passage %d the words %q are left out", i, between)
			}
			if strings.TrimSpace(words) == "" || !utf8.ValidString(words) {
				t.Fatalf("passage %d is %q", i, words)
			}
			checkSize(t, d.Body, p, o)
			at = p.End
		}
		if left := text[at:]; strings.TrimSpace(left) != "" {
			t.Fatalf("the words %q are left out at the end", left)
		}
		checkItems(t, d.Body, all, o)
		checkHeadings(t, d.Body, all, o)
	})
}

// checkSize: none is longer than Limit; one that is longer than Max is a
// single piece, or begins with the headings of one.
func checkSize(t *rapid.T, d format.Doc, p Passage, o CutOptions) {
	size := utf8.RuneCountInString(d.Text[p.Start:p.End])
	if size > o.Limit {
		t.Fatalf("a passage has %d code points, the limit is %d", size, o.Limit)
	}
	if size <= o.Max {
		return
	}
	bodies := 0
	for _, piece := range pieces(d, o.Limit) {
		if piece.start >= p.Start && piece.end <= p.End && piece.kind != format.Heading {
			bodies++
		}
	}
	if bodies > 1 {
		t.Fatalf("a passage of %d code points holds %d pieces", size, bodies)
	}
}

// checkItems: no border stands inside an item that fits the limit.
func checkItems(t *rapid.T, d format.Doc, all []Passage, o CutOptions) {
	for _, item := range items(d) {
		if utf8.RuneCountInString(strings.TrimRight(d.Text[item[0]:item[1]], " \n\t")) > o.Limit {
			continue // the indentation of code counts
		}
		for _, p := range all {
			if p.Start > item[0] && p.Start < item[1] && strings.TrimSpace(d.Text[item[0]:p.Start]) != "" {
				t.Fatalf("a passage begins inside the %s %q", kindAt(d, item[0]), d.Text[item[0]:item[1]])
			}
		}
	}
}

// checkHeadings: no passage but the last ends with a heading, unless what
// follows does not fit beside it. Of several headings in a row, one has to be
// parted from the next where all of them and what follows do not fit.
func checkHeadings(t *rapid.T, d format.Doc, all []Passage, o CutOptions) {
	ps := pieces(d, o.Limit)
	for i := 1; i < len(ps); i++ {
		if ps[i-1].kind != format.Heading {
			continue
		}
		from := i - 1
		for from > 0 && ps[from-1].kind == format.Heading {
			from--
		}
		to := i
		for to < len(ps)-1 && ps[to].kind == format.Heading {
			to++
		}
		fits := ps[to].to-ps[from].from <= o.Limit
		for _, p := range all {
			if p.Start == ps[i].start && fits {
				t.Fatalf("the heading %q stands at the end of a passage", d.Text[ps[i-1].start:ps[i-1].end])
			}
		}
	}
}

func prose(sentences int) string {
	var all []string
	for i := range sentences {
		all = append(all, fmt.Sprintf("This is sentence number %d of a text that was made for this test.", i))
	}
	return strings.Join(all, " ")
}

// TestCutLooksLikeThis tells passages by their first words.
func TestCutLooksLikeThis(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(*format.Doc)
		want  []string
	}{
		{"paragraphs that fit stay whole", func(d *format.Doc) {
			for range 3 {
				add(d, format.Paragraph, "", prose(12))
			}
		}, []string{"This is sentence number 0", "This is sentence number 0", "This is sentence number 0"}},
		{"a long paragraph is cut at a sentence", func(d *format.Doc) {
			add(d, format.Paragraph, "", prose(25))
		}, []string{"This is sentence number 0", "This is sentence number 13"}},
		{"sections begin passages", func(d *format.Doc) {
			add(d, format.Heading, "", "One")
			add(d, format.Paragraph, "", prose(10))
			add(d, format.Heading, "", "Two")
			add(d, format.Paragraph, "", prose(10))
		}, []string{"One", "Two"}},
		{"short sections go together", func(d *format.Doc) {
			for _, h := range []string{"One", "Two", "Three", "Four"} {
				add(d, format.Heading, "", h)
				add(d, format.Paragraph, "", prose(5))
			}
		}, []string{"One", "Three"}},
		{"a line with a colon stays with its list", func(d *format.Doc) {
			add(d, format.Paragraph, "", prose(12))
			add(d, format.Paragraph, "", "There are three of them:")
			add(d, format.List, "1.", prose(4))
			add(d, format.List, "2.", prose(4))
			add(d, format.List, "3.", prose(4))
		}, []string{"This is sentence number 0", "There are three of them:"}},
		{"a short last paragraph goes with the one before", func(d *format.Doc) {
			add(d, format.Paragraph, "", prose(12))
			add(d, format.Paragraph, "", "The end.")
		}, []string{"This is sentence number 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Document{Kind: Essay}
			c.build(&d.Body)
			all := Cut(d, CutOptions{})
			if len(all) != len(c.want) {
				t.Fatalf("%d passages, not %d", len(all), len(c.want))
			}
			for i, p := range all {
				words := d.Body.Text[p.Start:p.End]
				if !strings.HasPrefix(words, c.want[i]) {
					t.Errorf("passage %d begins with %.40q, not %q", i, words, c.want[i])
				}
				t.Logf("%d code points: %.60q … %q", utf8.RuneCountInString(words), words, words[max(0, len(words)-20):])
			}
		})
	}
}

func TestExcerptOfALongComment(t *testing.T) {
	d := Document{Kind: Comment}
	add(&d.Body, format.Paragraph, "", prose(40))
	p := Cut(d, CutOptions{})[0]
	words := d.Body.Text[p.Start:p.End]
	if !strings.HasSuffix(words, ".") || len(words) > 1200 || len(words) < 1100 {
		t.Errorf("an excerpt of %d: … %q", len(words), words[len(words)-30:])
	}
	d.Body = format.Doc{}
	add(&d.Body, format.Paragraph, "", "Short. And whole.")
	if p := Cut(d, CutOptions{})[0]; p.Start != 0 || p.End != len(d.Body.Text) {
		t.Errorf("a short comment is cut: %+v", p)
	}
}

func TestAssemble(t *testing.T) {
	text := func(s string) format.Doc { return format.Text(s) }
	docs := []Document{
		{ID: "a", Kind: Comment, Body: text("First comment.")},
		{ID: "b", Kind: Comment, Parent: "a", Body: text("A reply.")},
		{ID: "p", Kind: Post, Body: text("The post.")},
		{ID: "c", Kind: Comment, Parent: "gone", Body: text("Another.")},
	}
	d := Assemble("A Title", "https://example.com", docs, CutOptions{})
	if docs[0].Kind != Comment || docs[0].ID != "a" {
		t.Error("the caller's documents were changed")
	}
	var order []string
	for i, p := range d.Passages {
		if p.Seq != i+1 || p.ID == "" {
			t.Errorf("passage %d is %+v", i, p)
		}
		for _, doc := range d.Documents {
			if doc.ID == p.Document {
				order = append(order, doc.Body.Text[p.Start:p.End])
			}
		}
	}
	if s := strings.Join(order, "|"); s != "The post.|First comment.|A reply.|Another." {
		t.Errorf("reading order is %s", s)
	}
	if d.Documents[2].Parent != d.Documents[1].ID || d.Documents[3].Parent != "" {
		t.Errorf("parents are %+v", d.Documents)
	}
	if again := Assemble("A Title", "https://example.com", docs, CutOptions{}); fmt.Sprint(again) != fmt.Sprint(d) {
		t.Error("the same documents make another discussion")
	}
	ids := map[string]bool{}
	for _, doc := range d.Documents {
		ids[string(doc.ID)] = true
	}
	for _, p := range d.Passages {
		ids[string(p.ID)] = true
	}
	if len(ids) != 8 {
		t.Errorf("%d different identifiers, not 8", len(ids))
	}
}

func TestCutIsLinear(t *testing.T) {
	require.Long(t)
	for _, unit := range []string{"A. ", "word ", "word", "Dr. B. ", "(a. ", "One sentence of the usual length stands here. "} {
		var d Document
		d.Kind = Essay
		add(&d.Body, format.Paragraph, "", strings.TrimRightFunc(strings.Repeat(unit, 1_000_000/len(unit)), unicode.IsSpace))
		began := time.Now()
		n := len(Cut(d, CutOptions{}))
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("a megabyte of %q took %s", unit, took)
		}
		if n < 100 {
			t.Errorf("a megabyte of %q has %d passages", unit, n)
		}
	}
}
