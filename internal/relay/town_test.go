package relay_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	_ "time/tzdata"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/command"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
	"marginalia/test/postgres"
)

// databases runs a story on SQLite and on PostgreSQL.
func databases(t *testing.T, story func(t *testing.T, dsn string)) {
	t.Run("SQLite", func(t *testing.T) { story(t, filepath.Join(t.TempDir(), "story.db")) })
	if testing.Short() { // under the race detector one of them is long enough
		return
	}
	t.Run("PostgreSQL", func(t *testing.T) { story(t, postgres.DSN(t)) })
}

// An essay of n paragraphs, each long enough to be a passage of its own.
func essay(n int) discussion.Discussion { return essayOf("paragraph", n) }

// essayOf is an essay whose parts have a name of their own.
func essayOf(part string, n int) discussion.Discussion {
	var body format.Doc
	for i := range n {
		var words []string
		for j := range 18 {
			words = append(words, fmt.Sprintf("Sentence %d of %s %d goes on and on.", j+1, part, i+1))
		}
		body = body.Add(format.Block{Kind: format.Paragraph}, strings.Join(words, " "))
	}
	docs := []discussion.Document{{Kind: discussion.Essay, Body: body, Confidence: 1}}
	return discussion.Assemble("The Story", "https://example.org/story", docs, discussion.CutOptions{})
}

// A network is what a town needs of one: chattest's, or the double of a real one.
type network interface {
	Room(name string) chat.Room
	// open is the bot as a process that has just started sees it.
	open(t *testing.T) chat.Platform
	// someone joins, who may also delete what others say.
	someone(t *testing.T, name string) member

	// What anyone sees, read raw: see chattest.Network.
	Read(chat.Place) []chat.Message
	Thread(chat.Ref) chat.Place
	Reactions(chat.Ref) []string
	Everything(chat.Room) []string

	// SetDown puts it out of the bot's reach, while people go on.
	SetDown(bool)
	// Check fails t for whatever a careful bot would not have asked for.
	Check(testing.TB)
}

// member is someone on a network.
type member interface {
	Person() chat.Person
	Say(p chat.Place, text string, replyTo chat.Ref) chat.Ref
	SayDoc(p chat.Place, d format.Doc, replyTo chat.Ref) chat.Ref
	Edit(ref chat.Ref, text string)
	Delete(ref chat.Ref)
	React(ref chat.Ref, emoji string) string
	Unreact(ref chat.Ref, emoji string)
}

// inMemory is a network of chattest's.
type inMemory struct{ *chattest.Network }

func (n inMemory) open(*testing.T) chat.Platform            { return n.Open("bot") }
func (n inMemory) someone(_ *testing.T, name string) member { return n.User(name) }

// town is networks with three rooms, people on each, and the bot.
type town struct {
	t       *testing.T
	dsn     string
	db      *store.DB
	flushes *atomic.Int64 // of the disk, by SQLite
	all     map[string]network
	nets    map[string]*chattest.Network // those of all that are in memory
	rooms   []chat.Room
	flat    []chat.Room // of them
	people  map[string][]member
	text    discussion.Discussion
	stop    func()

	command func(context.Context, chat.Call, time.Time) (format.Doc, error)
	through func(*chattest.Platform) chat.Platform // how the bot sees its networks
	log     *slog.Logger                           // nil: the test's
	hint    func(platform string, in lang.Language) format.Doc
	speaks  func(chat.Room) lang.Language // nil: English
	indexed []chat.Room
	digest  func(*store.Tx, relay.Digest) (format.Doc, error)
	spoil   func(*relay.Relay) // a fault that a story must see
	keeps   time.Duration      // what is said; 0: for ever
}

// The networks of a town, unless a story asks for others.
var (
	netOne = chattest.Options{Name: "one", Names: true, EditEvents: true, Limit: 4000, Moderator: true}
	netTwo = chattest.Options{Name: "two", Threads: chat.OpenedThreads, Limit: 2000, Moderator: true}
)

// newTown is a town on two networks in memory, the first of which has two rooms.
func newTown(t *testing.T, dsn string, passages int, one, two chattest.Options) *town {
	nets := map[string]*chattest.Network{"one": chattest.New(one), "two": chattest.New(two)}
	rooms := []chat.Room{nets["one"].Room("hall"), nets["one"].Room("yard"), nets["two"].Room("club")}
	n := settleTown(t, dsn, passages, map[string]network{"one": inMemory{nets["one"]}, "two": inMemory{nets["two"]}}, rooms...)
	n.nets = nets
	return n
}

// settleTown is a town on any networks.
func settleTown(t *testing.T, dsn string, passages int, all map[string]network, rooms ...chat.Room) *town {
	flushes := new(atomic.Int64)
	db, err := store.Open(t.Context(), dsn, store.Options{NoListen: true, Flushed: func() { flushes.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	n := &town{t: t, dsn: dsn, db: db, flushes: flushes, all: all, rooms: rooms, people: map[string][]member{}, text: essay(passages), digest: newsOf}
	for name, net := range all {
		for i := range 4 {
			n.people[name] = append(n.people[name], net.someone(t, fmt.Sprintf("%s-%d", name, i)))
		}
	}
	return n
}

// plan stores the essay and a drip of it into all rooms.
func (n *town) plan(cron string) {
	n.update(func(tx *store.Tx) error {
		if _, err := tx.PutDiscussion(n.text, time.Now()); err != nil {
			return err
		}
		return tx.PutPlan(schedule.Plan{Name: "drip", Does: schedule.Drip, Discussion: n.text.ID, Cron: cron,
			Rooms: n.rooms, Count: 1, CatchUp: schedule.One, Start: time.Now(), Next: 1})
	})
}

func (n *town) update(f func(tx *store.Tx) error) {
	n.t.Helper()
	if err := n.db.Update(context.Background(), f); err != nil {
		n.t.Fatal(err)
	}
}

// newsOf is a digest that tells how much was said under passages.
func newsOf(_ *store.Tx, d relay.Digest) (format.Doc, error) {
	said := 0
	for _, r := range d.Talk.Remarks[d.First:] {
		if !r.Gone && r.Under >= 0 {
			said++
		}
	}
	if said == 0 {
		return format.Doc{}, nil
	}
	return format.Text(fmt.Sprintf("digest: %d said, for %s", said, d.Room)), nil
}

// start runs the bot; stop ends it and waits.
func (n *town) start() {
	ctx, cancel := context.WithCancel(context.Background())
	var platforms []chat.Platform
	for _, net := range n.all {
		p := net.open(n.t)
		if n.through != nil {
			p = n.through(p.(*chattest.Platform))
		}
		platforms = append(platforms, p)
	}
	log := n.log
	if log == nil {
		log = logger(n.t)
	}
	r := relay.New(relay.Config{DB: n.db, Platforms: platforms, Rooms: n.rooms, Flat: n.flat, Settle: 30 * time.Second, Command: n.command, Language: n.speaks, Hint: n.hint, Digest: n.digest, Index: command.Indexes(command.Env{DB: n.db, Language: n.speaks}), Indexed: n.indexed, Retention: n.keeps, Log: log})
	if n.spoil != nil {
		n.spoil(r)
	}
	var done sync.WaitGroup
	done.Go(func() {
		if err := r.Run(ctx); err != nil {
			n.t.Errorf("Run: %v", err)
		}
	})
	n.stop = func() { cancel(); done.Wait() }
}

func (n *town) net(r chat.Room) network { return n.all[r.Platform] }

// threads lists the threads under the passages of a room, as people see them.
func (n *town) threads(r chat.Room) map[int]chat.Place {
	seqs := map[int]chat.Place{}
	for _, m := range n.net(r).Read(chat.Place{Room: r}) {
		var seq, total int
		at := strings.LastIndex(m.Body.Text, "The Story · ")
		if at < 0 {
			continue
		}
		if _, err := fmt.Sscanf(m.Body.Text[at:], "The Story · %d/%d", &seq, &total); err == nil {
			if place := n.net(r).Thread(m.Ref); place != (chat.Place{}) {
				seqs[seq] = place
			}
		}
	}
	return seqs
}

func english(chat.Room) lang.Language { return lang.English }
