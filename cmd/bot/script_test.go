package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"marginalia/test/require"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bot": main})
}

// patience is how long a script waits for something that will come.
const patience = 20 * time.Second

func TestScripts(t *testing.T) {
	require.Long(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"binary": func(ts *testscript.TestScript, _ bool, args []string) {
				put(ts, args[0], "\x7fELF\x02\x01\x01\x00\x00\x00")
			},
			"latin1": func(ts *testscript.TestScript, _ bool, args []string) { put(ts, args[0], "Ein sch\xf6ner Text.\n") },
			"huge": func(ts *testscript.TestScript, _ bool, args []string) {
				put(ts, args[0], strings.Repeat("Many words. ", 2<<20))
			},
			"folders":     folders,
			"shape":       shape,
			"onesentence": oneSentence,
			"exitcode":    exitCode,
			"start":       start,
			"waitfor":     waitFor,
			"posted":      posted,
			"get":         get,
			"stop":        stop,
		},
	})
}

func put(ts *testscript.TestScript, name, what string) {
	ts.Check(os.WriteFile(ts.MkAbs(name), []byte(what), 0o644))
}

// folders BEGINNING N: so many folders are called so.
func folders(ts *testscript.TestScript, _ bool, args []string) {
	found, err := filepath.Glob(ts.MkAbs(args[0] + "*"))
	ts.Check(err)
	if strconv.Itoa(len(found)) != args[1] {
		ts.Fatalf("there are %v", found)
	}
}

// shape FILE: it holds one object as import --json prints it, and each passage
// is the words of its document that its offsets say, in code points.
func shape(ts *testscript.TestScript, _ bool, args []string) {
	var d struct {
		ID, Title, URL string
		Documents      []struct {
			ID, Kind, Parent, Author, URL, Text string
			Posted                              *string
			Lines                               *[2]int
			Confidence                          float64
			Score                               *struct{ Points, Votes, Agreement *int }
			Blocks                              []struct {
				Kind       string
				Start, End int
				Line       *int
			}
		}
		Passages []struct {
			ID, Document, Text string
			Seq, Start, End    int
		}
		Missing []string
	}
	in := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	in.DisallowUnknownFields()
	ts.Check(in.Decode(&d))
	if _, err := in.Token(); err != io.EOF {
		ts.Fatalf("something stands behind the object")
	}
	texts := map[string][]rune{}
	for _, doc := range d.Documents {
		texts[doc.ID] = []rune(doc.Text)
		for _, b := range doc.Blocks {
			if b.Start < 0 || b.End > len(texts[doc.ID]) || b.Start >= b.End || b.Kind == "" {
				ts.Fatalf("block %+v does not lie in its text", b)
			}
		}
	}
	if len(d.Passages) == 0 || d.Title == "" || d.ID == "" {
		ts.Fatalf("nothing was found: %+v", d)
	}
	for i, p := range d.Passages {
		text := texts[p.Document]
		if p.Seq != i+1 || p.End > len(text) || string(text[p.Start:p.End]) != p.Text {
			ts.Fatalf("passage %+v is not what its offsets say", p)
		}
	}
}

// onesentence stderr REGEXP: what was printed is one line that matches.
func oneSentence(ts *testscript.TestScript, _ bool, args []string) {
	said := strings.TrimSuffix(ts.ReadFile(args[0]), "\n")
	if !strings.HasPrefix(said, "bot: ") || strings.Contains(said, "\n") || len(said) < 20 || len(said) > 300 {
		ts.Fatalf("not one sentence: %q", said)
	}
	if !regexp.MustCompile(args[1]).MatchString(said) {
		ts.Fatalf("%q does not match %s", said, args[1])
	}
}

// exitcode N COMMAND …: it ends with that code.
func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	code := 0
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("the code is %d (%v)\n%s", code, err, ts.ReadFile("stderr"))
	}
}

// started is a bot that runs in a folder, with its output in out.txt and
// err.txt there.
type started struct {
	process   *exec.Cmd
	ended     chan error
	out, errs *os.File
}

// launch starts a command that TestMain knows.
func launch(dir string, args ...string) (*started, error) {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return nil, err
	}
	s := &started{process: exec.Command(path, args[1:]...), ended: make(chan error, 1)}
	if s.out, err = os.Create(filepath.Join(dir, "out.txt")); err != nil {
		return nil, err
	}
	if s.errs, err = os.Create(filepath.Join(dir, "err.txt")); err != nil {
		return nil, err
	}
	s.process.Dir, s.process.Stdout, s.process.Stderr = dir, s.out, s.errs
	s.process.Env = append(os.Environ(), "TMPDIR="+dir)
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.process.Wait() }()
	return s, nil
}

// stop tells the bot to end, and waits until it has.
func (s *started) stop(signal os.Signal) error {
	if err := s.process.Process.Signal(signal); err != nil {
		return err
	}
	select {
	case err := <-s.ended:
		return err
	case <-time.After(patience):
		return errors.New("it did not end")
	}
}

func (s *started) close() {
	s.process.Process.Kill()
	s.out.Close()
	s.errs.Close()
}

// running has the bot of each script; scripts run at the same time.
var running sync.Map

// start COMMAND …: it runs until stop.
func start(ts *testscript.TestScript, _ bool, args []string) {
	s, err := launch(ts.MkAbs("."), args...)
	ts.Check(err)
	running.Store(ts, s)
	ts.Defer(s.close)
}

// stop [INT]: the bot that was started ends by itself, with code 0.
func stop(ts *testscript.TestScript, _ bool, args []string) {
	s, ok := running.Load(ts)
	if !ok {
		ts.Fatalf("nothing was started")
	}
	var signal os.Signal = syscall.SIGTERM
	if slices.Contains(args, "INT") {
		signal = os.Interrupt
	}
	if err := s.(*started).stop(signal); err != nil {
		ts.Fatalf("%v\n%s", err, ts.ReadFile("err.txt"))
	}
}

// waitfor FILE REGEXP: sooner or later it matches; $FOUND is the first group.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[1])
	until(ts, func() bool {
		m := want.FindStringSubmatch(ts.ReadFile(args[0]))
		if len(m) > 1 {
			ts.Setenv("FOUND", m[1])
		}
		return m != nil
	}, "%s does not hold %s:\n%s", args[0], args[1], func() string { return ts.ReadFile(args[0]) })
}

// posted N: sooner or later so many passages stand in rooms.
func posted(ts *testscript.TestScript, _ bool, args []string) {
	said := ""
	until(ts, func() bool {
		ts.Check(ts.Exec("bot", "status"))
		said = ts.ReadFile("stdout")
		return strings.Contains(said, "  "+args[0]+" of ")
	}, "%s are not posted%s: %s", args[0], "", func() string { return said })
}

// get URL STATUS [REGEXP]: sooner or later it answers so.
func get(ts *testscript.TestScript, _ bool, args []string) {
	said := ""
	until(ts, func() bool {
		answer, err := http.Get(args[0])
		if err != nil {
			said = err.Error()
			return false
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		said = answer.Status + "\n" + string(body[:min(len(body), 2000)])
		ok := err == nil && strconv.Itoa(answer.StatusCode) == args[1]
		return ok && (len(args) < 3 || regexp.MustCompile(args[2]).Match(body))
	}, "%s does not answer %s: %s", args[0], strings.Join(args[1:], " "), func() string { return said })
}

func until(ts *testscript.TestScript, ok func() bool, format string, a, b any, last func() string) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			ts.Fatalf(format, a, b, last())
		}
	}
}
