package command

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// talk is what people said about the tides: by whom, under which passage, and whom
// they answer, by their place in it.
func (h *house) talk(text discussion.Discussion, said ...[3]any) {
	h.t.Helper()
	err := h.db.Update(h.t.Context(), func(tx *store.Tx) error {
		for i, one := range said {
			who, err := tx.PutPerson("local", chat.Person{ID: one[0].(string), Name: one[0].(string)})
			if err != nil {
				return err
			}
			p := text.Passages[one[1].(int)]
			a := discussion.Annotation{
				ID: discussion.AnnotationID(fmt.Sprint("a-", i)), Discussion: text.ID, Motivation: discussion.Commenting, Under: p.ID,
				Target: discussion.Target{Source: p.Document}, Body: format.Text("Indeed."), Creator: who.ID, Created: begin.Add(time.Duration(i) * time.Second),
			}
			if to, ok := one[2].(int); ok {
				a.Target.Annotation = discussion.AnnotationID(fmt.Sprint("a-", to))
			}
			if err := tx.PutAnnotation(a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// change changes the first remark of a talk.
func (h *house) change(do func(*discussion.Annotation)) {
	h.t.Helper()
	err := h.db.Update(h.t.Context(), func(tx *store.Tx) error {
		a, err := tx.Annotation("a-0")
		if err != nil {
			return err
		}
		do(&a)
		return tx.PutAnnotation(a)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// begins fails unless an answer's lines begin as told.
func begins(t *testing.T, answer string, want ...string) {
	t.Helper()
	got := strings.Split(strings.ReplaceAll(answer, "\n\n", "\n"), "\n")
	if len(got) == len(want) {
		for i := range want {
			if !strings.HasPrefix(got[i], want[i]) {
				t.Errorf("line %d is %q, not %q", i, got[i], want[i])
			}
		}
		return
	}
	t.Errorf("the answer is\n%s\nwanted are lines that begin\n%s", answer, strings.Join(want, "\n"))
}

// reacts has people react to things: who, to what, with which emoji.
func (h *house) reacts(all ...[3]any) {
	h.t.Helper()
	err := h.db.Update(h.t.Context(), func(tx *store.Tx) error {
		for _, one := range all {
			who, err := tx.PutPerson("local", chat.Person{ID: one[0].(string), Name: one[0].(string)})
			if err != nil {
				return err
			}
			r := store.Reaction{Thing: one[1].(store.Thing), Person: who.ID, Emoji: one[2].(string), Room: lobby, At: begin}
			if err := tx.PutReaction(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// linked makes two accounts one person's.
func (h *house) linked(one, other string) {
	h.t.Helper()
	err := h.db.Update(h.t.Context(), func(tx *store.Tx) error {
		a, err := tx.PutPerson("local", chat.Person{ID: one, Name: one})
		if err != nil {
			return err
		}
		b, err := tx.PutPerson("local", chat.Person{ID: other, Name: other})
		if err != nil {
			return err
		}
		return tx.Link(b.ID, a.ID)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// Passages are ordered by how many people take part: who speaks counts twice, who
// only reacts once, and nobody more often for several accounts or emoji. What is
// gone counts nothing, nor what stands under it.
func TestHeat(t *testing.T) {
	h := newHouse(t)
	text := h.read("Tides", tides())
	p := func(i int) store.Thing { return store.PassageThing(text.Passages[i].ID) }
	begins(t, h.say("1", lobby, chat.Anyone, "heat"), "Nothing was said")
	h.talk(text, [3]any{"eve", 3, nil}, [3]any{"ann", 1, nil}, [3]any{"ann", 1, nil}, [3]any{"ann2", 1, nil}, [3]any{"ann", 0, nil}, [3]any{"bob", 0, 4})
	h.linked("ann", "ann2")
	h.reacts([3]any{"cid", p(2), "👍"}, [3]any{"cid", p(2), "❤"}, [3]any{"ann", p(2), "✅"}, [3]any{"ann2", p(2), "✅"}, [3]any{"bob", p(2), "✅"},
		[3]any{"cid", store.AnnotationThing("a-4"), "💡"}, [3]any{"cid", store.AnnotationThing("a-0"), "👎"})
	h.change(func(a *discussion.Annotation) { a.Hidden = true })
	begins(t, h.say("2", lobby, chat.Anyone, "heat"), "What is talked about most:",
		"2 remarks by 2 people, reactions by 1 person · 1: The keeper wrote a tide table.",
		"reactions by 3 people, ✅ 2 👍 1 · 3: The Tide Table",
		"3 remarks by 1 person · 2: Nobody read")
	if got := h.say("3", attic, chat.Anyone, "heat"); !strings.HasPrefix(got, "Nothing was said") {
		t.Errorf("where nothing is read: %q", got)
	}
}

// What stands under no passage is talk about none.
func TestTalkUnderNoPassage(t *testing.T) {
	h := newHouse(t)
	text := h.read("Tides", tides())
	h.talk(text, [3]any{"bob", 1, nil}, [3]any{"ann", 0, 0})
	h.reacts([3]any{"eve", store.AnnotationThing("a-0"), "👍"})
	h.change(func(a *discussion.Annotation) { a.Under = "" })
	for _, verb := range []string{"heat", "digest", "missed"} {
		lead, _, _ := strings.Cut(h.say(verb, lobby, chat.Anyone, verb), "\n")
		want := []string{lead, "1 remark by 1 person · 1: The keeper"}
		if verb == "digest" {
			want = append(want, "Passage 2 comes next: ")
		}
		begins(t, h.say(verb, lobby, chat.Anyone, verb), want...)
	}
}

// A request of a writer to try again says nothing of their remark; the same emoji
// of others does.
func TestHeatOfRequests(t *testing.T) {
	h := newHouse(t)
	text := h.read("Tides", tides())
	h.talk(text, [3]any{"bob", 1, nil})
	thing := store.AnnotationThing("a-0")
	h.reacts([3]any{"bob", thing, "🔁"}, [3]any{"eve", thing, "🔁"})
	want := "1 remark by 1 person, reactions by 2 people · 2:"
	begins(t, h.say("1", lobby, chat.Anyone, "heat"), "What is talked about most:", want)
	h.update(func(tx *store.Tx) error {
		all, err := tx.Reactions(thing)
		if err != nil {
			return err
		}
		r := all[0]
		return tx.PutTombstone(r.Room, discussion.Derive("request", string(r.Thing), string(r.Person), r.Emoji))
	})
	begins(t, h.say("2", lobby, chat.Anyone, "heat"), "What is talked about most:", "1 remark by 1 person, reactions by 1 person · 2:")
}

// Missed is what others said since one spoke oneself, and first of it the answers.
func TestMissed(t *testing.T) {
	h := newHouse(t)
	text := h.read("Tides", tides())
	h.talk(text, [3]any{"bob", 1, nil}, [3]any{"ann", 0, nil}, [3]any{"bob", 2, nil}, [3]any{"eve", 2, nil}, [3]any{"bob", 0, 1})
	as := func(ref, who string) string {
		call := chat.Call{Ref: chat.Ref{Place: chat.Place{Room: lobby}, ID: ref}, By: chat.Person{ID: who, Name: who}, Name: "missed"}
		d, err := h.run(t.Context(), call, begin)
		if err != nil {
			t.Fatal(err)
		}
		return d.Text
	}
	begins(t, as("1", "ann"), "Since you last spoke:",
		"1 remark by 1 person, of which 1 to you · 1: The keeper",
		"2 remarks by 2 people · 3: The Tide Table")
	begins(t, as("2", "bob"), "Nobody spoke since you last did.")
	begins(t, as("3", "eve"), "Since you last spoke:", "1 remark by 1 person · 1: The keeper")
	begins(t, as("4", "new"), "Since you last spoke:", "2 remarks by 2 people · 1:", "2 remarks by 2 people · 3:", "1 remark by 1 person · 2:")
	h.change(func(a *discussion.Annotation) { a.Body, a.Deleted = format.Doc{}, begin })
	begins(t, as("5", "new"), "Since you last spoke:", "2 remarks by 2 people · 1:", "2 remarks by 2 people · 3:")
}

// A digest is of what was said in so many days.
func TestDigest(t *testing.T) {
	h := newHouse(t)
	text := h.read("Tides", tides())
	h.talk(text, [3]any{"bob", 1, nil}, [3]any{"ann", 0, nil}, [3]any{"eve", 0, nil})
	h.reacts([3]any{"eve", store.PassageThing(text.Passages[2].ID), "❓"})
	h.change(func(a *discussion.Annotation) { a.Created = begin.Add(-8 * 24 * time.Hour) })
	begins(t, h.say("1", lobby, chat.Anyone, "digest"), "In the last 7 days:", "2 remarks by 2 people · 1:", "reactions by 1 person, ❓ 1 · 3:", "Passage 2 comes next: Tue 3 Mar 00:00 (UTC).")
	begins(t, h.say("2", lobby, chat.Anyone, "digest 9"), "In the last 9 days:", "2 remarks by 2 people · 1:", "1 remark by 1 person · 2:", "reactions by 1 person, ❓ 1 · 3:", "Passage 2")
	for _, odd := range []string{"0", "-1", "week", "367"} {
		if got := h.say("3", lobby, chat.Anyone, "digest "+odd); got != "digest takes a number of days from 1 to 366." {
			t.Errorf("of %s days: %q", odd, got)
		}
	}
}

// Who spoke and reacted counts twice, who only reacted once, however many they are.
func TestHeatOfCrowds(t *testing.T) {
	var w warmth
	for _, who := range []int32{3, 64, 3, 130} {
		w.people.add(who)
	}
	for _, who := range []int32{0, 64, 500, 131} {
		w.reacted.add(who)
	}
	if w.people.size() != 3 || w.reacted.size() != 4 || w.heat() != 2*3+3 {
		t.Errorf("%d spoke, %d reacted, the heat is %d", w.people.size(), w.reacted.size(), w.heat())
	}
	if w = (warmth{reacted: w.reacted}); w.people.size() != 0 || w.heat() != 4 {
		t.Errorf("%d spoke, the heat is %d", w.people.size(), w.heat())
	}
}
