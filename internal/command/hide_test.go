package command

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// threaded posts the first passage into the lobby and returns its thread.
func (h house) threaded() chat.Place {
	h.t.Helper()
	post := chat.Ref{Place: chat.Place{Room: lobby}, ID: "post", As: "bot"}
	thread := chat.Place{Room: lobby, Thread: "post"}
	h.update(func(tx *store.Tx) error {
		p, err := tx.PassageAt(h.id, 1)
		if err != nil {
			return err
		}
		thing := store.PassageThing(p.ID)
		return errors.Join(tx.PutCopy(thing, lobby, store.Copy{Ref: post}),
			tx.PutCopy(thing, lobby, store.Copy{Mark: store.ThreadMark, Ref: chat.Ref{Place: thread, ID: "post", As: "bot"}}))
	})
	return thread
}

// offered are the remarks that a command offers in a thread, by what is shown.
func (h house) offered(command string, right chat.Right, at chat.Place) (labels []string) {
	h.t.Helper()
	for _, c := range Words(Env{DB: h.db}) {
		for _, o := range c.Options {
			if c.Name != command || o.Name != "remark" {
				continue
			}
			for _, one := range o.Complete(h.t.Context(), chat.Call{Ref: chat.Ref{Place: at}, Rights: right, Args: map[string]string{}}) {
				labels = append(labels, one.Label)
			}
		}
	}
	return labels
}

func TestHideAndRestore(t *testing.T) {
	h := newHouse(t, "daily")
	thread := h.threaded()
	one, two := h.annotate(ann, "m1", "rude"), h.annotate(ann, "m2", "kind")
	offers := func(right chat.Right, hide, restore string) {
		t.Helper()
		if a, b := strings.Join(h.offered("hide", right, thread), " "), strings.Join(h.offered("restore", right, thread), " "); a != hide || b != restore {
			t.Errorf("offered are %q to hide and %q to restore, should be %q and %q", a, b, hide, restore)
		}
	}
	offers(chat.Anyone, "", "")
	offers(chat.Moderator, "kind rude", "")
	for _, c := range []struct {
		on, say, want string
		right         chat.Right
		hidden        []discussion.AnnotationID
	}{
		{"m1", "hide", "Only a moderator", chat.Anyone, nil},
		{"", "hide", "Say which remark", chat.Moderator, nil},
		{"elsewhere", "hide", "Say which remark", chat.Moderator, nil},
		{"m2", "restore", "is not hidden", chat.Moderator, nil},
		{"m1", "hide", "It is hidden", chat.Moderator, []discussion.AnnotationID{one}},
		{"m1", "hide", "It is hidden", chat.Moderator, []discussion.AnnotationID{one}},
		{"", "hide remark=" + string(two), "It is hidden", chat.Operator, []discussion.AnnotationID{one, two}},
		{"", "restore", "in its thread", chat.Moderator, []discussion.AnnotationID{one, two}},
		{"post", "restore", "Several", chat.Moderator, []discussion.AnnotationID{one, two}},
		{"m1", "restore", "Only a moderator", chat.Anyone, []discussion.AnnotationID{one, two}},
		{"", "restore remark=nothing", "no such remark", chat.Moderator, []discussion.AnnotationID{one, two}},
		{"m2", "restore", "It is back", chat.Moderator, []discussion.AnnotationID{one}},
	} {
		if got := h.tells(chat.Person{ID: "mod"}, c.right, true, c.on, c.say); !strings.Contains(got, c.want) {
			t.Errorf("%s on %q: %q", c.say, c.on, got)
		}
		for _, id := range []discussion.AnnotationID{one, two} {
			if a, _ := h.annotation(id); a.Hidden != slices.Contains(c.hidden, id) || a.Body.Empty() {
				t.Errorf("%s on %q: %q is hidden: %v", c.say, c.on, a.Body.Text, a.Hidden)
			}
		}
	}
	offers(chat.Anyone, "", "")
	offers(chat.Moderator, "kind", "rude")
	if got := h.tells(chat.Person{ID: "mod"}, chat.Moderator, true, "post", "restore"); !strings.Contains(got, "It is back") {
		t.Errorf("the only one of a thread: %q", got)
	}
	h.tells(ann, chat.Anyone, true, "", "me forget yes")
	for _, say := range []string{"hide", "restore"} {
		if got := h.tells(chat.Person{ID: "mod"}, chat.Moderator, true, "m1", say); !strings.Contains(got, "gone") {
			t.Errorf("%s of what was forgotten: %q", say, got)
		}
	}
}

func TestLockAndUnlock(t *testing.T) {
	h := newHouse(t, "daily")
	thread := h.threaded()
	h.annotate(ann, "m1", "a remark")
	locked := func() (is bool) {
		h.update(func(tx *store.Tx) (err error) {
			is, err = relay.Locked(tx, chat.Ref{Place: thread}, time.Now())
			return err
		})
		return is
	}
	for _, c := range []struct {
		on, say, want string
		right         chat.Right
		locked        bool
	}{
		{"post", "lock", "Only a moderator", chat.Anyone, false},
		{"", "lock", "in a passage's thread", chat.Moderator, false},
		{"post", "lock", "It is closed", chat.Moderator, true},
		{"post", "unlock", "Only a moderator", chat.Anyone, true},
		{"m1", "unlock", "It is open", chat.Moderator, false},
	} {
		if got := h.tells(chat.Person{ID: "mod"}, c.right, true, c.on, c.say); !strings.Contains(got, c.want) || locked() != c.locked {
			t.Errorf("%s on %q: %q, it is closed: %v", c.say, c.on, got, locked())
		}
	}
}
