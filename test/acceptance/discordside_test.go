//go:build unix

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/test/require"
)

// discordSide is a channel of the double's, which the bot reaches over TCP. Its
// people are at the double itself.
type discordSide struct {
	*discordtest.Server
	ctx    context.Context
	called string
	id     string
	users  []*discordtest.User
}

// newDiscord makes a server with one channel.
func newDiscord(w *world, name string, people ...string) *discordSide {
	w.t.Helper()
	server, err := discordtest.Start(discordtest.Options{Schemas: require.Shared(w.t, "discord")})
	w.must(err)
	w.t.Cleanup(func() {
		for _, bad := range server.Bad() {
			w.t.Errorf("Discord would mind: %s", bad)
		}
		if err := server.Close(); err != nil {
			w.t.Error(err)
		}
	})
	s := &discordSide{Server: server, ctx: w.ends(), called: name, id: server.Channel(name)}
	for i, p := range people {
		rights := []int64{discordtest.ManageMessages}[:max(0, 1-i)]
		s.users = append(s.users, server.User(p, rights...))
	}
	w.must(os.WriteFile(filepath.Join(w.dir, "discord.token"), []byte(server.Token()+"\n"), 0o600))
	return s
}

func (s *discordSide) name() string    { return s.called }
func (s *discordSide) room() chat.Room { return chat.Room{Platform: "discord", ID: s.id} }

func (s *discordSide) people() []string {
	var all []string
	for _, u := range s.users {
		all = append(all, u.Name())
	}
	return all
}

func (s *discordSide) config() (network, room string) {
	return fmt.Sprintf("[discord]\ntoken_file = \"discord.token\"\napi = %q\n", s.API()),
		fmt.Sprintf("[[rooms]]\nname = %q\nplatform = \"discord\"\nid = %q\n", s.called, s.id)
}

func (s *discordSide) opened(string, string) error { return nil }

func (s *discordSide) passages() ([]int, error) {
	var seqs []int
	for _, m := range s.Messages(s.id) {
		if seq := passageOf(m, s.Bot()); seq > 0 && m.Thread != "" {
			seqs = append(seqs, seq)
		}
	}
	return seqs, nil
}

// passageOf returns the number of the passage that a message shows, or 0.
func passageOf(m discordtest.Message, bot string) int {
	found := footer.FindStringSubmatch(m.Text)
	if m.Author != bot || m.System || m.ReplyTo != "" || found == nil {
		return 0
	}
	seq, _ := strconv.Atoi(found[1])
	return seq
}

// thread is the one under a passage.
func (s *discordSide) thread(passage int) string {
	for _, m := range s.Messages(s.id) {
		if passageOf(m, s.Bot()) == passage {
			return m.Thread
		}
	}
	return ""
}

func (s *discordSide) shown(token string) (string, error) {
	for _, th := range s.Threads(s.id) {
		for _, m := range s.Messages(th) {
			if m.Webhook && tokenIn(m.Text) == token {
				return m.ID, nil
			}
		}
	}
	return "", nil
}

func (s *discordSide) say(by int, u utterance, _ *rand.Rand) (string, error) {
	id, err := s.users[by].Say(s.thread(u.passage), u.words, u.answers)
	if err != nil && u.answers != "" {
		err = errors.Join(err, errGone)
	}
	return id, err
}

func (s *discordSide) edit(by int, id, words string) error { return s.users[by].Edit(id, words) }
func (s *discordSide) remove(by int, id string) error      { return s.users[by].Delete(id) }

func (s *discordSide) react(by int, id, emoji string, on bool) error {
	react := s.users[by].React
	if !on {
		react = s.users[by].Unreact
	}
	err := react(id, emoji)
	if err != nil && strings.Contains(err.Error(), "(10008)") {
		return errGone
	}
	return err
}

// ask uses the slash command, and then types it. What is typed is taken in
// turn with all else, what is asked for by a slash command is not.
func (s *discordSide) ask(by int, command, words string) error {
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	name := strings.TrimPrefix(command, "!")
	if name == "essay status" {
		asked, err := s.users[by].Slash(s.id, name, nil)
		if err != nil {
			return err
		}
		said := func() bool {
			return slices.ContainsFunc(asked.Answers(), func(a discordtest.Answer) bool { return strings.Contains(a.Text, words) && a.Private })
		}
		if err := s.Wait(ctx, said); err != nil {
			return fmt.Errorf("/%s is answered with %v, not with %q: %w", name, asked.Answers(), words, err)
		}
	}
	asked, err := s.users[by].Say(s.id, command, "")
	if err != nil {
		return err
	}
	err = s.Wait(ctx, func() bool {
		return slices.ContainsFunc(s.Messages(s.id), func(m discordtest.Message) bool {
			return m.Author == s.Bot() && m.ReplyTo == asked && strings.Contains(m.Text, words)
		})
	})
	if err != nil {
		all := s.Messages(s.id)
		return fmt.Errorf("%s in the %s is not answered with %q but %q: %w", command, s.called, words, all[len(all)-1].Text, err)
	}
	return nil
}

// read takes down the state of the double.
func (s *discordSide) read() (record, error) {
	r := &discordRecord{account: s.Bot(), guild: s.Guild(), channel: s.id, people: s.people(), threads: map[string][]discordtest.Message{},
		emoji: map[string]map[string][]string{}, everything: s.Everything(s.id), pings: s.Pings()}
	r.posted = s.Messages(s.id)
	for _, th := range s.Threads(s.id) {
		r.threads[th] = s.Messages(th)
	}
	for m := range r.all() {
		r.emoji[m.ID] = maps.Clone(s.Reactions(m.ID))
	}
	return r, nil
}
