package discord

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// Who takes an emoji off while the session is lost is told by nobody: what
// stands is told anew. A moderator who takes emoji off does not say whose they
// were, and the process that hears of it may be another than the one that heard
// of them.
func TestEmojiThatAreTakenOff(t *testing.T) {
	w := newWorld(t, discordtest.Options{})
	r := w.Room(t)
	ann, ben := w.User(t, "Ann").(*person), w.User(t, "Ben").(*person)
	since := map[chat.Place]chat.Cursor{{}: "", {Room: r}: ""}
	m := ""
	since = heardBy(t, w.open(t), since, func() {
		m = ann.Say(t, chat.Place{Room: r}, "words", chat.Ref{}).ID
		must(t, ann.u.React(m, "👍"))
		must(t, ben.u.React(m, "👍"))
		must(t, ben.u.React(m, "🎯"))
	}, "reacted 👍 Ann", "reacted 👍 Ben", "reacted 🎯 Ben")
	w.Server.Restart()
	must(t, ann.u.Unreact(m, "👍"))
	since = heardBy(t, w.open(t), since, func() {}, "unreacted", "reacted 👍 Ben", "reacted 🎯 Ben")
	since = heardBy(t, w.open(t), since, func() { must(t, ann.u.ClearReactions(m, "🎯")) }, "unreacted 🎯")
	heardBy(t, w.open(t), since, func() { must(t, ann.u.ClearReactions(m, "")) }, "unreacted")
}

// heardBy lets p listen, does something once it does, waits for all that p
// should tell of emoji, in that order, and returns how far it has read.
func heardBy(t *testing.T, p *Platform, since map[chat.Place]chat.Cursor, do func(), want ...string) map[chat.Place]chat.Cursor {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	since = maps.Clone(since)
	var heard []string
	began := false
	err := p.Run(ctx, maps.Clone(since), func(_ context.Context, b chat.Batch) error {
		maps.Copy(since, b.Since)
		for _, e := range b.Events {
			switch e.Kind {
			case chat.Reacted, chat.Unreacted:
				heard = append(heard, told(e))
			}
		}
		if !began {
			began = true
			do()
		}
		if len(heard) >= len(want) {
			cancel()
		}
		return nil
	})
	if !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q (%v)", heard, want, err)
	}
	return since
}

func told(e chat.Event) string {
	text := string(e.Kind)
	if e.Emoji != "" {
		text += " " + e.Emoji
	}
	if e.By.ID != "" {
		text += fmt.Sprintf(" %s", e.By.Name[len("The good "):])
	}
	return text
}
