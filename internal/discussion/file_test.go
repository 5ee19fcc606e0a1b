package discussion

import (
	"testing"

	"marginalia/internal/format"
)

// A file is told as a line behind the words.
func TestFilesAreTold(t *testing.T) {
	a := Annotation{Body: format.Text("Look at this."), Files: []File{
		{Name: "sea  and\nsky.png", Alt: "grey waves", Type: "image/png", Size: 12_345},
		{Type: "video/mp4"}, {Name: "Wave.png", Sticker: true}, {Name: "end.png", Alt: "he dies", Spoiler: true}, {},
	}}
	d := a.Told()
	want := "Look at this.\n\n[sea and sky.png: grey waves]\n\n[video]\n\n[sticker Wave.png]\n\n[end.png: he dies]\n\n[file]"
	if d.Text != want || d.Check() != nil {
		t.Errorf("told as %q, should be %q; %v", d.Text, want, d.Check())
	}
	if len(d.Spans) != 1 || d.Spans[0].Kind != format.Spoiler || d.Text[d.Spans[0].Start:d.Spans[0].End] != "he dies" {
		t.Errorf("the spans are %+v", d.Spans)
	}
	if len(a.Body.Blocks) != 1 || len(a.Body.Spans) != 0 {
		t.Errorf("the words themselves were changed: %+v", a.Body)
	}
}

// With an address the title leads there, and the size is told.
func TestAFileIsALink(t *testing.T) {
	for want, f := range map[string]File{
		"[sea.png: grey, 12 kB]": {Name: "sea.png", Alt: "grey", Size: 12_345}, "[talk.mp4, 48.0 MB]": {Name: "talk.mp4", Size: 48_000_000},
		"[tiny, 1 kB]": {Name: "tiny", Size: 1}, "[what]": {Name: "what"},
	} {
		d := f.Line(format.Doc{}, "https://a.example/1")
		if d.Text != want || d.Spans[0].Attr != "https://a.example/1" || d.Text[d.Spans[0].Start:d.Spans[0].End] != f.Title() || d.Check() != nil {
			t.Errorf("%+v is %q with %+v; %v", f, d.Text, d.Spans, d.Check())
		}
	}
}
