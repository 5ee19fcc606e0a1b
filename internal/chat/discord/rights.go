package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"marginalia/internal/chat"
)

// permissions are bits, by Discord's numbers.
type permissions uint64

const (
	administrator   permissions = 1 << 3
	manageServer    permissions = 1 << 5
	addReactions    permissions = 1 << 6
	viewChannel     permissions = 1 << 10
	sendMessages    permissions = 1 << 11
	manageMessages  permissions = 1 << 13
	embedLinks      permissions = 1 << 14
	attachFiles     permissions = 1 << 15
	readHistory     permissions = 1 << 16
	externalEmoji   permissions = 1 << 18
	manageWebhooks  permissions = 1 << 29
	manageThreads   permissions = 1 << 34
	createThreads   permissions = 1 << 35
	sendInThreads   permissions = 1 << 38
	allPermissions  permissions = 1<<63 - 1
	noPermissions   permissions = 0
	memberOverwrite             = 1
)

func bits(s string) permissions {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return noPermissions
	}
	return permissions(n)
}

// right is what someone may tell the bot who has these permissions.
func (p permissions) right() chat.Right {
	switch {
	case p&(administrator|manageServer) != 0:
		return chat.Operator
	case p&manageMessages != 0:
		return chat.Moderator
	}
	return chat.Anyone
}

// role is a role of a server.
type role struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Permissions string `json:"permissions"`
}

// authority is who has a say on a server.
type authority struct {
	guild, owner string
	roles        []role
	asked        time.Time
}

// inChannel are the permissions of a member in a channel, in Discord's order:
// those of the roles; the channel's exceptions for everyone, for the roles, for
// the member.
func (a authority) inChannel(user string, roles []string, over []overwrite) permissions {
	if user == a.owner {
		return allPermissions
	}
	has := map[string]bool{a.guild: true}
	for _, id := range roles {
		has[id] = true
	}
	var all permissions
	for _, r := range a.roles {
		if has[r.ID] {
			all |= bits(r.Permissions)
		}
	}
	if all&administrator != 0 {
		return allPermissions
	}
	var everyone, some, one struct{ allow, deny permissions }
	for _, o := range over {
		allow, deny := bits(o.Allow), bits(o.Deny)
		switch {
		case o.Type == memberOverwrite && o.ID == user:
			one.allow, one.deny = allow, deny
		case o.Type == memberOverwrite:
		case o.ID == a.guild:
			everyone.allow, everyone.deny = allow, deny
		case has[o.ID]:
			some.allow, some.deny = some.allow|allow, some.deny|deny
		}
	}
	all = all&^everyone.deny | everyone.allow
	all = all&^some.deny | some.allow
	return all&^one.deny | one.allow
}

// authorityOf asks who has a say on a server.
func (p *Platform) authorityOf(ctx context.Context, guild string) (authority, error) {
	if a, known := recall(&p.memory, &p.memory.rights, guild); known && !a.asked.IsZero() && time.Since(a.asked) < 10*time.Minute {
		return a, nil
	}
	var g struct {
		Owner string `json:"owner_id"`
		Roles []role `json:"roles"`
	}
	if err := p.get(ctx, "guilds/"+guild, nil, &g); err != nil {
		return authority{}, err
	}
	a := authority{guild: guild, owner: g.Owner, roles: g.Roles, asked: time.Now()}
	note(&p.memory, &p.memory.rights, guild, a)
	return a, nil
}

// mayRead refuses if the bot may not read what was said in a channel or thread.
// It asks anew: what is known of the bot's roles may be from before a session
// broke off.
func (p *Platform) mayRead(ctx context.Context, id string) error {
	w, err := p.find(ctx, id)
	if err != nil {
		return looking(err)
	}
	me, err := p.who(ctx)
	if err != nil {
		return looking(err)
	}
	c, err := p.channel(ctx, cmp.Or(w.place.Room.ID, id))
	if err != nil {
		return looking(err)
	}
	note(&p.memory, &p.memory.rights, c.Guild, authority{})
	a, err := p.authorityOf(ctx, c.Guild)
	if err != nil {
		return looking(err)
	}
	var m member
	if err := p.get(ctx, "guilds/"+c.Guild+"/members/"+me.user, nil, &m); err != nil {
		return looking(err)
	}
	if a.inChannel(me.user, m.Roles, c.Overwrites)&readHistory == 0 {
		return fmt.Errorf("the bot may not read what was said (permission “Read Message History”): %w", chat.ErrForbidden)
	}
	return nil
}

// rightsChanged: what was known of a server's roles is not so any more.
func (p *Platform) rightsChanged(h heard) {
	var e struct {
		ID    string `json:"id"`
		Guild string `json:"guild_id"`
	}
	if json.Unmarshal(h.data, &e) == nil {
		note(&p.memory, &p.memory.rights, cmp.Or(e.Guild, e.ID), authority{})
	}
}

// rightsOf is what the writer of a message may tell the bot. Who cannot be
// looked at may what anyone may.
func (p *Platform) rightsOf(ctx context.Context, w where, user string, m *member) (chat.Right, error) {
	guild := p.guildOf(w.place.Room.ID)
	if guild == "" || !isID(user) {
		return chat.Anyone, nil
	}
	var a authority
	err := p.waited(ctx, func() (err error) { a, err = p.authorityOf(ctx, guild); return err })
	if err == nil && m == nil {
		m = new(member)
		err = p.waited(ctx, func() error { return p.get(ctx, "guilds/"+guild+"/members/"+user, nil, m) })
	}
	if isRefusal(err) {
		return chat.Anyone, nil
	}
	if err != nil {
		return chat.Anyone, err
	}
	var c channel
	err = p.waited(ctx, func() (err error) { c, err = p.channel(ctx, w.place.Room.ID); return err })
	if err != nil {
		return chat.Anyone, looking(err)
	}
	return a.inChannel(user, m.Roles, c.Overwrites).right(), nil
}
