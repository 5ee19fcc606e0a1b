//go:build unix

package acceptance

import (
	"encoding/json"
	"maps"
	"slices"
)

// reading is what can be read in the end: each side's record, the reader page
// and what was exported.
type reading struct {
	sides []record
	files map[string]string // the exports
	ld    collection
}

// collection is the JSON-LD export, as far as it is looked at.
type collection struct {
	Total int
	First struct{ Items []item }
}

// item is an annotation in it.
type item struct {
	ID         string
	Motivation string
	Modified   string
	Body       *body
	Creator    *struct{ Name string }
	Target     json.RawMessage
}

// body is what an annotation says: of several bodies the first, behind which
// there are only tags.
type body struct{ Value string }

// UnmarshalJSON reads a body, or a list of them.
func (b *body) UnmarshalJSON(src []byte) error {
	type one body
	var all []one
	if len(src) > 0 && src[0] != '[' {
		return json.Unmarshal(src, (*one)(b))
	}
	if err := json.Unmarshal(src, &all); err != nil || len(all) == 0 {
		return err
	}
	*b = body(all[0])
	return nil
}

// read asks for all of it, from the beginning.
func (w *world) read() reading {
	w.t.Helper()
	r := reading{files: map[string]string{}}
	for _, side := range w.sides {
		rec, err := side.read()
		w.must(err)
		r.sides = append(r.sides, rec)
	}
	for _, format := range []string{"jsonld", "markdown", "html"} {
		r.files[format] = done(w.t, w.program, w.dir, "export", w.text, "--format", format)
	}
	w.must(json.Unmarshal([]byte(r.files["jsonld"]), &r.ld))
	return r
}

// clone is a copy of r that can be spoilt.
func (r reading) clone() reading {
	c := reading{files: maps.Clone(r.files), ld: r.ld}
	for _, side := range r.sides {
		c.sides = append(c.sides, side.clone())
	}
	c.ld.First.Items = slices.Clone(r.ld.First.Items)
	return c
}
