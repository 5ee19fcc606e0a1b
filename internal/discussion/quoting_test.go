package discussion

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/format"
	"marginalia/test/require"
)

// An essay with comments that quote it in every way, and what each points at.
func TestACommentThatQuotesTheEssayPointsAtItsWords(t *testing.T) {
	essay := format.Markdown{}.Parse("The tide comes in twice a day, whoever is watching.\n\n" +
		"Nobody “owns” the shore—not even those who walk on it each morning.\n\n" +
		"We say so at dawn. The sea does not listen.\n\n" +
		"The lighthouse was built by people who had never seen a ship come home.\n\n" +
		"We say so at dusk. The sea does not listen.")
	for name, c := range map[string]struct{ comment, parent, points string }{
		"to the letter":        {"> The tide comes in twice a day\n\nMore often than that.", "", "The tide comes in twice a day"},
		"retyped":              {"> nobody \"owns\" the shore - not even those who walk on it\n\nI do.", "", "Nobody “owns” the shore—not even those who walk on it"},
		"with errors":          {"> The lighthouse was build by peple who had never seen a ship come home.\n\nWhich one?", "", "The lighthouse was built by people who had never seen a ship come home."},
		"the second quote":     {"> Somebody else said this on another day entirely.\n\nNo.\n\n> We say so at dusk.\n\nYes.", "", "We say so at dusk."},
		"put together":         {"> So it was written down in the books of the harbour office, which burned one winter with all that anyone had ever put into them.\n>\n> The lighthouse was built by people who had never seen a ship come home.\n\nWhich one?", "", "The lighthouse was built by people who had never seen a ship come home."},
		"at several places":    {"> The sea does not listen.\n\nTo whom?", "", ""},
		"nowhere":              {"> Ships are made of iron nowadays, and so are lighthouses.\n\nAre they?", "", ""},
		"nothing":              {"The tide comes in twice a day.", "", ""},
		"a comment's words":    {"> The tide comes in twice a day\n\nSo you say.", "I know: the tide comes in twice a day.", ""},
		"a comment's quote":    {"> The tide comes in twice a day\n\nSo it does.", "> The tide comes in twice a day\n\nDoes it?", "The tide comes in twice a day"},
		"another one's answer": {"> The tide comes in twice a day\n\nSo it does.", "Does anybody know?", "The tide comes in twice a day"},
	} {
		t.Run(name, func(t *testing.T) {
			docs := []Document{
				{ID: "e", Kind: Essay, Confidence: 1, Body: essay},
				{ID: "p", Kind: Comment, Confidence: 1, Parent: "e", Body: format.Markdown{}.Parse(c.parent)},
				{ID: "c", Kind: Comment, Confidence: 1, Parent: "p", Body: format.Markdown{}.Parse(c.comment)},
			}
			for _, d := range []Discussion{Assemble("Tides", "", docs, CutOptions{}), AssembleFrom("tides", "Tides", "", docs, CutOptions{})} {
				got := d.Documents[2].Target
				if got.Selector.Exact != c.points || (got.Source != "") != (c.points != "") || got.Source != "" && got.Source != d.Documents[0].ID {
					t.Errorf("points at %q of %q, want %q", got.Selector.Exact, got.Source, c.points)
				}
				if got.Selector != (Selector{}) && essay.Text[got.Selector.Start:got.Selector.End] != c.points {
					t.Errorf("its offsets are of %q", essay.Text[got.Selector.Start:got.Selector.End])
				}
			}
		})
	}
}

// Comments are read behind the passage in which the words end that they quote,
// the others behind the text; what was posted already stays where it is.
func TestWhatQuotesAPassageIsReadBehindIt(t *testing.T) {
	at := func(n int, kind DocumentKind, text string) Document {
		return Document{Kind: kind, Lines: [2]int{n, n}, Confidence: 0.5, Body: format.Markdown{}.Parse(text)}
	}
	essay := at(1, Essay, strings.Repeat("One by one. ", 10)+"The first ends here.\n\n"+strings.Repeat("Two by two. ", 10)+"The second ends here.")
	docs := []Document{
		essay, at(9, Comment, "Nice."), at(10, Comment, "> The second ends here.\n\nSo soon."), at(11, Comment, "> The first ends here.\n\nAt last."),
		at(12, Comment, "> "+"The first ends here.\n>\n> Two by two. Two by two.\n\nAnd on."),
	}
	o := CutOptions{Min: 100, Max: 160}
	d := Assemble("Counting", "", docs, o)
	order := func(d Discussion) string {
		var all []string
		for i, p := range d.Passages {
			doc := d.Documents[slices.IndexFunc(d.Documents, func(doc Document) bool { return doc.ID == p.Document })]
			words := strings.Fields(strings.TrimSuffix(doc.Body.Text[p.Start:p.End], "."))
			all = append(all, strings.Join(words[max(0, len(words)-2):], " "))
			if p.Seq != i+1 {
				t.Errorf("passage %d has number %d", i+1, p.Seq)
			}
		}
		return strings.Join(all, ",")
	}
	const want = "ends here,At last,ends here,And on,So soon,Nice"
	if got := order(d); got != want {
		t.Errorf("read as %q, want %q", got, want)
	}
	for given := range len(d.Passages) + 1 {
		if now, err := d.Revise(d.Documents, given, o); err != nil || order(now) != order(d) {
			t.Errorf("with %d posted it is revised to %q: %v", given, order(now), err)
		}
	}
}

// Where borders of a dump are moved, comments point at where the words are then.
func TestACommentStillPointsAtItsWordsAfterAReview(t *testing.T) {
	line := func(n int, kind DocumentKind, text string) Document {
		d := Document{Kind: kind, Lines: [2]int{n, n}, Confidence: 0.5, Body: format.Markdown{}.Parse(text)}
		return d
	}
	essay, quoting := line(1, Essay, "The tide comes in twice a day."), line(2, Comment, "> comes in twice a day\n\nSo it does.")
	d := Assemble("Tides", "", []Document{essay, quoting}, CutOptions{})
	if d.Documents[1].Target.Selector.Exact != "comes in twice a day" {
		t.Fatalf("it points at %+v", d.Documents[1].Target)
	}
	docs := slices.Clone(d.Documents)
	docs[0].Body = format.Markdown{}.Parse("Some say so: the tide comes in twice a day.")
	now, err := d.Revise(docs, 0, CutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if s := now.Documents[1].Target.Selector; s.Exact != "comes in twice a day" || s.Start != len("Some say so: the tide ") {
		t.Errorf("after the review it points at %+v", s)
	}
}

// Where LessWrong puts a comment beside a paragraph, so does an anchor, and
// where a match of texts finds more than theirs does, that.
func TestAnchorsStandWhereLessWrongPutsComments(t *testing.T) {
	var file struct {
		Cases []struct {
			ID      string
			Post    []string
			Comment string
			Expect  struct{ Block, Better *int }
		}
	}
	raw, err := os.ReadFile(require.Shared(t, "anchoring", "lesswrong-side-comments.json"))
	if err == nil {
		err = json.Unmarshal(raw, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	otherwise := map[string]int{"sc-too-short": 0} // the whole of it stands there, once
	if len(file.Cases) < 8 {
		t.Fatalf("only %d cases", len(file.Cases))
	}
	for _, c := range file.Cases {
		want := -1
		if at, ours := otherwise[c.ID]; ours {
			want = at
		} else if at := cmp.Or(c.Expect.Better, c.Expect.Block); at != nil {
			want = *at
		}
		docs := []Document{
			{ID: "post", Kind: Post, Body: format.HTML{}.Parse(strings.Join(c.Post, ""))},
			{ID: "comment", Kind: Comment, Parent: "post", Body: format.HTML{}.Parse(c.Comment)},
		}
		anchor(docs)
		got := -1
		if target := docs[1].Target; target.Source != "" {
			got = slices.IndexFunc(docs[0].Body.Blocks, func(b format.Block) bool {
				return b.Start <= target.Selector.Start && target.Selector.Start < b.End
			})
		}
		if got != want {
			t.Errorf("%s: paragraph %d, want %d", c.ID, got, want)
		}
	}
}

// An essay as long as a short book and two thousand comments that each quote
// a sentence of their own wrongly: they are anchored while one waits.
func TestQuotingCommentsAreAnchoredQuickly(t *testing.T) {
	require.Long(t)
	docs, want := quotingComments(2000)
	began := time.Now()
	anchor(docs)
	t.Logf("%d comments took %s", len(docs)-1, time.Since(began).Round(time.Millisecond))
	if took := time.Since(began); took > 60*time.Second {
		t.Errorf("it took %s", took)
	}
	wrong := 0
	for i, d := range docs[1:] {
		if d.Target.Selector.Exact != want[i] {
			wrong++
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d do not point at their words", wrong, len(want))
	}
}

// quotingComments are an essay of n sentences that are all different, and n
// comments that each quote one of them with a letter left out; and what they quote.
func quotingComments(n int) (docs []Document, quoted []string) {
	r := rand.New(rand.NewPCG(3, 4))
	names := []string{"harbour", "lantern", "meadow", "quarry", "thicket", "orchard", "granary", "chapel", "foundry", "estuary"}
	var body format.Doc
	for i := range n {
		words := fmt.Sprintf("In year %d the %s of house %d fell to the %s, and %s said that the %s would stand for %d years more.",
			1000+i, names[r.IntN(10)], r.IntN(9000), names[r.IntN(10)], names[r.IntN(10)], names[r.IntN(10)], r.IntN(9000))
		body = body.Add(format.Block{Kind: format.Paragraph}, words)
		quoted = append(quoted, words)
		wrong := strings.Replace(words, "would stand", "woud stand", 1)
		docs = append(docs, Document{ID: DocumentID(fmt.Sprint("c", i)), Kind: Comment,
			Body: format.Doc{}.Add(format.Block{Kind: format.Quote, Quote: 1}, wrong).Add(format.Block{Kind: format.Paragraph}, "Did it?")})
	}
	return append([]Document{{ID: "e", Kind: Essay, Body: body}}, docs...), quoted
}
