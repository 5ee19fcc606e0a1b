//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"marginalia/internal/chat"
	"marginalia/internal/chat/matrix"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
	"marginalia/test/dendrite"
	"marginalia/test/matrixuser"
)

// latencies is the soak "latency": how long a person's words take to be
// committed and to be seen mirrored, beside a bot that does nothing but echo,
// made of raw mautrix, on the same homeserver in the same run, turn by turn.
type latencies struct {
	n   int
	dir string
}

// stopwatch is a platform that tells when a batch with given words was
// committed.
type stopwatch struct {
	chat.Platform
	mu   sync.Mutex
	seen map[string]chan time.Time
	took []time.Duration // each batch of events, to be recorded
}

func (s *stopwatch) record(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = append(s.took, d)
}

func (s *stopwatch) wait(token string) <-chan time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := make(chan time.Time, 1)
	s.seen[token] = c
	return c
}

func (s *stopwatch) hit(words string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, _, _ := strings.Cut(words, " ")
	if c := s.seen[token]; c != nil {
		delete(s.seen, token)
		c <- time.Now()
	}
}

// Run hands batches on and notes when they were recorded.
func (s *stopwatch) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	return s.Platform.Run(ctx, since, func(ctx context.Context, b chat.Batch) error {
		told := time.Now()
		err := handle(ctx, b)
		if len(b.Events) > 0 {
			s.record(time.Since(told))
		}
		for _, e := range b.Events {
			if err == nil && e.Kind == chat.Said {
				s.hit(e.Message.Body.Text)
			}
		}
		return err
	})
}

func (l latencies) run(ctx context.Context) error {
	server, err := dendrite.New(ctx, l.dir, dendrite.Options{})
	if err != nil {
		return err
	}
	defer server.Close()
	people := map[string]*matrixuser.User{}
	for _, name := range []string{"bot", "echo", "ann", "ben"} {
		a, err := server.NewAccount(ctx, name)
		if err != nil {
			return err
		}
		people[name] = matrixuser.New(server.URL(), a.UserID, a.AccessToken)
	}
	rooms := map[string]string{}
	for room, bot := range map[string]string{"one": "bot", "two": "bot", "from": "echo", "to": "echo"} {
		if rooms[room], err = people["ann"].CreateRoom(ctx, room, people[bot].ID, people["ben"].ID); err != nil {
			return err
		}
		for _, who := range []string{bot, "ben"} {
			if err := people[who].Join(ctx, rooms[room]); err != nil {
				return err
			}
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	watch, ready := people["ben"].Watch(ctx)
	<-ready
	heard := &stopwatch{seen: map[string]chan time.Time{}}
	if err := echoBot(ctx, people["echo"], rooms["from"], rooms["to"], heard); err != nil {
		return err
	}
	bot, end, err := l.relay(ctx, people["bot"], rooms["one"], rooms["two"])
	if err != nil {
		return err
	}
	defer end()
	root, err := firstPost(ctx, watch, rooms["one"], rooms["two"], people["bot"].ID)
	if err != nil {
		return err
	}
	// the echo bot hears the same kind of message: a reply in a thread
	under, err := people["echo"].Send(ctx, rooms["from"], "m.room.message", matrixuser.Text("a root", ""))
	if err != nil {
		return err
	}
	return l.measure(ctx, people["ann"], watch, rooms, map[string]string{"ours": root, "echo": under}, heard, bot)
}

// measure takes turns: one message through the echo bot, one through ours.
func (l latencies) measure(ctx context.Context, ann *matrixuser.User, watch *matrixuser.Log, rooms, roots map[string]string, echo, bot *stopwatch) error {
	got := map[string][]time.Duration{}
	for i := range l.n + 10 {
		for _, turn := range []struct {
			name, from, to string
			clock          *stopwatch
		}{{"echo", rooms["from"], rooms["to"], echo}, {"ours", rooms["one"], rooms["two"], bot}} {
			token := fmt.Sprintf("%s-%d", turn.name, i)
			commit := turn.clock.wait(token)
			began := time.Now()
			if _, err := ann.Send(ctx, turn.from, "m.room.message", matrixuser.Text(token+" some words", roots[turn.name])); err != nil {
				return err
			}
			if err := watch.Wait(within(ctx, 30*time.Second), turn.to, func(all []matrixuser.Event) bool {
				return strings.Contains(all[len(all)-1].Body(), token+" ")
			}); err != nil {
				return err
			}
			seen := time.Since(began)
			if i < 10 {
				<-commit
				continue // warming up
			}
			got[turn.name+" handled"] = append(got[turn.name+" handled"], (<-commit).Sub(began))
			got[turn.name+" seen"] = append(got[turn.name+" seen"], seen)
		}
	}
	for _, name := range []string{"echo handled", "ours handled", "echo seen", "ours seen"} {
		slices.Sort(got[name])
		fmt.Printf("%-13s median %6.2f ms   p99 %6.2f ms   of %d\n", name, ms(quantile(got[name], .5)), ms(quantile(got[name], .99)), len(got[name]))
	}
	slices.Sort(bot.took)
	fmt.Printf("of which recording a batch takes %.2f ms (median of %d)\n", ms(quantile(bot.took, .5)), len(bot.took))
	fmt.Printf("committed: floor + %.2f ms (goal 5)\n", ms(quantile(got["ours handled"], .5)-quantile(got["echo handled"], .5)))
	fmt.Printf("mirror: %.2f × the echo (goal 1.2)\n", float64(quantile(got["ours seen"], .5))/float64(quantile(got["echo seen"], .5)))
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[int(q*float64(len(sorted)-1))]
}

// echoBot repeats what is said in one room in another, with mautrix's own
// client and syncer and nothing else.
func echoBot(ctx context.Context, u *matrixuser.User, from, to string, heard *stopwatch) error {
	client, err := mautrix.NewClient(u.Base, id.UserID(u.ID), u.Token)
	if err != nil {
		return err
	}
	up := make(chan struct{})
	var once sync.Once
	syncer := client.Syncer.(*mautrix.DefaultSyncer)
	syncer.OnSync(func(context.Context, *mautrix.RespSync, string) bool { once.Do(func() { close(up) }); return true })
	syncer.OnEventType(event.EventMessage, func(ctx context.Context, e *event.Event) {
		if e.RoomID != id.RoomID(from) || e.Sender == client.UserID {
			return
		}
		heard.hit(e.Content.AsMessage().Body)
		_, _ = client.SendText(ctx, id.RoomID(to), e.Content.AsMessage().Body)
	})
	go func() { _ = client.SyncWithContext(ctx) }()
	<-up
	return nil
}

// relay runs the engine on two Matrix rooms.
func (l latencies) relay(ctx context.Context, u *matrixuser.User, one, two string) (*stopwatch, func(), error) {
	p, err := matrix.Open(ctx, matrix.Config{Homeserver: u.Base, UserID: u.ID, Token: u.Token, Rooms: []string{one, two}, Command: "!essay"})
	if err != nil {
		return nil, nil, err
	}
	clock := &stopwatch{Platform: p, seen: map[string]chan time.Time{}}
	end, err := l.engine(ctx, []chat.Platform{clock}, []chat.Room{{Platform: "matrix", ID: one}, {Platform: "matrix", ID: two}})
	return clock, end, err
}

// engine runs the engine with one passage posted in all rooms.
func (l latencies) engine(ctx context.Context, platforms []chat.Platform, rooms []chat.Room) (end func(), err error) {
	db, err := store.Open(ctx, filepath.Join(l.dir, "latency.db"), store.Options{})
	if err != nil {
		return nil, err
	}
	text := discussion.Assemble("Latency", "", []discussion.Document{{Kind: discussion.Essay, Body: format.Text(strings.Repeat("A sentence that is long enough. ", 30)), Confidence: 1}}, discussion.CutOptions{})
	if err := db.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.PutDiscussion(text, time.Now()); err != nil {
			return err
		}
		for _, room := range rooms {
			if err := tx.Stale(store.PassageThing(text.Passages[0].ID), room, "", store.ClassPost, time.Now()); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	r := relay.New(relay.Config{DB: db, Platforms: platforms, Rooms: rooms, Settle: settle})
	own, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { _ = r.Run(own) })
	return func() { cancel(); done.Wait(); _ = db.Close() }, nil
}

// firstPost waits until the passage stands in both rooms and returns its
// event in the first.
func firstPost(ctx context.Context, watch *matrixuser.Log, one, two, bot string) (string, error) {
	root := ""
	for _, room := range []string{two, one} {
		err := watch.Wait(within(ctx, 30*time.Second), room, func(all []matrixuser.Event) bool {
			i := slices.IndexFunc(all, func(e matrixuser.Event) bool { return e.Sender == bot && e.Type == "m.room.message" })
			if i >= 0 {
				root = all[i].ID
			}
			return i >= 0
		})
		if err != nil {
			return "", err
		}
	}
	return root, nil
}
