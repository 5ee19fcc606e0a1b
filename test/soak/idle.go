//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"marginalia/internal/chat/discord/discordtest"
	"marginalia/test/matrixuser"
	"marginalia/test/wait"
)

// idles is the soak "idle": what a bot with nothing to do costs.
type idles struct {
	watch time.Duration
	text  string
	dir   string
	seed  uint64
}

func (i idles) run(ctx context.Context) error {
	w, m, err := twoRooms(ctx, i.dir, i.seed)
	if err != nil {
		return err
	}
	defer w.close()
	w.sides = append(w.sides, &localSide{id: "lobby", page: w.page})
	ready, err := i.settled(ctx, w, func() {})
	if err != nil {
		return err
	}
	floor, err := m.answers(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("ready after %.0f ms; the network's own answers to the same questions take %.0f ms\n", ms(ready), ms(floor))
	if err := i.silence(ctx, w); err != nil {
		return err
	}
	return w.stop()
}

// settled starts the bot twice: the first one imports the text.
func (i idles) settled(ctx context.Context, w *world, between func()) (time.Duration, error) {
	if err := w.configure(i.text, "500h"); err != nil {
		return 0, err
	}
	if _, err := w.start(ctx); err != nil {
		return 0, err
	}
	if err := w.stop(); err != nil {
		return 0, err
	}
	between()
	return w.start(ctx)
}

// silence watches what a silent bot uses.
func (i idles) silence(ctx context.Context, w *world) error {
	before, err := cpu(w.run.Pid())
	if err != nil {
		return err
	}
	<-within(ctx, i.watch).Done()
	after, err := cpu(w.run.Pid())
	if err != nil {
		return err
	}
	fmt.Printf("in %s of silence: %.1f ms of processor time (goal 50 in 5 minutes), %s\n", i.watch, ms(after-before), status(w.run.Pid(), "VmRSS"))
	return nil
}

// The guild in which a bot's memory is measured, and what it may use.
const (
	guildChannels = 500
	guildMembers  = 10_000
	guildMemory   = 64 << 10 // kB
)

// discord is the soak "idle -discord": a bot in a large guild, all of whose
// channels and members the gateway tells it of when it comes.
func (i idles) discord(ctx context.Context) error {
	d, err := newDiscord(i.seed, 1, few, discordtest.Options{AllMembers: true})
	if err != nil {
		return err
	}
	d.grow(guildChannels, guildMembers)
	w, err := newWorld(ctx, i.dir, d)
	if err != nil {
		return err
	}
	defer w.close()
	w.sides = []side{d.sides[0]}
	ready, err := i.settled(ctx, w, d.server.Restart) // a session that is taken up again is told nothing
	if err != nil {
		return err
	}
	if err := w.calm(ctx); err != nil {
		return err
	}
	fmt.Printf("ready after %.0f ms; once it has read of %d channels and %d members: %s\n", ms(ready), guildChannels, guildMembers, status(w.run.Pid(), "VmRSS"))
	if err := i.silence(ctx, w); err != nil {
		return err
	}
	most, err := memory(w.run.Pid(), "VmHWM")
	fmt.Printf("at most it used %.1f MiB (goal 64)\n", float64(most)/1024)
	if err == nil && most > guildMemory {
		err = fmt.Errorf("the bot used %d kB, of %d", most, guildMemory)
	}
	return errors.Join(err, w.stop(), d.verdict())
}

// calm waits until the bot has done nothing for a second.
func (w *world) calm(ctx context.Context) error {
	last, since := time.Duration(-1), time.Now()
	return wait.For(within(ctx, time.Minute), func(context.Context) error {
		used, err := cpu(w.run.Pid())
		if used-last > time.Millisecond {
			last, since = used, time.Now()
		}
		if err == nil && time.Since(since) < time.Second {
			err = fmt.Errorf("the bot is busy: it has used %s", used)
		}
		return err
	})
}

// answers times the questions that a Matrix client cannot do without at
// start, asked by a raw client through the same proxy.
func (n *matrixNet) answers(ctx context.Context) (time.Duration, error) {
	u := matrixuser.New(n.proxy.URL(), n.bot.ID, n.bot.Token)
	began := time.Now()
	if err := u.Call(ctx, "GET", "/_matrix/client/v3/account/whoami", nil, nil, nil); err != nil {
		return 0, err
	}
	err := u.Call(ctx, "GET", "/_matrix/client/v3/sync", map[string][]string{"timeout": {"0"}}, nil, nil)
	return time.Since(began), err
}

// cpu is the processor time that a process has used: that of its threads, to
// the nanosecond (/proc/PID/task/TID/schedstat, sched-stats in the kernel's
// documentation). The threads of a Go program stay until it ends.
func cpu(pid int) (used time.Duration, err error) {
	all, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("process %d is not there", pid)
	}
	for _, name := range all {
		b, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		var ran time.Duration
		if _, err := fmt.Sscan(string(b), &ran); err != nil {
			return 0, err
		}
		used += ran
	}
	return used, err
}

// memory is a figure of /proc/PID/status (proc(5)), in kB: VmRSS is what is
// used now, VmHWM the most that ever was.
func memory(pid int, name string) (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kb := 0
			_, err := fmt.Sscanf(strings.TrimSpace(rest), "%d kB", &kb)
			return kb, err
		}
	}
	return 0, fmt.Errorf("no %s of process %d", name, pid)
}

// status is such a figure with its name, to be read by people.
func status(pid int, name string) string {
	kb, err := memory(pid, name)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s %.1f MiB", name, float64(kb)/1024)
}
