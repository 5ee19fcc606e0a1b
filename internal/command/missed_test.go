package command

import (
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// A remark that was made by a command has no message of its writer's to bear a
// warning: missed tells them, and nobody else, where it was not said and why.
func TestMissedTellsWhatOfTheirsWasNotSaid(t *testing.T) {
	h := newHouse(t, "daily")
	h.threaded()
	h.tells(ann, chat.Anyone, true, "", "annotate > Paragraph 1.\nIs it the first?")
	one := h.remarks()[0]
	thing := store.AnnotationThing(one.ID)
	h.update(func(tx *store.Tx) error {
		if err := tx.Stale(thing, attic, one.Under, store.ClassReply, begin); err != nil {
			return err
		}
		d, err := tx.Delivery(thing, attic)
		if err != nil {
			return err
		}
		d.Dead, d.Why = begin, "the network refuses this message"
		return tx.PutDelivery(d)
	})
	eve := chat.Person{ID: "guest-eve", Name: "Eve"}
	for _, step := range []struct {
		by      chat.Person
		private bool
		told    bool
	}{{ann, true, true}, {ann, false, false}, {eve, true, false}} {
		got := h.tells(step.by, chat.Anyone, step.private, "", "missed")
		if told := strings.Contains(got, "Is it the first?”, to local: the network refuses this message"); told != step.told {
			t.Errorf("%s is told, private %v: %q", step.by.Name, step.private, got)
		}
	}
	h.update(func(tx *store.Tx) error { return tx.PutAnnotation(deleted(one)) })
	if got := h.tells(ann, chat.Anyone, true, "", "missed"); strings.Contains(got, "refuses") {
		t.Errorf("of what is gone: %q", got)
	}
}

func deleted(a discussion.Annotation) discussion.Annotation {
	a.Deleted = begin
	return a
}
