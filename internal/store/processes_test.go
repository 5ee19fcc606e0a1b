package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/schedule"
	"marginalia/test/postgres"
	"marginalia/test/wait"
)

// TestMain lets the test binary be the other process: see other.
func TestMain(m *testing.M) {
	if deed := os.Getenv("STORE_TEST_DEED"); deed != "" {
		if err := deeds[deed](os.Getenv("STORE_TEST_DSN")); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// deeds are what the other process can do. Each line that it reads is a turn,
// each line that it writes is told to the test.
var deeds = map[string]func(dsn string) error{
	"lock": func(dsn string) error {
		return withDB(dsn, func(db *DB) error {
			if _, err := db.Lock(context.Background()); err != nil {
				return err
			}
			fmt.Println("locked")
			return turns(func() error { return nil })
		})
	},
	"commit": func(dsn string) error {
		return withDB(dsn, func(db *DB) error {
			fmt.Println("ready")
			return turns(func() error {
				return db.Update(context.Background(), func(tx *Tx) error {
					_, err := bump(tx, "turns")
					return err
				})
			})
		})
	},
	"write": func(dsn string) error {
		return withDB(dsn, func(db *DB) error {
			for {
				n, err := writeTwice(db)
				if err != nil {
					return err
				}
				fmt.Println(n)
			}
		})
	},
}

func withDB(dsn string, f func(*DB) error) error {
	db, err := Open(context.Background(), dsn, Options{NoListen: true})
	if err != nil {
		return err
	}
	return errors.Join(f(db), db.Close())
}

func turns(turn func() error) error {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if err := turn(); err != nil {
			return err
		}
		fmt.Println("done")
	}
	return in.Err()
}

// writeTwice adds one to two numbers, words between them.
func writeTwice(db *DB) (n int, err error) {
	err = db.Update(context.Background(), func(tx *Tx) error {
		a, err := bump(tx, "a")
		n = a
		err2 := tx.Stale(Thing(fmt.Sprint("a:", a)), attic, "", ClassReply, noon)
		_, err3 := bump(tx, "b")
		return all(err, furnish(tx, "x"), tx.PutAnnotation(remark("a", "passage-1", "x")), err2, err3)
	})
	return n, err
}

// other is another process on the same database.
type other struct {
	t   testing.TB
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Scanner
}

func start(t testing.TB, deed, dsn string) *other {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STORE_TEST_DEED="+deed, "STORE_TEST_DSN="+dsn)
	in, err := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	o := &other{t, cmd, in, bufio.NewScanner(out)}
	t.Cleanup(o.kill)
	return o
}

func (o *other) kill() {
	o.cmd.Process.Kill()
	o.cmd.Wait()
}

func (o *other) says(want string) {
	o.t.Helper()
	if !o.out.Scan() || o.out.Text() != want {
		o.t.Fatalf("the other process says %q, want %q", o.out.Text(), want)
	}
}

func (o *other) turn() {
	o.t.Helper()
	if _, err := io.WriteString(o.in, "turn\n"); err != nil {
		o.t.Fatal(err)
	}
}

func TestOneBotOnADatabase(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		db := opened(t, dsn, Options{NoListen: true})
		first := start(t, "lock", dsn)
		first.says("locked")
		_, err := db.Lock(t.Context())
		if !errors.Is(err, ErrLocked) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("the second bot: %v", err)
		}
		mentions(t, err, "another bot", "stop that one", nameOf(db))
		update(t, db, func(tx *Tx) error { return tx.PutSetting("import", "works beside it") })
		first.kill()
		var unlock func()
		wait.Until(t, 10*time.Second, "the killed bot's lock is free", func() bool {
			unlock, err = db.Lock(t.Context())
			return err == nil
		})
		if _, err := db.Lock(t.Context()); !errors.Is(err, ErrLocked) {
			t.Errorf("locked twice by one process: %v", err)
		}
		unlock()
		unlock()
		wait.Until(t, 10*time.Second, "the lock is free again", func() bool {
			unlock, err = db.Lock(t.Context())
			return err == nil
		})
		unlock()
	})
}

func TestCommitsOfAnotherProcessAreNoticed(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		db := opened(t, dsn, Options{})
		listening(t, db)
		o := start(t, "commit", dsn)
		o.says("ready")
		for range 3 {
			any, room := db.Changed(), db.Changed(attic, shed)
			o.turn()
			o.says("done")
			late := time.After(2 * time.Second)
			for _, c := range []<-chan struct{}{any, room} {
				select {
				case <-c:
				case <-late:
					t.Fatal("not noticed within 2 s")
				}
			}
		}
	})
}

func nameOf(db *DB) string {
	if d, ok := db.engine.(*sqliteDB); ok {
		return d.path
	}
	return db.engine.(*postgresDB).name
}

// listening waits until what Open itself reports has been reported.
func listening(t testing.TB, db *DB) {
	d, ok := db.engine.(*postgresDB)
	if !ok {
		return
	}
	wait.Until(t, 10*time.Second, "the server is listened to", func() bool { return d.listener.Load() != 0 })
	db.topics.fireAll()
}

func TestTopics(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		closed := func(c <-chan struct{}) bool {
			select {
			case <-c:
				return true
			default:
				return false
			}
		}
		any, here, there, both := db.Changed(), db.Changed(attic), db.Changed(shed), db.Changed(shed, attic)
		expect := func(what string, want ...bool) {
			t.Helper()
			for i, c := range []<-chan struct{}{any, here, there, both} {
				if closed(c) != want[i] {
					t.Errorf("%s: channel %d closed = %v", what, i, !want[i])
				}
			}
		}
		view(t, db, func(tx *Tx) error { return nil })
		update(t, db, func(tx *Tx) error { return nil })
		boom := errors.New("boom")
		err := db.Update(t.Context(), func(tx *Tx) error { return all(tx.Stale("a:a", attic, "", ClassReply, noon), boom) })
		if !errors.Is(err, boom) {
			t.Errorf("error of f: %v", err)
		}
		expect("nothing was committed", false, false, false, false)
		update(t, db, func(tx *Tx) error { return tx.PutSetting("a", "b") })
		expect("a setting", true, false, false, false)
		any = db.Changed()
		update(t, db, func(tx *Tx) error { return tx.Stale("a:a", attic, "", ClassReply, noon) })
		expect("enqueued for the attic", true, true, false, true)
		any, here, both = db.Changed(), db.Changed(attic), db.Changed(shed, attic)
		update(t, db, func(tx *Tx) error { return tx.DropDelivery("a:a", attic) })
		expect("dropped in the attic", true, true, false, true)
		here, there = db.Changed(attic), db.Changed(shed)
		update(t, db, func(tx *Tx) error {
			tx.Looked(attic)
			return all(tx.Stale("a:a", attic, "", ClassReply, noon), tx.Stale("a:a", shed, "", ClassReply, noon))
		})
		expect("enqueued for both by who looks at the attic anyway", true, false, true, true)
		any, planned := db.Changed(), db.Planned()
		update(t, db, func(tx *Tx) error { return tx.PutSetting("a", "c") })
		if !closed(any) || closed(planned) {
			t.Error("a setting is a plan")
		}
		any = db.Changed()
		update(t, db, func(tx *Tx) error { return tx.DropPlan("none") })
		if closed(any) || closed(planned) {
			t.Error("a plan that is not there was dropped")
		}
		update(t, db, func(tx *Tx) error { return tx.PutPlan(schedule.Plan{Name: "drip"}) })
		if !closed(any) || !closed(planned) {
			t.Error("a plan is none")
		}
		if n := len(db.topics.all); n != 1 {
			t.Errorf("%d topics are left", n)
		}
	})
}

// TestOwnCommitsAreNotAnothers: the watcher of SQLite tells them apart.
func TestOwnCommitsAreNotAnothers(t *testing.T) {
	dsn := t.TempDir() + "/bot.db"
	mine, others := opened(t, dsn, Options{NoListen: true}), opened(t, dsn, Options{NoListen: true})
	w := newWatcher(t.Context(), mine.engine.(*sqliteDB))
	write := func(db *DB) { update(t, db, func(tx *Tx) error { _, err := bump(tx, "n"); return err }) }
	for i, step := range []struct {
		by   *DB
		want bool
	}{{nil, false}, {mine, false}, {mine, false}, {others, true}, {nil, false}, {mine, false}, {others, true}, {nil, false}, {nil, false}} {
		if step.by != nil {
			write(step.by)
		}
		if got := w.look(t.Context()); got != step.want {
			t.Errorf("step %d: changed by another = %v", i, got)
		}
	}
	write(others)
	write(mine)
	if !w.look(t.Context()) {
		t.Error("another's commit was lost behind one of our own")
	}
}

// TestWritesAreTold by the kernel and by looking.
func TestWritesAreTold(t *testing.T) {
	dir := t.TempDir()
	write := func(name, words string) {
		if err := os.WriteFile(dir+"/"+name, []byte(words), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("kernel", "")
	write("looking", "")
	for name, log := range map[string]writeLog{"kernel": openLog(dir + "/kernel"), "looking": pollLog(dir + "/looking")} {
		if log.wait(t.Context(), time.Millisecond) {
			t.Errorf("%s: told what nobody wrote", name)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		for _, words := range []string{"one", "three", "eleven"} {
			write(name, words)
			if !log.wait(ctx, 0) {
				t.Errorf("%s: %q was not told", name, words)
			}
		}
		cancel()
		for log.wait(ctx, 0) { // a file that was cut and written was written twice
		}
		log.close()
	}
}

// TestKilledWhileWriting kills a writing process with SIGKILL again and again:
// what it told to be committed is there, and nothing by halves.
func TestKilledWhileWriting(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		for round := range 8 {
			o := start(t, "write", dsn)
			told := 0
			for range 5 + 7*round {
				if !o.out.Scan() {
					t.Fatal("the writer ended")
				}
				told, _ = strconv.Atoi(o.out.Text())
			}
			o.cmd.Process.Kill()
			for o.out.Scan() { // what it had told before it died
				if n, err := strconv.Atoi(o.out.Text()); err == nil {
					told = n
				}
			}
			o.kill()
			db, err := Open(t.Context(), dsn, Options{NoListen: true})
			if err != nil {
				t.Fatal(err)
			}
			sound(t, db)
			a, b, orders := 0, 0, int64(0)
			read := func(tx *Tx) error {
				x, err := tx.Setting("a")
				y, err2 := tx.Setting("b")
				a, _ = strconv.Atoi(x)
				b, _ = strconv.Atoi(y)
				d, err3 := tx.Delivery(Thing("a:"+x), attic)
				orders = d.Order
				return all(err, err2, err3)
			}
			if _, server := db.engine.(*postgresDB); server { // a commit may be under way when its sender dies
				wait.Until(t, 5*time.Second, "what was told is committed", func() bool { return db.View(t.Context(), read) == nil && a >= told })
			}
			view(t, db, read)
			if a < told || a != b || orders != int64(a) {
				t.Errorf("round %d: told %d, found %d, %d and order %d", round, told, a, b, orders)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// sound asks SQLite whether its file is whole.
func sound(t testing.TB, db *DB) {
	t.Helper()
	if _, ok := db.engine.(*sqliteDB); !ok {
		return
	}
	says := got(t, db, func(tx *Tx) (string, error) { return row(tx, one[string], "PRAGMA integrity_check") })
	if says != "ok" {
		t.Errorf("integrity: %s", says)
	}
}

// TestTheLockOutlivesARestartOfTheServer, and if another bot takes it
// meanwhile, this one may not write any more.
func TestTheLockOutlivesARestartOfTheServer(t *testing.T) {
	postgres.Start(t) // or skip
	ctx := t.Context()
	c, err := postgres.New(ctx, postgres.Options{NoFsync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	d, err := c.Create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	db, rival := opened(t, d.URL(), Options{}), opened(t, d.URL(), Options{NoListen: true})
	unlock, err := db.Lock(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	listening(t, db)
	listener := func() uint32 { return db.engine.(*postgresDB).listener.Load() }
	before := listener()
	if err := c.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, 20*time.Second, "the server is listened to again", func() bool { return listener() != 0 && listener() != before })
	if _, err := rival.Lock(ctx); !errors.Is(err, ErrLocked) {
		t.Fatalf("after the restart another bot may run: %v", err)
	}
	put := func() error { return db.Update(ctx, func(tx *Tx) error { return tx.PutSetting("a", "b") }) }
	if err := put(); err != nil {
		t.Fatal(err)
	}

	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	mentions(t, put(), "cannot be reached")
	slow := &db.engine.(*postgresDB).ownership.mu
	slow.Lock() // the rival is faster this time
	err = c.Restart(ctx)
	free, err2 := rival.Lock(ctx)
	slow.Unlock()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	defer free()
	wait.Until(t, 40*time.Second, "the bot that lost its lock may not write", func() bool { return errors.Is(put(), ErrLocked) })
	if err := rival.Update(ctx, func(tx *Tx) error { return tx.PutRoom(chat.Room{}) }); err != nil {
		t.Error(err)
	}
}
