package limits

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/chat/discord"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/command"
	"marginalia/internal/discussion"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
	"marginalia/test/require"
)

// TestDiscord has hostile texts posted on Discord, talked about from there and
// from elsewhere, and asked about by each command, menu, button and form: Discord's
// double, which knows the documented limits, minds none of it.
func TestDiscord(t *testing.T) {
	require.Shared(t, "discord")
	each(t, func(t *testing.T, w *writer) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))) // Discord's ids begin before
			newClub(t, w).told()
		})
	})
}

// club is a bot in a channel of Discord and in a room elsewhere.
type club struct {
	*testing.T
	w       *writer
	site    *discordtest.Server
	channel string
	away    *chattest.Network
	room    chat.Room
	text    discussion.Discussion
	db      *store.DB
	words   []chat.Command
	people  []*discordtest.User // the last one may do all
	asked   map[string]int
	in      lang.Language
}

func newClub(t *testing.T, w *writer) *club {
	site, err := discordtest.Start(discordtest.Options{Pipe: true, Schemas: require.Shared(t, "discord")})
	if err != nil {
		t.Fatal(err)
	}
	c := &club{T: t, w: w, site: site, channel: site.Channel("club"), text: discussionOf(w), asked: map[string]int{}}
	c.away = chattest.New(chattest.Options{Name: "away", Names: true, Limit: 4000, Moderator: true})
	c.room = c.away.Room("hall")
	c.db = opened(t, c.text)
	c.people = []*discordtest.User{site.User("Ada"), site.User("Op", discordtest.ManageGuild, discordtest.ManageMessages)}
	return c
}

// told runs the bot, and tells the story.
func (c *club) told() {
	here := chat.Room{Platform: "discord", ID: c.channel}
	p, err := discord.Open(c.Context(), discord.Config{Token: c.site.Token(), Channels: []string{c.channel}, API: c.site.API(), Dial: c.site.Dial, Log: logger(c.T)})
	if err != nil {
		c.Fatal(err)
	}
	update(c.T, c.db, func(tx *store.Tx) error {
		return tx.PutPlan(schedule.Plan{
			Name: "drip", Does: schedule.Drip, Discussion: c.text.ID, Cron: "0 0 29 2 *", Rooms: []chat.Room{here, c.room}, Count: 1, Start: time.Now(), Next: 1,
		})
	})
	reader := oneOf(c.w, "", "https://read.example.org", "http://localhost:8080", "https://read.example.org/"+strings.Repeat("x", 500))
	speaks := inEither(c.w)
	c.in = speaks(here)
	env := command.Env{DB: c.db, Language: speaks, Reader: reader, Link: p.Profile().Link, Profile: func(string) chat.Profile { return p.Profile() }, Log: logger(c.T)}
	c.words = command.Words(env)
	if err := p.Register(c.Context(), c.words); err != nil {
		c.Fatal(err)
	}
	r := relay.New(relay.Config{DB: c.db, Platforms: []chat.Platform{p, c.away.Open("bot")}, Rooms: []chat.Room{here, c.room}, Reader: reader, Language: speaks, Command: command.Dispatcher(env), Log: logger(c.T)})
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := r.Run(ctx); err != nil {
			c.Errorf("Run: %v", err)
		}
	})
	defer func() { // without which the bubble would not end
		stop()
		done.Wait()
		for _, closes := range []func() error{p.Close, c.site.Close, c.db.Close} {
			if err := closes(); err != nil {
				c.Error(err)
			}
		}
	}()
	c.posts()
	c.talks()
	c.presses()
	c.asks()
	c.settled()
	c.judged()
}

// posts has some passages posted, the first and the comments at the end.
func (c *club) posts() {
	update(c.T, c.db, func(tx *store.Tx) error {
		_, err := relay.Advance(tx, "drip", "all", min(6, len(c.text.Passages)), time.Now())
		return err
	})
	c.settled()
}

// until waits in the bubble's time.
func (c *club) until(what string, is func() bool) {
	c.Helper()
	for end := time.Now().Add(time.Hour); !is(); {
		if time.Now().After(end) {
			c.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(time.Second)
	}
}

// settled waits until nothing is on its way to the rooms.
func (c *club) settled() {
	c.Helper()
	c.until("nothing is on its way", func() bool {
		n := 0
		err := c.db.View(context.Background(), func(tx *store.Tx) error {
			rooms, err := tx.RoomStatus()
			for _, r := range rooms {
				n += r.Pending
			}
			return err
		})
		return err == nil && n == 0
	})
}

// posted are the posts of passages on Discord.
func (c *club) posted() (all []discordtest.Message) {
	for _, m := range c.site.Messages(c.channel) {
		if m.Thread != "" {
			all = append(all, m)
		}
	}
	return all
}

// talks lets people with hostile names say hostile things on both sides, and
// edit them.
func (c *club) talks() {
	posts := c.posted()
	if len(posts) == 0 {
		c.Fatal("nothing was posted")
	}
	for i, m := range c.away.Read(chat.Place{Room: c.room}) {
		thread := c.away.Thread(m.Ref)
		if thread == (chat.Place{}) || i > 3 {
			continue
		}
		stranger := c.away.User(c.w.line())
		said := stranger.Say(thread, c.w.exactly(3900), chat.Ref{})
		c.settled()
		stranger.Edit(said, c.w.exactly(oneOf(c.w, 3, 3900)))
		stranger.Say(thread, "> "+c.w.line()+"\n\n"+c.w.exactly(500), said)
	}
	for _, u := range c.people {
		if _, err := u.Say(posts[0].Thread, c.w.exactly(1999), ""); err != nil {
			c.Error(err)
		}
	}
	c.settled()
}

// presses presses each button, and fills in what it opens.
func (c *club) presses() {
	n := 0
	for _, m := range c.posted() {
		for _, b := range m.Buttons {
			if b.URL == "" {
				i, err := c.people[0].Press(m.ID, b.Label)
				c.answered("the button "+b.Label, i, err)
				n++
			}
		}
	}
	if n == 0 {
		c.Error("there are no buttons")
	}
}

// asks uses each command with hostile arguments and, where it can be, with none;
// from the menus, too, and while it is typed.
func (c *club) asks() {
	thread := c.posted()[0].Thread
	messages := c.site.Messages(thread)
	for _, o := range c.words {
		name := strings.Join(strings.Fields("essay "+o.Group+" "+o.Name), " ")
		for _, u := range c.people {
			given, bare := map[string]string{}, map[string]string{}
			for _, option := range o.Options {
				given[option.Name] = oneOf(c.w, c.w.line(), c.w.exactly(1500), "1", "99999999999999999999")
				if len(option.Choices) > 0 {
					given[option.Name] = option.Choices[c.w.dice.IntN(len(option.Choices))].Value
				}
				if option.Required && option.Asked == "" {
					bare[option.Name] = given[option.Name]
				}
				if option.Complete != nil && len(option.Choices) == 0 {
					typed := map[string]string{option.Name: oneOf(c.w, "", "1", c.w.exactly(4), c.w.line())}
					i, err := u.Autocomplete(thread, name, typed, option.Name)
					c.answered("typing "+name, i, err)
				}
			}
			for _, options := range []map[string]string{given, bare} {
				i, err := u.Slash(oneOf(c.w, thread, c.channel), name, options)
				c.answered(name, i, err)
			}
		}
		if o.Menu != "" {
			i, err := c.people[0].Menu(messages[c.w.dice.IntN(len(messages))].ID, o.Menu)
			c.answered("the menu "+o.Menu, i, err)
		}
	}
}

// answered waits for an answer; a form is filled in as far as it goes.
func (c *club) answered(what string, i *discordtest.Interaction, err error) {
	c.Helper()
	if err != nil {
		c.Errorf("%s: %v", what, err)
		return
	}
	c.until(what+" is answered", func() bool { return i.Modal() != nil || len(i.Answers()) > 0 || i.Choices() != nil })
	c.asked[what]++
	m := i.Modal()
	if m == nil {
		return
	}
	written := map[string]string{}
	for _, in := range m.Inputs {
		written[in.Name] = c.w.exactly(oneOf(c.w, 1, in.Max/2, in.Max))
	}
	filled, err := i.Submit(written)
	c.answered("the form "+m.Title, filled, err)
}

// judged fails the test for whatever Discord minds, or did not take.
func (c *club) judged() {
	for _, bad := range c.site.Bad() {
		c.Errorf("Discord would mind: %s", bad)
	}
	for name, op := range c.site.Ops() {
		for code, n := range op.Errors {
			if n > 0 {
				c.Errorf("%s was refused with %d", name, code)
			}
		}
	}
	err := c.db.View(context.Background(), func(tx *store.Tx) error {
		rooms, err := tx.RoomStatus()
		for _, r := range rooms {
			if r.Dead > 0 {
				c.Errorf("%d things were given up in %s", r.Dead, r.Room)
			}
		}
		return err
	})
	if err != nil {
		c.Error(err)
	}
	for _, what := range []string{"the button " + c.in.Sprintf("Annotate"), "the form Annotate this", "the menu Show passage"} {
		if c.asked[what] == 0 {
			c.Errorf("%s was not tried", what)
		}
	}
	c.Logf("%d passages, asked: %v", len(c.text.Passages), len(c.asked))
}
