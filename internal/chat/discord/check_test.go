package discord

import (
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// missing are the findings that are not well, as text.
func missing(t *testing.T, p *Platform) string {
	t.Helper()
	var all []string
	for _, f := range p.Check(t.Context()) {
		if f.OK {
			continue
		}
		if f.Why == "" || f.Do == "" {
			t.Errorf("%q does not say why, or what to do: %+v", f.What, f)
		}
		all = append(all, f.What+": "+f.Why+": "+f.Do)
	}
	return strings.Join(all, "\n")
}

func TestCheck(t *testing.T) {
	const invite = "permissions=326954765376"
	for _, c := range []struct {
		name  string
		o     discordtest.Options
		spoil func(t *testing.T, w *world, r chat.Room)
		want  []string // nil: all is well
	}{
		{"all is well", discordtest.Options{}, func(*testing.T, *world, chat.Room) {}, nil},
		{"the token", discordtest.Options{}, func(_ *testing.T, w *world, _ chat.Room) { w.RevokeToken() }, []string{"the token", "Reset Token"}},
		{"the intent", discordtest.Options{Intents: -1}, func(*testing.T, *world, chat.Room) {}, []string{"Message Content Intent", "/bot"}},
		{"a permission in the channel", discordtest.Options{}, func(_ *testing.T, w *world, r chat.Room) { w.Deny(r.ID, discordtest.ManageWebhooks) },
			[]string{"channel #room-1: Manage Webhooks", "edit #room-1", "“Manage Webhooks”", invite}},
		{"a permission of the role", discordtest.Options{}, func(_ *testing.T, w *world, _ chat.Room) { w.Revoke(discordtest.ManageThreads) },
			[]string{"Manage Threads", invite, "scope=bot+applications.commands"}},
		{"sight", discordtest.Options{}, func(_ *testing.T, w *world, r chat.Room) { w.Deny(r.ID, discordtest.ViewChannel) }, []string{"does not see it", invite}},
		{"the channel", discordtest.Options{}, func(_ *testing.T, w *world, r chat.Room) { w.DeleteChannel(r.ID) }, []string{"there is none of this id"}},
		{"a thread for a channel", discordtest.Options{}, func(t *testing.T, w *world, r chat.Room) {
			id, err := w.Server.User("Ada").Thread(r.ID, "", "A thread")
			must(t, err)
			w.rooms = []string{id}
		}, []string{"no channel for text"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, c.o, func(t *testing.T, w *world) {
				c.spoil(t, w, w.Room(t))
				got := missing(t, w.open(t))
				if c.want == nil && got != "" {
					t.Errorf("missing is:\n%s", got)
				}
				for _, words := range c.want {
					if !strings.Contains(got, words) {
						t.Errorf("%q is not among what is missing:\n%s", words, got)
					}
				}
				w.ForgetBad()
			})
		})
	}
}

// The invitation is shown, whatever else is missing.
func TestInvitation(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		var all []string
		for _, f := range w.open(t).Check(t.Context()) {
			all = append(all, f.What)
		}
		want := "https://discord.com/oauth2/authorize?client_id=" + w.Application() + "&permissions=326954765376&scope=bot+applications.commands"
		if !strings.Contains(strings.Join(all, "\n"), want) {
			t.Errorf("%q is not among %q", want, all)
		}
	})
}
