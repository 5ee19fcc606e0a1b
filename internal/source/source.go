// Package source is where texts come from: it opens what a reference names and
// makes a discussion of it. There is one file for each kind of place, and one
// line in [Sources].
//
// It stores nothing. Whatever it refuses it refuses with one sentence that
// says what is wrong with what, and what to do.
package source

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// Options of Open. The zero value stands for the defaults.
type Options struct {
	Title    string                // instead of the one that is found
	MaxBytes int64                 // of the input; default 16 MiB
	Stdin    io.Reader             // what "-" reads
	Cut      discussion.CutOptions // how long passages are
	Web      Web                   // how addresses are fetched
}

const defaultMaxBytes = 16 << 20

// Fetched is what a source found. Documents are in the source's order; their
// IDs and Parents are names of the source's own (see [discussion.Assemble]).
type Fetched struct {
	Title, URL string
	Origin     string // what names it where it may go on growing (see [discussion.AssembleFrom]), or ""
	Documents  []discussion.Document
	Missing    []string // sentences: what is there and did not come, and why
}

// Discussion makes a discussion of what was found.
func (f Fetched) Discussion(o discussion.CutOptions) discussion.Discussion {
	if f.Origin != "" {
		return discussion.AssembleFrom(f.Origin, f.Title, f.URL, f.Documents, o)
	}
	return discussion.Assemble(f.Title, f.URL, f.Documents, o)
}

// Source is a kind of place that texts come from.
type Source struct {
	Name  string
	Match func(ref string) bool
	Fetch func(ctx context.Context, ref string, o Options) (Fetched, error)
}

// Sources are asked in this order; the first that matches opens the reference.
var Sources = []Source{
	{"forum", isForum, fetchForum},
	{"hacker news", isHackerNews, fetchHackerNews},
	{"reddit", isReddit, fetchReddit},
	{"tumblr", isTumblr, fetchTumblr},
	{"web", IsAddress, fetchPage},
	{"markdown", named(".md", ".markdown"), fetchMarkdown},
	{"html", named(".html", ".htm", ".xhtml"), fetchHTML},
	{"text", anything, fetchText},
}

// Open makes a discussion of what [Fetch] finds. The same bytes under the same
// title make the same discussion, identifiers included; what an address names
// stays the same discussion while it grows.
func Open(ctx context.Context, ref string, o Options) (discussion.Discussion, error) {
	f, err := Fetch(ctx, ref, o)
	if err != nil {
		return discussion.Discussion{}, err
	}
	return f.Discussion(o.Cut), nil
}

// Fetch finds what ref names: an essay from a Markdown, HTML or plain text
// file, a post and its comments from a plain dump ("-": from Options.Stdin),
// or what stands at an address, with what was said about it there. If a part
// does not come, the rest does, and Missing says what is not in it.
func Fetch(ctx context.Context, ref string, o Options) (Fetched, error) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if IsAddress(ref) && len(ref) > LongestAddress {
		return Fetched{}, errLong
	}
	for _, s := range Sources {
		if !s.Match(ref) {
			continue
		}
		f, err := s.Fetch(ctx, ref, o)
		if err != nil {
			return Fetched{}, err
		}
		if o.Title != "" {
			f.Title = o.Title
		}
		if wordless(f.Documents) {
			return Fetched{}, noWords(ref, f)
		}
		return f, nil
	}
	return Fetched{}, fmt.Errorf("%s is nothing that can be imported: name a file or an address", ref)
}

func noWords(ref string, f Fetched) error {
	if IsAddress(ref) {
		ref = shown(ref)
	}
	why := ""
	if len(f.Missing) > 0 {
		why = " (" + f.Missing[0] + ")"
	}
	return fmt.Errorf("%s holds no words: there is nothing to import%s", ref, why)
}

func wordless(docs []discussion.Document) bool {
	for _, d := range docs {
		if !d.Body.Empty() {
			return false
		}
	}
	return true
}

func anything(string) bool { return true }

// named matches files by the end of their name.
func named(endings ...string) func(string) bool {
	return func(ref string) bool {
		for _, e := range endings {
			if strings.EqualFold(filepath.Ext(ref), e) {
				return true
			}
		}
		return false
	}
}

// titleOf is the title of a file that does not tell one: its name.
func titleOf(ref string) string {
	if ref == Stdin {
		return "Standard input"
	}
	base := filepath.Base(ref)
	if name := strings.TrimSuffix(base, filepath.Ext(base)); name != "" {
		return name
	}
	return base
}

// oneLine is a title without line breaks and runs of spaces.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// heading returns the words of d's first heading of the first level, or "".
func heading(d format.Doc) string {
	for _, b := range d.Blocks {
		if b.Kind == format.Heading && b.Level == 1 {
			return oneLine(d.Text[b.Start:b.End])
		}
	}
	return ""
}
