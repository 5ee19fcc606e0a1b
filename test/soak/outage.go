//go:build unix

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat/discord/discordtest"
	"marginalia/test/wait"
)

// outages is the soak "outage": one network after the other is out of the
// bot's reach, as long as it takes people on both to say n messages, edit and
// delete a tenth as many each and react a quarter as often. What they did stands
// on both networks afterwards, once and in order.
type outages struct {
	n    int
	seed uint64
	text string
	dir  string
}

func (o outages) run(ctx context.Context) error {
	d, err := newDiscord(o.seed, 2, few, discordtest.Options{Heartbeat: time.Second})
	if err != nil {
		return err
	}
	m, err := newMatrix(ctx, o.dir, o.seed, 1, few)
	if err != nil {
		_ = d.close()
		return err
	}
	w, err := newWorld(ctx, o.dir, m, d)
	if err != nil {
		return err
	}
	defer w.close()
	w.sides = []side{m.sides[0], d.sides[0], d.sides[1], &localSide{id: "lobby", page: w.page}}
	if err := w.configure(o.text, "1s"); err != nil {
		return err
	}
	if _, err := w.start(ctx); err != nil {
		return err
	}
	t := &talk{sides: w.talkers(), pace: 100 * time.Millisecond}
	if err := t.waitForPosts(ctx, 8); err != nil {
		return err
	}
	if err := o.talk(ctx, t, o.n/10); err != nil {
		return err
	}
	if err := w.rest(ctx); err != nil {
		return err
	}
	for _, n := range w.networks {
		if err := o.outage(ctx, w, t, n); err != nil {
			return fmt.Errorf("outage of %s: %w", n.name(), err)
		}
	}
	if err := judge(ctx, w, t); err != nil {
		return err
	}
	if err := w.stop(); err != nil {
		return err
	}
	return d.verdict()
}

// outage cuts a network off while people talk, and waits until all is made up.
func (o outages) outage(ctx context.Context, w *world, t *talk, n network) error {
	n.cutOff(true)
	began := time.Now()
	if err := o.talk(ctx, t, o.n); err != nil {
		return err
	}
	n.cutOff(false)
	fmt.Printf("%s was out of reach for %s; %s so far\n", n.name(), time.Since(began).Round(time.Second), &t.done)
	began = time.Now()
	if err := o.reached(ctx, t); err != nil {
		return err
	}
	if err := w.rest(ctx); err != nil {
		return err
	}
	fmt.Printf("all was made up %s later\n", time.Since(began).Round(time.Second))
	return nil
}

// talk lets people talk until they have said n messages more.
func (o outages) talk(ctx context.Context, t *talk, n int) error {
	more := int64(n)
	t.quota = counts{
		said: t.done.said.Load() + more, edited: t.done.edited.Load() + more/10,
		deleted: t.done.deleted.Load() + more/10, reacted: t.done.reacted.Load() + more/4,
	}
	talking, stop := context.WithTimeout(ctx, 30*time.Minute)
	defer stop()
	done := make(chan struct{})
	go func() { t.run(talking, o.seed); close(done) }()
	err := wait.For(talking, func(context.Context) error {
		if !t.reached() {
			return fmt.Errorf("only this was done: %s", &t.done)
		}
		return nil
	})
	stop()
	<-done
	return err
}

// reached waits until what is said now on each side stands on all others: what
// was said before it has come by then.
func (o outages) reached(ctx context.Context, t *talk) error {
	for _, p := range t.speakers {
		if p.who > 0 {
			continue
		}
		p.say()
		last := p.mine[len(p.mine)-1].token
		if err := wait.For(within(ctx, 20*time.Minute), func(context.Context) error {
			if j := slices.IndexFunc(t.sides, func(other side) bool { return !other.shows(last) }); j >= 0 {
				return fmt.Errorf("%s does not show %s", t.sides[j].room(), last)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
