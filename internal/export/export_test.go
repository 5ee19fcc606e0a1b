package export

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/test/w3c"
)

func written(t *testing.T, name string, b Bundle) string {
	t.Helper()
	f, ok := Named(name)
	if !ok {
		t.Fatalf("there is no format %s", name)
	}
	var out bytes.Buffer
	if err := f.Write(&out, b); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheSameBundleIsWrittenAlike(t *testing.T) {
	for _, f := range Formats {
		first, again := written(t, f.Name, bundle(5, 60)), written(t, f.Name, bundle(5, 60))
		if first != again {
			t.Errorf("%s differs from time to time", f.Name)
		}
	}
}

func TestMarkdownHoldsTheTextAndItsMargin(t *testing.T) {
	b := whole()
	b.Annotations[0].Body = format.Markdown{}.Parse("*Really?*\n\n- one\n- two")
	text := written(t, "markdown", b)
	for _, want := range []string{"# Edges", "plain", "> **Nym1", "> _Really?_", "> - one"} {
		if !strings.Contains(text, want) {
			t.Errorf("the Markdown lacks %q:\n%.1500s", want, text)
		}
	}
	if doc := (format.Markdown{}).Parse(written(t, "markdown", bundle(6, 100))); doc.Check() != nil || strings.Contains(text, "\n<script>") {
		t.Errorf("the Markdown does not hold what was said as words: %v", doc.Check())
	}
}

func TestVotesAreExported(t *testing.T) {
	b := whole()
	b.Discussion.Documents = append(b.Discussion.Documents, discussion.Document{ID: "c", Kind: discussion.Comment, Author: "Ada", Body: format.Text("Words."), Score: discussion.Score{Points: new(1), Agreement: new(-3)}})
	b.Discussion.Documents[0].Score = discussion.Score{Points: new(120), Votes: new(60)}
	for _, name := range []string{"markdown", "html"} {
		text := written(t, name, b)
		for _, want := range []string{"120 points (60 votes)", "1 point, agreement −3"} {
			if !strings.Contains(strings.ReplaceAll(text, `\`, ""), want) {
				t.Errorf("%s lacks %q:\n%.900s", name, want, text)
			}
		}
	}
}

func TestACommentIsExportedOnTheWordsThatItQuotes(t *testing.T) {
	const words = "The tide is never late."
	posted := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	b := Bundle{Discussion: discussion.Assemble("Tides", "", []discussion.Document{
		{Kind: discussion.Essay, Confidence: 1, Body: format.Markdown{}.Parse("Ask at the “harbour”. " + words + " So they say.")},
		{Kind: discussion.Comment, Confidence: 1, Author: "Quire", URL: "https://example.org/c/1", Posted: posted, Body: format.Markdown{}.Parse("> " + words + "\n\nMine was.")},
		{Kind: discussion.Comment, Confidence: 1, Author: "Imre", Body: format.Markdown{}.Parse("Nice.")},
	}, discussion.CutOptions{})}
	for name, want := range map[string]string{
		"markdown": "**Quire** on “" + words + "” · 2 March 2026",
		"html":     ">" + words + "</mark>",
	} {
		if text := written(t, name, b); !strings.Contains(text, want) {
			t.Errorf("%s lacks %q:\n%.2000s", name, want, text)
		}
	}
	all := items(exported(t, b))
	if len(all) != 1 {
		t.Fatalf("%d annotations, want the one comment that quotes", len(all))
	}
	o := all[0].(object)
	position := o["target"].(object)["selector"].([]any)[0].(object)
	got := fmt.Sprint(o["creator"].(object)["name"], " ", o["created"], " ", o["via"], " ", position["start"], " ", position["end"])
	if want := "Quire 2026-03-02T09:30:00Z https://example.org/c/1 22 45"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	check(t, "annotation", w3c.Annotations(t), o)
}

func TestHTMLIsOneFile(t *testing.T) {
	text := written(t, "html", bundle(7, 200))
	for _, bad := range []string{"<script", "<link", "src=", "javascript:alert(1)\"", "url(", "@import"} {
		if strings.Contains(text, bad) {
			t.Errorf("the HTML holds %q near %.80q", bad, text[max(0, strings.Index(text, bad)-40):])
		}
	}
	if !strings.Contains(text, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the HTML does not show what was written")
	}
}
