//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"marginalia/test/matrixuser"
)

// talk is what people say, edit and delete while the bot is being killed. It
// keeps its own account of it.
type talk struct {
	w     *world
	pace  time.Duration // between two deeds of one person
	quota counts        // until each of these is reached
	done  tally

	mu      sync.Mutex
	remarks []*remark
}

type counts struct{ said, edited, deleted int64 }

type tally struct{ said, edited, deleted atomic.Int64 }

func (t *talk) reached() bool {
	return t.done.said.Load() >= t.quota.said && t.done.edited.Load() >= t.quota.edited && t.done.deleted.Load() >= t.quota.deleted
}

// run lets everyone talk until ctx is done.
func (t *talk) run(ctx context.Context, seed uint64) {
	var all sync.WaitGroup
	for side := range t.w.people {
		for i, u := range t.w.people[side] {
			all.Go(func() { t.person(ctx, side, u, rand.New(rand.NewPCG(seed, uint64(side*100+i)))) })
		}
	}
	all.Wait()
}

func (t *talk) person(ctx context.Context, side int, u *matrixuser.User, dice *rand.Rand) {
	var mine []*remark
	for n := 0; ; n++ {
		pause := time.NewTimer(t.pace/2 + time.Duration(dice.Int64N(int64(t.pace))))
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		living := slices.DeleteFunc(slices.Clone(mine), func(r *remark) bool { return r.deleted })
		switch p := dice.Float64(); {
		case p < 0.17 && len(living) > 0:
			t.edit(u, living[dice.IntN(len(living))])
		case p < 0.28 && len(living) > 2:
			t.remove(u, living[dice.IntN(len(living))])
		default:
			if r := t.say(side, u, fmt.Sprintf("tk-%d-%s-%d", side, strings.TrimPrefix(strings.Split(u.ID, ":")[0], "@"), n), dice); r != nil {
				mine = append(mine, r)
			}
		}
	}
}

// say says something in a thread of a passage that stands in both rooms. What
// is begun is ended, whatever becomes of the homeserver meanwhile: a request
// without an answer is looked for in the person's own sync before it is made
// again.
func (t *talk) say(side int, u *matrixuser.User, token string, dice *rand.Rand) *remark {
	root := t.root(side, dice)
	if root == "" {
		return nil
	}
	r := &remark{token: token, room: t.w.rooms[side], root: root, by: u.ID}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		id, err := u.Send(ctx, r.room, "m.room.message", matrixuser.Text(r.words(0)+"A thought on this passage.", root))
		if err == nil {
			r.ids = append(r.ids, id)
			break
		}
		if t.w.logs[side].Wait(within(ctx, 3*time.Second), r.room, func(all []matrixuser.Event) bool {
			return slices.ContainsFunc(all, r.begins)
		}) == nil {
			break
		}
	}
	t.mu.Lock()
	t.remarks = append(t.remarks, r)
	t.mu.Unlock()
	t.done.said.Add(1)
	return r
}

// begins reports whether e is a message, not an edit, that a person said r with.
func (r *remark) begins(e matrixuser.Event) bool {
	kind, _ := e.Relation()
	return e.Sender == r.by && e.Type == "m.room.message" && kind != "m.replace" && strings.HasPrefix(e.Body(), r.token+" ")
}

func within(ctx context.Context, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(ctx, d)
	context.AfterFunc(ctx, cancel)
	return ctx
}

func (t *talk) edit(u *matrixuser.User, r *remark) {
	if len(r.ids) == 0 {
		return
	}
	next := r.version + 1
	if t.insist(func(ctx context.Context) error {
		_, err := u.Send(ctx, r.room, "m.room.message", matrixuser.EditOf(r.ids[0], r.words(next)+"A better thought."))
		return err
	}) {
		r.version = next
		t.done.edited.Add(1)
	}
}

func (t *talk) remove(u *matrixuser.User, r *remark) {
	if len(r.ids) == 0 {
		return
	}
	if t.insist(func(ctx context.Context) error { return u.Redact(ctx, r.room, r.ids[0]) }) {
		r.deleted = true
		t.done.deleted.Add(1)
	}
}

// insist repeats a deed that may be done twice until it is answered.
func (t *talk) insist(deed func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if deed(ctx) == nil {
			return true
		}
		<-within(ctx, 200*time.Millisecond).Done()
	}
	return false
}

// root picks one of the newest passages that stand in both rooms.
func (t *talk) root(side int, dice *rand.Rand) string {
	here, there := t.posts(side), t.posts(1-side)
	var both []string
	for words, id := range here {
		if _, ok := there[words]; ok {
			both = append(both, id)
		}
	}
	if len(both) == 0 {
		return ""
	}
	slices.Sort(both)
	return both[dice.IntN(len(both))]
}

// posts lists the bot's passages in a room: their words and first event.
func (t *talk) posts(side int) map[string]string {
	posts := map[string]string{}
	for _, e := range t.w.logs[side].Room(t.w.rooms[side]) {
		kind, _ := e.Relation()
		if e.Sender == t.w.bot.ID && e.Type == "m.room.message" && kind == "" && e.Body() != "" {
			if _, known := posts[e.Body()]; !known {
				posts[e.Body()] = e.ID
			}
		}
	}
	return posts
}

// pairs maps each root to the same passage's root in the other room.
func (t *talk) pairs() map[string]string {
	a, b := t.posts(0), t.posts(1)
	pairs := map[string]string{}
	for words, id := range a {
		if other, ok := b[words]; ok {
			pairs[id], pairs[other] = other, id
		}
	}
	return pairs
}

// truth is what was said, with every event that carries it as the raw logs
// have it.
func (t *talk) truth() []remark {
	t.mu.Lock()
	defer t.mu.Unlock()
	said := map[string]*remark{}
	var all []remark
	for _, r := range t.remarks {
		r.ids = nil
		said[r.token] = r
	}
	for side, room := range t.w.rooms {
		for _, e := range t.w.logs[side].Room(room) {
			token, _, _ := strings.Cut(e.Body(), " ")
			if r := said[token]; r != nil && r.begins(e) {
				r.ids = append(r.ids, e.ID)
			}
		}
	}
	for _, r := range t.remarks {
		all = append(all, *r)
	}
	return all
}
