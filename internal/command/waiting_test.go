package command

import (
	"errors"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// A plan that waits for readers says so in each answer that tells when it goes on,
// until somebody goes on from what it posted to the next passage.
func TestAPlanThatWaitsForReaders(t *testing.T) {
	h := newHouse(t, "daily")
	held := func(is bool) {
		t.Helper()
		err := h.db.View(t.Context(), func(tx *store.Tx) error {
			p, err := tx.Plan("daily")
			if err != nil {
				return err
			}
			got, err := relay.Held(tx, p, begin)
			if got != is {
				t.Errorf("it is held: %t", got)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	plan := func(start time.Time) {
		err := h.db.Update(t.Context(), func(tx *store.Tx) error {
			p, err := tx.Plan("daily")
			p.Wait, p.Start = 1, start
			return errors.Join(err, tx.PutPlan(p))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	plan(begin)
	h.say("1", lobby, chat.Moderator, "next")
	const once = "as soon as somebody replies or reacts under the last passage or reads on from it (Next ▶, or passage step=next), or a moderator says next."
	for _, step := range []struct{ ref, text, want string }{
		{"2", "status", "An Essay: 1 of 3 passages posted, 0 annotations; daily at 18:30, next Mon 2 Mar 18:30 (Europe/Berlin), or later, " + once + "\n\n1 message for this room waiting."},
		{"3", "schedule", `"daily": daily at 18:30 (Europe/Berlin); next Mon 2 Mar 18:30 (Europe/Berlin).`},
	} {
		if got := h.say(step.ref, lobby, chat.Moderator, step.text); got != step.want {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
	}
	held(false)
	plan(begin.Add(-48 * time.Hour))
	held(true)
	for _, step := range []struct{ ref, text, want string }{
		{"4", "status", "An Essay: 1 of 3 passages posted, 0 annotations; held: it goes on " + once + "\n\n1 message for this room waiting."},
		{"5", "schedule", `"daily": daily at 18:30 (Europe/Berlin); held: it goes on ` + once},
		{"6", "skip", "Passage 2 of 3 is skipped: nothing of it is posted. Passage 3 comes next, " + once + " To have it after all: back 2"},
	} {
		if got := h.say(step.ref, lobby, chat.Moderator, step.text); got != step.want {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
	}
	h.say("7", lobby, chat.Anyone, "passage 1")
	h.say("8", lobby, chat.Anyone, "passage which=3 step=next")  // it was not posted
	h.say("9", attic, chat.Anyone, "passage which=1 step=next")  // another room
	h.say("10", lobby, chat.Anyone, "passage which=1 step=next") // it does not stand there yet
	held(true)
	err := h.db.Update(t.Context(), func(tx *store.Tx) error {
		p, err := tx.PassageAt(h.id, 1)
		post := chat.Ref{Place: chat.Place{Room: lobby}, ID: "post", As: "bot"}
		return errors.Join(err, tx.PutCopy(store.PassageThing(p.ID), lobby, store.Copy{Ref: post, Seq: 1}))
	})
	if err != nil {
		t.Fatal(err)
	}
	h.say("11", lobby, chat.Anyone, "passage which=1 step=next")
	held(false)
}
