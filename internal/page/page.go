// Package page is how a discussion is read: the text with what was said about
// it in the margin. It holds the templates, the style and the script of the
// reader, and the view models that they show, for the web server and for the
// HTML export alike.
//
// It is pure: it reads no store and no clock. Names are those under which
// people agreed to be published; what was deleted, hidden or is not published
// never reaches a view model.
package page

import (
	"html/template"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// Input is a discussion and all that was said about it.
type Input struct {
	Discussion  discussion.Discussion
	Annotations []discussion.Annotation // in order of recording
	People      map[discussion.PersonID]discussion.Person
	Reactions   []Reaction // accounts of one person are one in Person
	Lexicon     discussion.Lexicon
	Default     discussion.CreatorState // for people who chose nothing yet
}

// Reaction is someone's emoji on a passage or on an annotation.
type Reaction struct {
	Passage    discussion.PassageID
	Annotation discussion.AnnotationID
	discussion.Reaction
}

// Reader is a discussion as it is shown: the essay or post first, then the
// comments of its source, nested by what they answer.
type Reader struct {
	ID       discussion.ID
	Title    string
	Heading  template.HTML // the title as it stands in the text, "" if it does not
	Author   string        // of the text, "" if not known
	Score    string        // of the text, if there is one only: how it was rated where it was published
	URL      string        // where it came from, "" if not known
	Texts    []Document
	Comments []Document
	Notes    int // how many annotations are shown
}

// Document is an essay, post or comment.
type Document struct {
	ID        discussion.DocumentID
	Kind      discussion.DocumentKind
	Author    string
	URL       string
	Posted    Moment
	Score     string // how it was rated where it was published, "" if not known
	Depth     int    // of a comment: 0 answers the text, 1 a comment, …
	Answers   string // whose comment it answers, "" if not known
	Quote     string // of a comment: the words of the text that it quotes, "" if none
	On        string // the element in which those words begin, "" if there is none
	Uncertain string // why its borders are uncertain, "" if they are not
	Runs      []Run
}

// Run is a stretch of whole blocks with the notes on the passages that begin
// in it, and how people reacted to those. The words of a run never change; the
// rest does.
type Run struct {
	ID       string // of the element
	From, To int    // its blocks in the document's body, the last one not included
	Words    template.HTML
	Notes    []Note // in the order of the words they are about
	Assessed []Assessed
}

// Assessed is how people reacted to a passage.
type Assessed struct {
	Seq       int  // the passage's
	Among     bool // others begin in the run, too
	Reactions []Emoji
}

// Note is an annotation as the margin shows it.
type Note struct {
	ID        string // of the element
	On        discussion.AnnotationID
	Passage   discussion.PassageID
	Name      string // "" if nothing of it may be shown
	Withdrawn string // what is said instead of the words
	At        Moment
	Edited    bool
	Answers   string // whose note it answers, where that is not the one above
	Question  bool
	Quote     string // the words it is about; "" if it is about the whole passage
	Said      format.Doc
	Reactions []Emoji
	Replies   []Note
}

// Body is the HTML of what was said.
func (n Note) Body() template.HTML { return Words(n.Said) }

// Emoji is how many people said the same by reactions.
type Emoji struct {
	Emoji   string
	Meaning discussion.Meaning // "" if it has none
	Count   int
	Mine    bool
}

// Phrase is e in words.
func (e Emoji) Phrase() string {
	return discussion.Tally{Meaning: e.Meaning, Emoji: e.Emoji, People: e.Count}.Phrase()
}
