package discordtest

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"time"
)

// The templates of answers and events. They are whole: each field that
// Discord's schemas require is there.

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000-07:00") }

func (a *account) object() object {
	o := object{
		"id": a.id, "username": a.name, "avatar": nil, "discriminator": "0", "public_flags": 0, "flags": 0,
		"global_name": a.global, "primary_guild": nil,
	}
	if a.bot {
		o["bot"], o["global_name"] = true, nil
	}
	return o
}

// self is the bot as GET /users/@me tells it.
func (a *account) self() object {
	o := a.object()
	o["mfa_enabled"], o["locale"], o["verified"], o["email"] = true, "en-US", true, nil
	return o
}

func (a *account) member() object {
	return object{
		"avatar": nil, "banner": nil, "communication_disabled_until": nil, "flags": 0, "joined_at": stamp(a.joined),
		"nick": nil, "pending": false, "premium_since": nil, "roles": strings2list(a.roles), "mute": false, "deaf": false,
	}
}

func (a *account) memberWithUser() object {
	o := a.member()
	o["user"] = a.object()
	return o
}

func strings2list(all []string) list {
	out := list{}
	for _, s := range all {
		out = append(out, s)
	}
	return out
}

func (r *role) object() object {
	return object{
		"id": r.id, "name": r.name, "permissions": strconv.FormatInt(r.perms, 10), "position": 0, "color": 0,
		"colors": object{"primary_color": 0, "secondary_color": nil, "tertiary_color": nil},
		"hoist":  false, "managed": r.managed, "mentionable": false, "icon": nil, "unicode_emoji": nil, "flags": 0,
	}
}

// orNull is an id, or null.
func orNull(id string) any {
	if id == "" {
		return nil
	}
	return id
}

// channelObject is a channel or a thread; kind is its type.
func (s *Server) channelObject(c *channel, kind int) object {
	o := object{
		"id": c.id, "type": kind, "last_message_id": orNull(c.lastID), "flags": 0, "guild_id": s.guild.id,
		"name": c.name, "rate_limit_per_user": c.slow,
	}
	if c.thread() {
		o["parent_id"], o["owner_id"] = c.parent.id, c.owner
		o["message_count"], o["member_count"], o["total_message_sent"] = c.count, min(len(c.members), 50), c.total
		o["thread_metadata"] = object{
			"archived": c.archived, "archive_timestamp": stamp(c.archivedAt), "auto_archive_duration": c.autoArchive,
			"locked": c.locked, "create_timestamp": stamp(c.created),
		}
		if c.parent.kind == forumChannel {
			o["applied_tags"] = strings2list(c.applied)
		}
		return o
	}
	o["parent_id"], o["position"], o["topic"], o["nsfw"] = nil, c.position, c.topic, false
	over := list{}
	for id, w := range c.overwrites {
		kind := 0
		if w.member {
			kind = 1
		}
		over = append(over, object{"id": id, "type": kind, "allow": strconv.FormatInt(w.allow, 10), "deny": strconv.FormatInt(w.deny, 10)})
	}
	o["permission_overwrites"] = over
	if kind == forumChannel {
		tags := list{}
		for _, t := range c.tags {
			tags = append(tags, t)
		}
		if o["flags"] = 0; c.wantsTag {
			o["flags"] = requireTag
		}
		o["available_tags"], o["default_reaction_emoji"], o["default_sort_order"], o["default_forum_layout"] = tags, nil, nil, 0
	}
	return o
}

func (c *channel) memberObject(user string) object {
	return object{"id": c.id, "user_id": user, "join_timestamp": stamp(c.members[user]), "flags": 0}
}

// hash stands for what Discord makes of a picture's address.
func hash(address string) any {
	if address == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:16])
}

func (m *message) authorObject() object {
	if m.webhook == nil {
		return m.author.object()
	}
	return object{
		"id": m.webhook.id, "username": m.persona, "avatar": hash(m.avatar), "discriminator": "0000", "public_flags": 0,
		"flags": 0, "global_name": nil, "primary_guild": nil, "bot": true,
	}
}

// basic is a message without what it answers, its thread and its reactions.
// Without sight of its content that is blank.
func (s *Server) basic(m *message, sight bool) object {
	o := object{
		"type": m.kind, "content": m.content, "mentions": list{}, "mention_roles": strings2list(m.pings.roles),
		"attachments": list{}, "embeds": list{}, "timestamp": stamp(m.at), "edited_timestamp": nil, "flags": m.flags,
		"components": list{}, "id": m.id, "channel_id": m.in.id, "author": m.authorObject(), "pinned": false,
		"mention_everyone": m.pings.everyone, "tts": m.tts,
	}
	for _, id := range m.pings.users {
		o["mentions"] = append(o["mentions"].(list), s.accounts[id].object())
	}
	if !m.edited.IsZero() {
		o["edited_timestamp"] = stamp(m.edited)
	}
	if m.webhook != nil {
		o["webhook_id"] = m.webhook.id
		if m.webhook.application != "" {
			o["application_id"] = m.webhook.application
		}
	}
	if m.answers != nil {
		o["webhook_id"], o["application_id"] = s.guild.application, s.guild.application
		o["interaction_metadata"] = m.answers.metadata()
	}
	if m.refers != nil {
		ref := object{"type": m.refers.kind, "channel_id": m.refers.channel, "guild_id": s.guild.id}
		if m.refers.message != "" {
			ref["message_id"] = m.refers.message
		}
		o["message_reference"] = ref
	}
	if m.in.thread() {
		o["position"] = slices.Index(m.in.messages, m) + 1
	}
	if !sight {
		o["content"] = ""
		return o
	}
	if len(m.embeds) > 0 {
		o["embeds"] = m.embeds
	}
	if len(m.components) > 0 {
		o["components"] = m.components
	}
	for _, a := range m.attachments {
		o["attachments"] = append(o["attachments"].(list), s.signed(a))
	}
	if len(m.stickers) > 0 {
		o["sticker_items"] = m.stickers
	}
	if m.passedOn != nil {
		o["message_snapshots"] = list{object{"message": s.snapshot(m.passedOn)}}
	}
	if m.poll != nil {
		o["poll"] = m.poll
	}
	return o
}

// messageObject is a message as it is told; see reports for which a someone
// sees the content.
func (s *Server) messageObject(m *message, sees func(*message) bool) object {
	o := s.basic(m, sees(m))
	if m.kind == reply || m.kind == threadStarter {
		o["referenced_message"] = nil
		if to := s.messages[m.refers.message]; to != nil && !to.deleted {
			o["referenced_message"] = s.basic(to, sees(to))
		}
	}
	if m.started != nil && !m.started.gone {
		o["thread"] = s.channelObject(m.started, m.started.kind)
	}
	if len(m.reactions) > 0 {
		o["reactions"] = s.reactionObjects(m)
	}
	return o
}

func (s *Server) reactionObjects(m *message) list {
	all := list{}
	for _, r := range m.reactions {
		all = append(all, object{
			"emoji": emojiObject(r.name, r.id), "count": len(r.by), "count_details": object{"burst": 0, "normal": len(r.by)},
			"burst_colors": list{}, "me_burst": false, "me": slices.Contains(r.by, s.bot.id),
		})
	}
	return all
}

func emojiObject(name, id string) object { return object{"id": orNull(id), "name": name} }

func (s *Server) webhookObject(w *webhook) object {
	o := object{
		"application_id": orNull(w.application), "avatar": nil, "channel_id": w.channel, "guild_id": s.guild.id,
		"id": w.id, "name": w.name, "type": 1, "user": w.owner.object(),
	}
	if w.application == s.guild.application { // others' tokens are not told
		o["token"], o["url"] = w.token, "https://discord.com/api/webhooks/"+w.id+"/"+w.token
	}
	return o
}
