package discordtest

import (
	"fmt"
	"net/http"
	"slices"
)

func (s *Server) updateMessage(r *request) (int, any, *apiError) {
	m, e := s.messageOf(r, 0)
	if e != nil {
		return 0, nil, e
	}
	if m.author != r.actor {
		return 0, nil, s.broken(r, errNotAuthor)
	}
	var d draft
	if e := r.decode(&d); e != nil {
		return 0, nil, e
	}
	if e := s.edit(r, m, &d); e != nil {
		return 0, nil, e
	}
	return http.StatusOK, s.messageObject(m, s.botSees), nil
}

// edit changes a message's words. What d leaves out stays.
func (s *Server) edit(r *request, m *message, d *draft) *apiError {
	if m.kind != plainMessage && m.kind != reply && m.kind != slashAnswer && m.kind != menuAnswer {
		return s.broken(r, errSystemMessage)
	}
	if m.in.archived {
		return errArchived
	}
	if e := s.checkDraft(r, d, m); e != nil {
		return e
	}
	if m.flags&flagV2 != 0 && d.Flags != nil && *d.Flags&flagV2 == 0 {
		return s.broken(r, form("flags", "FLAGS", "IS_COMPONENTS_V2 can not be removed"))
	}
	if r.now.Sub(m.at).Hours() > 1 {
		if e := s.hidden(r, "late edits", m.in.id, 30046); e != nil {
			return e
		}
	}
	after := *m
	after.change(d)
	kept := d.Attachments == nil && len(m.attachments) > 0 || d.Attachments != nil && len(*d.Attachments) > 0 || len(r.files) > 0
	if after.content == "" && len(after.embeds) == 0 && len(after.components) == 0 && after.poll == nil && !kept {
		return s.broken(r, errEmptyMessage)
	}
	m.change(d)
	if d.Attachments != nil {
		ids := map[string]bool{}
		for _, a := range *d.Attachments {
			ids[fmt.Sprint(a["id"])] = true
		}
		m.attachments = slices.DeleteFunc(slices.Clone(m.attachments), func(a object) bool { return !ids[fmt.Sprint(a["id"])] })
	}
	if e := s.attach(r, m, d.Attachments); e != nil {
		return e
	}
	m.edited = r.now
	m.flags &^= flagLoading
	m.pings = mentions{}
	s.ring(m, d.Mentions)
	s.told(r, event{name: "MESSAGE_UPDATE", intent: intentMessages, channel: m.in, message: m})
	return nil
}

// change takes the words of d that are there.
func (m *message) change(d *draft) {
	if d.Content != nil {
		m.content = d.text()
	}
	if d.Embeds != nil {
		m.embeds = finished(*d.Embeds)
	}
	if d.Components != nil {
		m.components = built(*d.Components)
	}
	if d.Flags != nil {
		m.flags = m.flags&^flagNoEmbeds | *d.Flags&(flagNoEmbeds|flagV2)
	}
}

func (s *Server) deleteMessage(r *request) (int, any, *apiError) {
	m, e := s.messageOf(r, 0)
	if e != nil {
		return 0, nil, e
	}
	if m.author != r.actor && s.rights(r.actor, m.in)&ManageMessages == 0 {
		return 0, nil, errMissingPermissions
	}
	s.erase(r, m)
	return http.StatusNoContent, nil, nil
}

// erase deletes a message and tells it.
func (s *Server) erase(r *request, m *message) {
	s.remove(m)
	if m.onlyFor != "" {
		return
	}
	s.told(r, event{name: "MESSAGE_DELETE", intent: intentMessages, channel: m.in, data: object{"id": m.id, "channel_id": m.in.id, "guild_id": s.guild.id}})
}

func (s *Server) bulkDelete(r *request) (int, any, *apiError) {
	c, e := s.channelOf(r, ManageMessages)
	if e != nil {
		return 0, nil, e
	}
	var body struct{ Messages []string }
	if e := r.decode(&body); e != nil {
		return 0, nil, e
	}
	for _, id := range body.Messages {
		if m := s.message(c, id); m != nil && r.now.Sub(m.at).Hours() > 14*24 {
			return 0, nil, s.broken(r, errTooOld)
		}
	}
	s.bulk(r, c, body.Messages)
	return http.StatusNoContent, nil, nil
}

func (s *Server) bulk(r *request, c *channel, ids []string) {
	gone := list{}
	for _, id := range ids {
		if m := s.message(c, id); m != nil {
			s.remove(m)
			gone = append(gone, id)
		}
	}
	s.told(r, event{name: "MESSAGE_DELETE_BULK", intent: intentMessages, channel: c, data: object{"ids": gone, "channel_id": c.id, "guild_id": s.guild.id}})
}
