//go:build unix

package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"marginalia/internal/chat/discord/discordtest"
	"marginalia/test/dendrite"
	"marginalia/test/matrixuser"
	"marginalia/test/require"
	"marginalia/test/wait"
)

// A newcomer has a folder with an essay in it, the program, and the README, of
// which they copy what it says and change what is theirs.
type newcomer struct {
	t       *testing.T
	readme  string
	program string
	dir     string
	began   time.Time
	steps   int

	server  *dendrite.Server
	ann     *matrixuser.User
	room    string
	club    *discordtest.Server
	ben     *discordtest.User
	channel string
}

// step tells what was done, and how long it took since the beginning.
func (n *newcomer) step(format string, args ...any) {
	n.t.Helper()
	n.steps++
	n.t.Logf("%2d. %5.1f s  %s", n.steps, time.Since(n.began).Seconds(), fmt.Sprintf(format, args...))
}

// copy is the first block of a kind in a section of the README, with words
// changed that must be there.
func (n *newcomer) copy(section, kind string, changes ...string) string {
	n.t.Helper()
	_, text, ok := strings.Cut(n.readme, "\n"+section+"\n")
	_, text, ok2 := strings.Cut(text, "```"+kind+"\n")
	text, _, ok3 := strings.Cut(text, "```")
	if !ok || !ok2 || !ok3 {
		n.t.Fatalf("the README has no %s in %q", kind, section)
	}
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			n.t.Fatalf("the README's %s in %q does not hold %q, which is to be changed:\n%s", kind, section, changes[i], text)
		}
		text = strings.ReplaceAll(text, changes[i], changes[i+1])
	}
	return text
}

func (n *newcomer) write(name, text string) {
	n.t.Helper()
	if err := os.WriteFile(filepath.Join(n.dir, name), []byte(text), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// curl does what the README's first line of curl in a section does, and decodes
// the answer.
func (n *newcomer) curl(section string, out any, changes ...string) {
	n.t.Helper()
	command := n.copy(section, "sh", changes...)
	m := regexp.MustCompile(`(?s)^\s*curl -s (\S+) -d '(.*)'\s*$`).FindStringSubmatch(command)
	if m == nil {
		n.t.Fatalf("this is not understood: %s", command)
	}
	answer, err := http.Post(m[1], "application/x-www-form-urlencoded", strings.NewReader(m[2])) // as curl -d does
	if err != nil {
		n.t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil || answer.StatusCode != http.StatusOK {
		n.t.Fatalf("%s answers %s (%v)", m[1], answer.Status, err)
	}
}

// TestANewcomerWithTheREADME goes from an empty folder to a bot that posts an
// essay into a room on a homeserver and a channel on the double of Discord, and
// carries answers across, by the README alone.
func TestANewcomerWithTheREADME(t *testing.T) {
	t.Parallel()
	n := &newcomer{t: t, readme: read(t, filepath.Join(require.Root(t), "README.md")), server: dendrite.Start(t)}
	a := n.server.Register(t, "ann")
	n.ann = matrixuser.New(n.server.URL(), a.UserID, a.AccessToken)
	var err error
	if n.club, err = discordtest.Start(discordtest.Options{Schemas: require.Shared(t, "discord")}); err != nil {
		t.Fatal(err)
	}
	defer n.club.Close()
	n.channel, n.ben = n.club.Channel("club"), n.club.User("Ben", discordtest.ManageMessages)
	n.program, n.dir, n.began = build(t), t.TempDir(), time.Now()

	n.configures()
	n.checks()
	b := start(t, n.program, n.dir, "run", "--listen", "127.0.0.1:0")
	wait.Until(t, startTime, "the bot is ready", func() bool { status, _ := b.get("/ready"); return status == http.StatusOK })
	n.step("bot run")
	n.talks()
	n.reads(b)
	if code, _ := b.end(syscall.SIGTERM); code != 0 {
		t.Errorf("the bot ends with code %d", code)
	}
	for _, bad := range n.club.Bad() {
		t.Errorf("Discord would mind: %s", bad)
	}
}

// configures writes config.toml out of the README's blocks.
func (n *newcomer) configures() {
	n.t.Helper()
	n.write("essay.md", read(n.t, filepath.Join(require.Root(n.t), "cmd", "bot", "sample", "essay.md")))
	config := n.copy("## Run it", "toml")
	n.step("an essay and a plan for it")
	n.joinMatrix()
	config += n.copy("### With Matrix", "toml", "https://matrix.example.org", n.server.URL(),
		"@marginalia:example.org", "@marginalia:"+n.server.Name(), "!AbCdEf:example.org", n.room)
	if want := fmt.Sprintf("permissions=%d`", discordtest.Invited); !strings.Contains(n.readme, want) {
		n.t.Errorf("the README's invitation does not ask for %s", want)
	}
	n.write("discord.token", n.club.Token()+"\n")
	config += n.copy("### With Discord", "toml", "1234567890123456789", n.channel,
		"[discord]\n", fmt.Sprintf("[discord]\napi = %q\n", n.club.API())) // as if there were a proxy
	n.write("config.toml", config)
	n.step("the token of Discord's, and a config.toml of %d lines", strings.Count(config, "\n"))
}

// joinMatrix makes an account for the bot, gets its token as the README says,
// and invites it into a room.
func (n *newcomer) joinMatrix() {
	n.t.Helper()
	bot := n.server.Register(n.t, "marginalia")
	n.step("an account for the bot on a homeserver")
	var login struct {
		Token string `json:"access_token"`
	}
	n.curl("### With Matrix", &login, "https://matrix.example.org", n.server.URL(), `"…"`, fmt.Sprintf("%q", bot.Password))
	n.write("matrix.token", login.Token+"\n")
	n.step("its token")
	var err error
	if n.room, err = n.ann.CreateRoom(n.t.Context(), "Book club", bot.UserID); err != nil {
		n.t.Fatal(err)
	}
	n.step("its invitation into a room")
}

// checks runs bot check, first with what is forgotten most often.
func (n *newcomer) checks() {
	n.t.Helper()
	n.club.AllowIntents(0)
	out, errs, code := verb(n.t, n.program, n.dir, "check")
	if code != 1 || !strings.Contains(out, "Message Content Intent") || oneSentence(errs) != nil {
		n.t.Errorf("without Message Content Intent, bot check ends with %d and says %s%s", code, out, errs)
	}
	n.step("bot check, which finds a switch that is off")
	n.club.AllowIntents(1 << 15)
	out, errs, code = verb(n.t, n.program, n.dir, "check")
	if code != 0 || errs != "" || !strings.Contains(out, "Nothing is missing") {
		n.t.Fatalf("bot check ends with %d and says %s%s", code, out, errs)
	}
	n.step("bot check, which finds nothing more:\n%s", out)
}

// talks asks for a passage, and lets Ann on Matrix and Ben on Discord answer it
// and each other.
func (n *newcomer) talks() {
	n.t.Helper()
	n.says("!essay next", "")
	root := n.onMatrix("· 1/")
	n.onDiscord("· 1/", n.channel)
	n.step("!essay next posts the first passage on both networks")

	quote := strings.Join(strings.Fields(root.Body())[3:7], " ")
	n.says("> "+quote+"\n\nAnn wonders about this.", root.ID)
	mirror := n.onDiscord("Ann wonders about this.", "")
	if mirror.Name != "ann" || !strings.Contains(mirror.Text, "> "+quote) {
		n.t.Errorf("on Discord %q says %q", mirror.Name, mirror.Text)
	}
	n.step("a reply on Matrix, with a quote, stands on Discord")

	if _, err := n.ben.Say(mirror.Channel, "Ben knows.", mirror.ID); err != nil {
		n.t.Fatal(err)
	}
	if e := n.onMatrix("Ben knows."); !strings.HasPrefix(e.Body(), "Ben: ") {
		n.t.Errorf("on Matrix stands %q", e.Body())
	}
	n.step("an answer to it on Discord stands on Matrix")
}

// says lets Ann say something.
func (n *newcomer) says(words, root string) {
	n.t.Helper()
	if _, err := n.ann.Send(n.t.Context(), n.room, "m.room.message", matrixuser.Text(words, root)); err != nil {
		n.t.Fatal(err)
	}
}

// onMatrix waits until the bot has said something in the room.
func (n *newcomer) onMatrix(words string) (found matrixuser.Event) {
	n.t.Helper()
	wait.Until(n.t, verbTime, words+" on Matrix", func() bool {
		all, err := n.ann.Messages(n.t.Context(), n.room)
		i := slices.IndexFunc(all, func(e matrixuser.Event) bool { return e.Sender != n.ann.ID && strings.Contains(e.Body(), words) })
		if err == nil && i >= 0 {
			found = all[i]
		}
		return found.ID != ""
	})
	return found
}

// onDiscord waits until the bot has said something in the channel, or in one of
// its threads if place is "".
func (n *newcomer) onDiscord(words, place string) (found discordtest.Message) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), verbTime)
	defer cancel()
	err := n.club.Wait(ctx, func() bool {
		places := []string{place}
		if place == "" {
			places = n.club.Threads(n.channel)
		}
		for _, p := range places {
			for _, m := range n.club.Messages(p) {
				if strings.Contains(m.Text, words) && m.Author != n.ben.ID() {
					found = m
				}
			}
		}
		return found.ID != ""
	})
	if err != nil {
		n.t.Fatalf("%q does not come to Discord: %v", words, err)
	}
	return found
}

// reads asks in a channel and at the command line what the bot knows.
func (n *newcomer) reads(b *bot) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), verbTime)
	defer cancel()
	asked, err := n.ben.Slash(n.channel, "essay status", nil)
	if err != nil {
		n.t.Fatal(err)
	}
	if err := asked.Wait(ctx); err != nil || !strings.Contains(asked.Answers()[0].Text, "2 annotations") {
		n.t.Errorf("/essay status says %v (%v)", asked.Answers(), err)
	}
	_, list, _ := strings.Cut(done(n.t, n.program, n.dir, "list"), "\n") // below its head
	export := done(n.t, n.program, n.dir, "export", strings.Fields(list)[0], "--format", "markdown")
	if !strings.Contains(export, "Ann wonders about this.") || !strings.Contains(export, "Ben knows.") {
		n.t.Errorf("the export lacks what was said: %s", export)
	}
	if status, page := b.get("/"); status != http.StatusOK || page == "" {
		n.t.Errorf("the reader page answers %d", status)
	}
	n.step("/essay status, bot list and bot export know it all")
}
