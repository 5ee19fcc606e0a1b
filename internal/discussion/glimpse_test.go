package discussion

import (
	"slices"
	"strings"
	"testing"

	"marginalia/internal/format"
)

func TestPlaces(t *testing.T) {
	first, last := strings.Index(said, "|"), strings.LastIndex(said, "|")
	for _, c := range []struct {
		name   string
		quotes []string
		want   []string // how the text goes on from each place
	}{
		{"one place", []string{"the cat sat"}, []string{"the cat sat. "}},
		{"twice in the passage", []string{"the sea"}, []string{"the sea, ", "the sea!|"}},
		{"twice elsewhere, in the order of the text", []string{"slept"}, []string{"slept... ", "slept."}},
		{"the first that stands at several", []string{"no such words", "the sea", "slept"}, []string{"the sea, ", "the sea!|"}},
		{"one that decides goes before them", []string{"the sea", "the cat sat"}, []string{"the cat sat. "}},
		{"not there", []string{"the dog sat"}, nil},
		{"inside words", []string{"eeper"}, nil},
	} {
		got := Places(said, [2]int{first + 1, last}, c.quotes...)
		same := slices.EqualFunc(got, c.want, func(s Selector, want string) bool {
			return strings.HasPrefix(said[s.Start:], want) && strings.HasPrefix(want, s.Exact)
		})
		if !same {
			t.Errorf("%s: %+v, want %q", c.name, got, c.want)
		}
	}
}

func TestGlimpse(t *testing.T) {
	body := format.Markdown{}.Parse("The keeper wrote a *tide table* in the year of the storm, and nobody read it.\n\nThe ghost of the mole wrote it all down again.")
	ghost := strings.Index(body.Text, "The ghost of the mole")
	body.Spans = append(body.Spans, format.Span{Kind: format.Spoiler, Start: ghost, End: ghost + len("The ghost of the mole")})
	d := Document{Body: body}
	for words, want := range map[string]Glimpse{
		"tide table":               {"The keeper wrote a ", "tide table", " in the year of the storm, and nobody…"},
		"nobody read it.":          {"…table in the year of the storm, and ", "nobody read it.", " [spoiler] wrote it all…"},
		"The keeper":               {"", "The keeper", " wrote a tide table in the year of the…"},
		"wrote it all down again.": {"…nobody read it. [spoiler] ", "wrote it all down again.", ""},
		body.Text:                  {"", "The keeper wrote a tide table in the year of the storm, and…", ""},
	} {
		at := strings.Index(body.Text, words)
		g := d.Glimpse(SelectorOf(body.Text, at, at+len(words)))
		if g != want {
			t.Errorf("%q: %q, want %q", words, g, want)
		}
	}
	if g := (Document{Body: format.Text("海は広いな大きいな")}).Glimpse(Selector{Start: 3, End: 6}); g.String() != "海は広いな大きいな" {
		t.Errorf("without spaces: %q", g)
	}
}
