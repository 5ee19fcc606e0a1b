package format

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

var dialects = []struct {
	name string
	Dialect
}{
	{"plain", Plain{}},
	{"markdown", Markdown{}},
	{"markdown with names", Markdown{Name: names}},
	{"markdown as typed", Markdown{Typed: true}},
	{"html", HTML{}},
	{"matrix", Matrix{}},
	{"matrix with names", Matrix{Name: names}},
	{"discord", Discord{}},
	{"discord with names", Discord{Name: names}},
}

func names(kind, id string) string {
	return map[string]string{"@ann:hs.org": "Ann *Lee*", "123": "@bob"}[id]
}

// TestDialect holds every dialect to its contract, on Docs of every shape.
func TestDialect(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			for range 10 { // of a hundred Docs each
				rapid.Check(t, func(t *rapid.T) { holds(t, d.Dialect, genDoc().Draw(t, "doc")) })
			}
		})
	}
}

func holds(t rapid.TB, d Dialect, doc Doc) {
	t.Helper()
	if err := doc.Check(); err != nil {
		t.Fatalf("the test's own Doc: %v", err)
	}
	if _, _, err := shows(d, doc); err != nil {
		t.Fatal(err)
	}
}

// shows returns what a dialect shows of a Doc and how it writes that down, and
// whether it breaks its contract.
func shows(d Dialect, doc Doc) (want Doc, printed string, err error) {
	want = d.Normal(doc)
	if err := want.Check(); err != nil {
		return want, "", fmt.Errorf("Normal: %w\n%s", err, show(want))
	}
	if again := d.Normal(want); !same(again, want) {
		return want, "", fmt.Errorf("Normal twice is not Normal\n%s\n%s", show(want), show(again))
	}
	printed = d.Print(doc)
	return want, printed, readAs(d, printed, want)
}

// readAs says how what is read of a text is not what was wanted.
func readAs(d Dialect, printed string, want Doc) error {
	got := d.Parse(printed)
	if err := got.Check(); err != nil {
		return fmt.Errorf("Parse: %w\n%s", err, show(got))
	}
	if !same(got, want) {
		return fmt.Errorf("printed:\n%s\nread  %s\nwant  %s", printed, show(got), show(want))
	}
	return nil
}

// same compares all but the lines of the source.
func same(a, b Doc) bool {
	if len(a.Blocks) != len(b.Blocks) || len(a.Spans) != len(b.Spans) || a.Text != b.Text {
		return false
	}
	for i, x := range a.Blocks {
		y := b.Blocks[i]
		x.Line, y.Line = 0, 0
		if x != y {
			return false
		}
	}
	return len(a.Spans) == 0 || reflect.DeepEqual(a.Spans, b.Spans)
}

func show(d Doc) string {
	out, _ := json.Marshal(d)
	return string(out)
}
