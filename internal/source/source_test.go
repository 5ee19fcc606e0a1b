package source

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"

	"marginalia/test/require"
)

func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func openFile(t testing.TB, name, content string) discussion.Discussion {
	t.Helper()
	d, err := Open(context.Background(), write(t, name, content), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range d.Documents {
		if err := doc.Body.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	return d
}

// blocks tells a document's blocks in one line each.
func blocks(d format.Doc) string {
	var all []string
	for _, b := range d.Blocks {
		all = append(all, fmt.Sprintf("%d %s %q", b.Line, b.Kind, d.Text[b.Start:b.End]))
	}
	return strings.Join(all, "\n")
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	locked := write(t, "locked.txt", "words")
	if err := os.Chmod(locked, 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ ref, want string }{
		{filepath.Join(dir, "none.md"), "none.md does not exist: check the path"},
		{filepath.Join(write(t, "a.txt", "x"), "b.txt"), "a.txt/b.txt cannot be opened"},
		{dir, "is a directory: name one of the files in it"},
		{write(t, "a.txt", ""), "a.txt is empty: there is nothing to import"},
		{write(t, "bom.txt", "\xEF\xBB\xBF"), "bom.txt is empty"},
		{write(t, "a.txt", " \n\t\r\n\u00a0"), "a.txt holds only white space"},
		{write(t, "a.md", "---\ntitle: T\n---\n\n<!-- nothing -->\n"), "a.md holds no words"},
		{write(t, "a.html", "<html><body><script>x()</script></body></html>"), "a.html holds no words"},
		{write(t, "a.txt", "some\x00bytes"), "a.txt is not a text (byte 5 is NUL)"},
		{write(t, "a.txt", "%PDF-1.7\nwords"), "a.txt is not a text but application/pdf"},
		{write(t, "a.md", "\x89PNG\r\n\x1a\nrest"), "a.md is not a text but image/png"},
		{write(t, "a.txt", strings.Repeat("\x01\x02abc", 100)), "a.txt is not a text (200 of 500 bytes are control characters)"},
		{write(t, "a.txt", "one\ncaf\xE9\n"), "a.txt is not UTF-8 (line 2, byte 8 of the file, is 0xE9): convert it, for instance with iconv -f windows-1252 -t utf-8"},
		{write(t, "a.txt", "cut off \xE2\x82"), "a.txt is not UTF-8 (line 1, byte 9 of the file, is 0xE2)"},
		{write(t, "a.txt", "\xFF\xFEw\x00o\x00"), "a.txt is written in UTF-16: convert it with iconv -f utf-16 -t utf-8"},
		{write(t, "a.txt", "\xFE\xFF\x00w\x00o"), "a.txt is written in UTF-16: convert it with iconv -f utf-16 -t utf-8"},
		{write(t, "a.txt", strings.Repeat("x", 17<<20)), "a.txt is larger than the 16 MiB that one import takes: split it"},
		{"http://", "http: names no host: check how the address is written"},
		{"-", "there is no standard input: name a file"},
	} {
		_, err := Open(context.Background(), c.ref, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("the error is %v, not %q", err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("the error has more than one line: %v", err)
		}
	}
	if os.Getuid() != 0 {
		if _, err := Open(context.Background(), locked, Options{}); err == nil || !strings.Contains(err.Error(), "may not be read") {
			t.Errorf("the error is %v", err)
		}
	}
	if _, err := Open(context.Background(), write(t, "a.txt", "12345"), Options{MaxBytes: 4}); err == nil || !strings.Contains(err.Error(), "larger than the 4 bytes") {
		t.Errorf("the error is %v", err)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(done, write(t, "a.txt", "x"), Options{}); err == nil {
		t.Error("a dead context opens a file")
	}
}

func TestMarkdown(t *testing.T) {
	d := openFile(t, "an-essay.md", "\uFEFF---\r\ntitle: \"On Lamps: a history\"\r\nAuthor: Ada Keeper # the elder\r\nurl: https://example.com/lamps\r\ndate: 2025-06-07\r\ntags:\r\n  - title: no\r\n---\r\n\r\n# Lamps\r\n\r\nFirst words.\r\n\r\n- one\r\n- two\r\n")
	doc := d.Documents[0]
	if d.Title != "On Lamps: a history" || d.URL != "https://example.com/lamps" || doc.Author != "Ada Keeper" || doc.Kind != discussion.Essay || doc.Confidence != 1 {
		t.Errorf("%+v", d)
	}
	if !doc.Posted.Equal(time.Date(2025, 6, 7, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("posted %s", doc.Posted)
	}
	want := "10 heading \"Lamps\"\n12 paragraph \"First words.\"\n14 list \"one\"\n15 list \"two\""
	if got := blocks(doc.Body); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(d.Passages) != 1 || !strings.HasPrefix(string(d.ID), "on-lamps-a-history-") {
		t.Errorf("%s: %+v", d.ID, d.Passages)
	}
	for content, title := range map[string]string{
		"Intro.\n\n# A *title*\n\nWords.":   "A title",
		"## Not the title\n\nWords.":        "notes",
		"---\n\nA rule, not front matter. ": "notes",
		"---\ntitle: never closed\n":        "notes",
	} {
		if d := openFile(t, "notes.md", content); d.Title != title {
			t.Errorf("%q has the title %q, not %q", content, d.Title, title)
		}
	}
}

func TestHTML(t *testing.T) {
	d := openFile(t, "page.html", `<!doctype html><html><head><title>On Lamps — The Site</title>
<link rel="canonical" href="https://example.com/lamps"><meta name="author" content="Ada Keeper">
<meta property="article:published_time" content="2025-06-07T10:00:00+02:00"></head>
<body><nav>Home</nav><article><p>An aside that is short.</p></article>
<article><header><h1>On Lamps</h1></header><p>First <em>words</em>.</p><script>evil()</script><nav>Next</nav><ul><li>one</li></ul></article>
<footer>Imprint</footer></body></html>`)
	doc := d.Documents[0]
	if d.Title != "On Lamps" || d.URL != "https://example.com/lamps" || doc.Author != "Ada Keeper" {
		t.Errorf("%+v", d)
	}
	if !doc.Posted.Equal(time.Date(2025, 6, 7, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("posted %s", doc.Posted)
	}
	if want := "On Lamps\n\nFirst words.\n\none"; doc.Body.Text != want {
		t.Errorf("got %q, not %q", doc.Body.Text, want)
	}
	for content, want := range map[string]string{
		"<body><header>Site</header><main><p>In main.</p></main><footer>F</footer>": "In main.",
		"<header>Site</header><p>In body.</p><aside>Ads</aside>":                    "In body.",
		"just words": "just words",
		"<title>T</title><svg><title>x</title></svg><p>Words.": "Words.",
	} {
		if d := openFile(t, "page.htm", content); d.Documents[0].Body.Text != want {
			t.Errorf("%q reads %q, not %q", content, d.Documents[0].Body.Text, want)
		}
	}
}

func TestPlainEssay(t *testing.T) {
	d := openFile(t, "lamps.txt", "The Keeper\n\nShort lines\nof a verse\nstay.\n\n\nAnother paragraph.\n")
	want := "1 heading \"The Keeper\"\n3 paragraph \"Short lines\\nof a verse\\nstay.\"\n8 paragraph \"Another paragraph.\""
	if got := blocks(d.Documents[0].Body); got != want || d.Documents[0].Kind != discussion.Essay || d.Title != "lamps" {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	const wrapped = "These words were wrapped at a fixed width by some older program,\nand the reader of a chat wants them to flow like water down the\nhill again.\n"
	for _, content := range []string{wrapped, wrapped + "\n" + wrapped} {
		d := openFile(t, "old.txt", content)
		if text := d.Documents[0].Body.Text; strings.Contains(strings.ReplaceAll(text, "\n\n", ""), "\n") || len(d.Documents) != 1 {
			t.Errorf("wrapped lines stay: %q", text)
		}
	}
	if d := openFile(t, "one.txt", "One line."); len(d.Documents) != 1 || d.Documents[0].Kind != discussion.Essay {
		t.Errorf("one line is %+v", d.Documents)
	}
}

func TestStandardInput(t *testing.T) {
	d, err := Open(context.Background(), "-", Options{Stdin: strings.NewReader("Words."), Title: "Mine"})
	if err != nil || d.Title != "Mine" || d.Documents[0].Body.Text != "Words." {
		t.Errorf("%+v, %v", d, err)
	}
}

const smallDump = "\nGreat post! I enjoyed it and have two remarks:\na) The lamp (which\nwas old) is gone.\nb) So is the keeper.\nI disagree with the second remark.\nThis is a linkpost for my essay. ~900 words.\nOriginally published in 2019.\n\n"

func TestDump(t *testing.T) {
	d := openFile(t, "my-dump.txt", smallDump)
	if d.Title != "my-dump" {
		t.Errorf("the title is %q", d.Title)
	}
	var got []string
	for _, doc := range d.Documents {
		got = append(got, fmt.Sprintf("%s %d-%d\n%s", doc.Kind, doc.Lines[0], doc.Lines[1], blocks(doc.Body)))
		if doc.Confidence <= 0 || doc.Confidence > 1 || doc.ID == "" {
			t.Errorf("%+v", doc)
		}
	}
	want := `post 7-8
7 paragraph "This is a linkpost for my essay. ~900 words."
8 paragraph "Originally published in 2019."
comment 2-5
2 paragraph "Great post! I enjoyed it and have two remarks:"
3 list "a) The lamp (which"
4 paragraph "was old) is gone."
5 list "b) So is the keeper."
comment 6-6
6 paragraph "I disagree with the second remark."`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
}

// TestSharedDump checks what import promises on the real dump: each line in
// one document, its words unchanged, numbers right, and twice the same.
func TestSharedDump(t *testing.T) {
	path := require.Shared(t, "text", "000_248c987389f59c7f.txt")
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	one, _ := json.Marshal(discussion.Printable(d))
	two, _ := json.Marshal(discussion.Printable(again))
	if string(one) != string(two) {
		t.Error("the same bytes make another discussion")
	}
	lines := strings.Split(string(src), "\n")
	seen := 0
	for _, doc := range d.Documents {
		if err := doc.Body.Check(); err != nil {
			t.Error(err)
		}
		if len(doc.Body.Blocks) != doc.Lines[1]-doc.Lines[0]+1 {
			t.Errorf("lines %v make %d blocks", doc.Lines, len(doc.Body.Blocks))
		}
		for _, b := range doc.Body.Blocks {
			seen++
			if words := doc.Body.Text[b.Start:b.End]; words != strings.TrimSpace(lines[b.Line-1]) {
				t.Errorf("line %d reads %q", b.Line, words)
			}
		}
	}
	if seen != 52 {
		t.Errorf("%d lines are in documents, not 52", seen)
	}
	sizes := []int{}
	for _, p := range d.Passages {
		sizes = append(sizes, p.End-p.Start)
		if p.End-p.Start > 4800 {
			t.Errorf("passage %d has %d bytes", p.Seq, p.End-p.Start)
		}
	}
	t.Logf("%d documents, %d passages of bytes %v", len(d.Documents), len(d.Passages), sizes)
}

func TestLargeInput(t *testing.T) {
	require.Long(t)
	const sentence = "A sentence of the usual length stands here, and another (in brackets) behind it. "
	for name, content := range map[string]string{
		"dump.txt":  strings.Repeat(strings.Repeat(sentence, 4)+"\n", 6000),
		"essay.txt": strings.Repeat(strings.Repeat(sentence, 4)+"\n\n", 6000),
		"one.txt":   strings.Repeat(sentence, 24_000),
	} {
		began := time.Now()
		d := openFile(t, name, content)
		t.Logf("%s: %d MB, %d documents, %d passages in %s", name, len(content)>>20, len(d.Documents), len(d.Passages), time.Since(began))
		if took := time.Since(began); took > 2*time.Minute { // a second or two on a quiet machine
			t.Errorf("%s took %s", name, took)
		}
	}
}
