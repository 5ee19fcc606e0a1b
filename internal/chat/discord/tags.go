package discord

import (
	"context"
	"slices"
	"strings"

	"marginalia/internal/chat"
)

const mostTags = 5 // of a forum's post

// tagsIn are the tags that the bot's posts have in a forum: those that are
// configured, as far as it has them; where it wants one and has none of these,
// the first that anybody may give.
// https://discord.com/developers/docs/resources/channel#forum-tag-object
func (p *Platform) tagsIn(c channel) (ids []string) {
	for _, name := range p.c.Tags {
		if i := slices.IndexFunc(c.Tags, func(t forumTag) bool { return strings.EqualFold(t.Name, name) }); i >= 0 && len(ids) < mostTags && !slices.Contains(ids, c.Tags[i].ID) {
			ids = append(ids, c.Tags[i].ID)
		}
	}
	if len(ids) > 0 || !c.wantsTag() || len(c.Tags) == 0 {
		return ids
	}
	free := slices.IndexFunc(c.Tags, func(t forumTag) bool { return !t.Moderated })
	return []string{c.Tags[max(free, 0)].ID}
}

// withTags posts in a forum with its tags. Where they are not what it has, since
// somebody changed them and the bot has not heard of it, it looks.
func (p *Platform) withTags(ctx context.Context, forum string, post func(tags []string) error) error {
	w, _ := p.places.get(forum)
	err := post(w.tags)
	if !is(err, tagRequired) && !(is(err, badForm) && strings.Contains(fieldOf(err), "applied_tags")) {
		return err
	}
	if _, looked := p.channel(ctx, forum); looked != nil {
		return looking(looked)
	}
	now, _ := p.places.get(forum)
	if slices.Equal(now.tags, w.tags) {
		return err
	}
	return post(now.tags)
}

// lacksTag reports of a finding about a forum that it wants a tag of each post and
// has none to give.
func lacksTag(f chat.Finding, c channel) (chat.Finding, bool) {
	if !c.isForum() || !c.wantsTag() || len(c.Tags) > 0 {
		return f, false
	}
	f.Why, f.Do = "each post of it must have a tag, and it has none", "make one: edit the forum (the cog beside its name), Tags; or switch off that posts must have one"
	return f, true
}
