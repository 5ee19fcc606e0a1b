package command

import (
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// The digest of a plan tells what was said since the last one, which questions are
// open, with the way to them, and what comes next; and none of what people said.
func TestTheDigestOfAPlan(t *testing.T) {
	h := newHouse(t)
	text := h.read("Tides", tides())
	harbour := chat.Room{Platform: "discord", ID: "harbour"}
	env := Env{DB: h.db, Reader: "https://reader.example", Link: func(r chat.Ref) string { return "https://" + r.Place.Room.Platform + ".example/" + r.ID }}
	told := func(first int, since time.Time) (said format.Doc) {
		h.update(func(tx *store.Tx) (err error) {
			plan := schedule.Plan{Name: "news", Does: schedule.Digest, Discussion: text.ID, Rooms: []chat.Room{lobby}}
			talk, err := tx.Talk(text.ID)
			if err == nil {
				said, err = Digests(env)(tx, relay.Digest{Plan: plan, Room: lobby, Talk: talk, First: first, Since: since, Now: begin})
			}
			return err
		})
		return said
	}
	if d := told(0, time.Time{}); !d.Empty() {
		t.Errorf("of nothing it says %q", d.Text)
	}
	h.talk(text, [3]any{"bob", 0, nil}, [3]any{"ann", 1, nil}, [3]any{"eve", 0, nil}, [3]any{"ann", 1, nil})
	h.reacts([3]any{"eve", store.PassageThing(text.Passages[1].ID), "👍"})
	asks := func(id discussion.AnnotationID) {
		h.update(func(tx *store.Tx) error {
			a, err := tx.Annotation(id)
			if err != nil {
				return err
			}
			a.Motivation, a.Body = discussion.Questioning, format.Text("Is it a secret?")
			ref := chat.Ref{Place: chat.Place{Room: lobby, Thread: "t"}, ID: "asked-" + string(id)}
			if err := tx.PutCopy(store.AnnotationThing(id), lobby, store.Copy{Ref: ref}); err != nil {
				return err
			}
			return tx.PutAnnotation(a)
		})
	}
	asks("a-0") // eve spoke behind it
	asks("a-1") // only ann herself did
	h.postsInto("Tides", harbour)
	h.update(func(tx *store.Tx) error {
		return tx.PutCopy(store.PassageThing(text.Passages[1].ID), harbour, store.Copy{Ref: chat.Ref{Place: chat.Place{Room: harbour}, ID: "post-2"}})
	})
	d := told(0, time.Time{})
	begins(t, d.Text, "Tides: 4 annotations on 2 passages since the last digest.",
		"2 remarks by 1 person, reactions by 1 person, 👍 1 · 2: Nobody read", "2 remarks by 2 people · 1: The keeper",
		"Nobody has answered yet what was asked about:", "2: Nobody read", "Passage 2 comes next: Tue 3 Mar 00:00 (UTC).")
	var links []string
	for _, s := range d.Spans {
		if s.Kind == format.Link {
			links = append(links, d.Text[s.Start:s.End]+" "+s.Attr)
		}
	}
	for _, want := range []string{"on Discord https://discord.example/post-2", "the question https://local.example/asked-a-1", "read https://reader.example/d/" + string(text.ID) + "#" + string(text.Passages[1].ID)} {
		if !strings.Contains(strings.Join(links, "\n"), want) {
			t.Errorf("no link %q among %q", want, links)
		}
	}
	if strings.Contains(d.Text, "secret") {
		t.Errorf("it repeats what was said: %q", d.Text)
	}
	begins(t, told(3, begin).Text, "Tides: 1 annotation on 1 passage since the last digest.", "1 remark by 1 person · 2: ",
		"Nobody has answered yet what was asked about:", "2: Nobody read", "Passage 2 comes next")
	if d := told(4, begin); !d.Empty() {
		t.Errorf("of nothing new it says %q", d.Text)
	}
}

func TestWhatADigestSaysOfAPlan(t *testing.T) {
	p := schedule.Plan{Does: schedule.Drip, Cron: "0 9 * * *", Zone: "Europe/Berlin", Start: begin, Last: begin, Next: 4, Count: 1}
	paused, held := p, p
	paused.Paused, held.Wait = true, 2
	for want, said := range map[string]string{
		"Passage 4 comes next: Tue 3 Mar 09:00 (Europe/Berlin).": comingNext(lang.English, p, relay.Course{Next: 4}, begin),
		"Passage 4 comes next; paused.":                          comingNext(lang.English, paused, relay.Course{Next: 4}, begin),
		"The text is at its end.":                                comingNext(lang.English, p, relay.Course{Next: 9, Over: true}, begin),
	} {
		if said != want {
			t.Errorf("%q, want %q", said, want)
		}
	}
	if said := comingNext(lang.English, held, relay.Course{Next: 4, Unread: true}, begin); !strings.Contains(said, "as soon as") {
		t.Errorf("of a plan that waits: %q", said)
	}
}

// postsInto has a plan post into one more room.
func (h *house) postsInto(plan string, room chat.Room) {
	h.update(func(tx *store.Tx) error {
		p, err := tx.Plan(plan)
		if err != nil {
			return err
		}
		p.Rooms = append(p.Rooms, room)
		return tx.PutPlan(p)
	})
}

// newsFrom is the digest of a plan in the lobby.
func (h *house) newsFrom(plan schedule.Plan, first int, since time.Time) (said format.Doc) {
	env := Env{DB: h.db, Link: func(r chat.Ref) string { return "https://" + r.Place.Room.ID + ".example/" + r.ID }}
	h.update(func(tx *store.Tx) error {
		talk, err := tx.Talk(plan.Discussion)
		if err == nil {
			said, err = Digests(env)(tx, relay.Digest{Plan: plan, Room: lobby, Talk: talk, First: first, Since: since, Now: begin})
		}
		return err
	})
	return said
}

// A room that shows a passage by a plan of its own is not told of to those of another.
func TestADigestLeadsToNoRoomOfAnotherPlan(t *testing.T) {
	h := newHouse(t)
	text := h.read("Tides", tides())
	secret := chat.Room{Platform: "matrix", ID: "moderators"}
	h.update(func(tx *store.Tx) error {
		if err := tx.PutPlan(schedule.Plan{Name: "inside", Does: schedule.Drip, Discussion: text.ID, Cron: "@daily", Rooms: []chat.Room{secret}, Count: 1, Start: begin, Next: 2}); err != nil {
			return err
		}
		return tx.PutCopy(store.PassageThing(text.Passages[0].ID), secret, store.Copy{Ref: chat.Ref{Place: chat.Place{Room: secret}, ID: "post"}})
	})
	h.talk(text, [3]any{"bob", 0, nil})
	d := h.newsFrom(schedule.Plan{Name: "news", Does: schedule.Digest, Discussion: text.ID, Rooms: []chat.Room{lobby}}, 0, time.Time{})
	for _, s := range d.Spans {
		if strings.Contains(s.Attr, "moderators") {
			t.Errorf("it leads to %s", s.Attr)
		}
	}
}

// What comes next of a plan in error is not told, and the rest of the digest is.
func TestADigestBesideAPlanInError(t *testing.T) {
	h := newHouse(t)
	text := h.read("Tides", tides())
	h.talk(text, [3]any{"bob", 0, nil})
	h.update(func(tx *store.Tx) error {
		p, err := tx.Plan("Tides")
		p.Wait = 1
		if err == nil {
			err = tx.PutPlan(p)
		}
		if err == nil {
			err = tx.PutSetting("plan unread: Tides", "{")
		}
		return err
	})
	if d := h.newsFrom(schedule.Plan{Name: "news", Does: schedule.Digest, Discussion: text.ID, Rooms: []chat.Room{lobby}}, 0, time.Time{}); d.Empty() {
		t.Error("it says nothing")
	}
}

// A post that the bot is about to delete is no place to go to.
func TestADigestDoesNotLeadToAMirrorThatGoes(t *testing.T) {
	h := newHouse(t)
	text := h.read("Tides", tides())
	h.talk(text, [3]any{"bob", 0, nil})
	going := chat.Room{Platform: "matrix", ID: "going"}
	h.postsInto("Tides", going)
	h.update(func(tx *store.Tx) error {
		ref := chat.Ref{Place: chat.Place{Room: going}, ID: "post", As: "bot"}
		return tx.PutCopy(store.PassageThing(text.Passages[0].ID), going, store.Copy{Ref: ref, Seq: 1, Verb: chat.Delete, Began: begin, Key: "k"})
	})
	d := h.newsFrom(schedule.Plan{Name: "news", Does: schedule.Digest, Discussion: text.ID, Rooms: []chat.Room{lobby}}, 0, time.Time{})
	for _, s := range d.Spans {
		if strings.Contains(s.Attr, "going") {
			t.Errorf("it leads to %s", s.Attr)
		}
	}
}
