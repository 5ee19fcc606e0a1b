// Package discord is the platform Discord: text and forum channels of servers,
// with a thread under each post, spoken to by a bot and by webhooks that bear
// the names of those who speak elsewhere.
//
// It stands on discordgo, which signs the bot in, keeps the connection alive,
// carries events and makes requests. What discordgo leaves open is done here:
// the http transport (limits, addresses, redaction), the life of a connection
// (deadlines, silence, reasons for its end), the shapes of events and requests.
//
// Nothing that matters is remembered. An account's cursor names the session of
// the gateway and the last event that was handled, so that the next process
// takes it up; where Discord has forgotten the session, the cursors of places
// say what to read again.
package discord

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bwmarrin/discordgo"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

const (
	network = "discord"
	bot     = "bot" // Ref.As of what the bot says under its own name; else it is a webhook's id
)

// limit is how long a message may be.
const limit = 2000

// Config is what it takes to speak for a bot. Token is needed; the others have
// defaults.
type Config struct {
	Token    string
	Channels []string // ids of the text or forum channels, see Platform.Rooms
	API      string   // where Discord is; default https://discord.com
	Command  string   // the name of the command, "essay" unless set; typed, a "!" stands before it, or what it begins with
	Bots     []string // ids of bots and webhooks whose words are talk; others are ignored
	Tags     []string // names of tags that posts have in forums which have them
	Flat     []string // ids of those of Channels in which no threads are wanted; in a forum there are all the same

	Dial    func(ctx context.Context, network, addr string) (net.Conn, error) // default: as net.Dialer does
	Timeout time.Duration                                                     // of one request; default 20 s
	Edge    time.Duration                                                     // nothing is asked for so long after Discord's edge shut the bot out; default 10 min
	Opening time.Duration                                                     // until a connection to the gateway stands; default 60 s

	Log *slog.Logger // default: silence
}

// Platform is a bot on Discord.
type Platform struct {
	c       Config
	rest    *discordgo.Session // makes requests; it never opens a connection to the gateway
	cdn     cdn                // has the files
	limits  *limits
	words   format.Discord
	memory  memory
	places  places
	hooks   hooks
	known   func(context.Context, chat.Place) ([]chat.Standing, error) // see Compare; nil: nobody is to be asked
	reduced atomic.Bool                                                // Discord does not let the bot read what people write

	mu       sync.Mutex
	self     identity
	commands []chat.Command
	guilds   map[string]string // channels → their servers, as far as known
	starts   starts
}

// identity is who the bot is.
type identity struct{ user, application string }

// Open prepares a bot. It asks Discord nothing.
func Open(_ context.Context, c Config) (*Platform, error) {
	c.Token = strings.TrimSpace(strings.TrimPrefix(c.Token, "Bot "))
	if c.Token == "" {
		return nil, errors.New("open discord: the token is missing")
	}
	for _, id := range c.Channels {
		if !isID(id) {
			return nil, fmt.Errorf("open discord: %q is no id of a channel: those are numbers", id)
		}
	}
	c = withDefaults(c)
	api, err := url.Parse(version.ReplaceAllString(c.API, ""))
	if err != nil || api.Host == "" || api.Scheme != "http" && api.Scheme != "https" {
		return nil, fmt.Errorf("open discord: %q is no http address", c.API)
	}
	p := &Platform{c: c, limits: newLimits(), memory: newMemory(), places: newPlaces(), hooks: newHooks(), guilds: map[string]string{}}
	if p.rest, err = discordgo.New("Bot " + c.Token); err != nil {
		return nil, fmt.Errorf("open discord: %s", p.redact(err.Error()))
	}
	quiet(p.rest)
	t := p.transport(api)
	p.rest.Client = &http.Client{Transport: t, CheckRedirect: noRedirects}
	p.cdn = cdn{api: api, client: &http.Client{Transport: t.base, CheckRedirect: noRedirects}}
	p.words = format.Discord{Name: p.memory.name}
	return p, nil
}

// version is what the address of an API ends with: the bot speaks one alone.
var version = regexp.MustCompile(`(/api)?(/v[0-9]+)?/*$`)

func withDefaults(c Config) Config {
	if c.API == "" {
		c.API = "https://discord.com"
	}
	if c.Command == "" {
		c.Command = "essay"
	}
	if first, _ := utf8.DecodeRuneInString(c.Command); unicode.IsLetter(first) {
		c.Command = "!" + c.Command
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	if c.Edge == 0 {
		c.Edge = 10 * time.Minute
	}
	if c.Opening == 0 {
		c.Opening = time.Minute
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// quiet takes from a session what it would do by itself: log (with tokens),
// retry, reconnect and keep a copy of the world.
func quiet(s *discordgo.Session) {
	s.LogLevel = -1
	s.MaxRestRetries = 0
	s.ShouldRetryOnRateLimit = false
	s.ShouldReconnectOnError = false
	s.ShouldReconnectVoiceOnSessionError = false
	s.StateEnabled = false
	s.SyncEvents = true
}

// Close drops the connections that are kept for later requests.
func (p *Platform) Close() error {
	p.rest.Client.CloseIdleConnections()
	return nil
}

// Rooms returns the channels of the Config, in its order.
func (p *Platform) Rooms() []chat.Room {
	var all []chat.Room
	for _, id := range p.c.Channels {
		all = append(all, room(id))
	}
	return all
}

func room(channel string) chat.Room { return chat.Room{Platform: network, ID: channel} }

// Profile says what Discord can do.
func (p *Platform) Profile() chat.Profile {
	return chat.Profile{
		Name:      network,
		Threads:   chat.OpenedThreads,
		Names:     true,
		Buttons:   true,
		Reactions: true,
		Link:      p.link,
		Fits:      p.fits,
		Files:     largestFile,
		Dialect:   p.words,
		Normal:    plainEmoji,
	}
}

// link is the address of a message, as clients have it; "" while it is not
// known which server it is on.
func (p *Platform) link(r chat.Ref) string {
	guild := p.guildOf(r.Place.Room.ID)
	if guild == "" || !isID(r.ID) {
		return ""
	}
	return "https://discord.com/channels/" + guild + "/" + p.channelOf(r) + "/" + r.ID
}

// isBot reports whether a bot or webhook is one whose words are talk.
func (p *Platform) isBot(id string) bool { return slices.Contains(p.c.Bots, id) }

// guildOf is the server that a channel is on, "" if it is not known.
func (p *Platform) guildOf(channel string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.guilds[channel]
}

var (
	_ chat.Platform  = (*Platform)(nil)
	_ chat.Reader    = (*Platform)(nil)
	_ chat.Commander = (*Platform)(nil)
	_ chat.Answerer  = (*Platform)(nil)
	_ chat.Checker   = (*Platform)(nil)
	_ chat.Comparer  = (*Platform)(nil)
	_ chat.Fetcher   = (*Platform)(nil)
)
