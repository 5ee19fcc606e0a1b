// Package export is how a discussion is taken away: one file with the text
// and all that was said about it.
//
// It is pure: what is exported, when, and under which addresses comes as a
// [Bundle]. In every format people have the names under which they agreed to
// be published, and what was deleted, hidden or is not published is left out.
package export

import (
	"io"
	"slices"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/page"
)

// Bundle is all there is to export of a discussion.
type Bundle struct {
	Discussion  discussion.Discussion   // whole
	Annotations []discussion.Annotation // in order of recording
	People      map[discussion.PersonID]discussion.Person
	Reactions   []Reaction              // accounts of one person are one in Person
	Lexicon     discussion.Lexicon      // what emoji mean
	Default     discussion.CreatorState // for people who chose nothing yet
	Base        string                  // address of the reader without a slash at its end, "" if it has none
	Generated   time.Time
}

// Reaction is someone's emoji on a passage or on an annotation.
type Reaction = page.Reaction

// Page is what the reader shows of b.
func (b Bundle) Page() page.Reader {
	return page.Build(page.Input{
		Discussion: b.Discussion, Annotations: b.Annotations, People: b.People, Reactions: b.Reactions, Lexicon: b.Lexicon, Default: b.Default,
	})
}

// Format is a kind of file.
type Format struct {
	Name  string // what --format says
	Type  string // Content-Type
	Ext   string // of the file's name, without a dot
	Write func(w io.Writer, b Bundle) error
}

// Formats are the kinds of file, one line each.
var Formats = []Format{
	{"jsonld", `application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"`, "jsonld", writeJSONLD},
	{"markdown", "text/markdown; charset=utf-8", "md", writeMarkdown},
	{"html", "text/html; charset=utf-8", "html", writeHTML},
}

// Named finds a format by its name or by its ending.
func Named(name string) (Format, bool) {
	i := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == name || f.Ext == name })
	if i < 0 {
		return Format{}, false
	}
	return Formats[i], true
}

func writeHTML(w io.Writer, b Bundle) error { return page.Write(w, b.Page()) }
