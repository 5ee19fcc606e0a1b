package discordtest

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// Operations of the gateway.
const (
	opDispatch  = 0
	opHeartbeat = 1
	opIdentify  = 2
	opPresence  = 3
	opVoice     = 4
	opResume    = 6
	opReconnect = 7
	opMembers   = 8
	opInvalid   = 9
	opHello     = 10
	opACK       = 11
)

// Limits of what a client sends.
const (
	maxPayload = 4096
	maxSends   = 120
	sendWindow = time.Minute
)

// conn is one websocket.
type conn struct {
	s       *Server
	ws      *websocket.Conn
	session *session
	sent    int // the newest event that was written
	packed  bool
	zip     *zlib.Writer // the writer's own
	silent  bool         // a zombie: it takes all and says nothing
	ended   bool         // the session is not to be resumed
	control [][]byte
	closing int // the code to close with
	wake    chan struct{}
	done    chan struct{}
	sends   []time.Time
	resumes bool // it came to the address for RESUME
}

func (c *conn) wakeUp() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// accept is the websocket's address.
func (s *Server) accept(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		s.unknown(w, r)
		return
	}
	s.mu.Lock()
	if q := r.URL.Query(); q.Get("v") != "10" || q.Get("encoding") != "json" {
		s.violation("gateway: the address asks for v=%q and encoding=%q", q.Get("v"), q.Get("encoding"))
	}
	unreachable := s.gateway.unreachable
	s.mu.Unlock()
	if unreachable {
		http.Error(w, "upstream connect error", http.StatusServiceUnavailable)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c := &conn{s: s, ws: ws, wake: make(chan struct{}, 1), done: make(chan struct{}), resumes: r.URL.Path == "/resume/"}
	s.mu.Lock()
	s.conns[c] = true
	c.say(object{"op": opHello, "t": nil, "s": nil, "d": object{"heartbeat_interval": s.o.Heartbeat.Milliseconds()}})
	s.mu.Unlock()
	written := make(chan struct{})
	go c.write(written)
	c.read()
	s.mu.Lock()
	delete(s.conns, c)
	s.leave(c)
	s.note()
	s.mu.Unlock()
	close(c.done)
	ws.Close()
	<-written
}

// say queues what is no event. The caller holds mu.
func (c *conn) say(payload object) {
	text, err := json.Marshal(payload)
	if err != nil {
		panic(err)
	}
	c.control = append(c.control, text)
	c.wakeUp()
}

// end closes the connection with a code. After 4004, 4009 and others the
// session is over too.
func (c *conn) end(code int) {
	c.closing = code
	switch code {
	case 4000, 4008:
	default:
		c.over()
	}
	c.wakeUp()
}

// write sends what there is to send until the connection is done.
func (c *conn) write(written chan struct{}) {
	defer close(written)
	defer c.ws.Close() // so that the reader ends too
	for {
		text, it, code := c.nextOut()
		switch {
		case code != 0:
			c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
			c.goodbye()
			return
		case text == nil:
			select {
			case <-c.wake:
				continue
			case <-c.done:
				return
			}
		}
		if it != nil && it.gate != nil && !c.held(it.gate) {
			return
		}
		if err := c.send(text); err != nil {
			return
		}
		if it != nil && it.gate != nil {
			it.gate.pass()
		}
	}
}

// goodbye gives the client time to read why it is closed.
func (c *conn) goodbye() {
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case <-c.done:
	case <-t.C:
	}
}

// held waits until a gate lets its event pass.
func (c *conn) held(g *gate) bool {
	select {
	case <-g.opened:
	case <-g.request.answered:
	case <-c.done:
		return false
	}
	return true
}

// nextOut is what to send next: what is no event goes first.
func (c *conn) nextOut() (text []byte, it *item, code int) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.silent {
		return nil, nil, 0
	}
	if len(c.control) > 0 {
		text, c.control = c.control[0], c.control[1:]
		return text, nil, 0
	}
	if c.closing != 0 {
		return nil, nil, c.closing
	}
	if c.session == nil || c.session.conn != c {
		return nil, nil, 0
	}
	next, ok := c.session.next(c.sent)
	if !ok {
		return nil, nil, 0
	}
	c.sent = next.seq
	return next.payload, &next, 0
}

// send writes a payload, packed if the session asked for that.
func (c *conn) send(text []byte) error {
	c.s.mu.Lock()
	packed := c.packed
	c.s.mu.Unlock()
	if !packed {
		return c.ws.WriteMessage(websocket.TextMessage, text)
	}
	var b bytes.Buffer
	if c.zip == nil {
		c.zip = zlib.NewWriter(nil)
	}
	c.zip.Reset(&b)
	c.zip.Write(text)
	c.zip.Close()
	return c.ws.WriteMessage(websocket.BinaryMessage, b.Bytes())
}

// read takes what the client sends until the connection is done. Who sends no
// heartbeats is closed.
func (c *conn) read() {
	c.ws.SetReadLimit(1 << 20)
	answer := c.ws.CloseHandler()
	c.ws.SetCloseHandler(func(code int, text string) error {
		c.closed(code)
		return answer(code, text)
	})
	patience := c.s.o.Heartbeat * 3 / 2
	c.ws.SetReadDeadline(time.Now().Add(patience))
	for {
		_, text, err := c.ws.ReadMessage()
		if err != nil {
			c.gone(err)
			return
		}
		op := c.take(text)
		if op == opHeartbeat || op == opIdentify || op == opResume {
			c.ws.SetReadDeadline(time.Now().Add(patience))
		}
	}
}

// closed notes the code a client closes with: 1000 and 1001 end the session,
// as documented.
func (c *conn) closed(code int) {
	if code != websocket.CloseNormalClosure && code != websocket.CloseGoingAway {
		return
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.over()
}

// over ends the session before the client can know, who may come back at once.
// The caller holds mu.
func (c *conn) over() {
	c.ended = true
	c.s.leave(c)
}

// gone tells a client that was silent for too long with 4009.
func (c *conn) gone(err error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		c.s.count("gateway closes with 4009", 0)
		c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4009, "Session timed out"), time.Now().Add(time.Second))
	}
}
