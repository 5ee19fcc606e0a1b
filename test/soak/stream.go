//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// stream is two networks of one room each: on talk people say n messages, as fast
// as they arrive on mirror. It keeps no messages, only how many there were and
// which came last in each thread.
type stream struct {
	n            int
	talk, mirror *faucet

	mu      sync.Mutex
	arrived int
	last    [threads]int // the newest message in each thread of mirror, counted from 1
	wrong   error        // the first that came twice, too early or too late
	moved   chan struct{}
}

// faucet is one of the networks.
type faucet struct {
	name   string
	of     *stream
	posted int             // passages
	roots  [threads]string // of talk's threads
}

func newStream(n int) *stream {
	s := &stream{n: n, moved: make(chan struct{})}
	s.talk, s.mirror = &faucet{name: "talk", of: s}, &faucet{name: "mirror", of: s}
	return s
}

func (s *stream) rooms() []chat.Room { return []chat.Room{s.talk.room(), s.mirror.room()} }

func (s *stream) fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong
}

// wait waits until something holds, as long as anything moves.
func (s *stream) wait(ctx context.Context, holds func() bool) error {
	for {
		s.mu.Lock()
		done, moved := holds(), s.moved
		s.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		case <-time.After(5 * time.Minute):
			return errors.New("nothing has moved for 5 minutes")
		}
	}
}

func (s *stream) move() { close(s.moved); s.moved = make(chan struct{}) }

// pour says all messages, a batch at a time and few ahead of what arrived.
func (s *stream) pour(ctx context.Context, handle func(context.Context, chat.Batch) error) error {
	for at := 0; at < s.n; {
		b := chat.Batch{Since: map[chat.Place]chat.Cursor{{}: chat.Cursor(fmt.Sprint(at))}}
		for ; at < s.n && len(b.Events) < 50; at++ {
			b.Events = append(b.Events, s.said(at))
		}
		if err := handle(ctx, b); err != nil {
			return err
		}
		if err := s.wait(ctx, func() bool { return at-s.arrived < mostBetween }); err != nil {
			return err
		}
	}
	return nil
}

// said is message i.
func (s *stream) said(i int) chat.Event {
	words := fmt.Sprintf("%08d ", i)
	words += strings.Repeat("so many words ", 20)[:wordsEach-len(words)]
	who := i % talkers
	return chat.Event{Kind: chat.Said, At: time.Now(), Message: chat.Message{
		Ref:  chat.Ref{Place: chat.Place{Room: s.talk.room(), Thread: s.talk.roots[i%threads]}, ID: longID("said", i)},
		From: chat.Person{ID: fmt.Sprint("@person", who, ":example.org"), Name: fmt.Sprint("Person ", who)}, Body: format.Text(words),
	}}
}

// echo is a bot that keeps nothing.
func (s *stream) echo(ctx context.Context, b chat.Batch) error {
	for _, e := range b.Events {
		if _, err := s.mirror.Do(ctx, chat.Action{Verb: chat.Post, Message: e.Message}); err != nil {
			return err
		}
	}
	return nil
}

// arrive takes note of a message on mirror: each thread's must come in order,
// once.
func (s *stream) arrive(words string) {
	var i int
	if _, err := fmt.Sscanf(words, "%d ", &i); err != nil {
		i = -1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	thread := (i + threads) % threads
	want := thread + 1
	if s.last[thread] > 0 {
		want = s.last[thread] + threads
	}
	if i+1 != want && s.wrong == nil {
		s.wrong = fmt.Errorf("message %d came where %d was due", i, want-1)
	}
	s.last[thread] = i + 1
	s.arrived++
	s.move()
}

func (f *faucet) room() chat.Room {
	return chat.Room{Platform: f.name, ID: "!" + f.name + ":example.org"}
}

func (f *faucet) Profile() chat.Profile {
	return chat.Profile{
		Name: f.name, Names: true, Reactions: true, Dialect: format.Plain{}, Fits: func(chat.Message) bool { return true },
		Link: func(r chat.Ref) string { return "https://matrix.to/#/" + r.Place.Room.ID + "/" + r.ID },
	}
}

func (f *faucet) Run(ctx context.Context, _ map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	if err := handle(ctx, chat.Batch{Since: map[chat.Place]chat.Cursor{{}: "0"}}); err != nil {
		return err
	}
	if f == f.of.talk {
		if err := f.of.wait(ctx, func() bool { return f.posted == threads && f.of.mirror.posted == threads }); err != nil {
			return err
		}
		if err := f.of.pour(ctx, handle); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

func (f *faucet) Do(_ context.Context, a chat.Action) (chat.Done, error) {
	words := a.Message.Body.Text
	if a.Verb != chat.Post || a.Again {
		return chat.Done{}, fmt.Errorf("%s %v: nothing of the kind was to be done: %w", a.Verb, a.Again, chat.ErrRefused)
	}
	ref := chat.Ref{Place: a.Message.Ref.Place, As: "bot"}
	if passage := passageIn(words); passage > 0 {
		f.of.mu.Lock()
		defer f.of.mu.Unlock()
		ref.ID = longID(f.name, passage)
		f.roots[f.posted] = ref.ID
		f.posted++
		f.of.move()
		return chat.Done{Ref: ref}, nil
	}
	f.of.arrive(words)
	var i int
	_, _ = fmt.Sscanf(words, "%d ", &i)
	ref.ID = longID("mirrored", i)
	return chat.Done{Ref: ref}, nil
}
