package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// Document returns a document and the discussion it belongs to, or ErrNotFound.
// Its words are shared: they must not be changed in place.
func (tx *Tx) Document(id discussion.DocumentID) (discussion.Document, discussion.ID, error) {
	known := tx.db.words.of(id)
	var of discussion.ID
	d, err := row(tx, func(s scanner) (discussion.Document, error) {
		d, now, err := documentAnd(s, known, &of)
		if err == nil {
			tx.db.words.keep(id, now)
		}
		return d, err
	}, "SELECT "+documentFacts+", "+wordsUnless("$2")+`,
		(SELECT d.id FROM discussions d WHERE d.num = discussion) FROM documents WHERE id = $1`, id, known.asked())
	if err != nil {
		return d, "", fmt.Errorf("document %s: %w", id, err)
	}
	return d, of, nil
}

// documentsOf returns all documents of a discussion. The words of the first, which
// mostly is the longest by far, are shared, as Document's are.
func (tx *Tx) documentsOf(id discussion.ID) ([]discussion.Document, error) {
	first, err := row(tx, one[discussion.DocumentID], "SELECT id FROM documents WHERE discussion = "+numberOf+" ORDER BY seq LIMIT 1", id)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	known := tx.db.words.of(first)
	return rows(tx, func(s scanner) (discussion.Document, error) {
		d, now, err := documentAnd(s, known)
		if err == nil && d.ID == first {
			tx.db.words.keep(first, now)
		}
		return d, err
	}, "SELECT "+documentFacts+", "+wordsUnless("$2")+" FROM documents WHERE discussion = "+numberOf+" ORDER BY seq", id, known.asked())
}

// wordsUnless are a document's words and marks, unless they add up to what is
// known, and what they add up to.
func wordsUnless(known string) string {
	unless := "CASE WHEN sum = " + known + " THEN '' ELSE "
	return unless + "text END, " + unless + "marks END, sum"
}

const documentFacts = "id, kind, parent, target, author, url, posted, score, first_line, last_line, confidence"

// documentAnd scans a document, whose words are not in the row if they add up to
// what is known.
func documentAnd(s scanner, known words, more ...any) (d discussion.Document, now words, err error) {
	var text, structure string
	err = s.Scan(append([]any{&d.ID, &d.Kind, &d.Parent, object{&d.Target}, &d.Author, &d.URL, moment{&d.Posted}, object{&d.Score},
		&d.Lines[0], &d.Lines[1], &d.Confidence, &text, &structure, &now.sum}, more...)...)
	if err != nil {
		return d, now, err
	}
	if now.body = known.body; now.sum == 0 || now.sum != known.sum {
		now.body, err = docOf(text, structure)
	}
	d.Body = now.body
	return d, now, err
}

// words are a document's, and what they and their marks add up to: 0 if that is
// not known.
type words struct {
	sum  int64
	body format.Doc
}

// asked is the sum to ask for: no document's if none is known.
func (w words) asked() int64 {
	if w.sum == 0 {
		return -1
	}
	return w.sum
}

// sumOf is what words and their marks add up to.
func sumOf(text, structure string) int64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\n%s%s", len(text), text, structure))
	return int64(binary.BigEndian.Uint64(sum[:])>>1) | 1
}

const mostWords = 1 << 20 // bytes

// wordsRead are the words that were read last, so that an essay is not read
// and taken apart at each remark on it. The database tells whether they are
// still a document's.
type wordsRead struct {
	mu    sync.Mutex
	all   map[discussion.DocumentID]words
	order []discussion.DocumentID // in which they were read first
	bytes int
}

func (r *wordsRead) of(id discussion.DocumentID) words {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all[id]
}

func (r *wordsRead) keep(id discussion.DocumentID, w words) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w.sum == 0 || w.sum == r.all[id].sum || len(w.body.Text) > mostWords {
		return
	}
	r.drop(id)
	for r.bytes+len(w.body.Text) > mostWords {
		r.drop(r.order[0])
	}
	if r.all == nil {
		r.all = map[discussion.DocumentID]words{}
	}
	w.body.Blocks, w.body.Spans = slices.Clip(w.body.Blocks), slices.Clip(w.body.Spans) // who appends makes a copy
	r.all[id], r.order, r.bytes = w, append(r.order, id), r.bytes+len(w.body.Text)
}

func (r *wordsRead) drop(id discussion.DocumentID) {
	if w, ok := r.all[id]; ok {
		delete(r.all, id)
		r.order = slices.DeleteFunc(r.order, func(o discussion.DocumentID) bool { return o == id })
		r.bytes -= len(w.body.Text)
	}
}
