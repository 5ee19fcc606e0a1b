package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"marginalia/internal/store"
)

func (a *app) runVerb() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use: "run", Short: "Runs the bot that the configuration describes", Args: arguments(0, 0, "no arguments"),
		Long: "Runs the bot until it is interrupted: it then finishes what it has begun. A second interrupt ends it at once.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("listen") {
				c.Bot.Listen = listen
			}
			if err := c.mustBeThere(); err != nil {
				return err
			}
			if err := c.checkRun(); err != nil {
				return err
			}
			return a.runBot(cmd.Context(), c)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address of the reader page; port 0 takes any (default 127.0.0.1:8080)")
	return cmd
}

// mustBeThere refuses to do without a file what makes sense only with one.
func (c *Config) mustBeThere() error {
	if c.file == "" {
		return usage("there is no %s here: copy config.example.toml, or try bot demo, which needs none", defaultFile)
	}
	return nil
}

// runBot opens what c describes and serves until ctx is done.
func (a *app) runBot(ctx context.Context, c Config) (err error) {
	keepSmall()
	log := a.log(c)
	db, err := store.Open(ctx, c.Bot.Database, store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	unlock, err := db.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := assertPlans(ctx, db, c, a.web(c, &bar{}), log, time.Now()); err != nil {
		return err
	}
	if len(c.Plans) == 0 {
		log.Warn("there are no plans: nothing will be posted")
	}
	untold := context.AfterFunc(ctx, func() { a.notify("STOPPING") })
	defer untold()
	err = serve(ctx, c, db, a.web(c, &bar{}), log, func(address string) {
		a.notify("READY")
		if address == "" {
			fmt.Fprintln(a.out, "Marginalia runs; it serves no page.")
			return
		}
		fmt.Fprintln(a.out, "Marginalia runs. Read at", address)
	})
	return errors.Join(err, db.Scrub(context.WithoutCancel(ctx)))
}

// keepSmall makes the runtime give memory back: the bot mostly waits. What the
// operator set in GOGC and GOMEMLIMIT holds.
func keepSmall() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(64 << 20)
	}
}
