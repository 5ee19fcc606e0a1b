package relay_test

import (
	"context"
	"errors"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/chat/discord"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/format"
	"marginalia/test/require"
)

// onDiscord is the double of Discord in a bubble, spoken to by discordgo
// through net.Pipe. Its gateway is as restless as Discord's.
type onDiscord struct {
	*discordtest.Server
	channels []string
	forums   []string       // of them
	words    []chat.Command // that people may use
	over     chan struct{}
	ended    sync.WaitGroup // restless

	mu    sync.Mutex
	down  bool
	tries int               // to reach it meanwhile
	lines map[net.Conn]bool // to the bot
}

// newDiscord begins when Discord gives out ids, which is after a bubble does.
func newDiscord(t *testing.T) *onDiscord {
	t.Helper()
	time.Sleep(time.Until(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)))
	s, err := discordtest.Start(discordtest.Options{Pipe: true, Schemas: require.Shared(t, "discord")})
	if err != nil {
		t.Fatal(err)
	}
	d := &onDiscord{Server: s, over: make(chan struct{}), lines: map[net.Conn]bool{}}
	d.ended.Go(d.restless)
	return d
}

// discordBeside is Discord and a network in memory, each and by name.
func discordBeside(t *testing.T) (d *onDiscord, one inMemory, both map[string]network) {
	t.Helper()
	d, one = newDiscord(t), inMemory{chattest.New(netOne)}
	return d, one, map[string]network{"discord": d, "one": one}
}

// restless disturbs the gateway in turn as Discord does, every few hours.
func (d *onDiscord) restless() {
	whims := []func(){d.Reconnect, d.Cut, d.Zombie, func() { d.Invalidate(true) }, func() { d.Invalidate(false) }, func() { d.CloseWith(4000) }, d.Restart}
	tick := time.NewTicker(3*time.Hour + 7*time.Minute)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
			whims[i%len(whims)]()
		case <-d.over:
			return
		}
	}
}

func (d *onDiscord) Room(name string) chat.Room {
	id := d.Channel(name)
	d.channels = append(d.channels, id)
	return chat.Room{Platform: "discord", ID: id}
}

// board is a forum.
func (d *onDiscord) board(name string) chat.Room {
	id := d.Forum(name)
	d.channels, d.forums = append(d.channels, id), append(d.forums, id)
	return chat.Room{Platform: "discord", ID: id}
}

func (d *onDiscord) open(t *testing.T) chat.Platform {
	p, err := discord.Open(t.Context(), discord.Config{Token: d.Token(), Channels: d.channels, API: d.API(), Dial: d.dial, Log: logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.words) > 0 {
		if err := p.Register(t.Context(), d.words); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

var errDown = errors.New("no route to Discord")

func (d *onDiscord) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d.mu.Lock()
	down := d.down
	if down {
		d.tries++
	}
	d.mu.Unlock()
	if down {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errDown}
	}
	c, err := d.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines[c] = true
	return c, nil
}

// SetDown cuts all lines, and lets nobody dial. People, who are at the server
// itself, notice nothing.
func (d *onDiscord) SetDown(down bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = down
	if !down {
		return
	}
	for c := range d.lines {
		c.Close()
	}
	clear(d.lines)
}

// Check also ends the double, without which the bubble would not end.
func (d *onDiscord) Check(t testing.TB) {
	t.Helper()
	close(d.over)
	d.ended.Wait()
	t.Logf("Discord was out of reach %d times, and was asked for:", d.tries)
	ops := d.Ops()
	for _, name := range slices.Sorted(maps.Keys(ops)) {
		t.Logf("%6d × %s, refused: %v", ops[name].N, name, ops[name].Errors)
	}
	if ops["RESUME"].N == 0 {
		t.Error("no session was ever taken up again")
	}
	for _, bad := range d.Bad() {
		t.Errorf("Discord would mind: %s", bad)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func (d *onDiscord) Read(p chat.Place) []chat.Message {
	said := d.Messages(channelOf(p))
	if slices.Contains(d.forums, channelOf(p)) { // each post is the first message of its thread
		for _, thread := range d.Threads(channelOf(p)) {
			said = append(said, d.Messages(thread)[0])
		}
	}
	var all []chat.Message
	for _, m := range said {
		if !m.System && m.ID != p.Thread {
			all = append(all, chat.Message{Ref: chat.Ref{Place: p, ID: m.ID}, From: chat.Person{ID: m.Author, Name: m.Name}, Body: format.Discord{}.Parse(m.Text)})
		}
	}
	return all
}

func channelOf(p chat.Place) string {
	if p.Thread != "" {
		return p.Thread
	}
	return p.Room.ID
}

func (d *onDiscord) Thread(ref chat.Ref) chat.Place {
	if t, ok := d.ThreadOf(ref.ID); ok {
		return chat.Place{Room: ref.Place.Room, Thread: t.ID}
	}
	return chat.Place{}
}

func (d *onDiscord) Reactions(ref chat.Ref) []string {
	var all []string
	for emoji, by := range d.Server.Reactions(ref.ID) {
		for range by {
			all = append(all, emoji)
		}
	}
	return all
}

func (d *onDiscord) Everything(r chat.Room) []string { return d.Server.Everything(r.ID) }

func (d *onDiscord) someone(t *testing.T, name string) member {
	return onesOwnClient{t, d.User(name, discordtest.ManageMessages)}
}

// onesOwnClient is a person on Discord, who may delete what others say.
type onesOwnClient struct {
	t *testing.T
	*discordtest.User
}

func (u onesOwnClient) must(err error) {
	u.t.Helper()
	if err != nil {
		u.t.Fatalf("%s: %v", u.Name(), err)
	}
}

func (u onesOwnClient) Person() chat.Person { return chat.Person{ID: u.ID(), Name: u.Name()} }

func (u onesOwnClient) Say(p chat.Place, text string, replyTo chat.Ref) chat.Ref {
	id, err := u.User.Say(channelOf(p), text, replyTo.ID)
	u.must(err)
	return chat.Ref{Place: p, ID: id}
}

func (u onesOwnClient) SayDoc(p chat.Place, d format.Doc, replyTo chat.Ref) chat.Ref {
	return u.Say(p, format.Discord{}.Print(d), replyTo)
}

func (u onesOwnClient) Edit(ref chat.Ref, text string) { u.must(u.User.Edit(ref.ID, text)) }
func (u onesOwnClient) Delete(ref chat.Ref)            { u.must(u.User.Delete(ref.ID)) }

func (u onesOwnClient) React(ref chat.Ref, emoji string) string {
	u.must(u.User.React(ref.ID, emoji))
	return ""
}

func (u onesOwnClient) Unreact(ref chat.Ref, emoji string) { u.must(u.User.Unreact(ref.ID, emoji)) }

// TestSixtySixHoursOfDiscord is the story of 66 hours with discordgo itself: in
// two of the three rooms the bot is on Discord. Once it is Discord that is out
// of reach for 34 hours, once the other network.
func TestSixtySixHoursOfDiscord(t *testing.T) {
	require.Shared(t, "discord")
	tell := func(down string) func(t *testing.T, dsn string) {
		return func(t *testing.T, dsn string) {
			sixtySixHours(t, down, func(t *testing.T) *town {
				d, one, both := discordBeside(t)
				return settleTown(t, dsn, 30, both, d.Room("hall"), d.Room("yard"), one.Room("club"))
			})
		}
	}
	if testing.Short() { // under the race detector once is long enough
		t.Run("SQLite", func(t *testing.T) { tell("discord")(t, filepath.Join(t.TempDir(), "story.db")) })
		return
	}
	databases(t, tell("discord"))
	t.Run("the other is down", func(t *testing.T) { tell("one")(t, filepath.Join(t.TempDir(), "story.db")) })
}
