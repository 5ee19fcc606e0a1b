package discussion

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"marginalia/internal/format"
	"marginalia/test/require"
)

// otherwise are the public cases that Find answers in another way, and why.
var otherwise = map[string]string{
	"mq-hint-none":    "two places as good and no hint: it asks, the expected one first, and does not guess",
	"daq-none-long-1": "one in five characters differs: no more than in a quote retyped from memory, which is to be found",
	"daq-none-long-3": "all but two clauses of it stand there: words put into a quote do not hide the rest",

	"aq with prefix, no matches":                   "a context that fits nowhere does not spoil words that stand once (daq-bogus-context wants that)",
	"aq with suffix, no matches":                   "as above",
	"aq with suffix, no matches due to whitespace": "as above; and white space is folded",
	"aq empty quote":                               "no words are no quote (mq-empty-quote wants that)",
	"aq empty quote, multiple elements":            "as above",
	"aq empty quote, with prefix":                  "as above",
	"aq empty quote, with suffix":                  "as above",
	"aq empty quote, with prefix and suffix":       "as above",

	"asm-9": "an emoji is one character here, not two UTF-16 units: one error where two are expected",

	"sc-too-short": "the words stand there once: a limit of 20 characters would only lose them",
}

// stretch is a place in a case; nil stands for what it does not say.
type stretch struct {
	Start  *int `json:"start_cp"`
	End    *int `json:"end_cp"`
	Unit   int  `json:"start"`
	Until  int  `json:"end"`
	Errors int
	Match  string

	Score      *float64
	ScoreAbove *float64 `json:"score_above"`
	ScoreBelow *float64 `json:"score_below"`
}

type query struct {
	Quote, Prefix, Suffix string
	Hint                  *int
}

// publicCase is one case of shared/data/anchoring, of any kind.
type publicCase struct {
	query
	ID, Kind, Text string
	Inline         string `json:"inline_text"`
	Pattern        string
	MaxErrors      int `json:"max_errors"`
	Queries        []query
	Post           []string
	Comment        string
	Any            []stretch `json:"expect_any_or_all"`
	Start          int
	End            int
	StartCP        int `json:"start_cp"`
	EndCP          int `json:"end_cp"`
	Expect         json.RawMessage
}

// TestPublicAnchoringCases holds Find to the cases of other projects: each is
// met, or is in the table of those that are not, and then it is really not.
func TestPublicAnchoringCases(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(require.Shared(t, "anchoring"), "*.json"))
	if err != nil || len(files) < 7 {
		t.Fatalf("%d files of cases, %v", len(files), err)
	}
	seen := map[string]bool{}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Texts map[string]string
			Cases []publicCase
		}
		if err := json.Unmarshal(raw, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, c := range file.Cases {
			if c.Inline == "" {
				c.Inline = file.Texts[c.Text]
			}
			seen[c.ID] = true
			t.Run(c.ID, func(t *testing.T) {
				wrong := c.wrong(t)
				switch why := otherwise[c.ID]; {
				case wrong != "" && why == "":
					t.Errorf("%s: %s", c.Kind, wrong)
				case wrong == "" && why != "":
					t.Errorf("it is met: take it out of the table")
				}
			})
		}
	}
	for id := range otherwise {
		if !seen[id] {
			t.Errorf("no case is called %q", id)
		}
	}
}

// wrong says what is not as the case expects, "" if all is.
func (c publicCase) wrong(t *testing.T) string {
	text := Prepare(c.Inline)
	switch c.Kind {
	case "find":
		return c.find(t, text)
	case "order":
		last := 2.0
		for _, q := range c.Queries {
			score := 0.0
			if found := text.Find(q.of(c.Inline)); len(found) > 0 {
				score = found[0].Score
			}
			if score >= last {
				return "the scores do not fall: " + q.Quote
			}
			last = score
		}
	case "all":
		var want []stretch
		expect(t, c.Expect, &want)
		found := text.Find(c.of(c.Inline))
		slices.SortFunc(found, func(a, b Place) int { return a.Start - b.Start })
		if len(found) != len(want) {
			return "not all places, or too many"
		}
		for i, p := range found {
			if !want[i].is(c.Inline, p) {
				return "another place"
			}
		}
	case "describe":
		return c.describe(t, text)
	case "position":
		var want stretch
		expect(t, c.Expect, &want)
		start, end := format.Byte(c.Inline, c.StartCP), format.Byte(c.Inline, c.EndCP)
		if s := SelectorOf(c.Inline, start, end); s.Exact != want.Match {
			return "the position is of " + s.Exact
		}
	case "search", "search-count":
		return c.search(t)
	case "block":
		return c.block(t)
	default:
		return "a kind that is not known"
	}
	return ""
}

func expect(t *testing.T, raw json.RawMessage, v any) {
	t.Helper()
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatal(err)
	}
}

func (q query) of(text string) Quote {
	out := Quote{Exact: q.Quote, Prefix: q.Prefix, Suffix: q.Suffix}
	if q.Hint != nil {
		at := format.Byte(text, *q.Hint)
		out.Hint = &Span{at, at}
	}
	return out
}

func (s stretch) is(text string, p Place) bool {
	return (s.Start == nil || *s.Start == format.CodePoint(text, p.Start)) && (s.End == nil || *s.End == format.CodePoint(text, p.End))
}

func (c publicCase) find(t *testing.T, text *Text) string {
	found := text.Find(c.of(c.Inline))
	if string(c.Expect) == "null" || len(c.Expect) == 0 {
		if len(found) > 0 {
			return "found " + c.Inline[found[0].Start:found[0].End]
		}
		return ""
	}
	var want stretch
	expect(t, c.Expect, &want)
	if len(found) != 1 {
		return "not found once"
	}
	p := found[0]
	switch {
	case !want.is(c.Inline, p):
		return "found " + c.Inline[p.Start:p.End]
	case want.Score != nil && p.Score != *want.Score, want.ScoreAbove != nil && p.Score <= *want.ScoreAbove, want.ScoreBelow != nil && p.Score >= *want.ScoreBelow:
		return "another score"
	}
	return ""
}

// describe does not ask for the same prefix and suffix as another project
// makes, ours have always 32 characters, but for what they are for: to lead
// back to this place and no other.
func (c publicCase) describe(t *testing.T, text *Text) string {
	var want struct{ Exact, Prefix32, Suffix32 string }
	expect(t, c.Expect, &want)
	s := SelectorOf(c.Inline, c.Start, c.End) // these texts are ASCII
	if s.Exact != want.Exact || want.Prefix32 != "" && (s.Prefix != want.Prefix32 || s.Suffix != want.Suffix32) {
		return "another description: " + s.Exact
	}
	if want.Exact == "" {
		return "" // a place between characters; nothing in chat is about one
	}
	found := text.Find(Quote{Exact: s.Exact, Prefix: s.Prefix, Suffix: s.Suffix})
	if len(found) != 1 || found[0].Start != c.Start || found[0].End != c.End {
		return "it does not lead back"
	}
	return ""
}

// unfolded is a text whose symbols are its characters as they are.
func unfolded(text string) *Text {
	t := &Text{text: text}
	for i, r := range text {
		t.symbols = append(t.symbols, t.letters.number(r))
		t.from, t.to = append(t.from, int32(i)), append(t.to, int32(i+len(string(r))))
	}
	t.grams = indexGrams(t.symbols)
	return t
}

// units is the length of s in UTF-16.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

func (c publicCase) search(t *testing.T) string {
	text := unfolded(c.Inline)
	q := text.read(c.Pattern)
	if c.Kind == "search-count" {
		var want int
		if expect(t, c.Expect, &want); len(text.exact(q)) != want {
			return "another count"
		}
		return ""
	}
	var found []match
	if len(q) > 0 {
		p := newPattern(q, text.alphabet())
		found = text.begin(q, text.collect(nil, p, 0, len(text.symbols), c.MaxErrors, true))
	}
	if len(c.Any) == 0 {
		if len(found) > 0 {
			return "something is found"
		}
		return ""
	}
	least := fewest(found)
	for _, m := range found {
		if m.errors == least && slices.ContainsFunc(c.Any, func(s stretch) bool {
			return s.Errors == least && s.Unit == units(c.Inline[:text.from[m.start]]) && s.Until == units(c.Inline[:text.to[m.end-1]])
		}) {
			return ""
		}
	}
	return "none of the expected stretches"
}

func (c publicCase) block(t *testing.T) string {
	var want struct{ Block, Better *int }
	expect(t, c.Expect, &want)
	var text strings.Builder
	var ends []int
	for _, p := range c.Post {
		text.WriteString((format.HTML{}).Parse(p).Text + "\n\n")
		ends = append(ends, text.Len())
	}
	prepared := Prepare(text.String())
	quotes, _ := (format.HTML{}).Parse(c.Comment).Quoted()
	block := -1
	for _, q := range strings.Split(strings.Join(quotes, "\n\n"), "\n\n") {
		if found := prepared.Find(Quote{Exact: q}); len(found) == 1 {
			at := slices.IndexFunc(ends, func(end int) bool { return found[0].Start < end })
			if block < 0 || at < block {
				block = at
			}
		}
	}
	expected := -1
	if want.Block != nil {
		expected = *want.Block
	} else if want.Better != nil {
		expected = *want.Better
	}
	if block != expected {
		return "another block"
	}
	return ""
}
