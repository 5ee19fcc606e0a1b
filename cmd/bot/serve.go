package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/command"
	"marginalia/internal/discussion"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/source"
	"marginalia/internal/store"
	"marginalia/internal/web"
)

// serve runs the relay and the reader page until ctx is done, and returns when
// both have ended. ready is told the page's address, "" if there is none.
func serve(ctx context.Context, c Config, db *store.DB, fetches source.Web, log *slog.Logger, ready func(address string)) error {
	open, err := openPlatforms(ctx, c, log)
	if err != nil {
		return err
	}
	env := command.Env{DB: db, Reader: c.Bot.Reader, Link: open.link, Profile: open.profile, Missing: open.missing, Log: log, Default: c.credit(), Lexicon: c.Reactions.lexicon()}
	texts := newImporter(c, db, fetches, log)
	env.Wished = texts.ring
	var engine *relay.Relay
	env.Language = func(room chat.Room) lang.Language { return engine.Language(room) }
	engine = relay.New(relay.Config{
		DB: db, Platforms: open.all, Rooms: c.rooms(), Flat: c.flat(), Reader: c.Bot.Reader,
		Settle: c.Relay.Settle.Duration, Patience: c.Relay.Patience.Duration, Retention: c.retention(), Largest: c.Relay.bytes(),
		Command: command.Dispatcher(env), Language: c.language, Hint: c.hint, Digest: command.Digests(env),
		Index: command.Indexes(env), Indexed: c.indexed(), Log: log,
	})
	var page *pages
	address := ""
	if c.Bot.Listen != "" {
		if page, err = listen(c, db, open, engine, log); err != nil {
			return err
		}
		address = page.address
	}
	beside := append(open.registrations(command.Words(env), log),
		texts.run,
		func(running context.Context) { open.tellWhatIsMissing(running, c, log) },
		func(running context.Context) { scrub(running, db, log) })
	return together(ctx, engine, page, beside, func() { ready(address) })
}

// together runs the engine and the pages. When ctx is done, or one of them
// ends, first the pages end, with what was typed into them, then the engine.
// What runs beside them ends with its context.
func together(ctx context.Context, engine *relay.Relay, page *pages, beside []func(context.Context), started func()) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, 2)
	var all sync.WaitGroup
	for _, do := range beside {
		all.Go(func() { do(running) })
	}
	all.Go(func() { ended <- engine.Run(running) })
	if page != nil {
		all.Go(func() { ended <- page.serve() })
	}
	started()
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	if page != nil {
		err = errors.Join(err, page.close())
	}
	stop()
	all.Wait()
	close(ended)
	for e := range ended {
		err = errors.Join(err, e)
	}
	return err
}

// pages is the web server.
type pages struct {
	address  string
	listener net.Listener
	server   *http.Server
	done     chan struct{} // lets live pages go
}

func listen(c Config, db *store.DB, open opened, engine *relay.Relay, log *slog.Logger) (*pages, error) {
	l, err := net.Listen("tcp", c.Bot.Listen)
	if err != nil {
		return nil, fmt.Errorf("the reader page cannot be served at %s (%w): name another address with listen, or with --listen", c.Bot.Listen, cause(err))
	}
	p := &pages{address: "http://" + reachable(l.Addr()), listener: l, done: make(chan struct{})}
	p.server = &http.Server{
		Handler: web.New(web.Config{
			DB: db, Local: open.local, Rooms: c.localRooms(), Open: true, Here: c.listensHere(),
			Default: c.credit(), Lexicon: c.Reactions.lexicon(), Ready: engine.Ready, Base: c.Bot.Reader, Done: p.done, Log: log,
		}),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return p, nil
}

// reachable is an address that a browser on this machine can open.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return a.String()
}

func (p *pages) serve() error {
	if err := p.server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the reader page: %w", err)
	}
	return nil
}

// lettingGo is how long requests may go on after the pages are told to end.
const lettingGo = 5 * time.Second

func (p *pages) close() error {
	close(p.done)
	ctx, cancel := context.WithTimeout(context.Background(), lettingGo)
	defer cancel()
	if err := p.server.Shutdown(ctx); err != nil {
		return p.server.Close()
	}
	return nil
}

// rooms are all rooms of the configuration.
func (c Config) rooms() []chat.Room {
	var all []chat.Room
	for _, r := range c.Rooms {
		all = append(all, r.room())
	}
	return all
}

// flat are the rooms in which posts get no threads.
func (c Config) flat() []chat.Room {
	var all []chat.Room
	for _, r := range c.Rooms {
		if r.flat() {
			all = append(all, r.room())
		}
	}
	return all
}

// indexed are the rooms in which open threads are listed.
func (c Config) indexed() []chat.Room {
	var all []chat.Room
	for _, r := range c.Rooms {
		if r.Index {
			all = append(all, r.room())
		}
	}
	return all
}

func (c Config) localRooms() []chat.Room { return c.roomsOn("local") }

func (c Config) roomsOn(platform string) []chat.Room {
	var all []chat.Room
	for _, r := range c.rooms() {
		if r.Platform == platform {
			all = append(all, r)
		}
	}
	return all
}

// retention is how long what people say is kept, 0 for ever.
func (c Config) retention() time.Duration {
	return time.Duration(c.Privacy.RetentionDays) * 24 * time.Hour
}

// credit is how people are named who chose nothing: "ask" means that they are
// not published until they have answered.
func (c Config) credit() discussion.CreatorState {
	switch c.Privacy.Default {
	case "named":
		return discussion.Named
	case "ask":
		return discussion.Unpublished
	}
	return discussion.Pseudonym
}
