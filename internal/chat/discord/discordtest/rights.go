package discordtest

// Permissions, as bits.
const (
	AddReactions      int64 = 1 << 6
	ViewChannel       int64 = 1 << 10
	SendMessages      int64 = 1 << 11
	ManageMessages    int64 = 1 << 13
	EmbedLinks        int64 = 1 << 14
	AttachFiles       int64 = 1 << 15
	ReadHistory       int64 = 1 << 16
	MentionEveryone   int64 = 1 << 17
	UseExternalEmojis int64 = 1 << 18
	ManageGuild       int64 = 1 << 5
	ManageChannels    int64 = 1 << 4
	Administrator     int64 = 1 << 3
	ManageWebhooks    int64 = 1 << 29
	UseCommands       int64 = 1 << 31
	ManageThreads     int64 = 1 << 34
	CreateThreads     int64 = 1 << 35
	CreatePrivate     int64 = 1 << 36
	SendInThreads     int64 = 1 << 38
	PinMessages       int64 = 1 << 51
)

// Invited is what the bot's role has at first: what the invite address of a
// careful bot asks for.
const Invited = ViewChannel | SendMessages | SendInThreads | CreateThreads | ManageThreads | ReadHistory |
	AddReactions | EmbedLinks | AttachFiles | UseExternalEmojis | ManageWebhooks

// person is what a person may do. Here @everyone may nothing: what the bot is
// granted is in its own role, where Revoke takes it.
const person = ViewChannel | SendMessages | SendInThreads | CreateThreads | ReadHistory |
	AddReactions | EmbedLinks | AttachFiles | UseExternalEmojis | UseCommands

// rights are what someone may do in a channel; a thread has those of its
// channel. The order is Discord's: the guild's roles, then the channel's
// overwrites for everyone, for the roles, for the member.
func (s *Server) rights(a *account, c *channel) int64 {
	if a == s.guild.owner {
		return ^0
	}
	mask := s.roleRights(a)
	if mask&Administrator != 0 {
		return ^0
	}
	if c == nil {
		return mask
	}
	over := c.home().overwrites
	mask = mask&^over[s.guild.id].deny | over[s.guild.id].allow
	var allow, deny int64
	for _, r := range a.roles {
		allow, deny = allow|over[r].allow, deny|over[r].deny
	}
	mask = mask&^deny | allow
	mask = mask&^over[a.id].deny | over[a.id].allow
	if mask&ViewChannel == 0 {
		return 0
	}
	return mask
}

func (s *Server) roleRights(a *account) int64 {
	var mask int64
	for _, r := range s.guild.roles {
		if r.id == s.guild.id { // @everyone, bots among them
			mask |= r.perms
		}
		for _, id := range a.roles {
			if id == r.id {
				mask |= r.perms
			}
		}
	}
	return mask
}

// may returns the error of a who lacks a permission in c: without sight it is
// 50001, else 50013.
func (s *Server) may(a *account, c *channel, need int64) *apiError {
	have := s.rights(a, c)
	if c != nil && have&ViewChannel == 0 {
		return errMissingAccess
	}
	if have&need != need {
		return errMissingPermissions
	}
	return nil
}

// speak is the permission to send into c.
func speak(c *channel) int64 {
	if c.thread() {
		return SendInThreads
	}
	return SendMessages
}

// Deny takes permissions from the bot in one channel.
func (s *Server) Deny(channel string, perms int64) { s.overwrite(channel, perms, true) }

// Allow gives back what Deny took.
func (s *Server) Allow(channel string, perms int64) { s.overwrite(channel, perms, false) }

// TakeRole takes the bot's role from it, GiveRole gives it back.
func (s *Server) TakeRole() { s.roleGiven(false) }

// GiveRole gives the bot its role again.
func (s *Server) GiveRole() { s.roleGiven(true) }

func (s *Server) roleGiven(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.inSightAgain()()
	s.bot.roles = nil
	if on {
		s.bot.roles = []string{s.guild.roles[1].id}
	}
	data := s.bot.memberWithUser()
	data["guild_id"] = s.guild.id
	s.emit(event{name: "GUILD_MEMBER_UPDATE", data: data}) // of itself a bot hears without the intent
}

func (s *Server) overwrite(id string, perms int64, deny bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.inSightAgain()()
	c := s.channels[id].home()
	o := c.overwrites[s.bot.id]
	o.member = true
	o.deny &^= perms
	if deny {
		o.deny |= perms
	}
	c.overwrites[s.bot.id] = o
	s.emit(event{name: "CHANNEL_UPDATE", intent: intentGuilds, channel: c, always: true, data: s.channelObject(c, c.kind)})
}

// inSightAgain notes which channels are hidden from the bot, and returns what
// tells of the threads of those that are not any more.
func (s *Server) inSightAgain() func() {
	var hidden []*channel
	for _, c := range s.sorted() {
		if !c.gone && !c.thread() && s.rights(s.bot, c)&ViewChannel == 0 {
			hidden = append(hidden, c)
		}
	}
	return func() {
		for _, c := range hidden {
			if s.rights(s.bot, c)&ViewChannel != 0 {
				s.syncThreads(c)
			}
		}
	}
}

// syncThreads tells of the active threads of a channel that came into sight.
func (s *Server) syncThreads(c *channel) {
	threads, members := list{}, list{}
	for _, t := range s.sorted() {
		if t.parent != c || t.gone || t.archived {
			continue
		}
		threads = append(threads, s.threadFor(t))
		if _, in := t.members[s.bot.id]; in {
			members = append(members, t.memberObject(s.bot.id))
		}
	}
	if len(threads) == 0 { // nobody may count on being told of none
		return
	}
	s.emit(event{name: "THREAD_LIST_SYNC", intent: intentGuilds, channel: c, data: object{
		"guild_id": s.guild.id, "channel_ids": list{c.id}, "threads": threads, "members": members,
	}})
}

// Grant gives permissions to the bot's role, in all channels.
func (s *Server) Grant(perms int64) { s.roleChange(func(have int64) int64 { return have | perms }) }

// Revoke takes permissions from the bot's role.
func (s *Server) Revoke(perms int64) { s.roleChange(func(have int64) int64 { return have &^ perms }) }

func (s *Server) roleChange(change func(int64) int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.inSightAgain()()
	r := s.guild.roles[1]
	r.perms = change(r.perms)
	s.emit(event{name: "GUILD_ROLE_UPDATE", intent: intentGuilds, data: object{"guild_id": s.guild.id, "role": r.object()}})
}
