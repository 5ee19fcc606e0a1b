package discordtest

import (
	"net/http"
	"slices"
	"strings"
)

// sorted are all channels and threads, oldest first.
func (s *Server) sorted() []*channel {
	all := make([]*channel, 0, len(s.channels))
	for _, c := range s.channels {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *channel) int { return newer(a.id, b.id) })
	return all
}

func (s *Server) getChannel(r *request) (int, any, *apiError) {
	c, e := s.channelOf(r, 0)
	if e != nil {
		return 0, nil, e
	}
	if c.thread() {
		return http.StatusOK, s.threadFor(c), nil
	}
	return http.StatusOK, s.channelObject(c, c.kind), nil
}

func (s *Server) listChannels(r *request) (int, any, *apiError) {
	if r.PathValue("guild_id") != s.guild.id {
		return 0, nil, errUnknownGuild
	}
	all := list{}
	for _, c := range s.sorted() {
		if !c.gone && !c.thread() {
			all = append(all, s.channelObject(c, c.kind))
		}
	}
	return http.StatusOK, all, nil
}

func updateSchema(s *Server, r *request) string {
	if c := s.channels[r.PathValue("channel_id")]; c != nil && c.thread() {
		return "UpdateThreadRequestPartial"
	}
	return "UpdateGuildChannelRequestPartial"
}

// channelWish is what a request changes of a channel or thread.
type channelWish struct {
	Name     *string   `json:"name"`
	Archived *bool     `json:"archived"`
	Locked   *bool     `json:"locked"`
	Archive  *int      `json:"auto_archive_duration"`
	Slow     *int      `json:"rate_limit_per_user"`
	Tags     *[]string `json:"applied_tags"`
	Topic    any       `json:"topic"`
}

// only reports whether nothing but archived is asked for.
func (w *channelWish) only() bool {
	return w.Name == nil && w.Locked == nil && w.Archive == nil && w.Slow == nil && w.Tags == nil && w.Topic == nil
}

func (s *Server) updateChannel(r *request) (int, any, *apiError) {
	c, e := s.channelOf(r, 0)
	if e != nil {
		return 0, nil, e
	}
	var wish channelWish
	if e := r.decode(&wish); e != nil {
		return 0, nil, e
	}
	if e := s.mayUpdate(r.actor, c, &wish); e != nil {
		return 0, nil, e
	}
	if wish.Name != nil {
		if e := s.rename(r, c, *wish.Name); e != nil {
			return 0, nil, e
		}
	}
	if wish.Tags != nil {
		if e := s.checkTags(r, c.home(), *wish.Tags); e != nil {
			return 0, nil, e
		}
		c.applied = *wish.Tags
	}
	s.applyWish(c, &wish)
	o := s.channelObject(c, c.kind)
	if c.thread() {
		o = s.threadFor(c)
		s.told(r, event{name: "THREAD_UPDATE", intent: intentGuilds, channel: c, data: s.threadFor(c)})
	} else {
		s.told(r, event{name: "CHANNEL_UPDATE", intent: intentGuilds, channel: c, data: o})
	}
	return http.StatusOK, o, nil
}

// mayUpdate holds who may change a thread: who can speak there brings it back
// from the archive unless it is locked, its owner names and archives it, all
// else wants MANAGE_THREADS. While it is archived nothing else changes.
func (s *Server) mayUpdate(a *account, c *channel, w *channelWish) *apiError {
	if !c.thread() {
		return s.may(a, c, ManageChannels)
	}
	if c.archived && (w.Archived == nil || *w.Archived) {
		return errArchived
	}
	manages := s.rights(a, c)&ManageThreads != 0
	switch {
	case manages:
		return nil
	case w.Locked != nil || c.locked || w.Slow != nil:
		return errMissingPermissions
	case w.Archived != nil && !*w.Archived && w.only():
		return s.may(a, c, SendInThreads)
	case c.owner == a.id:
		return nil
	}
	return errMissingPermissions
}

func (s *Server) applyWish(c *channel, w *channelWish) {
	if w.Locked != nil {
		c.locked = *w.Locked
	}
	if w.Archived != nil && *w.Archived != c.archived {
		c.archived, c.archivedAt = *w.Archived, s.Now()
		c.spoken = s.Now()
	}
	if w.Archive != nil {
		c.autoArchive = *w.Archive
	}
	if w.Slow != nil {
		c.slow = *w.Slow
	}
	if w.Topic != nil {
		c.topic = w.Topic
	}
}

// rename counts in the hidden limit.
func (s *Server) rename(r *request, c *channel, name string) *apiError {
	if name == c.name {
		return nil
	}
	if e := s.checkThreadName(r, name); e != nil {
		return e
	}
	if e := s.hidden(r, "rename", c.id, 0); e != nil {
		return e
	}
	c.name = strings.TrimSpace(name)
	return nil
}

func (s *Server) deleteChannel(r *request) (int, any, *apiError) {
	c, e := s.channelOf(r, 0)
	if e != nil {
		return 0, nil, e
	}
	need := ManageChannels
	if c.thread() {
		need = ManageThreads
	}
	if e := s.may(r.actor, c, need); e != nil {
		return 0, nil, e
	}
	o := s.channelObject(c, c.kind)
	s.drop(r, c)
	return http.StatusOK, o, nil
}

// drop deletes a channel or thread with all that stands in it.
func (s *Server) drop(r *request, c *channel) {
	for _, t := range s.sorted() {
		if t.parent == c && !t.gone {
			s.drop(r, t)
		}
	}
	for _, m := range slices.Clone(c.messages) {
		s.remove(m)
	}
	for _, w := range s.webhooks {
		w.gone = w.gone || w.channel == c.id
	}
	c.gone = true
	if c.thread() {
		s.told(r, event{name: "THREAD_DELETE", intent: intentGuilds, channel: c, data: object{"id": c.id, "guild_id": s.guild.id, "parent_id": c.parent.id, "type": c.kind}})
		return
	}
	s.told(r, event{name: "CHANNEL_DELETE", intent: intentGuilds, channel: c, data: s.channelObject(c, c.kind)})
}

func (s *Server) typing(r *request) (int, any, *apiError) {
	c, e := s.channelOf(r, 0)
	if e != nil {
		return 0, nil, e
	}
	if e := s.may(r.actor, c, speak(c)); e != nil {
		return 0, nil, e
	}
	return http.StatusNoContent, nil, nil
}
