//go:build unix

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/chat/matrix"
	"marginalia/test/dendrite"
	"marginalia/test/matrixuser"
)

// both is the soak "latency -both": how long words take from Discord to Matrix
// and back, beside bots that do nothing but echo, made of raw discordgo and raw
// mautrix: each on its own network, and a bridge of the two. All of them run at
// once, turn by turn, against one homeserver and doubles of the same kind.
func (l latencies) both(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	b, err := l.bench(ctx)
	if err != nil {
		return err
	}
	defer b.close()
	if err := b.raw(ctx); err != nil {
		return err
	}
	end, err := b.ours(ctx, l)
	if err != nil {
		return err
	}
	defer end()
	got := map[string][]time.Duration{}
	for i := range l.n + 10 {
		for _, c := range b.courses() {
			took, err := c.run(ctx, fmt.Sprintf("%s-%d", strings.ReplaceAll(c.name, " ", "-"), i))
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if i >= 10 { // warm
				got[c.name] = append(got[c.name], took)
			}
		}
	}
	b.print(got)
	if bad := b.discord.Bad(); len(bad) > 0 {
		return fmt.Errorf("the double saw what a careful bot does not do: %s", bad[0])
	}
	return nil
}

// bench is where the bots run: two doubles, since a bot hears all of its
// guild, and a homeserver.
type bench struct {
	server  *dendrite.Server
	discord *discordtest.Server // of ours
	double  *discordtest.Server // of the raw bots
	dora    *discordtest.User   // in the one
	dori    *discordtest.User   // and in the other
	ann     *matrixuser.User
	watch   *matrixuser.Log
	users   map[string]*matrixuser.User
	rooms   map[string]string // Matrix: ours, echo, echoed, bridge
	channel map[string]string // Discord: ours, echo, echoed, bridge
	thread  string            // ours
	root    string
	session *discordgo.Session
}

func (l latencies) bench(ctx context.Context) (*bench, error) {
	server, err := dendrite.New(ctx, l.dir, dendrite.Options{})
	if err != nil {
		return nil, err
	}
	b := &bench{server: server, users: map[string]*matrixuser.User{}, rooms: map[string]string{}, channel: map[string]string{}}
	if err := b.populate(ctx); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bench) populate(ctx context.Context) error {
	for _, name := range []string{"ours", "raw", "ann", "ben"} {
		a, err := b.server.NewAccount(ctx, name)
		if err != nil {
			return err
		}
		b.users[name] = matrixuser.New(b.server.URL(), a.UserID, a.AccessToken)
	}
	b.ann = b.users["ann"]
	for room, bot := range map[string]string{"ours": "ours", "echo": "raw", "echoed": "raw", "bridge": "raw"} {
		id, err := b.ann.CreateRoom(ctx, room, b.users[bot].ID, b.users["ben"].ID)
		if err != nil {
			return err
		}
		b.rooms[room] = id
		for _, who := range []string{bot, "ben"} {
			if err := b.users[who].Join(ctx, id); err != nil {
				return err
			}
		}
	}
	log, ready := b.users["ben"].Watch(ctx)
	<-ready
	b.watch = log
	var err error
	if b.discord, err = startDouble(discordtest.Options{}); err != nil {
		return err
	}
	if b.double, err = startDouble(discordtest.Options{}); err != nil {
		return err
	}
	b.channel["ours"], b.dora, b.dori = b.discord.Channel("ours"), b.discord.User("Dora"), b.double.User("Dori")
	for _, name := range []string{"echo", "echoed", "bridge"} {
		b.channel[name] = b.double.Channel(name)
	}
	return nil
}

func (b *bench) close() {
	if b.session != nil {
		_ = b.session.Close()
	}
	for _, d := range []*discordtest.Server{b.discord, b.double} {
		if d != nil {
			_ = d.Close()
		}
	}
	_ = b.server.Close()
}

// ours runs the engine with a passage in a room of each network.
func (b *bench) ours(ctx context.Context, l latencies) (end func(), err error) {
	u := b.users["ours"]
	m, err := matrix.Open(ctx, matrix.Config{Homeserver: u.Base, UserID: u.ID, Token: u.Token, Rooms: []string{b.rooms["ours"]}, Command: "!essay"})
	if err != nil {
		return nil, err
	}
	d, err := discord.Open(ctx, discord.Config{Token: b.discord.Token(), Channels: []string{b.channel["ours"]}, API: b.discord.API()})
	if err != nil {
		return nil, err
	}
	end, err = l.engine(ctx, []chat.Platform{m, d}, []chat.Room{{Platform: "matrix", ID: b.rooms["ours"]}, {Platform: "discord", ID: b.channel["ours"]}})
	if err != nil {
		return nil, err
	}
	return end, b.posted(ctx)
}

// posted waits until the passage stands on both networks, with its thread.
func (b *bench) posted(ctx context.Context) error {
	err := b.discord.Wait(within(ctx, 30*time.Second), func() bool {
		all := b.discord.Messages(b.channel["ours"])
		if len(all) > 0 {
			b.thread = all[0].Thread
		}
		return b.thread != ""
	})
	if err != nil {
		return fmt.Errorf("wait for the thread on Discord: %w", err)
	}
	return b.watch.Wait(within(ctx, 30*time.Second), b.rooms["ours"], func(all []matrixuser.Event) bool {
		i := slices.IndexFunc(all, func(e matrixuser.Event) bool { return e.Sender == b.users["ours"].ID && e.Type == "m.room.message" })
		if i >= 0 {
			b.root = all[i].ID
		}
		return i >= 0
	})
}

// raw starts the bots that do nothing but echo.
func (b *bench) raw(ctx context.Context) error {
	u := b.users["raw"]
	client, err := mautrix.NewClient(u.Base, id.UserID(u.ID), u.Token)
	if err != nil {
		return err
	}
	if b.session, err = discordgo.New("Bot " + b.double.Token()); err != nil {
		return err
	}
	discordgo.APIVersion = "10" // of the gateway's address
	b.session.Identify.Intents = discordgo.IntentGuilds | discordgo.IntentGuildMessages | discordgo.IntentMessageContent
	b.session.StateEnabled = false
	b.session.SyncEvents = true
	b.session.Client = &http.Client{Transport: readdressed(b.double.API())}
	b.session.AddHandler(func(_ *discordgo.Session, m *discordgo.MessageCreate) {
		switch {
		case m.Author.Bot:
		case m.ChannelID == b.channel["echo"]:
			_ = b.tell(b.channel["echoed"], m.Content)
		case m.ChannelID == b.channel["bridge"]:
			_, _ = client.SendText(ctx, id.RoomID(b.rooms["bridge"]), m.Content)
		}
	})
	up := make(chan struct{}, 1)
	syncer := client.Syncer.(*mautrix.DefaultSyncer)
	syncer.OnSync(func(context.Context, *mautrix.RespSync, string) bool {
		select {
		case up <- struct{}{}:
		default:
		}
		return true
	})
	syncer.OnEventType(event.EventMessage, func(ctx context.Context, e *event.Event) {
		switch {
		case e.Sender == client.UserID:
		case e.RoomID == id.RoomID(b.rooms["echo"]):
			_, _ = client.SendText(ctx, id.RoomID(b.rooms["echoed"]), e.Content.AsMessage().Body)
		case e.RoomID == id.RoomID(b.rooms["bridge"]):
			_ = b.tell(b.channel["bridge"], e.Content.AsMessage().Body)
		}
	})
	go func() { _ = client.SyncWithContext(ctx) }()
	<-up
	return b.session.Open()
}

// tell sends words with discordgo. Its own struct has keys that the double
// refuses.
func (b *bench) tell(channel, words string) error {
	address := discordgo.EndpointChannelMessages(channel)
	_, err := b.session.RequestWithBucketID(http.MethodPost, address, map[string]any{
		"content": words, "allowed_mentions": map[string]any{"parse": []string{}},
	}, address)
	return err
}

// readdressed sends discordgo's requests to a double.
type readdressed string

func (a readdressed) RoundTrip(r *http.Request) (*http.Response, error) {
	to, err := url.Parse(string(a))
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = to.Scheme, to.Host, to.Host
	r.URL.Path = strings.Replace(r.URL.Path, "/api/v9/", "/api/v10/", 1)
	return http.DefaultTransport.RoundTrip(r)
}

// course is a way that words take, from a person to where another sees them.
type course struct {
	name string
	say  func(ctx context.Context, words string) error
	seen func(ctx context.Context, token string) error
}

func (c course) run(ctx context.Context, token string) (time.Duration, error) {
	began := time.Now()
	if err := c.say(ctx, token+" some words"); err != nil {
		return 0, err
	}
	err := c.seen(within(ctx, 30*time.Second), token)
	return time.Since(began), err
}

// The courses, by their names.
const (
	discordEcho = "discordgo echo"
	matrixEcho  = "mautrix echo"
	bridgeOut   = "raw, Discord to Matrix"
	bridgeBack  = "raw, Matrix to Discord"
	oursOut     = "ours, Discord to Matrix"
	oursBack    = "ours, Matrix to Discord"
)

func (b *bench) courses() []course {
	return []course{
		{discordEcho, b.onDiscord(b.dori, b.channel["echo"]), b.seenOnDiscord(b.double, b.channel["echoed"])},
		{matrixEcho, b.onMatrix("echo", ""), b.seenOnMatrix("echoed")},
		{bridgeOut, b.onDiscord(b.dori, b.channel["bridge"]), b.seenOnMatrix("bridge")},
		{bridgeBack, b.onMatrix("bridge", ""), b.seenOnDiscord(b.double, b.channel["bridge"])},
		{oursOut, b.onDiscord(b.dora, b.thread), b.seenOnMatrix("ours")},
		{oursBack, b.onMatrix("ours", b.root), b.seenOnDiscord(b.discord, b.thread)},
	}
}

func (b *bench) onDiscord(u *discordtest.User, channel string) func(context.Context, string) error {
	return func(_ context.Context, words string) error {
		_, err := u.Say(channel, words, "")
		return err
	}
}

func (b *bench) onMatrix(room, root string) func(context.Context, string) error {
	return func(ctx context.Context, words string) error {
		_, err := b.ann.Send(ctx, b.rooms[room], "m.room.message", matrixuser.Text(words, root))
		return err
	}
}

func (b *bench) seenOnDiscord(d *discordtest.Server, channel string) func(context.Context, string) error {
	return func(ctx context.Context, token string) error {
		return d.Wait(ctx, func() bool {
			all := d.Messages(channel)
			return len(all) > 0 && strings.Contains(all[len(all)-1].Text, token+" ")
		})
	}
}

func (b *bench) seenOnMatrix(room string) func(context.Context, string) error {
	return func(ctx context.Context, token string) error {
		return b.watch.Wait(ctx, b.rooms[room], func(all []matrixuser.Event) bool {
			return len(all) > 0 && strings.Contains(all[len(all)-1].Body(), token+" ")
		})
	}
}

// print shows each course, and ours beside the sum of the two echoes.
func (b *bench) print(got map[string][]time.Duration) {
	for _, c := range b.courses() {
		slices.Sort(got[c.name])
		fmt.Printf("%-24s median %6.2f ms   p99 %6.2f ms   of %d\n", c.name, ms(quantile(got[c.name], .5)), ms(quantile(got[c.name], .99)), len(got[c.name]))
	}
	median := func(name string) float64 { return ms(quantile(got[name], .5)) }
	sum := median(discordEcho) + median(matrixEcho)
	for _, c := range [][2]string{{oursOut, bridgeOut}, {oursBack, bridgeBack}} {
		fmt.Printf("%s: %.2f × the sum of the echoes (goal 1.2), %.2f × the raw bridge\n", c[0], median(c[0])/sum, median(c[0])/median(c[1]))
	}
}
