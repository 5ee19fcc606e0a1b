// Package matrix is the platform Matrix: rooms of a homeserver, with a thread
// under any message, seen and written to by one ordinary account.
//
// What it reports comes from /sync; it keeps no token and no event of its own.
// The account's cursor is handed out with the events that it covers, so that
// whoever records both in one transaction loses nothing. What it is told to do
// carries the Action's key twice: as the transaction id, which homeservers
// forget, and in the event's content, where it is looked for when an earlier
// try is in doubt.
//
// It does not read or write encrypted rooms.
package matrix

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

const (
	network = "matrix"
	bot     = "bot" // Ref.As of all that the account says

	keyField = "org.marginalia.key" // of a content: the Action that made the event
)

// Config is what it takes to speak for an account. Homeserver and Token are
// needed; the others have defaults.
type Config struct {
	Homeserver string // base address of the client-server API
	UserID     string // whose the token is; asked of the server if empty
	Token      string
	Rooms      []string      // ids (!…) or aliases (#…) of the rooms, see Platform.Rooms
	Stay       []string      // those of Rooms in which the bot stays if they are replaced
	Command    string        // what a command begins with; default "!essay"
	Bots       []string      // users whose notices are talk; other bots' notices are ignored
	Timeout    time.Duration // of one request; default 20 s
	Timeline   int           // how many events of a room are taken in one answer; default 1000
	Log        *slog.Logger  // default: silence
	HTTP       *http.Client  // default: one of its own
}

// Platform is an account on a homeserver.
type Platform struct {
	c      Config
	client *mautrix.Client
	rooms  []chat.Room
	stays  map[string]bool // rooms that are not followed
	html   format.Matrix
	self   atomic.Pointer[string] // the account's user id, once the server has told it
	memory memory
}

// Open prepares an account. It asks the server for nothing but the ids of
// aliases, and for the account's user id if c does not have it.
func Open(ctx context.Context, c Config) (*Platform, error) {
	if c.Homeserver == "" || c.Token == "" {
		return nil, errors.New("open matrix: the homeserver's address or the token is missing")
	}
	client, err := mautrix.NewClient(c.Homeserver, id.UserID(c.UserID), c.Token)
	if err != nil {
		return nil, fmt.Errorf("open matrix: read the homeserver's address %q: %w", c.Homeserver, err)
	}
	p := &Platform{c: withDefaults(c), client: client, memory: newMemory(), stays: map[string]bool{}}
	client.UserAgent = "marginalia"
	client.Client = p.c.HTTP
	if c.UserID == "" {
		if err := p.identify(ctx); err != nil {
			return nil, fmt.Errorf("open matrix: %w", err)
		}
	}
	for _, room := range c.Rooms {
		id, err := p.resolve(ctx, strings.TrimSpace(room))
		if err != nil {
			return nil, fmt.Errorf("open matrix: %w", err)
		}
		p.stays[id] = slices.Contains(c.Stay, room)
		p.rooms = append(p.rooms, chat.Room{Platform: network, ID: id})
	}
	return p, nil
}

func withDefaults(c Config) Config {
	if c.Command == "" {
		c.Command = "!essay"
	}
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	if c.Timeline == 0 {
		c.Timeline = 1000
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.HTTP == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 32 // many rooms are written to at once
		c.HTTP = &http.Client{Transport: transport}
	}
	return c
}

// Rooms returns the rooms of the Config, in its order, aliases resolved.
func (p *Platform) Rooms() []chat.Room { return p.rooms }

// resolve returns the id of a room that is given by id or alias.
func (p *Platform) resolve(ctx context.Context, room string) (string, error) {
	if strings.HasPrefix(room, "!") {
		return room, nil
	}
	if !strings.HasPrefix(room, "#") {
		return "", fmt.Errorf("room %q is neither an id (!…) nor an alias (#…)", room)
	}
	var answer struct {
		Room string `json:"room_id"`
	}
	if err := p.get(ctx, p.address("v3", "directory", "room", room), &answer); err != nil {
		return "", fmt.Errorf("look up room %s: %w", room, err)
	}
	return answer.Room, nil
}

// Profile says what Matrix can do.
func (p *Platform) Profile() chat.Profile {
	return chat.Profile{
		Name:      network,
		Threads:   chat.FreeThreads,
		Names:     true,
		Reactions: true,
		Link:      p.link,
		Fits:      p.fits,
		Files:     largestFile,
		Dialect:   p.html,
		Typed:     p.typed,
		Normal:    plainEmoji,
	}
}

// link is an address at matrix.to, which sends readers on to their client.
func (p *Platform) link(r chat.Ref) string {
	room, event := r.Place.Room.ID, r.ID
	if len(room) < 2 || len(event) < 2 {
		return ""
	}
	_, server, found := strings.Cut(room, ":")
	if !found { // of room version 12 on
		_, server, _ = strings.Cut(p.userID(), ":")
	}
	return id.RoomID(room).EventURI(id.EventID(event), server).MatrixToURL()
}

// Register takes note of the commands. Matrix has no list of them: people
// type what Config.Command says, and what follows is read as it comes.
func (p *Platform) Register(context.Context, []chat.Command) error { return nil }

// userID is the account's user id, as far as it is known.
func (p *Platform) userID() string {
	if self := p.self.Load(); self != nil {
		return *self
	}
	return p.c.UserID
}

// identify asks the server whose the token is. Whoever does not know their own
// user id takes their own words for someone's.
func (p *Platform) identify(ctx context.Context) error {
	if p.self.Load() != nil {
		return nil
	}
	var answer struct {
		User string `json:"user_id"`
	}
	if err := p.get(ctx, p.address("v3", "account", "whoami"), &answer); err != nil {
		return fmt.Errorf("ask whose the token is: %w", err)
	}
	if want := p.c.UserID; want != "" && want != answer.User {
		return fmt.Errorf("the token is %s's, not %s's: %w", answer.User, want, chat.ErrAuth)
	}
	p.self.Store(&answer.User)
	return nil
}

var (
	_ chat.Platform  = (*Platform)(nil)
	_ chat.Reader    = (*Platform)(nil)
	_ chat.Commander = (*Platform)(nil)
	_ chat.Fetcher   = (*Platform)(nil)
)
