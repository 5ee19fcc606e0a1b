package discordtest

import "time"

// session is what outlives a connection: the events of one IDENTIFY.
type session struct {
	s       *Server
	id      string
	intents int
	packed  bool // zlib was asked for
	log     []item
	seq     int // of the newest event
	conn    *conn
	left    time.Time // when the connection went
}

// item is one event on its way.
type item struct {
	seq     int
	payload []byte
	gate    *gate
}

// oldest is the first event that can still be told.
func (sess *session) oldest() int { return sess.seq - len(sess.log) + 1 }

// next is the event after seq, if it is there.
func (sess *session) next(seq int) (item, bool) {
	if seq >= sess.seq || seq+1 < sess.oldest() {
		return item{}, false
	}
	return sess.log[seq+1-sess.oldest()], true
}

// trim forgets what was sent, up to keep events. What a connection has not
// sent yet stays; who is away loses the oldest.
func (sess *session) trim(keep int) {
	over := len(sess.log) - keep
	if sess.conn != nil && !sess.conn.silent {
		over = min(over, sess.conn.sent-sess.oldest()+1)
	}
	if over > keep/8 {
		sess.log = append([]item(nil), sess.log[over:]...)
	}
}

// wake lets the connection look for new events.
func (sess *session) wake() {
	if sess.conn != nil {
		sess.conn.wakeUp()
	}
}

// resumable reports whether a session can go on after seq.
func (s *Server) resumable(sess *session, seq int) bool {
	switch {
	case sess == nil, seq+1 < sess.oldest():
		return false
	case sess.conn == nil && s.Now().Sub(sess.left) > s.o.Resumable:
		return false
	}
	return true
}

// startsToday counts IDENTIFYs of the last day.
func (s *Server) startsToday(now time.Time) int {
	for len(s.starts) > 0 && now.Sub(s.starts[0]) > 24*time.Hour {
		s.starts = s.starts[1:]
	}
	return len(s.starts)
}

// begin makes a session: READY, then the guild.
func (s *Server) begin(c *conn, intents int, packed bool, shard list) {
	sess := &session{s: s, id: "session-" + s.snowflake(), intents: intents, packed: packed, conn: c}
	s.sessions[sess.id] = sess
	c.session, c.packed = sess, packed
	app := s.applicationObject()
	ready := object{
		"v": 10, "user": s.bot.self(), "guilds": s.named(), "session_id": sess.id,
		"resume_gateway_url": s.gatewayURL() + "/resume", "application": object{"id": app["id"], "flags": app["flags"], "flags_new": app["flags_new"]},
	}
	if shard != nil {
		ready["shard"] = shard
	}
	s.append(sess, "READY", ready, nil)
	if intents&intentGuilds != 0 && !s.guild.away {
		s.append(sess, "GUILD_CREATE", s.guildCreate(), nil)
	}
	s.note()
}

// named are the servers as READY names them: none has come yet.
func (s *Server) named() list {
	all := list{object{"id": s.guild.id, "unavailable": true}}
	for _, id := range s.down {
		all = append(all, object{"id": id, "unavailable": true})
	}
	return all
}

// leave ends a connection's hold on its session.
func (s *Server) leave(c *conn) {
	if c.session == nil || c.session.conn != c {
		return
	}
	c.session.conn, c.session.left = nil, s.Now()
	if c.ended {
		delete(s.sessions, c.session.id)
	}
	for id, sess := range s.sessions {
		if sess.conn == nil && s.Now().Sub(sess.left) > s.o.Resumable {
			delete(s.sessions, id)
		}
	}
}
