//go:build unix

// Package postgres runs a real PostgreSQL for tests: a cluster of its own from
// the programs that are installed, in a temporary folder, as a user who is not
// root, reached by a Unix socket or by a loopback port.
//
// A test asks for DSN and gets a fresh database in the cluster that all tests
// of its process share; the cluster starts with the first and ends, folder and
// all, with the process, whether that returns, panics or is killed. A program
// that is no test, or a test that stops its server, calls New.
//
// Unless Options.NoFsync is set the cluster writes to disk as in production.
// Texts sort by the rules of English, as on most servers, not by bytes.
// Up to 200 connections are taken.
package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"marginalia/test/child"
	"marginalia/test/claim"
	"marginalia/test/require"
	"marginalia/test/wait"
)

const (
	startTime = 2 * time.Minute // about 2 s on a quiet machine
	stopTime  = time.Minute
	sqlTime   = 30 * time.Second
)

// Options are what a test may want otherwise.
type Options struct {
	NoFsync bool // trust the kernel to write: fast, and no test of durability
}

// Cluster is a PostgreSQL server with its data.
type Cluster struct {
	opts     Options
	bin      string
	dir      string
	owner    *syscall.Credential
	password string
	port     *claim.Port
	janitor  *janitor
	child    *child.Process
}

// shared is the cluster of this process. It is never closed: its janitor does.
var shared = sync.OnceValues(func() (*Cluster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	return New(ctx, Options{})
})

// Start returns the cluster that the tests of this process share. Where there
// are no programs to run it the part "postgres" is missing, see package
// require.
func Start(tb testing.TB) *Cluster {
	tb.Helper()
	require.RealTime(tb)
	_, err := find()
	require.Part(tb, "postgres", err)
	c, err := shared()
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// DSN makes a database in the shared cluster that ends with the test and
// returns its URL.
func DSN(tb testing.TB) string {
	tb.Helper()
	return Start(tb).DSN(tb)
}

// DSN makes a database that ends with the test and returns its URL.
func (c *Cluster) DSN(tb testing.TB) string {
	tb.Helper()
	return c.Database(tb).URL()
}

// Database makes a database that ends with the test, even when connections to
// it are left open.
func (c *Cluster) Database(tb testing.TB) *Database {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), sqlTime)
	defer cancel()
	d, err := c.Create(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), sqlTime)
		defer cancel()
		if err := d.Drop(ctx); err != nil {
			tb.Error(err)
		}
	})
	return d
}

// New starts a cluster of one's own. ctx bounds the start, not the server's
// life: Close ends it, or the end of this process.
func New(ctx context.Context, opts Options) (*Cluster, error) {
	c := &Cluster{opts: opts, password: rand.Text()}
	if err := c.furnish(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// furnish does what New does, and leaves what it did when it cannot go on.
func (c *Cluster) furnish(ctx context.Context) (err error) {
	if c.bin, err = find(); err != nil {
		return err
	}
	if c.owner, err = owner(); err != nil {
		return err
	}
	if c.dir, err = folder(c.owner); err != nil {
		return err
	}
	if c.janitor, err = hire(c.dir); err != nil {
		return errors.Join(err, os.Remove(c.dir))
	}
	if c.port, err = claim.NewPort(); err != nil {
		return err
	}
	if err = c.initialize(ctx); err != nil {
		return err
	}
	if err = c.start(ctx); err != nil {
		return err
	}
	return c.sql(ctx, "alter role postgres password '"+c.password+"'")
}

// initialize makes the cluster's files. They are not synced: the machine would
// have to crash before the first start.
func (c *Cluster) initialize(ctx context.Context) error {
	args, err := collation(ctx, c.bin)
	if err != nil {
		return err
	}
	args = append(args, "--pgdata=data", "--no-sync", "--username=postgres",
		"--auth-local=trust", "--auth-host=scram-sha-256")
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, "initdb"), args...)
	cmd.Dir = c.dir
	cmd.Env = environ()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make a cluster: %w\n%s", err, out)
	}
	return nil
}

// start starts the server and waits until it answers.
func (c *Cluster) start(ctx context.Context) error {
	log, err := os.OpenFile(c.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	defer log.Close() // the child has its own
	cmd := exec.Command(filepath.Join(c.bin, "postgres"), c.settings()...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, log, log
	cmd.Env = environ()
	cmd.ExtraFiles = []*os.File{c.janitor.hold}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	if c.child, err = child.Start(cmd, syscall.SIGQUIT); err != nil {
		return err
	}
	if err := c.ready(ctx); err != nil {
		text, _ := os.ReadFile(c.LogFile())
		return fmt.Errorf("start PostgreSQL: %w; its log:\n%s", err, text)
	}
	return nil
}

// settings are the server's, on its command line.
func (c *Cluster) settings() []string {
	fsync := "on"
	if c.opts.NoFsync {
		fsync = "off"
	}
	return []string{"-D", "data", "-p", strconv.Itoa(c.port.Number),
		"-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=" + c.dir,
		"-c", "max_connections=200",
		"-c", "fsync=" + fsync,
	}
}

// ready waits until the server answers, or has ended.
func (c *Cluster) ready(ctx context.Context) error {
	var ended error
	err := wait.For(ctx, func(ctx context.Context) error {
		if ended = c.child.Ended(); ended != nil {
			return nil
		}
		return c.sql(ctx, "select 1")
	})
	return errors.Join(err, ended)
}

// LogFile returns the path of the server's log.
func (c *Cluster) LogFile() string { return filepath.Join(c.dir, "log") }

// Pid returns the process id of the server that runs, for measurements.
func (c *Cluster) Pid() int { return c.child.Pid() }

// Stop ends the server as an administrator in a hurry does, and waits: open
// transactions are rolled back and connections cut.
func (c *Cluster) Stop() error { return c.end(syscall.SIGINT) }

// Kill ends the server without a checkpoint and waits: what was committed is
// in the log only, and the next start has to recover it, as after a crash.
func (c *Cluster) Kill() error { return c.end(syscall.SIGQUIT) }

// Restart starts the server again after Stop or Kill, on the same port and
// data; a server that runs is stopped first. It waits until it answers.
func (c *Cluster) Restart(ctx context.Context) error {
	if err := c.Stop(); err != nil {
		return err
	}
	return c.start(ctx)
}

// Close ends the server and removes its folder.
func (c *Cluster) Close() error {
	err := c.Kill()
	if c.janitor != nil {
		err = errors.Join(err, c.janitor.dismiss())
	}
	if c.port != nil {
		err = errors.Join(err, c.port.Release())
	}
	return err
}

func (c *Cluster) end(sig os.Signal) error {
	if c.child == nil {
		return nil
	}
	if err := c.child.End(sig, stopTime); err != nil {
		return fmt.Errorf("end PostgreSQL: %w", err)
	}
	return nil
}

// Database is one database of a cluster.
type Database struct {
	Name    string
	cluster *Cluster
}

// Create makes an empty database with a name that is not used again.
func (c *Cluster) Create(ctx context.Context) (*Database, error) {
	d := &Database{Name: "test_" + strings.ToLower(rand.Text()), cluster: c}
	if err := c.sql(ctx, "create database "+d.Name); err != nil {
		return nil, err
	}
	return d, nil
}

// URL returns what a client needs to reach the database as its owner by the
// cluster's socket, which is the faster way.
func (d *Database) URL() string {
	query := url.Values{
		"host":    {d.cluster.dir},
		"port":    {strconv.Itoa(d.cluster.port.Number)},
		"sslmode": {"disable"},
	}
	return "postgres://postgres@/" + d.Name + "?" + query.Encode()
}

// TCP returns what a client needs to reach the database by 127.0.0.1, where a
// proxy can stand between.
func (d *Database) TCP() string {
	c := d.cluster
	return "postgres://postgres:" + c.password + "@" + c.port.Addr() + "/" + d.Name + "?sslmode=disable"
}

// Drop ends all connections to the database and removes it.
func (d *Database) Drop(ctx context.Context) error {
	return d.cluster.sql(ctx, "drop database if exists "+d.Name+" with (force)")
}

// sql runs one statement as the cluster's owner.
func (c *Cluster) sql(ctx context.Context, statement string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, "psql"), "--no-psqlrc", "--quiet", "--host="+c.dir,
		"--port="+strconv.Itoa(c.port.Number), "--username=postgres", "--dbname=postgres", "--command="+statement)
	cmd.Env = environ()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", statement, err, out)
	}
	return nil
}

// environ is the environment without the variables that would talk into
// PostgreSQL's programs.
func environ() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") && !strings.HasPrefix(v, "LC_") {
			env = append(env, v)
		}
	}
	return append(env, "LC_ALL=C")
}
