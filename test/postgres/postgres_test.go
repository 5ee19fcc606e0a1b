//go:build unix

package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"marginalia/test/postgres"
	"marginalia/test/wait"
)

// helper in the environment makes this test binary a process that is killed.
const helper = "MARGINALIA_TEST_CLUSTER"

func TestMain(m *testing.M) {
	if os.Getenv(helper) != "" {
		holdCluster()
		return
	}
	os.Exit(m.Run())
}

// holdCluster starts a cluster, prints its log's path and waits to be killed.
func holdCluster() {
	c, err := postgres.New(context.Background(), postgres.Options{NoFsync: true})
	if err != nil {
		panic(err)
	}
	fmt.Println(c.LogFile())
	select {}
}

// psql runs statements and returns what they print.
func psql(t *testing.T, dsn, statements string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", dsn)
	cmd.Stdin = strings.NewReader(statements)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", statements, err, out)
	}
	return strings.TrimSpace(string(out))
}

func expect(t *testing.T, dsn, statements, want string) {
	t.Helper()
	if got := psql(t, dsn, statements); got != want {
		t.Errorf("%s: got %q, want %q", statements, got, want)
	}
}

func TestDatabases(t *testing.T) {
	first, other := postgres.DSN(t), postgres.DSN(t)
	expect(t, first, "create table t (n int); insert into t values (1), (2); select sum(n) from t", "3")
	expect(t, other, "select count(*) from pg_tables where tablename = 't'", "0")
	expect(t, first, "show fsync", "on")
	expect(t, first, "show max_connections", "200")
	expect(t, first, "select string_agg(w, '' order by w) from (values ('b'), ('A'), ('a'), ('B')) v(w)", "aAbB")
}

func TestTCP(t *testing.T) {
	d := postgres.Start(t).Database(t)
	psql(t, d.URL(), "create table t (n int); insert into t values (7)")
	expect(t, d.TCP(), "select n from t", "7")
	stranger, err := url.Parse(d.TCP())
	if err != nil {
		t.Fatal(err)
	}
	stranger.User = url.UserPassword("postgres", "guessed")
	out, err := exec.Command("psql", stranger.String(), "-c", "select 1").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "password authentication failed") {
		t.Errorf("a stranger at the port: %v: %s", err, out)
	}
}

func TestADatabaseIsDroppedUnderAnOpenConnection(t *testing.T) {
	var name string
	t.Run("leaky", func(t *testing.T) {
		d := postgres.Start(t).Database(t)
		name = d.Name
		cmd := exec.Command("psql", "-X", d.URL(), "-c", "select pg_sleep(600)")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go cmd.Wait() // it ends when its connection is cut
		wait.Until(t, 10*time.Second, "psql sleeps", func() bool {
			return psql(t, d.URL(), "select count(*) from pg_stat_activity where query = 'select pg_sleep(600)'") == "1"
		})
	})
	expect(t, postgres.DSN(t), "select count(*) from pg_database where datname = '"+name+"'", "0")
}

func TestCommittedRowsSurviveAKill(t *testing.T) {
	postgres.Start(t) // skips where there is none
	c, err := postgres.New(t.Context(), postgres.Options{NoFsync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, c) })
	dsn := c.DSN(t)
	expect(t, dsn, "show fsync", "off")
	psql(t, dsn, "create table t (n int); insert into t values (5)")
	for _, end := range []func() error{c.Kill, c.Stop} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := c.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		expect(t, dsn, "select n from t", "5")
	}
}

// remove closes a cluster and sees that nothing of it is left.
func remove(t *testing.T, c *postgres.Cluster) {
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if dir := filepath.Dir(c.LogFile()); exists(dir) {
		t.Errorf("%s was left behind", dir)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestAKilledProcessLeavesNothing(t *testing.T) {
	postgres.Start(t) // skips where there is none
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helper+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(strings.TrimSpace(line))
	if !exists(filepath.Join(dir, "data", "postmaster.pid")) {
		t.Fatalf("no cluster runs in %s", dir)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"
	wait.Until(t, 30*time.Second, dir+" is gone", func() bool { return !exists(dir) })
}
