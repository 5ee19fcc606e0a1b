//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"marginalia/internal/chat/discord/discordtest"
	"marginalia/test/wait"
)

// interactions is the soak "interactions": people of a guild use commands,
// buttons and menus by the clock, whether the bot keeps up or not, while its
// database holds what they said for a year.
type interactions struct {
	n           int
	rate        int // a second
	annotations int
	seed        uint64
	dir         string
}

const (
	askedChannels = 4
	askersEach    = 50
	essayWords    = 17_000
	postsEach     = 5           // passages that stand in each channel
	remarksEach   = 3           // by people of each channel, of which the bot knows by itself
	lastWords     = time.Minute // after the last interaction
)

// unproxied is Discord's double without the proxy before it, which would take
// part of the time that is measured.
type unproxied struct{ *discordNet }

func (n unproxied) config() string {
	return fmt.Sprintf("[discord]\ntoken = %q\napi = %q\n", n.server.Token(), n.server.API())
}

func (i interactions) run(ctx context.Context) error {
	d, err := newDiscord(i.seed, askedChannels, askersEach, discordtest.Options{})
	if err != nil {
		return err
	}
	w, err := newWorld(ctx, i.dir, unproxied{d})
	if err != nil {
		return err
	}
	defer w.close()
	for _, s := range d.sides {
		w.sides = append(w.sides, s)
	}
	text := filepath.Join(i.dir, "essay.md")
	if err := os.WriteFile(text, []byte(longEssay(dice(i.seed, 1))), 0o600); err != nil {
		return err
	}
	if err := i.furnish(ctx, w, d, text); err != nil {
		return err
	}
	c, err := newAskers(d, dice(i.seed, 2))
	if err != nil {
		return err
	}
	t, err := i.measure(ctx, w, c)
	if err != nil {
		return err
	}
	t.print()
	return errors.Join(t.verdict(), w.stop(), d.verdict())
}

// furnish lets the bot post the first passages and repeat a few remarks, fills
// its database while it is down, and starts it again.
func (i interactions) furnish(ctx context.Context, w *world, d *discordNet, text string) error {
	if err := w.configure(text, "1s"); err != nil {
		return err
	}
	if _, err := w.start(ctx); err != nil {
		return err
	}
	if err := d.eachShows(ctx, "passages", func(s *discordSide) bool { return len(s.posts()) >= postsEach }); err != nil {
		return err
	}
	for _, s := range d.sides {
		for j := range remarksEach {
			if _, err := s.who[j].Say(s.threads()[1], "A remark of which all can be asked who made it.", ""); err != nil {
				return err
			}
		}
	}
	all := remarksEach * len(d.sides)
	if err := d.eachShows(ctx, "remarks", func(s *discordSide) bool { return len(s.remarks()) >= all }); err != nil {
		return err
	}
	if err := w.stop(); err != nil {
		return err
	}
	began := time.Now()
	if err := fillAnnotations(ctx, w.database, i.annotations, d.sides, dice(i.seed, 3)); err != nil {
		return fmt.Errorf("fill the database: %w", err)
	}
	size, err := sizeOf(ctx, w.database)
	if err != nil {
		return err
	}
	fmt.Printf("%d annotations by %d people, a database of %.0f MiB, filled in %s\n",
		i.annotations, writers(d.sides), float64(size)/(1<<20), time.Since(began).Round(time.Second/10))
	if err := w.configure(text, "500h"); err != nil {
		return err
	}
	if _, err := w.start(ctx); err != nil {
		return err
	}
	return w.calm(ctx)
}

// eachShows waits until all channels show something.
func (n *discordNet) eachShows(ctx context.Context, what string, shows func(*discordSide) bool) error {
	return wait.For(within(ctx, 2*time.Minute), func(context.Context) error {
		for _, s := range n.sides {
			if !shows(s) {
				return fmt.Errorf("%s does not show all %s yet", s.room(), what)
			}
		}
		return nil
	})
}

// remarks are what people, and the bot for them, said under the first passage.
func (d *discordSide) remarks() (ids []string) {
	for _, m := range d.server.Messages(d.threads()[1]) {
		if !m.System && m.Author != d.server.Bot() {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// measure sends all interactions by the clock and waits until the last of them
// has its words, for a while.
func (i interactions) measure(ctx context.Context, w *world, c *askers) (*answerTally, error) {
	before, err := cpu(w.run.Pid())
	if err != nil {
		return nil, err
	}
	t := &answerTally{}
	began, late := time.Now(), time.Duration(0)
	for k := range i.n {
		due := began.Add(time.Duration(k) * time.Second / time.Duration(i.rate))
		if err := sleepUntil(ctx, due); err != nil {
			return nil, err
		}
		late = max(late, time.Since(due))
		u := c.uses[k%len(c.uses)]
		if k%len(c.uses) == 0 {
			c.shuffle()
			u = c.uses[0]
		}
		asked, err := u.ask(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", u.name, err)
		}
		t.sent = append(t.sent, sentUse{u, asked})
	}
	took := time.Since(began)
	unsaid := wait.For(within(ctx, lastWords), func(context.Context) error { return t.settled() })
	after, err := cpu(w.run.Pid())
	if err != nil {
		return nil, err
	}
	fmt.Printf("%d interactions in %s (%.0f a second, the latest of them %.0f ms behind the clock); the last words came %s later\n",
		i.n, took.Round(time.Millisecond), float64(i.n)/took.Seconds(), ms(late), (time.Since(began) - took).Round(time.Second/10))
	fmt.Printf("the bot used %.2f ms of processor time for each, and %s\n", ms(after-before)/float64(i.n), status(w.run.Pid(), "VmHWM"))
	if unsaid != nil && ctx.Err() == nil {
		fmt.Println("not all came:", t.settled())
	}
	return t, ctx.Err()
}

func sleepUntil(ctx context.Context, due time.Time) error {
	t := time.NewTimer(time.Until(due))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// longEssay is a text of essayWords words, of which some stand in many passages
// and most in a few.
func longEssay(dice *rand.Rand) string {
	var all strings.Builder
	all.WriteString("# A long essay\n")
	for n := range essayWords {
		switch {
		case n%120 == 0:
			all.WriteString("\n\n")
		case n%12 == 0:
			all.WriteString(". ")
		default:
			all.WriteString(" ")
		}
		all.WriteString(madeUp(dice))
	}
	return all.String() + ".\n"
}

// syllables are what words are made of.
var syllables = []string{"ba", "den", "fi", "gor", "hul", "ka", "lem", "mi", "nor", "pu", "ra", "sel", "ti", "vo", "wen", "zu"}

// madeUp is a word of one to three syllables.
func madeUp(dice *rand.Rand) string {
	word := ""
	for range 1 + dice.IntN(3) {
		word += syllables[dice.IntN(len(syllables))]
	}
	return word
}
