package discussion

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
)

// Assemble makes a discussion of documents, and cuts it into passages. Reading
// order is the essay or post first, with the comments that quote a passage
// behind it, then the other comments in the order given.
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
	cut := map[DocumentID][]Passage{}
	for _, doc := range d.Documents {
		cut[doc.ID] = Cut(doc, o)
	}
	d.arrange(cut)
}

// arrange puts the passages of documents behind those that d has, in reading
// order. What quotes a passage stands behind it: the one in which the words
// that it quotes end, so that all of them were read.
func (d *Discussion) arrange(cut map[DocumentID][]Passage) {
	quoting := map[DocumentID][]Document{}
	for _, doc := range d.Documents {
		if of := doc.Target.Source; of != "" {
			quoting[of] = append(quoting[of], doc)
		}
	}
	for _, docs := range quoting {
		slices.SortStableFunc(docs, func(a, b Document) int { return a.Target.Selector.End - b.Target.Selector.End })
	}
	take := func(id DocumentID) []Passage {
		defer delete(cut, id)
		return cut[id]
	}
	behind := func(p Passage) {
		for left := quoting[p.Document]; len(left) > 0 && left[0].Target.Selector.End <= p.End; left = quoting[p.Document] {
			quoting[p.Document] = left[1:]
			d.add(take(left[0].ID))
		}
	}
	for _, p := range slices.Clone(d.Passages) {
		behind(p)
	}
	for _, doc := range d.Documents {
		for _, p := range take(doc.ID) {
			d.add([]Passage{p})
			behind(p)
		}
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
