package discussion

import (
	"fmt"
	"slices"
)

// Revise returns d with docs, which hold the same lines of a dump, as its
// documents, and with passages that fit them. What is the same is cut as it
// was; what is new, as o says.
//
// The first given passages were handed to rooms: they stay as and where they
// are, and so must the lines and the kind of their documents. Those behind
// them follow in reading order.
func (d Discussion) Revise(docs []Document, given int, o CutOptions) (Discussion, error) {
	was, had := map[DocumentID]Document{}, map[DocumentID][]Passage{}
	for _, doc := range d.Documents {
		was[doc.ID] = doc
	}
	for _, p := range d.Passages {
		had[p.Document] = append(had[p.Document], p)
	}
	now := map[DocumentID]Document{}
	for _, doc := range docs {
		now[doc.ID] = doc
	}
	given = min(given, len(d.Passages))
	out := d
	out.Passages = slices.Clone(d.Passages[:given])
	posted := map[DocumentID]bool{}
	for _, p := range out.Passages {
		posted[p.Document] = true
		if old := was[p.Document]; !sameWords(old, now[p.Document]) {
			return d, fmt.Errorf("the text of lines %d to %d was posted already (passage %d): its lines and its kind stay as they are",
				old.Lines[0], old.Lines[1], p.Seq)
		}
	}
	out.Documents = inOrder(docs)
	out.point(d)
	cut := map[DocumentID][]Passage{}
	for _, doc := range out.Documents {
		switch kept := had[doc.ID]; {
		case len(kept) > 0 && (posted[doc.ID] || doc.Confidence >= o.Below) && sameWords(was[doc.ID], doc):
			cut[doc.ID] = slices.DeleteFunc(slices.Clone(kept), func(p Passage) bool { return p.Seq <= given })
		default:
			cut[doc.ID] = Cut(doc, o)
		}
	}
	out.arrange(cut)
	return out, nil
}

// point points the comments of d at what they quote, as they are in was where
// nothing was changed that it depends on: the search is long. Where nothing
// points anywhere it may never have been made.
func (d Discussion) point(was Discussion) {
	had, pointed := map[DocumentID]Document{}, false
	for _, doc := range was.Documents {
		had[doc.ID] = doc
		pointed = pointed || doc.Target.Source != ""
	}
	if !pointed || len(d.Documents) != len(was.Documents) || slices.ContainsFunc(d.Documents, func(doc Document) bool {
		old, known := had[doc.ID]
		return !known || old.Parent != doc.Parent || !sameWords(old, doc)
	}) {
		anchor(d.Documents)
		return
	}
	for i, doc := range d.Documents {
		d.Documents[i].Target = had[doc.ID].Target
	}
}

func sameWords(a, b Document) bool {
	return a.Lines == b.Lines && a.Kind == b.Kind && a.Body.Text == b.Body.Text && slices.Equal(a.Body.Blocks, b.Body.Blocks)
}

// Waiting are the documents of a dump that have no passages, since nobody
// reviewed how they were guessed.
func (d Discussion) Waiting() []Document {
	shown := map[DocumentID]bool{}
	for _, p := range d.Passages {
		shown[p.Document] = true
	}
	return slices.DeleteFunc(slices.Clone(d.Documents), func(doc Document) bool {
		return shown[doc.ID] || !doc.Guessed() || doc.Confidence >= 1
	})
}
