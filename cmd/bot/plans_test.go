package main

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

// desk is a folder with a configuration and a database.
type desk struct {
	t   *testing.T
	dir string
	db  *store.DB
	log strings.Builder
	now time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	db, err := store.Open(t.Context(), filepath.Join(d.dir, "marginalia.db"), store.Options{NoListen: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	d.db = db
	d.write("essay.md", "# One\n\nThe first text.\n")
	return d
}

func (d *desk) write(name, what string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(what), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// start re-asserts the plans of a configuration, an hour later than before.
func (d *desk) start(config string) error {
	d.t.Helper()
	d.write("config.toml", config)
	c, err := loadConfig(filepath.Join(d.dir, "config.toml"), nil)
	if err == nil {
		err = c.checkRun()
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.now = d.now.Add(time.Hour)
	d.log.Reset()
	return assertPlans(d.t.Context(), d.db, c, source.Web{Allow: netip.Addr.IsLoopback}, slog.New(slog.NewTextHandler(&d.log, nil)), d.now)
}

func (d *desk) mustStart(config string) schedule.Plan {
	d.t.Helper()
	if err := d.start(config); err != nil {
		d.t.Fatal(err)
	}
	return d.plan("evenings")
}

func (d *desk) plan(name string) (p schedule.Plan) {
	d.t.Helper()
	d.change(func(tx *store.Tx) (err error) {
		p, err = tx.Plan(name)
		return err
	})
	return p
}

func (d *desk) change(f func(*store.Tx) error) {
	d.t.Helper()
	if err := d.db.Update(context.Background(), f); err != nil {
		d.t.Fatal(err)
	}
}

const evenings = "[[plans]]\nname = \"evenings\"\ntext = \"essay.md\"\ncron = \"30 18 * * *\"\n"

func TestRestartsKeepWhatAPlanHasDone(t *testing.T) {
	d := newDesk(t)
	first := d.mustStart(evenings)
	if first.Next != 1 || !first.Start.Equal(d.now) || !first.FromConfig || len(first.Rooms) != 2 {
		t.Fatalf("%+v", first)
	}
	last := d.now.Add(time.Minute)
	d.change(func(tx *store.Tx) error {
		first.Next, first.Last, first.Paused = 7, last, true
		return tx.PutPlan(first)
	})
	again := d.mustStart(evenings + "count = 3\n")
	if again.Next != 7 || !again.Last.Equal(last) || !again.Paused || !again.Start.Equal(first.Start) || again.Count != 3 {
		t.Errorf("%+v", again)
	}
	// A date that is no longer skipped was skipped all the same.
	day := d.now.AddDate(0, 0, 1).Truncate(24 * time.Hour)
	d.change(func(tx *store.Tx) error {
		again.Paused, again.Skip = false, []string{day.Format(time.DateOnly)}
		again.Last = day.Add(-330 * time.Minute)
		return tx.PutPlan(again)
	})
	d.now = day.Add(30 * time.Hour)
	if kept := d.mustStart(evenings); kept.Skip != nil || !kept.Last.Equal(day.Add(18*time.Hour+30*time.Minute)) {
		t.Errorf("%+v", kept)
	}
	// A new line does not make up for what it would have done before.
	moved := d.mustStart(strings.Replace(evenings, "30 18", "0 9", 1))
	if moved.Next != 7 || !moved.Start.Equal(d.now) {
		t.Errorf("%+v", moved)
	}
}

// What was said in a room holds as long as the configuration says what it said
// then; what is written there later holds again, and the log says which and why.
func TestWhoSaysWhenAPlanFires(t *testing.T) {
	d := newDesk(t)
	is := func(step string, p schedule.Plan, cron, log string) {
		t.Helper()
		if p.Cron != cron || !strings.Contains(d.log.String(), log) || log == "" && d.log.Len() > 0 {
			t.Errorf("%s it is %q; the log says %q", step, p.Cron, d.log.String())
		}
	}
	is("at first", d.mustStart(evenings), "30 18 * * *", "")
	d.change(func(tx *store.Tx) error {
		p, err := tx.Plan("evenings")
		if err != nil {
			return err
		}
		return relay.Retime(tx, p, schedule.Times{Cron: "0 9 * * *", Zone: "Europe/Berlin"}, p.Rooms[0], d.now)
	})
	said := d.now
	for range 2 {
		p := d.mustStart(evenings)
		is("after a restart", p, "0 9 * * *", "fires as was said in a room")
		if p.Zone != "Europe/Berlin" || !p.Start.Equal(said) {
			t.Errorf("after a restart it is %+v", p)
		}
	}
	d.change(func(tx *store.Tx) error {
		s, err := gatherStatus(tx, d.now)
		if len(s.Plans) != 1 || !strings.Contains(s.Plans[0].Changed, "changed in a room on local") || !strings.HasSuffix(s.Plans[0].Changed, "the configuration says: daily at 18:30 (UTC).") {
			t.Errorf("the status is %+v", s.Plans)
		}
		return err
	})
	changed := strings.Replace(evenings, "30 18", "0 20", 1)
	p := d.mustStart(changed)
	is("when the configuration is changed", p, "0 20 * * *", "fires as the configuration says")
	if p.Zone != "" || !p.Start.Equal(d.now) {
		t.Errorf("then it is %+v", p)
	}
	is("and then", d.mustStart(changed), "0 20 * * *", "")
	is("and back", d.mustStart(evenings), "30 18 * * *", "")
}

func TestAnotherTextBeginsAnew(t *testing.T) {
	d := newDesk(t)
	first := d.mustStart(evenings)
	d.change(func(tx *store.Tx) error {
		first.Next = 7
		return tx.PutPlan(first)
	})
	d.write("other.md", "# Two\n\nThe second text.\n")
	other := d.mustStart(strings.Replace(evenings, "essay.md", "other.md", 1))
	if other.Discussion == first.Discussion || other.Next != 1 {
		t.Errorf("%+v", other)
	}
	// A text can be named by its id, or the id's beginning.
	back := d.mustStart(strings.Replace(evenings, "essay.md", string(first.Discussion[:4]), 1))
	if back.Discussion != first.Discussion || back.Next != 1 {
		t.Errorf("%+v", back)
	}
}

func TestAnEditedFileDoesNotBeginAnew(t *testing.T) {
	d := newDesk(t)
	first := d.mustStart(evenings)
	d.change(func(tx *store.Tx) error {
		first.Next = 2
		return tx.PutPlan(first)
	})
	d.write("essay.md", "# One\n\nThe first text, mended.\n")
	if p := d.mustStart(evenings); p.Discussion != first.Discussion || p.Next != 2 || !strings.Contains(d.log.String(), "the file was changed after its import") {
		t.Errorf("%+v\n%s", p, &d.log)
	}
	if err := os.Remove(filepath.Join(d.dir, "essay.md")); err != nil {
		t.Fatal(err)
	}
	if p := d.mustStart(evenings); p.Discussion != first.Discussion || p.Next != 2 || d.log.Len() > 0 {
		t.Errorf("%+v\n%s", p, &d.log)
	}
}

func TestAPlanThatLeavesTheConfigurationRests(t *testing.T) {
	d := newDesk(t)
	first := d.mustStart(evenings)
	d.change(func(tx *store.Tx) error {
		first.Next = 2
		if err := tx.PutPlan(first); err != nil {
			return err
		}
		byCommand := first
		byCommand.Name, byCommand.FromConfig = "by command", false
		return tx.PutPlan(byCommand)
	})
	if p := d.mustStart("[bot]\n"); !p.Paused || p.Next != 2 {
		t.Errorf("%+v", p)
	}
	if d.plan("by command").Paused {
		t.Error("a plan that was made by a command rests too")
	}
	if p := d.mustStart(evenings); p.Paused || p.Next != 2 || !p.Start.Equal(d.now) {
		t.Errorf("%+v", p)
	}
	// One that somebody paused stays so.
	d.change(func(tx *store.Tx) error {
		p, err := tx.Plan("evenings")
		p.Paused = true
		if err != nil {
			return err
		}
		return tx.PutPlan(p)
	})
	d.mustStart("[bot]\n")
	if p := d.mustStart(evenings); !p.Paused {
		t.Errorf("%+v", p)
	}
}

func TestAPlanWithoutItsTextIsNotBegun(t *testing.T) {
	d := newDesk(t)
	err := d.start(strings.Replace(evenings, "essay.md", "nowhere.md", 1))
	if err == nil || err.Error() != `plan "evenings": its text "nowhere.md" is neither a file nor the id of an imported text: check the path, or see bot list` {
		t.Errorf("%v", err)
	}
}

// A room was replaced. With follow = false its plans post in it again.
func TestAPlanStaysInARoomThatIsNotFollowed(t *testing.T) {
	d := newDesk(t)
	room := func(more string) string {
		return evenings + "[[rooms]]\nname = \"hall\"\nplatform = \"local\"\n" + more
	}
	d.mustStart(room(""))
	d.change(func(tx *store.Tx) error {
		return tx.PutSetting("replaced:local:hall", `{"to": {"platform": "local", "id": "attic"}}`)
	})
	for _, is := range []struct{ more, room string }{
		{"", "attic"}, {"follow = true\n", "attic"}, {"follow = false\n", "hall"}, {"", "hall"}, // until it is told again where it went
	} {
		if p := d.mustStart(room(is.more)); len(p.Rooms) != 1 || p.Rooms[0].ID != is.room {
			t.Errorf("with %q the plan posts in %v, not in %s", is.more, p.Rooms, is.room)
		}
	}
}
