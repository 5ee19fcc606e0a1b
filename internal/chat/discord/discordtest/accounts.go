package discordtest

import (
	"net/http"
	"strconv"
	"time"
)

func (s *Server) getGateway(*request) (int, any, *apiError) {
	return http.StatusOK, object{"url": s.gatewayURL()}, nil
}

func (s *Server) getBotGateway(r *request) (int, any, *apiError) {
	used := s.startsToday(r.now)
	return http.StatusOK, object{"url": s.gatewayURL(), "shards": 1, "session_start_limit": object{
		"total": s.o.Identify, "remaining": max(0, s.o.Identify-used), "reset_after": (24 * time.Hour).Milliseconds(), "max_concurrency": 1,
	}}, nil
}

func (s *Server) getMyUser(*request) (int, any, *apiError) { return http.StatusOK, s.bot.self(), nil }

func (s *Server) getUser(r *request) (int, any, *apiError) {
	a := s.accounts[r.PathValue("user_id")]
	if a == nil {
		return 0, nil, errUnknownUser
	}
	return http.StatusOK, a.object(), nil
}

func (s *Server) listMyGuilds(*request) (int, any, *apiError) {
	return http.StatusOK, list{object{
		"id": s.guild.id, "name": s.guild.name, "icon": nil, "banner": nil, "owner": false,
		"permissions": strconv.FormatInt(s.roleRights(s.bot), 10), "features": list{},
	}}, nil
}

func (s *Server) getMyApplication(r *request) (int, any, *apiError) {
	if id := r.PathValue("application_id"); id != "" && id != s.guild.application {
		return 0, nil, errUnknownApplication
	}
	return http.StatusOK, s.applicationObject(), nil
}

func (s *Server) getGuild(r *request) (int, any, *apiError) {
	if r.PathValue("guild_id") != s.guild.id {
		return 0, nil, errUnknownGuild
	}
	o := s.guildObject()
	if r.query.Get("with_counts") == "true" {
		o["approximate_member_count"], o["approximate_presence_count"] = len(s.accounts), 1
	}
	return http.StatusOK, o, nil
}

func (s *Server) listRoles(r *request) (int, any, *apiError) {
	if r.PathValue("guild_id") != s.guild.id {
		return 0, nil, errUnknownGuild
	}
	all := list{}
	for _, one := range s.guild.roles {
		all = append(all, one.object())
	}
	return http.StatusOK, all, nil
}

func (s *Server) getMember(r *request) (int, any, *apiError) {
	if r.PathValue("guild_id") != s.guild.id {
		return 0, nil, errUnknownGuild
	}
	a := s.accounts[r.PathValue("user_id")]
	if a == nil {
		return 0, nil, errUnknownMember
	}
	return http.StatusOK, a.memberWithUser(), nil
}
