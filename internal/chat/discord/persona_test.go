package discord

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/format"
)

// A name that Discord takes for its own, though the bot does not see why, is
// told in the message: better there than not at all.
func TestNameRefused(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		const name = "DİSCORD" // with the Turkish letter it is another word to the bot
		does(t, p, posting(at(r), name, "Merhaba."))
		last := w.Messages(r.ID)[0]
		if last.Name != anyone || last.Text != "-# "+name+"\nMerhaba." {
			t.Errorf("%s says %q", last.Name, last.Text)
		}
		if w.Ops()["execute_webhook"].Errors[badForm] != 1 {
			t.Error("the name was not refused")
		}
		w.ForgetBad() // that a name is refused is what it is about
	})
}

// A text that fits still does when the name, which Discord refuses, must stand
// in it; there it stays when the text is edited, by a later process, too.
func TestNameRefusedOfALongText(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		for i, name := range []string{"DİSCORD", "DİSCORD_*" + strings.Repeat("_*", 25), strings.Repeat("DİSCORD_*", 300)} {
			a := posting(at(r), name, "")
			longest := func(letter string) format.Doc {
				n := sort.Search(limit, func(n int) bool {
					m := a.Message
					m.Body = format.Text(strings.Repeat(letter, n+1))
					return !p.fits(m)
				})
				return format.Text(strings.Repeat(letter, n))
			}
			a.Message.Body = longest("a")
			ref := does(t, p, a).Ref
			line, _, _ := strings.Cut(w.Messages(r.ID)[i].Text, "\n")
			if !strings.HasPrefix(line, "-# DİSCORD") {
				t.Errorf("the name is not in %q", line)
			}
			for _, letter := range []string{"b", "c"} { // the latter by a process that did not post it
				does(t, p, editing(ref, name, longest(letter).Text))
				got := w.Messages(r.ID)[i]
				if want := line + "\n" + longest(letter).Text; got.Name != anyone || got.Text != want || len([]rune(want)) > limit {
					t.Errorf("%s says %.60q, should %.60q", got.Name, got.Text, want)
				}
				p = w.open(t)
			}
		}
		plain := does(t, p, posting(at(r), "Ada", "Hello.")).Ref
		does(t, w.open(t), editing(plain, "Ada", "Hello!"))
		if got := w.Messages(r.ID)[3].Text; got != "Hello!" {
			t.Errorf("Ada says %q", got)
		}
		w.ForgetBad()
	})
}

// Names as people bear them elsewhere, and what Discord takes.
func TestPersonaNames(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		for i, name := range []string{
			"Ada", "Discord Fan", "xxDISCORDxx", "clyde", "Bonnie & Clyde", "everyone", "Here", "@ada:example.org", "a\u200bb", " spaced  out ",
			strings.Repeat("Größe ", 20), strings.Repeat("👩‍👩‍👧‍👦", 40), "```", "#1: the best", "disc\u200bord", "🏳️‍🌈", "\u200b",
		} {
			made := does(t, p, posting(at(r), name, fmt.Sprintf("%d", i))).Ref
			shown, rest := persona(name)
			all := w.Messages(r.ID)
			last := all[len(all)-1]
			if last.ID != made.ID || last.Name != shown || len([]rune(last.Name)) > 80 {
				t.Errorf("%q speaks as %q, should as %q", name, last.Name, shown)
			}
			if rest != "" && !strings.HasPrefix(last.Text, "-# ") {
				t.Errorf("the rest of %q is left out: %q", name, last.Text)
			}
		}
	})
}
