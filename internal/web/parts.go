package web

import (
	"bytes"
	"encoding/base64"
	"hash/fnv"
	"strconv"

	"marginalia/internal/page"
)

// part is a piece of the page that may change by itself: the element with its
// id is replaced, or comes to stand in another behind the part before it.
type part struct {
	ID    string `json:"id"`
	In    string `json:"in,omitempty"`    // the element that it stands in, if it may be new
	After string `json:"after,omitempty"` // the part before it there
	HTML  string `json:"html"`
}

func (s *server) part(id, name string, data any) (part, error) {
	var b bytes.Buffer
	err := s.pages.ExecuteTemplate(&b, name, data)
	return part{ID: id, HTML: b.String()}, err
}

// readerParts are the parts of a reader that may change: the number of its
// notes, and each run with its notes.
func (s *server) readerParts(r page.Reader) ([]part, error) {
	tally, err := s.part("tally", "tally", r)
	parts := []part{tally}
	for _, docs := range [][]page.Document{r.Texts, r.Comments} {
		for _, d := range docs {
			for _, run := range d.Runs {
				p, e := s.part(run.ID, "run", run)
				if e != nil {
					err = e
				}
				parts = append(parts, p)
			}
		}
	}
	return parts, err
}

// roomParts are the parts of the rooms: their heads, their posts, and the list
// of what can be answered.
func (s *server) roomParts(rooms []*room) ([]part, error) {
	var parts []part
	var failed error
	add := func(id, name, in, after string, data any) {
		p, err := s.part(id, name, data)
		if err != nil {
			failed = err
		}
		p.In, p.After = in, after
		parts = append(parts, p)
	}
	for _, r := range rooms {
		n := strconv.Itoa(r.N)
		add("room-"+n+"-head", "room-head", "", "", r)
		stream, after := "stream-"+n, "room-"+n+"-empty"
		for _, p := range r.Posts {
			add(p.ID, "post", stream, after, p)
			after = p.ID
		}
		for _, m := range r.Notices {
			add(m.ID, "notice", stream, after, m)
			after = m.ID
		}
		if r.Open {
			add("aim-"+n, "aim", "", "", r)
		}
	}
	return parts, failed
}

// patch is what a page that shows some parts lacks of others.
type patch struct {
	Parts []part   `json:"parts,omitempty"`
	Gone  []string `json:"gone,omitempty"`
}

// shown says what a page shows: the print of each part's HTML.
type shown map[string]uint64

func printsOf(parts []part) shown {
	s := shown{}
	for _, p := range parts {
		h := fnv.New64a()
		h.Write([]byte(p.HTML))
		s[p.ID] = h.Sum64()
	}
	return s
}

// name is one short name for all that is shown.
func name(parts []part) string {
	h := fnv.New128a()
	for _, p := range parts {
		h.Write([]byte(p.ID))
		h.Write([]byte{0})
		h.Write([]byte(p.HTML))
		h.Write([]byte{0})
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// difference is what changes a page that shows old into one with all parts.
func difference(old shown, parts []part, now shown) patch {
	var p patch
	for _, part := range parts {
		if print, ok := old[part.ID]; !ok || print != now[part.ID] {
			p.Parts = append(p.Parts, part)
		}
	}
	for id := range old {
		if _, ok := now[id]; !ok {
			p.Gone = append(p.Gone, id)
		}
	}
	return p
}

func (p patch) empty() bool { return len(p.Parts) == 0 && len(p.Gone) == 0 }
