// Command pictures shows how the bot looks on Discord, for the eye: it runs the
// bot against the double of Discord, has people use it, draws what the double
// then holds, and takes pictures of that with Chromium. The drawing is plain HTML
// of its own, not Discord's client: what is there is true, how it is painted is not.
//
//	go run ./test/pictures -out docs
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/chat/discord"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/command"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
	"marginalia/test/chromium"
	"marginalia/test/wait"
)

func main() {
	text := flag.String("text", "cmd/bot/sample/essay.md", "the text that is read")
	out := flag.String("out", "docs", "the folder for the pictures")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if err := draw(ctx, *text, *out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// draw makes the pictures.
func draw(ctx context.Context, text, out string) error {
	dir, err := os.MkdirTemp("", "marginalia-pictures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	site, err := discordtest.Start(discordtest.Options{})
	if err != nil {
		return err
	}
	defer site.Close()
	s := stage{site: site, club: site.Channel("book-club"), away: chattest.New(chattest.Options{Name: "matrix", Names: true, Limit: 4000})}
	if err := s.read(text, filepath.Join(dir, "bot.db")); err != nil {
		return err
	}
	defer s.db.Close()
	stop, err := s.run(ctx)
	if err != nil {
		return err
	}
	defer stop()
	scenes, err := s.play(ctx)
	if err != nil {
		return err
	}
	var all []error
	for _, c := range scenes {
		all = append(all, shoot(ctx, dir, filepath.Join(out, "discord-"+c.name+".png"), c))
	}
	return errors.Join(append(all, badOf(site))...)
}

func badOf(site *discordtest.Server) error {
	if bad := site.Bad(); len(bad) > 0 {
		return fmt.Errorf("what Discord would refuse: %q", bad)
	}
	return nil
}

// shoot draws a scene and takes its picture.
func shoot(ctx context.Context, dir, picture string, c scene) error {
	page := filepath.Join(dir, c.name+".html")
	f, err := os.Create(page)
	if err != nil {
		return err
	}
	if err := errors.Join(sheet.Execute(f, c), f.Close()); err != nil {
		return fmt.Errorf("draw %s: %w", c.name, err)
	}
	browser, err := chromium.Find()
	if err != nil {
		return err
	}
	picture, err = filepath.Abs(picture)
	if err != nil {
		return err
	}
	args := append(chromium.Flags(filepath.Join(dir, "browser")), "--hide-scrollbars", "--force-device-scale-factor=1.5",
		fmt.Sprintf("--window-size=%d,%d", c.Width, c.Height), "--screenshot="+picture, "file://"+page)
	if said, err := exec.CommandContext(ctx, browser, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("take the picture of %s: %w: %s", c.name, err, said)
	}
	return nil
}

// stage is the bot with people on Discord and elsewhere.
type stage struct {
	site *discordtest.Server
	club string
	away *chattest.Network
	hall chat.Room
	db   *store.DB
	text discussion.Discussion
}

func (s *stage) read(name, file string) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	doc := format.Markdown{}.Parse(string(src))
	s.text = discussion.Assemble("The Wide Margin", "", []discussion.Document{{Kind: discussion.Essay, Body: doc, Confidence: 1}}, discussion.CutOptions{})
	s.hall = s.away.Room("hall")
	if s.db, err = store.Open(context.Background(), file, store.Options{NoListen: true}); err != nil {
		return err
	}
	return s.db.Update(context.Background(), func(tx *store.Tx) error {
		if _, err := tx.PutDiscussion(s.text, time.Now()); err != nil {
			return err
		}
		return tx.PutPlan(schedule.Plan{
			Name: "daily", Does: schedule.Drip, Discussion: s.text.ID, Cron: "30 8,18 * * *", Zone: "Europe/Berlin",
			Rooms: []chat.Room{s.room(), s.hall}, Count: 1, Start: time.Now(), Next: 1,
		})
	})
}

func (s *stage) room() chat.Room { return chat.Room{Platform: "discord", ID: s.club} }

const reader = "https://read.example.org"

// run starts the bot, and returns what stops it.
func (s *stage) run(ctx context.Context) (stop func(), err error) {
	p, err := discord.Open(ctx, discord.Config{Token: s.site.Token(), Channels: []string{s.club}, API: s.site.API(), Dial: s.site.Dial})
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	env := command.Env{DB: s.db, Reader: reader, Link: p.Profile().Link, Profile: func(string) chat.Profile { return p.Profile() }, Log: log}
	if err := p.Register(ctx, command.Words(env)); err != nil {
		return nil, err
	}
	r := relay.New(relay.Config{
		DB: s.db, Platforms: []chat.Platform{p, s.away.Open("bot")}, Rooms: []chat.Room{s.room(), s.hall},
		Reader: reader, Command: command.Dispatcher(env), Log: log,
	})
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(running) }()
	return func() {
		cancel()
		<-ended
		_ = p.Close()
	}, nil
}

// until waits for something that comes of itself.
func until(ctx context.Context, what string, is func() bool) error {
	return wait.For(ctx, func(context.Context) error {
		if !is() {
			return fmt.Errorf("wait until %s", what)
		}
		return nil
	})
}
