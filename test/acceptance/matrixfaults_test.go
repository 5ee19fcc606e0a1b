//go:build unix

package acceptance

import (
	"slices"
	"strings"

	"marginalia/test/matrixuser"
)

func (r *matrixRecord) faults(of int) []fault {
	var all []fault
	add := func(name, kind string, plant func(m *matrixRecord, w *world) bool) {
		all = append(all, fault{name + " in the Matrix room " + string(rune('1'+of)), kind, func(w *world, r *reading) bool {
			return plant(r.sides[of].(*matrixRecord), w)
		}})
	}
	living := func(w *world) func(matrixuser.Event) bool {
		return func(e matrixuser.Event) bool {
			rel, _ := e.Relation()
			return rel == "m.thread" && w.livesElsewhere(tokenIn(e.Body()), of)
		}
	}
	add("a mirror that was never sent", "lost", func(m *matrixRecord, w *world) bool { return cut(&m.events, m.index(living(w))) })
	add("a mirror sent twice", "doubled", func(m *matrixRecord, w *world) bool { return m.again(m.index(living(w))) })
	add("a passage posted twice", "doubled", func(m *matrixRecord, _ *world) bool {
		return m.again(m.index(func(e matrixuser.Event) bool { return passageIn(e, m.account) == 3 }))
	})
	add("two mirrors exchanged", "disorder", func(m *matrixRecord, w *world) bool { return m.exchange(w, of) })
	add("an edit that did not arrive", "lost", func(m *matrixRecord, w *world) bool {
		return m.spoil(w, func(s *said, e *matrixuser.Event) bool {
			rel, _ := e.Relation()
			bad := !s.deleted && rel == "m.replace" && strings.Contains(e.NewBody(), s.word(s.version))
			if bad {
				e.Content = map[string]any{}
			}
			return bad
		})
	})
	add("words of something deleted, in a mirror's edit", "left", func(m *matrixRecord, w *world) bool {
		return m.spoil(w, func(_ *said, e *matrixuser.Event) bool {
			words := object(e.Content, "m.new_content")
			if words != nil {
				words["formatted_body"] = "<p>" + w.goneWord()
			}
			return words != nil
		})
	})
	add("a mirror in another thread", "strayed", func(m *matrixRecord, w *world) bool {
		first := m.events[m.index(func(e matrixuser.Event) bool { return passageIn(e, m.account) == 1 })].ID
		return m.spoil(w, func(s *said, e *matrixuser.Event) bool {
			bad := !s.deleted && s.room != of && s.passage != 1 && object(e.Content, "m.relates_to")["rel_type"] == "m.thread"
			if bad {
				object(e.Content, "m.relates_to")["event_id"] = first
			}
			return bad
		})
	})
	add("an answer to something else", "strayed", func(m *matrixRecord, w *world) bool {
		return m.spoil(w, func(s *said, e *matrixuser.Event) bool {
			bad := !s.deleted && s.answers != nil && !s.answers.deleted && object(object(e.Content, "m.relates_to"), "m.in_reply_to") != nil
			if bad {
				object(e.Content, "m.relates_to")["is_falling_back"] = true
			}
			return bad
		})
	})
	add("words in another's mouth", "misnamed", func(m *matrixRecord, w *world) bool {
		return m.spoil(w, func(s *said, e *matrixuser.Event) bool {
			bad := !s.deleted && object(e.Content, "com.beeper.per_message_profile") != nil
			if bad {
				e.Content["body"] = "Mallory" + e.Body()
			}
			return bad
		})
	})
	add("everybody mentioned", "misnamed", func(m *matrixRecord, w *world) bool {
		return m.spoil(w, func(s *said, e *matrixuser.Event) bool {
			e.Content["m.mentions"] = map[string]any{"room": true}
			return !s.deleted
		})
	})
	add("an emoji that did not arrive", "lost", func(m *matrixRecord, w *world) bool { return cut(&m.events, m.emojiOn(w, of)) })
	add("an emoji that was not taken off", "left", func(m *matrixRecord, w *world) bool {
		i := m.emojiOn(w, of)
		if i < 0 {
			return false
		}
		e := m.now[m.events[i].ID]
		object(e.Content, "m.relates_to")["key"] = "🦄"
		return true
	})
	return all
}

// index finds the first of the bot's events that is such a one.
func (r *matrixRecord) index(such func(matrixuser.Event) bool) int {
	return slices.IndexFunc(r.events, func(e matrixuser.Event) bool { return e.Sender == r.account && such(e) })
}

// emojiOn finds a reaction of the bot's under something that stands.
func (r *matrixRecord) emojiOn(w *world, of int) int {
	living := map[string]bool{}
	for _, s := range w.said {
		living[s.id] = s.room == of && !s.deleted
	}
	return r.index(func(e matrixuser.Event) bool {
		now := r.now[e.ID]
		on, _ := object(now.Content, "m.relates_to")["event_id"].(string)
		return now.Type == "m.reaction" && living[on]
	})
}

// again lets an event come once more, under an id of its own.
func (r *matrixRecord) again(i int) bool {
	if i < 0 {
		return false
	}
	e := r.events[i]
	now := r.now[e.ID]
	e.ID += "-again"
	now.ID = e.ID
	r.now[e.ID] = now
	r.events = append(r.events, e)
	return true
}

// exchange lets two mirrors of what one person said in one thread change places.
func (r *matrixRecord) exchange(w *world, of int) bool {
	first := map[[3]int]int{}
	for i, e := range r.events {
		rel, _ := e.Relation()
		if e.Sender != r.account || rel != "m.thread" || !w.livesElsewhere(tokenIn(e.Body()), of) {
			continue
		}
		s := w.by(tokenIn(e.Body()))
		key := [3]int{s.room, s.by, s.passage}
		if j, ok := first[key]; ok {
			r.events[i], r.events[j] = r.events[j], r.events[i]
			return true
		}
		first[key] = i
	}
	return false
}

// spoil changes the first mirror, or edit of one, that bad agrees to.
func (r *matrixRecord) spoil(w *world, bad func(*said, *matrixuser.Event) bool) bool {
	for _, e := range r.events {
		now := r.now[e.ID]
		words := now.Body()
		if edit := now.NewBody(); edit != "" {
			words = edit
		}
		if s := w.by(tokenIn(words)); now.Sender == r.account && s != nil && bad(s, &now) {
			r.now[e.ID] = now
			return true
		}
	}
	return false
}
