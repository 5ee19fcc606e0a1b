package page

import (
	"html/template"
	"io"
	"unicode/utf8"

	"marginalia/internal/format"
)

// Rehearsal is what plans will post, as a page shows it.
type Rehearsal struct {
	Until string
	Notes []string // on what it does not foresee
	Posts []Post   // as they come
}

// Post is one of the posts of a [Rehearsal].
type Post struct {
	When, Plan, Room string
	Title            string // of the text
	Passage, Total   int
	Thread           string // that it opens; "": it stands in that of the passage it quotes
	Parts            []Part
}

// Part is one message.
type Part struct{ Body format.Doc }

// Words are the message's words.
func (p Part) Words() template.HTML { return Words(p.Body) }

// Characters is how many code points it has.
func (p Part) Characters() int { return utf8.RuneCountInString(p.Body.Text) }

// WriteRehearsal writes a rehearsal as one file that needs nothing else.
func WriteRehearsal(w io.Writer, r Rehearsal) error {
	return template.Must(Templates().ParseFS(files, "sheets/rehearsal.html")).ExecuteTemplate(w, "page", r)
}
