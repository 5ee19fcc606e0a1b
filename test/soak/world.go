//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"marginalia/test/child"
	"marginalia/test/dendrite"
	"marginalia/test/faultproxy"
	"marginalia/test/matrixuser"
	"marginalia/test/wait"
)

// world is a homeserver with people in two rooms, a proxy before it that the
// bot alone goes through, and the real binary of the bot.
type world struct {
	dir    string
	server *dendrite.Server
	proxy  *faultproxy.Proxy
	bot    *matrixuser.User // the bot's account, for reading what it holds
	people [2][]*matrixuser.User
	rooms  [2]string
	logs   [2]*matrixuser.Log // one watcher in each room, from the beginning
	binary string
	port   int
	run    *child.Process
}

const settle = 1500 * time.Millisecond

func newWorld(ctx context.Context, dir string, seed uint64) (*world, error) {
	w := &world{dir: dir, binary: filepath.Join(dir, "bot")}
	build := exec.CommandContext(ctx, "go", "build", "-o", w.binary, "./cmd/bot")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the bot (run this from the project's root): %w\n%s", err, out)
	}
	data := filepath.Join(dir, "homeserver")
	if err := os.Mkdir(data, 0o700); err != nil {
		return nil, err
	}
	var err error
	if w.server, err = dendrite.New(ctx, data, dendrite.Options{JetStreamOnDisk: true}); err != nil {
		return nil, err
	}
	w.proxy = faultproxy.New(w.server.URL(), seed)
	if err := w.proxy.Start(); err != nil {
		return nil, err
	}
	if err := w.populate(ctx); err != nil {
		return nil, err
	}
	w.port, err = freePort()
	return w, err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (w *world) account(ctx context.Context, name string) (*matrixuser.User, error) {
	a, err := w.server.NewAccount(ctx, name)
	if err != nil {
		return nil, err
	}
	return matrixuser.New(w.server.URL(), a.UserID, a.AccessToken), nil
}

// populate makes the bot, two people for each room, and the rooms.
func (w *world) populate(ctx context.Context) error {
	var err error
	if w.bot, err = w.account(ctx, "bot"); err != nil {
		return err
	}
	for side := range w.rooms {
		for i := range 4 {
			u, err := w.account(ctx, fmt.Sprintf("person%d%d", side, i))
			if err != nil {
				return err
			}
			w.people[side] = append(w.people[side], u)
		}
		host := w.people[side][0]
		invite := []string{w.bot.ID}
		for _, u := range w.people[side][1:] {
			invite = append(invite, u.ID)
		}
		if w.rooms[side], err = host.CreateRoom(ctx, fmt.Sprintf("room %d", side), invite...); err != nil {
			return err
		}
		for _, u := range append(w.people[side][1:], w.bot) {
			if err := u.Join(ctx, w.rooms[side]); err != nil {
				return err
			}
		}
		if err := host.SetPower(ctx, w.rooms[side], w.bot.ID, 50); err != nil {
			return err
		}
		log, ready := host.Watch(ctx)
		w.logs[side] = log
		<-ready
	}
	return nil
}

// configure writes the bot's configuration: one drip into both rooms.
func (w *world) configure(text, every string) error {
	config := fmt.Sprintf(`[bot]
database = %q
listen = "127.0.0.1:%d"
log_level = "info"
[privacy]
default = "named"
[relay]
settle = %q
[matrix]
homeserver = %q
user = %q
token = %q
[[rooms]]
name = "one"
platform = "matrix"
id = %q
[[rooms]]
name = "two"
platform = "matrix"
id = %q
[[plans]]
name = "drip"
text = %q
cron = "@every %s"
rooms = ["one", "two"]
`, w.database(), w.port, settle, w.proxy.URL(), w.bot.ID, w.bot.Token, w.rooms[0], w.rooms[1], text, every)
	return os.WriteFile(filepath.Join(w.dir, "config.toml"), []byte(config), 0o600)
}

func (w *world) database() string { return filepath.Join(w.dir, "marginalia.db") }

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
	err = wait.For(ctx, func(ctx context.Context) error {
		if err := w.run.Ended(); err != nil {
			return fmt.Errorf("the bot ended: %w", err)
		}
		_, err := w.get(ctx, "/ready")
		return err
	})
	return time.Since(began), err
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

func (w *world) kill() error { return w.run.End(syscall.SIGKILL, 10*time.Second) }

func (w *world) stop() error { return w.run.End(syscall.SIGTERM, 30*time.Second) }

func (w *world) close() {
	if w.run != nil && w.run.Ended() == nil {
		_ = w.kill()
	}
	_ = w.proxy.Close()
	_ = w.server.Close()
}

// read gathers what raw clients know of both rooms: all that their live /sync
// has shown, and which of the bot's events still hold words on the server.
func (w *world) read(ctx context.Context) ([]raw, error) {
	var rooms []raw
	for side, room := range w.rooms {
		r := raw{room: room, events: w.logs[side].Room(room), alive: map[string]bool{}}
		for _, e := range r.events {
			if e.Sender != w.bot.ID || e.Type != "m.room.message" {
				continue
			}
			now, err := w.people[side][0].Event(ctx, room, e.ID)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", e.ID, err)
			}
			r.alive[e.ID] = now.Body() != "" || now.NewBody() != ""
		}
		rooms = append(rooms, r)
	}
	return rooms, nil
}
