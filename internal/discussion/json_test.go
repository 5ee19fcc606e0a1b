package discussion

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"marginalia/internal/format"
)

func TestPrintable(t *testing.T) {
	var body format.Doc
	body = body.Add(format.Block{Kind: format.Heading, Level: 1, Line: 3}, "Über 灯台")
	body = body.Add(format.Block{Kind: format.Paragraph}, "Ein Satz. 😀 Noch einer.")
	d := Assemble("T", "", []Document{
		{Kind: Comment, Body: format.Doc{}.Add(format.Block{Kind: format.Paragraph, Line: 1}, "Nice."), Score: Score{Points: new(-3), Agreement: new(0)}, Lines: [2]int{1, 1}, Confidence: 0.5, Posted: time.Date(2025, 6, 7, 1, 0, 0, 0, time.FixedZone("", 7200))},
		{Kind: Post, Body: body, Confidence: 1},
	}, CutOptions{})
	raw, err := json.Marshal(Printable(d, "what a says"))
	if err != nil {
		t.Fatal(err)
	}
	for id, short := range map[string]string{
		string(d.ID): "ID", string(d.Documents[0].ID): "POST", string(d.Documents[1].ID): "COMMENT",
		string(d.Passages[0].ID): "P1", string(d.Passages[1].ID): "P2",
	} {
		raw = []byte(strings.ReplaceAll(string(raw), id, short))
	}
	const want = `{"id":"ID","title":"T","url":"","documents":[` +
		`{"id":"POST","kind":"post","parent":"","author":"","url":"","posted":null,"score":null,"lines":null,"confidence":1,"text":"Über 灯台\n\nEin Satz. 😀 Noch einer.",` +
		`"blocks":[{"kind":"heading","start":0,"end":7,"line":3},{"kind":"paragraph","start":9,"end":32,"line":null}]},` +
		`{"id":"COMMENT","kind":"comment","parent":"","author":"","url":"","posted":"2025-06-06T23:00:00Z","score":{"points":-3,"votes":null,"agreement":0},"lines":[1,1],"confidence":0.5,"text":"Nice.",` +
		`"blocks":[{"kind":"paragraph","start":0,"end":5,"line":1}]}],` +
		`"passages":[{"id":"P1","document":"POST","seq":1,"start":0,"end":32,"text":"Über 灯台\n\nEin Satz. 😀 Noch einer."},` +
		`{"id":"P2","document":"COMMENT","seq":2,"start":0,"end":5,"text":"Nice."}],"missing":["what a says"]}`
	if string(raw) != want {
		t.Errorf("got\n%s\nwant\n%s", raw, want)
	}
	if empty, _ := json.Marshal(Printable(Discussion{})); string(empty) != `{"id":"","title":"","url":"","documents":[],"passages":[],"missing":[]}` {
		t.Errorf("nothing prints as %s", empty)
	}
}

func TestPrintableIsLinear(t *testing.T) {
	d := Document{Kind: Essay, ID: "d", Body: format.Doc{Text: strings.Repeat("ü sentence of words. ", 50_000)}}
	all := Discussion{}
	for i := range 2000 {
		start := i * len(d.Body.Text) / 2000
		start -= start % 22
		d.Body.Blocks = append(d.Body.Blocks, format.Block{Kind: format.Paragraph, Start: start, End: start + 20})
		all.Passages = append(all.Passages, Passage{Document: "d", Start: start, End: start + 20})
	}
	all.Documents = []Document{d}
	began := time.Now()
	Printable(all)
	if took := time.Since(began); took > 100*time.Millisecond {
		t.Errorf("a megabyte with 2,000 passages took %s", took)
	}
}
