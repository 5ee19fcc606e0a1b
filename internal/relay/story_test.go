package relay_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// remark is what someone said, by the test's own account.
type remark struct {
	token, words string
	seq          int
	room         chat.Room
	ref          chat.Ref
	by           member
	deleted      bool
	fans         map[member]bool
}

// The story "66 hours, one network down for 34": 30 passages on the hour,
// people in three rooms who reply, edit, delete and react all along, and an
// outage of one network from hour 10 to hour 44. Nothing is lost, nothing
// doubled, and each thread has the order in which the bot committed it.
func TestSixtySixHours(t *testing.T) {
	databases(t, func(t *testing.T, dsn string) {
		took := sixtySixHours(t, "two", func(t *testing.T) *town { return newTown(t, dsn, 30, netOne, netTwo) })
		bare := bareCommit(t, dsn)
		t.Logf("as long as %d commits of one small row, which take %s each", took/bare, bare.Round(time.Microsecond))
	})
}

// bareCommit is how long the database takes to put one small row on this disk.
func bareCommit(t *testing.T, dsn string) time.Duration {
	t.Helper()
	db, err := store.Open(t.Context(), dsn, store.Options{NoListen: true})
	if err != nil {
		t.Fatal(err)
	}
	const commits = 200
	began := realTime()
	for i := range commits {
		if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.PutSetting("bare", fmt.Sprint(i)) }); err != nil {
			t.Fatal(err)
		}
	}
	each := realTime().Sub(began) / commits
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	return each
}

// sixtySixHours tells the story in a town that is made inside a bubble. down
// names the network that has the outage. It returns the real time that it took,
// without the looking at it afterwards.
func sixtySixHours(t *testing.T, down string, settle func(t *testing.T) *town) time.Duration {
	t.Helper()
	began := realTime()
	over, end := make(chan struct{}), make(chan time.Time, 1)
	ended := sync.OnceFunc(func() { close(over) })
	go func() { // in the bubble there is no real time
		<-over
		end <- realTime()
	}()
	synctest.Test(t, func(t *testing.T) {
		n := settle(t)
		n.plan("0 * * * *")
		n.start()
		dice := rand.New(rand.NewPCG(66, 34))
		said := n.live(dice, down)
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		n.stop()
		ended()
		if flushes := n.flushes.Load(); flushes > 0 {
			t.Logf("the disk was flushed %d times", flushes)
		}
		found := n.check(said)
		for _, f := range found {
			t.Error(f)
		}
		n.verified()
		n.plantFaults(said)
		for _, net := range n.all {
			net.Check(t)
		}
		if err := n.db.Close(); err != nil {
			t.Error(err)
		}
	})
	ended()
	took := (<-end).Sub(began)
	t.Logf("66 hours took %s, to look at what came of them %s", took.Round(time.Millisecond), (realTime().Sub(began) - took).Round(time.Millisecond))
	return took
}

// live lets 66 hours pass: 300 replies, 60 edits, 30 deletions, 60 reactions,
// and an outage of one network.
func (n *town) live(dice *rand.Rand, down string) []*remark {
	time.Sleep(2 * time.Hour)
	var said []*remark
	n.talk(dice, &said, map[string]int{"say": 300, "edit": 60, "delete": 30, "react": 60}, 63*time.Hour, func(passed time.Duration) {
		hour := 2 + passed.Hours()
		n.all[down].SetDown(hour >= 10 && hour < 44)
	})
	return said
}

// talk has people do so many deeds of each kind, in any order and evenly in a time
// or a little longer; before each is called.
func (n *town) talk(dice *rand.Rand, said *[]*remark, many map[string]int, within time.Duration, before func(passed time.Duration)) {
	var deeds []string
	for kind, many := range many {
		deeds = append(deeds, slices.Repeat([]string{kind}, many)...)
	}
	slices.Sort(deeds)
	dice.Shuffle(len(deeds), func(i, j int) { deeds[i], deeds[j] = deeds[j], deeds[i] })
	step := within / time.Duration(len(deeds))
	start := time.Now()
	for i := 0; i < len(deeds); i++ {
		time.Sleep(step)
		before(time.Since(start))
		if !n.deed(deeds[i], said, dice) { // its time has not come: later
			deeds = append(deeds, deeds[i])
		}
	}
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
		r := &remark{token: fmt.Sprintf("tk%04d", len(*said)), seq: seq, room: room, by: by, fans: map[member]bool{}}
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
		place, stands := map[string]int{}, map[int]map[string][]chat.Message{}
		for seq, thread := range threads {
			stands[seq] = map[string][]chat.Message{}
			for i, m := range n.net(room).Read(thread) {
				if token := tokenIn(m.Body.Text); token != "" {
					place[token] = i
					stands[seq][token] = append(stands[seq][token], m)
				}
			}
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
			mirrors := stands[r.seq][r.token]
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
	vandal := yard.someone(n.t, "vandal")
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
	for _, m := range n.net(n.rooms[1]).Read(n.threads(n.rooms[1])[a.seq]) {
		tokens = append(tokens, tokenIn(m.Body.Text))
	}
	return len(tokens) > 2
}

func realTime() time.Time { return time.Now() }
