package export

import (
	"bytes"
	"strings"
	"testing"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
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
