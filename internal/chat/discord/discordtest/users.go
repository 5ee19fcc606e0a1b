package discordtest

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// User is a person with a client of their own, who speaks to the server
// directly and keeps the rules of Discord's clients.
type User struct {
	s       *Server
	account *account
}

// File is something that is attached.
type File struct {
	Name, Type string
	Alt, Title string
	Data       []byte
}

// ID is the person's id.
func (u *User) ID() string { return u.account.id }

// Name is how the person is shown.
func (u *User) Name() string { return u.account.global }

// Speaks has the person's client in another language, as in "de".
func (u *User) Speaks(locale string) {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	u.account.locale = locale
}

// User makes a person. perms are permissions beyond everyone's:
// ManageMessages makes a moderator, ManageGuild an operator.
func (s *Server) User(name string, perms ...int64) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.join(name, false)
	var mask int64
	for _, p := range perms {
		mask |= p
	}
	if mask != 0 {
		r := &role{id: s.snowflake(), name: name + "'s role", perms: mask}
		s.guild.roles = append(s.guild.roles, r)
		a.roles = append(a.roles, r.id)
		s.emit(event{name: "GUILD_ROLE_CREATE", intent: intentGuilds, data: object{"guild_id": s.guild.id, "role": r.object()}})
	}
	joined := a.memberWithUser()
	joined["guild_id"] = s.guild.id
	s.emit(event{name: "GUILD_MEMBER_ADD", intent: intentMembers, data: joined})
	return &User{s, a}
}

// Channel makes a text channel and returns its id.
func (s *Server) Channel(name string) string { return s.makeChannel(name, textChannel) }

// Forum makes a forum and returns its id.
func (s *Server) Forum(name string, tags ...string) string {
	id := s.makeChannel(name, forumChannel)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range tags {
		s.channels[id].tags = append(s.channels[id].tags, object{"id": s.snowflake(), "name": t, "moderated": false, "emoji_id": nil, "emoji_name": nil})
	}
	return id
}

// RequireTag has a forum want a tag of each post, and have these instead of those
// that it had; one that begins with "!" only who manages threads may give.
func (s *Server) RequireTag(forum string, tags ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[forum]
	c.hadTags, c.wantsTag, c.tags = append(c.hadTags, c.tags...), true, nil
	for _, t := range tags {
		name, moderated := strings.CutPrefix(t, "!")
		c.tags = append(c.tags, object{"id": s.snowflake(), "name": name, "moderated": moderated, "emoji_id": nil, "emoji_name": nil})
	}
	s.emit(event{name: "CHANNEL_UPDATE", intent: intentGuilds, channel: c, data: s.channelObject(c, c.kind)})
}

func (s *Server) makeChannel(name string, kind int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &channel{id: s.snowflake(), name: name, kind: kind, position: len(s.channels), overwrites: map[string]overwrite{}}
	s.channels[c.id] = c
	s.emit(event{name: "CHANNEL_CREATE", intent: intentGuilds, channel: c, data: s.channelObject(c, kind)})
	return c.id
}

// Emoji makes an emoji of the guild and returns its name as reactions want it.
func (s *Server) Emoji(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.snowflake()
	s.guild.emojis[name] = id
	return name + ":" + id
}

// DeleteChannel deletes a channel or a thread, as an administrator does.
func (s *Server) DeleteChannel(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(nil, s.channels[id])
	s.note()
}

// DeleteWebhooks deletes all webhooks of a channel, as an administrator does.
func (s *Server) DeleteWebhooks(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.webhooks {
		w.gone = w.gone || w.channel == channel
	}
	s.tellWebhooks(nil, s.channels[channel])
	s.note()
}

// FillWebhooks makes foreign webhooks in a channel until there are n.
func (s *Server) FillWebhooks(channel string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channel]
	for s.webhooksIn(c) < n {
		s.makeWebhook(c, "somebody else's", s.guild.owner, "")
	}
	s.tellWebhooks(nil, c)
}

// refused is a person's client saying no.
func refused(e *apiError) error { return fmt.Errorf("%s (%d)", e.detail(), e.code) }

// Say writes text in a channel or thread, as an answer to the message replyTo
// if that is not "", and returns the message's id.
func (u *User) Say(channel, text, replyTo string, files ...File) (string, error) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channel]
	s.settleThread(c)
	if e := s.maySay(u.account, c, text, len(files)); e != nil {
		return "", fmt.Errorf("say in %s: %w", channel, refused(e))
	}
	m := &message{in: c, author: u.account, kind: plainMessage, content: strings.TrimSpace(text)}
	if replyTo != "" {
		to := s.message(c, replyTo)
		if to == nil {
			return "", fmt.Errorf("answer %s: %w", replyTo, refused(errUnknownMessage))
		}
		m.kind, m.refers = reply, &reference{channel: c.id, message: to.id}
		if to.author != nil {
			m.pings.users = []string{to.author.id}
		}
	}
	for _, f := range files {
		m.attachments = append(m.attachments, s.keep(c, f))
	}
	if e := s.open(c, u.account); e != nil {
		return "", fmt.Errorf("say in %s: %w", channel, refused(e))
	}
	s.place(m, nil)
	s.emit(event{name: "MESSAGE_CREATE", intent: intentMessages, channel: c, message: m})
	return m.id, nil
}

// maySay holds what a client lets a person say where.
func (s *Server) maySay(a *account, c *channel, text string, files int) *apiError {
	switch {
	case c == nil || c.gone:
		return errUnknownChannel
	case c.kind == forumChannel:
		return errNotText
	case utf8.RuneCountInString(text) > maxContent:
		return form("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
	case strings.TrimSpace(text) == "" && files == 0:
		return errEmptyMessage
	}
	return s.may(a, c, speak(c))
}

// on runs f on a message that a person sees.
func (u *User) on(deed, id string, f func(*message) *apiError) error {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[id]
	if m == nil || m.deleted {
		return fmt.Errorf("%s %s: %w", deed, id, refused(errUnknownMessage))
	}
	if e := f(m); e != nil {
		return fmt.Errorf("%s %s: %w", deed, id, refused(e))
	}
	s.note()
	return nil
}

// Edit gives a message of the person's own new words.
func (u *User) Edit(id, text string) error {
	s := u.s
	return u.on("edit", id, func(m *message) *apiError {
		switch {
		case m.author != u.account:
			return errNotAuthor
		case m.in.archived:
			return errArchived
		case strings.TrimSpace(text) == "" && len(m.attachments) == 0:
			return errEmptyMessage
		}
		m.content, m.edited, m.pings = strings.TrimSpace(text), s.Now(), mentions{}
		s.ring(m, nil)
		s.emit(event{name: "MESSAGE_UPDATE", intent: intentMessages, channel: m.in, message: m})
		return nil
	})
}

// Delete deletes a message: one's own, or any as a moderator.
func (u *User) Delete(id string) error {
	return u.on("delete", id, func(m *message) *apiError {
		if m.author != u.account && u.s.rights(u.account, m.in)&ManageMessages == 0 {
			return errMissingPermissions
		}
		u.s.erase(nil, m)
		return nil
	})
}

// BulkDelete deletes messages of one channel in one act, as a moderator.
func (u *User) BulkDelete(channel string, ids ...string) error {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channel]
	if c == nil {
		return fmt.Errorf("delete in %s: %w", channel, refused(errUnknownChannel))
	}
	if e := s.may(u.account, c, ManageMessages); e != nil {
		return fmt.Errorf("delete in %s: %w", channel, refused(e))
	}
	s.bulk(nil, c, ids)
	s.note()
	return nil
}

// React puts an emoji on a message.
func (u *User) React(id, emoji string) error {
	return u.on("react to", id, func(m *message) *apiError {
		name, custom, e := u.s.emoji(emoji)
		if e != nil {
			return e
		}
		return u.s.react(nil, m, u.account, name, custom)
	})
}

// Unreact takes one's emoji off a message.
func (u *User) Unreact(id, emoji string) error {
	return u.on("unreact to", id, func(m *message) *apiError {
		name, custom, e := u.s.emoji(emoji)
		if e != nil {
			return e
		}
		return u.s.unreact(nil, m, u.account.id, name, custom)
	})
}

// ClearReactions takes all reactions off a message, or all of one emoji, as a
// moderator.
func (u *User) ClearReactions(id, emoji string) error {
	return u.on("clear", id, func(m *message) *apiError {
		if u.s.rights(u.account, m.in)&ManageMessages == 0 {
			return errMissingPermissions
		}
		if emoji == "" {
			u.s.clearReactions(nil, m)
			return nil
		}
		name, custom, e := u.s.emoji(emoji)
		if e == nil {
			u.s.clearEmoji(nil, m, name, custom)
		}
		return e
	})
}

// Thread opens a thread under a message, or without one in a channel, and
// returns its id.
func (u *User) Thread(channel, message, name string) (string, error) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.note()
	c := s.channels[channel]
	if e := s.may(u.account, c, CreateThreads); e != nil {
		return "", fmt.Errorf("open a thread in %s: %w", channel, refused(e))
	}
	if message == "" {
		t := s.newThread(s.snowflake(), c, u.account, threadWish{Name: name}, publicThread)
		s.tellThread(nil, t, u.account)
		return t.id, nil
	}
	m := s.message(c, message)
	if m == nil {
		return "", fmt.Errorf("open a thread under %s: %w", message, refused(errUnknownMessage))
	}
	if m.started != nil {
		return "", fmt.Errorf("open a thread under %s: %w", message, refused(errHasThread))
	}
	return s.startThread(nil, m, u.account, threadWish{Name: name}).id, nil
}

// Archive archives a thread, or brings it back.
func (u *User) Archive(thread string, on bool) error {
	return u.onThread(thread, func(c *channel) { u.s.archive(c, on) })
}

// Lock locks a thread, or unlocks it, as a moderator.
func (u *User) Lock(thread string, on bool) error {
	return u.onThread(thread, func(c *channel) {
		c.locked = on
		u.s.emit(event{name: "THREAD_UPDATE", intent: intentGuilds, channel: c, data: u.s.threadFor(c)})
	})
}

// Rename gives a thread another name.
func (u *User) Rename(thread, name string) error {
	return u.onThread(thread, func(c *channel) {
		c.name = name
		u.s.emit(event{name: "THREAD_UPDATE", intent: intentGuilds, channel: c, data: u.s.threadFor(c)})
	})
}

func (u *User) onThread(id string, f func(*channel)) error {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[id]
	if c == nil || c.gone || !c.thread() {
		return fmt.Errorf("change the thread %s: %w", id, refused(errUnknownChannel))
	}
	if c.owner != u.account.id && s.rights(u.account, c)&(ManageThreads|ManageMessages) == 0 {
		return fmt.Errorf("change the thread %s: %w", id, refused(errMissingPermissions))
	}
	f(c)
	return nil
}

// Nick changes how the person is shown.
func (u *User) Nick(name string) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	u.account.global = name
	data := u.account.memberWithUser()
	data["guild_id"] = s.guild.id
	s.emit(event{name: "GUILD_MEMBER_UPDATE", intent: intentMembers, data: data})
}

// Threads are the threads of a channel that there are, oldest first.
func (s *Server) Threads(channel string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, c := range s.sorted() {
		if c.parent != nil && c.parent.id == channel && !c.gone {
			all = append(all, c.id)
		}
	}
	return slices.Clip(all)
}

// Demote takes from the person the role that User gave, as an administrator does.
func (u *User) Demote() {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	u.account.roles = slices.Clip(u.account.roles[:1])
	data := u.account.memberWithUser()
	data["guild_id"] = s.guild.id
	s.emit(event{name: "GUILD_MEMBER_UPDATE", intent: intentMembers, data: data})
}
