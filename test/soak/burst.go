//go:build unix

package main

import (
	"context"
	"fmt"
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
	w, _, err := twoRooms(ctx, b.dir, b.seed)
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
	t := &talk{sides: w.sides}
	if err := t.waitForPosts(ctx, 4); err != nil {
		return err
	}
	took := b.speak(t)
	began := time.Now()
	if err := w.rest(ctx); err != nil {
		return err
	}
	fmt.Printf("%d messages said in %s (%.0f a second), all mirrored %s later\n", b.n, took.Round(time.Millisecond),
		float64(b.n)/took.Seconds(), time.Since(began).Round(time.Millisecond))
	if err := judge(ctx, w, t); err != nil {
		return err
	}
	return w.stop()
}

func (b bursts) speak(t *talk) time.Duration {
	began := time.Now()
	var left atomic.Int64
	left.Store(int64(b.n))
	var all sync.WaitGroup
	for i, s := range t.sides {
		for who := range s.people() {
			p := &speaker{t: t, side: s, n: i, who: who, dice: dice(b.seed, i*100+who)}
			all.Go(func() {
				for left.Add(-1) >= 0 {
					p.say()
				}
			})
		}
	}
	all.Wait()
	return time.Since(began)
}
