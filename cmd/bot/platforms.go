package main

import (
	"context"
	"log/slog"
	"net"
	"net/url"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord"
	"marginalia/internal/chat/local"
	"marginalia/internal/chat/matrix"
)

// platform is a network that the configuration can have rooms on.
type platform struct {
	name string
	open func(ctx context.Context, c Config, rooms []chat.Room, log *slog.Logger) (chat.Platform, error)
}

// platforms are all there are: a new one has its line here.
var platforms = []platform{
	{"local", openLocal},
	{"matrix", openMatrix},
	{"discord", openDiscord},
}

func platformNames() []string {
	var all []string
	for _, p := range platforms {
		all = append(all, p.name)
	}
	return all
}

// openLocal opens the rooms of the reader page. There is no login: whoever is
// at this machine is an operator, others are visitors.
func openLocal(_ context.Context, c Config, rooms []chat.Room, _ *slog.Logger) (chat.Platform, error) {
	right := chat.Anyone
	if c.atThisMachine() {
		right = chat.Operator
	}
	return local.New(local.Options{
		Rooms: ids(rooms), Rights: func(chat.Person) chat.Right { return right },
	}), nil
}

// atThisMachine reports whether nobody else reaches the page: it is served to
// this machine alone, and no address is given that leads to it from elsewhere.
func (c Config) atThisMachine() bool {
	reader, err := url.Parse(c.Bot.Reader)
	return c.listensHere() && (c.Bot.Reader == "" || err == nil && isThisMachine(reader.Hostname()))
}

// listensHere reports whether the page is served to this machine alone; a
// proxy on it may still lead to it.
func (c Config) listensHere() bool {
	host, _, err := net.SplitHostPort(c.Bot.Listen)
	return err == nil && isThisMachine(host)
}

func isThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func openMatrix(ctx context.Context, c Config, rooms []chat.Room, log *slog.Logger) (chat.Platform, error) {
	m := c.Matrix
	var stay []string
	for _, r := range c.Rooms {
		if r.stays() {
			stay = append(stay, r.ID)
		}
	}
	return matrix.Open(ctx, matrix.Config{
		Homeserver: m.Homeserver, UserID: m.User, Token: m.Token, Rooms: ids(rooms), Stay: stay,
		Command: m.Command, Bots: m.Bots, Log: log,
	})
}

func openDiscord(ctx context.Context, c Config, rooms []chat.Room, log *slog.Logger) (chat.Platform, error) {
	d := c.Discord
	return discord.Open(ctx, discord.Config{
		Token: d.Token, Channels: ids(rooms), API: d.API, Command: d.Command, Bots: d.Bots, Tags: d.Tags, Flat: ids(c.flat()), Edge: d.EdgeWait.Duration, Log: log,
	})
}

func ids(rooms []chat.Room) []string {
	var all []string
	for _, r := range rooms {
		all = append(all, r.ID)
	}
	return all
}
