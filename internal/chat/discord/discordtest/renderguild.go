package discordtest

import "strconv"

// guildObject is the guild as REST tells it.
func (s *Server) guildObject() object {
	g := s.guild
	roles, emojis := list{}, list{}
	for _, r := range g.roles {
		roles = append(roles, r.object())
	}
	for name, id := range g.emojis {
		emojis = append(emojis, object{"id": id, "name": name, "roles": list{}, "require_colons": true, "managed": false, "animated": false, "available": true})
	}
	return object{
		"id": g.id, "name": g.name, "icon": nil, "description": nil, "home_header": nil, "splash": nil, "discovery_splash": nil,
		"features": list{}, "banner": nil, "owner_id": g.owner.id, "application_id": nil, "region": "deprecated",
		"afk_channel_id": nil, "afk_timeout": 300, "system_channel_id": nil, "system_channel_flags": 0, "widget_enabled": false,
		"widget_channel_id": nil, "verification_level": 0, "roles": roles, "default_message_notifications": 0, "mfa_level": 0,
		"explicit_content_filter": 0, "max_presences": nil, "max_members": 500000, "max_stage_video_channel_users": 50,
		"max_video_channel_users": 25, "vanity_url_code": nil, "premium_tier": 0, "premium_subscription_count": 0,
		"preferred_locale": "en-US", "rules_channel_id": nil, "safety_alerts_channel_id": nil, "public_updates_channel_id": nil,
		"premium_progress_bar_enabled": false, "nsfw": false, "nsfw_level": 0, "emojis": emojis, "stickers": list{},
		"incidents_data": nil,
	}
}

// guildCreate is the guild as the gateway tells it, for the bot.
func (s *Server) guildCreate() object {
	o := s.guildObject()
	delete(o, "home_header")
	delete(o, "nsfw")
	channels, threads, members := list{}, list{}, list{}
	for _, c := range s.sorted() {
		switch {
		case c.gone || s.rights(s.bot, c)&ViewChannel == 0:
		case !c.thread():
			one := s.channelObject(c, c.kind)
			delete(one, "guild_id")
			channels = append(channels, one)
		case !c.archived:
			threads = append(threads, s.threadFor(c))
		}
	}
	members = append(members, s.bot.memberWithUser())
	for id, a := range s.accounts {
		if s.o.AllMembers && id != s.bot.id {
			members = append(members, a.memberWithUser())
		}
	}
	o["channels"], o["threads"], o["members"] = channels, threads, members
	o["joined_at"], o["large"], o["member_count"], o["hub_type"] = stamp(s.guild.joined), len(s.accounts) > 250, len(s.accounts), nil
	for _, empty := range []string{"guild_scheduled_events", "presences", "soundboard_sounds", "stage_instances", "voice_states"} {
		o[empty] = list{}
	}
	return o
}

// threadFor is a thread with the bot's membership, if it has one.
func (s *Server) threadFor(c *channel) object {
	o := s.channelObject(c, c.kind)
	if _, in := c.members[s.bot.id]; in {
		o["member"] = c.memberObject(s.bot.id)
	}
	return o
}

// applicationObject is the bot's application as its owner sees it.
func (s *Server) applicationObject() object {
	flags := 0
	if s.o.Intents&intentMessageContent != 0 {
		flags |= 1 << 19 // GATEWAY_MESSAGE_CONTENT_LIMITED
	}
	if s.o.Intents&intentMembers != 0 {
		flags |= 1 << 15
	}
	if s.o.Intents&intentPresences != 0 {
		flags |= 1 << 13
	}
	return object{
		"id": s.guild.application, "name": "marginalia", "icon": nil, "description": "", "type": nil, "verify_key": "00",
		"flags": flags, "flags_new": strconv.Itoa(flags), "redirect_uris": list{}, "interactions_endpoint_url": nil,
		"role_connections_verification_url": nil, "owner": s.guild.owner.object(), "approximate_guild_count": 1,
		"approximate_user_install_count": 0, "approximate_user_authorization_count": 0, "explicit_content_filter": 0,
		"team": nil, "eligible_oauth2_scopes": list{}, "bot": s.bot.object(), "bot_public": false, "bot_require_code_grant": false,
	}
}
