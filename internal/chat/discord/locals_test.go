package discord

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// inGerman are commands with a form that have German words.
func inGerman() []chat.Command {
	all := withForms()
	for i := range all {
		all[i].Local = map[string]map[string]string{"de": {
			"Looks for words": "Sucht Worte", "Find this": "Das suchen", "What to look for": "Was zu suchen ist", "in the essay": "im Essay",
			noting.Menu: "Notieren", noting.Options[0].Asked: "Was ist zu sagen?",
		}}
	}
	return all
}

// Commands are described, and named in menus and choices, in the language of whoever
// looks; what is typed is the same in all. Discord is told so once, and again when
// only that is another.
func TestCommandsInOtherLanguages(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), inGerman()))
		me, err := p.who(t.Context())
		must(t, err)
		var stand []order
		must(t, p.get(t.Context(), "applications/"+me.application+"/guilds/"+w.Guild()+"/commands", map[string][]string{"with_localizations": {"true"}}, &stand))
		src, err := json.Marshal(stand)
		must(t, err)
		for _, want := range []string{
			`"name":"find","description":"Looks for words","description_localizations":{"de":"Sucht Worte"}`,
			`"name":"Find this","name_localizations":{"de":"Das suchen"}`,
			`"name":"words","description":"What to look for","description_localizations":{"de":"Was zu suchen ist"}`,
			`{"name":"in the essay","name_localizations":{"de":"im Essay"},"value":"essay"}`,
			`"name":"status","description":"What is read here, and how far"}`,
		} {
			if !strings.Contains(string(src), want) {
				t.Errorf("not registered: %s\nin %s", want, src)
			}
		}
		written := func() int {
			return w.Ops()["update_guild_application_command"].N + w.Ops()["create_guild_application_command"].N
		}
		before := written()
		must(t, w.open(t).Register(t.Context(), inGerman()))
		if n := written() - before; n != 0 {
			t.Errorf("a start wrote %d that stood there", n)
		}
		must(t, w.open(t).Register(t.Context(), withForms())) // the slash command, and the two entries
		must(t, w.open(t).Register(t.Context(), withForms()))
		if n := written() - before; n != 3 {
			t.Errorf("%d were written as their German went, want 3", n)
		}
	})
}

// A form asks in the language of who opens it, where there is one.
func TestAFormInGerman(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), inGerman()))
		e := hear(t, p, fromNow(r))
		root := posted(t, p, r, usualButtons...)
		for locale, want := range map[string][]string{"de": {"Notieren", "Was ist zu sagen?"}, "fr": {noting.Menu, noting.Options[0].Asked}} {
			who := w.Server.User(locale)
			who.Speaks(locale)
			i, err := who.Press(root.ID, "Note")
			must(t, err)
			must(t, w.Wait(t.Context(), func() bool { return i.Answered() }))
			m := i.Modal()
			if m == nil || m.Title != want[0] || !slices.ContainsFunc(m.Inputs, func(in discordtest.Input) bool { return in.Label == want[1] }) {
				t.Errorf("in %s it opens %+v, want %q", locale, m, want)
			}
		}
		e.stop()
	})
}

// What the bot says before a call reaches it is in the language of who acts, too.
func TestARefusalInGerman(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), table()))
		e := hear(t, p, fromNow(r))
		elsewhere := w.Server.Channel("elsewhere")
		for locale, want := range map[string]string{"de": "Dieser Bot ist für diesen Kanal nicht eingerichtet.", "fr": "This bot is not set up for this channel."} {
			who := w.Server.User(locale)
			who.Speaks(locale)
			i, err := who.Slash(elsewhere, "essay status", nil)
			must(t, err)
			must(t, w.Wait(t.Context(), func() bool { return i.Answered() }))
			if all := i.Answers(); len(all) != 1 || !all[0].Private || all[0].Text != want {
				t.Errorf("in %s it is answered %+v", locale, all)
			}
		}
		e.stop()
	})
}
