package relay_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/command"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// A room has a list of the threads in which people talk, if it wants one: behind
// the last passage, as it is now, without what is closed, and without what is old.
func TestOpenThreadsAreListed(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.listsThreadsIn(n.rooms[:1]...)
		n.pass(3*time.Hour + 30*time.Minute) // three passages stand
		hall := n.rooms[0]
		lists := func(want ...string) {
			t.Helper()
			n.pass(11 * time.Minute)
			for _, room := range n.rooms[1:] {
				if all := n.listed(room); len(all) != 0 {
					t.Errorf("%s lists %q", room, all)
				}
			}
			all := n.net(hall).Read(chat.Place{Room: hall})
			got := n.listed(hall)
			if len(want) == 0 && len(got) == 0 {
				return
			}
			if len(got) != 1 || got[0] != all[len(all)-1].Body.Text {
				t.Fatalf("it lists %q, and the last words in the room are %q", got, all[len(all)-1].Body.Text)
			}
			lines := strings.Split(got[0], "\n")[1:]
			lines = slices.DeleteFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "" })
			if len(lines) != len(want) {
				t.Fatalf("it lists %q, want %q", lines, want)
			}
			for i := range want {
				if !strings.HasPrefix(lines[i], "- "+want[i]+":") {
					t.Errorf("it lists %q, want %q", lines, want)
				}
			}
		}
		say := func(who, seq int) chat.Ref {
			return n.people["one"][who].Say(n.threads(hall)[seq], "a thought", chat.Ref{})
		}
		lists()
		say(0, 2)
		lists("2")
		one := say(1, 1)
		lists("1", "2")
		say(1, 2)
		lists("1", "2")
		n.pass(time.Hour) // another passage
		lists("1", "2")
		n.people["one"][1].Delete(one)
		lists("2")
		second := n.text.Passages[1].ID
		n.update(func(tx *store.Tx) error { return relay.SetLocked(tx, english, second, true, time.Now()) })
		lists()
		n.update(func(tx *store.Tx) error { return relay.SetLocked(tx, english, second, false, time.Now()) })
		lists("2")
		n.stop()
		n.start()
		lists("2")
		n.quiet()
		n.verified()
		n.pass(15 * 24 * time.Hour)
		lists()
		n.quiet()
	})
}

// A list that could not be written is written as soon as that can be done, not
// when lists are looked at again ten minutes later.
func TestAListThatWasNotWrittenComesSoon(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.log = slog.New(slog.DiscardHandler) // it tells that it waits
		n.listsThreadsIn(n.rooms[0])
		n.pass(time.Hour + 30*time.Minute)
		n.people["one"][0].Say(n.threads(n.rooms[0])[1], "a thought", chat.Ref{})
		n.execute("CREATE TRIGGER stuck BEFORE INSERT ON notes BEGIN SELECT RAISE(ABORT, 'stuck'); END")
		n.pass(11 * time.Minute)
		if all := n.listed(n.rooms[0]); len(all) > 0 {
			t.Fatalf("%q stands there, which could not be written", all)
		}
		n.execute("DROP TRIGGER stuck")
		n.pass(time.Minute)
		if all := n.listed(n.rooms[0]); len(all) != 1 {
			t.Errorf("%q stands there, not one list", all)
		}
	})
}

// A list that cannot be put into words keeps no other from its room, and is not
// tried again and again.
func TestAListThatBreaksKeepsNoOtherFromItsRoom(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, yard, tries := n.rooms[0], n.rooms[1], new(atomic.Int64)
		n.anew(func(c *relay.Config) {
			worded := c.Index
			c.Indexed, c.Log = n.rooms[:2], slog.New(slog.DiscardHandler)
			c.Index = func(tx *store.Tx, of relay.Index) (format.Doc, error) {
				if of.Room == hall {
					tries.Add(1)
					return format.Doc{}, errors.New("it cannot be worded")
				}
				return worded(tx, of)
			}
		})
		n.pass(65 * time.Minute)
		n.people["one"][0].Say(n.threads(yard)[1], "a thought", chat.Ref{})
		tries.Store(0)
		n.pass(30 * time.Minute)
		if all := n.listed(yard); len(all) != 1 || len(n.listed(hall)) > 0 {
			t.Errorf("lists are %q in one room and %q in the other, of which the latter breaks", all, n.listed(hall))
		}
		if many := tries.Load(); many < 1 || many > 4 {
			t.Errorf("in half an hour it was tried %d times", many)
		}
	})
}

// execute changes the town's database past its bot.
func (n *town) execute(sql string) {
	n.t.Helper()
	conn, err := sqlite.OpenConn(n.dsn, sqlite.OpenReadWrite)
	if err != nil {
		n.t.Fatal(err)
	}
	if err := errors.Join(sqlitex.ExecuteTransient(conn, sql, nil), conn.Close()); err != nil {
		n.t.Fatal(err)
	}
}

// listsThreadsIn starts the bot anew, with lists of open threads in some rooms.
func (n *town) listsThreadsIn(rooms ...chat.Room) {
	n.stop()
	n.indexed = rooms
	n.start()
}

// listed are the lists of open threads that stand in a room.
func (n *town) listed(room chat.Room) (all []string) {
	for _, m := range n.net(room).Read(chat.Place{Room: room}) {
		if strings.HasPrefix(m.Body.Text, "Open threads of ") {
			all = append(all, m.Body.Text)
		}
	}
	return all
}

// anew starts the bot anew with a config of one's own.
func (n *town) anew(with func(*relay.Config)) {
	n.stop()
	ctx, cancel := context.WithCancel(context.Background())
	r := relay.New(n.configOf(with))
	var done sync.WaitGroup
	done.Go(func() {
		if err := r.Run(ctx); err != nil {
			n.t.Errorf("Run: %v", err)
		}
	})
	n.stop = func() { cancel(); done.Wait() }
}

func (n *town) configOf(with func(*relay.Config)) relay.Config {
	var platforms []chat.Platform
	for _, net := range n.all {
		p := net.open(n.t)
		platforms = append(platforms, p)
	}
	c := relay.Config{DB: n.db, Platforms: platforms, Rooms: n.rooms, Settle: 30 * time.Second, Index: command.Indexes(command.Env{DB: n.db}), Indexed: n.indexed, Log: logger(n.t)}
	with(&c)
	return c
}

func (n *town) listRef(room chat.Room) (ref chat.Ref, last bool) {
	all := n.net(room).Read(chat.Place{Room: room})
	for i, m := range all {
		if strings.HasPrefix(m.Body.Text, "Open threads of ") {
			ref, last = m.Ref, i == len(all)-1
		}
	}
	return ref, last
}

// What was skipped and comes after all is a new passage, too: the list comes below it.
func TestTheListStandsBelowWhatWasSkippedAndCame(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.listsThreadsIn(n.rooms[:1]...)
		hall := n.rooms[0]
		n.pass(90 * time.Minute) // one passage
		n.people["one"][0].Say(n.threads(hall)[1], "a thought", chat.Ref{})
		n.update(func(tx *store.Tx) error { _, err := relay.Skip(tx, "drip", 1); return err })
		n.pass(time.Hour) // the third
		if _, last := n.listRef(hall); !last {
			t.Fatal("the list is not last after a passage")
		}
		n.update(func(tx *store.Tx) error { _, err := relay.Unskip(tx, "drip", 1); return err })
		n.pass(time.Hour) // the second, after all
		if got := n.passages(hall); got[len(got)-1] != "2/6" {
			t.Fatalf("passages %q", got)
		}
		if _, last := n.listRef(hall); !last {
			t.Error("a passage that was skipped and came after all stands below the list")
		}
	})
}

// Where nothing is posted the list stays where it is.
func TestSkippingRepostsNoList(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.listsThreadsIn(n.rooms[:1]...)
		hall := n.rooms[0]
		n.pass(65 * time.Minute)
		n.people["one"][0].Say(n.threads(hall)[1], "a thought", chat.Ref{})
		n.pass(11 * time.Minute)
		was, _ := n.listRef(hall)
		for range 3 {
			n.update(func(tx *store.Tx) error { _, err := relay.Skip(tx, "drip", 1); return err })
			n.pass(time.Minute)
			if is, _ := n.listRef(hall); is.ID != was.ID {
				t.Errorf("a skip that posts nothing has the list deleted and posted anew: %s, %s", was.ID, is.ID)
				was = is
			}
		}
	})
}

// A room that replaced one with a list has one.
func TestTheListFollowsARoom(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.listsThreadsIn(n.rooms[:1]...)
		hall := n.rooms[0]
		attic := n.nets["one"].Room("attic")
		n.pass(65 * time.Minute)
		moves := n.closings()
		n.people["one"][0].Say(n.threads(hall)[1], "a thought", chat.Ref{})
		n.pass(11 * time.Minute)
		moves <- chat.Event{Kind: chat.Moved, Message: chat.Message{Ref: chat.Ref{Place: chat.Place{Room: hall}}}, At: time.Now(), To: attic}
		n.pass(2 * time.Hour)
		at := n.threads(attic)
		if len(at) != 2 {
			t.Fatalf("threads in the attic: %v", at)
		}
		n.people["one"][0].Say(at[2], "a thought in the attic", chat.Ref{})
		n.pass(2 * time.Hour)
		if _, last := n.listRef(attic); !last {
			t.Errorf("the attic has no list below its last passage: it lists %q", n.listed(attic))
		}
		t.Logf("hall: %q", n.listed(hall))
	})
}

// What waits for a room as it is replaced does not stand in the other for ever.
func TestAListOnItsWayAsTheRoomIsReplaced(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.listsThreadsIn(n.rooms[:1]...)
		hall := n.rooms[0]
		attic := n.nets["one"].Room("attic")
		n.pass(65 * time.Minute)
		moves := n.closings()
		ref := n.people["one"][0].Say(n.threads(hall)[1], "a thought", chat.Ref{})
		n.pass(time.Minute)
		n.nets["one"].Forbid(hall, true)
		n.pass(60 * time.Minute)
		moves <- chat.Event{Kind: chat.Moved, Message: chat.Message{Ref: chat.Ref{Place: chat.Place{Room: hall}}}, At: time.Now(), To: attic}
		n.pass(2 * time.Hour)
		_ = ref
		t.Logf("attic: %q", n.listed(attic))
		n.pass(20 * 24 * time.Hour)
		if got := n.listed(attic); len(got) != 0 {
			t.Errorf("after 20 days without a word the attic lists %q, and it is for ever", got)
		}
	})
}

// A list whose room is to have none any more goes.
func TestAListThatIsSwitchedOffGoes(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.listsThreadsIn(n.rooms[:1]...)
		hall := n.rooms[0]
		n.pass(65 * time.Minute)
		n.people["one"][0].Say(n.threads(hall)[1], "a thought", chat.Ref{})
		n.pass(11 * time.Minute)
		n.stop()
		n.indexed = nil
		n.start()
		n.pass(30 * 24 * time.Hour)
		if got := n.listed(hall); len(got) != 0 {
			t.Errorf("a month after it was switched off it lists %q", got)
		}
	})
}

// The list leads to the post that stands, not to the one that stood.
func TestTheListLeadsToWhatStands(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall := n.rooms[0]
		n.anew(func(c *relay.Config) {
			c.Indexed = n.rooms[:1]
			c.Index = command.Indexes(command.Env{DB: n.db, Link: func(r chat.Ref) string { return "https://chat.example/" + r.ID }})
		})
		n.pass(65 * time.Minute)
		n.people["one"][0].Say(n.threads(hall)[1], "a thought", chat.Ref{})
		n.pass(11 * time.Minute)
		leads := func() (at string) {
			for _, m := range n.net(hall).Read(chat.Place{Room: hall}) {
				if strings.HasPrefix(m.Body.Text, "Open threads of ") {
					for _, s := range m.Body.Spans {
						if s.Attr != "" && at == "" {
							at = s.Attr
						}
					}
				}
			}
			return at
		}
		post := func() (id string) {
			n.update(func(tx *store.Tx) error {
				all, err := tx.Copies(store.PassageThing(n.text.Passages[0].ID), hall)
				for _, c := range all {
					if c.Part == 0 && c.Mark == "" {
						id = c.Ref.ID
					}
				}
				return err
			})
			return id
		}
		was := post()
		if leads() != "https://chat.example/"+was {
			t.Fatalf("it leads to %s, the post is %s", leads(), was)
		}
		h := &hand{n: n}
		h.do(hall, chat.Action{Verb: chat.Delete, On: n.nets["one"].Read(chat.Place{Room: hall})[0].Ref})
		v := n.verify()
		n.mend(v)
		n.pass(30 * time.Minute)
		if is := post(); is == was || leads() != "https://chat.example/"+is {
			t.Errorf("the post was %s and is %s; the list leads to %s", was, is, leads())
		}
	})
}

// The list of a room is edited for weeks, and costs no more for that.
func TestTheListIsEditedSeldom(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.listsThreadsIn(n.rooms[:1]...)
		hall := n.rooms[0]
		n.pass(7 * time.Hour) // all passages
		for i := range 300 {
			n.people["one"][i%4].Say(n.threads(hall)[1], fmt.Sprint("thought ", i), chat.Ref{})
			n.pass(10 * time.Minute)
		}
		n.update(func(tx *store.Tx) error {
			all, err := tx.CopiesIn(hall)
			most := 0
			for thing, copies := range all {
				for _, c := range copies {
					if thing.Note() != "" && len(c.Old) > most {
						most = len(c.Old)
					}
				}
			}
			if most > 50 {
				t.Errorf("after two days of talk one list has %d further events, each to be redacted when it is made anew", most)
			}
			return err
		})
	})
}

// A list without threads is worded as seldom as one that stands.
func TestAListOfNothingIsWordedSeldom(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		worded := 0
		n.anew(func(c *relay.Config) {
			list := c.Index
			c.Indexed = n.rooms[:1]
			c.Index = func(tx *store.Tx, of relay.Index) (format.Doc, error) {
				worded++
				return list(tx, of)
			}
		})
		n.pass(65 * time.Minute) // the first post
		before := worded
		for range 30 {
			n.update(func(tx *store.Tx) error { // the clock looks at all when a plan is another
				plans, err := tx.Plans()
				if err != nil {
					return err
				}
				return tx.PutPlan(plans[0])
			})
			n.pass(time.Minute)
		}
		if n := worded - before; n < 2 || n > 4 {
			t.Errorf("in half an hour nothing was put into words %d times", n)
		}
	})
}

// A list is one message, however long.
func TestTheListIsOneMessage(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		club := n.rooms[2]
		n.anew(func(c *relay.Config) {
			c.Indexed = n.rooms[2:]
			c.Reader = "https://marginalia.example.org"
			c.Index = command.Indexes(command.Env{DB: n.db, Reader: "https://marginalia.example.org", Link: func(r chat.Ref) string {
				return "https://discord.com/channels/1234567890123456789/1234567890123456789/" + (r.ID + "0000000000000000000")[:19]
			}})
		})
		n.pass(7 * time.Hour)
		say := func(seqs ...int) {
			for _, seq := range seqs {
				n.people["two"][0].Say(n.threads(club)[seq], "a thought", chat.Ref{})
			}
			n.pass(11 * time.Minute)
		}
		say(1, 2)
		n.people["two"][1].Say(chat.Place{Room: club}, "people talk in the room, too", chat.Ref{})
		say(3, 4, 5, 6)
		var of []string
		for _, m := range n.net(club).Read(chat.Place{Room: club}) {
			of = append(of, fmt.Sprintf("%d bytes: %.30q", len(m.Body.Text), m.Body.Text))
		}
		i := slices.IndexFunc(of, func(s string) bool { return strings.Contains(s, "Open threads") })
		t.Logf("%s", strings.Join(of[i:], "\n"))
		if len(of[i:]) > 2 {
			t.Error("the list is more than one message, and its rest comes below what people said")
		}
	})
}

// The clock posts what is due whatever somebody surveys.
func TestTheClockWaitsForNoSurveyOfThreads(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.listsThreadsIn(n.rooms[:1]...)
		hall := n.rooms[0]
		n.pass(65 * time.Minute)
		done := make(chan bool)
		go func() {
			_ = n.db.Survey(context.Background(), func(*store.Tx) error { time.Sleep(2 * time.Hour); return nil })
			close(done)
		}()
		n.pass(90 * time.Minute)
		if got := n.passages(hall); len(got) != 2 {
			t.Errorf("while somebody surveys the clock stands: %q", got)
		}
		<-done
		n.pass(time.Minute)
	})
}

// Through lost answers and outages there is one list, behind the last passage.
func TestTheListThroughTrouble(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			one := netOne
			dawn(t, one, netTwo, func(t *testing.T, n *town) {
				n.stop()
				n.indexed = n.rooms
				n.start()
				rnd := rand.New(rand.NewPCG(seed, 1))
				for range 40 {
					n.pass(time.Duration(rnd.IntN(12)+1) * time.Minute)
					for _, room := range n.rooms {
						for seq, th := range n.threads(room) {
							if rnd.IntN(3) == 0 {
								n.people[room.Platform][rnd.IntN(4)].Say(th, fmt.Sprint("about ", seq), chat.Ref{})
							}
						}
					}
					net := n.nets[[]string{"one", "two"}[rnd.IntN(2)]]
					switch rnd.IntN(7) {
					case 0:
						net.Lose(rnd.IntN(4))
					case 1:
						net.Drop(rnd.IntN(4))
					case 2:
						net.SetDown(true)
					case 3:
						net.Late(rnd.IntN(3), 20*time.Second)
					case 4:
						n.stop()
						n.start()
					default:
						net.SetDown(false)
					}
				}
				for _, net := range n.nets {
					net.SetDown(false)
				}
				n.pass(3 * time.Hour)
				for _, room := range n.rooms {
					if _, last := n.listRef(room); len(n.listed(room)) != 1 || !last {
						t.Errorf("%s has %d lists, the last message is one: %v", room, len(n.listed(room)), last)
					}
				}
				n.quiet()
				n.verified()
			})
		})
	}
}

// A list that a moderator took away is not posted again before the next passage.
func TestAListThatWasRemoved(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.listsThreadsIn(n.rooms...)
		n.pass(65 * time.Minute)
		for i, room := range n.rooms {
			n.people[room.Platform][0].Say(n.threads(room)[1], fmt.Sprint("a thought ", i), chat.Ref{})
		}
		n.pass(11 * time.Minute)
		for _, room := range n.rooms {
			ref, _ := n.listRef(room)
			n.nets[room.Platform].User("mod").Delete(ref)
		}
		n.pass(time.Minute)
		for _, room := range n.rooms {
			n.people[room.Platform][1].Say(n.threads(room)[1], "another", chat.Ref{})
		}
		n.pass(30 * time.Minute)
		for _, room := range n.rooms {
			if got := n.listed(room); len(got) != 0 {
				t.Errorf("%s lists %q anew", room, got)
			}
		}
		n.verified()
		n.pass(time.Hour)
		for _, room := range n.rooms {
			if got := n.listed(room); len(got) != 1 {
				t.Errorf("%s lists %q below the next passage", room, got)
			}
		}
		n.verified()
		n.quiet()
	})
}

// A list that is refused is given up, and holds up nothing.
func TestAListThatIsRefused(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.listsThreadsIn(n.rooms[:1]...)
		hall := n.rooms[0]
		n.pass(65 * time.Minute)
		n.people["one"][0].Say(n.threads(hall)[1], "a thought", chat.Ref{})
		n.pass(4 * time.Minute)
		n.nets["one"].FailOn(chat.Post, fmt.Errorf("no: %w", chat.ErrRefused))
		n.pass(20 * time.Minute)
		n.nets["one"].FailOn(chat.Post, nil)
		n.pass(time.Hour)
		if got := n.listed(hall); len(got) != 1 {
			t.Errorf("it lists %q", got)
		}
		n.quiet()
		n.verified()
	})
}

// Two plans of one text in a room: the second posts nothing that stands already.
func TestTheListOfTwoPlans(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.stop()
		n.indexed = n.rooms[:1]
		n.update(func(tx *store.Tx) error {
			return tx.PutPlan(schedule.Plan{Name: "again", Does: schedule.Drip, Discussion: n.text.ID, Cron: "30 * * * *",
				Rooms: n.rooms[:1], Count: 1, CatchUp: schedule.One, Start: time.Now(), Next: 1})
		})
		n.start()
		hall := n.rooms[0]
		n.pass(65 * time.Minute)
		n.people["one"][0].Say(n.threads(hall)[1], "a thought", chat.Ref{})
		n.pass(20 * time.Minute)
		n.pass(25 * time.Minute) // 1:50
		was, _ := n.listRef(hall)
		posts := n.passages(hall)
		n.pass(20 * time.Minute) // 2:10
		if is, _ := n.listRef(hall); is.ID != was.ID && len(n.passages(hall)) == len(posts) {
			t.Errorf("where nothing was posted the list is posted anew: %s, %s; passages %q", was.ID, is.ID, n.passages(hall))
		}
		n.pass(8 * time.Hour)
		if _, last := n.listRef(hall); !last || len(n.listed(hall)) != 1 {
			t.Error("list not last")
		}
		n.quiet()
		n.verified()
	})
}
