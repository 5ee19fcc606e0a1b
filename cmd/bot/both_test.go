package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"marginalia/internal/chat/discord/discordtest"
	"marginalia/test/dendrite"
	"marginalia/test/matrixuser"
	"marginalia/test/require"
	"marginalia/test/wait"
)

// guild is a Discord with a club in it, read by the test's own people.
type guild struct {
	t    *testing.T
	site *discordtest.Server
	club string // the channel
}

func newGuild(t *testing.T) guild {
	t.Helper()
	site, err := discordtest.Start(discordtest.Options{Schemas: require.Shared(t, "discord")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, bad := range site.Bad() {
			t.Errorf("Discord would mind: %s", bad)
		}
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	return guild{t, site, site.Channel("club")}
}

// waitFor returns the message in a channel or thread that holds some words.
func (g guild) waitFor(channel, words string) discordtest.Message {
	g.t.Helper()
	var found discordtest.Message
	wait.Until(g.t, patience, fmt.Sprintf("%q stands in %s", words, channel), func() bool {
		all := g.site.Messages(channel)
		i := slices.IndexFunc(all, func(m discordtest.Message) bool { return strings.Contains(m.Text, words) })
		if i >= 0 {
			found = all[i]
		}
		return i >= 0
	})
	return found
}

// asks has something done with a command, which may not be registered yet,
// and returns the answer that only the caller sees.
func (g guild) asks(do func() (*discordtest.Interaction, error)) string {
	g.t.Helper()
	var i *discordtest.Interaction
	wait.Until(g.t, patience, "the command is there", func() bool {
		var err error
		i, err = do()
		return err == nil
	})
	ctx, cancel := context.WithTimeout(g.t.Context(), patience)
	defer cancel()
	if err := i.Wait(ctx); err != nil {
		g.t.Fatalf("wait for an answer: %v", err)
	}
	if answers := i.Answers(); len(answers) > 0 {
		if !answers[0].Private {
			g.t.Errorf("everyone reads %q", answers[0].Text)
		}
		return answers[0].Text
	}
	var offered []string
	for _, c := range i.Choices() {
		offered = append(offered, c.Name)
	}
	return strings.Join(offered, "\n")
}

// One bot on both networks: what is said on one is read on the other, and the
// commands are the same, private where the network can be.
func TestRunOnBothNetworks(t *testing.T) {
	g := newGuild(t)
	server := dendrite.Start(t)
	account := func(name string) *matrixuser.User {
		a := server.Register(t, name)
		return matrixuser.New(server.URL(), a.UserID, a.AccessToken)
	}
	bot, ann := account("marginalia"), account("ann")
	tea := newTable(t, ann, "tea", bot)
	f := newFolder(t, map[string]string{"short.md": short, "discord.token": g.site.Token() + "\n", "matrix.token": bot.Token, "config.toml": fmt.Sprintf(`
[privacy]
default = "named"
[matrix]
homeserver = %q
user = %q
token_file = "matrix.token"
[discord]
token_file = "discord.token"
api = %q
[[rooms]]
name = "tea"
platform = "matrix"
id = %q
[[rooms]]
name = "club"
platform = "discord"
id = %q
[[plans]]
text = "short.md"
cron = "0 0 29 2 *"
`, server.URL(), bot.ID, g.site.API(), tea.id, g.club)})
	if out, errs, code := f.bot("check"); code != 0 || !strings.Contains(out, "\ndiscord\n  ✓ the token\n") || strings.Contains(out+errs, g.site.Token()) {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	s := f.run()
	f.ready()

	tea.say(ann, "!essay next", "")
	root := tea.waitFor(bot, "all there is to be read")
	post := g.waitFor(g.club, "all there is to be read")
	ben := g.site.User("Ben")
	thread := ""
	wait.Until(t, patience, "a thread is under the post", func() bool {
		at, ok := g.site.ThreadOf(post.ID)
		thread = at.ID
		return ok
	})
	said, err := ben.Say(thread, "> which is all there is\nIs it enough?", "")
	if err != nil {
		t.Fatal(err)
	}
	tea.waitFor(bot, "Is it enough?")
	tea.say(ann, "It is.", root.ID)
	tea.say(ann, "!essay back", "")
	tea.waitFor(bot, "stands here already, and nothing is posted twice")
	g.waitFor(thread, "It is.")

	jump := "https://discord.com/channels/" + g.site.Guild() + "/" + g.club + "/" + post.ID
	for what, c := range map[string]struct {
		do   func() (*discordtest.Interaction, error)
		want []string
	}{
		"status": {func() (*discordtest.Interaction, error) { return ben.Slash(g.club, "essay status", nil) }, []string{"Short: 1 of 1 passages posted, 2 annotations"}},
		"next":   {func() (*discordtest.Interaction, error) { return ben.Slash(g.club, "essay host next", nil) }, []string{"Only a moderator"}},
		"skip":   {func() (*discordtest.Interaction, error) { return ben.Slash(g.club, "essay host skip", nil) }, []string{"Only a moderator"}},
		"back":   {func() (*discordtest.Interaction, error) { return ben.Slash(g.club, "essay host back", nil) }, []string{"Only a moderator"}},
		"find": {func() (*discordtest.Interaction, error) {
			return ben.Slash(g.club, "essay find", map[string]string{"words": "ALL there is"})
		}, []string{"found in 1 passage", jump}},
		"what is offered": {func() (*discordtest.Interaction, error) {
			return ben.Autocomplete(g.club, "essay find", map[string]string{"words": "which is a"}, "words")
		}, []string{"1 · Short: One paragraph, which is all there is"}},
		"the menu of the post":  {func() (*discordtest.Interaction, error) { return ben.Menu(post.ID, "Show passage") }, []string{"This is passage 1 of 1 of Short", jump}},
		"the menu of the reply": {func() (*discordtest.Interaction, error) { return ben.Menu(said, "Show passage") }, []string{"This was said about passage 1 of 1 of Short", "> which is all there is"}},
		"the menu that moves":   {func() (*discordtest.Interaction, error) { return ben.Menu(said, "Move anchor") }, []string{"This remark is about these words:", "> which is all there is", "To move it"}},
		"what may be moved": {func() (*discordtest.Interaction, error) {
			return ben.Autocomplete(thread, "essay anchor", map[string]string{"remark": ""}, "remark")
		}, []string{"Is it enough?"}},
		"passage in the thread": {func() (*discordtest.Interaction, error) { return ben.Slash(thread, "essay passage", nil) }, []string{"This is passage 1 of 1 of Short"}},
	} {
		got := g.asks(c.do)
		for _, w := range c.want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: %q does not hold %q", what, got, w)
			}
		}
	}
	const asked = "Which one do you mean?"
	if _, err := ben.Say(thread, "> is\nWhich of them?", ""); err != nil {
		t.Fatal(err)
	}
	if q := g.waitFor(thread, asked); !strings.Contains(q.Text, "paragraph, which **is** all there is to be read.") {
		t.Errorf("the question: %q", q.Text)
	}
	offered := g.asks(func() (*discordtest.Interaction, error) {
		return ben.Autocomplete(thread, "essay anchor", map[string]string{"place": ""}, "place")
	})
	if !strings.Contains(offered, "1 · Short: One paragraph, which is all") || !strings.Contains(offered, "the passage as a whole") {
		t.Errorf("offered are %q", offered)
	}
	moved := g.asks(func() (*discordtest.Interaction, error) {
		return ben.Slash(thread, "essay anchor", map[string]string{"place": "2"})
	})
	if !strings.HasPrefix(moved, "It is now about these words:") {
		t.Errorf("the answer: %q", moved)
	}
	wait.Until(t, patience, "the question is gone", func() bool {
		return !slices.ContainsFunc(g.site.Messages(thread), func(m discordtest.Message) bool { return strings.Contains(m.Text, asked) })
	})
	tea.say(ann, "> is\n\nWhich of those?", root.ID)
	tea.waitFor(bot, asked)
	tea.say(ann, "1", root.ID)
	wait.Until(t, patience, "both point at one place", func() bool {
		out, _, _ := f.bot("export", "short", "--format", "jsonld")
		return strings.Count(out, `"exact": "is"`)+strings.Count(out, `"exact":"is"`) == 2
	})
	if all := g.site.Messages(thread); slices.ContainsFunc(all, func(m discordtest.Message) bool { return strings.HasSuffix(m.Text, "1") }) {
		t.Errorf("a choice was taken for a remark: %+v", all)
	}
	if all := strings.Join(g.site.Everything(g.club), "\n"); strings.Contains(all, "passages posted") {
		t.Errorf("a private answer is found in the channel: %s", all)
	}
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if log := f.read("err.txt"); log != "" {
		t.Errorf("the log:\n%s", log)
	}
}

// A Discord that refuses the token, or cannot be reached, holds nobody up: the
// bot starts, the log says what is wrong and never what the token is, and once
// it is mended all goes on without a restart.
func TestADiscordThatIsAway(t *testing.T) {
	g := newGuild(t)
	g.site.Fault(discordtest.Fault{Op: "*", Kind: discordtest.CutOff})
	f := newFolder(t, map[string]string{"short.md": short, "config.toml": fmt.Sprintf(`
[relay]
settle = "1s"
[discord]
token = %q
api = %q
[[rooms]]
name = "club"
platform = "discord"
id = %q
[[rooms]]
name = "desk"
platform = "local"
[[plans]]
text = "short.md"
cron = "@every 1s"
`, g.site.Token(), g.site.API(), g.club)})
	s := f.run()
	wait.Until(t, patience, "the outage is told", func() bool {
		log := f.read("err.txt")
		return strings.Contains(log, "something is missing") && strings.Contains(log, "the commands are not registered yet")
	})
	if _, errs, code := f.bot("check"); code != exitFailed || strings.Contains(errs, g.site.Token()) {
		t.Errorf("bot check: code %d, %s", code, errs)
	}
	wait.Until(t, patience, "the local room has the passage", func() bool {
		out, _, _ := f.bot("status")
		return strings.Contains(out, "local:desk  0 waiting") && strings.Contains(out, "1 of 1 passages posted")
	})
	g.site.Heal()
	f.ready()
	wait.Until(t, patience, "the post stands", func() bool { return len(g.site.Messages(g.club)) > 0 })
	g.asks(func() (*discordtest.Interaction, error) {
		return g.site.User("Ben").Slash(g.club, "essay status", nil)
	})
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if log := f.read("err.txt"); strings.Contains(log, g.site.Token()) {
		t.Errorf("the log tells the token:\n%s", log)
	}
}
