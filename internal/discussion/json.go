package discussion

import (
	"time"

	"marginalia/internal/format"
)

// Printable returns d as import --json prints it: a value for encoding/json
// whose field names are its contract. Offsets are Unicode code points of the
// document's text. What is not known is "" or, of posted, lines, line and the
// parts of score, null. missing says what the source has and did not give.
// It takes time linear in d's text.
func Printable(d Discussion, missing ...string) any {
	out := printedDiscussion{ID: d.ID, Title: d.Title, URL: d.URL, Documents: []printedDocument{}, Passages: []printedPassage{},
		Missing: append([]string{}, missing...)}
	texts := map[DocumentID]*points{}
	for _, doc := range d.Documents {
		texts[doc.ID] = &points{text: doc.Body.Text}
		out.Documents = append(out.Documents, printDocument(doc))
	}
	for _, p := range d.Passages {
		text := texts[p.Document]
		if text == nil {
			continue
		}
		out.Passages = append(out.Passages, printedPassage{
			ID: p.ID, Document: p.Document, Seq: p.Seq,
			Start: text.before(p.Start), End: text.before(p.End), Text: text.text[p.Start:p.End],
		})
	}
	return out
}

type printedDiscussion struct {
	ID        ID                `json:"id"`
	Title     string            `json:"title"`
	URL       string            `json:"url"`
	Documents []printedDocument `json:"documents"`
	Passages  []printedPassage  `json:"passages"`
	Missing   []string          `json:"missing"`
}

type printedDocument struct {
	ID         DocumentID     `json:"id"`
	Kind       DocumentKind   `json:"kind"`
	Parent     DocumentID     `json:"parent"`
	Author     string         `json:"author"`
	URL        string         `json:"url"`
	Posted     *string        `json:"posted"`
	Score      *printedScore  `json:"score"`
	Lines      *[2]int        `json:"lines"`
	Confidence float64        `json:"confidence"`
	Text       string         `json:"text"`
	Blocks     []printedBlock `json:"blocks"`
}

type printedScore struct {
	Points    *int `json:"points"`
	Votes     *int `json:"votes"`
	Agreement *int `json:"agreement"`
}

type printedBlock struct {
	Kind  format.BlockKind `json:"kind"`
	Start int              `json:"start"`
	End   int              `json:"end"`
	Line  *int             `json:"line"`
}

type printedPassage struct {
	ID       PassageID  `json:"id"`
	Document DocumentID `json:"document"`
	Seq      int        `json:"seq"`
	Start    int        `json:"start"`
	End      int        `json:"end"`
	Text     string     `json:"text"`
}

func printDocument(d Document) printedDocument {
	out := printedDocument{
		ID: d.ID, Kind: d.Kind, Parent: d.Parent, Author: d.Author, URL: d.URL,
		Confidence: d.Confidence, Text: d.Body.Text, Blocks: []printedBlock{},
	}
	if !d.Posted.IsZero() {
		posted := d.Posted.UTC().Format(time.RFC3339)
		out.Posted = &posted
	}
	if d.Score != (Score{}) {
		score := printedScore(d.Score)
		out.Score = &score
	}
	if d.Lines != [2]int{} {
		out.Lines = &d.Lines
	}
	count := points{text: d.Body.Text}
	for _, b := range d.Body.Blocks {
		p := printedBlock{Kind: b.Kind, Start: count.before(b.Start), End: count.before(b.End)}
		if b.Line > 0 {
			p.Line = &b.Line
		}
		out.Blocks = append(out.Blocks, p)
	}
	return out
}

// points counts the code points before offsets of a text; asked in rising
// order it reads the text once.
type points struct {
	text  string
	at, n int
}

func (p *points) before(offset int) int {
	if offset < p.at {
		p.at, p.n = 0, 0
	}
	p.n += format.CodePoint(p.text[p.at:], offset-p.at)
	p.at = min(offset, len(p.text))
	return p.n
}
