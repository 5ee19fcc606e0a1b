package discordtest

import "time"

// gatewayFaults are what the next connections meet.
type gatewayFaults struct {
	reconnectFirst int // op 7 in place of READY
	invalidFirst   int // op 9 in place of READY
	refuseResume   int // op 9 false in place of RESUMED
	closing        int // a close code in place of READY
	unreachable    bool
	askTwice       int // interactions that are told twice
}

// Cut cuts all gateway connections, without a close frame. Sessions can be
// resumed.
func (s *Server) Cut() { s.cut() }

func (s *Server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		s.leave(c)
		c.ws.UnderlyingConn().Close()
	}
}

// Unreachable cuts all gateway connections and takes no new ones, until it is
// off again. By then all sessions have gone. REST goes on.
func (s *Server) Unreachable(on bool) {
	s.mu.Lock()
	s.gateway.unreachable = on
	s.mu.Unlock()
	if on {
		s.Restart()
	}
}

// Zombie makes the gateway connections that there are fall silent: no ACK, no
// event, but they stay open. What happens meanwhile can be resumed.
func (s *Server) Zombie() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.silent = true
	}
}

// Reconnect asks all connections to reconnect and resume (op 7).
func (s *Server) Reconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.say(object{"op": opReconnect, "t": nil, "s": nil, "d": nil})
	}
}

// Invalidate says op 9 to all connections. Unless it may be resumed the
// session is over.
func (s *Server) Invalidate(resumable bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.invalid(resumable)
		if c.session != nil {
			if !resumable {
				delete(s.sessions, c.session.id)
			}
			c.session.conn, c.session.left, c.session = nil, s.Now(), nil
		}
	}
}

// CloseWith closes all connections with a code.
func (s *Server) CloseWith(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.end(code)
	}
}

// CloseNext closes the next connection with a code where READY is awaited.
func (s *Server) CloseNext(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.closing = code
}

// ReconnectFirst answers the next n IDENTIFYs or RESUMEs with op 7.
func (s *Server) ReconnectFirst(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.reconnectFirst = n
}

// InvalidFirst answers the next n IDENTIFYs with op 9.
func (s *Server) InvalidFirst(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.invalidFirst = n
}

// AskTwice tells the next n interactions twice.
func (s *Server) AskTwice(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.askTwice = n
}

// RefuseResume answers the next n RESUMEs with op 9.
func (s *Server) RefuseResume(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.refuseResume = n
}

// RevokeToken makes the token worthless: REST answers 401, the gateway closes
// with 4004.
func (s *Server) RevokeToken() {
	s.mu.Lock()
	s.revoked = true
	s.mu.Unlock()
	s.CloseWith(4004)
}

// RestoreToken takes RevokeToken back.
func (s *Server) RestoreToken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = false
}

// Restart cuts all connections and forgets all sessions and what is remembered
// of nonces; what was said stays.
func (s *Server) Restart() {
	s.mu.Lock()
	s.sessions = map[string]*session{}
	s.nonces = map[string]nonce{}
	s.mu.Unlock()
	s.cut()
}

// BotRestarted says that the bot is a new process: it can not know what its
// predecessor was told, so to ask again is no violation. Refused it is all the
// same.
func (s *Server) BotRestarted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits.stopTold, s.limits.banTold = time.Time{}, time.Time{}
	for _, b := range s.limits.buckets {
		b.told, b.barred = time.Time{}, time.Time{}
	}
	for _, w := range s.webhooks {
		w.told = time.Time{}
	}
	for _, i := range s.asked {
		i.lost = true
	}
}

// Outage makes the guild unavailable, and available again. What happens in it
// meanwhile no session is told.
func (s *Server) Outage(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if on {
		s.emit(event{name: "GUILD_DELETE", intent: intentGuilds, data: object{"id": s.guild.id, "unavailable": true}})
		s.guild.away = true
		return
	}
	s.guild.away = false
	s.emit(event{name: "GUILD_CREATE", intent: intentGuilds, data: s.guildCreate()})
}

// Lapse makes the guild unavailable without telling anybody; Outage(false)
// makes it available again, as after an outage that nobody noticed.
func (s *Server) Lapse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.guild.away = true
}

// Down adds a guild that READY names from now on and that never comes: whatever
// is asked about it is answered with 503. It returns the guild's id.
func (s *Server) Down() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.snowflake()
	s.down = append(s.down, id)
	return id
}

// AllowIntents sets which privileged intents are switched on in the portal.
// Connections that there are keep theirs.
func (s *Server) AllowIntents(intents int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.Intents = intents & privileged
}
