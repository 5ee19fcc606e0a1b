//go:build unix

// Package acceptance holds the real program to what was promised. It builds
// cmd/bot as a user would, runs it, and looks at it from outside only: in a
// browser, as people on a real homeserver, and through its own command line.
package acceptance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"marginalia/test/child"
	"marginalia/test/require"
	"marginalia/test/wait"
)

// How long things may take where other tests keep the machine busy.
const (
	startTime = 30 * time.Second
	stopTime  = 30 * time.Second
	verbTime  = 30 * time.Second
)

// TestMain removes what the tests share.
func TestMain(m *testing.M) {
	code := m.Run()
	if made != "" {
		_ = os.RemoveAll(made)
	}
	os.Exit(code)
}

// made is the folder of the program, "" before it is built.
var made string

// built makes the program, without C, for all tests.
var built = sync.OnceValues(func() (program string, err error) {
	root, err := require.FindRoot()
	if err != nil {
		return "", err
	}
	if made, err = os.MkdirTemp("", "marginalia-acceptance-"); err != nil {
		return "", err
	}
	program = filepath.Join(made, "bot")
	compile := exec.Command("go", "build", "-o", program, "./cmd/bot")
	compile.Dir, compile.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := compile.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the bot: %w\n%s", err, out)
	}
	return program, nil
})

// build returns the path of the program.
func build(t *testing.T) string {
	t.Helper()
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// bot is a program that runs until it is ended, with its output in files.
type bot struct {
	t         *testing.T
	cmd       *exec.Cmd
	process   *child.Process
	began     time.Time
	temporary string // its folder for temporary files
	out, errs string // files
	page      string // the address that it printed
	site      string // the beginning of it, without a slash at its end
}

var printed = regexp.MustCompile(`((http://[^/\s]+)\S*)\s`)

// start runs the program and waits until it has said where its page is.
func start(t *testing.T, program, dir string, args ...string) *bot {
	t.Helper()
	b := &bot{t: t, cmd: exec.Command(program, args...), temporary: t.TempDir()}
	b.cmd.Dir, b.cmd.Env = dir, append(bare(), "TMPDIR="+b.temporary)
	for name, to := range map[string]*io.Writer{"out-*.txt": &b.cmd.Stdout, "err-*.txt": &b.cmd.Stderr} {
		f, err := os.CreateTemp(t.TempDir(), name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close() // the child has its own
		*to = f
	}
	b.out, b.errs = b.cmd.Stdout.(*os.File).Name(), b.cmd.Stderr.(*os.File).Name()
	var err error
	b.began = time.Now()
	if b.process, err = child.Start(b.cmd, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.finish)
	wait.Until(t, startTime, "the bot says where its page is: "+b.said(), func() bool {
		if err := b.process.Ended(); err != nil {
			t.Fatalf("%v: %s", err, b.said())
		}
		if m := printed.FindStringSubmatch(read(t, b.out)); m != nil {
			b.page, b.site = m[1], m[2]
		}
		return b.page != ""
	})
	return b
}

// bare is the environment without what would configure a bot or end a test.
func bare() []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "MARGINALIA_") {
			env = append(env, e)
		}
	}
	return env
}

// finish ends a bot that the test has not ended.
func (b *bot) finish() {
	if b.process.Ended() == nil {
		_ = b.process.End(syscall.SIGKILL, stopTime)
	}
	if b.t.Failed() {
		b.t.Logf("the bot said: %s", b.said())
	}
}

// said is the end of all that the bot printed.
func (b *bot) said() string {
	out, errs := read(b.t, b.out), read(b.t, b.errs)
	return out[max(0, len(out)-1000):] + errs[max(0, len(errs)-4000):]
}

// end asks the bot to end and returns its exit code, and how long it took.
func (b *bot) end(sig os.Signal) (code int, took time.Duration) {
	b.t.Helper()
	began := time.Now()
	if err := b.process.End(sig, stopTime); err != nil {
		b.t.Error(err)
	}
	return b.cmd.ProcessState.ExitCode(), time.Since(began)
}

// get asks the bot's web server for a page.
func (b *bot) get(path string) (status int, body string) {
	b.t.Helper()
	resp, err := http.Get(b.site + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// verb runs one command to its end.
func verb(t *testing.T, program, dir string, args ...string) (out, errs string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), verbTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var o, e bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, bare(), &o, &e
	var ended *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &ended) {
		t.Fatalf("bot %s: %v", strings.Join(args, " "), err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// done is verb for a command that is to succeed, silently but for its output.
func done(t *testing.T, program, dir string, args ...string) string {
	t.Helper()
	out, errs, code := verb(t, program, dir, args...)
	if code != 0 || errs != "" {
		t.Fatalf("bot %s ended with %d: %s%s", strings.Join(args, " "), code, errs, out)
	}
	return out
}

// oneSentence asks that what was printed is one line for a person.
func oneSentence(text string) error {
	line := strings.TrimSuffix(text, "\n")
	if line == "" || strings.Contains(line, "\n") || len(line) > 300 || strings.Contains(line, "goroutine") {
		return fmt.Errorf("%q is not one sentence", text)
	}
	return nil
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// contains reports whether text holds one of the words.
func contains(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
