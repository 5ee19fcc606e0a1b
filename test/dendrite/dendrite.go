//go:build unix

// Package dendrite starts a real Matrix homeserver for a test, on a loopback
// port and in a folder of its own: Dendrite, in the version that
// test/homeserver/go.mod names. It is a child process; nothing of it is linked.
//
// It speaks no federation and, unless asked, limits no rates. What it does
// otherwise than Synapse is listed in the project's notes on Matrix; package
// faultproxy plays some of Synapse's part before it.
//
// In memory or on disk: Dendrite hands each accepted event from its room
// server to its sync server through a queue, JetStream. The queue is in memory
// unless Options.JetStreamOnDisk is set, which makes sends about 1.3 times as
// fast. Kill then loses what is in it: messages whose senders have their event
// IDs, but which no reader will find, neither by /messages nor by GET /event.
// Of 18 kills under load (four senders) 5 lost one or two messages so, and of
// 18 with the queue on disk none did; Stop lost none either way. A test that
// kills the homeserver needs the queue on disk.
package dendrite

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"marginalia/test/child"
	"marginalia/test/claim"
	"marginalia/test/require"
	"marginalia/test/wait"
)

const (
	buildTime = 8 * time.Minute  // for the whole build, other builders' too
	startTime = 60 * time.Second // 0.3 s on a quiet machine
	stopTime  = 30 * time.Second // 1.5 s on a quiet machine
)

// Options are what a test may want otherwise. The zero value is the default.
type Options struct {
	Name            string   // the server's name, the right half of its user IDs; "marginalia.test" if empty
	JetStreamOnDisk bool     // keep what the sync server has not read yet over a kill; see the package comment
	RateLimits      bool     // Dendrite's own: never on sends, but on joins, invites, logins
	LogLevel        string   // "error", "warn" (if empty), "info", "debug"
	AppServices     []string // paths of registration files
}

// Server is a homeserver. Its methods may be called by several goroutines,
// except Stop, Kill and Restart, which have one caller at a time.
type Server struct {
	opts   Options
	dir    string
	secret string // registers accounts
	binary string
	port   *claim.Port
	child  *child.Process
	client *http.Client
}

// Start starts a homeserver that ends with the test. Where it cannot be built
// the part "dendrite" is missing, see package require. When the test fails the
// end of the server's log is printed.
func Start(tb testing.TB) *Server {
	tb.Helper()
	return StartWith(tb, Options{})
}

// StartWith is Start with options.
func StartWith(tb testing.TB, opts Options) *Server {
	tb.Helper()
	require.RealTime(tb)
	ctx, cancel := context.WithTimeout(context.Background(), buildTime)
	defer cancel()
	_, err := Binary(ctx)
	require.Part(tb, "dendrite", err)
	s, err := New(ctx, tb.TempDir(), opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.finish(tb) })
	return s
}

// finish ends the server of a test, at once, since its data goes too.
func (s *Server) finish(tb testing.TB) {
	if err := s.Close(); err != nil {
		tb.Error(err)
	}
	if tb.Failed() {
		tb.Logf("end of %s:\n%s", s.LogFile(), s.logTail(4000))
	}
}

// New starts a homeserver for a program that is not a test, with its data in
// dir, which must exist and be empty. ctx bounds the start, not the server's
// life: Close ends it.
func New(ctx context.Context, dir string, opts Options) (*Server, error) {
	binary, err := Binary(ctx)
	if err != nil {
		return nil, err
	}
	port, err := claim.NewPort()
	if err != nil {
		return nil, err
	}
	opts.Name = cmp.Or(opts.Name, "marginalia.test")
	opts.LogLevel = cmp.Or(opts.LogLevel, "warn")
	s := &Server{
		opts: opts, dir: dir, secret: rand.Text(), binary: binary, port: port,
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}
	if err := s.writeConfig(); err != nil {
		return nil, errors.Join(err, port.Release())
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// URL returns the base URL of the client-server API, without a slash at its
// end. It stays the same over restarts.
func (s *Server) URL() string { return "http://" + s.port.Addr() }

// Name returns the server's name, the right half of its user IDs.
func (s *Server) Name() string { return s.opts.Name }

// LogFile returns the path of the server's log.
func (s *Server) LogFile() string { return s.path("dendrite.log") }

// Pid returns the process id of the server that runs, for measurements.
func (s *Server) Pid() int { return s.child.Pid() }

// Stop ends the server as an administrator does, and waits. Dendrite takes
// about 1.5 seconds for it and answers some requests with 500 meanwhile.
func (s *Server) Stop() error { return s.end(syscall.SIGTERM) }

// Kill ends the server without a chance to write anything, and waits.
func (s *Server) Kill() error { return s.end(syscall.SIGKILL) }

// Restart starts the server again after Stop or Kill, on the same port and
// data; a server that runs is stopped first. It waits until the server
// answers. Transaction IDs are forgotten, access tokens are not.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(); err != nil {
		return err
	}
	return s.start(ctx)
}

// Close kills the server and gives up its port. The data stays in the folder.
func (s *Server) Close() error {
	return errors.Join(s.Kill(), s.port.Release())
}

func (s *Server) end(sig os.Signal) error {
	if s.child == nil {
		return nil
	}
	if err := s.child.End(sig, stopTime); err != nil {
		return fmt.Errorf("end the homeserver: %w", err)
	}
	return nil
}

// start starts the process and waits until it answers.
func (s *Server) start(ctx context.Context) error {
	log, err := os.OpenFile(s.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start the homeserver: %w", err)
	}
	defer log.Close() // the child has its own
	cmd := exec.Command(s.binary, "-config", "dendrite.yaml", "-http-bind-address", s.port.Addr())
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, log, log
	if s.child, err = child.Start(cmd, syscall.SIGKILL); err != nil {
		return err
	}
	if err := s.ready(ctx); err != nil {
		return fmt.Errorf("start the homeserver: %w; its log ends with:\n%s", err, s.logTail(2000))
	}
	return nil
}

// ready waits until the server answers, or has ended.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	var ended error
	err := wait.For(ctx, func(ctx context.Context) error {
		if ended = s.child.Ended(); ended != nil {
			return nil
		}
		return s.call(ctx, "", http.MethodGet, "/_matrix/client/versions", nil, nil)
	})
	return errors.Join(err, ended)
}

// logTail returns the last n bytes of the log.
func (s *Server) logTail(n int) []byte {
	text, err := os.ReadFile(s.LogFile())
	if err != nil {
		return []byte(err.Error())
	}
	text = bytes.TrimSpace(text)
	return text[max(0, len(text)-n):]
}
