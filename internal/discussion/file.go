package discussion

import (
	"fmt"
	"path"
	"strings"
	"unicode"

	"marginalia/internal/format"
)

// File is something that was attached to what a person said. Its bytes stay
// where it was said.
type File struct {
	N       int    `json:"n"` // its number in the annotation, which it keeps when others go
	Name    string `json:"name,omitempty"`
	Type    string `json:"type,omitempty"` // its media type, "" unknown
	Alt     string `json:"alt,omitempty"`  // what it shows, in words
	Size    int64  `json:"size,omitempty"` // bytes, 0 unknown
	Spoiler bool   `json:"spoiler,omitempty"`
	Sticker bool   `json:"sticker,omitempty"`
	Origin  string `json:"origin,omitempty"` // what its network finds it by, "": it cannot be had
}

// What is told of a file, in code points at most: whoever attached it may have
// given it any name.
const (
	longestTitle = 100
	longestAlt   = 1024
)

// Title is what the file is called, on a line; a long name is cut before its
// extension.
func (f File) Title() string {
	ext := path.Ext(f.Name)
	if strings.ContainsFunc(ext, unicode.IsSpace) || len(ext) > 10 {
		ext = ""
	}
	name := strings.TrimSpace(format.Excerpt(format.Text(strings.TrimSuffix(f.Name, ext)), longestTitle-len(ext)) + ext)
	kind, _, _ := strings.Cut(f.Type, "/")
	switch {
	case f.Sticker:
		return strings.TrimSpace("sticker " + name)
	case name != "":
		return name
	case kind == "image" || kind == "audio" || kind == "video":
		return kind
	}
	return "file"
}

// Told is what an annotation says in words alone: its own, and a line for each
// file.
func (a Annotation) Told() format.Doc {
	body := a.Body
	for _, f := range a.Files {
		body = f.Line(body, "")
	}
	return body
}

// shows is what the file shows, in at most n code points.
func (f File) shows(n int) string { return format.Excerpt(format.Text(f.Alt), n) }

// FitLine is [File.Line], with less of what the file shows where the whole would
// not fit.
func (f File) FitLine(d format.Doc, address string, fits func(format.Doc) bool) format.Doc {
	for n := longestAlt; ; n /= 2 {
		line := f.Line(d, address)
		if f.Alt == "" || fits(line) {
			return line
		}
		f.Alt = f.shows(n / 2)
	}
}

// Line adds a line to d that stands for the file: its title and what it shows;
// with an address also its size, and the title leads there. What a spoiler shows
// is one.
func (f File) Line(d format.Doc, address string) format.Doc {
	title, alt := f.Title(), f.shows(longestAlt)
	line := "[" + title
	if alt != "" {
		line += ": " + alt
	}
	if size := f.size(); address != "" && size != "" {
		line += ", " + size
	}
	d = d.Add(format.Block{Kind: format.Paragraph}, line+"]")
	at := d.Blocks[len(d.Blocks)-1].Start + len("[")
	d.Spans = d.Spans[:len(d.Spans):len(d.Spans)]
	if address != "" {
		d.Spans = append(d.Spans, format.Span{Kind: format.Link, Start: at, End: at + len(title), Attr: address})
	}
	if f.Spoiler && alt != "" {
		at += len(title) + len(": ")
		d.Spans = append(d.Spans, format.Span{Kind: format.Spoiler, Start: at, End: at + len(alt)})
	}
	return d
}

// size is how large the file is, for people.
func (f File) size() string {
	switch {
	case f.Size <= 0:
		return ""
	case f.Size < 1_000_000:
		return fmt.Sprintf("%d kB", max(1, f.Size/1000))
	}
	return fmt.Sprintf("%.1f MB", float64(f.Size)/1e6)
}
