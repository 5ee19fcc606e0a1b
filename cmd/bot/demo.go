package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"marginalia/internal/discussion"
	"marginalia/internal/relay"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

// demoPlan is the name of the demo's one plan.
const demoPlan = "demo"

func (a *app) demoVerb() *cobra.Command {
	var listen string
	var every time.Duration
	cmd := &cobra.Command{
		Use: "demo [FILE]", Short: "Shows it all, with nothing to configure",
		Long: "Posts an essay, or FILE, into two rooms on a web page, a passage every 20 seconds.\nIt keeps everything in a temporary folder, which it removes at its end.",
		Args: arguments(0, 1, "at most one text"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if every < time.Second {
				return usage("--every %s is too short: a second is the least", every)
			}
			c := defaults()
			c.Bot.LogLevel = "warn"
			if a.logLevel != "" {
				c.Bot.LogLevel = choice(a.logLevel)
			}
			if a.logFormat != "" {
				c.Bot.LogFormat = choice(a.logFormat)
			}
			c.Privacy.Default = "named"
			c.Bot.Listen = listen
			if !cmd.Flags().Changed("listen") {
				c.Bot.Listen = freeAddress(listen)
			}
			c.Plans = []PlanTable{{Name: demoPlan, Cron: "@every " + every.String()}}
			c.complete()
			if err := errors.Join(c.checkChoices(), c.checkWeb()); err != nil {
				return err
			}
			d, err := demoText(cmd.Context(), c, args)
			if err != nil {
				return err
			}
			return a.runDemo(cmd.Context(), c, d)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address of the page; port 0 takes any")
	cmd.Flags().DurationVar(&every, "every", 20*time.Second, "time between two passages")
	return cmd
}

// freeAddress is address, or any free port of its host if that is taken.
func freeAddress(address string) string {
	l, err := net.Listen("tcp", address)
	if err != nil {
		host, _, _ := net.SplitHostPort(address)
		return net.JoinHostPort(host, "0")
	}
	l.Close()
	return address
}

func demoText(ctx context.Context, c Config, args []string) (discussion.Discussion, error) {
	if len(args) == 0 {
		return sampleText(c.cut())
	}
	return source.Open(ctx, args[0], source.Options{Cut: c.cut()})
}

func (a *app) runDemo(ctx context.Context, c Config, d discussion.Discussion) (err error) {
	dir, err := os.MkdirTemp("", "marginalia-demo-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := store.Open(ctx, filepath.Join(dir, "demo.db"), store.Options{NoListen: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := beginDemo(ctx, db, c, d, time.Now()); err != nil {
		return err
	}
	return serve(ctx, c, db, a.web(c, &bar{}), a.log(c), func(address string) {
		fmt.Fprintf(a.out, "%s: %d passages, one every %s.\nOpen %s/d/%s\nCtrl+C ends it; nothing is kept.\n",
			d.Title, len(d.Passages), c.Plans[0].Cron[len("@every "):], address, d.ID)
	})
}

// beginDemo stores the text and the plan, and has the first passage posted at
// once: @every waits before its first time.
func beginDemo(ctx context.Context, db *store.DB, c Config, d discussion.Discussion, now time.Time) error {
	rooms, err := c.roomsOf(c.Plans[0])
	if err != nil {
		return err
	}
	plan := c.Plans[0].plan(rooms)
	plan.Discussion, plan.Start = d.ID, now
	return db.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.PutDiscussion(d, now); err != nil {
			return err
		}
		for _, room := range rooms {
			if err := tx.PutRoom(room); err != nil {
				return err
			}
		}
		if err := tx.PutPlan(plan); err != nil {
			return err
		}
		_, err := relay.Advance(tx, demoPlan, "the first at once", 1, now)
		return err
	})
}
