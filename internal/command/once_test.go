package command

import (
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// A call that is run again, because the bot died before it answered, does not
// overrule what was called meanwhile: it says what holds now.
func TestACallThatIsRunAgainOverrulesNothing(t *testing.T) {
	eve := chat.Person{ID: "guest-eve", Name: "Eve"}
	for _, c := range []struct {
		by                   chat.Person
		early, late, answers string
		holds                func(a discussion.Annotation, by discussion.Person, closed bool) bool
	}{
		{ann, "me name", "me forget yes", "you asked to be forgotten", func(a discussion.Annotation, by discussion.Person, closed bool) bool {
			return by.State == discussion.Unpublished && by.Name == "" && !a.Deleted.IsZero()
		}},
		{ann, "me name", "me pseudonym", "under a pseudonym", func(a discussion.Annotation, by discussion.Person, closed bool) bool {
			return by.State == discussion.Pseudonym
		}},
		{ann, "me forget yes", "me name", "under your name", func(a discussion.Annotation, by discussion.Person, closed bool) bool {
			return by.State == discussion.Named && by.Name == ann.Name
		}},
		{eve, "hide", "restore", "not hidden", func(a discussion.Annotation, _ discussion.Person, _ bool) bool { return !a.Hidden }},
		{eve, "lock", "unlock", "is open", func(_ discussion.Annotation, _ discussion.Person, closed bool) bool { return !closed }},
		{eve, "unlock", "lock", "is closed", func(_ discussion.Annotation, _ discussion.Person, closed bool) bool { return closed }},
	} {
		h := newHouse(t, "daily")
		h.run = Dispatcher(Env{DB: h.db})
		id := h.annotate(ann, "m1", "what she says")
		h.tells(c.by, chat.Moderator, false, "m1", c.early)
		h.tells(c.by, chat.Moderator, false, "m1", c.late)
		*h.called -= 2
		said := h.tells(c.by, chat.Moderator, false, "m1", c.early)
		a, by := h.annotation(id)
		var locked bool
		h.update(func(tx *store.Tx) (err error) {
			locked, err = relay.Locked(tx, chat.Ref{Place: chat.Place{Room: lobby}, ID: "m1"}, begin.Add(time.Hour))
			return err
		})
		if !c.holds(a, by, locked) || !strings.Contains(said, c.answers) {
			t.Errorf("%q, %q, and again: it says %q; hidden %v, closed %v, %+v", c.early, c.late, said, a.Hidden, locked, by)
		}
	}
}
