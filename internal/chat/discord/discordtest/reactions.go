package discordtest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// emojiOf reads the emoji in the path: a character, or name:id of the guild's.
func (s *Server) emojiOf(r *request) (name, id string, e *apiError) {
	return s.emoji(r.PathValue("emoji_name"))
}

func (s *Server) emoji(text string) (name, id string, e *apiError) {
	name, id, custom := strings.Cut(text, ":")
	switch {
	case custom && s.guild.emojis[name] == id:
		return name, id, nil
	case custom, text == "", strings.ContainsFunc(text, notEmoji):
		return "", "", errUnknownEmoji
	}
	return text, "", nil
}

// notEmoji reports what no emoji of Unicode has in it; digits, # and * begin
// keycaps.
func notEmoji(r rune) bool {
	return r < 0x80 && !strings.ContainsRune("0123456789#*", r) || unicode.IsLetter(r) || unicode.IsSpace(r)
}

func (s *Server) addReaction(r *request) (int, any, *apiError) {
	m, e := s.messageOf(r, ReadHistory)
	if e != nil {
		return 0, nil, e
	}
	name, id, e := s.emojiOf(r)
	if e != nil {
		return 0, nil, e
	}
	if e := s.react(r, m, r.actor, name, id); e != nil {
		return 0, nil, e
	}
	return http.StatusNoContent, nil, nil
}

// react puts a reaction on m. A second of the same kind changes nothing.
func (s *Server) react(r *request, m *message, by *account, name, id string) *apiError {
	if m.in.archived {
		return errArchived
	}
	have := m.reaction(name, id)
	if have == nil {
		if s.rights(by, m.in)&AddReactions == 0 {
			return errMissingPermissions
		}
		if len(m.reactions) >= maxReactions {
			return errMaxReactions
		}
		have = &reaction{name: name, id: id}
		m.reactions = append(m.reactions, have)
	}
	if slices.Contains(have.by, by.id) {
		return nil
	}
	have.by = append(have.by, by.id)
	data := s.reactionData(m, by.id, name, id)
	data["member"] = by.memberWithUser()
	if m.author != nil {
		data["message_author_id"] = m.author.id
	}
	s.told(r, event{name: "MESSAGE_REACTION_ADD", intent: intentReactions, channel: m.in, data: data})
	return nil
}

func (s *Server) reactionData(m *message, user, name, id string) object {
	return object{
		"user_id": user, "channel_id": m.in.id, "message_id": m.id, "guild_id": s.guild.id, "emoji": emojiObject(name, id),
		"burst": false, "type": 0,
	}
}

func (s *Server) deleteMyReaction(r *request) (int, any, *apiError) {
	return s.takeReaction(r, r.actor.id)
}

func (s *Server) deleteUserReaction(r *request) (int, any, *apiError) {
	return s.takeReaction(r, r.PathValue("user_id"))
}

func (s *Server) takeReaction(r *request, user string) (int, any, *apiError) {
	m, e := s.messageOf(r, 0)
	if e != nil {
		return 0, nil, e
	}
	name, id, e := s.emojiOf(r)
	if e != nil {
		return 0, nil, e
	}
	if user != r.actor.id && s.rights(r.actor, m.in)&ManageMessages == 0 {
		return 0, nil, errMissingPermissions
	}
	if e := s.unreact(r, m, user, name, id); e != nil {
		return 0, nil, e
	}
	return http.StatusNoContent, nil, nil
}

// unreact takes a reaction off m, if it is there.
func (s *Server) unreact(r *request, m *message, user, name, id string) *apiError {
	if m.in.archived {
		return errArchived
	}
	have := m.reaction(name, id)
	if have == nil || !slices.Contains(have.by, user) {
		return nil
	}
	have.by = slices.DeleteFunc(have.by, func(b string) bool { return b == user })
	m.reactions = slices.DeleteFunc(m.reactions, func(r *reaction) bool { return len(r.by) == 0 })
	s.told(r, event{name: "MESSAGE_REACTION_REMOVE", intent: intentReactions, channel: m.in, data: s.reactionData(m, user, name, id)})
	return nil
}

// listReactions pages through who reacted, by id.
func (s *Server) listReactions(r *request) (int, any, *apiError) {
	m, e := s.messageOf(r, ReadHistory)
	if e != nil {
		return 0, nil, e
	}
	name, id, e := s.emojiOf(r)
	if e != nil {
		return 0, nil, e
	}
	limit := 25
	if n, err := strconv.Atoi(r.query.Get("limit")); err == nil {
		limit = n
	}
	all := list{}
	have := m.reaction(name, id)
	if have == nil || r.query.Get("type") == "1" {
		return http.StatusOK, all, nil
	}
	by := slices.SortedFunc(slices.Values(have.by), newer)
	for _, user := range by {
		if newer(user, r.query.Get("after")) > 0 && len(all) < limit {
			all = append(all, s.accounts[user].object())
		}
	}
	return http.StatusOK, all, nil
}

func (s *Server) deleteReactions(r *request) (int, any, *apiError) {
	m, e := s.messageOf(r, ManageMessages)
	if e != nil {
		return 0, nil, e
	}
	s.clearReactions(r, m)
	return http.StatusNoContent, nil, nil
}

func (s *Server) clearReactions(r *request, m *message) {
	m.reactions = nil
	s.told(r, event{name: "MESSAGE_REACTION_REMOVE_ALL", intent: intentReactions, channel: m.in, data: object{"channel_id": m.in.id, "message_id": m.id, "guild_id": s.guild.id}})
}

func (s *Server) deleteEmoji(r *request) (int, any, *apiError) {
	m, e := s.messageOf(r, ManageMessages)
	if e != nil {
		return 0, nil, e
	}
	name, id, e := s.emojiOf(r)
	if e != nil {
		return 0, nil, e
	}
	s.clearEmoji(r, m, name, id)
	return http.StatusNoContent, nil, nil
}

func (s *Server) clearEmoji(r *request, m *message, name, id string) {
	m.reactions = slices.DeleteFunc(m.reactions, func(r *reaction) bool { return r.name == name && r.id == id })
	s.told(r, event{name: "MESSAGE_REACTION_REMOVE_EMOJI", intent: intentReactions, channel: m.in, data: object{
		"channel_id": m.in.id, "message_id": m.id, "guild_id": s.guild.id, "emoji": emojiObject(name, id),
	}})
}
