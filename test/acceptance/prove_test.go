//go:build unix

package acceptance

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"marginalia/test/matrixuser"
)

// A fault is something wrong that is planted into a reading, which must be found.
type fault struct {
	name, kind string
	plant      func(w *world, r *reading) bool // false: there is no place for it
}

var faults = []fault{
	{"a mirror that was never sent", "lost", func(w *world, r *reading) bool {
		i := r.index(harbour, func(e matrixuser.Event, s *said) bool { return !s.deleted }, w)
		return cut(&r.events[harbour], i)
	}},
	{"a mirror sent twice", "doubled", func(w *world, r *reading) bool {
		i := r.index(harbour, func(e matrixuser.Event, s *said) bool { return !s.deleted }, w)
		return r.again(harbour, i)
	}},
	{"a passage posted twice", "doubled", func(w *world, r *reading) bool {
		i := slices.IndexFunc(r.events[garden], func(e matrixuser.Event) bool { return r.isPassage(e) == 3 })
		return r.again(garden, i)
	}},
	{"a passage that was not posted", "lost", func(w *world, r *reading) bool { return cut(&r.lobby, len(r.lobby)-1) }},
	{"two mirrors exchanged", "disorder", func(w *world, r *reading) bool { return r.exchange(w) }},
	{"an edit that did not arrive", "lost", func(w *world, r *reading) bool {
		return r.spoil(w, func(s *said, e *matrixuser.Event) bool {
			rel, _ := e.Relation()
			if s.deleted || rel != "m.replace" || !strings.Contains(e.NewBody(), s.word(s.version)) {
				return false
			}
			e.Content = map[string]any{}
			return true
		})
	}},
	{"words of something deleted, in a mirror's edit", "left", func(w *world, r *reading) bool {
		gone := w.said[slices.IndexFunc(w.said, func(s *said) bool { return s.deleted })]
		return r.spoil(w, func(_ *said, e *matrixuser.Event) bool {
			words := object(e.Content, "m.new_content")
			if words == nil {
				return false
			}
			words["formatted_body"] = "<p>" + gone.word(0)
			return true
		})
	}},
	{"words of something deleted, in a file", "left", func(w *world, r *reading) bool {
		i := slices.IndexFunc(w.said, func(s *said) bool { return s.deleted })
		r.files["html"] += w.said[i].word(0)
		return true
	}},
	{"a mirror in another thread", "strayed", func(w *world, r *reading) bool {
		other := ""
		for id, seq := range r.passages(garden) {
			if seq == 1 {
				other = id
			}
		}
		return r.spoil(w, func(s *said, e *matrixuser.Event) bool {
			if s.deleted || s.room == garden || s.passage == 1 || e.Room == w.rooms[harbour] {
				return false
			}
			object(e.Content, "m.relates_to")["event_id"] = other
			return true
		})
	}},
	{"an answer to something else", "strayed", func(w *world, r *reading) bool {
		return r.spoil(w, func(s *said, e *matrixuser.Event) bool {
			if s.deleted || s.answers == nil || s.answers.deleted || object(object(e.Content, "m.relates_to"), "m.in_reply_to") == nil {
				return false
			}
			object(e.Content, "m.relates_to")["is_falling_back"] = true
			return true
		})
	}},
	{"words in another's mouth", "misnamed", func(w *world, r *reading) bool {
		return r.spoil(w, func(s *said, e *matrixuser.Event) bool {
			if s.deleted || object(e.Content, "com.beeper.per_message_profile") == nil {
				return false
			}
			e.Content["body"] = strings.Replace(e.Body(), s.name(), "Mallory", 1)
			return true
		})
	}},
	{"everybody mentioned", "misnamed", func(w *world, r *reading) bool {
		return r.spoil(w, func(s *said, e *matrixuser.Event) bool {
			e.Content["m.mentions"] = map[string]any{"room": true}
			return !s.deleted
		})
	}},
	{"a mirror missing on the page", "lost", func(w *world, r *reading) bool {
		return cut(&r.lobby[0].messages, slices.IndexFunc(r.lobby[0].messages, func(m message) bool { return m.mirrored }))
	}},
	{"a message twice on the page", "doubled", func(w *world, r *reading) bool {
		r.lobby[0].messages = append(r.lobby[0].messages, r.lobby[0].messages[0])
		return true
	}},
	{"the page in another order", "disorder", func(w *world, r *reading) bool {
		slices.Reverse(r.lobby[0].messages)
		return len(r.lobby[0].messages) > 3
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
	{"somebody's name in the export", "misfiled", func(w *world, r *reading) bool {
		r.files["jsonld"] += names[0][0]
		return true
	}},
}

// prove plants each fault into what was read, and wants it found.
func (w *world) prove(r reading, posted int) {
	w.t.Helper()
	sound, planted := findings(w.said, r, posted), 0
	for _, f := range faults {
		bad := r.clone()
		if !f.plant(w, &bad) {
			if !testing.Short() { // a little talk may have no place for each
				w.t.Errorf("there was no place to plant %s", f.name)
			}
			continue
		}
		planted++
		found := findings(w.said, bad, posted)
		if !slices.ContainsFunc(found, func(x finding) bool { return x.kind == f.kind && !slices.Contains(sound, x) }) {
			w.t.Errorf("%s was planted and is not found as %q, but as %v", f.name, f.kind, found)
		}
	}
	w.t.Logf("%d of %d kinds of faults were planted", planted, len(faults))
}

// index finds the first mirror of something in a Matrix room.
func (r *reading) index(room int, ok func(matrixuser.Event, *said) bool, w *world) int {
	return slices.IndexFunc(r.events[room], func(e matrixuser.Event) bool {
		s := w.by(tokenIn(e.Body()))
		rel, _ := e.Relation()
		return e.Sender == r.bot && rel == "m.thread" && s != nil && ok(e, s)
	})
}

// by is what was said under a token.
func (w *world) by(token string) *said {
	i := slices.IndexFunc(w.said, func(s *said) bool { return s.token == token })
	if i < 0 {
		return nil
	}
	return w.said[i]
}

func cut[T any](all *[]T, i int) bool {
	if i >= 0 {
		*all = slices.Delete(slices.Clone(*all), i, i+1)
	}
	return i >= 0
}

// again lets an event come once more, under an id of its own.
func (r *reading) again(room, i int) bool {
	if i < 0 {
		return false
	}
	e := r.events[room][i]
	now := r.now[e.ID]
	e.ID += "-again"
	now.ID = e.ID
	r.now[e.ID] = now
	r.events[room] = append(r.events[room], e)
	return true
}

// exchange lets two mirrors of what one person said in one thread change places.
func (r *reading) exchange(w *world) bool {
	first := map[[3]int]int{}
	for i, e := range r.events[harbour] {
		s := w.by(tokenIn(e.Body()))
		rel, _ := e.Relation()
		if e.Sender != r.bot || rel != "m.thread" || s == nil || s.deleted {
			continue
		}
		key := [3]int{s.room, s.by, s.passage}
		if j, ok := first[key]; ok {
			r.events[harbour][i], r.events[harbour][j] = r.events[harbour][j], r.events[harbour][i]
			return true
		}
		first[key] = i
	}
	return false
}

// spoil changes the first mirror, or edit of one, that bad agrees to.
func (r *reading) spoil(w *world, bad func(*said, *matrixuser.Event) bool) bool {
	for room := range r.events {
		for _, e := range r.events[room] {
			now := r.now[e.ID]
			words := now.Body()
			if edit := now.NewBody(); edit != "" {
				words = edit
			}
			s := w.by(tokenIn(words))
			if now.Sender != r.bot || s == nil {
				continue
			}
			now.Room = w.rooms[room]
			if bad(s, &now) {
				r.now[e.ID] = now
				return true
			}
		}
	}
	return false
}
