//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"marginalia/test/wait"
)

// kills are the soaks "kill" and "both": the real binary against Matrix alone,
// or against both networks at once, killed again and again while people talk
// and the networks misbehave.
type kills struct {
	n    int
	said counts
	seed uint64
	text string
	dir  string

	topics  int           // threads before people begin to talk
	every   string        // how often there is one more
	pace    time.Duration // of each of them
	few     bool          // kills: too few to want them to fall in certain places
	exports bool          // judge what is exported, too
}

// newKills scales the talk to the number of kills.
func newKills(n int, seed uint64, text, dir string) kills {
	return kills{n: n, said: counts{said: int64(n) * 20, edited: int64(n) * 3, deleted: int64(n) * 2, reacted: int64(n) * 3}, seed: seed, text: text, dir: dir,
		topics: 3, every: "2s", pace: 700 * time.Millisecond}
}

// matrix is two Matrix rooms.
func (k kills) matrix(ctx context.Context) error {
	w, _, err := twoRooms(ctx, k.dir, k.seed)
	if err != nil {
		return err
	}
	defer w.close()
	_, err = k.run(ctx, w)
	return err
}

// both is both networks at once.
func (k kills) both(ctx context.Context) error {
	w, d, err := bothNetworks(ctx, k.dir, k.seed, few)
	if err != nil {
		return err
	}
	defer w.close()
	if _, err := k.run(ctx, w); err != nil {
		return err
	}
	return d.verdict()
}

func (k kills) run(ctx context.Context, w *world) (*talk, error) {
	dice := rand.New(rand.NewPCG(k.seed, 1))
	if err := w.configure(k.text, k.every); err != nil {
		return nil, err
	}
	if _, err := w.start(ctx); err != nil {
		return nil, err
	}
	t := &talk{sides: w.talkers(), pace: k.pace, quota: k.said}
	if err := t.waitForPosts(ctx, k.topics); err != nil {
		return nil, err
	}
	for _, n := range w.networks {
		n.misbehave()
	}
	talking, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	go func() { t.run(talking, k.seed); close(done) }()

	where := histogram{}
	for i := range k.n {
		if err := t.until(ctx, k.said.said*int64(i)/int64(k.n)); err != nil {
			return nil, err
		}
		spots, err := k.once(ctx, w, dice, i)
		if err != nil {
			return t, fmt.Errorf("kill %d: %w", i+1, err)
		}
		where.add(spots)
		if (i+1)%10 == 0 {
			fmt.Printf("%3d kills, %s\n", i+1, &t.done)
		}
	}
	for !t.reached() && ctx.Err() == nil {
		<-within(ctx, 100*time.Millisecond).Done()
	}
	stop()
	<-done
	return t, k.verdict(ctx, w, t, where)
}

// once lets the bot work for a moment, kills it, and says in the midst of what
// it was. While it is down, networks are jolted.
func (k kills) once(ctx context.Context, w *world, dice *rand.Rand, i int) (map[string]string, error) {
	if dice.IntN(3) == 0 {
		<-within(ctx, time.Duration(300+dice.IntN(1500))*time.Millisecond).Done()
	} else {
		w.awaitRequest(ctx, dice)
	}
	if err := w.kill(); err != nil && !strings.Contains(err.Error(), "killed") {
		return nil, err
	}
	spots, err := w.spots(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range w.networks {
		if err := n.jolt(ctx, i); err != nil {
			return nil, err
		}
	}
	_, err = w.start(ctx)
	if err == nil && i%3 == 0 {
		w.disturb()
	}
	return spots, err
}

// disturb makes trouble on the networks that have some for a bot that runs.
func (w *world) disturb() {
	for _, n := range w.networks {
		if d, ok := n.(interface{ disturb() }); ok {
			d.disturb()
		}
	}
}

// awaitRequest waits until the bot is in the midst of a request to one of its
// networks: until shortly after the next one has come in.
func (w *world) awaitRequest(ctx context.Context, dice *rand.Rand) {
	n := w.networks[dice.IntN(len(w.networks))]
	seen := n.sends()
	if err := wait.For(within(ctx, 5*time.Second), func(context.Context) error {
		if n.sends() > seen {
			return nil
		}
		return fmt.Errorf("no request")
	}); err == nil {
		<-within(ctx, time.Duration(dice.IntN(12))*time.Millisecond).Done()
	}
}

// verdict lets the bot come to rest without faults and reads everything back.
func (k kills) verdict(ctx context.Context, w *world, t *talk, where histogram) error {
	for _, n := range w.networks {
		fmt.Printf("faults played by %s: %s\n", n.name(), n.played())
		n.behave()
	}
	began := time.Now()
	if err := w.rest(ctx); err != nil {
		return err
	}
	fmt.Printf("at rest %s after the last kill\n", time.Since(began).Round(time.Second))
	fmt.Println(&t.done)
	if err := judge(ctx, w, t); err != nil {
		return err
	}
	if k.exports {
		if err := judgeExport(ctx, w, t); err != nil {
			return err
		}
	}
	if err := w.stop(); err != nil {
		return err
	}
	if err := where.print(k.n); err != nil && !k.few {
		return err
	}
	return nil
}
