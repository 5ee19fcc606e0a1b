package discordtest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// threadSchema is the one of the two bodies that fits the channel.
func threadSchema(s *Server, r *request) string {
	if c := s.channels[r.PathValue("channel_id")]; c != nil && c.kind == forumChannel {
		return "CreateForumThreadRequest"
	}
	return "CreateTextThreadWithoutMessageRequest"
}

// threadWish is what a request says of a new thread.
type threadWish struct {
	Name    string   `json:"name"`
	Archive int      `json:"auto_archive_duration"`
	Slow    int      `json:"rate_limit_per_user"`
	Type    *int     `json:"type"`
	Tags    []string `json:"applied_tags"`
	Message *draft   `json:"message"`
}

func (s *Server) checkThreadName(r *request, name string) *apiError {
	if n := utf8.RuneCountInString(strings.TrimSpace(name)); n < 1 || n > 100 {
		return s.broken(r, form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length."))
	}
	return nil
}

func (s *Server) createThreadFromMessage(r *request) (int, any, *apiError) {
	m, e := s.messageOf(r, CreateThreads|ReadHistory)
	if e != nil {
		return 0, nil, e
	}
	var wish threadWish
	if e := r.decode(&wish); e != nil {
		return 0, nil, e
	}
	if e := s.checkThreadName(r, wish.Name); e != nil {
		return 0, nil, e
	}
	switch {
	case m.in.kind != textChannel:
		return 0, nil, s.broken(r, errWrongChannelType)
	case m.started != nil:
		return 0, nil, errHasThread
	case s.activeCount() >= maxThreads:
		return 0, nil, errMaxThreads
	case m.kind == threadCreated:
		return 0, nil, s.broken(r, errSystemMessage)
	}
	c := s.startThread(r, m, r.actor, wish)
	return http.StatusCreated, s.threadFor(c), nil
}

func (s *Server) activeCount() int {
	n := 0
	for _, c := range s.channels {
		if c.thread() && !c.gone && !c.archived {
			n++
		}
	}
	return n
}

// newThread makes a thread whose id is given.
func (s *Server) newThread(id string, parent *channel, by *account, wish threadWish, kind int) *channel {
	now := s.Now()
	c := &channel{
		id: id, name: strings.TrimSpace(wish.Name), kind: kind, parent: parent, owner: by.id, created: now, spoken: now,
		archivedAt: now, autoArchive: wish.Archive, slow: wish.Slow, members: map[string]time.Time{by.id: now}, applied: wish.Tags,
	}
	if c.autoArchive == 0 {
		c.autoArchive = 4320
	}
	s.channels[id] = c
	return c
}

// startThread opens a thread under m: the thread has m's id, m gets a flag,
// and the thread begins with a message that points to m.
func (s *Server) startThread(r *request, m *message, by *account, wish threadWish) *channel {
	c := s.newThread(m.id, m.in, by, wish, publicThread)
	m.started = c
	m.flags |= flagHasThread
	s.tellThread(r, c, by)
	s.told(r, event{name: "MESSAGE_UPDATE", intent: intentMessages, channel: m.in, message: m})
	first := &message{in: c, author: by, kind: threadStarter, refers: &reference{channel: m.in.id, message: m.id}}
	s.place(first, &allowedMentions{})
	s.told(r, event{name: "MESSAGE_CREATE", intent: intentMessages, channel: c, message: first})
	return c
}

// tellThread tells of a new thread, and of the bot's being in it if it made it.
func (s *Server) tellThread(r *request, c *channel, by *account) {
	data := s.threadFor(c)
	data["newly_created"] = true
	s.told(r, event{name: "THREAD_CREATE", intent: intentGuilds, channel: c, data: data})
	if by == s.bot {
		s.tellEntered(r, c)
	}
}

func (s *Server) tellEntered(r *request, c *channel) {
	member := c.memberObject(s.bot.id)
	member["guild_id"] = s.guild.id
	s.told(r, event{name: "THREAD_MEMBER_UPDATE", intent: intentGuilds, channel: c, data: member})
	s.told(r, event{name: "THREAD_MEMBERS_UPDATE", intent: intentGuilds, channel: c, data: object{
		"id": c.id, "guild_id": s.guild.id, "member_count": min(50, len(c.members)), "added_members": list{c.memberObject(s.bot.id)},
	}})
}

// enter makes a a member of a thread.
func (s *Server) enter(c *channel, a *account) {
	if _, in := c.members[a.id]; in {
		return
	}
	c.members[a.id] = s.Now()
	if a == s.bot {
		s.tellEntered(nil, c)
	}
}

// createThread opens a thread without a message: a post of a forum, or a
// thread of a channel. Without a type the latter is private, as documented.
func (s *Server) createThread(r *request) (int, any, *apiError) {
	c, e := s.channelOf(r, 0)
	if e != nil {
		return 0, nil, e
	}
	var wish threadWish
	if e := r.decode(&wish); e != nil {
		return 0, nil, e
	}
	if e := s.checkThreadName(r, wish.Name); e != nil {
		return 0, nil, e
	}
	if c.kind == forumChannel {
		return s.createPost(r, c, wish)
	}
	kind := privateThread
	if wish.Type != nil {
		kind = *wish.Type
	}
	need := CreatePrivate
	if kind == publicThread {
		need = CreateThreads
	}
	if e := s.may(r.actor, c, need); e != nil {
		return 0, nil, e
	}
	if c.kind != textChannel || kind != publicThread && kind != privateThread {
		return 0, nil, s.broken(r, errWrongChannelType)
	}
	t := s.newThread(s.snowflake(), c, r.actor, wish, kind)
	s.tellThread(r, t, r.actor)
	if kind == publicThread {
		m := &message{in: c, author: r.actor, kind: threadCreated, content: t.name, refers: &reference{channel: t.id, message: ""}}
		s.place(m, &allowedMentions{})
		m.flags |= flagHasThread
		m.started = t
		s.told(r, event{name: "MESSAGE_CREATE", intent: intentMessages, channel: c, message: m})
	}
	return http.StatusCreated, s.threadFor(t), nil
}

// createPost opens a thread of a forum with its first message, whose id is the
// thread's.
func (s *Server) createPost(r *request, c *channel, wish threadWish) (int, any, *apiError) {
	if e := s.may(r.actor, c, SendMessages); e != nil {
		return 0, nil, e
	}
	d := wish.Message
	if d == nil {
		d = &draft{}
	}
	if e := s.checkDraft(r, d, nil); e != nil {
		return 0, nil, e
	}
	if d.empty(len(r.files)) {
		return 0, nil, s.broken(r, errEmptyMessage)
	}
	if e := s.checkTags(r, c, wish.Tags); e != nil {
		return 0, nil, e
	}
	m := &message{author: r.actor}
	t, e := s.post(r, c, m, d, wish, r.actor)
	if e != nil {
		return 0, nil, e
	}
	o := s.threadFor(t)
	o["message"] = s.messageObject(m, s.botSees)
	return http.StatusCreated, o, nil
}

// post makes a forum's thread with m in it. A webhook's belongs to the webhook.
func (s *Server) post(r *request, c *channel, m *message, d *draft, wish threadWish, by *account) (*channel, *apiError) {
	id := s.snowflake()
	t := s.newThread(id, c, by, wish, publicThread)
	m.in = t
	if e := s.fill(r, m, d); e != nil {
		t.gone = true
		return nil, e
	}
	s.tellThread(r, t, by)
	m.id, m.at = id, s.Now()
	s.ring(m, d.Mentions)
	s.add(m)
	c.lastID = id
	s.told(r, event{name: "MESSAGE_CREATE", intent: intentMessages, channel: t, message: m})
	return t, nil
}

// requireTag is the flag of a forum whose posts must have a tag.
const requireTag = 1 << 4

func (s *Server) checkTags(r *request, forum *channel, tags []string) *apiError {
	if forum.wantsTag && len(tags) == 0 {
		return errTagRequired
	}
	if len(tags) > 5 {
		return s.broken(r, form("applied_tags", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length."))
	}
	for _, id := range tags {
		is := func(t object) bool { return t["id"] == id }
		i, unknown := slices.IndexFunc(forum.tags, is), form("applied_tags", "TAG", "The forum has no tag "+id)
		if i < 0 && slices.ContainsFunc(forum.hadTags, is) {
			return unknown
		}
		if i < 0 {
			return s.broken(r, unknown)
		}
		if t := forum.tags[i]; t["moderated"] == true && r.actor != nil && s.rights(r.actor, forum)&ManageThreads == 0 {
			return errMissingPermissions
		}
	}
	return nil
}

// archive archives a thread or brings it back, and tells it.
func (s *Server) archive(c *channel, on bool) {
	c.archived, c.archivedAt = on, s.Now()
	if !on {
		c.spoken = s.Now()
	}
	s.emit(event{name: "THREAD_UPDATE", intent: intentGuilds, channel: c, data: s.threadFor(c)})
}

// settleThread archives a thread where nobody spoke for long.
func (s *Server) settleThread(c *channel) {
	if !s.o.AutoArchive || c == nil || !c.thread() || c.archived {
		return
	}
	if s.Now().After(c.spoken.Add(time.Duration(c.autoArchive) * time.Minute)) {
		s.archive(c, true)
	}
}

func (s *Server) activeThreads(r *request) (int, any, *apiError) {
	if r.PathValue("guild_id") != s.guild.id {
		return 0, nil, errUnknownGuild
	}
	threads, members := list{}, list{}
	for _, c := range s.sorted() {
		s.settleThread(c)
		if !c.thread() || c.gone || c.archived || s.rights(r.actor, c)&ViewChannel == 0 {
			continue
		}
		threads = append(threads, s.threadFor(c))
		if _, in := c.members[s.bot.id]; in {
			members = append(members, c.memberObject(s.bot.id))
		}
	}
	return http.StatusOK, object{"threads": threads, "members": members, "has_more": false}, nil
}

// archivedThreads pages through a channel's archived threads, the last to be
// archived first.
func (s *Server) archivedThreads(r *request) (int, any, *apiError) {
	c, e := s.channelOf(r, ReadHistory)
	if e != nil {
		return 0, nil, e
	}
	limit := 50
	if n, err := strconv.Atoi(r.query.Get("limit")); err == nil {
		limit = n
	}
	before, err := time.Parse(time.RFC3339Nano, r.query.Get("before"))
	if err != nil {
		before = r.now.Add(time.Hour)
	}
	var found []*channel
	for _, t := range s.channels {
		s.settleThread(t)
		if t.parent == c && !t.gone && t.archived && t.kind == publicThread && t.archivedAt.Truncate(time.Microsecond).Before(before) {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b *channel) int {
		if !a.archivedAt.Equal(b.archivedAt) {
			return b.archivedAt.Compare(a.archivedAt)
		}
		return newer(b.id, a.id)
	})
	more := len(found) > limit
	threads, members := list{}, list{}
	for _, t := range found[:min(limit, len(found))] {
		threads = append(threads, s.threadFor(t))
		if _, in := t.members[s.bot.id]; in {
			members = append(members, t.memberObject(s.bot.id))
		}
	}
	return http.StatusOK, object{"threads": threads, "members": members, "has_more": more}, nil
}

func (s *Server) joinThread(r *request) (int, any, *apiError) {
	c, e := s.channelOf(r, 0)
	switch {
	case e != nil:
		return 0, nil, e
	case !c.thread():
		return 0, nil, s.broken(r, errWrongChannelType)
	case c.archived:
		return 0, nil, errArchived
	}
	s.enter(c, r.actor)
	return http.StatusNoContent, nil, nil
}

func (s *Server) leaveThread(r *request) (int, any, *apiError) {
	c, e := s.channelOf(r, 0)
	switch {
	case e != nil:
		return 0, nil, e
	case !c.thread():
		return 0, nil, s.broken(r, errWrongChannelType)
	case c.archived:
		return 0, nil, errArchived
	}
	delete(c.members, r.actor.id)
	return http.StatusNoContent, nil, nil
}
