package main

import (
	"strings"
	"testing"

	"marginalia/internal/lang"
)

func TestTheHintSaysWhatHolds(t *testing.T) {
	c := defaults()
	c.Matrix, c.Discord = &MatrixTable{Command: "!buch"}, &DiscordTable{Command: "buch"}
	c.Rooms = make([]RoomTable, 2)
	for _, tc := range []struct {
		def, platform, how, me string
	}{
		{"pseudonym", "matrix", "under a pseudonym", "!buch me"},
		{"named", "discord", "under your name", "/buch me"},
		{"ask", "discord", "not published", "/buch me"},
	} {
		c.Privacy.Default = choice(tc.def)
		if got := c.hint(tc.platform, lang.English).Text; !strings.Contains(got, tc.how) || !strings.Contains(got, "repeated in the other rooms under your name, and ") || !strings.HasSuffix(got, tc.me) {
			t.Errorf("%s on %s: %q", tc.def, tc.platform, got)
		}
	}
	if c.Rooms = nil; strings.Contains(c.hint("matrix", lang.English).Text, "other rooms") {
		t.Error("it speaks of other rooms where there is one")
	}
	if got := c.hint("local", lang.English); !got.Empty() {
		t.Errorf("on the page: %q", got.Text)
	}
	if err := applyEnv(&c, []string{"MARGINALIA_PRIVACY_HINT=false"}); err != nil || !c.hint("matrix", lang.English).Empty() {
		t.Errorf("switched off it is %q, %v", c.hint("matrix", lang.English).Text, err)
	}
	if err := applyEnv(&c, []string{"MARGINALIA_PRIVACY_HINT=maybe"}); err == nil || !strings.Contains(err.Error(), "write true or false") {
		t.Errorf("maybe: %v", err)
	}
}
