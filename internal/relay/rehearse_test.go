package relay_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
	"marginalia/test/require"
)

// posts are all messages in the rooms and in the threads under their posts.
func (n *town) posts() []string {
	var all []string
	for _, room := range n.rooms {
		for _, m := range n.net(room).Read(chat.Place{Room: room}) {
			all = append(all, fmt.Sprintf("%s: %s", room, m.Body.Text))
			for _, said := range n.net(room).Read(n.net(room).Thread(m.Ref)) {
				all = append(all, fmt.Sprintf("%s, in a thread: %s", room, said.Body.Text))
			}
		}
	}
	return all
}

// rehearsed is what will be posted, as a copy of the database has it, in which the
// bot's networks are known.
func (n *town) rehearsed(span time.Duration) []relay.Coming {
	n.t.Helper()
	empty, err := store.Open(context.Background(), filepath.Join(n.t.TempDir(), "rehearsal.db"), store.Options{NoListen: true})
	if err != nil {
		n.t.Fatal(err)
	}
	defer empty.Close()
	now := time.Now()
	if err := relay.Stage(context.Background(), n.db, empty, now); err != nil {
		n.t.Fatal(err)
	}
	var platforms []chat.Platform
	for _, net := range n.all {
		platforms = append(platforms, net.open(n.t))
	}
	stage := relay.New(relay.Config{DB: empty, Platforms: platforms, Rooms: n.rooms, Flat: n.flat, Log: logger(n.t)})
	told, err := stage.Rehearse(context.Background(), now, now.Add(span), nil)
	if err != nil {
		n.t.Fatal(err)
	}
	return told
}

// The story "what was rehearsed comes": what will be posted in the next hours is
// told beforehand, excerpts and long passages included; nothing of it is kept; and
// then the same comes, at the same times.
func TestRehearsal(t *testing.T) {
	text := discussed(5,
		comment{"Ada", 0, "Nice."}, comment{"Bo", 3, "Does it?"}, comment{"Cy", 1, "It does."}, comment{"Di", 3, "It does not. " + strings.Repeat("At length. ", 90)})
	quotingTown(t, text, func(t *testing.T, n *town) {
		n.pass(time.Hour + time.Minute) // one is posted already
		n.nets["two"].SetDown(true)
		n.pass(time.Hour) // and one is on its way to one room
		before := n.posts()
		now := time.Now()
		told := n.rehearsed(10 * time.Hour)
		n.pass(10 * time.Minute)
		if got := n.posts(); !slices.Equal(got, before) {
			t.Errorf("the rehearsal posted %q", got)
		}
		n.nets["two"].SetDown(false)
		n.pass(30 * time.Minute)
		n.comesAsTold(told, now.Add(10*time.Hour), time.Hour)
		if len(told) != 3*6 { // in three rooms, three paragraphs and three comments: two of each came already, or will
			t.Errorf("%d posts were told of", len(told))
		}
	})
}

// What is rehearsed comes so on Discord too, where the first of a long passage's
// messages opens a thread, or a forum's post, and the others stand in it.
func TestRehearsalOnDiscord(t *testing.T) {
	require.Shared(t, "discord")
	dsn := filepath.Join(t.TempDir(), "story.db")
	synctest.Test(t, func(t *testing.T) {
		d, one, both := discordBeside(t)
		n := settleTown(t, dsn, 1, both, d.Room("hall"), one.Room("club"), d.board("essays"))
		n.text = discussed(5,
			comment{"Ada", 0, "Nice. @everyone"}, comment{"Bo", 3, "*Does* it?"}, comment{"Cy", 1, "It does. " + strings.Repeat("At great length. ", 200)})
		n.plan("0 * * * *")
		n.start()
		n.pass(time.Hour + time.Minute)
		now := time.Now()
		told := n.rehearsed(9 * time.Hour)
		n.comesAsTold(told, now.Add(9*time.Hour), time.Hour)
		names := map[string]int{}
		for _, c := range told {
			if c.Room.Platform == "discord" && c.Under == "" {
				names[c.Thread]--
			}
		}
		for _, room := range n.rooms {
			for seq, place := range n.threads(room) {
				if thread, ok := d.ThreadOf(place.Thread); ok && seq > 1 {
					names[thread.Name]++
				}
			}
		}
		if len(names) < 4 {
			t.Errorf("only %d threads were told of", len(names))
		}
		for name, left := range names {
			if left != 0 {
				t.Errorf("%q names %d threads more than were told of", name, left)
			}
		}
		n.stop()
		for _, net := range n.all {
			net.Check(t)
		}
		if err := n.db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestRehearsalWithoutThreads(t *testing.T) {
	text := discussed(4, comment{"Bo", 1, "Does it?"}, comment{"Cy", 3, "It does. " + strings.Repeat("At length. ", 90)})
	quotingTown(t, text, func(t *testing.T, n *town) {
		n.stop()
		n.flat = []chat.Room{n.rooms[0], n.rooms[2]}
		n.start()
		n.pass(time.Hour + time.Minute)
		now := time.Now()
		n.comesAsTold(n.rehearsed(4*time.Hour), now.Add(4*time.Hour), time.Hour)
	})
}

// comesAsTold lets time pass, step by step, and fails where other words come than
// were told, or at another step.
func (n *town) comesAsTold(told []relay.Coming, until time.Time, step time.Duration) {
	n.t.Helper()
	before := n.posts()
	want := map[int64][]string{}
	for _, c := range told {
		where := c.Room.String()
		if c.Flat {
			if c.Thread != "" || !slices.Contains(n.flat, c.Room) {
				n.t.Errorf("passage %d has no thread in %s, called %q", c.Passage.Seq, c.Room, c.Thread)
			}
		} else if c.Under != "" {
			where += ", in a thread"
		} else if !strings.HasPrefix(c.Thread, fmt.Sprint(c.Passage.Seq, " · ")) {
			n.t.Errorf("the thread of passage %d is called %q", c.Passage.Seq, c.Thread)
		}
		for i, part := range c.Parts {
			if i > 0 && c.Under == "" && !c.Flat {
				where = c.Room.String() + ", in a thread"
			}
			want[c.At.Unix()] = append(want[c.At.Unix()], where+": "+part.Text)
		}
	}
	for at := time.Now().Truncate(step).Add(step); at.Before(until); at = at.Add(step) {
		n.pass(time.Until(at) + time.Minute)
		var fresh []string
		for _, one := range n.posts() {
			if i := slices.Index(before, one); i >= 0 {
				before = slices.Delete(before, i, i+1)
			} else {
				fresh = append(fresh, one)
			}
		}
		slices.Sort(fresh)
		slices.Sort(want[at.Unix()])
		if !slices.Equal(fresh, want[at.Unix()]) {
			n.t.Errorf("at %s come\n%s\ntold was\n%s", at.Format(time.TimeOnly), strings.Join(fresh, "\n"), strings.Join(want[at.Unix()], "\n"))
		}
		before = n.posts()
	}
}

// A plan with quiet hours, which makes up for each firing in them, does so with a
// pause; it is told of and then comes at the same times.
func TestRehearsalOfAQuietPlan(t *testing.T) {
	story(t, func(t *testing.T, n *town) { // one is posted, at one o'clock
		n.update(func(tx *store.Tx) error {
			p, err := tx.Plan("drip")
			p.Quiet, p.CatchUp, p.Pause = "01:30-04:10", schedule.All, 20*time.Minute
			return errors.Join(err, tx.PutPlan(p))
		})
		told := n.rehearsed(10 * time.Hour)
		var times []string
		for _, c := range told {
			if c.Room == n.rooms[0] {
				times = append(times, c.At.Format("15:04"))
			}
		}
		// Those of two, three and four o'clock, then that of five, later by their pause.
		if want := "04:10 04:30 04:50 05:10 06:00"; strings.Join(times, " ") != want {
			t.Errorf("told are %s, not %s", strings.Join(times, " "), want)
		}
		n.comesAsTold(told, time.Now().Add(6*time.Hour), 10*time.Minute)
	})
}

// What a rehearsal is to begin with is not kept either, and may be refused.
func TestRehearsalOfWhatIsNotYet(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		other := discussion.Assemble("Another", "", essay(2).Documents, discussion.CutOptions{})
		now := time.Now()
		told, err := n.beside().Rehearse(context.Background(), now, now.Add(90*time.Minute), func(tx *store.Tx) error {
			if _, err := tx.PutDiscussion(other, now); err != nil {
				return err
			}
			p, err := tx.Plan("drip")
			p.Discussion, p.Next, p.Count = other.ID, 1, 2
			return errors.Join(err, tx.PutPlan(p))
		})
		if err != nil || len(told) != 2*len(n.rooms) || told[0].Title != "Another" || told[0].Total != 2 {
			t.Errorf("told is %+v, %v", told, err)
		}
		n.update(func(tx *store.Tx) error {
			if _, err := tx.Head(other.ID); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the other text is kept: %v", err)
			}
			return nil
		})
		if _, err := n.beside().Rehearse(context.Background(), now, now.Add(time.Hour), func(*store.Tx) error { return errors.New("no") }); err == nil {
			t.Error("what cannot begin is rehearsed")
		}
	})
}
