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

// What somebody does on a homeserver with the bot's own token is found by bot
// verify, and mended by the bot that runs.
func TestVerifyOnAHomeserver(t *testing.T) {
	server := dendrite.Start(t)
	user := func(name string) *matrixuser.User {
		a := server.Register(t, name)
		return matrixuser.New(server.URL(), a.UserID, a.AccessToken)
	}
	bot, ann, ben := user("marginalia"), user("ann"), user("ben")
	tea, ale := newTable(t, ann, "tea", bot), newTable(t, ben, "ale", bot)
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
	s := f.run()
	f.ready()
	tea.say(ann, "!essay next", "")
	root := tea.waitFor(bot, "all there is to be read")
	ale.waitFor(bot, "all there is to be read")
	sound := func() bool {
		out, _, code := f.bot("verify")
		return code == 0 && strings.HasSuffix(out, "0 lost, 0 doubled, 0 strayed\n")
	}
	mirrors := map[string]matrixuser.Event{}
	for _, words := range []string{"First.", "Second.", "Third."} {
		tea.say(ann, words, root.ID)
		mirrors[words] = ale.waitFor(bot, words)
	}
	wait.Until(t, patience, "nothing is found", sound)

	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	say := func(content map[string]any) {
		t.Helper()
		_, err := bot.Send(t.Context(), ale.id, "m.room.message", content)
		must(err)
	}
	must(bot.Redact(t.Context(), ale.id, mirrors["First."].ID))
	say(mirrors["Second."].Content)
	say(map[string]any{"msgtype": "m.notice", "body": "Who said that?"})
	say(map[string]any{
		"msgtype": "m.text", "body": "* Other words.", "m.new_content": map[string]any{"msgtype": "m.text", "body": "Other words."},
		"m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": mirrors["Third."].ID},
	})
	out, errs, code := f.bot("verify", "--json")
	var v verdictOf
	if err := json.Unmarshal([]byte(out), &v); err != nil || code != exitFailed || v.Lost != 1 || v.Doubled != 1 || v.Strayed != 1 || v.Stale != 1 || !v.Running {
		t.Fatalf("code %d, %v: %s%s", code, err, out, errs)
	}
	out, errs, code = f.bot("verify", "--fix")
	if code != 0 || out != "0 lost, 0 doubled, 0 strayed\n" {
		t.Errorf("mended with code %d: %s%s", code, out, errs)
	}
	for words, want := range map[string]int{"First.": 1, "Second.": 1, "Third.": 2, "Who said that?": 0} { // the third: and its edit
		if n := len(ale.messages(bot, words)); n != want {
			t.Errorf("%q stands %d times, should %d", words, n, want)
		}
	}
	must(s.stop(syscall.SIGTERM))
	say(map[string]any{"msgtype": "m.notice", "body": "And that?"})
	out, errs, code = f.bot("verify", "--fix")
	if code != exitFailed || !strings.Contains(out, "strayed  ale: ") || errs != "bot: the bot mends it when it runs\n" {
		t.Errorf("without a bot, code %d: %s%s", code, out, errs)
	}
	s = f.run()
	wait.Until(t, patience, "it is mended", sound)
	if n := len(ale.messages(bot, "And that?")); n != 0 {
		t.Errorf("it stands %d times", n)
	}
	must(s.stop(syscall.SIGTERM))
}
