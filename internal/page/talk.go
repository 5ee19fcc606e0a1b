package page

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// talk is what was said, as far as it is published, by what it is about.
type talk struct {
	notes     map[discussion.PassageID][]Note
	marks     map[discussion.DocumentID][]highlight
	reactions map[discussion.PassageID][]Emoji
	shown     int
}

// listener puts annotations in order.
type listener struct {
	in        Input
	passages  map[discussion.PassageID]discussion.Passage
	texts     map[discussion.DocumentID]format.Doc
	known     map[discussion.AnnotationID]discussion.Annotation
	replies   map[discussion.AnnotationID][]discussion.Annotation
	reactions map[discussion.AnnotationID][]Emoji
	talk      talk
}

func listen(in Input) talk {
	l := listener{
		in:        in,
		passages:  map[discussion.PassageID]discussion.Passage{},
		texts:     map[discussion.DocumentID]format.Doc{},
		known:     map[discussion.AnnotationID]discussion.Annotation{},
		replies:   map[discussion.AnnotationID][]discussion.Annotation{},
		reactions: map[discussion.AnnotationID][]Emoji{},
		talk:      talk{notes: map[discussion.PassageID][]Note{}, marks: map[discussion.DocumentID][]highlight{}, reactions: map[discussion.PassageID][]Emoji{}},
	}
	for _, p := range in.Discussion.Passages {
		l.passages[p.ID] = p
	}
	for _, d := range in.Discussion.Documents {
		l.texts[d.ID] = d.Body
	}
	for _, a := range in.Annotations {
		l.known[a.ID] = a
	}
	for _, a := range in.Annotations {
		if parent := a.Target.Annotation; l.has(parent) && parent != a.ID {
			l.replies[parent] = append(l.replies[parent], a)
		}
	}
	l.count()
	l.markQuoted()
	seen := map[discussion.AnnotationID]bool{}
	for _, a := range l.inOrder() {
		if !l.has(a.Target.Annotation) || a.Target.Annotation == a.ID {
			l.thread(a, seen)
		}
	}
	for _, a := range in.Annotations { // whatever answers itself in a circle
		l.thread(a, seen)
	}
	return l.talk
}

func (l *listener) has(id discussion.AnnotationID) bool {
	_, ok := l.known[id]
	return ok
}

// inOrder are the annotations in the order of the words they are about; what
// is about the same words keeps the order in which it was said.
func (l *listener) inOrder() []discussion.Annotation {
	all := slices.Clone(l.in.Annotations)
	slices.SortStableFunc(all, func(a, b discussion.Annotation) int {
		return cmp.Compare(l.where(a), l.where(b))
	})
	return all
}

func (l *listener) where(a discussion.Annotation) int {
	if _, ok := l.narrowed(a); ok {
		return a.Target.Selector.Start
	}
	return l.passages[a.Under].Start
}

// narrowed is the stretch of text that a is about, if that is less than its
// whole passage.
func (l *listener) narrowed(a discussion.Annotation) (highlight, bool) {
	s, p := a.Target.Selector, l.passages[a.Under]
	if !stands(s, l.texts[a.Target.Source].Text) || s.Start <= p.Start && s.End >= p.End {
		return highlight{}, false
	}
	return highlight{s.Start, s.End, string(a.ID), noteID(a.ID)}, true
}

// stands reports whether a selector points at words of a text.
func stands(s discussion.Selector, words string) bool {
	return s.Start >= 0 && s.Start < s.End && s.End <= len(words) &&
		utf8.RuneStart(words[s.Start]) && (s.End == len(words) || utf8.RuneStart(words[s.End]))
}

// markQuoted marks what comments quote.
func (l *listener) markQuoted() {
	for _, d := range l.in.Discussion.Documents {
		t := d.Target
		if stands(t.Selector, l.texts[t.Source].Text) {
			l.talk.marks[t.Source] = append(l.talk.marks[t.Source], highlight{t.Selector.Start, t.Selector.End, string(d.ID), string(d.ID)})
		}
	}
}

// thread adds an annotation to the margin, with all that answers it.
func (l *listener) thread(a discussion.Annotation, seen map[discussion.AnnotationID]bool) {
	if seen[a.ID] {
		return
	}
	n := l.note(a)
	n.Replies = l.answers(a, a.ID, seen)
	if n.Withdrawn != "" && len(n.Replies) == 0 {
		return
	}
	l.talk.notes[a.Under] = append(l.talk.notes[a.Under], n)
}

// answers are the notes under a, flat, in the order in which they were said.
func (l *listener) answers(a discussion.Annotation, root discussion.AnnotationID, seen map[discussion.AnnotationID]bool) []Note {
	seen[a.ID] = true
	var out []Note
	for _, r := range l.replies[a.ID] {
		if seen[r.ID] {
			continue
		}
		n := l.note(r)
		below := l.answers(r, root, seen)
		if n.Withdrawn != "" && len(below) == 0 {
			continue
		}
		if a.ID != root {
			n.Answers, _ = l.credit(a)
		}
		out = append(append(out, n), below...)
	}
	return out
}

// credit is the name under which a is shown, or false if it is not.
func (l *listener) credit(a discussion.Annotation) (string, bool) {
	if a.Gone() {
		return "", false
	}
	return l.in.credit(a.Creator)
}

// credit is the name under which a person is published; someone who is not
// known has not agreed to be.
func (in Input) credit(id discussion.PersonID) (string, bool) {
	p, ok := in.People[id]
	if !ok {
		return "", false
	}
	return p.Credit(in.Default)
}

func (l *listener) note(a discussion.Annotation) Note {
	n := Note{ID: noteID(a.ID), On: a.ID, Passage: a.Under, At: Moment{a.Created}}
	name, shown := l.credit(a)
	if !shown {
		n.Withdrawn = withdrawn(a)
		return n
	}
	l.talk.shown++
	n.Name, n.Edited = name, !a.Modified.IsZero()
	n.Question = a.Motivation == discussion.Questioning
	n.Reactions = l.reactions[a.ID]
	n.Said = a.Told()
	if h, ok := l.narrowed(a); ok {
		n.Quote = short(l.texts[a.Target.Source].Text[h.start:h.end])
		n.Said = unquoted(a.Told(), a.Target.Selector.Exact)
		l.talk.marks[a.Target.Source] = append(l.talk.marks[a.Target.Source], h)
	}
	return n
}

func withdrawn(a discussion.Annotation) string {
	switch {
	case !a.Deleted.IsZero():
		return "This note was withdrawn."
	case a.Hidden:
		return "This note was taken down."
	}
	return "This note is not published."
}

// unquoted is d without the quotation at its beginning, where that repeats
// the words that are highlighted.
func unquoted(d format.Doc, exact string) format.Doc {
	i := 0
	for i < len(d.Blocks) && d.Blocks[i].Quote > 0 {
		i++
	}
	if i == 0 || i == len(d.Blocks) {
		return d
	}
	quoted, about := fold(d.Text[:d.Blocks[i-1].End]), fold(exact)
	if quoted == "" || about == "" || !strings.Contains(about, quoted) && !strings.Contains(quoted, about) {
		return d
	}
	return d.Slice(d.Blocks[i].Start, len(d.Text))
}

// fold keeps letters and digits alone, in lower case.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// short is a quotation of at most 90 code points on one line.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= 90 {
		return s
	}
	cut := s[:format.Byte(s, 88)]
	if i := strings.LastIndexByte(cut, ' '); i > 40 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:.–—") + " …"
}

// count sums up the reactions of people who are published. The others' are not
// even counted: among few people a number tells who it was.
func (l *listener) count() {
	passages, annotations := map[discussion.PassageID][]discussion.Reaction{}, map[discussion.AnnotationID][]discussion.Reaction{}
	for _, r := range l.in.Reactions {
		if _, published := l.in.credit(r.Person); !published {
			continue
		}
		if r.Annotation != "" {
			annotations[r.Annotation] = append(annotations[r.Annotation], r.Reaction)
			continue
		}
		passages[r.Passage] = append(passages[r.Passage], r.Reaction)
	}
	for id, all := range passages {
		l.talk.reactions[id] = l.in.tally(all)
	}
	for id, all := range annotations {
		l.reactions[id] = l.in.tally(all)
	}
}

func (in Input) tally(all []discussion.Reaction) []Emoji {
	var out []Emoji
	for _, t := range in.Lexicon.Tally(all) {
		out = append(out, Emoji{Emoji: t.Emoji, Meaning: t.Meaning, Count: t.People})
	}
	return out
}

// Tally counts one more emoji, as it was given: not together with others of its
// meaning.
func Tally(all []Emoji, one Emoji) []Emoji {
	for i := range all {
		if all[i].Emoji == one.Emoji {
			all[i].Count++
			all[i].Mine = all[i].Mine || one.Mine
			return all
		}
	}
	one.Count = 1
	return append(all, one)
}

func noteID(id discussion.AnnotationID) string { return "a-" + string(id) }
