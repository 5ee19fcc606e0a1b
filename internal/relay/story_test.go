package relay_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
	"marginalia/test/postgres"
)

// databases runs a story on SQLite and on PostgreSQL.
func databases(t *testing.T, story func(t *testing.T, dsn string)) {
	t.Run("SQLite", func(t *testing.T) { story(t, filepath.Join(t.TempDir(), "story.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { story(t, postgres.DSN(t)) })
}

// An essay of n paragraphs, each long enough to be a passage of its own.
func essay(n int) discussion.Discussion {
	var body format.Doc
	for i := range n {
		var words []string
		for j := range 18 {
			words = append(words, fmt.Sprintf("Sentence %d of paragraph %d goes on and on.", j+1, i+1))
		}
		body = body.Add(format.Block{Kind: format.Paragraph}, strings.Join(words, " "))
	}
	docs := []discussion.Document{{Kind: discussion.Essay, Body: body, Confidence: 1}}
	return discussion.Assemble("The Story", "https://example.org/story", docs, discussion.CutOptions{})
}

// town is two networks with three rooms, people in each, and the bot.
type town struct {
	t      *testing.T
	db     *store.DB
	nets   map[string]*chattest.Network
	rooms  []chat.Room
	people map[string][]*chattest.Member
	text   discussion.Discussion
	stop   func()

	command func(context.Context, chat.Call, time.Time) (format.Doc, error)
	through func(*chattest.Platform) chat.Platform // how the bot sees its networks
}

// The networks of a town, unless a story asks for others.
var (
	netOne = chattest.Options{Name: "one", Names: true, EditEvents: true, Limit: 4000, Moderator: true}
	netTwo = chattest.Options{Name: "two", Threads: chat.OpenedThreads, Limit: 2000, Moderator: true}
)

func newTown(t *testing.T, dsn string, passages int, one, two chattest.Options) *town {
	db, err := store.Open(t.Context(), dsn, store.Options{NoListen: true})
	if err != nil {
		t.Fatal(err)
	}
	n := &town{t: t, db: db, people: map[string][]*chattest.Member{}, text: essay(passages), nets: map[string]*chattest.Network{
		"one": chattest.New(one), "two": chattest.New(two),
	}}
	n.rooms = []chat.Room{n.nets["one"].Room("hall"), n.nets["one"].Room("yard"), n.nets["two"].Room("club")}
	for name, net := range n.nets {
		for i := range 4 {
			n.people[name] = append(n.people[name], net.User(fmt.Sprintf("%s-%d", name, i)))
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

// start runs the bot; stop ends it and waits.
func (n *town) start() {
	ctx, cancel := context.WithCancel(context.Background())
	var platforms []chat.Platform
	for _, net := range n.nets {
		p := chat.Platform(net.Open("bot"))
		if n.through != nil {
			p = n.through(net.Open("bot"))
		}
		platforms = append(platforms, p)
	}
	r := relay.New(relay.Config{DB: n.db, Platforms: platforms, Rooms: n.rooms, Settle: 30 * time.Second, Command: n.command, Log: logger(n.t)})
	var done sync.WaitGroup
	done.Go(func() {
		if err := r.Run(ctx); err != nil {
			n.t.Errorf("Run: %v", err)
		}
	})
	n.stop = func() { cancel(); done.Wait() }
}

func (n *town) net(r chat.Room) *chattest.Network { return n.nets[r.Platform] }

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

// remark is what someone said, by the test's own account.
type remark struct {
	token, words string
	seq          int
	room         chat.Room
	ref          chat.Ref
	by           *chattest.Member
	deleted      bool
	fans         map[*chattest.Member]bool
}

// The story "66 hours, one network down for 34": 30 passages on the hour,
// people in three rooms who reply, edit, delete and react all along, and an
// outage of one network from hour 10 to hour 44. Nothing is lost, nothing
// doubled, and each thread has the order in which the bot committed it.
func TestSixtySixHours(t *testing.T) {
	databases(t, func(t *testing.T, dsn string) {
		began := realTime()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, dsn, 30, netOne, netTwo)
			n.plan("0 * * * *")
			n.start()
			dice := rand.New(rand.NewPCG(66, 34))
			said := n.live(dice)
			time.Sleep(3 * time.Hour)
			synctest.Wait()
			n.stop()
			found := n.check(said)
			for _, f := range found {
				t.Error(f)
			}
			n.plantFaults(said)
			for _, net := range n.nets {
				net.Check(t)
			}
			if err := n.db.Close(); err != nil {
				t.Error(err)
			}
		})
		t.Logf("66 hours took %s", realTime().Sub(began).Round(time.Millisecond))
	})
}

// live lets 66 hours pass: 300 replies, 60 edits, 30 deletions, 60 reactions.
func (n *town) live(dice *rand.Rand) []*remark {
	var deeds []string
	for kind, many := range map[string]int{"say": 300, "edit": 60, "delete": 30, "react": 60} {
		deeds = append(deeds, slices.Repeat([]string{kind}, many)...)
	}
	slices.Sort(deeds)
	dice.Shuffle(len(deeds), func(i, j int) { deeds[i], deeds[j] = deeds[j], deeds[i] })
	step := 63 * time.Hour / time.Duration(len(deeds))
	start := time.Now()
	time.Sleep(2 * time.Hour)
	var said []*remark
	for i := 0; i < len(deeds); i++ {
		time.Sleep(step)
		hour := time.Since(start).Hours()
		n.nets["two"].SetDown(hour >= 10 && hour < 44)
		if !n.deed(deeds[i], &said, dice) { // its time has not come: later
			deeds = append(deeds, deeds[i])
		}
	}
	return said
}

func (n *town) deed(kind string, said *[]*remark, dice *rand.Rand) bool {
	if kind == "say" {
		room := n.rooms[dice.IntN(len(n.rooms))]
		threads := n.threads(room)
		seqs := slices.Sorted(func(yield func(int) bool) {
			for seq := range threads {
				if !yield(seq) {
					return
				}
			}
		})
		seq := seqs[dice.IntN(len(seqs))]
		by := n.people[room.Platform][dice.IntN(4)]
		r := &remark{token: fmt.Sprintf("tk%04d", len(*said)), seq: seq, room: room, by: by, fans: map[*chattest.Member]bool{}}
		r.words = r.token + " first version."
		r.ref = by.Say(threads[seq], r.words, chat.Ref{})
		*said = append(*said, r)
		return true
	}
	living := slices.DeleteFunc(slices.Clone(*said), func(r *remark) bool { return r.deleted })
	if len(living) < 5 {
		return false
	}
	r := living[dice.IntN(len(living))]
	switch kind {
	case "edit":
		r.words = fmt.Sprintf("%s version of %s.", r.token, time.Now().Format(time.RFC3339Nano))
		r.by.Edit(r.ref, r.words)
	case "delete":
		r.deleted = true
		r.by.Delete(r.ref)
	case "react":
		who := n.people[r.room.Platform][dice.IntN(4)]
		if r.fans[who] {
			return false
		}
		r.fans[who] = true
		who.React(r.ref, "👍")
	}
	return true
}

// check holds what stands in the rooms, read raw, against what was said.
func (n *town) check(said []*remark) []string {
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	committed := n.committed()
	for _, room := range n.rooms {
		threads := n.threads(room)
		if len(threads) != len(n.text.Passages) {
			say("lost: %s shows %d of %d passages", room, len(threads), len(n.text.Passages))
		}
		everything := strings.Join(n.net(room).Everything(room), "\n")
		place := map[string]int{}
		for seq, thread := range threads {
			for i, m := range n.net(room).Read(thread) {
				if token := tokenIn(m.Body.Text); token != "" {
					place[token] = i
				}
			}
			_ = seq
		}
		for _, r := range said {
			if r.room == room && !r.deleted {
				continue
			}
			if r.deleted {
				if strings.Contains(everything, r.token) {
					say("left: %s was deleted, %s still holds its words", r.token, room)
				}
				continue
			}
			var mirrors []chat.Message
			for _, m := range n.net(room).Read(threads[r.seq]) {
				if tokenIn(m.Body.Text) == r.token {
					mirrors = append(mirrors, m)
				}
			}
			switch {
			case len(mirrors) == 0:
				say("lost: %s has no mirror in %s", r.token, room)
			case len(mirrors) > 1:
				say("doubled: %s has %d mirrors in %s", r.token, len(mirrors), room)
			case !strings.Contains(mirrors[0].Body.Text, r.words):
				say("lost: %s shows %q in %s, not %q", r.token, mirrors[0].Body.Text, room, r.words)
			}
			for _, m := range mirrors {
				own, there := n.net(r.room).Reactions(r.ref), n.net(room).Reactions(m.Ref)
				if len(own) > 0 != (len(there) > 0) || len(there) > 1 {
					say("reactions: %s has %v, its mirror in %s %v", r.token, own, room, there)
				}
			}
		}
		for _, order := range committed {
			last := -1
			for _, token := range order {
				at, ok := place[token]
				i := slices.IndexFunc(said, func(r *remark) bool { return r.token == token })
				if !ok || said[i].room == room {
					continue
				}
				if at < last {
					say("disorder: %s stands too early in %s", token, room)
				}
				last = at
			}
		}
	}
	return found
}

func tokenIn(words string) string {
	if at := strings.Index(words, "tk"); at >= 0 && len(words) >= at+6 {
		return words[at : at+6]
	}
	return ""
}

// committed is each thread's remarks in the order in which Handle recorded them.
func (n *town) committed() [][]string {
	var orders [][]string
	n.update(func(tx *store.Tx) error {
		orders = nil
		for _, p := range n.text.Passages {
			said, err := tx.AnnotationsUnder(p.ID)
			if err != nil {
				return err
			}
			var order []string
			for _, a := range said {
				if token := tokenIn(a.Body.Text); token != "" {
					order = append(order, token)
				}
			}
			orders = append(orders, order)
		}
		return nil
	})
	return orders
}

// plantFaults proves that check sees a loss, a doubling and a disorder: each
// is done to a room, and must be found.
func (n *town) plantFaults(said []*remark) {
	living := slices.DeleteFunc(slices.Clone(said), func(r *remark) bool { return r.deleted || r.room != n.rooms[0] })
	a := living[0]
	yard := n.net(n.rooms[1])
	vandal := yard.User("vandal")
	find := func(token string) chat.Message {
		for _, m := range yard.Read(n.threads(n.rooms[1])[a.seq]) {
			if tokenIn(m.Body.Text) == token {
				return m
			}
		}
		n.t.Fatalf("no mirror of %s", token)
		return chat.Message{}
	}
	expect := func(kind string) {
		n.t.Helper()
		if !slices.ContainsFunc(n.check(said), func(f string) bool { return strings.HasPrefix(f, kind) }) {
			n.t.Errorf("a planted fault (%s) was not found", kind)
		}
	}
	m := find(a.token)
	double := vandal.Say(m.Ref.Place, m.Body.Text, chat.Ref{})
	expect("doubled")
	vandal.Delete(m.Ref) // the later one is left: it stands behind what was committed after it
	if n.followed(a) {
		expect("disorder")
	}
	vandal.Delete(double)
	expect("lost")
}

// followed reports whether something committed later than a stands mirrored in
// the same thread of the second room.
func (n *town) followed(a *remark) bool {
	tokens := []string{}
	for _, m := range n.nets["one"].Read(n.threads(n.rooms[1])[a.seq]) {
		tokens = append(tokens, tokenIn(m.Body.Text))
	}
	return len(tokens) > 2
}

func realTime() time.Time { return time.Now() }
