package discordtest

import (
	"encoding/json"
	"slices"
	"sync"
)

// Intents.
const (
	intentGuilds         = 1 << 0
	intentMembers        = 1 << 1
	intentWebhooks       = 1 << 5
	intentPresences      = 1 << 8
	intentMessages       = 1 << 9
	intentReactions      = 1 << 10
	intentMessageContent = 1 << 15

	privileged = intentMembers | intentPresences | intentMessageContent
	allIntents = 1<<17 - 1 | 1<<20 | 1<<21 | 1<<24 | 1<<25
)

// event is something that the gateway tells.
type event struct {
	name    string
	intent  int      // what a session must have asked for; 0: nothing
	channel *channel // where the bot must see; nil: anywhere
	always  bool     // even if it does not see there
	message *message // of MESSAGE_CREATE and MESSAGE_UPDATE
	data    object   // of the others
}

// gate holds back events until the request that caused them may be overtaken
// by them, or is answered.
type gate struct {
	request       *request
	opened        chan struct{}
	passed        chan struct{}
	openOnce, out sync.Once
}

func (g *gate) open() { g.openOnce.Do(func() { close(g.opened) }) }
func (g *gate) pass() { g.out.Do(func() { close(g.passed) }) }

// told emits an event that a request caused; nil is nobody's request.
func (s *Server) told(r *request, e event) {
	if r == nil {
		s.emit(e)
		return
	}
	g := &gate{request: r, opened: make(chan struct{}), passed: make(chan struct{})}
	if s.send(e, g) {
		r.gates = append(r.gates, g)
	}
}

// emit tells an event to all sessions that asked for it. The caller holds mu.
func (s *Server) emit(e event) {
	s.send(e, nil)
	s.note()
}

// send puts an event into each session's log and reports whether somebody
// listens. Of a guild that is away nobody is told.
func (s *Server) send(e event, g *gate) (heard bool) {
	if s.guild.away {
		return false
	}
	for _, sess := range s.sessions {
		if e.intent != 0 && sess.intents&e.intent == 0 {
			continue
		}
		if e.channel != nil && !e.always && s.rights(s.bot, e.channel)&ViewChannel == 0 {
			continue
		}
		s.append(sess, e.name, s.eventData(e, sess), g)
		heard = heard || sess.conn != nil && !sess.conn.silent
	}
	return heard
}

// eventData is an event as a session may see it.
func (s *Server) eventData(e event, sess *session) object {
	if e.message == nil {
		return e.data
	}
	o := s.messageObject(e.message, sess.sees)
	o["guild_id"] = s.guild.id
	if e.message.author != nil {
		o["member"] = e.message.author.member()
	}
	if e.message.nonce != nil && e.name == "MESSAGE_CREATE" {
		o["nonce"] = e.message.nonce
	}
	return o
}

// sees reports whether a session is told what m says. Without the privileged
// intent only what the bot said itself, and what names it.
func (sess *session) sees(m *message) bool {
	return sess.intents&intentMessageContent != 0 || sess.s.own(m)
}

// botSees is the same for REST: there the switch in the portal counts.
func (s *Server) botSees(m *message) bool {
	return s.o.Intents&intentMessageContent != 0 || s.own(m)
}

func (s *Server) own(m *message) bool {
	return m.author == s.bot || slices.Contains(m.pings.users, s.bot.id)
}

// append adds an event to a session's log.
func (s *Server) append(sess *session, name string, data object, g *gate) {
	text, err := json.Marshal(data)
	if err != nil {
		panic(err) // all events are made here
	}
	if s.schemas != nil && name != "RESUMED" {
		if err := s.schemas.event(name, text); err != nil {
			s.violation("discordtest itself: event %s: %v", name, err)
		}
	}
	sess.seq++
	payload, err := json.Marshal(object{"op": 0, "t": name, "s": sess.seq, "d": json.RawMessage(text)})
	if err != nil {
		panic(err)
	}
	sess.log = append(sess.log, item{sess.seq, payload, g})
	sess.trim(s.o.Replay)
	sess.wake()
}
