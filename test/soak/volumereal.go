//go:build unix

package main

import (
	"context"
	"fmt"
	"time"
)

// real is the volume of the real bot on two rooms of a real homeserver, in which
// eight people say n messages as fast as it takes them. They are the floor: what
// raw clients can say in the time, the bot has to say once more.
func (v volumes) real(ctx context.Context) error {
	w, m, err := twoRooms(ctx, v.dir, v.seed)
	if err != nil {
		return err
	}
	defer w.close()
	for _, s := range m.sides {
		s.long = true
	}
	if err := w.configure(v.text, "1s"); err != nil {
		return err
	}
	if _, err := w.start(ctx); err != nil {
		return err
	}
	t := &talk{sides: w.sides}
	if err := t.waitForPosts(ctx, manyTopics); err != nil {
		return err
	}
	before, err := sizeOf(ctx, w.database)
	if err != nil {
		return err
	}
	began, said := time.Now(), make(chan time.Duration, 1)
	go func() { said <- bursts{n: v.n, seed: v.seed}.speak(t) }()
	samples, err := v.sampled(ctx, w, t)
	if err != nil {
		return err
	}
	took := <-said
	fmt.Printf("all is said after %s\n", took.Round(time.Second))
	if err := w.rest(ctx); err != nil {
		return err
	}
	all := time.Since(began)
	fmt.Printf("all is mirrored after %s, and read back now\n", all.Round(time.Second))
	after, err := sizeOf(ctx, w.database)
	if err != nil {
		return err
	}
	if err := judge(ctx, w, t); err != nil {
		return err
	}
	words := 0
	for _, r := range t.remarks {
		words += len(r.words(0)) + len("A thought on this passage.")
	}
	fmt.Printf("database: %d bytes a message beside its words (goal 450)\n", (after-before-int64(words))/int64(v.n))
	fmt.Printf("the bot's memory grows by %.1f bytes a message\n", slope(samples, func(x sample) float64 { return x.rss }))
	fmt.Printf("said %.0f a second by raw clients, mirrored %.0f a second\n", float64(v.n)/took.Seconds(), float64(v.n)/all.Seconds())
	return w.stop()
}

// sampled samples the bot's memory twenty times while people talk.
func (v volumes) sampled(ctx context.Context, w *world, t *talk) (all []sample, err error) {
	for i := range 20 {
		want := int64(v.n * (i + 1) / 20)
		for t.done.said.Load() < want && ctx.Err() == nil {
			<-within(ctx, 100*time.Millisecond).Done()
		}
		kilobytes, err := memory(w.run.Pid(), "VmRSS")
		if err != nil {
			return nil, err
		}
		all = append(all, sample{at: float64(want), rss: float64(kilobytes) * 1024})
	}
	return all, ctx.Err()
}
