//go:build unix

package matrix

import (
	"flag"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/test/dendrite"
	"marginalia/test/hostile"
)

var hostileTexts = flag.Int("hostile", 60, "how many hostile texts TestHostile says")

// perRoom is how many texts one room holds: a sync shows so many at once.
const perRoom = 400

// TestHostile says hostile texts, every other one as somebody with a hostile
// name: the homeserver takes each, nobody is mentioned, and what stands there is
// what Matrix shows of the text.
func TestHostile(t *testing.T) {
	w := newWorld(t, dendrite.Start(t))
	var rooms []chat.Room
	for range (*hostileTexts + perRoom - 1) / perRoom {
		rooms = append(rooms, w.Room(t))
	}
	p := w.open(t)
	writer := hostile.Writer{Seed: 6}
	want := map[string]string{}
	said := 0
	for i := uint64(0); said < *hostileTexts; i++ {
		_, src := writer.Text(i)
		_, name := writer.Text(i * 7)
		var from chat.Person
		if i%2 == 0 && strings.TrimSpace(name) != "" {
			from = chat.Person{ID: "elsewhere", Name: name}
		}
		doc := readings[i%uint64(len(readings))].Parse(src)
		if p.html.Normal(doc).Empty() {
			continue
		}
		place := chat.Place{Room: rooms[said/perRoom]}
		said++
		for _, part := range format.Split(doc, func(d format.Doc) bool { return p.fits(chat.Message{From: from, Body: d}) }) {
			a := post(place, "")
			a.Message.From, a.Message.Body = from, part
			want[w.do(t, p, a).Ref.ID] = p.html.Normal(part).Text
		}
	}
	parts := len(want)
	for _, r := range rooms {
		for _, m := range w.Read(t, chat.Place{Room: r}) {
			if got := m.Body.Text; got != want[m.Ref.ID] {
				t.Errorf("%q stands there, not %q", got, want[m.Ref.ID])
			}
			delete(want, m.Ref.ID)
		}
	}
	if len(want) > 0 {
		t.Errorf("%d messages do not stand there", len(want))
	}
	if pinged := w.Pinged(t); len(pinged) > 0 {
		t.Errorf("mentioned are %q", pinged)
	}
	t.Logf("%d texts in %d messages", said, parts)
}

// readings are how texts come in.
var readings = []format.Dialect{format.Matrix{}, format.Plain{}, format.Discord{}, format.Markdown{Typed: true}, format.HTML{}, format.Markdown{}, format.Discord{}}
