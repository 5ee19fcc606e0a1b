//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"marginalia/test/wait"
)

// talk is what people say, edit, delete and react to while the bot is being
// killed. It keeps its own account of it.
type talk struct {
	sides []side
	pace  time.Duration // between two deeds of one person
	quota counts        // until each of these is reached
	done  tally

	speakers []*speaker

	mu      sync.Mutex // for what follows, and for the remarks' words
	remarks []*remark
	holds   []*hold
}

type counts struct{ said, edited, deleted, reacted int64 }

type tally struct{ said, edited, deleted, reacted, unreacted, answered atomic.Int64 }

func (t *tally) String() string {
	return fmt.Sprintf("%d said (%d of them answers), %d edited, %d deleted, %d reactions, %d taken back",
		t.said.Load(), t.answered.Load(), t.edited.Load(), t.deleted.Load(), t.reacted.Load(), t.unreacted.Load())
}

func (t *talk) reached() bool {
	return t.done.said.Load() >= t.quota.said && t.done.edited.Load() >= t.quota.edited &&
		t.done.deleted.Load() >= t.quota.deleted && t.done.reacted.Load() >= t.quota.reacted
}

// run lets everyone talk until ctx is done. When it is called again they are
// the same people, who know what they have said.
func (t *talk) run(ctx context.Context, seed uint64) {
	if t.speakers == nil {
		for i, s := range t.sides {
			for who := range s.people() {
				t.speakers = append(t.speakers, &speaker{t: t, side: s, n: i, who: who, dice: dice(seed, i*100+who)})
			}
		}
	}
	var all sync.WaitGroup
	for _, p := range t.speakers {
		all.Go(func() { p.live(ctx) })
	}
	all.Wait()
}

func dice(seed uint64, of int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(of))) }

// speaker is one person, who does one thing after the other.
type speaker struct {
	t    *talk
	side side
	n    int // of the side
	who  int
	dice *rand.Rand

	said int
	mine []*remark
	held []*hold
}

func (p *speaker) live(ctx context.Context) {
	for {
		pause := time.NewTimer(p.t.pace/2 + time.Duration(p.dice.Int64N(int64(p.t.pace))))
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		p.deed()
	}
}

// deed is the next thing that the person does.
func (p *speaker) deed() {
	alive := p.t.alive()
	living := slices.DeleteFunc(slices.Clone(p.mine), func(r *remark) bool { return !alive[r.token] })
	held := slices.DeleteFunc(slices.Clone(p.held), func(h *hold) bool { return !alive[h.name] && !isPassage(h.name) })
	switch d := p.dice.Float64(); {
	case d < 0.13 && len(living) > 0:
		p.edit(living[p.dice.IntN(len(living))])
	case d < 0.23 && len(living) > 2:
		p.remove(living[p.dice.IntN(len(living))])
	case d < 0.37:
		p.react(alive)
	case d < 0.42 && len(held) > 0:
		p.unreact(held[p.dice.IntN(len(held))])
	default:
		p.say()
	}
}

// say says something under a passage that stands in all rooms; one remark in
// five answers another one there.
func (p *speaker) say() {
	passages := p.t.everywhere()
	if len(passages) == 0 {
		return
	}
	r := &remark{
		token: fmt.Sprintf("tk-%d-%d-%d", p.n, p.who, p.said), room: p.side.room(),
		passage: passages[p.dice.IntN(len(passages))], by: p.who,
	}
	if p.dice.IntN(5) == 0 {
		r.answers = p.t.pick(p.dice, func(o *remark) bool { return o.passage == r.passage })
	}
	p.said++
	p.side.say(p.who, r)
	p.t.mu.Lock()
	p.t.remarks = append(p.t.remarks, r) // even if it came to nothing: truth finds out
	p.t.mu.Unlock()
	p.mine = append(p.mine, r)
	p.t.done.said.Add(1)
	if r.answers != "" {
		p.t.done.answered.Add(1)
	}
}

func (p *speaker) edit(r *remark) {
	next := r.version + 1
	if p.side.edit(p.who, r, r.words(next)+"A better thought.") {
		p.t.mu.Lock()
		r.version = next
		p.t.mu.Unlock()
		p.t.done.edited.Add(1)
	}
}

func (p *speaker) remove(r *remark) {
	if p.side.remove(p.who, r) {
		p.t.mu.Lock()
		r.deleted = true
		p.t.mu.Unlock()
		p.t.done.deleted.Add(1)
	}
}

// emojis are those that people use: no network writes them in two ways.
var emojis = []string{"👍", "🤔", "💡", "🎯"}

// react puts an emoji on a passage or on what anybody said in any room, as it
// stands in the person's own.
func (p *speaker) react(alive map[string]bool) {
	name := ""
	if p.dice.IntN(6) == 0 {
		if passages := p.t.everywhere(); len(passages) > 0 {
			name = passageName(passages[p.dice.IntN(len(passages))])
		}
	} else {
		name = p.t.pick(p.dice, func(r *remark) bool { return alive[r.token] })
	}
	h := &hold{name, emojis[p.dice.IntN(len(emojis))], p.side.room()}
	if name == "" || slices.ContainsFunc(p.held, func(o *hold) bool { return *o == *h }) || !p.side.shows(name) {
		return
	}
	if p.side.react(p.who, name, h.emoji) {
		p.t.mu.Lock()
		p.t.holds = append(p.t.holds, h)
		p.t.mu.Unlock()
		p.held = append(p.held, h)
		p.t.done.reacted.Add(1)
	}
}

func (p *speaker) unreact(h *hold) {
	if p.side.unreact(p.who, h.name, h.emoji) {
		p.t.mu.Lock()
		p.t.holds = slices.DeleteFunc(p.t.holds, func(o *hold) bool { return o == h })
		p.t.mu.Unlock()
		p.held = slices.DeleteFunc(p.held, func(o *hold) bool { return o == h })
		p.t.done.unreacted.Add(1)
	}
}

// alive are the tokens of the remarks that stand.
func (t *talk) alive() map[string]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[string]bool{}
	for _, r := range t.remarks {
		if !r.deleted {
			all[r.token] = true
		}
	}
	return all
}

// pick is the token of one of the remarks that suit, "" if there is none.
func (t *talk) pick(dice *rand.Rand, suits func(*remark) bool) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var some []string
	for _, r := range t.remarks {
		if !r.deleted && suits(r) {
			some = append(some, r.token)
		}
	}
	if len(some) == 0 {
		return ""
	}
	return some[dice.IntN(len(some))]
}

// everywhere are the passages that can be answered in all rooms.
func (t *talk) everywhere() []int {
	var all []int
	for i, s := range t.sides {
		here := s.posts()
		if i == 0 {
			for n := range here {
				all = append(all, n)
			}
		}
		all = slices.DeleteFunc(all, func(n int) bool { return !here[n] })
	}
	slices.Sort(all)
	return all
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
		if got := len(t.everywhere()); got < n {
			return fmt.Errorf("%d passages stand in all rooms", got)
		}
		return nil
	})
}

// truth is what people did, with every message that carries a remark as the
// networks have it. What nobody ever got through with is left out.
func (t *talk) truth() account {
	t.mu.Lock()
	defer t.mu.Unlock()
	var a account
	for _, r := range t.remarks {
		for _, s := range t.sides {
			if s.room() == r.room {
				r.ids = s.said(*r)
			}
		}
		if len(r.ids) > 0 {
			a.remarks = append(a.remarks, *r)
		}
	}
	for _, h := range t.holds {
		a.holds = append(a.holds, *h)
	}
	return a
}

func within(ctx context.Context, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(ctx, d)
	context.AfterFunc(ctx, cancel)
	return ctx
}
