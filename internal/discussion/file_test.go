package discussion

import (
	"strings"
	"testing"
	"unicode/utf8"

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

// However long its name and what it shows are, the line that stands for a file
// is one that a room takes.
func TestAFilesLineIsShort(t *testing.T) {
	for name, want := range map[string]string{
		strings.Repeat("x", 3000) + ".png":      strings.Repeat("x", 95) + "….png",
		strings.Repeat("ü", 101):                strings.Repeat("ü", 99) + "…",
		strings.Repeat("é", 96) + ".png":        strings.Repeat("é", 96) + ".png",
		"a." + strings.Repeat("tar", 50):        "a." + strings.Repeat("tar", 32) + "t…",
		"Dr. " + strings.Repeat("No says ", 50): "Dr. " + strings.TrimSpace(strings.Repeat("No says ", 12)) + "…",
		"*not* <b> [bold](x).png":               "*not* <b> [bold](x).png",
		".png":                                  ".png",
		"  \n ":                                 "file",
	} {
		got := File{Name: name}.Title()
		if got != want || utf8.RuneCountInString(got) > 100 {
			t.Errorf("%.20q… is called %q, should be %q", name, got, want)
		}
	}
	f := File{Name: "sea.png", Alt: strings.Repeat("grey waves ", 1000), Spoiler: true}
	for _, most := range []int{1500, 500, 100, 1} {
		fits := func(d format.Doc) bool { return utf8.RuneCountInString(d.Text) <= most }
		d := f.FitLine(format.Text("Ada:"), "", fits)
		told := utf8.RuneCountInString(d.Text)
		if err := d.Check(); err != nil || told > 1100 || told > most && d.Text != "Ada:\n\n[sea.png]" || most >= 100 && (told < most/3 || !strings.HasSuffix(d.Text, "…]")) {
			t.Errorf("where %d fit, %d stand: %q; %v", most, told, d.Text, err)
		}
	}
	if d := (File{Name: "sea.png", Alt: "grey"}).FitLine(format.Doc{}, "", func(format.Doc) bool { return true }); d.Text != "[sea.png: grey]" {
		t.Errorf("what fits is told as %q", d.Text)
	}
}
