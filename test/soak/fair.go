//go:build unix

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"marginalia/internal/chat/discord/discordtest"
	"marginalia/test/faultproxy"
	"marginalia/test/wait"
)

// fairs is the soak "fair": six Matrix rooms share an account that a homeserver
// limits as Synapse does, five times as fast so that it ends: 10 at once, then one
// a second. A channel on Discord stands beside each. In one of them n messages
// are said at once, in the others some now and then. Nobody's words may wait for
// more than twice their fair share.
type fairs struct {
	n    int
	seed uint64
	dir  string
}

const (
	fairRooms = 6
	fairShare = fairRooms * time.Second // of one request: its room's part of one a second
	fairTalk  = time.Minute             // how long people talk
)

// sending is somebody's words on their way into a limited room.
type sending struct {
	token string
	room  int
	said  time.Time
	seen  time.Time // when they were written there
}

func (f fairs) run(ctx context.Context) error {
	d, err := newDiscord(f.seed, fairRooms, few, discordtest.Options{})
	if err != nil {
		return err
	}
	m, err := newMatrix(ctx, f.dir, f.seed, fairRooms, few)
	if err != nil {
		return errors.Join(err, d.close())
	}
	w, err := newWorld(ctx, f.dir, m, d)
	if err != nil {
		return err
	}
	defer w.close()
	for i := range fairRooms {
		w.sides = append(w.sides, m.sides[i], d.sides[i])
	}
	if err := f.configure(w); err != nil {
		return err
	}
	if _, err := w.start(ctx); err != nil {
		return err
	}
	if err := wait.For(within(ctx, 2*time.Minute), func(context.Context) error {
		if i := slices.IndexFunc(w.sides, func(s side) bool { return !s.posts()[1] }); i >= 0 {
			return fmt.Errorf("%s shows no passage", w.sides[i].room())
		}
		return nil
	}); err != nil {
		return err
	}
	m.proxy.Set(faultproxy.Rule{Kind: faultproxy.Bucket, Match: faultproxy.Writes, PerSecond: 1, Burst: 10})
	all := f.talk(ctx, d)
	fmt.Printf("%d messages said, %d of them at once in one room\n", len(all), f.n)
	if err := w.rest(ctx); err != nil {
		return err
	}
	fmt.Printf("the homeserver refused %d requests and took %d\n", m.proxy.Counts()[string(faultproxy.Bucket)], m.took())
	if err := f.judge(m, all); err != nil {
		return err
	}
	return w.stop()
}

// took counts what stands in the limited rooms by the bot.
func (n *matrixNet) took() (events int) {
	for _, s := range n.sides {
		for _, e := range s.log.Room(s.id) {
			if e.Sender == n.bot.ID && e.Type == "m.room.message" {
				events++
			}
		}
	}
	return events
}

// configure writes a text for each pair of rooms, of one passage.
func (f fairs) configure(w *world) error {
	if err := w.configure("", "1s"); err != nil {
		return err
	}
	path := filepath.Join(w.dir, "config.toml")
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, _, _ := strings.Cut(string(old), "[[plans]]")
	var c strings.Builder
	c.WriteString(strings.Replace(head, "[privacy]\n", "[privacy]\nhint = false\n", 1))
	for i := range fairRooms {
		text := filepath.Join(w.dir, fmt.Sprintf("essay%d.md", i))
		words := fmt.Sprintf("# Essay %d\n\n%s\n", i, strings.Repeat(fmt.Sprintf("Essay %d goes on and on. ", i), 25))
		if err := os.WriteFile(text, []byte(words), 0o600); err != nil {
			return err
		}
		fmt.Fprintf(&c, "[[plans]]\nname = \"drip%d\"\ntext = %q\ncron = \"@every 1s\"\nrooms = [\"room%d\", \"room%d\"]\n", i, text, 2*i, 2*i+1)
	}
	return os.WriteFile(path, []byte(c.String()), 0o600)
}

// talk is what is said on Discord.
func (f fairs) talk(ctx context.Context, d *discordNet) []sending {
	var mu sync.Mutex
	var all []sending
	say := func(room, who, i int) {
		s := sending{token: fmt.Sprintf("tk-%d-%d-%d", room, who, i), room: room, said: time.Now()}
		if d.sides[room].say(who, &remark{token: s.token, passage: 1}) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, s)
		}
	}
	for i := range f.n {
		say(0, i%4, i)
	}
	var talking sync.WaitGroup
	over := within(ctx, fairTalk)
	for room := 1; room < fairRooms; room++ {
		dice := rand.New(rand.NewPCG(f.seed, uint64(room)))
		talking.Go(func() {
			for i := 0; over.Err() == nil; i++ {
				say(room, i%4, i)
				<-within(over, time.Duration(2000+dice.IntN(8000))*time.Millisecond).Done()
			}
		})
	}
	talking.Wait()
	return all
}

// judge reads in the rooms themselves when each message came, and proves that
// it would have seen another order.
func (f fairs) judge(m *matrixNet, all []sending) error {
	for i, s := range all {
		room := m.sides[s.room]
		for _, e := range room.log.Room(room.id) {
			if token, _ := tokenIn(e.Body()); token == s.token && e.Sender == m.bot.ID {
				all[i].seen = time.UnixMilli(e.At)
			}
		}
		if all[i].seen.IsZero() {
			return fmt.Errorf("%s is not in room %d", s.token, s.room)
		}
	}
	for room := range fairRooms {
		fmt.Printf("room %d: longest wait %4.1f s, %.2f times its fair share\n", room, longest(all, room).Seconds(), unfair(all, room))
	}
	for room := range fairRooms {
		if x := unfair(all, room); x > 2 {
			return fmt.Errorf("room %d waited for %.2f times its fair share", room, x)
		}
	}
	planted := firstComeFirstServed(all)
	for room := range fairRooms {
		if x := unfair(planted, room); x > 2 {
			fmt.Printf("planted first come, first served: caught, room %d would wait for %.2f times its fair share\n", room, x)
			return nil
		}
	}
	return errors.New("planted: first come, first served was not found")
}

func longest(all []sending, room int) (most time.Duration) {
	for _, s := range all {
		if s.room == room {
			most = max(most, s.seen.Sub(s.said))
		}
	}
	return most
}

// unfair is by how many times its fair share a room's message waited at most:
// that is as long as all takes that was written there since it was said, itself
// included, if each room gets the same.
func unfair(all []sending, room int) (worst float64) {
	for _, s := range all {
		if s.room != room {
			continue
		}
		before := 0
		for _, o := range all {
			if o.room == room && o.seen.After(s.said) && !o.seen.After(s.seen) {
				before++
			}
		}
		worst = max(worst, s.seen.Sub(s.said).Seconds()/(float64(max(before, 1))*fairShare.Seconds()))
	}
	return worst
}

// firstComeFirstServed is all as it would have been in the order in which it was
// said, at the times at which something was written.
func firstComeFirstServed(all []sending) []sending {
	planted := slices.SortedFunc(slices.Values(all), func(a, b sending) int { return a.said.Compare(b.said) })
	times := slices.SortedFunc(slices.Values(all), func(a, b sending) int { return cmp.Compare(a.seen.UnixNano(), b.seen.UnixNano()) })
	for i := range planted {
		planted[i].seen = times[i].seen
	}
	return planted
}
