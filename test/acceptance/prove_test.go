//go:build unix

package acceptance

import (
	"encoding/json"
	"slices"
	"testing"
)

// A fault is something wrong that is planted into a reading, which must be found.
type fault struct {
	name, kind string
	plant      func(w *world, r *reading) bool // false: there is no place for it
}

// faults are what can go wrong with what was exported.
var faults = []fault{
	{"words of something deleted, in a file", "left", func(w *world, r *reading) bool {
		i := slices.IndexFunc(w.said, func(s *said) bool { return s.deleted })
		r.files["html"] += w.said[i].word(0)
		return true
	}},
	{"an annotation that was not exported", "misfiled", func(w *world, r *reading) bool {
		return cut(&r.ld.First.Items, slices.IndexFunc(r.ld.First.Items, func(i item) bool { return i.Body != nil }))
	}},
	{"an annotation that is aimed elsewhere", "misfiled", func(w *world, r *reading) bool {
		i := slices.IndexFunc(r.ld.First.Items, func(i item) bool { return i.Motivation == "replying" && i.Body != nil })
		if i >= 0 {
			r.ld.First.Items[i].Target = json.RawMessage(`"urn:elsewhere"`)
		}
		return i >= 0
	}},
	{"an emoji that was not exported", "misfiled", func(w *world, r *reading) bool {
		return cut(&r.ld.First.Items, slices.IndexFunc(r.ld.First.Items, func(i item) bool { return i.Motivation == assessing }))
	}},
	{"somebody's name in the export", "misfiled", func(w *world, r *reading) bool {
		r.files["jsonld"] += w.sides[0].people()[0]
		return true
	}},
	{"another's pen name", "misfiled", func(w *world, r *reading) bool {
		i := slices.IndexFunc(r.ld.First.Items, func(i item) bool { return i.Body != nil && i.Motivation != assessing })
		if i >= 0 {
			r.ld.First.Items[i].Creator = &struct{ Name string }{"Mallory"}
		}
		return i >= 0
	}},
}

// prove plants each fault into what was read, and wants it found.
func (w *world) prove(r reading, posted int) {
	w.t.Helper()
	all := slices.Clone(faults)
	for of, side := range r.sides {
		all = append(all, side.faults(of)...)
	}
	sound, planted := findings(w, r, posted), 0
	for _, f := range all {
		bad := r.clone()
		if !f.plant(w, &bad) {
			if !testing.Short() { // a little talk may have no place for each
				w.t.Errorf("there was no place to plant %s", f.name)
			}
			continue
		}
		planted++
		found := findings(w, bad, posted)
		if !slices.ContainsFunc(found, func(x finding) bool { return x.kind == f.kind && !slices.Contains(sound, x) }) {
			w.t.Errorf("%s was planted and is not found as %q, but as %v", f.name, f.kind, found)
		}
	}
	w.t.Logf("%d of %d kinds of faults were planted", planted, len(all))
}

// by is what was said under a token.
func (w *world) by(token string) *said {
	i := slices.IndexFunc(w.said, func(s *said) bool { return s.token == token })
	if i < 0 {
		return nil
	}
	return w.said[i]
}

// isLiving reports whether something stands that was said on another side.
func (w *world) livesElsewhere(token string, side int) bool {
	s := w.by(token)
	return s != nil && !s.deleted && s.room != side
}

// gone is a word of something that was deleted.
func (w *world) goneWord() string {
	return w.said[slices.IndexFunc(w.said, func(s *said) bool { return s.deleted })].word(0)
}

func cut[T any](all *[]T, i int) bool {
	if i >= 0 {
		*all = slices.Delete(slices.Clone(*all), i, i+1)
	}
	return i >= 0
}
