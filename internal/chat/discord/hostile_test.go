package discord

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/format"
	texts "marginalia/test/hostile"
)

var hostileTexts = flag.Int("hostile", 150, "how many hostile texts TestHostile says")

// TestHostile says hostile texts, every other one as somebody with a hostile
// name: the double, which knows Discord's schemas, takes each and rings no
// phone, and what stands there is what Discord shows of the text.
func TestHostile(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		writer := texts.Writer{Seed: 5}
		words := format.Discord{}
		said, parts := 0, 0
		want := map[string]string{}
		for i := uint64(0); said < *hostileTexts; i++ {
			_, src := writer.Text(i)
			_, name := writer.Text(i * 7)
			a := posting(at(r), "", "")
			if i%2 == 0 && strings.TrimSpace(name) != "" {
				a.Message.From = chat.Person{ID: "elsewhere", Name: name}
			}
			doc := readings[i%uint64(len(readings))].Parse(src)
			if words.Normal(doc).Empty() {
				continue
			}
			said++
			for _, part := range format.Split(doc, func(d format.Doc) bool { return p.fits(chat.Message{From: a.Message.From, Body: d}) }) {
				one := posting(at(r), "", "")
				one.Message.From, one.Message.Body = a.Message.From, part
				want[does(t, p, one).Ref.ID] = words.Normal(part).Text
				parts++
			}
		}
		for _, m := range w.Messages(r.ID) {
			if got := words.Parse(withoutHeader(m.Text)).Text; got != want[m.ID] {
				t.Errorf("%q is read as %q, not as %q", m.Text, got, want[m.ID])
			}
			delete(want, m.ID)
		}
		if len(want) > 0 {
			t.Errorf("%d messages do not stand there", len(want))
		}
		if pinged := w.Pinged(t); len(pinged) > 0 {
			t.Errorf("phones of %q ring", slices.Compact(pinged))
		}
		t.Logf("%d texts in %d messages", said, parts)
	})
}

// readings are how texts come in.
var readings = []format.Dialect{format.Discord{}, format.Plain{}, format.Matrix{}, format.Markdown{Typed: true}, format.HTML{}, format.Markdown{}, format.Matrix{}}
