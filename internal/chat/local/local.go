// Package local is the platform of the bot's own rooms: those on the web page,
// and in a terminal. It keeps no messages: it reports what was typed, and says
// which message a post has become. Who draws a room reads the store.
//
// It is the shortest platform there is. You who bring another network: copy
// this folder, and change it from the top down.
//
//   - [Platform.Profile] says what the network can do. It is asked often and
//     must not change.
//   - [Platform.Run] listens. Where the network tells how far you have read,
//     put that into Batch.Since beside the events it covers, and start from it
//     again; the first batch, which may be empty, says that you are there, and
//     where "from now on" is. Hand over one batch at a time, in order, and keep
//     nothing that handle has not taken.
//   - [Platform.Do] makes one change. Here nothing can go wrong half way; on a
//     network the answer may get lost after the change was made. Then return a
//     plain error: the same Action comes again with Again set, and you look for
//     what its Key made. What surely was not done has an error of its own kind,
//     see package chat.
//   - What else the network can do are further interfaces of package chat:
//     Reader, Commander.
//
// Then write a World and run chattest.Test until it passes, as the test beside
// this file does, and add a line to cmd/bot/platforms.go.
package local

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// ErrAway is returned for what is typed while the bot does not listen.
var ErrAway = errors.New("the bot is not listening now")

// Limit is how many code points a message may have.
const Limit = 10_000

// Options of New. The zero value will do.
type Options struct {
	Name   string                       // Profile.Name; default "local"
	Rooms  []string                     // the rooms that there are; none: every room that is named
	Prefix string                       // what commands begin with; default "!essay"
	Rights func(chat.Person) chat.Right // of who calls a command; default: Anyone
	Link   func(chat.Ref) string        // the web address of a message; default: none
	Now    func() time.Time             // default time.Now
	ID     func() string                // makes an id that is like no other; default: 16 random bytes
}

// Platform is the local network.
type Platform struct {
	o Options

	mu       sync.Mutex
	open     *session // while Run runs
	commands []chat.Command
}

// session is one Run.
type session struct {
	rooms map[chat.Room]bool
	typed chan typed
	over  chan struct{} // closed when Run ends
}

// typed is something that someone did, on its way to handle.
type typed struct {
	event chat.Event
	taken chan error // gets what handle returned
}

// New makes a local network.
func New(o Options) *Platform {
	if o.Name == "" {
		o.Name = "local"
	}
	if o.Prefix == "" {
		o.Prefix = "!essay"
	}
	if o.Rights == nil {
		o.Rights = func(chat.Person) chat.Right { return chat.Anyone }
	}
	if o.Link == nil {
		o.Link = func(chat.Ref) string { return "" }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ID == nil {
		o.ID = randomID
	}
	return &Platform{o: o}
}

func randomID() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Profile implements chat.Platform.
func (p *Platform) Profile() chat.Profile {
	return chat.Profile{
		Name: p.o.Name, Threads: chat.FreeThreads, Names: true, Reactions: true,
		Link: p.o.Link, Fits: fits, Dialect: format.Markdown{Typed: true}, Typed: format.Typed,
	}
}

func fits(m chat.Message) bool { return utf8.RuneCountInString(m.Body.Text) <= Limit }

// Register implements chat.Commander.
func (p *Platform) Register(_ context.Context, all []chat.Command) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.commands = slices.Clone(all)
	return nil
}

// Commands returns what was registered, for a page that explains it.
func (p *Platform) Commands() []chat.Command {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.commands)
}

// Run implements chat.Platform. Its cursors are empty: nothing can be typed
// while nobody listens.
func (p *Platform) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	s, err := p.begin(since)
	if err != nil {
		return fmt.Errorf("listen to %s: %w", p.o.Name, err)
	}
	defer p.end(s)
	if err := handle(ctx, chat.Batch{}); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case t := <-s.typed:
			err := handle(ctx, chat.Batch{Events: []chat.Event{t.event}})
			t.taken <- err
			if err != nil {
				return err
			}
		}
	}
}

func (p *Platform) begin(since map[chat.Place]chat.Cursor) (*session, error) {
	s := &session{rooms: map[chat.Room]bool{}, typed: make(chan typed), over: make(chan struct{})}
	for place := range since {
		s.rooms[place.Room] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open != nil {
		return nil, errors.New("somebody listens already")
	}
	p.open = s
	return s, nil
}

func (p *Platform) end(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = nil
	close(s.over)
}

// Do implements chat.Platform. The same Key makes the same Ref, so that
// nothing can happen twice.
func (p *Platform) Do(_ context.Context, a chat.Action) (chat.Done, error) {
	place := a.On.Place
	if a.Verb == chat.Post {
		place = a.Message.Ref.Place
	}
	if !p.has(place.Room) {
		return chat.Done{}, fmt.Errorf("%s in %s: %w", a.Verb, place.Room, chat.ErrForbidden)
	}
	done := chat.Done{Found: a.Again}
	switch a.Verb {
	case chat.Post:
		if !fits(a.Message) || a.Message.Body.Empty() {
			return chat.Done{}, fmt.Errorf("post in %s: %w", place.Room, chat.ErrRefused)
		}
		done.Ref = posted(a.Key, place)
	case chat.Delete:
		if a.On.IsZero() {
			done.Ref = posted(a.Key, place)
		}
	case chat.OpenThread:
		done.Ref = chat.Ref{Place: chat.Place{Room: place.Room, Thread: a.On.ID}, ID: a.On.ID, As: "bot"}
	}
	return done, nil
}

// posted is the message that a key makes.
func posted(key string, at chat.Place) chat.Ref {
	return chat.Ref{Place: at, ID: "bot-" + key, As: "bot"}
}

func (p *Platform) has(r chat.Room) bool {
	return r.Platform == p.o.Name && (len(p.o.Rooms) == 0 || slices.Contains(p.o.Rooms, r.ID))
}
