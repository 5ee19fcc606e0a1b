package relay_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/discussion"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
	"marginalia/test/postgres"
)

var (
	tortureN     = flag.Int("torture.n", 6, "random lives on SQLite; a sixth as many on PostgreSQL")
	tortureTrace = flag.Bool("torture.trace", false, "write down what happens")
	tortureSeed  = flag.Uint64("torture.seed", 1, "seed of the first of them")
)

// TestTorture lets bots live random lives, in which they are struck dead again
// and again, on networks that do everything wrong that real ones do, among
// people who talk, edit, delete and react. Each time, what stands in the rooms
// in the end is what was said.
func TestTorture(t *testing.T) {
	if testing.Short() {
		*tortureN = 0 // the race detector makes them too long for CI; run them with -torture.n
	}
	t.Run("SQLite", func(t *testing.T) {
		for seed := range uint64(*tortureN) {
			torture(t, *tortureSeed+seed, filepath.Join(t.TempDir(), "bot.db"))
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		for seed := range uint64(*tortureN / 6) {
			torture(t, *tortureSeed+seed, postgres.DSN(t))
		}
	})
}

// TestTheFirstPowerFailure: the bot goes on from where it began to listen, though
// nothing was heard since, and nothing was written that had to last.
func TestTheFirstPowerFailure(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "bot.db")
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, dsn)
		w.refuse = false
		time.Sleep(30 * time.Minute) // before the first passage
		w.bot.die()
		if err := w.bot.bury(synctest.Wait); err != nil {
			t.Fatal(err)
		}
		w.disk.restore()
		for range 10 {
			w.call()
		}
		w.bot = nil
		w.calm()
		for _, f := range w.check() {
			t.Error(f)
		}
	})
}

func torture(t *testing.T, seed uint64, dsn string) {
	t.Run(fmt.Sprint(seed), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed, dsn)
			w.live()
			w.calm()
			for _, f := range w.check() {
				t.Error(f)
			}
			if t.Failed() {
				t.Logf("seed %d: %s", seed, w.nature)
			}
		})
	})
}

// world is what a bot lives in, and the test's own account of what was said.
type world struct {
	t      *testing.T
	dice   *rand.Rand
	dsn    string
	disk   *disk  // of the machine; nil on a server's database
	nature string // in words
	nets   map[string]*chattest.Network
	rooms  []chat.Room
	flat   []chat.Room // those of them without threads, in which all talk stands in the main timeline
	people map[string][]*chattest.Member
	text   discussion.Discussion
	bot    *life // nil while it is not running
	deaths int
	refuse bool // the networks may refuse messages for good

	said    []*saying
	posts   map[int]*saying // the passages, as things to react to
	calls   []*saying
	strays  []*saying // talk that is about nothing of ours
	closed  map[chat.Room]bool
	trouble map[string]string // what keeps a network away
	silent  map[string]bool   // networks without reactions
	keyless map[string]bool   // networks whose messages bear no keys
	told    told              // what the bot was told
}

// saying is something that was said, and all that was done about it.
type saying struct {
	token   string
	version int
	length  int // sentences of the newest version
	grown   bool
	seq     int // the passage in whose thread it stands
	room    chat.Room
	ref     chat.Ref
	by      *chattest.Member
	deleted bool
	hidden  bool
	doubted bool     // when it was hidden the bot did not know the message as its own
	about   chat.Ref // in a main timeline and in one's own thread: what it answers
	fans    map[fan]bool
}

// fan is someone with an emoji, in the room where it was given.
type fan struct {
	by    *chattest.Member
	emoji string
	ref   chat.Ref
}

func (s *saying) text() string {
	var all []string
	for i := range s.length {
		all = append(all, fmt.Sprintf("%s-%d-%d is said.", s.token, s.version, i))
	}
	return strings.Join(all, " ")
}

var sentence = regexp.MustCompile(`(tk\d{4})-(\d+)-(\d+) is said\.`)

func newWorld(t *testing.T, seed uint64, dsn string) *world {
	dice := rand.New(rand.NewPCG(seed, 1))
	odds := func(n int) bool { return dice.IntN(n) == 0 }
	one := chattest.Options{Name: "one", EditEvents: true, Names: !odds(3), Keyless: odds(3), NoEcho: odds(2), Limit: 600, Moderator: true}
	two := chattest.Options{Name: "two", Threads: chat.OpenedThreads, Names: !odds(3), Keyless: odds(2), NoEcho: odds(2), Limit: 1500, Moderator: true, NoReacting: odds(6)}
	w := &world{
		t: t, dice: dice, dsn: dsn, text: essay(5), refuse: odds(4),
		nature: fmt.Sprintf("%+v %+v", one, two), nets: map[string]*chattest.Network{"one": chattest.New(one), "two": chattest.New(two)},
		people: map[string][]*chattest.Member{}, posts: map[int]*saying{}, closed: map[chat.Room]bool{}, trouble: map[string]string{}, silent: map[string]bool{"two": two.NoReacting},
		keyless: map[string]bool{"one": one.Keyless, "two": two.Keyless},
	}
	if !strings.Contains(dsn, "://") {
		w.disk = &disk{t: t, path: dsn, told: &w.told}
	}
	w.rooms = []chat.Room{w.nets["one"].Room("hall"), w.nets["one"].Room("yard"), w.nets["two"].Room("club"), w.nets["two"].Room("den")}[:3+dice.IntN(2)]
	if odds(2) {
		w.flat = []chat.Room{w.rooms[dice.IntN(len(w.rooms))]}
		w.nature += fmt.Sprint(" without threads: ", w.flat)
	}
	for name, net := range w.nets {
		for i := range 4 {
			w.people[name] = append(w.people[name], net.User(fmt.Sprintf("%s-%d", name, i)))
		}
	}
	for _, p := range w.text.Passages {
		w.posts[p.Seq] = &saying{seq: p.Seq, fans: map[fan]bool{}}
	}
	db := w.open()
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.PutDiscussion(w.text, time.Now()); err != nil {
			return err
		}
		return tx.PutPlan(schedule.Plan{Name: "drip", Does: schedule.Drip, Discussion: w.text.ID, Cron: "0 * * * *",
			Rooms: w.rooms, Count: 1, CatchUp: schedule.All, Start: time.Now(), Next: 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	w.bot = begin(t, db, w)
	return w
}

func (w *world) open() *store.DB {
	o := store.Options{NoListen: true}
	if w.disk != nil {
		w.disk.keep()
		o.Flushed = w.disk.keep
	}
	db, err := store.Open(w.t.Context(), w.dsn, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return db
}

func (w *world) odds(n int) bool { return w.dice.IntN(n) == 0 }

func pick[T any](w *world, of []T) T { return of[w.dice.IntN(len(of))] }

// live lets five hours pass, with a deed every few minutes on average but
// often several at a stroke.
func (w *world) live() {
	time.Sleep(time.Hour)
	start := time.Now()
	for time.Since(start) < 5*time.Hour {
		w.fate()
		w.disturb()
		for range 1 + w.dice.IntN(4) {
			w.deed()
		}
		switch {
		case w.odds(3):
		case w.odds(3):
			time.Sleep(time.Duration(w.dice.IntN(3000)) * time.Millisecond)
		case w.odds(2):
			time.Sleep(time.Duration(w.dice.IntN(90)) * time.Second)
		default:
			time.Sleep(time.Duration(w.dice.IntN(30)) * time.Minute)
		}
	}
}

// fate ends the bot's life or plans its end, and starts another one.
func (w *world) fate() {
	switch {
	case w.bot != nil && w.bot.dead():
		w.bury()
	case w.bot == nil && w.odds(3):
		w.bot = begin(w.t, w.open(), w)
	case w.bot != nil && w.odds(30):
		w.rest()
		if err := w.bot.db.Close(); err != nil {
			w.t.Error(err)
		}
		w.bot = nil
	case w.bot != nil && w.odds(8):
		at := pick(w, moments)
		if at == anyTime {
			w.bot.die()
			w.bury()
			return
		}
		w.bot.doom(at, w.dice.IntN(5))
	}
}

// rest stops the bot as a signal does. It may die of that.
func (w *world) rest() {
	w.bot.cancel()
	synctest.Wait()
	time.Sleep(10 * time.Second)
	synctest.Wait()
	if w.bot.dead() {
		w.bury()
		w.bot = begin(w.t, w.open(), w)
		w.bot.cancel()
	}
	w.bot.ended.Wait()
}

func (w *world) bury() {
	if err := w.bot.bury(synctest.Wait); err != nil {
		w.t.Error(err)
	}
	w.bot, w.deaths = nil, w.deaths+1
	if w.odds(2) && w.disk != nil { // with the machine
		w.disk.restore()
	}
}

// disturb makes the networks do wrong, or lets them be.
func (w *world) disturb() {
	name := pick(w, []string{"one", "two"})
	net := w.nets[name]
	few := 1 + w.dice.IntN(3)
	wait := time.Duration(w.dice.IntN(40)) * time.Second
	if w.trouble[name] != "" && w.odds(3) {
		w.relieve(name)
		return
	}
	switch w.dice.IntN(40) {
	case 0, 1:
		net.Lose(few)
	case 2, 3:
		net.Drop(few)
	case 4, 5:
		net.Late(few, time.Duration(w.dice.IntN(25_000))*time.Millisecond)
	case 6, 7:
		net.Delay(few, time.Duration(w.dice.IntN(25_000))*time.Millisecond)
	case 8:
		net.FailNext(few, errors.New("500"))
	case 9:
		net.FailNext(1, chat.RetryAfter{Wait: wait, Scope: chat.Scope(w.dice.IntN(3))})
	case 10:
		net.FailNext(1, chat.ErrUnreached)
	case 11:
		net.SlowAnswers(time.Duration(w.dice.IntN(5000)) * time.Millisecond)
	case 12:
		net.Repeat(w.dice.IntN(30))
	case 13:
		net.SetDown(true)
		w.trouble[name] = "down"
	case 14:
		net.Revoke(true)
		w.trouble[name] = "revoked"
	case 15:
		room := pick(w, w.rooms)
		w.closed[room] = !w.closed[room]
		w.nets[room.Platform].Forbid(room, w.closed[room])
	case 16:
		if w.refuse && w.odds(3) {
			net.FailNext(1, chat.ErrRefused)
		}
	}
}

func (w *world) relieve(name string) {
	w.nets[name].SetDown(false)
	w.nets[name].Revoke(false)
	w.trouble[name] = ""
}

// calm ends all trouble, starts the bot if it is dead, and lets it come to rest.
func (w *world) calm() {
	for name, net := range w.nets {
		w.relieve(name)
		net.Relent()
		net.SlowAnswers(0)
	}
	for _, room := range w.rooms {
		w.nets[room.Platform].Forbid(room, false)
	}
	if w.bot != nil {
		w.bot.doom("", 0)
		synctest.Wait()
		if w.bot.dead() {
			w.bury()
		}
	}
	if w.bot == nil {
		w.bot = begin(w.t, w.open(), w)
	}
	time.Sleep(12 * time.Hour)
	synctest.Wait()
	w.rest()
	db := w.bot.db
	w.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			w.t.Error(err)
		}
	})
}
