package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"maunium.net/go/mautrix"

	"marginalia/internal/chat"
)

// Check implements chat.Checker: the homeserver, the token, and each room with
// what the account may do in it. Nobody sees that it was here.
func (p *Platform) Check(ctx context.Context) []chat.Finding {
	server := p.checkServer(ctx)
	if !server.OK {
		return []chat.Finding{server}
	}
	token := p.checkToken(ctx)
	all := []chat.Finding{server, token}
	if !token.OK {
		return all
	}
	in, err := p.memberships(ctx)
	if err != nil {
		return append(all, chat.Finding{What: "the account's rooms", Why: err.Error(), Do: "check again: the homeserver is in trouble"})
	}
	m := members{in, sync.OnceValues(func() ([]string, error) { return p.invitations(ctx) })}
	for _, room := range p.rooms {
		all = append(all, p.checkMoved(ctx, room.ID, m, 0)...)
	}
	return all
}

// mostMoves is how often a room may have been replaced.
const mostMoves = 20

// checkMoved looks at a room, or at the one that it was replaced by in the end:
// it follows where Run does.
func (p *Platform) checkMoved(ctx context.Context, room string, m members, moves int) []chat.Finding {
	all := p.lookMoved(ctx, room, m, moves)
	for i := range all {
		if all[i].Room == (chat.Room{}) {
			all[i].Room = chat.Room{Platform: p.Profile().Name, ID: room}
		}
	}
	return all
}

func (p *Platform) lookMoved(ctx context.Context, room string, m members, moves int) []chat.Finding {
	if p.stays[room] {
		return p.checkRoom(ctx, room, m)
	}
	closed, err := p.tombstone(ctx, room)
	to := closed.Content.text("replacement_room")
	if err != nil || to == "" || to == room || moves == mostMoves {
		return p.checkRoom(ctx, room, m)
	}
	f := chat.Finding{What: "room " + room + ": the bot is in the room that it was replaced by, " + to, OK: slices.Contains(m.in, to)}
	if f.OK {
		replaces, err := p.replaces(ctx, to, room)
		if err == nil && replaces {
			return append([]chat.Finding{f}, p.checkMoved(ctx, to, m, moves+1)...)
		}
		f = chat.Finding{What: "room " + room + ": it was closed in favour of " + to, Why: notMadeFrom, Do: "have the room closed in favour of another one, or set follow = false under [[rooms]]: the bot stays where it is"}
		if err != nil {
			f.Why, f.Do = fmt.Sprintf("where that comes from cannot be asked: %s", err), "check again: the homeserver is in trouble"
		}
		return append([]chat.Finding{f}, p.checkRoom(ctx, room, m)...)
	}
	if invited, err := m.invited(); err == nil && slices.Contains(invited, to) {
		return []chat.Finding{{What: "room " + room + ": the bot is invited to the room that it was replaced by, " + to + ", and accepts when it runs", OK: true}}
	}
	f.Why = "the room was closed in favour of that one, in which the bot is not"
	f.Do = fmt.Sprintf("invite %s there, if bot run cannot enter it by itself", p.userID())
	return []chat.Finding{f}
}

// versions is what a homeserver says of itself.
type versions struct {
	Versions []string `json:"versions"`
}

func (p *Platform) checkServer(ctx context.Context) chat.Finding {
	f := chat.Finding{What: "the homeserver " + p.c.Homeserver}
	var v versions
	err := p.askAnyone(ctx, strings.TrimRight(p.c.Homeserver, "/")+"/_matrix/client/versions", &v)
	if f.OK = err == nil && len(v.Versions) > 0; f.OK {
		return f
	}
	f.Why = "it answers, but not as a homeserver does"
	if err != nil {
		f.Why = fmt.Sprintf("it does not answer as a homeserver does: %s", err)
	}
	f.Do = "set [matrix] homeserver to the address of the server's client API"
	if meant := p.meant(ctx); meant != "" {
		f.Do = fmt.Sprintf("did you mean homeserver = %q in [matrix]?", meant)
	}
	return f
}

// meant is the homeserver's address as the name of the server is said to lead
// to it, "" if it does not.
func (p *Platform) meant(ctx context.Context) string {
	names := []string{strings.TrimRight(p.c.Homeserver, "/")}
	if _, server, ok := strings.Cut(p.c.UserID, ":"); ok {
		names = append(names, "https://"+server)
	}
	for _, name := range names {
		var said struct {
			Homeserver struct {
				Address string `json:"base_url"`
			} `json:"m.homeserver"`
		}
		var v versions
		if p.askAnyone(ctx, name+"/.well-known/matrix/client", &said) != nil {
			continue
		}
		address := strings.TrimRight(said.Homeserver.Address, "/")
		if p.askAnyone(ctx, address+"/_matrix/client/versions", &v) == nil && len(v.Versions) > 0 {
			return address
		}
	}
	return ""
}

// askAnyone gets what anyone is told, without the token: it may go to a server that
// is not the account's.
func (p *Platform) askAnyone(ctx context.Context, address string, out any) error {
	ctx, cancel := context.WithTimeout(ctx, p.c.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return errors.New("it is no address")
	}
	answer, err := p.c.HTTP.Do(request)
	if err != nil {
		return errors.New(reason(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	if json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(out) != nil {
		return errors.New("the answer is no JSON")
	}
	return nil
}

const newToken = `log in as the README's "With Matrix" shows, and put the new access_token into token_file`

func (p *Platform) checkToken(ctx context.Context) chat.Finding {
	f := chat.Finding{What: "the token"}
	var answer struct {
		User string `json:"user_id"`
	}
	err := p.get(ctx, p.address("v3", "account", "whoami"), &answer)
	var said mautrix.HTTPError
	errors.As(err, &said)
	want := p.c.UserID
	switch {
	case err == nil && (want == "" || want == answer.User):
		f.OK = true
		p.self.Store(&answer.User)
	case err == nil:
		f.Why = fmt.Sprintf("it is the token of %s, not of %s", answer.User, want)
		f.Do = fmt.Sprintf("set [matrix] user to %q, or put a token of %s into token_file", answer.User, want)
	case said.RespError != nil && said.RespError.ExtraData["soft_logout"] == true:
		f.Why, f.Do = "it has expired", newToken
	case said.RespError != nil && said.RespError.ErrCode == "M_USER_DEACTIVATED":
		f.Why, f.Do = "its account was closed", "make another account for the bot, and set [matrix] user and token_file"
	case errors.Is(err, chat.ErrAuth):
		f.Why, f.Do = "the homeserver does not accept it: it is another server's, or its session was logged out", newToken
	default:
		f.Why, f.Do = fmt.Sprintf("whose it is cannot be asked: %s", err), "check again: the homeserver is in trouble"
	}
	return f
}

// members are the rooms that the account is in, and those that it is invited
// to, which takes long to ask and is asked once, if at all.
type members struct {
	in      []string
	invited func() ([]string, error)
}

// memberships are the rooms that the account is in.
func (p *Platform) memberships(ctx context.Context) (in []string, err error) {
	var joined struct {
		Rooms []string `json:"joined_rooms"`
	}
	if err := p.get(ctx, p.address("v3", "joined_rooms"), &joined); err != nil {
		return nil, fmt.Errorf("ask for the account's rooms: %w", err)
	}
	return joined.Rooms, nil
}

// invitations are the rooms that the account is invited to.
func (p *Platform) invitations(ctx context.Context) (invited []string, err error) {
	query := map[string]string{"timeout": "0", "set_presence": "offline", "filter": syncFilter(nil, 1, nil)}
	var news answer
	if err := p.call(ctx, 2*p.c.Timeout, http.MethodGet, p.addressWith(query, "v3", "sync"), nil, &news); err != nil {
		return nil, fmt.Errorf("ask for the account's invitations: %w", err)
	}
	for room := range news.Rooms.Invite {
		invited = append(invited, room)
	}
	return invited, nil
}

func (p *Platform) checkRoom(ctx context.Context, room string, m members) []chat.Finding {
	joined := chat.Finding{What: "room " + room + ": the bot is in it", OK: slices.Contains(m.in, room)}
	if !joined.OK {
		invited, err := m.invited()
		if err != nil {
			return []chat.Finding{{What: "the account's rooms", Why: err.Error(), Do: "check again: the homeserver is in trouble"}}
		}
		if slices.Contains(invited, room) {
			return []chat.Finding{{What: "room " + room + ": the bot is invited, and accepts when it runs; its rights there can be looked at then", OK: true}}
		}
		joined.Why = "the bot is not in the room, nor invited"
		joined.Do = fmt.Sprintf("invite %s (in Element: the room's People, Invite), or mend the id (Element shows it in Room settings, Advanced); an open room is joined by bot run", p.userID())
		return []chat.Finding{joined}
	}
	plain := p.checkPlain(ctx, room)
	all := []chat.Finding{joined, plain}
	if !plain.OK {
		return all
	}
	w, err := p.powers(ctx, room)
	if err != nil {
		return append(all, chat.Finding{What: "room " + room + ": the bot's rights", Why: fmt.Sprintf("they cannot be asked: %s", err), Do: "check again: the homeserver is in trouble"})
	}
	return append(all, p.checkRights(room, w)...)
}

func (p *Platform) checkPlain(ctx context.Context, room string) chat.Finding {
	f := chat.Finding{What: "room " + room + ": not encrypted"}
	err := p.get(ctx, p.address("v3", "rooms", room, "state", "m.room.encryption", ""), nil)
	switch {
	case errors.Is(err, chat.ErrGone):
		f.OK = true
	case err == nil:
		f.Why = "the room is encrypted, which cannot be undone; the bot reads only rooms that are not"
		f.Do = fmt.Sprintf("make a room with “Enable end-to-end encryption” switched off, invite %s, and put its id into [[rooms]]", p.userID())
	default:
		f.Why, f.Do = fmt.Sprintf("it cannot be asked: %s", err), "check again: the homeserver is in trouble"
	}
	return f
}

// deed is something that the bot does in a room.
type deed struct {
	does    string
	event   string // that it sends
	setting string // what Element calls the right to do it
}

var deeds = []deed{
	{"post messages", "m.room.message", "Send messages"},
	{"react", "m.reaction", "Send reactions"},
	{"remove its own messages", "m.room.redaction", "Remove messages sent by me"},
}

// checkRights looks at what the bot needs. That it may remove what others said
// is told, but nothing depends on it.
func (p *Platform) checkRights(room string, w powers) []chat.Finding {
	self := p.userID()
	has := w.level(self)
	grant := func(setting string, needs int64) string {
		return fmt.Sprintf("in Element: Room settings, Roles & Permissions: give %s a role of %d or more, or set “%s” to a role of %d or less", self, needs, setting, has)
	}
	var all []chat.Finding
	for _, d := range deeds {
		f := chat.Finding{What: "room " + room + ": " + d.does}
		needs := w.needs(d.event)
		if f.OK = has >= needs; !f.OK {
			f.Why = fmt.Sprintf("the bot's power level is %d, and %d is needed", has, needs)
			f.Do = grant(d.setting, needs)
		}
		all = append(all, f)
	}
	needs, known := w.levels.number("redact")
	if !known {
		needs = moderatorLevel
	}
	others := chat.Finding{What: "room " + room + ": remove what others said", OK: true}
	if has < needs {
		others.Why = "it may not, and need not: that is for whoever wants a bot that moderates"
		others.Do = grant("Remove messages sent by others", needs)
	}
	return append(all, others)
}

// needs is the power level that it takes to send an event that is no state.
func (w powers) needs(event string) int64 {
	if level, known := w.levels.object("events").number(event); known {
		return level
	}
	level, _ := w.levels.number("events_default")
	return level
}

var _ chat.Checker = (*Platform)(nil)
