package page

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/test/require"
)

func drawn(t *testing.T, in Input) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, Build(in)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheReaderShowsTextNotesAndComments(t *testing.T) {
	page := drawn(t, tides(t))
	for _, want := range []string{
		"<html lang=\"en\">", "<title>The Tide Table</title>", "<h1><span class=\"passage\"", "by <b>Imre Vale</b>", `href="https://essays.example.org/tides"`,
		"40 notes in the margin", "2 comments where it was published", "answers Quire", "border uncertain", "lines 4 to 4, 45 % sure",
		`<time datetime="2026-03-02T09:30:00Z">2 March 2026</time>`, "This note was withdrawn.", `class="note question"`, `title="2 people approve"><span class="glyph" aria-hidden="true">👍</span><span aria-hidden="true"> 2</span><span class="sr">2 people approve.</span>`, `<main class="sheet"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if n := strings.Count(page, "<h1>"); n != 1 {
		t.Errorf("the page has %d titles", n)
	}
	if strings.Contains(page, "user-of-") {
		t.Error("the page tells a network's own id")
	}
	wellFormedPage(t, page)
}

// wellFormedPage asks that every id is given once, and that what points at an
// id finds it.
func wellFormedPage(t *testing.T, page string) {
	t.Helper()
	ids := map[string]bool{}
	for _, rest := range strings.Split(page, ` id="`)[1:] {
		id, _, _ := strings.Cut(rest, `"`)
		if ids[id] {
			t.Errorf("the id %s is given twice", id)
		}
		ids[id] = true
	}
	for _, rest := range strings.Split(page, ` aria-details="`)[1:] {
		list, _, _ := strings.Cut(rest, `"`)
		for _, id := range strings.Fields(list) {
			if !ids[id] {
				t.Errorf("a mark points at %s, which is not there", id)
			}
		}
	}
}

func TestNotesComeInTheOrderOfTheirWords(t *testing.T) {
	in := tides(t)
	words, passages := map[discussion.AnnotationID]int{}, map[discussion.PassageID]discussion.Passage{}
	for _, p := range in.Discussion.Passages {
		passages[p.ID] = p
	}
	for _, a := range in.Annotations {
		words[a.ID] = a.Target.Selector.Start
	}
	n := 0
	for _, run := range Build(in).Texts[0].Runs {
		last := Note{}
		for _, note := range run.Notes {
			n++
			if passages[last.Passage].Seq > passages[note.Passage].Seq || last.Passage == note.Passage && words[last.On] > words[note.On] {
				t.Errorf("note %s comes after %s", note.On, last.On)
			}
			last = note
		}
	}
	if n != 36 {
		t.Errorf("%d threads stand in the essay's margin, not 36", n)
	}
}

// What was attached is named, and shown from nowhere: a spoiler stays hidden.
func TestFilesAreNamed(t *testing.T) {
	in := tides(t)
	in.Annotations[0].Files = []discussion.File{
		{Name: "<sea>.png", Alt: "grey waves", Type: "image/png", Origin: "mxc://a/b"}, {Name: "end.png", Alt: "he dies", Spoiler: true},
	}
	page := drawn(t, in)
	for _, want := range []string{"[&lt;sea&gt;.png: grey waves]", "[end.png: "} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, "mxc://") || strings.Contains(page, "end.png: he dies") {
		t.Error("the page shows where a file is, or a spoiler")
	}
	wellFormedPage(t, page)
}

func TestPassagesAreNotTorn(t *testing.T) {
	for _, doc := range Build(tides(t)).Texts {
		seen := map[string]string{}
		for _, run := range doc.Runs {
			for _, rest := range strings.Split(string(run.Words), `data-p="`)[1:] {
				p, _, _ := strings.Cut(rest, `"`)
				if at := seen[p]; at != "" && at != run.ID {
					t.Errorf("passage %s stands in %s and in %s", p, at, run.ID)
				}
				seen[p] = run.ID
			}
		}
	}
}

func TestWhoIsNotPublishedIsNotShown(t *testing.T) {
	in := tides(t)
	ledger := in.People["person-Ledger"]
	ledger.State = discussion.Unpublished
	in.People["person-Ledger"] = ledger
	quire := in.People["person-Quire"]
	quire.State = discussion.Pseudonym
	in.People["person-Quire"] = quire
	page := drawn(t, in)
	margin := strings.Join(strings.Split(page, `class="notes"`)[1:], "")
	for _, never := range []string{">Ledger</b>", ">Quire</b>", "What an opening", "Fair. I withdraw", "Off by one hand"} {
		if notes, _, _ := strings.Cut(margin, `class="comments"`); strings.Contains(notes, never) {
			t.Errorf("the margin shows %q", never)
		}
	}
	for _, want := range []string{"This note is not published.", "Reader "} {
		if !strings.Contains(margin, want) {
			t.Errorf("the margin lacks %q", want)
		}
	}
	if strings.Contains(page, `data-a="n01"`) {
		t.Error("words are highlighted for a note that is not shown")
	}
	in.Default = discussion.Unset
	if page := drawn(t, in); strings.Contains(page, "I answered something") || !strings.Contains(page, `id="a-n04"`) {
		t.Error("without a default only those who agreed are to be shown")
	}
}

func TestAnswersInACircleAreShownOnce(t *testing.T) {
	in := tides(t)
	circle := in.Annotations[:2:2]
	circle[0].Target.Annotation, circle[1].Target.Annotation = circle[1].ID, circle[0].ID
	in.Annotations = circle
	in.Discussion.Documents[1].Parent, in.Discussion.Documents[2].Parent = "second", "first"
	page := drawn(t, in)
	wellFormedPage(t, page)
	if !strings.Contains(page, "2 notes in the margin") || !strings.Contains(page, "Keep it. Somebody will.") {
		t.Error("something in a circle is not shown")
	}
}

func TestVotesStandBesideWhatTheyAreFor(t *testing.T) {
	in := tides(t)
	if page := drawn(t, in); strings.Contains(page, `class="score"`) {
		t.Error("there are votes where none were told")
	}
	in.Discussion.Documents[0].Score = discussion.Score{Points: new(120), Votes: new(60)}
	in.Discussion.Documents[1].Score = discussion.Score{Points: new(1), Agreement: new(-3)}
	page := drawn(t, in)
	wellFormedPage(t, page)
	for _, want := range []string{`<span class="score">120 points (60 votes)</span>`, `<span class="score">1 point, agreement −3</span>`} {
		if strings.Count(page, want) != 1 {
			t.Errorf("the page shows %s %d times", want, strings.Count(page, want))
		}
	}
}

// A comment that quotes the text is shown as being about those words: they are
// marked, and it leads to their passage.
func TestACommentIsShownOnTheWordsThatItQuotes(t *testing.T) {
	const words = "The tide is never late."
	in := Input{Discussion: discussion.Assemble("Tides", "", []discussion.Document{
		{Kind: discussion.Essay, Confidence: 1, Body: format.Markdown{}.Parse("Ask at the harbour. " + words + " So they say.")},
		{Kind: discussion.Comment, Confidence: 1, Author: "Quire", Body: format.Markdown{}.Parse("> " + words + "\n\nMine was.")},
		{Kind: discussion.Comment, Confidence: 1, Author: "Imre", Body: format.Markdown{}.Parse("Nice.")},
	}, discussion.CutOptions{})}
	page := drawn(t, in)
	wellFormedPage(t, page)
	essay, quoting := in.Discussion.Passages[0], in.Discussion.Documents[1]
	for _, want := range []string{
		`<mark class="m1" data-a="` + string(quoting.ID) + `" aria-details="` + string(quoting.ID) + `">` + words + `</mark>`,
		`<span class="quotes">on <a href="#` + string(essay.ID) + `">“` + words + `”</a></span>`,
	} {
		if strings.Count(page, want) != 1 {
			t.Errorf("the page shows %s %d times", want, strings.Count(page, want))
		}
	}
	if n := strings.Count(page, "<mark"); n != 1 {
		t.Errorf("%d stretches are marked, want 1", n)
	}
}

func TestAnEmptyDiscussionIsAPage(t *testing.T) {
	page := drawn(t, Input{Discussion: discussion.Discussion{ID: "x", Documents: []discussion.Document{{ID: "d", Kind: discussion.Post, Posted: time.Unix(0, 0)}}}})
	if !strings.Contains(page, "<h1>Untitled</h1>") || !strings.Contains(page, "nothing in the margin yet") {
		t.Error("it is not")
	}
}

func TestALongDiscussionIsDrawnQuickly(t *testing.T) {
	require.Long(t)
	in := tides(t)
	long := in.Discussion.Documents[0]
	var body format.Doc
	for range 40 {
		body = body.Append(long.Body)
	}
	long.Body = body
	in.Discussion.Documents, in.Discussion.Passages = []discussion.Document{long}, nil
	for i, b := range body.Blocks {
		in.Discussion.Passages = append(in.Discussion.Passages, discussion.Passage{ID: discussion.PassageID(discussion.Derive("p", b.Lang, string(rune(i)))), Document: long.ID, Seq: i + 1, Start: b.Start, End: b.End})
	}
	in.Annotations = nil
	for i := range 3000 {
		p := in.Discussion.Passages[i%len(in.Discussion.Passages)]
		in.Annotations = append(in.Annotations, discussion.Annotation{
			ID: discussion.AnnotationID(discussion.Derive("a", string(rune(i)))), Under: p.ID, Creator: "person-Wren", Body: format.Text("yes"),
			Target: discussion.Target{Source: long.ID, Selector: discussion.Selector{Start: p.Start, End: p.Start + 1}},
		})
	}
	began := time.Now()
	Build(in)
	took := time.Since(began)
	t.Logf("%d bytes, %d passages and %d annotations in %s", len(body.Text), len(in.Discussion.Passages), len(in.Annotations), took)
	if took > 5*time.Second {
		t.Error("that is too slow")
	}
}
