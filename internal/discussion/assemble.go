package discussion

import (
	"crypto/sha256"
	"fmt"
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
	docs = inOrder(docs)
	d := Discussion{ID: NewID(title, docs), Title: title, URL: url, Documents: docs}
	name(string(d.ID), docs)
	d.cut(o)
	return d
}

// AssembleFrom is Assemble for what may have grown when it is read again.
// origin names it for ever, whatever becomes of its title and words; so do the
// documents' IDs, which must not be empty, within it. The same document has the
// same identifier each time, wherever it then stands.
func AssembleFrom(origin, title, url string, docs []Document, o CutOptions) Discussion {
	docs = inOrder(docs)
	sum := sha256.Sum256([]byte("origin\x00" + origin))
	d := Discussion{ID: ID(fmt.Sprintf("%s-%x", slug(title), sum[:3])), Origin: origin, Title: title, URL: url, Documents: docs}
	given := map[DocumentID]DocumentID{}
	for i := range docs {
		derived := DocumentID(Derive("origin", origin, string(docs[i].ID)))
		given[docs[i].ID] = derived
		docs[i].ID = derived
	}
	for i := range docs {
		docs[i].Parent = given[docs[i].Parent]
	}
	d.cut(o)
	return d
}

func inOrder(docs []Document) []Document {
	docs = slices.Clone(docs)
	slices.SortStableFunc(docs, func(a, b Document) int { return rank(a) - rank(b) })
	return docs
}

// cut makes d's passages from its documents, and points comments at what they
// quote.
func (d *Discussion) cut(o CutOptions) {
	anchor(d.Documents)
	for _, doc := range d.Documents {
		d.add(Cut(doc, o))
	}
}

// add puts passages behind all others.
func (d *Discussion) add(passages []Passage) {
	for _, p := range passages {
		p.Seq = len(d.Passages) + 1
		p.ID = PassageID(Derive(string(p.Document), strconv.Itoa(p.Start), strconv.Itoa(p.End)))
		d.Passages = append(d.Passages, p)
	}
}

func rank(d Document) int {
	if d.Kind == Comment {
		return 1
	}
	return 0
}

// name gives each document the identifier of its place among those of its kind,
// or of its first line in a dump, which stays its own when others are split.
func name(of string, docs []Document) {
	given := map[DocumentID]DocumentID{}
	count := map[DocumentKind]int{}
	for i := range docs {
		count[docs[i].Kind]++
		derived := DocumentID(Derive(of, string(docs[i].Kind), strconv.Itoa(count[docs[i].Kind])))
		if docs[i].Guessed() {
			derived = atLine(of, docs[i].Lines[0])
		}
		if docs[i].ID != "" {
			given[docs[i].ID] = derived
		}
		docs[i].ID = derived
	}
	for i := range docs {
		docs[i].Parent = given[docs[i].Parent]
	}
}
