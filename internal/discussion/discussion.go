// Package discussion is what is read and what is said about it: discussions,
// their documents and passages, and the annotations on them, in the words of
// the W3C Web Annotation Data Model.
//
// It is pure: times and texts come as arguments, and it knows neither rooms
// nor databases.
package discussion

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"marginalia/internal/format"
)

// The kinds of identifier: opaque, derived at first sight, then kept. All but
// [ID] are 22 characters of unpadded base64url (16 bytes).
type (
	ID           string // of a discussion: a readable slug and six characters
	DocumentID   string
	PassageID    string
	AnnotationID string
	PersonID     string
	NoteID       string
)

// Derive makes an identifier of what names a thing. The same parts give the
// same identifier on every machine.
func Derive(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// Discussion is something that is read together: an essay or a post, and what
// was said about it where it came from.
type Discussion struct {
	ID        ID
	Origin    string // what names it where it came from and may go on growing, or "" (see [AssembleFrom])
	Title     string
	URL       string // where it is read on the web, or ""
	Documents []Document
	Passages  []Passage // in reading order: Seq 1, 2, 3, …
}

// DocumentKind is what a document is.
type DocumentKind string

// The kinds of document.
const (
	Essay   DocumentKind = "essay"
	Post    DocumentKind = "post"
	Comment DocumentKind = "comment"
)

// Document is an essay, a post or a comment.
type Document struct {
	ID         DocumentID
	Kind       DocumentKind
	Parent     DocumentID // what a comment answers, "" if not known
	Target     Target     // of a comment that quotes the essay or post: the words that it quotes; else zero
	Author     string     // "" if not known
	URL        string
	Posted     time.Time // UTC; zero if not known
	Score      Score
	Lines      [2]int  // first and last line in a dump, 1-based, inclusive; 0, 0 elsewhere
	Confidence float64 // 0 to 1: how sure the reader of a dump is of this document's borders
	Body       format.Doc
}

// Passage is what is posted at once: a stretch of an essay or post, or an
// excerpt of a comment.
type Passage struct {
	ID         PassageID
	Document   DocumentID
	Seq        int // place in the discussion's reading order, from 1
	Start, End int // bytes of the document's Body.Text
}

// Motivation is why an annotation was made (Web Annotation Vocabulary, section 3.5).
type Motivation string

// The motivations that Marginalia makes.
const (
	Commenting  Motivation = "commenting"
	Questioning Motivation = "questioning"
	Replying    Motivation = "replying"
	Assessing   Motivation = "assessing"
)

// Annotation is something that a person said about a passage or about another
// annotation.
type Annotation struct {
	ID         AnnotationID
	Discussion ID
	Motivation Motivation
	Target     Target
	Under      PassageID // in whose thread it stands
	Body       format.Doc
	Files      []File // that were attached to it
	Creator    PersonID
	Via        string    // where it was said: an address, or ""
	Created    time.Time // UTC, as the network gave it
	Modified   time.Time // of the newest edit; zero if never edited
	Deleted    time.Time // zero unless deleted; then Body and Files are empty
	Hidden     bool      // by a moderator
}

// Gone reports whether nothing of a may be shown.
func (a Annotation) Gone() bool { return !a.Deleted.IsZero() || a.Hidden }

// Target is what an annotation is about.
type Target struct {
	Source     DocumentID
	Annotation AnnotationID // set if it answers another annotation
	Selector   Selector
}

// Selector is a TextPositionSelector and a TextQuoteSelector at once.
// Start and End are bytes of the document's Body.Text; exports convert them.
type Selector struct {
	Start, End            int
	Exact, Prefix, Suffix string
}

// Reaction is one person's emoji on a passage or annotation.
type Reaction struct {
	Person  PersonID
	Emoji   string
	Created time.Time
}

// CreatorState is how a person agreed to be named where annotations are published.
type CreatorState string

// The states. Unset means the operator's default (privacy.default).
const (
	Unset       CreatorState = ""
	Named       CreatorState = "named"
	Pseudonym   CreatorState = "pseudonym"
	Unpublished CreatorState = "unpublished"
)

// Person is someone who says things, on one network.
type Person struct {
	ID       PersonID
	Platform string // "matrix", "local", …
	User     string // the network's own id; "" of who was forgotten
	Name     string // as shown there
	State    CreatorState

	Same  PersonID // the account as which they are published, if it is another that is theirs, too
	Alias string   // its name
}

// Self is what the accounts of one person have in common.
func (p Person) Self() PersonID { return cmp.Or(p.Same, p.ID) }

// PublicName is the name under which p is published who agreed to be named.
func (p Person) PublicName() string { return cmp.Or(p.Alias, p.Name) }

// Credit is the name under which p's words are published, or false if they
// are not published at all. def stands for people who chose nothing yet.
func (p Person) Credit(def CreatorState) (name string, publish bool) {
	state := p.State
	if state == Unset {
		state = def
	}
	switch state {
	case Named:
		return cmp.Or(p.PublicName(), p.Pseudonym()), true
	case Pseudonym:
		return p.Pseudonym(), true
	}
	return "", false
}

// Speaker is what p is called in rooms, which show names as chats do. Who was
// forgotten is someone: their pseudonym, beside words that others know to be
// theirs, would tell whose it was in what was taken away before.
func (p Person) Speaker() string {
	switch {
	case p.User == "":
		return "Someone"
	case p.Name == "":
		return p.Pseudonym()
	}
	return p.Name
}

// Pseudonym is a name that says nothing of the person and stays the same.
func (p Person) Pseudonym() string {
	code := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' {
			return 'x'
		}
		return r
	}, Derive("pseudonym", string(p.Self())))
	return "Reader " + strings.ToUpper(code[:5])
}

// NewID derives a discussion's id from its title and its documents' words, so
// that the same text is the same discussion wherever it is imported from. A
// plain dump is the same whatever is thought of its borders.
func NewID(title string, documents []Document) ID {
	parts := []string{"discussion"}
	for _, d := range documents {
		if !d.Guessed() {
			parts = append(parts, string(d.Kind), d.Body.Text)
		}
	}
	for _, l := range dumpLines(documents) {
		parts = append(parts, l.words)
	}
	sum := sha256.Sum256([]byte(strings.Join(append(parts, title), "\x00")))
	return ID(fmt.Sprintf("%s-%x", slug(title), sum[:3]))
}

func slug(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 40 {
			break
		}
	}
	if s := strings.Trim(b.String(), "-"); s != "" {
		return s
	}
	return "text"
}
