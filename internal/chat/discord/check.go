package discord

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"marginalia/internal/chat"
)

// invited are the permissions that the invitation asks for.
const invited = viewChannel | sendMessages | sendInThreads | createThreads | manageThreads | readHistory |
	addReactions | embedLinks | attachFiles | externalEmoji | manageWebhooks

// needed are those that the bot does not do without, by the names that clients
// show.
var needed = []struct {
	permissions
	name, what string
}{
	{viewChannel, "View Channel", "see it"},
	{readHistory, "Read Message History", "read what was said before"},
	{sendMessages, "Send Messages", "post in it"},
	{createThreads, "Create Public Threads", "open a thread under each post"},
	{sendInThreads, "Send Messages in Threads", "speak in threads"},
	{manageThreads, "Manage Threads", "open locked threads again"},
	{addReactions, "Add Reactions", "react to messages"},
	{attachFiles, "Attach Files", "show files that are attached elsewhere, and names them"},
	{manageWebhooks, "Manage Webhooks", "show those who speak elsewhere by their names"},
}

// The flags of an application whose bot may read what people write.
const (
	readsContent      = 1 << 18
	readsContentSmall = 1 << 19
)

// invitation is the address at which a server lets the bot in.
func invitation(application string) string {
	query := url.Values{"client_id": {application}, "scope": {"bot applications.commands"}, "permissions": {strconv.FormatUint(uint64(invited), 10)}}
	return "https://discord.com/oauth2/authorize?" + query.Encode()
}

// Check implements chat.Checker.
func (p *Platform) Check(ctx context.Context) []chat.Finding {
	app, err := p.application(ctx)
	if err != nil {
		return []chat.Finding{p.tokenFails(err)}
	}
	me := p.identified(identity{user: app.Bot.ID, application: app.ID})
	all := []chat.Finding{
		{What: "the token", OK: true},
		{What: fmt.Sprintf("the application %q; a server lets it in at %s", app.Name, invitation(app.ID)), OK: true},
	}
	content := chat.Finding{What: "the bot may read what people write", OK: app.Flags&(readsContent|readsContentSmall) != 0}
	if !content.OK {
		content.Why = "the Message Content Intent is switched off: replies that do not mention the bot come without their words"
		content.Do = p.contentSwitch()
	}
	all = append(all, content)
	for _, id := range p.c.Channels {
		for _, f := range p.checkChannel(ctx, me, id) {
			f.Room = chat.Room{Platform: p.Profile().Name, ID: id}
			all = append(all, f)
		}
	}
	return all
}

func (p *Platform) tokenFails(err error) chat.Finding {
	f := chat.Finding{What: "the token", Why: err.Error(), Do: "see that Discord can be reached from this machine"}
	if errors.Is(err, chat.ErrAuth) {
		f.Why = "Discord does not accept it"
		f.Do = "make a new one at https://discord.com/developers/applications/" + idInToken(p.c.Token) + "/bot (“Reset Token”), and copy it whole"
	}
	return f
}

// checkChannel looks at one channel: whether it is there, of a kind that the
// bot speaks in, and what the bot may do there.
func (p *Platform) checkChannel(ctx context.Context, me identity, id string) []chat.Finding {
	f := chat.Finding{What: "channel " + id}
	c, err := p.channel(ctx, id)
	if is(err, unknownChannel) {
		f.Why, f.Do = "there is none of this id", "copy it in Discord: right-click the channel, “Copy Channel ID” (with Developer Mode switched on under Settings, Advanced)"
		return []chat.Finding{f}
	}
	if errors.Is(err, chat.ErrForbidden) {
		f.Why = "the bot does not see it: it was not let in, or lacks the permission “View Channel”"
		f.Do = "let it in at " + invitation(me.application) + "; if it is on the server, " + click("the channel", "View Channel")
		return []chat.Finding{f}
	}
	if err != nil {
		f.Why, f.Do = err.Error(), "try again"
		return []chat.Finding{f}
	}
	f.What = "channel #" + c.Name
	if p.insists(c) {
		f.What += " (threads = false is ignored: in a forum each post is a thread)"
	}
	if c.Type != textChannel && c.Type != newsChannel && !c.isForum() {
		f.Why, f.Do = "it is no channel for text, and no forum", "put the id of another one in its place"
		return []chat.Finding{f}
	}
	a, err := p.authorityOf(ctx, c.Guild)
	var m member
	if err == nil {
		err = p.get(ctx, "guilds/"+c.Guild+"/members/"+me.user, nil, &m)
	}
	if err != nil {
		f.Why, f.Do = "what the bot may do there cannot be looked up: "+err.Error(), "try again"
		return []chat.Finding{f}
	}
	if f, lacks := lacksTag(f, c); lacks {
		return []chat.Finding{f}
	}
	return lacking(f, c.Name, a.inChannel(me.user, m.Roles, c.Overwrites), invitation(me.application))
}

// lacking are the permissions that are not there, or that all are.
func lacking(f chat.Finding, channel string, have permissions, invite string) []chat.Finding {
	var all []chat.Finding
	for _, n := range needed {
		if have&n.permissions == 0 {
			all = append(all, chat.Finding{
				What: f.What + ": " + n.name, Why: "the bot may not " + n.what,
				Do: click("#"+channel, n.name) + "; or let the bot in once more, with all that it needs, at " + invite,
			})
		}
	}
	if len(all) == 0 {
		f.OK = true
		return []chat.Finding{f}
	}
	return all
}

// click says where a permission is given.
func click(channel, permission string) string {
	return fmt.Sprintf("edit %s (the cog beside its name), Permissions, the bot's role, switch on “%s”", channel, permission)
}
