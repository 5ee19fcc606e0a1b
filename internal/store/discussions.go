package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
)

// Imported is what [Tx.Import] did.
type Imported struct {
	ID                  discussion.ID // under which the discussion is kept
	New                 bool          // it was not there before
	Documents, Passages int           // that were added
	Scores              int           // of documents that were there, as they are now
}

// PutDiscussion is Import for those who only ask whether anything was added.
func (tx *Tx) PutDiscussion(d discussion.Discussion, now time.Time) (added bool, err error) {
	did, err := tx.Import(d, now)
	return did.New || did.Documents > 0, err
}

// Import records a discussion with its documents and passages. If it is there
// already, under its ID or, where it has one, its Origin, nothing of what is
// kept changes, and only what grew there is added: documents of which nothing
// was known come behind all others and their passages behind all others, so
// that what was posted keeps its number. A document that answers nothing that
// was known gets its Parent once that is. Scores are what they were told last;
// what is not told any more stays.
func (tx *Tx) Import(d discussion.Discussion, now time.Time) (did Imported, err error) {
	if d.Origin != "" {
		id, err := row(tx, one[discussion.ID], "SELECT id FROM discussions WHERE origin = $1", d.Origin)
		if err == nil {
			d.ID = id
			return tx.grow(d)
		}
		if !errors.Is(err, ErrNotFound) {
			return did, fmt.Errorf("discussion from %s: %w", d.Origin, err)
		}
	}
	did = Imported{ID: d.ID}
	num, err := written(tx, one[int64], `INSERT INTO discussions (id, origin, title, url, imported) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO NOTHING RETURNING num`, d.ID, d.Origin, d.Title, d.URL, now)
	if errors.Is(err, ErrNotFound) {
		return did, nil
	}
	if err == nil {
		err = tx.putWords(num, d, 0)
	}
	if err != nil {
		return did, fmt.Errorf("record discussion %s: %w", d.ID, err)
	}
	return Imported{ID: d.ID, New: true, Documents: len(d.Documents), Passages: len(d.Passages)}, nil
}

// grow adds what is new in d to the discussion of its ID.
func (tx *Tx) grow(d discussion.Discussion) (Imported, error) {
	did := Imported{ID: d.ID}
	old, err := tx.Discussion(d.ID)
	if err != nil {
		return did, err
	}
	more, known := discussion.Discussion{}, map[discussion.DocumentID]discussion.Document{}
	for _, x := range old.Documents {
		known[x.ID] = x
	}
	var points []pointing
	for _, x := range d.Documents {
		was, there := known[x.ID]
		x.Target = targetIn(known, x.Target)
		if !there {
			more.Documents = append(more.Documents, x)
		} else if p := (pointing{x.ID, cmp.Or(was.Parent, x.Parent), cmp.Or(was.Target, x.Target)}); p != (pointing{x.ID, was.Parent, was.Target}) {
			points = append(points, p)
		}
	}
	for _, p := range d.Passages {
		if _, there := known[p.Document]; !there {
			p.Seq = len(old.Passages) + len(more.Passages) + 1
			more.Passages = append(more.Passages, p)
		}
	}
	did.Documents, did.Passages = len(more.Documents), len(more.Passages)
	if did.Scores, err = tx.rescore(old.Documents, d.Documents); err != nil {
		return did, fmt.Errorf("scores of discussion %s: %w", d.ID, err)
	}
	if err := tx.addTo(d.ID, more, points, len(old.Documents)); err != nil {
		return did, fmt.Errorf("add to discussion %s: %w", d.ID, err)
	}
	return did, nil
}

// pointing is a document and what it answers and quotes.
type pointing struct {
	document discussion.DocumentID
	parent   discussion.DocumentID
	target   discussion.Target
}

// targetIn is t in the texts that are kept, which may be others by now where
// they came from. What is kept of none of them it points at as it came.
func targetIn(kept map[discussion.DocumentID]discussion.Document, t discussion.Target) discussion.Target {
	of, ok := kept[t.Source]
	if !ok {
		return t
	}
	if t.Selector, ok = t.Selector.In(of.Body.Text); !ok {
		return discussion.Target{}
	}
	return t
}

func (tx *Tx) addTo(id discussion.ID, more discussion.Discussion, points []pointing, behind int) error {
	for _, p := range points {
		target, err := targetOf(p.target)
		if err == nil {
			_, err = tx.exec("UPDATE documents SET parent = $1, target = $2 WHERE id = $3", p.parent, target, p.document)
		}
		if err != nil {
			return err
		}
	}
	if len(more.Documents) == 0 {
		return nil
	}
	num, err := row(tx, one[int64], "SELECT num FROM discussions WHERE id = $1", id)
	if err != nil {
		return err
	}
	if err := tx.putWords(num, more, behind); err != nil {
		return err
	}
	return tx.retell(num, 0)
}

// putWords writes d's documents, numbered from behind + 1 on, and passages.
func (tx *Tx) putWords(num int64, d discussion.Discussion, behind int) error {
	var documents, passages [][]any
	for i, x := range d.Documents {
		structure, err := marksOf(x.Body)
		if err != nil {
			return err
		}
		score, err := scoreOf(x.Score)
		if err != nil {
			return err
		}
		target, err := targetOf(x.Target)
		if err != nil {
			return err
		}
		documents = append(documents, []any{x.ID, num, behind + i + 1, x.Kind, x.Parent, target, x.Author, x.URL, x.Posted, score,
			x.Lines[0], x.Lines[1], x.Confidence, x.Body.Text, structure, sumOf(x.Body.Text, structure)})
	}
	for _, p := range d.Passages {
		passages = append(passages, []any{p.ID, num, p.Document, p.Seq, p.Start, p.End})
	}
	_, err := tx.insert(`documents (id, discussion, seq, kind, parent, target, author, url, posted, score,
		first_line, last_line, confidence, text, marks, sum)`, documents)
	if err != nil {
		return err
	}
	_, err = tx.insert("passages (id, discussion, document, seq, start_at, end_at)", passages)
	return err
}

// rescore writes the scores that changed, and returns how many did.
func (tx *Tx) rescore(old, told []discussion.Document) (changed int, err error) {
	was := map[discussion.DocumentID]discussion.Score{}
	for _, x := range old {
		was[x.ID] = x.Score
	}
	for _, x := range told {
		before, known := was[x.ID]
		now := before.Updated(x.Score)
		if !known || now.Equal(before) {
			continue
		}
		score, err := scoreOf(now)
		if err == nil {
			_, err = tx.exec("UPDATE documents SET score = $1 WHERE id = $2", score, x.ID)
		}
		if err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}

// scoreOf is a document's score as object scans it.
func scoreOf(s discussion.Score) (string, error) {
	if s == (discussion.Score{}) {
		return "", nil
	}
	return jsonOf(s)
}

// targetOf is what a document quotes as object scans it.
func targetOf(t discussion.Target) (string, error) {
	if t == (discussion.Target{}) {
		return "", nil
	}
	return jsonOf(t)
}

// Head returns a discussion's ID, Origin, Title and URL, or ErrNotFound.
func (tx *Tx) Head(id discussion.ID) (discussion.Discussion, error) {
	d, err := row(tx, func(s scanner) (d discussion.Discussion, err error) {
		err = s.Scan(&d.ID, &d.Origin, &d.Title, &d.URL)
		return d, err
	}, "SELECT id, origin, title, url FROM discussions WHERE id = $1", id)
	if err != nil {
		return d, fmt.Errorf("discussion %s: %w", id, err)
	}
	return d, nil
}

// Discussion returns a whole discussion, or ErrNotFound. Its words are shared: they
// must not be changed in place.
func (tx *Tx) Discussion(id discussion.ID) (discussion.Discussion, error) {
	d, err := tx.Head(id)
	if err != nil {
		return d, err
	}
	d.Documents, err = tx.documentsOf(id)
	if err == nil {
		d.Passages, err = rows(tx, passageRow, "SELECT "+passageColumns+" FROM passages WHERE discussion = "+numberOf+" ORDER BY seq", id)
	}
	if err != nil {
		return d, fmt.Errorf("discussion %s: %w", id, err)
	}
	return d, nil
}

// Discussions returns all discussions without their words, the first imported first.
func (tx *Tx) Discussions() ([]Summary, error) {
	all, err := rows(tx, summaryRow, `SELECT d.id, d.title, d.url, d.imported,
		(SELECT COUNT(*) FROM documents x WHERE x.discussion = d.num),
		(SELECT COUNT(*) FROM documents x WHERE x.discussion = d.num AND x.kind = 'comment'),
		(SELECT COUNT(*) FROM passages x WHERE x.discussion = d.num),
		(SELECT COUNT(*) FROM passages x WHERE x.discussion = d.num AND EXISTS (
			SELECT 1 FROM copies c WHERE c.thing = (SELECT num FROM things WHERE id = 'p:' || x.id) AND c.part = 0 AND c.mark = '' AND c.id <> '')),
		(SELECT COUNT(*) FROM documents x WHERE x.discussion = d.num AND x.first_line > 0 AND x.confidence < 1)
		- (SELECT COUNT(DISTINCT x.id) FROM passages p JOIN documents x ON x.id = p.document
			WHERE p.discussion = d.num AND x.first_line > 0 AND x.confidence < 1),
		COALESCE((SELECT s.standing FROM said s WHERE s.discussion = d.num), 0)
		FROM discussions d`)
	if err != nil {
		return nil, fmt.Errorf("discussions: %w", err)
	}
	slices.SortFunc(all, func(a, b Summary) int {
		return cmp.Or(a.Imported.Compare(b.Imported), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

func summaryRow(s scanner) (x Summary, err error) {
	err = s.Scan(&x.ID, &x.Title, &x.URL, moment{&x.Imported}, &x.Documents, &x.Comments, &x.Passages, &x.Posted, &x.Waiting, &x.Annotations)
	return x, err
}

// Passage returns a passage, the discussion it belongs to and how many
// passages that has, or ErrNotFound.
func (tx *Tx) Passage(id discussion.PassageID) (p discussion.Passage, of discussion.ID, total int, err error) {
	p, err = row(tx, func(s scanner) (p discussion.Passage, err error) {
		err = s.Scan(&p.ID, &p.Document, &p.Seq, &p.Start, &p.End, &of, &total)
		return p, err
	}, "SELECT "+passageColumns+`, (SELECT d.id FROM discussions d WHERE d.num = discussion),
		(SELECT COUNT(*) FROM passages x WHERE x.discussion = passages.discussion) FROM passages WHERE id = $1`, id)
	if err != nil {
		return p, "", 0, fmt.Errorf("passage %s: %w", id, err)
	}
	return p, of, total, nil
}

// PassageAt returns the passage at place seq of a discussion's reading order,
// which begins with 1, or ErrNotFound behind the last.
func (tx *Tx) PassageAt(id discussion.ID, seq int) (discussion.Passage, error) {
	p, err := row(tx, passageRow, "SELECT "+passageColumns+" FROM passages WHERE discussion = "+numberOf+" AND seq = $2", id, seq)
	if err != nil {
		return p, fmt.Errorf("passage %d of %s: %w", seq, id, err)
	}
	return p, nil
}

// LatestIn returns the last passage of a discussion in reading order that stands
// in a room, or ErrNotFound.
func (tx *Tx) LatestIn(id discussion.ID, room chat.Room) (discussion.Passage, error) {
	n, err := tx.knownRoom(room)
	var p discussion.Passage
	if err == nil {
		p, err = row(tx, passageRow, "SELECT "+passageColumns+" FROM passages x WHERE discussion = "+numberOf+` AND EXISTS (
			SELECT 1 FROM copies c WHERE c.thing = (SELECT num FROM things WHERE id = 'p:' || x.id) AND c.room = $2 AND c.part = 0 AND c.mark = '' AND c.id <> '')
			ORDER BY seq DESC LIMIT 1`, id, n)
	}
	if err != nil {
		return p, fmt.Errorf("the latest passage of %s in %s: %w", id, room, err)
	}
	return p, nil
}

// numberOf is the number of discussion $1.
const numberOf = "(SELECT num FROM discussions WHERE id = $1)"

const passageColumns = "id, document, seq, start_at, end_at"

func passageRow(s scanner) (p discussion.Passage, err error) {
	err = s.Scan(&p.ID, &p.Document, &p.Seq, &p.Start, &p.End)
	return p, err
}
