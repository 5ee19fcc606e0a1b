package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"marginalia/test/dendrite"
	"marginalia/test/matrixuser"
	"marginalia/test/wait"
)

// What is missing is told by bot check, with what to do, and by bot run, which
// runs all the same; once it is there neither says a word.
func TestCheckOnAHomeserver(t *testing.T) {
	server := dendrite.Start(t)
	user := func(name string) *matrixuser.User {
		a := server.Register(t, name)
		return matrixuser.New(server.URL(), a.UserID, a.AccessToken)
	}
	bot, ann := user("marginalia"), user("ann")
	tea, ale := newTable(t, ann, "tea", bot), newTable(t, ann, "ale")
	f := newFolder(t, map[string]string{"short.md": short, "matrix.token": bot.Token + "\n", "config.toml": fmt.Sprintf(`
[matrix]
homeserver = %q
user = %q
token_file = "matrix.token"
[[rooms]]
name = "tea"
platform = "matrix"
id = %q
[[rooms]]
name = "ale"
platform = "matrix"
id = %q
[[plans]]
text = "short.md"
cron = "0 0 29 2 *"
`, server.URL(), bot.ID, tea.id, ale.id)})
	out, errs, code := f.bot("check")
	for _, line := range []string{
		"✓ config.toml can be read", "matrix", "  ✓ the homeserver " + server.URL(), "  ✓ the token", "  ✓ room tea: post messages",
		"  ✗ room ale: the bot is in it", "    the bot is not in the room, nor invited", "    invite " + bot.ID,
	} {
		if !strings.Contains("\n"+out, "\n"+line) {
			t.Errorf("bot check does not say %q:\n%s", line, out)
		}
	}
	if code != exitFailed || errs != "bot: 1 thing is missing\n" || strings.Contains(out, bot.Token) {
		t.Errorf("code %d, %q", code, errs)
	}
	var found checkOf
	out, _, code = f.bot("check", "--json")
	if err := json.Unmarshal([]byte(out), &found); err != nil || code != exitFailed || found.OK || len(found.Networks) != 1 || len(found.Networks[0].Findings) < 6 {
		t.Errorf("code %d, error %v: %s", code, err, out)
	}

	s := f.run()
	wait.Until(t, patience, "the log tells it", func() bool { return strings.Contains(f.read("err.txt"), `what="room ale: the bot is in it"`) })
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if log := f.read("err.txt"); strings.Contains(log, "level=ERROR") || strings.Contains(log, bot.Token) {
		t.Errorf("the log:\n%s", log)
	}

	if err := ann.Call(t.Context(), "POST", "/_matrix/client/v3/rooms/"+ale.id+"/invite", nil, map[string]any{"user_id": bot.ID}, nil); err != nil {
		t.Fatal(err)
	}
	if err := bot.Join(t.Context(), ale.id); err != nil {
		t.Fatal(err)
	}
	if out, errs, code := f.bot("check"); code != 0 || errs != "" || !strings.Contains(out, "Nothing is missing") {
		t.Errorf("code %d, %s%s", code, out, errs)
	}
	s = f.run()
	f.ready()
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if log := f.read("err.txt"); strings.Contains(log, "something is missing") {
		t.Errorf("the log:\n%s", log)
	}
}
