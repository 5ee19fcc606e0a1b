package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/chat/local"
	"marginalia/internal/chat/matrix"
	"marginalia/internal/command"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/source"
	"marginalia/internal/store"
	"marginalia/test/dendrite"
	"marginalia/test/matrixuser"
	"marginalia/test/wait"
)

// roles are who calls commands, on each network.
var roles = []chat.Right{chat.Anyone, chat.Moderator, chat.Operator}

// spot is where a command is called.
type spot int

const (
	lobby  spot = iota
	thread      // under the first passage
	remark      // on the last remark: by a reply, or from its menu
)

// a network is one of the three, with somebody of each role on it.
type network interface {
	// call has somebody call a command. In a menu there is no room for options.
	call(by chat.Right, c chat.Command, options map[string]string, at chat.Place, on chat.Ref) error
	// read is all that the bot said there, to whomever.
	read() string
	// demote takes from the moderator what makes them one.
	demote() error
}

// side is a network in the world, with a room in which a text of its own is read.
type side struct {
	network
	name string
	room chat.Room
	text discussion.Discussion
}

// world is one bot with a room on each network, where all commands are told.
type world struct {
	t     *testing.T
	db    *store.DB
	env   command.Env
	sides []side
	site  *httptest.Server // that texts are imported from

	mu       sync.Mutex
	answered map[string][]string // by network
	silent   bool                // answers are kept, and said nowhere
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, answered: map[string][]string{}}
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "bot.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w.db = db
	w.site = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(rw, "<html><head><title>Fetched</title></head><body><article><h1>Fetched</h1><p>%s</p></article></body></html>",
			strings.Repeat("What stands at "+r.URL.Path[1:]+". ", 40))
	}))
	t.Cleanup(w.site.Close)
	all := []chat.Platform{w.onLocal(), w.onDiscord(), w.onMatrix()}
	w.run(all)
	return w
}

// run starts the bot and waits until it hears all networks.
func (w *world) run(all []chat.Platform) {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	texts := newImporter(Config{}, w.db, source.Web{Agent: "test", Allow: func(ip netip.Addr) bool { return ip.IsLoopback() }}, log)
	w.env = command.Env{DB: w.db, Reader: "https://reader.example", Link: opened{all: all}.link, Profile: opened{all: all}.profile, Log: log, Wished: texts.ring, Default: discussion.Named}
	dispatch := command.Dispatcher(w.env)
	engine := relay.New(relay.Config{
		DB: w.db, Platforms: all, Rooms: w.rooms(), Reader: w.env.Reader, Settle: 2 * time.Second, Log: log,
		Command: func(ctx context.Context, c chat.Call, now time.Time) (format.Doc, error) {
			said, err := dispatch(ctx, c, now)
			w.mu.Lock()
			defer w.mu.Unlock()
			name := c.Ref.Place.Room.Platform
			w.answered[name] = append(w.answered[name], said.Text)
			if w.silent {
				said = format.Doc{}
			}
			return said, err
		},
	})
	for _, p := range all {
		if r, ok := p.(chat.Commander); ok {
			if err := r.Register(w.t.Context(), command.Words(w.env)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { texts.run(ctx) })
	running.Go(func() {
		if err := engine.Run(ctx); err != nil {
			w.t.Errorf("the bot ends: %v", err)
		}
	})
	w.t.Cleanup(func() { stop(); running.Wait() })
	wait.Until(w.t, patience, "all networks are heard", func() bool { return engine.Ready() == nil })
}

func (w *world) rooms() (all []chat.Room) {
	for _, s := range w.sides {
		all = append(all, s.room)
	}
	return all
}

// seat adds a network, and stores a text that is read nowhere yet.
func (w *world) seat(name, room string, n network) {
	var body format.Doc
	for i := range 6 {
		body = body.Append(format.Text(fmt.Sprintf("Part %d begins here. ", i+1) + strings.Repeat("It goes on. ", 60)))
	}
	body = body.Append(format.Text("It ends on " + name + "."))
	d := discussion.Assemble("The Tale", "", []discussion.Document{{Kind: discussion.Essay, Confidence: 1, Body: body}}, discussion.CutOptions{})
	w.update(func(tx *store.Tx) error {
		_, err := tx.PutDiscussion(d, time.Now())
		return err
	})
	w.sides = append(w.sides, side{n, name, chat.Room{Platform: name, ID: room}, d})
}

func (w *world) update(f func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.Update(context.Background(), f); err != nil {
		w.t.Fatal(err)
	}
}

// answers are those that commands gave on a network so far.
func (w *world) answers(name string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.answered[name])
}

// plain is a text without marks, as networks write them differently.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// typed is a call as it is typed.
func typed(c chat.Command, options map[string]string) string {
	words := []string{"!essay", c.Name}
	for _, o := range c.Options {
		if v, ok := options[o.Name]; ok {
			words = append(words, fmt.Sprintf("%s=%q", o.Name, v))
		}
	}
	return strings.Join(words, " ")
}

// onLocal is the bot's own room.
type onLocal struct {
	p      *local.Platform
	mu     sync.Mutex
	rights map[string]chat.Right
	said   []string
}

// hearing keeps what is posted in the local room, which keeps nothing itself.
type hearing struct {
	*local.Platform
	n *onLocal
}

func (h hearing) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	h.n.mu.Lock()
	h.n.said = append(h.n.said, a.Message.Body.Text)
	h.n.mu.Unlock()
	return h.Platform.Do(ctx, a)
}

func (w *world) onLocal() chat.Platform {
	n := &onLocal{rights: map[string]chat.Right{}}
	for _, r := range roles {
		n.rights[localID(r)] = r
	}
	n.p = local.New(local.Options{Rooms: []string{"desk"}, Rights: func(p chat.Person) chat.Right {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.rights[p.ID]
	}})
	w.seat("local", "desk", n)
	return hearing{n.p, n}
}

func localID(r chat.Right) string { return fmt.Sprintf("guest-%d", r) }

func (n *onLocal) call(by chat.Right, c chat.Command, options map[string]string, at chat.Place, on chat.Ref) error {
	_, err := n.p.Say(context.Background(), at, chat.Person{ID: localID(by), Name: nameOf(by)}, typed(c, options), on)
	return err
}

func (n *onLocal) read() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.said, "\n")
}

func (n *onLocal) demote() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rights[localID(chat.Moderator)] = chat.Anyone
	return nil
}

func nameOf(r chat.Right) string { return []string{"ann", "mod", "opal"}[r] }

// onDiscord calls by slash commands and menus.
type onDiscord struct {
	g      guild
	people []*discordtest.User

	mu    sync.Mutex
	asked []*discordtest.Interaction
}

func (w *world) onDiscord() chat.Platform {
	g := newGuild(w.t)
	n := &onDiscord{g: g, people: []*discordtest.User{
		g.site.User("ann"), g.site.User("mod", discordtest.ManageMessages), g.site.User("opal", discordtest.ManageGuild),
	}}
	p, err := discord.Open(w.t.Context(), discord.Config{Token: g.site.Token(), API: g.site.API(), Channels: []string{g.club}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = p.Close() })
	w.seat("discord", g.club, n)
	return p
}

func (n *onDiscord) call(by chat.Right, c chat.Command, options map[string]string, at chat.Place, on chat.Ref) (err error) {
	var i *discordtest.Interaction
	if on.ID != "" {
		i, err = n.people[by].Menu(on.ID, c.Menu)
	} else {
		channel := at.Thread
		if channel == "" {
			channel = at.Room.ID
		}
		i, err = n.people[by].Slash(channel, strings.Join(strings.Fields("essay "+c.Group+" "+c.Name), " "), options)
	}
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, i)
	return nil
}

func (n *onDiscord) read() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.g.site.Everything(n.g.club)
	for _, i := range n.asked {
		for _, a := range i.Answers() {
			all = append(all, a.Text)
		}
	}
	return strings.Join(all, "\n")
}

func (n *onDiscord) demote() error {
	n.people[chat.Moderator].Demote()
	return nil
}

// onMatrix types commands into a room of a real homeserver.
type onMatrix struct {
	room   string
	log    *matrixuser.Log // what one of them is shown
	bot    *matrixuser.User
	people []*matrixuser.User
}

func (w *world) onMatrix() chat.Platform {
	server := dendrite.Start(w.t)
	account := func(name string) *matrixuser.User {
		a := server.Register(w.t, name)
		return matrixuser.New(server.URL(), a.UserID, a.AccessToken)
	}
	n := &onMatrix{bot: account("marginalia"), people: []*matrixuser.User{account("ann"), account("mod"), account("opal")}}
	opal := n.people[chat.Operator]
	n.room = newTable(w.t, opal, "tea", n.bot, n.people[0], n.people[1]).id
	if err := opal.SetPower(w.t.Context(), n.room, n.people[chat.Moderator].ID, 50); err != nil {
		w.t.Fatal(err)
	}
	p, err := matrix.Open(w.t.Context(), matrix.Config{Homeserver: server.URL(), UserID: n.bot.ID, Token: n.bot.Token, Rooms: []string{n.room}})
	if err != nil {
		w.t.Fatal(err)
	}
	var shown <-chan struct{}
	n.log, shown = n.people[chat.Anyone].Watch(w.t.Context())
	<-shown
	w.seat("matrix", n.room, n)
	return p
}

func (n *onMatrix) call(by chat.Right, c chat.Command, options map[string]string, at chat.Place, on chat.Ref) error {
	content := matrixuser.Text(typed(c, options), at.Thread)
	if on.ID != "" {
		content["m.relates_to"] = map[string]any{"rel_type": "m.thread", "event_id": at.Thread, "m.in_reply_to": map[string]any{"event_id": on.ID}}
	}
	_, err := n.people[by].Send(context.Background(), n.room, "m.room.message", content)
	return err
}

func (n *onMatrix) read() string {
	var all []string
	for _, e := range n.log.Room(n.room) {
		if e.Sender == n.bot.ID {
			all = append(all, e.Body())
		}
	}
	return strings.Join(all, "\n")
}

func (n *onMatrix) demote() error {
	return n.people[chat.Operator].SetPower(context.Background(), n.room, n.people[chat.Moderator].ID, 0)
}
