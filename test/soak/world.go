//go:build unix

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"marginalia/test/child"
	"marginalia/test/wait"
)

// world is the real binary of the bot, and the networks that it has rooms on.
type world struct {
	dir      string
	database string // as the bot's configuration names it
	networks []network
	sides    []side
	binary   string
	port     int
	run      *child.Process
	found    map[string]int // by the last judgement, by kind
}

const (
	settle = 1500 * time.Millisecond
	few    = 4 // people in a room
)

// newWorld builds the bot and gives it networks. They are closed with the
// world, or at once if one of them is missing.
func newWorld(ctx context.Context, dir string, networks ...network) (*world, error) {
	w := &world{dir: dir, database: filepath.Join(dir, "marginalia.db"), binary: filepath.Join(dir, "bot"), networks: networks}
	build := exec.CommandContext(ctx, "go", "build", "-o", w.binary, "./cmd/bot")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		w.close()
		return nil, fmt.Errorf("build the bot (run this from the project's root): %w\n%s", err, out)
	}
	var err error
	if w.port, err = freePort(); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// twoRooms is a world of two Matrix rooms.
func twoRooms(ctx context.Context, dir string, seed uint64) (*world, *matrixNet, error) {
	m, err := newMatrix(ctx, dir, seed, 2, few)
	if err != nil {
		return nil, nil, err
	}
	w, err := newWorld(ctx, dir, m)
	if err != nil {
		return nil, nil, err
	}
	w.sides = []side{m.sides[0], m.sides[1]}
	return w, m, nil
}

// talkers are the sides in which people talk.
func (w *world) talkers() []side {
	return slices.DeleteFunc(slices.Clone(w.sides), func(s side) bool { return s.people() == 0 })
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// configure writes the bot's configuration: one drip into all rooms.
func (w *world) configure(text, every string) error {
	var c strings.Builder
	fmt.Fprintf(&c, "[bot]\ndatabase = %q\nlisten = \"127.0.0.1:%d\"\nlog_level = \"info\"\n", w.database, w.port)
	fmt.Fprintf(&c, "[privacy]\ndefault = \"named\"\n[relay]\nsettle = %q\n", settle)
	for _, n := range w.networks {
		c.WriteString(n.config())
	}
	for i, s := range w.sides {
		fmt.Fprintf(&c, "[[rooms]]\nname = \"room%d\"\nplatform = %q\nid = %q\n", i, s.room().Platform, s.room().ID)
	}
	fmt.Fprintf(&c, "[[plans]]\nname = \"drip\"\ntext = %q\ncron = \"@every %s\"\n", text, every)
	return os.WriteFile(filepath.Join(w.dir, "config.toml"), []byte(c.String()), 0o600)
}

// start runs the bot and waits until it is ready.
func (w *world) start(ctx context.Context) (time.Duration, error) {
	log, err := os.OpenFile(filepath.Join(w.dir, "bot.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	cmd := exec.Command(w.binary, "run", "-c", filepath.Join(w.dir, "config.toml"))
	cmd.Stdout, cmd.Stderr = log, log
	began := time.Now()
	if w.run, err = child.Start(cmd, syscall.SIGKILL); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var ended error
	err = wait.For(ctx, func(ctx context.Context) error {
		if ended = w.run.Ended(); ended != nil {
			return nil
		}
		_, err := w.get(ctx, "/ready")
		return err
	})
	return time.Since(began), errors.Join(ended, err)
}

func (w *world) get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", fmt.Sprintf("http://127.0.0.1:%d%s", w.port, path), nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, resp.Status, strings.TrimSpace(string(b)))
	}
	return string(b), err
}

// page is the reader page.
func (w *world) page(ctx context.Context) (string, error) { return w.get(ctx, "/") }

func (w *world) kill() error { return w.run.End(syscall.SIGKILL, 10*time.Second) }

func (w *world) stop() error { return w.run.End(syscall.SIGTERM, 30*time.Second) }

func (w *world) close() {
	if w.run != nil && w.run.Ended() == nil {
		_ = w.kill()
	}
	for _, n := range w.networks {
		_ = n.close()
	}
}

// read gathers what stands in all rooms.
func (w *world) read(ctx context.Context) ([]shown, error) {
	var rooms []shown
	for _, s := range w.sides {
		r, err := s.read(ctx)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", s.room(), err)
		}
		rooms = append(rooms, r)
	}
	return rooms, nil
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
