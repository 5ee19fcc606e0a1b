//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
	"marginalia/test/faultproxy"
	"marginalia/test/wait"
)

// kills is the soak "kill": the real binary against a real homeserver, killed
// again and again while people talk and the network misbehaves.
type kills struct {
	n        int
	messages int64
	edits    int64
	deletes  int64
	seed     uint64
	text     string
	dir      string
}

func (k kills) run(ctx context.Context) error {
	dice := rand.New(rand.NewPCG(k.seed, 1))
	w, err := newWorld(ctx, k.dir, k.seed)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.configure(k.text, "2s"); err != nil {
		return err
	}
	if _, err := w.start(ctx); err != nil {
		return err
	}
	t := &talk{w: w, pace: 700 * time.Millisecond, quota: counts{k.messages, k.edits, k.deletes}}
	if err := t.waitForPosts(ctx, 3); err != nil {
		return err
	}
	misbehave(w.proxy)
	talking, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	go func() { t.run(talking, k.seed); close(done) }()

	where := map[string]int{}
	for i := range k.n {
		if err := t.until(ctx, k.messages*int64(i)/int64(k.n)); err != nil {
			return err
		}
		spot, err := k.once(ctx, w, dice, i)
		if err != nil {
			return fmt.Errorf("kill %d: %w", i+1, err)
		}
		where[spot]++
		if (i+1)%10 == 0 {
			fmt.Printf("%3d kills, %d said, %d edited, %d deleted\n", i+1, t.done.said.Load(), t.done.edited.Load(), t.done.deleted.Load())
		}
	}
	for !t.reached() && ctx.Err() == nil {
		<-within(ctx, 100*time.Millisecond).Done()
	}
	stop()
	<-done
	return k.verdict(ctx, w, t, where)
}

// once lets the bot work for a moment, kills it, and says in the midst of what
// it was. Every tenth time the homeserver is restarted as well.
func (k kills) once(ctx context.Context, w *world, dice *rand.Rand, i int) (string, error) {
	if dice.IntN(2) == 0 {
		<-within(ctx, time.Duration(300+dice.IntN(1500))*time.Millisecond).Done()
	} else {
		// in the midst of a request: after the next one has come in
		seen := w.sends()
		if err := wait.For(within(ctx, 5*time.Second), func(context.Context) error {
			if w.sends() > seen {
				return nil
			}
			return fmt.Errorf("no request")
		}); err == nil {
			<-within(ctx, time.Duration(dice.IntN(12))*time.Millisecond).Done()
		}
	}
	if err := w.kill(); err != nil && !strings.Contains(err.Error(), "killed") {
		return "", err
	}
	spot, err := w.spot(ctx)
	if err != nil {
		return "", err
	}
	if i%10 == 9 {
		end := w.server.Stop
		if i%20 == 9 {
			end = w.server.Kill
		}
		if err := end(); err != nil {
			return "", err
		}
		if err := w.server.Restart(ctx); err != nil {
			return "", err
		}
	}
	_, err = w.start(ctx)
	return spot, err
}

// misbehave sets the network's faults: refusals, broken answers, answers lost
// after the server has committed, and requests that commit late, but within
// the settle time.
func misbehave(p *faultproxy.Proxy) {
	p.Set(
		faultproxy.Rule{Kind: faultproxy.Delay, Match: faultproxy.Sends, Probability: 0.1, Delay: 700 * time.Millisecond},
		faultproxy.Rule{Kind: faultproxy.Status429, Match: faultproxy.Sends, Probability: 0.03, RetryAfterMS: 50},
		faultproxy.Rule{Kind: faultproxy.Status500, Match: faultproxy.Sends, Probability: 0.03},
		faultproxy.Rule{Kind: faultproxy.Status502, Match: faultproxy.Sends, Probability: 0.02},
		faultproxy.Rule{Kind: faultproxy.DropBefore, Match: faultproxy.Sends, Probability: 0.02},
		faultproxy.Rule{Kind: faultproxy.DropAfter, Match: faultproxy.Sends, Probability: 0.04},
	)
}

// sends counts the requests for a message or a redaction that have come in.
func (w *world) sends() int {
	n := 0
	for _, tries := range w.proxy.Log() {
		n += len(tries)
	}
	return n
}

// spot says in the midst of what the bot was when it died, by what its store
// holds in flight and what the proxy saw of it.
func (w *world) spot(ctx context.Context) (string, error) {
	db, err := store.Open(ctx, w.database(), store.Options{NoListen: true})
	if err != nil {
		return "", err
	}
	defer db.Close()
	spot := idle
	err = db.View(ctx, func(tx *store.Tx) error {
		for _, id := range w.rooms {
			room := chat.Room{Platform: "matrix", ID: id}
			flying, err := tx.InFlight(room)
			if err != nil {
				return err
			}
			for _, d := range flying {
				copies, err := tx.Copies(d.Thing, room)
				if err != nil {
					return err
				}
				for _, c := range copies {
					if c.InFlight() {
						spot = w.stage(c.Key, spot)
					}
				}
			}
		}
		return nil
	})
	return spot, err
}

// stages are the moments at which a bot can die; of several requests in flight
// the one nearest to its network counts.
var stages = []string{written, answered, doubtful, recorded, idle}

const (
	written  = "written, not yet answered"
	answered = "answered, not yet settled"
	doubtful = "in doubt since a broken answer"
	recorded = "recorded, not yet written"
	idle     = "nothing in flight"
)

// stage is how far the request under key had come; of two requests the one
// that stands first among the stages counts.
func (w *world) stage(key, than string) string {
	stage := recorded
	for path, tries := range w.proxy.Log() {
		if !strings.Contains(path, key) {
			continue
		}
		switch last := tries[len(tries)-1]; {
		case last.Answered.IsZero():
			stage = written
		case last.Fault == "" && last.Status == 200:
			stage = answered
		default:
			stage = doubtful
		}
	}
	for _, s := range stages {
		if s == stage || s == than {
			return s
		}
	}
	return stage
}

// until waits until so many remarks were said, so that the kills are spread
// over all the talk.
func (t *talk) until(ctx context.Context, said int64) error {
	return wait.For(within(ctx, 5*time.Minute), func(context.Context) error {
		if n := t.done.said.Load(); n < said {
			return fmt.Errorf("%d of %d remarks were said", n, said)
		}
		return nil
	})
}

func (t *talk) waitForPosts(ctx context.Context, n int) error {
	return wait.For(within(ctx, time.Minute), func(context.Context) error {
		if got := len(t.pairs()) / 2; got < n {
			return fmt.Errorf("%d passages stand in both rooms", got)
		}
		return nil
	})
}

// verdict lets the bot come to rest without faults and reads everything back.
func (k kills) verdict(ctx context.Context, w *world, t *talk, where map[string]int) error {
	fmt.Println("faults played:", w.proxy.Counts())
	w.proxy.Set()
	if err := w.rest(ctx); err != nil {
		return err
	}
	if err := w.stop(); err != nil {
		return err
	}
	printHistogram(where)
	if in := where[written] + where[answered] + where[doubtful]; in*10 < 3*k.n {
		return fmt.Errorf("only %d of %d kills fell between a request written and its settlement", in, k.n)
	}
	fmt.Printf("%d edits, %d deletions\n", t.done.edited.Load(), t.done.deleted.Load())
	return judge(ctx, w, t)
}

// judge reads back what stands, holds it against what was said, and proves
// that it would have seen a loss, a doubling and a disorder.
func judge(ctx context.Context, w *world, t *talk) error {
	remarks, committed, err := t.committed(ctx)
	if err != nil {
		return err
	}
	rooms, err := w.read(ctx)
	if err != nil {
		return err
	}
	pairs := t.pairs()
	found := check(w.bot.ID, remarks, rooms, pairs, committed)
	fmt.Printf("%d remarks, %d passages in both rooms; gaps in the watchers' sync: %d and %d\n",
		len(remarks), len(pairs)/2, w.logs[0].Gaps(), w.logs[1].Gaps())
	count := map[string]int{}
	for _, f := range found {
		count[f.kind]++
		fmt.Println("  ", f)
	}
	fmt.Printf("%d lost, %d doubled, %d strayed, %d left behind, %d out of order\n",
		count["lost"], count["doubled"], count["strayed"], count["left"], count["disorder"])
	if err := prove(w.bot.ID, remarks, rooms, pairs, committed); err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("%d findings; the world is left in %s", len(found), w.dir)
	}
	return nil
}

// prove plants one fault of each kind into what was read and wants it found.
func prove(bot string, remarks []remark, rooms []raw, pairs map[string]string, committed [][]string) error {
	sound := len(check(bot, remarks, rooms, pairs, committed))
	faults := plant(bot, remarks, rooms)
	if len(faults) != 3 {
		return fmt.Errorf("only %d faults could be planted", len(faults))
	}
	for kind, bad := range faults {
		found := check(bot, remarks, bad, pairs, committed)
		caught := false
		for _, f := range found {
			caught = caught || f.kind == kind
		}
		fmt.Printf("planted %s: caught %v\n", kind, caught && len(found) > sound)
		if !caught || len(found) <= sound {
			return fmt.Errorf("a planted fault (%s) was not found", kind)
		}
	}
	return nil
}

// rest waits until the bot has nothing left to do.
func (w *world) rest(ctx context.Context) error {
	db, err := store.Open(ctx, w.database(), store.Options{NoListen: true})
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for quiet := 0; quiet < 20; quiet++ {
		pending, dead, why := 0, 0, ""
		if err := db.View(ctx, func(tx *store.Tx) error {
			rooms, err := tx.RoomStatus()
			for _, r := range rooms {
				pending += r.Pending
				dead += r.Dead
				why = r.Why
			}
			return err
		}); err != nil {
			return fmt.Errorf("wait for rest (%d pending): %w", pending, err)
		}
		if dead > 0 && pending == 0 {
			return fmt.Errorf("%d dead letters (%s)", dead, why)
		}
		if pending > 0 {
			quiet = 0
		}
		<-within(ctx, 100*time.Millisecond).Done()
	}
	return nil
}

// committed reads from the store in which order the remarks of each thread
// were recorded.
func (t *talk) committed(ctx context.Context) ([]remark, [][]string, error) {
	db, err := store.Open(ctx, t.w.database(), store.Options{NoListen: true})
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	under := map[discussion.PassageID][]string{}
	err = db.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Discussions()
		if err != nil {
			return err
		}
		for _, d := range all {
			said, err := tx.Annotations(d.ID)
			if err != nil {
				return err
			}
			for _, a := range said {
				if token, _, ok := strings.Cut(a.Body.Text, " "); ok {
					under[a.Under] = append(under[a.Under], token)
				}
			}
		}
		return nil
	})
	var orders [][]string
	for _, order := range under {
		orders = append(orders, order)
	}
	return t.truth(), orders, err
}

func printHistogram(where map[string]int) {
	fmt.Println("where the kills fell:")
	for _, s := range stages {
		fmt.Printf("  %-31s %3d %s\n", s, where[s], strings.Repeat("#", where[s]))
	}
}

func soakDir(name string) (string, error) {
	dir, err := os.MkdirTemp("", "marginalia-"+name+"-")
	if err != nil {
		return "", err
	}
	return filepath.Abs(dir)
}

func absolute(path string) (string, error) {
	if _, err := os.Stat(path); err != nil {
		return "", err
	}
	return filepath.Abs(path)
}
