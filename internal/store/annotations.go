package store

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// PutAnnotation records an annotation, or replaces the one of that ID, which
// keeps its place in the discussion's order, which is that of commits. Its Discussion, its Creator and
// Under (if any) must have been recorded before. A Via that leads to the message
// that is its copy stands and goes with that.
func (tx *Tx) PutAnnotation(a discussion.Annotation) error {
	if err := tx.putAnnotation(a); err != nil {
		return fmt.Errorf("record annotation %s: %w", a.ID, err)
	}
	return nil
}

func (tx *Tx) putAnnotation(a discussion.Annotation) error {
	target, err := tx.putTarget(a.Target.Source, a.Target.Selector)
	if err != nil {
		return err
	}
	structure, err := marksOf(a.Body)
	if err != nil {
		return err
	}
	files, err := filesOf(a.Files)
	if err != nil {
		return err
	}
	num, err := tx.thing(AnnotationThing(a.ID))
	if err != nil {
		return err
	}
	var answers int64
	if on := a.Target.Annotation; on != "" {
		answers, err = tx.thing(AnnotationThing(on))
	}
	if err != nil {
		return err
	}
	order, err := tx.orderOf(num, answers, a, structure, files)
	if err != nil {
		return err
	}
	around, id := cut(a.Via)
	via, err := tx.address(around)
	if err != nil {
		return err
	}
	said, err := tx.saidIn(num, id)
	if err != nil {
		return err
	}
	if said != 0 {
		id = ""
	}
	if a.Motivation == discussion.Commenting {
		a.Motivation = ""
	}
	_, err = tx.exec(`INSERT INTO annotations (num, discussion, under, creator, target, answers, motivation,
		text, marks, files, via, via_id, said, created, modified, deleted, hidden, ord)
		VALUES ($1, (SELECT num FROM discussions WHERE id = $2),
		CASE WHEN $3 = '' THEN 0 ELSE (SELECT num FROM passages WHERE id = $3) END,
		(SELECT num FROM people WHERE id = $4), (SELECT num FROM targets WHERE id = $5),
		$6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
		ON CONFLICT (num) DO UPDATE SET discussion = excluded.discussion, under = excluded.under, creator = excluded.creator,
		target = excluded.target, answers = excluded.answers, motivation = excluded.motivation,
		text = excluded.text, marks = excluded.marks, files = excluded.files, via = excluded.via, via_id = excluded.via_id, said = excluded.said,
		created = excluded.created, modified = excluded.modified, deleted = excluded.deleted, hidden = excluded.hidden`,
		num, a.Discussion, a.Under, a.Creator, target, answers, a.Motivation,
		a.Body.Text, structure, files, via, id, said, a.Created, a.Modified, a.Deleted, a.Hidden, order)
	return err
}

// filesOf writes down what was attached.
func filesOf(all []discussion.File) (string, error) {
	if len(all) == 0 {
		return "", nil
	}
	return jsonOf(all)
}

// orderOf returns an annotation's place in its discussion: that which it has,
// or the next. Whoever takes one waits for whoever took the one before. It notes
// if other words, or addresses that marks hold, or what was attached are replaced,
// and what Talk tells of it.
func (tx *Tx) orderOf(num, answers int64, a discussion.Annotation, marks, files string) (order int64, err error) {
	var old struct {
		otherWords, otherTalk, gone bool
		in, into                    int64
	}
	_, err = row(tx, func(s scanner) (struct{}, error) {
		return struct{}{}, s.Scan(&order, &old.otherWords, &old.otherTalk, &old.gone, &old.in, &old.into)
	}, `SELECT ord, text <> '' AND (text <> $1 OR marks <> $2) OR files <> '' AND files <> $3,
		under <> CASE WHEN $4 = '' THEN 0 ELSE COALESCE((SELECT num FROM passages WHERE id = $5), 0) END
		OR creator <> COALESCE((SELECT num FROM people WHERE id = $6), 0) OR answers <> $7 OR created <> $8,
		deleted <> 0 OR hidden <> 0, discussion, COALESCE((SELECT num FROM discussions WHERE id = $9), 0)
		FROM annotations WHERE num = $10`, a.Body.Text, marks, files, a.Under, a.Under, a.Creator, answers, a.Created, a.Discussion, num)
	if errors.Is(err, ErrNotFound) {
		return tx.nextOrder(a)
	}
	if err == nil && old.otherWords {
		err = tx.erased()
	}
	if err == nil && (old.otherTalk || old.gone != a.Gone() || old.in != old.into) {
		err = tx.retell(old.in, -counted(old.gone))
		if err == nil {
			err = tx.retell(old.into, counted(a.Gone()))
		}
	}
	return order, err
}

// counted is how many of those that stand an annotation is.
func counted(gone bool) int64 {
	if gone {
		return 0
	}
	return 1
}

func (tx *Tx) nextOrder(a discussion.Annotation) (int64, error) {
	order, err := written(tx, one[int64], `INSERT INTO said (discussion, orders, standing) SELECT num, 1, CAST($1 AS BIGINT) FROM discussions WHERE id = $2
		ON CONFLICT (discussion) DO UPDATE SET orders = said.orders + 1, standing = said.standing + excluded.standing RETURNING orders`,
		counted(a.Gone()), a.Discussion)
	if err != nil {
		return 0, fmt.Errorf("its discussion %q: %w", a.Discussion, err)
	}
	return order, nil
}

// putTarget records what an annotation is about, once for all that are about
// the same. Its words are the document's, so nobody's words are kept by it.
func (tx *Tx) putTarget(source discussion.DocumentID, s discussion.Selector) (id string, err error) {
	id = discussion.Derive(string(source), strconv.Itoa(s.Start), strconv.Itoa(s.End), s.Exact, s.Prefix, s.Suffix)
	_, err = tx.exec(`INSERT INTO targets (id, source, start_at, end_at, exact, prefix, suffix)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`, id, source, s.Start, s.End, s.Exact, s.Prefix, s.Suffix)
	return id, err
}

// Annotation returns an annotation, or ErrNotFound.
func (tx *Tx) Annotation(id discussion.AnnotationID) (discussion.Annotation, error) {
	a, err := first(ofThing(tx, annotationRow, annotationQuery+" WHERE a.num = "+numberOfThing, AnnotationThing(id)))
	if err != nil {
		return a, fmt.Errorf("annotation %s: %w", id, err)
	}
	return a, nil
}

// Annotations returns all annotations of a discussion, those that are gone
// included, in the order of commits.
func (tx *Tx) Annotations(id discussion.ID) ([]discussion.Annotation, error) {
	return tx.annotations("a.discussion = "+numberOf, string(id))
}

// AnnotationsUnder returns all annotations in a passage's thread, those that
// are gone included, in the order of commits.
func (tx *Tx) AnnotationsUnder(p discussion.PassageID) ([]discussion.Annotation, error) {
	return tx.annotations("a.under = (SELECT num FROM passages WHERE id = $1)", string(p))
}

// mostAsked is of how many questions Unanswered finds out whether they are open.
const mostAsked = 100

// isQuestion is true of questions. It is part of an index, which databases use for a
// query that says the same: a parameter would not.
const isQuestion = "motivation = '" + string(discussion.Questioning) + "'"

// selfOf is the account that the creator of an annotation is published as.
func selfOf(a string) string {
	return "(SELECT CASE WHEN w.same <> '' THEN w.same ELSE w.id END FROM people w WHERE w.num = " + a + ".creator)"
}

// Unanswered returns, of the newest questions about a discussion, those that nobody
// else answered, most at most: there is no reply to it of another person's, nor did
// one speak behind it in the passage's thread without replying to something else.
func (tx *Tx) Unanswered(id discussion.ID, most int) ([]discussion.Annotation, error) {
	all, err := rows(tx, annotationRow, annotationColumns+`(SELECT * FROM (SELECT * FROM annotations
		WHERE discussion = (SELECT num FROM discussions WHERE id = $1) AND under <> 0 AND `+isQuestion+` AND deleted = 0 AND hidden = 0
		ORDER BY ord DESC LIMIT $3) q
		WHERE NOT EXISTS (SELECT 1 FROM annotations b WHERE b.under = q.under AND b.ord > q.ord AND (b.answers = q.num OR b.answers = 0)
		AND b.deleted = 0 AND b.hidden = 0 AND `+selfOf("b")+" <> "+selfOf("q")+`)
		ORDER BY q.ord DESC LIMIT $2)`+annotationJoins+" ORDER BY a.ord DESC", id, most, mostAsked)
	if err != nil {
		return nil, fmt.Errorf("questions about %s: %w", id, err)
	}
	return all, nil
}

// NewestUnder goes through all annotations in a passage's thread, those that are
// gone included, from the newest commit back. It reads no more of them than a
// few behind those that are taken.
func (tx *Tx) NewestUnder(p discussion.PassageID) iter.Seq2[discussion.Annotation, error] {
	return func(yield func(discussion.Annotation, error) bool) {
		for at, n := 0, 32; ; at, n = at+n, 2*n {
			some, err := rows(tx, annotationRow, annotationColumns+`(SELECT * FROM annotations
				WHERE under = (SELECT num FROM passages WHERE id = $1) ORDER BY ord DESC LIMIT $2 OFFSET $3)`+annotationJoins+" ORDER BY a.ord DESC", p, n, at)
			if err != nil {
				yield(discussion.Annotation{}, fmt.Errorf("the newest annotations of %s: %w", p, err))
				return
			}
			for _, a := range some {
				if !yield(a, nil) {
					return
				}
			}
			if len(some) < n {
				return
			}
		}
	}
}

// AnnotationsBy returns all annotations that a person made, those that are
// gone included; of one discussion in the order of commits.
func (tx *Tx) AnnotationsBy(p discussion.PersonID) ([]discussion.Annotation, error) {
	return tx.annotations("a.creator = (SELECT num FROM people WHERE id = $1)", string(p))
}

// OldestAnnotations returns up to n annotations that were not deleted, those
// that were made longest ago first.
func (tx *Tx) OldestAnnotations(n int) ([]discussion.Annotation, error) {
	all, err := rows(tx, annotationRow, annotationQuery+" WHERE a.deleted = 0 ORDER BY a.created, a.num LIMIT $1", n)
	if err != nil {
		return nil, fmt.Errorf("the oldest annotations: %w", err)
	}
	return all, nil
}

// AnnotationsNaming returns all annotations with words that mark them as naming
// an id, as mentions do, and those that OnceNamed tells of; of one discussion in
// the order of commits.
func (tx *Tx) AnnotationsNaming(id string) ([]discussion.Annotation, error) {
	coded, err := jsonOf(id)
	if err != nil {
		return nil, err
	}
	once, err := rows(tx, one[Thing], "SELECT h.id FROM once_named n JOIN things h ON h.num = n.thing WHERE n.name = $1", id)
	if err != nil {
		return nil, fmt.Errorf("annotations that named %s: %w", id, err)
	}
	like := strings.ReplaceAll(coded, `\`, "_") // any character: it finds too many
	all, err := rows(tx, annotationRow, annotationQuery+` WHERE a.marks LIKE '%' || $1 || '%'
		OR a.num IN (SELECT thing FROM once_named WHERE name = $2) ORDER BY a.ord`, like, id)
	if err != nil {
		return nil, fmt.Errorf("annotations naming %s: %w", id, err)
	}
	named := func(s format.Span) bool { return s.Attr == id }
	return slices.DeleteFunc(all, func(a discussion.Annotation) bool {
		return !slices.ContainsFunc(a.Body.Spans, named) && !slices.Contains(once, AnnotationThing(a.ID))
	}), nil
}

// OnceNamed notes ids that an annotation's words named before an edit, until
// NamedNoMore.
func (tx *Tx) OnceNamed(id discussion.AnnotationID, names []string) error {
	if len(names) == 0 {
		return nil
	}
	num, err := tx.knownThing(AnnotationThing(id))
	for _, name := range names {
		if err == nil {
			_, err = tx.exec("INSERT INTO once_named (name, thing) VALUES ($1, $2) ON CONFLICT (name, thing) DO NOTHING", name, num)
		}
	}
	if err != nil {
		return fmt.Errorf("note whom annotation %s named: %w", id, err)
	}
	return nil
}

// NamedNoMore drops what OnceNamed noted: no older words of the annotation are
// left anywhere that we wrote.
func (tx *Tx) NamedNoMore(id discussion.AnnotationID) error {
	num, err := tx.knownThing(AnnotationThing(id))
	if err == nil {
		err = tx.erase("DELETE FROM once_named WHERE thing = $1", num)
	}
	if err != nil {
		return fmt.Errorf("drop whom annotation %s named: %w", id, err)
	}
	return nil
}

func (tx *Tx) annotations(where, is string) ([]discussion.Annotation, error) {
	all, err := rows(tx, annotationRow, annotationQuery+" WHERE "+where+" ORDER BY a.ord", is)
	if err != nil {
		return nil, fmt.Errorf("annotations of %s: %w", is, err)
	}
	return all, nil
}

// annotationQuery selects what annotationRow scans; for some rows of annotations
// only, they stand between its two ends.
const (
	annotationQuery   = annotationColumns + "annotations" + annotationJoins
	annotationColumns = `SELECT h.id, d.id, COALESCE(p.id, ''), w.id, COALESCE(r.id, ''), a.motivation,
	a.text, a.marks, ` + viaOf + `, a.created, a.modified, a.deleted, a.hidden, a.files,
	t.source, t.start_at, t.end_at, t.exact, t.prefix, t.suffix
	FROM `
	annotationJoins = ` a JOIN things h ON h.num = a.num JOIN discussions d ON d.num = a.discussion JOIN people w ON w.num = a.creator
	JOIN targets t ON t.num = a.target LEFT JOIN passages p ON p.num = a.under
	LEFT JOIN things r ON r.num = a.answers LEFT JOIN addresses x ON x.num = a.via
	LEFT JOIN copies s ON s.thing = a.num AND s.room = a.said AND s.part = 0 AND s.mark = ''`
)

func annotationRow(s scanner) (a discussion.Annotation, err error) {
	var text, structure string
	var thing, answers Thing
	sel := &a.Target.Selector
	err = s.Scan(&thing, &a.Discussion, &a.Under, &a.Creator, &answers, &a.Motivation,
		&text, &structure, &a.Via, moment{&a.Created}, moment{&a.Modified}, moment{&a.Deleted}, &a.Hidden, object{&a.Files},
		&a.Target.Source, &sel.Start, &sel.End, &sel.Exact, &sel.Prefix, &sel.Suffix)
	if err != nil {
		return a, err
	}
	a.ID, a.Target.Annotation = thing.Annotation(), answers.Annotation()
	a.Motivation = cmp.Or(a.Motivation, discussion.Commenting)
	a.Body, err = docOf(text, structure)
	return a, err
}
