package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"marginalia/test/dendrite"
	"marginalia/test/matrixuser"
	"marginalia/test/postgres"
	"marginalia/test/wait"
)

const short = "# Short\n\nOne paragraph, which is all there is to be read.\n"

// folder is a folder with files in which bots are run.
type folder struct {
	t   *testing.T
	dir string
}

func newFolder(t *testing.T, files map[string]string) folder {
	t.Helper()
	dir := t.TempDir()
	for name, what := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(what), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder{t, dir}
}

// bot runs a verb to its end and returns what it printed and its exit code.
func (f folder) bot(args ...string) (out, errs string, code int) {
	f.t.Helper()
	path, err := exec.LookPath("bot")
	if err != nil {
		f.t.Fatal(err)
	}
	var o, e bytes.Buffer
	cmd := exec.CommandContext(f.t.Context(), path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = f.dir, &o, &e
	_ = cmd.Run() // the code tells
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// run starts bot run and waits until it says where to read.
func (f folder) run() *started {
	f.t.Helper()
	s, err := launch(f.dir, "bot", "run", "--listen", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		s.close()
		if f.t.Failed() {
			f.t.Logf("the log:\n%s", f.read("err.txt"))
		}
	})
	wait.Until(f.t, patience, "the bot runs", func() bool { return strings.Contains(f.read("out.txt"), "Read at http://") })
	return s
}

// ready waits until every network has been heard from: what is said before
// that is before the bot's time.
func (f folder) ready() {
	f.t.Helper()
	_, address, _ := strings.Cut(f.read("out.txt"), "Read at ")
	wait.Until(f.t, patience, "the bot is ready", func() bool {
		answer, err := http.Get(strings.TrimSpace(address) + "/ready")
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	})
}

func (f folder) read(name string) string {
	f.t.Helper()
	src, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(src)
}

// table is a Matrix room, with those who sit in it.
type table struct {
	t   *testing.T
	id  string
	who *matrixuser.User
}

func newTable(t *testing.T, who *matrixuser.User, name string, guests ...*matrixuser.User) table {
	t.Helper()
	var invited []string
	for _, g := range guests {
		invited = append(invited, g.ID)
	}
	id, err := who.CreateRoom(t.Context(), name, invited...)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range guests {
		if err := g.Join(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	return table{t, id, who}
}

// messages are those of the bot that hold some words.
func (tb table) messages(by *matrixuser.User, words string) []matrixuser.Event {
	tb.t.Helper()
	all, err := tb.who.Messages(tb.t.Context(), tb.id)
	if err != nil {
		tb.t.Fatal(err)
	}
	var found []matrixuser.Event
	for _, e := range all {
		if e.Type == "m.room.message" && e.Sender == by.ID && strings.Contains(e.Body(), words) {
			found = append(found, e)
		}
	}
	return found
}

func (tb table) waitFor(by *matrixuser.User, words string) matrixuser.Event {
	tb.t.Helper()
	var found []matrixuser.Event
	defer func() {
		for _, e := range tb.messages(by, "") {
			if tb.t.Failed() {
				tb.t.Logf("in the room stands %q", e.Body())
			}
		}
	}()
	wait.Until(tb.t, patience, fmt.Sprintf("%q stands in %s", words, tb.id), func() bool {
		found = tb.messages(by, words)
		return len(found) > 0
	})
	return found[0]
}

func (tb table) say(who *matrixuser.User, words, root string) {
	tb.t.Helper()
	if _, err := who.Send(tb.t.Context(), tb.id, "m.room.message", matrixuser.Text(words, root)); err != nil {
		tb.t.Fatal(err)
	}
}

// The way from a configuration to an export, over a real homeserver.
func TestRunOnAHomeserver(t *testing.T) {
	server := dendrite.Start(t)
	user := func(name string) *matrixuser.User {
		a := server.Register(t, name)
		return matrixuser.New(server.URL(), a.UserID, a.AccessToken)
	}
	bot, ann, ben := user("marginalia"), user("ann"), user("ben")
	tea, ale := newTable(t, ann, "tea", bot), newTable(t, ben, "ale", bot)
	f := newFolder(t, map[string]string{"short.md": short, "matrix.token": bot.Token + "\n", "config.toml": fmt.Sprintf(`
[privacy]
default = "named"
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
[[rooms]]
name = "desk"
platform = "local"
[[plans]]
text = "short.md"
cron = "0 0 29 2 *"
`, server.URL(), bot.ID, tea.id, ale.id)})
	s := f.run()
	f.ready()

	tea.say(ann, "!essay next", "")
	root := tea.waitFor(bot, "all there is to be read")
	ale.waitFor(bot, "all there is to be read")
	tea.say(ann, "> which is all there is\n\nIs it enough?", root.ID)
	if e := ale.waitFor(bot, "Is it enough?"); e.Content["m.relates_to"] == nil {
		t.Errorf("the reply stands in no thread: %v", e.Content)
	}
	ale.say(ben, "!essay status", "")
	ale.waitFor(bot, "Short: 1 of 1 passages posted, 1 annotation; the text is at its end.")
	ale.say(ben, "!essay help next", "")
	ale.waitFor(bot, "posts the next passage now")
	ale.say(ben, "!essay find All there IS", "")
	found := ale.waitFor(bot, "were found in 1 passage:")
	if html, _ := found.Content["formatted_body"].(string); !strings.Contains(html, `<a href="https://matrix.to/#/`) {
		t.Errorf("what was found does not lead to its post: %s", html)
	}
	tea.say(ann, "!essay passage", root.ID) // in the thread, without an answer
	tea.waitFor(bot, "This is passage 1 of 1 of Short")
	out, errs, code := f.bot("export", "short", "--format", "jsonld")
	if code != 0 || !strings.Contains(out, "which is all there is") || !strings.Contains(out, "Is it enough?") || strings.Contains(errs, bot.Token) {
		t.Errorf("the export (code %d): %s%s", code, out, errs)
	}

	// Started again it says nothing twice, and hears what was said meanwhile.
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	tea.say(ann, "Meanwhile.", root.ID)
	s = f.run()
	ale.waitFor(bot, "Meanwhile.")
	for words, want := range map[string]int{"Short · 1/1": 1, "Is it enough?": 1, "Meanwhile.": 1} {
		if n := len(ale.messages(bot, words)); n != want {
			t.Errorf("%q stands %d times", words, n)
		}
	}
	if err := s.stop(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if log := f.read("err.txt"); strings.Contains(log, bot.Token) || strings.Contains(log, "level=ERROR") {
		t.Errorf("the log:\n%s", log)
	}
}

// A token that is refused is told, and the other rooms go on.
func TestARefusedTokenHoldsNobodyUp(t *testing.T) {
	server := dendrite.Start(t)
	f := newFolder(t, map[string]string{"short.md": short, "config.toml": fmt.Sprintf(`
[matrix]
homeserver = %q
user = "@nobody:%s"
token = "syt_s3cret"
[[rooms]]
name = "tea"
platform = "matrix"
id = "!tea:%s"
[[rooms]]
name = "desk"
platform = "local"
[[plans]]
text = "short.md"
cron = "@every 1s"
`, server.URL(), server.Name(), server.Name())})
	s := f.run()
	wait.Until(t, patience, "the refusal is told", func() bool { return strings.Contains(f.read("err.txt"), "M_UNKNOWN_TOKEN") })
	wait.Until(t, patience, "the local room has the passage", func() bool {
		out, _, _ := f.bot("status")
		return strings.Contains(out, "1 of 1 passages posted")
	})
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(f.read("err.txt"), "s3cret") {
		t.Errorf("the log tells the token:\n%s", f.read("err.txt"))
	}
}

// On PostgreSQL the verbs do what they do on SQLite, and nobody tells the
// password.
func TestRunOnPostgres(t *testing.T) {
	address, err := url.Parse(postgres.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	secret, _ := address.User.Password()
	f := newFolder(t, map[string]string{
		"short.md": short, "database": address.String() + "\n",
		"config.toml": "[bot]\ndatabase_file = \"database\"\n[[plans]]\ntext = \"short.md\"\ncron = \"@every 1s\"\n",
	})
	s := f.run()
	wait.Until(t, patience, "the passage is posted", func() bool {
		out, _, _ := f.bot("status")
		return strings.Contains(out, "1 of 1 passages posted")
	})
	_, errs, code := f.bot("run", "--listen", "127.0.0.1:0")
	if code != exitRefused || !strings.Contains(errs, "another bot runs on this database") || strings.Count(errs, "\n") != 1 {
		t.Errorf("a second bot (code %d): %s", code, errs)
	}
	if out, errs, code := f.bot("import", "short.md"); code != 0 || !strings.HasPrefix(out, "nothing changed:") {
		t.Errorf("importing twice (code %d): %s%s", code, out, errs)
	}
	if secret != "" && strings.Contains(errs+f.read("err.txt"), secret) {
		t.Errorf("the password is told: %s", errs)
	}
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wrong := *address
	wrong.Host, wrong.RawQuery = "127.0.0.1:1", "sslmode=disable"
	_, errs, code = f.bot("list", "--database", wrong.String())
	if !strings.Contains(errs, "cannot be reached") || code != exitFailed || strings.Count(errs, "\n") != 1 || secret != "" && strings.Contains(errs, secret) {
		t.Errorf("a database that is not there (code %d): %s", code, errs)
	}
}
