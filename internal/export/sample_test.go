package export

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// edgy are texts that have broken exporters.
var edgy = []string{
	"plain", "", "  ", "<script>alert(1)</script>", `"quoted" \back\slash`, "zwj 👩‍👩‍👧 flag 🇪🇺 e\u0301 ﷽ 𝒳",
	"\u202eright to left\u202c עברית العربية", "line\nbreak\u2028and\u2029others", "]]> --> </style></textarea>", "{{.}} ${x} %s %d",
	"# not *a* heading\n\n> nor a quote\n\n- nor a list", "\t\u0000\u0001\u007f\ufeff", strings.Repeat("long ", 500), "http://example.org/?a=b&c=<d>",
	"a|b\n-|-\nc|d", "&lt;entity&gt; &amp;amp;", "javascript:alert(1)", "😀", "1. one\n2. two",
}

// bundle is a discussion with so many annotations, among them answers,
// deletions, hidden ones and reactions, by people of every state.
func bundle(seed uint64, n int) Bundle {
	r := rand.New(rand.NewPCG(seed, 1))
	b := Bundle{People: map[discussion.PersonID]discussion.Person{}, Default: discussion.Pseudonym, Generated: time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("", 7200))}
	b.Discussion = discussed()
	for i, state := range []discussion.CreatorState{discussion.Unset, discussion.Named, discussion.Pseudonym, discussion.Unpublished, discussion.Named} {
		id := discussion.PersonID(fmt.Sprintf("person%d", i))
		b.People[id] = discussion.Person{ID: id, Platform: "matrix", User: fmt.Sprintf("@user%d:secret.example", i), Name: fmt.Sprintf("Nym%d <b>", i), State: state}
	}
	for i := range n {
		b.Annotations = append(b.Annotations, annotated(r, b, i))
	}
	for range n / 2 {
		x := Reaction{Reaction: discussion.Reaction{Person: somebody(r), Emoji: []string{"👍", "❤", "<b>"}[r.IntN(3)], Created: time.Unix(int64(r.IntN(1e9)), 5e8)}}
		if r.IntN(4) == 0 {
			x.Passage = b.Discussion.Passages[r.IntN(len(b.Discussion.Passages))].ID
		} else {
			x.Annotation = b.Annotations[r.IntN(n)].ID
		}
		b.Reactions = append(b.Reactions, x)
	}
	return b
}

func discussed() discussion.Discussion {
	d := discussion.Discussion{ID: "edgy-1a2b3c", Title: `Edges <&> "and" ends`}
	for i, url := range []string{"", "https://example.org/c?x=1#2", "javascript:alert(1)", "not an address"} {
		var body format.Doc
		for _, s := range edgy {
			body = body.Append(format.Text(s))
		}
		kind := discussion.Comment
		if i == 0 {
			kind = discussion.Essay
		}
		doc := discussion.Document{ID: discussion.DocumentID(fmt.Sprintf("doc%d", i)), Kind: kind, URL: url, Author: edgy[i*3], Body: body}
		if i > 0 { // each quotes other words of the essay
			text := d.Documents[0].Body.Text
			doc.Target = discussion.Target{Source: "doc0", Selector: discussion.SelectorOf(text, 7*i, 50*i)}
		}
		d.Documents = append(d.Documents, doc)
		for j, block := range body.Blocks {
			d.Passages = append(d.Passages, discussion.Passage{ID: discussion.PassageID(fmt.Sprintf("p%d-%d", i, j)), Document: doc.ID, Seq: len(d.Passages) + 1, Start: block.Start, End: block.End})
		}
	}
	return d
}

func somebody(r *rand.Rand) discussion.PersonID {
	return discussion.PersonID(fmt.Sprintf("person%d", r.IntN(5)))
}

func annotated(r *rand.Rand, b Bundle, i int) discussion.Annotation {
	p := b.Discussion.Passages[r.IntN(len(b.Discussion.Passages))]
	text := ""
	for _, d := range b.Discussion.Documents {
		if d.ID == p.Document {
			text = d.Body.Text
		}
	}
	start, end := p.Start, p.End
	if r.IntN(2) == 0 {
		runes := format.CodePoint(text[start:end], end-start)
		from := r.IntN(runes)
		to := from + 1 + r.IntN(runes-from)
		start, end = p.Start+format.Byte(text[p.Start:p.End], from), p.Start+format.Byte(text[p.Start:p.End], to)
	}
	a := discussion.Annotation{
		ID: discussion.AnnotationID(discussion.Derive("edgy", fmt.Sprint(i))), Discussion: b.Discussion.ID, Under: p.ID,
		Motivation: []discussion.Motivation{discussion.Commenting, discussion.Questioning}[r.IntN(2)],
		Target:     discussion.Target{Source: p.Document, Selector: discussion.SelectorOf(text, start, end)},
		Body:       format.Markdown{}.Parse(edgy[r.IntN(len(edgy))]), Creator: somebody(r),
		Via:     fmt.Sprintf("https://matrix.example/room/message%d", i),
		Created: time.Date(2026, 1, 1, 0, i, 0, 123456789, time.FixedZone("", 3600)),
	}
	if r.IntN(4) == 0 {
		a.Modified = a.Created.Add(time.Hour)
	}
	if i > 0 && r.IntN(3) == 0 {
		to := b.Annotations[r.IntN(i)]
		a.Motivation, a.Target.Annotation, a.Under, a.Target.Source, a.Target.Selector = discussion.Replying, to.ID, to.Under, to.Target.Source, to.Target.Selector
	}
	switch r.IntN(8) {
	case 0:
		a.Deleted, a.Body = a.Created.Add(time.Minute), format.Doc{}
	case 1:
		a.Hidden, a.Body = true, format.Text("hiddenwords")
	}
	if a.Creator == "person3" {
		a.Body = format.Text("unpublishedwords")
	}
	return a
}
