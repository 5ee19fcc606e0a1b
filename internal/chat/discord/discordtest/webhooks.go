package discordtest

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

// checkName holds the rules of a webhook's or persona's name.
func (s *Server) checkName(r *request, field, name string) *apiError {
	low := strings.ToLower(strings.TrimSpace(name))
	if n := utf8.RuneCountInString(strings.TrimSpace(name)); n < 1 || n > 80 {
		return s.broken(r, form(field, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 80 in length."))
	}
	for _, word := range []string{"clyde", "discord"} {
		if strings.Contains(low, word) {
			return s.broken(r, form(field, "USERNAME_INVALID_CONTAINS", "Username cannot contain \""+word+"\""))
		}
	}
	if low == "here" || low == "everyone" {
		return s.broken(r, form(field, "USERNAME_INVALID", "Username is invalid"))
	}
	return nil
}

func (s *Server) createWebhook(r *request) (int, any, *apiError) {
	c, e := s.channelOf(r, ManageWebhooks)
	if e != nil {
		return 0, nil, e
	}
	var body struct{ Name string }
	if e := r.decode(&body); e != nil {
		return 0, nil, e
	}
	if e := s.checkName(r, "name", body.Name); e != nil {
		return 0, nil, e
	}
	if c.thread() {
		return 0, nil, s.broken(r, errWrongChannelType)
	}
	if s.webhooksIn(c) >= maxWebhooks {
		return 0, nil, errMaxWebhooks
	}
	w := s.makeWebhook(c, body.Name, r.actor, s.guild.application)
	s.tellWebhooks(r, c)
	return http.StatusOK, s.webhookObject(w), nil
}

func (s *Server) makeWebhook(c *channel, name string, by *account, application string) *webhook {
	w := &webhook{id: s.snowflake(), name: strings.TrimSpace(name), channel: c.id, owner: by, application: application}
	w.token = "hook-" + s.snowflake()
	s.webhooks[w.id] = w
	return w
}

func (s *Server) webhooksIn(c *channel) int {
	n := 0
	for _, w := range s.webhooks {
		if w.channel == c.id && !w.gone {
			n++
		}
	}
	return n
}

func (s *Server) tellWebhooks(r *request, c *channel) {
	s.told(r, event{name: "WEBHOOKS_UPDATE", intent: intentWebhooks, channel: c, data: object{"guild_id": s.guild.id, "channel_id": c.id}})
}

func (s *Server) listWebhooks(r *request) (int, any, *apiError) {
	c, e := s.channelOf(r, ManageWebhooks)
	if e != nil {
		return 0, nil, e
	}
	return http.StatusOK, s.webhookList(func(w *webhook) bool { return w.channel == c.id }), nil
}

func (s *Server) listGuildWebhooks(r *request) (int, any, *apiError) {
	if r.PathValue("guild_id") != s.guild.id {
		return 0, nil, errUnknownGuild
	}
	if e := s.may(r.actor, nil, ManageWebhooks); e != nil {
		return 0, nil, e
	}
	return http.StatusOK, s.webhookList(func(*webhook) bool { return true }), nil
}

func (s *Server) webhookList(want func(*webhook) bool) list {
	all := list{}
	for _, w := range s.webhooks {
		if !w.gone && want(w) {
			all = append(all, s.webhookObject(w))
		}
	}
	return all
}

// webhookOf finds the webhook in the path. One that answered 404 must not be
// called again, as documented: by who got that answer.
func (s *Server) webhookOf(r *request) (*webhook, *apiError) {
	w := s.webhooks[r.PathValue("webhook_id")]
	token := r.PathValue("webhook_token")
	switch {
	case w == nil:
		return nil, errUnknownWebhook
	case w.gone && token != "" && s.ignores(r, w.told):
		return nil, s.broken(r, refuse(404, 10015, "Unknown Webhook, as it was told before"))
	case w.gone:
		r.unknown = w
		return nil, errUnknownWebhook
	case token != "" && token != w.token:
		return nil, errWebhookToken
	}
	return w, nil
}

func (s *Server) getWebhook(r *request) (int, any, *apiError) {
	w, e := s.webhookOf(r)
	if e != nil {
		return 0, nil, e
	}
	o := s.webhookObject(w)
	if r.PathValue("webhook_token") != "" {
		delete(o, "user")
	}
	return http.StatusOK, o, nil
}

func (s *Server) deleteWebhook(r *request) (int, any, *apiError) {
	w, e := s.webhookOf(r)
	if e != nil {
		return 0, nil, e
	}
	if e := s.may(r.actor, s.channels[w.channel], ManageWebhooks); e != nil {
		return 0, nil, e
	}
	w.gone = true
	s.tellWebhooks(r, s.channels[w.channel])
	return http.StatusNoContent, nil, nil
}

// executeSchema drops the lax branch of the body: it would let anything pass.
// For an interaction it is the followup.
func executeSchema(*Server, *request) string { return "IncomingWebhookRequestPartial" }

func (s *Server) executeWebhook(r *request) (int, any, *apiError) {
	if i := s.asked[r.PathValue("webhook_token")]; i != nil {
		return s.followup(r, i)
	}
	w, e := s.webhookOf(r)
	if e != nil {
		return 0, nil, e
	}
	var d draft
	if e := r.decode(&d); e != nil {
		return 0, nil, e
	}
	c, e := s.webhookPlace(r, w, &d)
	if e != nil {
		return 0, nil, e
	}
	if e := s.checkDraft(r, &d, nil); e != nil {
		return 0, nil, e
	}
	m := &message{in: c, webhook: w, persona: w.name, avatar: d.AvatarURL, tts: d.TTS}
	if d.Username != nil {
		if e := s.checkName(r, "username", *d.Username); e != nil {
			return 0, nil, e
		}
		m.persona = strings.TrimSpace(*d.Username)
	}
	if d.empty(len(r.files)) {
		return 0, nil, s.broken(r, errEmptyMessage)
	}
	if e := s.hidden(r, "webhook channel", w.channel, 0); e != nil {
		return 0, nil, e
	}
	if e := s.speakAs(r, m, &d, c); e != nil {
		return 0, nil, e
	}
	if r.query.Get("wait") != "true" {
		return http.StatusNoContent, nil, nil
	}
	return http.StatusOK, s.messageObject(m, s.botSees), nil
}

// speakAs posts m, in a new thread of a forum or in c.
func (s *Server) speakAs(r *request, m *message, d *draft, c *channel) *apiError {
	if c.kind == forumChannel {
		if e := s.checkTags(r, c, d.Tags); e != nil {
			return e
		}
		by := m.webhook.owner
		_, e := s.post(r, c, m, d, threadWish{Name: d.Thread, Tags: d.Tags}, by)
		return e
	}
	if e := s.open(c, nil); e != nil {
		return e
	}
	if e := s.fill(r, m, d); e != nil {
		return e
	}
	s.say(r, m, d)
	return nil
}

// webhookPlace is where a webhook speaks: its own channel, or a thread of it.
func (s *Server) webhookPlace(r *request, w *webhook, d *draft) (*channel, *apiError) {
	home := s.channels[w.channel]
	id := r.query.Get("thread_id")
	switch {
	case id != "" && d.Thread != "":
		return nil, s.broken(r, form("thread_name", "THREAD", "thread_id and thread_name exclude each other"))
	case id != "":
		t := s.channels[id]
		if t == nil || t.gone || t.parent != home {
			return nil, errUnknownChannel
		}
		s.settleThread(t)
		return t, nil
	case home.kind == forumChannel && d.Thread == "":
		return nil, s.broken(r, refuse(400, 220001, "Webhooks posted to forum channels must have a thread_name or thread_id"))
	case home.kind != forumChannel && d.Thread != "":
		return nil, s.broken(r, refuse(400, 220003, "Webhooks can only create threads in forum channels"))
	case d.Thread != "":
		return home, s.checkThreadName(r, d.Thread)
	}
	return home, nil
}

// webhookMessage finds a message of a webhook or of an interaction. It is
// sought in the webhook's own channel unless thread_id names another; who
// leaves that out is told that there is no such message.
func (s *Server) webhookMessage(r *request) (*message, *apiError) {
	if i := s.asked[r.PathValue("webhook_token")]; i != nil {
		return s.answerOf(r, i)
	}
	w, e := s.webhookOf(r)
	if e != nil {
		return nil, e
	}
	m := s.messages[r.PathValue("message_id")]
	if m == nil || m.deleted {
		return nil, errUnknownMessage
	}
	where := w.channel
	if id := r.query.Get("thread_id"); id != "" {
		where = id
	}
	switch {
	case m.in.id != where:
		return nil, s.broken(r, refuse(404, 10008, "Unknown Message: it stands in "+m.in.id+", thread_id says "+where))
	case m.webhook != w:
		return nil, s.broken(r, errUnknownMessage)
	}
	s.settleThread(m.in)
	return m, nil
}

func (s *Server) getWebhookMessage(r *request) (int, any, *apiError) {
	m, e := s.webhookMessage(r)
	if e != nil {
		return 0, nil, e
	}
	return http.StatusOK, s.messageObject(m, func(*message) bool { return true }), nil
}

func (s *Server) updateWebhookMessage(r *request) (int, any, *apiError) {
	m, e := s.webhookMessage(r)
	if e != nil {
		return 0, nil, e
	}
	var d draft
	if e := r.decode(&d); e != nil {
		return 0, nil, e
	}
	if e := s.edit(r, m, &d); e != nil {
		return 0, nil, e
	}
	return http.StatusOK, s.messageObject(m, func(*message) bool { return true }), nil
}

func (s *Server) deleteWebhookMessage(r *request) (int, any, *apiError) {
	m, e := s.webhookMessage(r)
	if e != nil {
		return 0, nil, e
	}
	s.erase(r, m)
	return http.StatusNoContent, nil, nil
}
