package command

import (
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// A room is told which passage it is at and when the text is at its end, as far as
// that is known; each answer is another step of the same reading.
func TestWhere(t *testing.T) {
	h := newHouse(t, "daily")
	h.run = Dispatcher(Env{DB: h.db, Reader: "https://reader.example", Link: func(r chat.Ref) string { return "https://chat.example/" + r.ID }})
	stands := func(seq int, id string) {
		h.update(func(tx *store.Tx) error {
			p, err := tx.PassageAt(h.id, seq)
			if err != nil {
				return err
			}
			return tx.PutCopy(store.PassageThing(p.ID), lobby, store.Copy{Ref: chat.Ref{Place: chat.Place{Room: lobby}, ID: id, As: "bot"}, Seq: 1})
		})
	}
	is := func(step, want string) {
		t.Helper()
		if got := h.say("where "+step, lobby, chat.Anyone, "where"); got != want {
			t.Errorf("%s: %q; want %q", step, got, want)
		}
	}
	is("at the beginning", "An Essay: nothing of it stands here yet\n\nPassage 1 comes next, "+evening+". The last of 3 posts comes Wed 4 Mar 18:30 (Europe/Berlin), if it goes on like this.")
	h.say("1", lobby, chat.Moderator, "next")
	stands(1, "m1")
	is("after the first", "An Essay: passage 1 of 3 · post · read\n\nPassage 2 comes next, "+evening+". The last of 2 posts comes Tue 3 Mar 18:30 (Europe/Berlin), if it goes on like this.")
	h.say("2", lobby, chat.Moderator, "skip")
	is("after a skip", "An Essay: passage 1 of 3 · post · read\n\nPassage 3 comes next, "+evening+".")
	h.say("3", lobby, chat.Moderator, "pause")
	is("while it is paused", "An Essay: passage 1 of 3 · post · read\n\nPassage 3 comes next; the plan is paused.")
	h.say("4", lobby, chat.Moderator, "next")
	stands(3, "m3")
	is("at the end", "An Essay: passage 3 of 3 · post · read\n\nThe text is at its end: there is no further passage.")
	if got := h.say("5", attic, chat.Anyone, "where"); got != "Nothing is read in this room yet." {
		t.Errorf("in another room: %q", got)
	}
}
