//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// bursts is the soak "burst": eight people say n messages as fast as their
// homeserver takes them, and every one must stand in the other room once.
type bursts struct {
	n    int
	seed uint64
	text string
	dir  string
}

func (b bursts) run(ctx context.Context) error {
	w, err := newWorld(ctx, b.dir, b.seed)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.configure(b.text, "1s"); err != nil {
		return err
	}
	if _, err := w.start(ctx); err != nil {
		return err
	}
	t := &talk{w: w}
	if err := t.waitForPosts(ctx, 4); err != nil {
		return err
	}
	took := b.speak(t, w)
	began := time.Now()
	if err := w.rest(ctx); err != nil {
		return err
	}
	fmt.Printf("%d messages said in %s (%.0f a second), all mirrored %s later\n", b.n, took.Round(time.Millisecond),
		float64(b.n)/took.Seconds(), time.Since(began).Round(time.Millisecond))
	if err := w.stop(); err != nil {
		return err
	}
	return judge(ctx, w, t)
}

func (b bursts) speak(t *talk, w *world) time.Duration {
	began := time.Now()
	var left atomic.Int64
	left.Store(int64(b.n))
	var all sync.WaitGroup
	for side := range w.people {
		for i, u := range w.people[side] {
			all.Go(func() {
				dice := rand.New(rand.NewPCG(b.seed, uint64(side*100+i)))
				for left.Add(-1) >= 0 {
					t.say(side, u, fmt.Sprintf("tk-%d-%d-%d", side, i, left.Load()), dice)
				}
			})
		}
	}
	all.Wait()
	return time.Since(began)
}
