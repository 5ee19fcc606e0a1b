package discordtest

import (
	"net/http"
	"slices"
	"strconv"
)

// channelOf finds the channel in the path; the actor needs need there.
func (s *Server) channelOf(r *request, need int64) (*channel, *apiError) {
	c := s.channels[r.PathValue("channel_id")]
	if c == nil || c.gone {
		return nil, errUnknownChannel
	}
	s.settleThread(c)
	return c, s.may(r.actor, c, ViewChannel|need)
}

// messageOf finds the message in the path.
func (s *Server) messageOf(r *request, need int64) (*message, *apiError) {
	c, e := s.channelOf(r, need)
	if e != nil {
		return nil, e
	}
	if m := s.message(c, r.PathValue("message_id")); m != nil {
		return m, nil
	}
	return nil, errUnknownMessage
}

func (s *Server) getMessage(r *request) (int, any, *apiError) {
	m, e := s.messageOf(r, 0)
	if e != nil {
		return 0, nil, e
	}
	if s.rights(r.actor, m.in)&ReadHistory == 0 {
		return 0, nil, errMissingAccess
	}
	return http.StatusOK, s.messageObject(m, s.botSees), nil
}

// listMessages answers newest first. after begins with the oldest that is
// newer, and turns them round.
func (s *Server) listMessages(r *request) (int, any, *apiError) {
	c, e := s.channelOf(r, 0)
	if e != nil {
		return 0, nil, e
	}
	if c.kind == forumChannel {
		return 0, nil, errNotText
	}
	if s.rights(r.actor, c)&ReadHistory == 0 {
		return http.StatusOK, list{}, nil
	}
	limit := 50
	if n, err := strconv.Atoi(r.query.Get("limit")); err == nil {
		limit = n
	}
	var bounds []string
	for _, b := range []string{"around", "before", "after"} {
		if r.query.Has(b) {
			bounds = append(bounds, b)
		}
	}
	if len(bounds) > 1 {
		return 0, nil, s.broken(r, form(bounds[0], "QUERY", "around, before and after exclude each other"))
	}
	all := list{}
	for _, m := range slices.Backward(window(c.messages, r.query.Get("before"), r.query.Get("after"), r.query.Get("around"), limit)) {
		all = append(all, s.messageObject(m, s.botSees))
	}
	return http.StatusOK, all, nil
}

// window cuts out of messages, oldest first.
func window(all []*message, before, after, around string, limit int) []*message {
	at := func(id string) int {
		i, _ := slices.BinarySearchFunc(all, id, func(m *message, id string) int { return newer(m.id, id) })
		return i
	}
	switch {
	case before != "":
		all = all[:at(before)]
	case after != "":
		i := at(after)
		if i < len(all) && all[i].id == after {
			i++
		}
		all = all[i:]
		return all[:min(limit, len(all))]
	case around != "":
		end := min(len(all), at(around)+limit/2+1)
		all = all[:end]
	}
	return all[max(0, len(all)-limit):]
}

func (s *Server) createMessage(r *request) (int, any, *apiError) {
	c, e := s.channelOf(r, 0)
	if e != nil {
		return 0, nil, e
	}
	var d draft
	if e := r.decode(&d); e != nil {
		return 0, nil, e
	}
	if c.kind == forumChannel {
		return 0, nil, s.broken(r, errNotText)
	}
	need := speak(c)
	if d.Reference != nil {
		need |= ReadHistory
	}
	if len(r.files) > 0 {
		need |= AttachFiles
	}
	if e := s.may(r.actor, c, need); e != nil {
		return 0, nil, e
	}
	if e := s.checkDraft(r, &d, nil); e != nil {
		return 0, nil, e
	}
	if e := s.checkNonce(r, &d); e != nil {
		return 0, nil, e
	}
	if d.empty(len(r.files)) {
		return 0, nil, s.broken(r, errEmptyMessage)
	}
	if m := s.repeated(r, c, &d); m != nil {
		return http.StatusOK, s.withNonce(m), nil
	}
	m := &message{in: c, author: r.actor, kind: plainMessage, tts: d.TTS, nonce: d.Nonce}
	if e := s.refer(r, m, &d); e != nil {
		return 0, nil, e
	}
	if e := s.open(c, r.actor); e != nil {
		return 0, nil, e
	}
	if e := s.fill(r, m, &d); e != nil {
		return 0, nil, e
	}
	s.say(r, m, &d)
	if key := nonceText(d.Nonce); key != "" {
		s.nonces[c.id+" "+key] = nonce{m.id, r.now}
	}
	return http.StatusOK, s.withNonce(m), nil
}

// withNonce is a message as it is told to its author.
func (s *Server) withNonce(m *message) object {
	o := s.messageObject(m, s.botSees)
	if m.nonce != nil {
		o["nonce"] = m.nonce
	}
	return o
}

// repeated is the message that was made with the same nonce, while that is
// remembered. One that was deleted since is no longer it.
func (s *Server) repeated(r *request, c *channel, d *draft) *message {
	known, ok := s.nonces[c.id+" "+nonceText(d.Nonce)]
	if !d.Enforce || !ok || r.now.Sub(known.at) > s.o.Remembers {
		return nil
	}
	return s.message(c, known.message)
}

// refer makes m the answer that d wants it to be. An answer to what is gone is
// refused, or is none, as the bot wishes.
func (s *Server) refer(r *request, m *message, d *draft) *apiError {
	if d.Reference == nil {
		return nil
	}
	to := s.message(m.in, d.Reference.Message)
	switch {
	case d.Reference.Type != 0:
		return s.broken(r, form("message_reference.type", "TYPE", "discordtest does not forward"))
	case to == nil && d.Reference.Fail != nil && !*d.Reference.Fail:
		return nil
	case to == nil:
		return form("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
	case to.kind != plainMessage && to.kind != reply && to.kind != slashAnswer && to.kind != menuAnswer:
		return form("message_reference", "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", "Cannot reply to a system message")
	}
	m.kind = reply
	m.refers = &reference{channel: m.in.id, message: to.id}
	if to.author != nil && (d.Mentions == nil || d.Mentions.Replied) {
		m.pings.users = append(m.pings.users, to.author.id)
	}
	return nil
}

// open makes a thread ready to be spoken in: an archived one comes back unless
// it is locked.
func (s *Server) open(c *channel, by *account) *apiError {
	if !c.thread() {
		return nil
	}
	if c.locked && (c.archived || by == nil || s.rights(by, c)&ManageThreads == 0) {
		return errLocked
	}
	if c.archived {
		s.archive(c, false)
	}
	if by != nil {
		s.enter(c, by)
	}
	return nil
}

// fill puts the words of a draft into a new message.
func (s *Server) fill(r *request, m *message, d *draft) *apiError {
	m.content, m.embeds, m.components, m.poll = d.text(), finished(items(d.Embeds)), built(items(d.Components)), d.Poll
	m.flags |= d.flags() & keptFlags
	return s.attach(r, m, d.Attachments)
}

// say makes m public: its id, its place, its events, its pings.
func (s *Server) say(r *request, m *message, d *draft) {
	s.place(m, d.Mentions)
	s.told(r, event{name: "MESSAGE_CREATE", intent: intentMessages, channel: m.in, message: m})
}

// place puts m into its channel and rings the phones of who is named.
func (s *Server) place(m *message, allow *allowedMentions) {
	m.id = s.snowflake()
	m.at = s.Now()
	s.ring(m, allow)
	s.add(m)
}

// ring finds who is named in m, and whose phones ring.
func (s *Server) ring(m *message, allow *allowedMentions) {
	named := s.namedIn(visible(m.content, m.components))
	hit := allow.allowed(named)
	for _, id := range m.pings.users { // of whom it answers
		if !slices.Contains(hit.users, id) {
			hit.users = append(hit.users, id)
		}
	}
	if m.author != nil && s.rights(m.author, m.in)&MentionEveryone == 0 {
		hit.everyone = false
	}
	m.pings = hit
	if m.author == s.bot || m.webhook != nil {
		for _, id := range hit.users {
			s.pings = append(s.pings, Ping{m.id, id})
		}
		for _, id := range hit.roles {
			s.pings = append(s.pings, Ping{m.id, "&" + id})
		}
		if hit.everyone {
			s.pings = append(s.pings, Ping{m.id, "everyone"})
		}
	}
}
