package discussion

import (
	"slices"
	"strconv"
)

// Assemble makes a discussion of documents, and cuts it into passages. Reading
// order is the essay or post first, then the comments in the order given.
//
// The IDs and Parents that documents come with are any names of the caller's,
// unique among docs, or empty; they are replaced by derived ones. A Parent
// that names none of docs is dropped.
func Assemble(title, url string, docs []Document, o CutOptions) Discussion {
	docs = slices.Clone(docs)
	slices.SortStableFunc(docs, func(a, b Document) int { return rank(a) - rank(b) })
	d := Discussion{ID: NewID(title, docs), Title: title, URL: url, Documents: docs}
	name(d.ID, docs)
	for _, doc := range docs {
		for _, p := range Cut(doc, o) {
			p.Seq = len(d.Passages) + 1
			p.ID = PassageID(Derive(string(doc.ID), strconv.Itoa(p.Start), strconv.Itoa(p.End)))
			d.Passages = append(d.Passages, p)
		}
	}
	return d
}

func rank(d Document) int {
	if d.Kind == Comment {
		return 1
	}
	return 0
}

// name gives each document the identifier of its place among those of its kind.
func name(id ID, docs []Document) {
	given := map[DocumentID]DocumentID{}
	count := map[DocumentKind]int{}
	for i := range docs {
		count[docs[i].Kind]++
		derived := DocumentID(Derive(string(id), string(docs[i].Kind), strconv.Itoa(count[docs[i].Kind])))
		if docs[i].ID != "" {
			given[docs[i].ID] = derived
		}
		docs[i].ID = derived
	}
	for i := range docs {
		docs[i].Parent = given[docs[i].Parent]
	}
}
