package discordtest_test

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"marginalia/internal/chat/discord/discordtest"
	"marginalia/test/require"
)

type (
	object = map[string]any
	list   = []any
)

// nobody is what a careful bot says of whom it pings.
var nobody = object{"parse": list{}}

// clock is a time that a test turns on.
type clock struct {
	sync.Mutex
	now time.Time
}

func watch() *clock { return &clock{now: time.Now()} }

func (c *clock) read() time.Time {
	c.Lock()
	defer c.Unlock()
	return c.now
}

func (c *clock) turn(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.now = c.now.Add(d)
}

// bench is a server with a room, a person, and a bot that speaks raw HTTP.
type bench struct {
	*testing.T
	s     *discordtest.Server
	room  string
	ada   *discordtest.User
	token string
	agent string
	now   *clock // of tests that turn it on

	lastAsked *discordtest.Interaction // by called
}

// start makes a bench with Discord's schemas.
func start(t *testing.T, o discordtest.Options) *bench {
	t.Helper()
	o.Schemas = require.Shared(t, "discord")
	return bare(t, o)
}

func bare(t *testing.T, o discordtest.Options) *bench {
	t.Helper()
	s, err := discordtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &bench{T: t, s: s, room: s.Channel("book-club"), ada: s.User("Ada"), token: "Bot " + s.Token(), agent: "DiscordBot (https://example.org, 1)"}
}

// clean fails the test if there were violations.
func (b *bench) clean() {
	b.Helper()
	for _, bad := range b.s.Bad() {
		b.Errorf("Bad has %s", bad)
	}
}

// answer is what came back.
type answer struct {
	status int
	code   int // Discord's
	header http.Header
	body   any
	text   string
	err    error
}

func (a answer) get(key string) any {
	o, _ := a.body.(object)
	return o[key]
}

func (a answer) id() string {
	id, _ := a.get("id").(string)
	return id
}

// ask sends a request; body is JSON unless it is nil.
func (b *bench) ask(method, path string, body any) answer {
	b.Helper()
	var text io.Reader
	if body != nil {
		j, err := json.Marshal(body)
		if err != nil {
			b.Fatal(err)
		}
		text = bytes.NewReader(j)
	}
	return b.send(method, path, text, "application/json")
}

func (b *bench) send(method, path string, body io.Reader, kind string) answer {
	b.Helper()
	q, err := http.NewRequest(method, b.s.API()+"/api/v10"+path, body)
	if err != nil {
		b.Fatal(err)
	}
	q.Header.Set("User-Agent", b.agent)
	if b.token != "" {
		q.Header.Set("Authorization", b.token)
	}
	if body != nil {
		q.Header.Set("Content-Type", kind)
	}
	client := http.Client{Transport: &http.Transport{DialContext: b.s.Dial, DisableKeepAlives: true}}
	r, err := client.Do(q)
	if err != nil {
		return answer{err: err}
	}
	defer r.Body.Close()
	all, err := io.ReadAll(r.Body)
	a := answer{status: r.StatusCode, header: r.Header, text: string(all), err: err}
	json.Unmarshal(all, &a.body) //nolint:errcheck // HTML is an answer too
	if code, ok := a.get("code").(float64); ok {
		a.code = int(code)
	}
	return a
}

// ok asks, and wants success.
func (b *bench) ok(method, path string, body any) answer {
	b.Helper()
	a := b.ask(method, path, body)
	if a.err != nil || a.status/100 != 2 {
		b.Fatalf("%s %s: %d %s %v", method, path, a.status, a.text, a.err)
	}
	return a
}

// no asks, and wants to be refused with a code.
func (b *bench) no(code int, method, path string, body any) answer {
	b.Helper()
	a := b.ask(method, path, body)
	if a.err != nil || a.status/100 != 4 || a.code != code {
		b.Errorf("%s %s: %d %s %v, want to be refused with %d", method, path, a.status, a.text, a.err, code)
	}
	return a
}

// post sends a message of the bot's and returns its id.
func (b *bench) post(text string) string {
	b.Helper()
	return b.ok("POST", "/channels/"+b.room+"/messages", object{"content": text, "allowed_mentions": nobody}).id()
}

// thread opens a thread under a message of the bot's and returns both.
func (b *bench) thread() (message, thread string) {
	b.Helper()
	message = b.post("a passage")
	thread = b.ok("POST", "/channels/"+b.room+"/messages/"+message+"/threads", object{"name": "the passage"}).id()
	return message, thread
}

// hook makes a webhook in the room and returns its address.
func (b *bench) hook() string {
	b.Helper()
	a := b.ok("POST", "/channels/"+b.room+"/webhooks", object{"name": "speakers"})
	return "/webhooks/" + a.id() + "/" + a.get("token").(string)
}

// say lets Ada speak.
func (b *bench) say(channel, text string) string {
	b.Helper()
	id, err := b.ada.Say(channel, text, "")
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// texts are what stands in a channel.
func (b *bench) texts(channel string) []string {
	var all []string
	for _, m := range b.s.Messages(channel) {
		if !m.System {
			all = append(all, m.Text)
		}
	}
	return all
}

func (b *bench) stands(channel string, want ...string) {
	b.Helper()
	if got := b.texts(channel); !slices.Equal(got, want) {
		b.Errorf("in %s stand %q, want %q", channel, got, want)
	}
}

// line is a raw gateway connection.
type line struct {
	b    *bench
	ws   *websocket.Conn
	code int // it was closed with
	seq  int
	id   string // of the session
}

// payload is what the gateway says.
type payload struct {
	Op int
	T  string
	S  int
	D  json.RawMessage
}

func (p payload) data() object {
	var o object
	json.Unmarshal(p.D, &o) //nolint:errcheck // not all is an object
	return o
}

// connect opens the gateway and reads HELLO.
func (b *bench) connect() *line {
	b.Helper()
	d := websocket.Dialer{NetDialContext: b.s.Dial}
	ws, _, err := d.Dial(strings.Replace(b.s.API(), "http", "ws", 1)+"/?v=10&encoding=json", nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ws.Close() })
	l := &line{b: b, ws: ws}
	if p := l.next(); p.Op != 10 {
		b.Fatalf("the gateway begins with op %d", p.Op)
	}
	return l
}

// next reads what comes next; op -1 is the end.
func (l *line) next() payload {
	l.b.Helper()
	l.ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	kind, text, err := l.ws.ReadMessage()
	if err != nil {
		if ce, ok := err.(*websocket.CloseError); ok {
			l.code = ce.Code
		}
		return payload{Op: -1}
	}
	if kind == websocket.BinaryMessage {
		z, err := zlib.NewReader(bytes.NewReader(text))
		if err != nil {
			l.b.Fatal(err)
		}
		if text, err = io.ReadAll(z); err != nil {
			l.b.Fatal(err)
		}
	}
	var p payload
	if err := json.Unmarshal(text, &p); err != nil {
		l.b.Fatal(err)
	}
	if p.Op == 0 {
		l.seq = p.S
	}
	return p
}

// tell sends a payload.
func (l *line) tell(op int, d any) {
	l.b.Helper()
	if err := l.ws.WriteJSON(object{"op": op, "d": d}); err != nil {
		l.b.Fatal(err)
	}
}

// identify asks for a session with these intents.
func (l *line) identify(intents int) {
	l.b.Helper()
	l.tell(2, object{"token": l.b.s.Token(), "intents": intents, "properties": object{"os": "linux", "browser": "x", "device": "x"}})
}

// ready waits for READY and the guild.
func (b *bench) ready(intents int) *line {
	b.Helper()
	l := b.connect()
	l.identify(intents)
	l.id, _ = l.event("READY").data()["session_id"].(string)
	l.event("GUILD_CREATE")
	return l
}

// event reads on until an event of this name.
func (l *line) event(name string) payload {
	l.b.Helper()
	for {
		p := l.next()
		if p.Op == -1 {
			l.b.Fatalf("waited for %s: the connection ended (%d)", name, l.code)
		}
		if p.Op == 0 && p.T == name {
			return p
		}
	}
}

// usual are the intents that Marginalia asks for.
const usual = 34337
