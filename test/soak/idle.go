//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"marginalia/test/matrixuser"
)

// idles is the soak "idle": what a bot with nothing to do costs.
type idles struct {
	watch time.Duration
	text  string
	dir   string
	seed  uint64
}

func (i idles) run(ctx context.Context) error {
	w, err := newWorld(ctx, i.dir, i.seed)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.configure(i.text, "500h"); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(w.dir, "config.toml"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString("[[rooms]]\nname = \"lobby\"\nplatform = \"local\"\nid = \"lobby\"\n"); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if _, err := w.start(ctx); err != nil { // imports the text
		return err
	}
	if err := w.stop(); err != nil {
		return err
	}
	ready, err := w.start(ctx)
	if err != nil {
		return err
	}
	floor, err := w.answers(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("ready after %.0f ms; the network's own answers to the same questions take %.0f ms\n", ms(ready), ms(floor))
	before, err := cpu(w.run.Pid())
	if err != nil {
		return err
	}
	<-within(ctx, i.watch).Done()
	after, err := cpu(w.run.Pid())
	if err != nil {
		return err
	}
	fmt.Printf("in %s of silence: %d ms of processor time (goal 50 in 5 minutes), %s\n", i.watch, (after - before).Milliseconds(), rss(w.run.Pid()))
	return w.stop()
}

// answers times the questions that a Matrix client cannot do without at
// start, asked by a raw client through the same proxy.
func (w *world) answers(ctx context.Context) (time.Duration, error) {
	u := matrixuser.New(w.proxy.URL(), w.bot.ID, w.bot.Token)
	began := time.Now()
	if err := u.Call(ctx, "GET", "/_matrix/client/v3/account/whoami", nil, nil, nil); err != nil {
		return 0, err
	}
	err := u.Call(ctx, "GET", "/_matrix/client/v3/sync", map[string][]string{"timeout": {"0"}}, nil, nil)
	return time.Since(began), err
}

// cpu is the processor time that a process has used, from /proc (proc(5)).
func cpu(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0, err
	}
	return time.Duration(user+system) * 10 * time.Millisecond, nil // USER_HZ is 100
}

func rss(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err.Error()
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "VmRSS") {
			return strings.Join(strings.Fields(line), " ")
		}
	}
	return "no VmRSS"
}
