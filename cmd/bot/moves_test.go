package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"marginalia/test/dendrite"
	"marginalia/test/matrixuser"
	"marginalia/test/wait"
)

// A room is upgraded while the bot is away. Started again, it says that it is
// not let into the new one; once it is, it goes on there, also after the next
// start, though the configuration names the old room.
func TestRunThroughARoomUpgrade(t *testing.T) {
	server := dendrite.Start(t)
	user := func(name string) *matrixuser.User {
		a := server.Register(t, name)
		return matrixuser.New(server.URL(), a.UserID, a.AccessToken)
	}
	bot, ann := user("marginalia"), user("ann")
	tea := newTable(t, ann, "tea", bot)
	text := "# Two\n\n" + strings.Repeat("This is the first half. ", 40) + "\n\n" + strings.Repeat("That is the second half. ", 40) + "\n"
	f := newFolder(t, map[string]string{"two.md": text, "matrix.token": bot.Token + "\n", "config.toml": fmt.Sprintf(`
[matrix]
homeserver = %q
user = %q
token_file = "matrix.token"
[[rooms]]
name = "tea"
platform = "matrix"
id = %q
[[plans]]
text = "two.md"
cron = "0 0 29 2 *"
`, server.URL(), bot.ID, tea.id)})
	s := f.run()
	f.ready()
	tea.say(ann, "!essay next", "")
	tea.waitFor(bot, "Two · 1/2")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.stop(syscall.SIGTERM))

	var made struct {
		Room string `json:"replacement_room"`
	}
	must(ann.Call(t.Context(), "POST", "/_matrix/client/v3/rooms/"+tea.id+"/upgrade", nil, map[string]any{"new_version": "11"}, &made))
	next := table{t, made.Room, ann}
	s = f.run()
	status := func(want string) {
		t.Helper()
		wait.Until(t, patience, want, func() bool {
			out, _, code := f.bot("status")
			return code == 0 && strings.Contains(out, want)
		})
	}
	status("replaced by matrix:" + next.id + ", where the bot is not: the bot may not enter it: invite " + bot.ID)
	must(ann.Call(t.Context(), "POST", "/_matrix/client/v3/rooms/"+next.id+"/invite", nil, map[string]any{"user_id": bot.ID}, nil))
	status("replaced by matrix:" + next.id + ", where the bot goes on")
	wait.Until(t, patience, "the bot is in the new room", func() bool {
		var in struct {
			Joined map[string]any `json:"joined"`
		}
		return ann.Call(t.Context(), "GET", "/_matrix/client/v3/rooms/"+next.id+"/joined_members", nil, nil, &in) == nil && in.Joined[bot.ID] != nil
	})
	must(s.stop(syscall.SIGTERM))
	s = f.run()
	f.ready()
	next.say(ann, "!essay next", "")
	next.waitFor(bot, "Two · 2/2")
	if out, errs, code := f.bot("verify"); code != 0 || !strings.Contains(out, "0 lost, 0 doubled, 0 strayed") {
		t.Errorf("bot verify (code %d): %s%s", code, out, errs)
	}
	if n := len(tea.messages(bot, "Two · ")) + len(next.messages(bot, "Two · ")); n != 2 {
		t.Errorf("2 passages were posted, %d stand", n)
	}
	must(s.stop(syscall.SIGTERM))
	if log := f.read("err.txt"); strings.Contains(log, "level=ERROR") {
		t.Errorf("the log:\n%s", log)
	}
}
