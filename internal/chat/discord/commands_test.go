package discord

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/format"
)

// table are commands as internal/command has them.
func table() []chat.Command {
	return []chat.Command{
		{Name: "status", Help: "What is read here, and how far"},
		{Name: "find", Help: "Looks for words", Menu: "Find this", Options: []chat.Option{
			{Name: "where", Help: "In which text", Choices: []chat.Choice{{Label: "in the essay", Value: "essay"}, {Value: "void"}}},
			{Name: "words", Help: "What to look for", Required: true, Complete: func(_ context.Context, c chat.Call) []chat.Choice {
				var all []chat.Choice
				for i := range 40 {
					all = append(all, chat.Choice{Label: fmt.Sprintf("%s %d %s", c.Args["words"], i, strings.Repeat("ö", 200)), Value: fmt.Sprint(i)})
				}
				return append([]chat.Choice{{Label: "too long", Value: strings.Repeat("x", 101)}}, all...)
			}},
		}},
		{Name: "passage", Help: "Shows a passage", Menu: "Show passage"},
	}
}

// called waits for the call of an interaction.
func called(e *ear, name string) chat.Call {
	e.t.Helper()
	return *e.hears("the call of "+name, func(o chat.Event) bool { return o.Kind == chat.Called && o.Call.Name == name }).Call
}

// A slash command is promised an answer at once, reported, and answered to its
// caller alone.
func TestSlash(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), table()))
		e := hear(t, p, fromNow(r))
		owner := w.Server.User("Op", discordtest.ManageGuild)
		owner.Nick("The operator")
		i, err := owner.Slash(r.ID, "essay find", map[string]string{"words": "the void"})
		must(t, err)
		c := called(e, "find")
		if !i.Deferred() || !c.Private || c.Token == "" || c.Rights != chat.Operator || c.By.Name != "The operator" ||
			c.Ref.Place != at(r) || !maps.Equal(c.Args, map[string]string{"words": "the void"}) || !c.On.IsZero() {
			t.Errorf("called %+v", c)
		}
		for range 2 { // twice is once
			must(t, p.Answer(t.Context(), c, chat.Message{Body: format.Text("It *is* here, @everyone.")}))
		}
		if all := i.Answers(); len(all) != 1 || !all[0].Private || !strings.Contains(all[0].Text, "is") {
			t.Errorf("answered %+v", all)
		}
		long := format.Text(strings.TrimSpace(strings.Repeat("Very much. ", 500)))
		if err := p.Answer(t.Context(), c, chat.Message{Body: long}); p.fits(chat.Message{Body: long}) || !errors.Is(err, chat.ErrRefused) {
			t.Errorf("an answer that does not fit: %v", err)
		}
		time.Sleep(16 * time.Minute)
		if err := p.Answer(t.Context(), c, chat.Message{Body: format.Text("Late.")}); !errors.Is(err, chat.ErrGone) {
			t.Errorf("after 16 minutes: %v", err)
		}
		w.ForgetBad()
		e.stop()
	})
}

// Commands of a group stand in it, and are called by their own names; more fit so
// than stand side by side.
func TestGroups(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		all := table()
		for i := range 30 {
			all = append(all, chat.Command{Name: fmt.Sprintf("verb-%d", i), Help: "Does it", Group: []string{"host", "moderate"}[i%2], Options: all[1].Options})
		}
		must(t, p.Register(t.Context(), all))
		e := hear(t, p, fromNow(r))
		ada := w.Server.User("Ada")
		_, err := ada.Slash(r.ID, "essay moderate verb-29", map[string]string{"words": "the void", "where": "essay"})
		must(t, err)
		if c := called(e, "verb-29"); !maps.Equal(c.Args, map[string]string{"words": "the void", "where": "essay"}) {
			t.Errorf("called %+v", c)
		}
		i, err := ada.Autocomplete(r.ID, "essay host verb-28", map[string]string{"words": "voi"}, "words")
		must(t, err)
		must(t, i.Wait(t.Context()))
		if all := i.Choices(); len(all) != 25 || !strings.HasPrefix(all[0].Name, "voi 0 ") {
			t.Errorf("offered are %+v", all)
		}
		if _, err := ada.Slash(r.ID, "essay verb-29", nil); err == nil {
			t.Error("it stands beside its group, too")
		}
		e.stop()
	})
}

// A command in the menu of a message is about that message.
func TestMenu(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), table()))
		e := hear(t, p, fromNow(r))
		root := does(t, p, posting(at(r), "", "A passage.")).Ref
		thread := opened(t, p, root)
		ada := w.Server.User("Ada", discordtest.ManageMessages)
		said, err := ada.Say(thread.Thread, "Which was it?", "")
		must(t, err)
		_, err = ada.Menu(said, "Show passage")
		must(t, err)
		c := called(e, "passage")
		if c.On != (chat.Ref{Place: thread, ID: said}) || c.Rights != chat.Moderator || c.Ref.Place != thread || !c.Private {
			t.Errorf("called %+v", c)
		}
		e.stop()
	})
}

// What may be meant is offered while it is typed, as much as Discord shows.
func TestAutocomplete(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), table()))
		e := hear(t, p, fromNow(r))
		i, err := w.Server.User("Ada").Autocomplete(r.ID, "essay find", map[string]string{"words": "voi"}, "words")
		must(t, err)
		must(t, i.Wait(t.Context()))
		all := i.Choices()
		if len(all) != 25 || !strings.HasPrefix(all[0].Name, "voi 0 ") {
			t.Errorf("offered are %+v", all)
		}
		if calls := e.all(chat.Called); len(calls) > 0 {
			t.Errorf("typing is reported as %+v", calls)
		}
		e.stop()
	})
}

// An answer comes in time even while the bot is busy with a gap, or its handle
// takes long.
func TestAnswersInTime(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), table()))
		busy := make(chan bool)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			first := true
			ended <- p.Run(ctx, fromNow(r), func(context.Context, chat.Batch) error {
				if first {
					first = false
					close(busy)
					time.Sleep(time.Minute)
				}
				return nil
			})
		}()
		<-busy
		i, err := w.Server.User("Ada").Slash(r.ID, "essay status", nil)
		must(t, err)
		time.Sleep(2900 * time.Millisecond)
		if !i.Answered() {
			t.Error("nothing was answered within 3 s")
		}
		cancel()
		<-ended
	})
}

// A call in a channel that the bot does not listen to is answered there.
func TestCalledElsewhere(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), table()))
		other := w.Room(t)
		e := hear(t, p, fromNow(r))
		i, err := w.Server.User("Ada").Slash(other.ID, "essay status", nil)
		must(t, err)
		must(t, i.Wait(t.Context()))
		if all := i.Answers(); len(all) != 1 || !all[0].Private {
			t.Errorf("answered %+v", all)
		}
		if calls := e.all(chat.Called); len(calls) > 0 {
			t.Errorf("it is reported as %+v", calls)
		}
		e.stop()
	})
}

// Only what is not as it should be is written.
func TestRegisterByDifference(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		writes := func(all []chat.Command) (made, changed, gone int) {
			before := w.Ops()
			must(t, w.open(t).Register(t.Context(), all))
			after := w.Ops()
			return after["create_guild_application_command"].N - before["create_guild_application_command"].N,
				after["update_guild_application_command"].N - before["update_guild_application_command"].N,
				after["delete_guild_application_command"].N - before["delete_guild_application_command"].N
		}
		all := table()
		more := slices.Clone(all)
		more[0].Help = "How things stand"
		for _, c := range []struct {
			all                 []chat.Command
			made, changed, gone int
		}{{all, 3, 0, 0}, {all, 0, 0, 0}, {more, 0, 1, 0}, {more[:2], 0, 1, 1}, {all, 1, 1, 0}, {all, 0, 0, 0}} {
			if made, changed, gone := writes(c.all); made != c.made || changed != c.changed || gone != c.gone {
				t.Errorf("%d were made, %d changed, %d taken off; should be %d, %d, %d", made, changed, gone, c.made, c.changed, c.gone)
			}
		}
	})
}

// More commands than Discord lets a bot make in a day: whoever registers is told
// of it at once, and how long it lasts, and makes the rest on the next day.
func TestManyCommandsInADay(t *testing.T) {
	day := map[string]discordtest.Limit{"new commands": {N: 2, Per: 24 * time.Hour, Hidden: true}}
	story(t, discordtest.Options{Limits: day}, func(t *testing.T, w *world, p *Platform, _ chat.Room) {
		began := time.Now()
		err := p.Register(t.Context(), table())
		if wait := asked(t, err); wait.Wait < 23*time.Hour || wait.Wait > 24*time.Hour {
			t.Errorf("it waits %+v", wait)
		}
		if !strings.Contains(err.Error(), "as many commands on this server today") {
			t.Errorf("%v does not say what there is too much of", err)
		}
		if waited := time.Since(began); waited > time.Minute {
			t.Errorf("it was told after %s", waited)
		}
		made := w.Ops()["create_guild_application_command"]
		if err := p.Register(t.Context(), table()); !cameTo(err, errLater) {
			t.Errorf("on the same day: %v", err)
		}
		if again := w.Ops()["create_guild_application_command"]; again.N != made.N {
			t.Errorf("%d more were asked for on the same day", again.N-made.N)
		}
		time.Sleep(24 * time.Hour)
		must(t, p.Register(t.Context(), table()))
	})
}

// Typed commands work as well, with the rights that the writer has.
func TestTypedCommand(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		e := hear(t, p, fromNow(r))
		for name, c := range map[string]struct {
			who   *discordtest.User
			right chat.Right
		}{
			"one": {w.Server.User("Ada"), chat.Anyone}, "two": {w.Server.User("Mod", discordtest.ManageMessages), chat.Moderator},
			"three": {w.Server.User("Op", discordtest.ManageGuild), chat.Operator}, "four": {w.Server.User("Root", discordtest.Administrator), chat.Operator},
		} {
			id, err := c.who.Say(r.ID, "!Essay "+name+" 3 --plan=drip", "")
			must(t, err)
			call := called(e, name)
			if call.Rights != c.right || call.Private || call.Ref.ID != id || !maps.Equal(call.Args, map[string]string{"1": "3", "plan": "drip"}) {
				t.Errorf("%s by %s is reported as %+v", name, c.who.Name(), call)
			}
		}
		e.stop()
	})
}

// Who is no moderator any more is none at once, however they call.
func TestDemoted(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), table()))
		e := hear(t, p, fromNow(r))
		mod := w.Server.User("Mod", discordtest.ManageMessages)
		for i, right := range []chat.Right{chat.Moderator, chat.Anyone} {
			name := fmt.Sprintf("typed-%d", i)
			_, err := mod.Say(r.ID, "!essay "+name, "")
			must(t, err)
			if c := called(e, name); c.Rights != right {
				t.Errorf("%s has the right %d, not %d", name, c.Rights, right)
			}
			_, err = mod.Slash(r.ID, "essay find", map[string]string{"words": name})
			must(t, err)
			c := *e.hears("the slash command", func(o chat.Event) bool { return o.Kind == chat.Called && o.Call.Args["words"] == name }).Call
			if c.Rights != right {
				t.Errorf("by the slash command the right is %d, not %d", c.Rights, right)
			}
			mod.Demote()
		}
		e.stop()
	})
}

// Of a release one command is new and another says something else, and one is
// taken off. The new one must wait for the next day; the others do not.
func TestOneCommandMustWait(t *testing.T) {
	day := map[string]discordtest.Limit{"new commands": {N: 3, Per: 24 * time.Hour, Hidden: true}}
	story(t, discordtest.Options{Limits: day}, func(t *testing.T, w *world, p *Platform, _ chat.Room) {
		must(t, p.Register(t.Context(), table()))
		release := table()
		release[0].Help, release[1].Menu, release[2].Menu = "How things stand", "Find these words", ""
		before := w.Ops()
		wait := asked(t, p.Register(t.Context(), release))
		if wait.Wait < 23*time.Hour || wait.Wait > 24*time.Hour {
			t.Errorf("it waits %+v", wait)
		}
		after := w.Ops()
		for name, want := range map[string]int{"create": 1, "update": 1, "delete": 2} {
			name += "_guild_application_command"
			if n := after[name].N - before[name].N; n != want {
				t.Errorf("%s was asked for %d times, not %d", name, n, want)
			}
		}
		time.Sleep(24 * time.Hour)
		must(t, p.Register(t.Context(), release))
		if n := w.Ops()["create_guild_application_command"].Errors; n[429] != 1 {
			t.Errorf("creates came to %v", n)
		}
	})
}

// A command that Discord refuses keeps none other from being made; a right that is
// missing would keep all, and is asked for once.
func TestOneCommandIsRefused(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, _ chat.Room) {
		const create = "create_guild_application_command"
		odd := []chat.Command{{Name: "no name!", Menu: "Find this"}, {Name: "status", Menu: "Show passage"}}
		if err := p.Register(t.Context(), odd); !errors.Is(err, chat.ErrRefused) {
			t.Errorf("it is registered: %v", err)
		}
		if c := w.Ops()[create]; c.N != 3 || c.Errors[badForm] != 1 {
			t.Errorf("of %d one is refused: %v", c.N, c.Errors)
		}
		w.ForgetBad()
		w.Fault(discordtest.Fault{Op: create, Kind: discordtest.Refused, Code: noAccess})
		odd[0].Menu, odd[1].Menu = "Find these", "Show that"
		if err := p.Register(t.Context(), odd); !errors.Is(err, chat.ErrForbidden) {
			t.Errorf("it is registered: %v", err)
		}
		if c := w.Ops()[create]; c.Errors[noAccess] != 1 {
			t.Errorf("it was refused %d times", c.Errors[noAccess])
		}
	})
}
