// Package discordtest is Discord on one's own machine: REST and gateway, the
// way they are documented, and stricter. It is no part of the bot.
//
// A [Server] has one guild with channels, threads, people, webhooks and
// commands. It speaks over TCP, or over net.Pipe inside a testing/synctest
// bubble. Every request, every answer and every event is held against
// Discord's own schemas with unknown keys refused; what the schemas leave out
// (2,000 code points, webhook names, archived threads, nonces, permissions) it
// knows from the documentation. What a careful bot would not ask for is refused
// and written down in [Server.Bad].
//
// Truth is read from its state ([Server.Messages], [Server.Everything],
// [Server.Reactions]), never through the bot. Its faults are those of the real
// network: lost answers, limits, refused resumes, silent connections.
//
// It is no model of what Discord looks like, of voice, of direct messages or of
// more than one guild (others are named at most, see [Server.Down]) and shard.
package discordtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options of Start. The zero value will do.
type Options struct {
	Schemas string // folder of openapi.json and gateway-schema.json; "": only the documented rules are checked
	Pipe    bool   // no TCP: Dial makes net.Pipe connections, for bubbles

	Now  func() time.Time // default time.Now, moved past 2015 if it lies before (see Server.Now)
	Seed uint64           // of all chance

	Echo     Echo             // which comes first, the answer to a request or its events
	Intents  int              // privileged intents that are switched on in the portal; 0: MESSAGE_CONTENT; -1: none
	Limits   map[string]Limit // by operation; nil: so wide that nobody meets them. See Seen
	Global   int              // requests a second over all routes; 0: no limit. Discord's is 50
	Grace    time.Duration    // how long a request may have been on its way when it comes though it should wait; default 1 s
	Spacing  time.Duration    // between two IDENTIFYs; 0: none. Discord's is 5 s
	Identify int              // IDENTIFYs a day; 0: 1000
	Ban      int              // invalid requests in ten minutes that end in a ban; 0: 10,000

	Heartbeat   time.Duration // default 41.25 s
	Replay      int           // events that a session keeps for RESUME; default 2000
	Resumable   time.Duration // how long a session may be away; default 3 min
	Remembers   time.Duration // how long a nonce is known; default 3 min
	AllMembers  bool          // GUILD_CREATE lists all members; else the bot alone, as it does without the intent for presences
	AutoArchive bool          // threads are archived when nobody spoke for their auto_archive_duration
}

// Echo says which comes first, the answer to a request or the events it causes.
type Echo int

// The orders. Discord promises none.
const (
	EchoEither Echo = iota // by chance
	EchoFirst              // events, then the answer
	EchoLast               // the answer, then events
)

// Server is a Discord of its own. It may be used by any number of goroutines.
type Server struct {
	o       Options
	schemas *schemas // nil: none
	shift   time.Duration
	api     string
	tcp     net.Listener
	pipe    *pipeListener
	http    *http.Server
	served  chan struct{} // closed when http has ended
	closed  chan struct{} // closed by Close

	mu      sync.Mutex
	changed chan struct{} // closed and made anew whenever something happened
	chance  *rand.Rand
	last    uint64 // the newest snowflake
	token   string
	revoked bool

	guild    *guild
	down     []string // other guilds, see Down
	accounts map[string]*account
	channels map[string]*channel // threads among them
	messages map[string]*message // by id, the deleted ones too
	webhooks map[string]*webhook
	commands []*command
	asked    map[string]*Interaction // by token
	nonces   map[string]nonce
	files    map[string][]byte // by path
	signings int               // how often the addresses of files were made void
	bot      *account

	sessions map[string]*session
	conns    map[*conn]bool
	gateway  gatewayFaults
	starts   []time.Time // IDENTIFYs

	faults   []*Fault
	limits   limits
	ops      map[string]*Count
	bad      []string
	pings    []Ping
	requests sync.WaitGroup
}

// Start makes a server with a guild in which the bot is a member. It has no
// channels yet.
func Start(o Options) (*Server, error) {
	fill(&o)
	s := &Server{
		o: o, served: make(chan struct{}), closed: make(chan struct{}), changed: make(chan struct{}),
		chance:   rand.New(rand.NewPCG(o.Seed, 1)),
		accounts: map[string]*account{}, channels: map[string]*channel{}, messages: map[string]*message{},
		webhooks: map[string]*webhook{}, asked: map[string]*Interaction{}, nonces: map[string]nonce{},
		files: map[string][]byte{}, sessions: map[string]*session{}, conns: map[*conn]bool{},
		ops: map[string]*Count{},
	}
	if now := o.Now(); now.Before(epoch.AddDate(1, 0, 0)) {
		s.shift = shifted.Sub(now).Truncate(time.Second)
	}
	if o.Schemas != "" {
		var err error
		if s.schemas, err = loadSchemas(o.Schemas); err != nil {
			return nil, fmt.Errorf("start discordtest: %w", err)
		}
	}
	s.found()
	listener, err := s.listen()
	if err != nil {
		return nil, fmt.Errorf("start discordtest: %w", err)
	}
	s.http = &http.Server{Handler: s.routes(), ErrorLog: silent()}
	go s.serveUntilClosed(listener)
	return s, nil
}

func fill(o *Options) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Intents == 0 {
		o.Intents = intentMessageContent
	}
	if o.Intents < 0 {
		o.Intents = 0
	}
	if o.Identify == 0 {
		o.Identify = 1000
	}
	if o.Grace == 0 {
		o.Grace = time.Second
	}
	if o.Ban == 0 {
		o.Ban = 10_000
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 41250 * time.Millisecond
	}
	if o.Replay == 0 {
		o.Replay = 2000
	}
	if o.Resumable == 0 {
		o.Resumable = 3 * time.Minute
	}
	if o.Remembers == 0 {
		o.Remembers = 3 * time.Minute
	}
}

func (s *Server) listen() (net.Listener, error) {
	if s.o.Pipe {
		s.pipe = &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		s.api = "http://discord.test"
		return s.pipe, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.tcp = l
	s.api = "http://" + l.Addr().String()
	return l, nil
}

func (s *Server) serveUntilClosed(l net.Listener) {
	defer close(s.served)
	s.http.Serve(l) //nolint:errcheck // it ends with Close
}

// Close ends all connections and waits until nothing of the server runs.
func (s *Server) Close() error {
	s.mu.Lock()
	select {
	case <-s.closed:
		s.mu.Unlock()
		return nil
	default:
	}
	close(s.closed)
	s.mu.Unlock()
	err := s.http.Close()
	s.cut()
	<-s.served
	s.requests.Wait()
	return err
}

// Schemas reports whether requests, answers and events are held against
// Discord's schemas; without them only the documented rules are checked.
func (s *Server) Schemas() bool { return s.schemas != nil }

// API is the base address: requests go to API()+"/api/v10/…".
func (s *Server) API() string { return s.api }

// gatewayURL is what GET /gateway answers.
func (s *Server) gatewayURL() string { return "ws" + s.api[len("http"):] }

// Dial makes a connection to the server, whatever the address says. It serves
// REST and the websocket.
func (s *Server) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	select {
	case <-s.closed:
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("discordtest is closed")}
	default:
	}
	if s.pipe != nil {
		return s.pipe.dial(ctx)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", s.tcp.Addr().String())
}

// Token is the bot's token, without "Bot ".
func (s *Server) Token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

// Guild is the id of the guild.
func (s *Server) Guild() string { return s.guild.id }

// Bot is the id of the bot's account.
func (s *Server) Bot() string { return s.bot.id }

// Application is the id of the bot's application.
func (s *Server) Application() string { return s.guild.application }

// Now is the server's time. A bubble's clock begins before Discord's ids do
// (2015); there the server's time is 2026 and runs beside it.
func (s *Server) Now() time.Time { return s.o.Now().Add(s.shift) }

// note wakes all who wait for something to happen. The caller holds mu.
func (s *Server) note() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Wait returns when done holds, which it asks again whenever something
// happened, or with ctx's error. done may call the server's methods.
func (s *Server) Wait(ctx context.Context, done func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if done() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// violation writes down what a careful bot does not do. The caller holds mu.
func (s *Server) violation(format string, args ...any) {
	s.bad = append(s.bad, fmt.Sprintf(format, args...))
	s.note()
}
