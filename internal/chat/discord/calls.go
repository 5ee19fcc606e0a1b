package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bwmarrin/discordgo"

	"marginalia/internal/chat"
)

// ask is one request to the API.
type ask struct {
	method string
	path   string // below the version, escaped
	query  url.Values
	in     any // nil: no body
	file   *enclosed
	scope  chat.Scope
	free   bool // it counts to no limit, and needs no token of the bot's
}

// call makes one request, once: whoever asks decides whether to ask again. What
// Discord answers is decoded into out, unless that is nil.
func (p *Platform) call(ctx context.Context, a ask, out any) error {
	if !safePath.MatchString(a.path) {
		return &failure{text: "the request would go elsewhere", kind: chat.ErrRefused}
	}
	kind, body, err := a.body()
	if err != nil {
		return fmt.Errorf("write a request: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, p.c.Timeout+carrying(int64(len(body))))
	defer cancel()
	x := &exchange{route: routeOf(a)}
	address := discordgo.EndpointAPI + a.path
	if len(a.query) > 0 {
		address += "?" + a.query.Encode()
	}
	bucket := new(discordgo.Bucket) // discordgo's own wait with a lock held, for ever if need be
	bucket.Lock()
	answer, err := p.rest.RequestWithLockedBucket(a.method, address, kind, body, bucket, 0,
		discordgo.WithContext(withExchange(ctx, x)))
	if err != nil || x.status != 0 {
		return p.translate(x, err, a.scope)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("read what Discord answers to %s %s: %w", a.method, x.route.name, err)
	}
	return nil
}

// safePath is what a path is made of: no id of Discord's leads elsewhere.
var safePath = regexp.MustCompile(`^[A-Za-z0-9_@%~:+.-]+(/[A-Za-z0-9_@%~:+.-]+)*$`)

func (p *Platform) get(ctx context.Context, path string, query url.Values, out any) error {
	return p.call(ctx, ask{method: http.MethodGet, path: path, query: query, scope: chat.RoomScope}, out)
}

// routeOf leaves the ids out of a path, and names the one that has a limit of
// its own.
func routeOf(a ask) route {
	parts := strings.Split(a.path, "/")
	r := route{scope: a.scope, free: a.free}
	if len(parts) > 1 && (parts[0] == "channels" || parts[0] == "guilds" || parts[0] == "webhooks") {
		r.major = parts[1]
	}
	named := slices.Clone(parts)
	for i := range named {
		hooked := i > 1 && (parts[i-2] == "webhooks" || parts[i-2] == "interactions")
		if isID(named[i]) || hooked || i > 0 && parts[i-1] == "reactions" {
			named[i] = "{}"
		}
	}
	r.name = a.method + " " + strings.Join(named, "/")
	return r
}

// page is how messages are listed.
const page = 100

// messages are up to 100 messages of a channel or thread that came after one.
// To who may not read what was said Discord shows an empty channel: that there
// is nothing is believed only of a channel that may be read.
func (p *Platform) messages(ctx context.Context, channel, after string) (sheet, error) {
	var raw []json.RawMessage
	query := url.Values{"after": {after}, "limit": {strconv.Itoa(page)}}
	if err := p.get(ctx, "channels/"+channel+"/messages", query, &raw); err != nil {
		return sheet{}, err
	}
	if len(raw) > 0 {
		return inOrder(raw), nil
	}
	return sheet{}, p.mayRead(ctx, channel)
}

// channel is a channel or thread as it is now.
func (p *Platform) channel(ctx context.Context, id string) (channel, error) {
	var c channel
	err := p.get(ctx, "channels/"+id, nil, &c)
	if err == nil {
		p.learn(c)
	}
	return c, err
}

// who finds out who the bot is.
func (p *Platform) who(ctx context.Context) (identity, error) {
	p.mu.Lock()
	self := p.self
	p.mu.Unlock()
	if self.application != "" && self.user != "" {
		return self, nil
	}
	a, err := p.application(ctx)
	if err != nil {
		return identity{}, err
	}
	return p.identified(identity{user: a.Bot.ID, application: a.ID}), nil
}

func (p *Platform) application(ctx context.Context) (application, error) {
	var a application
	if err := p.get(ctx, "applications/@me", nil, &a); err != nil {
		return a, fmt.Errorf("ask whose the token is: %w", err)
	}
	return a, nil
}

// identified keeps who the bot is.
func (p *Platform) identified(self identity) identity {
	p.mu.Lock()
	defer p.mu.Unlock()
	if self.user != "" {
		p.self.user = self.user
	}
	if self.application != "" {
		p.self.application = self.application
	}
	return p.self
}

// me is who the bot is, as far as it is known.
func (p *Platform) me() identity {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.self
}
