package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"marginalia/internal/command"
	"marginalia/internal/discussion"
	"marginalia/internal/lang"
	"marginalia/internal/page"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

const simulateHelp = `Prints every post that the configured plans will make, as the bot would make it:
when, in which room, of how many messages of how many characters, and under which
name its thread. Nothing is sent and nothing changes; it works before the first
bot run, and beside one that runs.

Times are in the plan's zone. What people say meanwhile, next, pause and digests
are not foreseen. Of a plan that waits for readers it is taken that somebody reads
each passage.`

// coming is a post to come, as bot simulate --json prints it.
type coming struct {
	At      time.Time `json:"at"`
	Plan    string    `json:"plan"`
	Room    string    `json:"room"`
	Passage int       `json:"passage"`
	Of      int       `json:"of"`
	Under   string    `json:"under,omitempty"` // the id of the passage in whose thread it comes, or that it replies to
	Thread  string    `json:"thread,omitempty"`
	Parts   []string  `json:"parts"`
}

func (a *app) simulateVerb() *cobra.Command {
	var asJSON bool
	var until, file string
	cmd := &cobra.Command{
		Use: "simulate", Short: "Shows what will be posted, and when", Long: simulateHelp, Args: arguments(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.loadToRun()
			if err != nil {
				return err
			}
			now := time.Now()
			end, err := untilWhen(until, now)
			if err != nil {
				return err
			}
			all, err := a.simulate(cmd.Context(), c, now, end)
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				return a.printJSON(comingOf(all))
			case file != "":
				return a.showComing(all, waits(c), end, file)
			}
			return errors.Join(a.printComing(all, end), a.printWaits(c), a.printShifts(c, now, end))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array, with the words")
	cmd.Flags().StringVar(&file, "html", "", "write a page that shows each post into this file")
	cmd.Flags().StringVar(&until, "until", "30d", "how far to look: days (30d), hours (12h) or a date (2026-12-24)")
	return cmd
}

var inDays = regexp.MustCompile(`^([0-9]{1,4})d$`)

// untilWhen is the time that --until names.
func untilWhen(s string, now time.Time) (time.Time, error) {
	if m := inDays.FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[1])
		return now.AddDate(0, 0, n), err
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(d), nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, s, time.Local); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Nanosecond), nil
	}
	return now, usage("--until %q is neither days (30d), nor a duration (12h), nor a date (2026-12-24)", s)
}

func (a *app) simulate(ctx context.Context, c Config, now, until time.Time) (all []relay.Coming, err error) {
	open, err := openPlatforms(ctx, c, a.log(c))
	if err != nil {
		return nil, err
	}
	db, closing, err := stage(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closing()) }()
	known := make([]discussion.ID, len(c.Plans))
	if _, missing := missingDatabase(c); !missing {
		if known, err = setStage(ctx, c, db, now); err != nil {
			return nil, err
		}
	}
	fresh, err := a.freshTexts(ctx, c, known)
	if err != nil {
		return nil, err
	}
	engine := relay.New(relay.Config{DB: db, Platforms: open.all, Rooms: c.rooms(), Flat: c.flat(), Reader: c.Bot.Reader, Language: c.language, Log: a.log(c)})
	return engine.Rehearse(ctx, now, until, func(tx *store.Tx) error {
		texts := slices.Clone(known)
		for i, p := range c.Plans {
			if texts[i] != "" {
				continue
			}
			did, err := importInto(tx, c, fresh[p.Text], now)
			if texts[i] = did.ID; err != nil {
				return err
			}
		}
		return assertTexts(tx, c, texts, slog.New(slog.DiscardHandler), now)
	})
}

// stage is an empty database that goes when it is closed.
func stage(ctx context.Context) (db *store.DB, closing func() error, err error) {
	dir, err := os.MkdirTemp("", "marginalia-")
	if err != nil {
		return nil, nil, err
	}
	db, err = store.Open(ctx, filepath.Join(dir, "rehearsal.db"), store.Options{NoListen: true})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return db, func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }, nil
}

// setStage copies what there is into an empty database, and says which texts of
// plans are known.
func setStage(ctx context.Context, c Config, empty *store.DB, now time.Time) (known []discussion.ID, err error) {
	db, err := openBeside(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	known = make([]discussion.ID, len(c.Plans))
	var texts []discussion.Discussion
	err = db.View(ctx, func(tx *store.Tx) (err error) {
		texts = nil
		for i, p := range c.Plans {
			if known[i], err = knownText(tx, p); err != nil || known[i] == "" {
				continue
			}
			d, err := tx.Discussion(known[i])
			if err != nil {
				return err
			}
			texts = append(texts, d)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = empty.Update(ctx, func(tx *store.Tx) error {
		for _, d := range texts {
			if _, err := tx.PutDiscussion(d, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return known, relay.Stage(ctx, db, empty, now)
}

// freshTexts reads those texts of plans that are not known.
func (a *app) freshTexts(ctx context.Context, c Config, known []discussion.ID) (map[string]discussion.Discussion, error) {
	fresh := map[string]discussion.Discussion{}
	for i, p := range c.Plans {
		if _, read := fresh[p.Text]; known[i] != "" || read {
			continue
		}
		ref := p.Text
		if !source.IsAddress(ref) {
			ref = c.path(ref)
		}
		d, err := source.Open(ctx, ref, source.Options{Cut: c.cut(), Web: a.web(c, &bar{})})
		if err != nil {
			return nil, fmt.Errorf("plan %q: %w", p.Name, err)
		}
		fresh[p.Text] = d
	}
	return fresh, nil
}

// knownText is the text of a plan: what was imported for it, or what its id names;
// "" if it is not known yet.
func knownText(tx *store.Tx, p PlanTable) (discussion.ID, error) {
	had, known, err := importedFor(tx, p)
	if known || err != nil {
		return had.id, err
	}
	all, err := tx.Discussions()
	for _, s := range all {
		if string(s.ID) == p.Text || s.URL == p.Text {
			return s.ID, err
		}
	}
	return "", err
}

func comingOf(all []relay.Coming) []coming {
	list := []coming{}
	for _, p := range all {
		one := coming{
			At: p.At.UTC(), Plan: p.Plan.Name, Room: p.Room.String(), Passage: p.Passage.Seq, Of: p.Total,
			Under: string(p.Under), Thread: p.Thread, Parts: []string{},
		}
		for _, part := range p.Parts {
			one.Parts = append(one.Parts, part.Text)
		}
		list = append(list, one)
	}
	return list
}

// showComing writes the posts as a page.
func (a *app) showComing(all []relay.Coming, waits []string, until time.Time, file string) error {
	sheet := page.Rehearsal{Until: untilWords(until), Notes: waits}
	for _, p := range all {
		post := page.Post{
			When: when(p), Plan: p.Plan.Name, Room: p.Room.String(),
			Title: p.Title, Passage: p.Passage.Seq, Total: p.Total, Thread: p.Thread,
		}
		for _, part := range p.Parts {
			post.Parts = append(post.Parts, page.Part{Body: part})
		}
		sheet.Posts = append(sheet.Posts, post)
	}
	var out bytes.Buffer
	if err := page.WriteRehearsal(&out, sheet); err != nil {
		return fmt.Errorf("show what will be posted: %w", err)
	}
	return a.hand(out.Bytes(), file)
}

func when(p relay.Coming) string {
	return command.When(lang.English, p.At.Truncate(time.Second), p.Plan.Zone)
}

func untilWords(until time.Time) string { return until.Format("Mon 2 Jan 2006 15:04") }

// printShifts tells where the clocks change at the plans' times in the coming days.
func (a *app) printShifts(c Config, now, until time.Time) (err error) {
	if soon := now.Add(schedule.Ahead); soon.Before(until) {
		until = soon
	}
	for _, p := range c.Plans {
		for _, s := range p.plan(nil).Shifts(now, until) {
			_, wrong := fmt.Fprintf(a.out, "%s: %s (%s)\n", p.Name, s, p.plan(nil).Zone)
			err = errors.Join(err, wrong)
		}
	}
	return err
}

// printWaits tells of which plans it is taken that somebody reads.
func (a *app) printWaits(c Config) (err error) {
	for _, s := range waits(c) {
		_, wrong := fmt.Fprintln(a.out, s)
		err = errors.Join(err, wrong)
	}
	return err
}

// waits says which plans wait for readers.
func waits(c Config) (all []string) {
	for _, p := range c.Plans {
		if p.WaitForReaders > 0 {
			all = append(all, fmt.Sprintf("%s: it waits for readers (%d); this is what comes if somebody reads.", p.Name, p.WaitForReaders))
		}
	}
	return all
}

func (a *app) printComing(all []relay.Coming, until time.Time) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	if len(all) > 0 {
		fmt.Fprintln(w, "WHEN\tPLAN\tROOM\tPASSAGE\tCHARACTERS\tTHREAD")
	}
	messages := 0
	for _, p := range all {
		lengths := ""
		for i, part := range p.Parts {
			if i > 0 {
				lengths += "+"
			}
			lengths += strconv.Itoa(utf8.RuneCountInString(part.Text))
		}
		thread := p.Thread
		switch {
		case p.Under != "" && p.Flat:
			thread = "(a reply to the passage it quotes)"
		case p.Under != "":
			thread = "(in that of the passage it quotes)"
		case p.Flat:
			thread = "(none)"
		}
		messages += len(p.Parts)
		fmt.Fprintf(w, "%s\t%s\t%s\t%d/%d\t%s\t%s\n", when(p), p.Plan.Name, p.Room, p.Passage.Seq, p.Total, lengths, thread)
	}
	fmt.Fprintf(w, "%d posts in %d messages until %s.\n", len(all), messages, untilWords(until))
	return w.Flush()
}
