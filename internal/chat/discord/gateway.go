package discord

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"

	"marginalia/internal/chat"
)

// intents are what the bot wants to hear: servers, webhooks, messages,
// reactions. That messages come with their words is a privilege of its own.
const (
	intents        = discordgo.IntentGuilds | discordgo.IntentGuildWebhooks | discordgo.IntentGuildMessages | discordgo.IntentGuildMessageReactions
	messageContent = discordgo.IntentMessageContent
)

// session is what the gateway knows the bot by, and how far it was heard.
type session struct {
	ID  string `json:"session"`
	Seq int64  `json:"seq"`
	URL string `json:"url"` // where it is taken up again
}

// line is a connection to the gateway.
type line struct {
	s     *discordgo.Session
	resum bool // it takes a session up again
	addr  string

	mu  sync.Mutex
	tap *tap // nil before it is dialed

	queue queue
}

// heard is an event as discordgo carries it.
type heard struct {
	seq  int64
	kind string
	data json.RawMessage
}

// queue holds events until Run takes them. discordgo waits for nobody.
type queue struct {
	mu   sync.Mutex
	all  []heard
	wake chan struct{} // holds a token if something came
}

func (q *queue) put(h heard) {
	q.mu.Lock()
	q.all = append(q.all, h)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) take() []heard {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.all
	q.all = nil
	return all
}

// dial opens a line: with a session it is taken up, else begun.
func (p *Platform) dial(ctx context.Context, from session, asked func(heard)) (*line, error) {
	addr, err := p.address(ctx, from)
	if err != nil {
		return nil, err
	}
	l := &line{addr: addr, resum: from.ID != "", queue: queue{wake: make(chan struct{}, 1)}}
	if l.s, err = discordgo.New("Bot " + p.c.Token); err != nil {
		return nil, errors.New(p.redact(err.Error()))
	}
	quiet(l.s)
	l.s.Identify.LargeThreshold = 50 // members that it is told of and does not ask for
	l.s.Identify.Intents = intents | messageContent
	if p.reduced.Load() {
		l.s.Identify.Intents = intents
	}
	ctx, cancel := context.WithTimeout(ctx, p.c.Opening)
	defer cancel()
	l.s.Dialer = p.dialer(ctx, l)
	l.s.AddHandler(func(_ *discordgo.Session, e *discordgo.Event) {
		h := heard{e.Sequence, strings.TrimPrefix(e.Type, eventName), e.RawData}
		if h.kind == "INTERACTION_CREATE" {
			asked(h)
			return
		}
		l.queue.put(h)
	})
	*field[string](l.s, "gateway") = addr
	*field[string](l.s, "sessionID") = from.ID
	**field[*int64](l.s, "sequence") = from.Seq
	return l, p.open(ctx, l)
}

// field is one of the fields of a session that discordgo keeps for itself. It
// knows no other way to be given a session or an address, nor to have a dead
// connection taken away.
func field[T any](s *discordgo.Session, name string) *T {
	return (*T)(reflect.ValueOf(s).Elem().FieldByName(name).Addr().UnsafePointer())
}

// address is where the gateway is: where the session stands, or where Discord
// says that sessions may be begun.
func (p *Platform) address(ctx context.Context, from session) (string, error) {
	base := from.URL
	if from.ID == "" {
		if err := p.budget(ctx, &base); err != nil {
			return "", err
		}
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return "", fmt.Errorf("%q is no address of a gateway", base)
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	u.RawQuery = url.Values{"v": {"10"}, "encoding": {"json"}}.Encode()
	return u.String(), nil
}

// starts is when sessions were begun.
type starts struct{ last time.Time }

// spacing is how far apart sessions are begun.
const spacing = 5 * time.Second

// budget asks whether a session may be begun, and where. Whoever begins more
// than Discord allows in a day loses the token.
func (p *Platform) budget(ctx context.Context, base *string) error {
	var said struct {
		URL   string `json:"url"`
		Limit struct {
			Remaining int   `json:"remaining"`
			Reset     int64 `json:"reset_after"` // ms
		} `json:"session_start_limit"`
	}
	p.mu.Lock()
	wait := time.Until(p.starts.last.Add(spacing))
	p.mu.Unlock()
	if wait > 0 {
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
	if err := p.get(ctx, "gateway/bot", nil, &said); err != nil {
		return fmt.Errorf("ask for the gateway: %w", err)
	}
	if said.Limit.Remaining <= 0 && said.Limit.Reset > 0 {
		wait := time.Duration(said.Limit.Reset) * time.Millisecond
		return fmt.Errorf("begin a session: Discord allows no more of them for %s: %w", wait.Round(time.Second),
			chat.RetryAfter{Wait: wait, Scope: chat.AccountScope})
	}
	p.mu.Lock()
	p.starts.last = time.Now()
	p.mu.Unlock()
	*base = said.URL
	return nil
}

// dialer connects discordgo to the gateway, by way of a tap, as long as ctx
// lives.
func (p *Platform) dialer(ctx context.Context, l *line) *websocket.Dialer {
	plain := func(_ context.Context, network, addr string) (net.Conn, error) {
		c, err := p.c.Dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return l.tapped(c), nil
	}
	secure := func(_ context.Context, network, addr string) (net.Conn, error) {
		c, err := p.c.Dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			host = addr
		}
		wrapped := tls.Client(c, &tls.Config{ServerName: host, NextProtos: []string{"http/1.1"}})
		if err := wrapped.HandshakeContext(ctx); err != nil {
			c.Close()
			return nil, err
		}
		return l.tapped(wrapped), nil
	}
	return &websocket.Dialer{HandshakeTimeout: p.c.Opening, NetDialContext: plain, NetDialTLSContext: secure}
}

func (l *line) tapped(c net.Conn) net.Conn {
	t := newTap(c, l.release)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tap = t
	return t
}

func (l *line) conn() *tap {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tap
}

// release takes the connection away from discordgo, which would close it
// slowly, with its lock held.
func (l *line) release() {
	l.s.Lock()
	defer l.s.Unlock()
	*field[*websocket.Conn](l.s, "wsConn") = nil
}

// open has discordgo open the line, and gives up when ctx ends.
func (p *Platform) open(ctx context.Context, l *line) error {
	var gone atomic.Bool
	stop := context.AfterFunc(ctx, func() {
		gone.Store(true)
		if t := l.conn(); t != nil {
			t.Conn.Close()
		}
	})
	err := l.s.Open()
	stop()
	if err == nil && !gone.Load() {
		return nil
	}
	t := l.conn()
	l.close(4000)
	if ctx.Err() != nil {
		return fmt.Errorf("open a line to the gateway: %w", ctx.Err())
	}
	return fmt.Errorf("open a line to the gateway: %w", p.whyNot(t, err))
}

// whyNot is why a line could not be opened.
func (p *Platform) whyNot(t *tap, err error) error {
	if t == nil {
		return &failure{text: p.redact("the gateway cannot be reached: " + err.Error()), kind: chat.ErrUnreached}
	}
	select {
	case <-t.ended:
		return t.why.error(p)
	default:
		return errors.New(p.redact(err.Error()))
	}
}

// close ends the line; with 4000 its session may be taken up again.
func (l *line) close(code int) {
	t := l.conn()
	if t == nil {
		return
	}
	t.finish(end{reason: "the bot hangs up", err: net.ErrClosed})
	t.hangUp(code)
	l.release()
	_ = l.s.Close() // it has no connection any more: it only stops its heartbeat
}

// over is a session that the gateway ended for good, or a line that it ended.
type over struct {
	end
	fatal error
}

func (o *over) Error() string {
	if o.reason == "" && o.err != nil {
		return "the connection broke: " + o.err.Error()
	}
	return o.reason
}

func (o *over) Unwrap() error { return o.fatal }

// fatal are the close codes that mean: do not come back like that.
var fatal = map[int]string{
	4004: "Discord does not accept the token: copy it again from the application's page, section Bot",
	4010: "Discord refuses the shard: this is a fault of the bot",
	4011: "the bot is on too many servers for one connection: it must be taken off some",
	4012: "Discord does not speak this version of its gateway any more: the bot must be updated",
	4013: "Discord does not know the intents that the bot asks for: the bot must be updated",
}

// noContent is the close code of who asks for what is not switched on.
const noContent = 4014

// error tells why a line ended.
func (e end) error(p *Platform) error {
	o := &over{end: e}
	if text, ok := fatal[e.code]; ok {
		o.reason, o.fatal = text, chat.ErrAuth
	}
	o.reason = p.redact(o.reason)
	if o.err != nil {
		o.err = errors.New(p.redact(o.err.Error()))
	}
	return o
}

// contentSwitch says where it is switched on that the bot may read.
func (p *Platform) contentSwitch() string {
	return "switch on “Message Content Intent” under Privileged Gateway Intents at https://discord.com/developers/applications/" +
		p.applicationID() + "/bot"
}

// applicationID is the application's id: known, or read from the token.
func (p *Platform) applicationID() string {
	if id := p.me().application; id != "" {
		return id
	}
	return idInToken(p.c.Token)
}
