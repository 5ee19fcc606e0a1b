// Command bot is Marginalia: it posts a text passage by passage into chat
// rooms, and what people reply there becomes annotations beside the text.
//
// Here, and only here, are the verbs, the configuration, the environment and
// the exit codes; everything below is handed plain values.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // plans have time zones, and the machine may have no list of them

	"github.com/spf13/cobra"

	"marginalia/internal/store"
)

// The exit codes.
const (
	exitFailed  = 1 // something did not work
	exitUsage   = 2 // the command line or the configuration is to be mended
	exitRefused = 3 // another bot runs on this database
)

const about = `Marginalia posts a text passage by passage into chat rooms, opens a thread
under each, and turns what people reply into annotations beside the text.

Try it without any configuration:  bot demo

Exit codes: 0 done, 1 it did not work, 2 command line or configuration are to
be mended, 3 another bot runs on this database.`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal kills
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run does what the command line says and returns the exit code.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	a := &app{environ: os.Environ(), out: out, errs: errs}
	root := a.root()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	for _, line := range strings.Split(err.Error(), "\n") {
		fmt.Fprintln(errs, "bot:", a.secrets.hide(line))
	}
	var wrong usageError
	switch {
	case errors.As(err, &wrong):
		return exitUsage
	case errors.Is(err, store.ErrLocked):
		return exitRefused
	}
	return exitFailed
}

// app is what the verbs share: the command line as it was given.
type app struct {
	config, database, logLevel, logFormat string

	environ   []string
	out, errs io.Writer
	secrets   secrets               // what must not be told, once a configuration is in use
	allow     func(netip.Addr) bool // what may be fetched from beside public addresses: only tests set it
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "bot", Short: "Marginalia: reading together, in chat", Long: about,
		SilenceUsage: true, SilenceErrors: true, SuggestionsMinimumDistance: 2,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			meant := ""
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				meant = ", perhaps " + either(near)
			}
			return usage("there is no command %q%s: see bot --help", args[0], meant)
		},
	}
	f := root.PersistentFlags()
	f.StringVarP(&a.config, "config", "c", "", "configuration file (default "+defaultFile+", if there is one)")
	f.StringVar(&a.database, "database", "", "path of an SQLite file, or a postgres:// address")
	f.StringVar(&a.logLevel, "log-level", "", "debug, info, warn or error (default info)")
	f.StringVar(&a.logFormat, "log-format", "", "text or json (default text)")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%s: see bot %s --help", err, strings.TrimSpace(strings.TrimPrefix(c.CommandPath(), "bot")))
	})
	root.AddCommand(a.runVerb(), a.demoVerb(), a.checkVerb(), a.importVerb(), a.listVerb(), a.statusVerb(), a.simulateVerb(), a.verifyVerb(), a.exportVerb(), a.anchorVerb(), a.healthVerb(), a.versionVerb())
	return root
}

// loadToRun is load for what looks at that with which the bot runs: there must be
// a configuration, and it must be one to run with.
func (a *app) loadToRun() (Config, error) {
	c, err := a.load()
	if err != nil {
		return c, err
	}
	if err := c.mustBeThere(); err != nil {
		return c, err
	}
	return c, c.checkRun()
}

// load reads the configuration: flags over environment over file over defaults.
func (a *app) load() (Config, error) {
	named := a.config
	for _, e := range a.environ {
		if v, ok := strings.CutPrefix(e, envPrefix+"CONFIG="); ok && named == "" {
			named = v
		}
	}
	c, err := loadConfig(named, a.environ)
	if err != nil {
		return c, err
	}
	if a.database != "" {
		c.Bot.Database = a.database
	}
	if a.logLevel != "" {
		c.Bot.LogLevel = choice(a.logLevel)
	}
	if a.logFormat != "" {
		c.Bot.LogFormat = choice(a.logFormat)
	}
	return c, c.checkChoices()
}

// log makes the logger that c describes. It writes to the standard error
// output: what a verb prints is for other programs. It tells no secret of c.
// Its first lines are what of the file does not count.
func (a *app) log(c Config) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Bot.LogLevel)) // checked by load
	a.secrets = c.secrets()
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: a.secrets.attr}
	log := slog.New(slog.NewTextHandler(a.errs, o))
	if c.Bot.LogFormat == "json" {
		log = slog.New(slog.NewJSONHandler(a.errs, o))
	}
	for _, name := range c.overruled {
		log.Warn("the environment sets what the file sets too: the file's value does not count", "variable", name, "file", c.file)
	}
	return log
}

// arguments words cobra's count of arguments as a sentence.
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return usage("%s takes %s: see %s --help", c.CommandPath(), what, c.CommandPath())
		}
		return nil
	}
}
