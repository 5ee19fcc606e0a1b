package command

import (
	"strings"
	"testing"

	"marginalia/internal/chat"
)

// A code is told in private alone; said by another account, aloud, it links the
// two, of which what one chooses holds for both.
func TestMeLink(t *testing.T) {
	h := newHouse(t, "daily")
	guest := chat.Person{ID: "guest-other", Name: "Other Ann"}
	mine, others := h.annotate(ann, "m1", "so it is"), h.annotate(guest, "m2", "and so it is here")
	says := func(by chat.Person, private bool, text, want string) string {
		t.Helper()
		got := h.tells(by, chat.Anyone, private, "", text)
		if !strings.Contains(got, want) {
			t.Errorf("%s: %q does not say %q", text, got, want)
		}
		return got
	}
	says(ann, false, "me link", "would be read by everyone here")
	told := says(ann, true, "me link", "Say with your other account, within 15 minutes: me link ")
	code := told[strings.LastIndex(told, " ")+1:]
	says(ann, false, "me link "+code, "this account's own code")
	says(guest, false, "me link AAAA-BBBB-CCCC", "no code that holds")
	says(guest, true, "me link "+code+" yes", "If that is you, say")
	if _, a := h.annotation(mine); a.Same != "" {
		t.Error("who was told to be sure is linked unasked")
	}
	says(chat.Person{ID: "third", Name: "Third"}, true, "me link "+code, "If that is you, say")
	says(guest, true, "me link "+code+" yes", "If that is you, say")
	says(guest, true, "me link "+code, "an account on local, Ann Verity. If that is you, say: me link "+code+" yes")
	if asked := says(guest, false, "me link "+code, "whose name begins with “A”"); strings.Contains(asked, "Verity") {
		t.Errorf("asked where all can read it: %s", asked)
	}
	if _, a := h.annotation(mine); a.PublicName() != "Ann Verity" || a.Same != "" {
		t.Errorf("asked only, they are %+v", a)
	}
	says(guest, false, "me link "+code+" yes", "one person's")
	says(guest, false, "me link "+code, "no code that holds")
	says(guest, true, "me name", "published under your name, Ann Verity")
	_, a := h.annotation(mine)
	_, b := h.annotation(others)
	if a.State != b.State || a.PublicName() != b.PublicName() {
		t.Errorf("they are named as %+v and %+v", a, b)
	}
	says(ann, false, "me unlink", "of its own again")
	says(ann, false, "me unlink", "linked to no other")
	if _, b := h.annotation(others); b.PublicName() != "Other Ann" {
		t.Errorf("unlinked, the other is named %q", b.PublicName())
	}
}
