package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"marginalia/internal/chat"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// verdictOf is what bot verify --json prints.
type verdictOf struct {
	OK      bool      `json:"ok"`
	Lost    int       `json:"lost"`
	Doubled int       `json:"doubled"`
	Strayed int       `json:"strayed"`
	Stale   int       `json:"stale"`
	Unheard int       `json:"unheard"`
	Coming  int       `json:"coming"`   // on their way, and so not looked at
	Given   int       `json:"given_up"` // bot status says why
	Faults  []faultOf `json:"faults"`
	Running bool      `json:"running"` // a bot runs on this database
	Queued  int       `json:"queued"`  // with --fix: what is to be mended
}

type faultOf struct {
	Kind string `json:"kind"`
	Room string `json:"room"`
	What string `json:"what"`
	Why  string `json:"why"`
	ID   string `json:"id,omitempty"` // of the message
}

const verifyHelp = `Holds what stands in every room against the database, and names what is
  lost      it should stand there, and nothing is on its way
  doubled   it stands there twice
  strayed   it is the bot's and shows nothing known, stands in another thread, or should be gone
  stale     it has other words than it should
  unheard   a person said it, and it is not recorded
It changes nothing, and works beside a running bot or without one. What waits or
is under way counts as neither, nor does what was given up (see bot status).
What moderators deleted while no bot ran is lost too: run the bot before --fix,
and it takes note of that. Whatever the bot's account said that this database
does not know is strayed: do not use --fix with a new or an older database.

It ends with code 0 if nothing is found or all is mended, else with 1. What
people said while no bot runs is read when it runs, and so is no fault then.`

func (a *app) verifyVerb() *cobra.Command {
	var asJSON, fix bool
	cmd := &cobra.Command{
		Use: "verify", Short: "Compares what stands in the rooms with the database", Long: verifyHelp, Args: arguments(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.loadToRun()
			if err != nil {
				return err
			}
			if path, missing := missingDatabase(c); missing {
				return fmt.Errorf("there is no database %s yet: bot import or bot run makes it", path)
			}
			found, err := verify(cmd.Context(), c, a.log(c), fix)
			if err != nil {
				return err
			}
			if asJSON {
				err = a.printJSON(found)
			} else {
				a.printVerdict(found)
			}
			return errors.Join(err, found.err())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().BoolVar(&fix, "fix", false, "have what is found mended by the bot that runs, or that will")
	return cmd
}

func (v verdictOf) err() error {
	switch {
	case v.OK:
		return nil
	case v.Queued > 0 && !v.Running:
		return errors.New("the bot mends it when it runs")
	case v.Queued > 0:
		return fmt.Errorf("not all of it is mended after %s", mendPatience)
	}
	return errors.New("rooms and database differ: bot verify --fix mends it")
}

// mendPatience is how long bot verify --fix waits for the bot that runs.
const mendPatience = 2 * time.Minute

// verify looks at all rooms. With fix it has what is found mended, waits for
// that if a bot runs, and looks again.
func verify(ctx context.Context, c Config, log *slog.Logger, fix bool) (found verdictOf, err error) {
	db, err := openBeside(ctx, c)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.View(ctx, func(tx *store.Tx) error { return c.followRooms(tx) }); err != nil {
		return found, err
	}
	open, err := openPlatforms(ctx, c, log)
	if err != nil {
		return found, err
	}
	running, err := runs(ctx, db)
	if err != nil {
		return found, err
	}
	engine := relay.New(relay.Config{
		DB: db, Platforms: open.all, Rooms: c.rooms(), Flat: c.flat(), Reader: c.Bot.Reader,
		Settle: c.Relay.Settle.Duration, Patience: c.Relay.Patience.Duration, Largest: c.Relay.bytes(), Language: c.language, Log: log,
	})
	v, err := engine.Verify(ctx)
	if found = verdict(c, v, running); err != nil || !fix || found.OK {
		return found, err
	}
	var todo []relay.Fault
	for _, f := range v.Faults {
		if running || f.Kind != relay.Unheard {
			todo = append(todo, f)
		}
	}
	queued, err := engine.Mend(ctx, todo, time.Now())
	found.Queued = queued
	if err != nil || !running {
		return found, err
	}
	if err := untilSent(ctx, db, c.rooms()); err != nil {
		return found, err
	}
	v, err = engine.Verify(ctx)
	found = verdict(c, v, running)
	found.Queued, found.OK = queued, found.OK && found.Coming == 0
	return found, err
}

// followRooms has the configuration name, in the place of rooms that were
// replaced, those in which the bot goes on for them.
func (c *Config) followRooms(tx *store.Tx) error {
	rooms := slices.Clone(c.Rooms)
	for i, r := range rooms {
		if r.stays() {
			continue
		}
		next, err := relay.Successor(tx, r.room())
		if err != nil {
			return err
		}
		rooms[i].ID = next.ID
	}
	c.Rooms = rooms
	return nil
}

// runs reports whether a bot runs on the database.
func runs(ctx context.Context, db *store.DB) (bool, error) {
	unlock, err := db.Lock(ctx)
	if errors.Is(err, store.ErrLocked) {
		return true, nil
	}
	if err == nil {
		unlock()
	}
	return false, err
}

// untilSent waits until nothing is on its way to the rooms, but not for ever.
func untilSent(ctx context.Context, db *store.DB, rooms []chat.Room) error {
	ctx, cancel := context.WithTimeout(ctx, mendPatience)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		left := 0
		err := db.View(context.WithoutCancel(ctx), func(tx *store.Tx) error {
			left = 0
			for _, room := range rooms {
				all, err := tx.Heads(room)
				if err != nil {
					return err
				}
				left += len(all)
			}
			return nil
		})
		if err != nil || left == 0 {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func verdict(c Config, v relay.Verdict, running bool) verdictOf {
	names := map[chat.Room]string{}
	for _, r := range c.Rooms {
		names[r.room()] = r.Name
	}
	found := verdictOf{
		Lost: v.Count(relay.Lost), Doubled: v.Count(relay.Doubled), Strayed: v.Count(relay.Strayed), Stale: v.Count(relay.Stale), Unheard: v.Count(relay.Unheard),
		Coming: v.Coming, Given: v.Given, Running: running, Faults: []faultOf{},
	}
	for _, f := range v.Faults {
		found.Faults = append(found.Faults, faultOf{string(f.Kind), names[f.Room], f.What, f.Why, f.Ref.ID})
	}
	found.OK = found.Lost+found.Doubled+found.Strayed+found.Stale == 0 && (found.Unheard == 0 || !running)
	return found
}

func (a *app) printVerdict(v verdictOf) {
	for _, f := range v.Faults {
		fmt.Fprintf(a.out, "%s  %s: %s: %s", f.Kind, f.Room, f.What, f.Why)
		if f.ID != "" {
			fmt.Fprintf(a.out, " (%s)", f.ID)
		}
		fmt.Fprintln(a.out)
	}
	fmt.Fprintf(a.out, "%d lost, %d doubled, %d strayed", v.Lost, v.Doubled, v.Strayed)
	for _, more := range []struct {
		n    int
		what string
	}{{v.Stale, "stale"}, {v.Unheard, "unheard"}, {v.Coming, "on their way"}, {v.Given, "given up"}} {
		if more.n > 0 {
			fmt.Fprintf(a.out, ", %d %s", more.n, more.what)
		}
	}
	fmt.Fprintln(a.out)
}
