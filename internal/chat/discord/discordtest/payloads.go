package discordtest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// incoming is what a client sends.
type incoming struct {
	Op int             `json:"op"`
	D  json.RawMessage `json:"d"`
}

// take handles one payload of the client's.
func (c *conn) take(text []byte) int {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.note()
	now := s.Now()
	c.sends = append(c.sends, now)
	for now.Sub(c.sends[0]) > sendWindow {
		c.sends = c.sends[1:]
	}
	var in incoming
	switch err := json.Unmarshal(text, &in); {
	case len(c.sends) > maxSends:
		s.violation("gateway: more than %d payloads within %s", maxSends, sendWindow)
		c.end(4008)
		return -1
	case len(text) > maxPayload || err != nil:
		s.violation("gateway: a payload of %d bytes that can not be read: %v", len(text), err)
		c.end(4002)
		return -1
	}
	if s.schemas != nil {
		if err := s.schemas.sent(in.Op, text); err != nil {
			s.violation("gateway: op %d: %v", in.Op, err)
			c.end(4002)
			return -1
		}
	}
	c.obey(in)
	return in.Op
}

func (c *conn) obey(in incoming) {
	s := c.s
	switch in.Op {
	case opHeartbeat:
		s.count("HEARTBEAT", 0)
		c.say(object{"op": opACK, "t": nil, "s": nil, "d": nil})
	case opIdentify:
		s.count("IDENTIFY", 0)
		c.identify(in.D)
	case opResume:
		s.count("RESUME", 0)
		c.resume(in.D)
	case opPresence, opVoice, opMembers:
		s.count(fmt.Sprintf("gateway op %d", in.Op), 0)
		if c.session == nil {
			s.violation("gateway: op %d before IDENTIFY", in.Op)
			c.end(4003)
		}
	default:
		s.violation("gateway: op %d is not known", in.Op)
		c.end(4001)
	}
}

func (c *conn) identify(data json.RawMessage) {
	s := c.s
	var d struct {
		Token    string
		Intents  int
		Compress bool
		Shard    list
	}
	if err := json.Unmarshal(data, &d); err != nil {
		c.end(4002)
		return
	}
	now := s.Now()
	early := len(s.starts) > 0 && now.Sub(s.starts[len(s.starts)-1]) < s.o.Spacing
	used := s.startsToday(now)
	s.starts = append(s.starts, now)
	switch {
	case c.session != nil:
		s.violation("gateway: a second IDENTIFY")
		c.end(4005)
	case s.gateway.closing != 0:
		c.refuse(&s.gateway.closing)
	case !s.knows(d.Token):
		s.count("IDENTIFY", 4004)
		c.end(4004)
	case d.Intents&^allIntents != 0:
		s.violation("gateway: intents %d are not known", d.Intents)
		s.count("IDENTIFY", 4013)
		c.end(4013)
	case d.Intents&privileged&^s.o.Intents != 0:
		s.count("IDENTIFY", 4014)
		c.end(4014)
	case used >= s.o.Identify:
		s.violation("gateway: more than %d IDENTIFYs in a day: Discord would reset the token", s.o.Identify)
		s.revoked = true
		c.end(4004)
	case early:
		s.violation("gateway: IDENTIFY sooner than %s after the last", s.o.Spacing)
		c.invalid(false)
	case take(&s.gateway.reconnectFirst):
		c.say(object{"op": opReconnect, "t": nil, "s": nil, "d": nil})
	case take(&s.gateway.invalidFirst):
		c.invalid(false)
	default:
		s.begin(c, d.Intents, d.Compress, d.Shard)
	}
}

// take uses one of n up.
func take(n *int) bool {
	if *n <= 0 {
		return false
	}
	*n--
	return true
}

// refuse closes with a code that was asked for by a test.
func (c *conn) refuse(code *int) {
	c.s.count("IDENTIFY", *code)
	c.end(*code)
	*code = 0
}

func (c *conn) invalid(resumable bool) {
	c.say(object{"op": opInvalid, "t": nil, "s": nil, "d": resumable})
}

// resume goes on where a session was left, or says that it can not.
func (c *conn) resume(data json.RawMessage) {
	s := c.s
	var d struct {
		Token   string
		Session string `json:"session_id"`
		Seq     int
	}
	if err := json.Unmarshal(data, &d); err != nil {
		c.end(4002)
		return
	}
	sess := s.sessions[d.Session]
	switch {
	case c.session != nil:
		s.violation("gateway: RESUME after IDENTIFY")
		c.end(4005)
	case !s.knows(d.Token):
		s.count("RESUME", 4004)
		c.end(4004)
	case take(&s.gateway.reconnectFirst):
		c.say(object{"op": opReconnect, "t": nil, "s": nil, "d": nil})
	case take(&s.gateway.refuseResume), !s.resumable(sess, d.Seq):
		delete(s.sessions, d.Session)
		s.count("RESUME", opInvalid)
		c.invalid(false)
	case d.Seq > sess.seq:
		s.violation("gateway: RESUME after event %d, there were %d", d.Seq, sess.seq)
		c.end(4007)
	default:
		c.goOn(sess, d.Seq)
	}
}

func (c *conn) goOn(sess *session, seq int) {
	if old := sess.conn; old != nil {
		old.ws.UnderlyingConn().Close()
	}
	sess.conn, c.session, c.sent, c.packed = c, sess, seq, sess.packed
	c.s.append(sess, "RESUMED", object{}, nil)
	if c.resumes {
		c.s.count("RESUME at its own address", 0)
	}
}

// knows reports whether a token is the bot's; the gateway takes it with and
// without "Bot ".
func (s *Server) knows(token string) bool {
	return !s.revoked && strings.TrimPrefix(token, "Bot ") == s.token
}
