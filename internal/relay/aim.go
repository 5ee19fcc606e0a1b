package relay

import (
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// Aim is what an annotation may be about. It is found anew each time it is
// asked for: the text never changes, and what quotes it is kept.
type Aim struct {
	about
	Places []discussion.Selector // between which what it quotes does not decide; none if it does
}

// AimOf finds what an annotation may be about.
func AimOf(tx *store.Tx, a discussion.Annotation) (Aim, error) {
	about, err := aboutAnnotation(tx, a)
	if err != nil {
		return Aim{}, err
	}
	return Aim{about, about.aim(&a, new(discussion.Texts))}, nil
}

// Document is what the annotation's passage is of.
func (a Aim) Document() discussion.Document { return a.document }

// Passage is all of the annotation's passage.
func (a Aim) Passage() discussion.Selector { return a.whole() }

// Find is where words stand, in the order of the text: as if they were quoted.
func (a Aim) Find(words string) []discussion.Selector {
	return a.places(new(discussion.Texts), words[:format.Byte(words, discussion.LongestQuote)])
}

// Choice is what a number of a question means: one of the places, or behind
// them the passage.
func (a Aim) Choice(n int) (discussion.Selector, bool) {
	switch {
	case n < 1 || len(a.Places) == 0 || n > len(a.Places)+1:
		return discussion.Selector{}, false
	case n <= len(a.Places):
		return a.Places[n-1], true
	}
	return a.whole(), true
}

// Move points an annotation at other words of its document, as a person says.
// That holds until its writer quotes something else.
func Move(tx *store.Tx, a discussion.Annotation, to discussion.Selector, now time.Time) error {
	a.Target.Selector = to
	if err := tx.PutAnnotation(a); err != nil {
		return err
	}
	return unask(tx, a, now)
}

// Wrote reports whether it was someone of a platform who made an annotation.
func Wrote(tx *store.Tx, who chat.Person, platform string, a discussion.Annotation) (bool, error) {
	id, err := tx.PersonIDs() // of those who were forgotten, too
	return err == nil && id(platform, who.ID) == a.Creator && who.ID != "", err
}
