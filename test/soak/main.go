//go:build unix

// Command soak holds the real bot against a real homeserver, and against the
// double of Discord, for longer than a test should take, and reads back from the
// networks themselves what became of every word.
//
//	go run ./test/soak kill            # 100 × kill -9 under load and faults
//	go run ./test/soak both            # 200 × kill -9 with Discord and Matrix at once
//	go run ./test/soak torture         # 500 × kill -9 among 24 people, in rounds that are tallied
//	go run ./test/soak outage          # each network out of reach in turn, under talk
//	go run ./test/soak fair            # six rooms of an account that the homeserver limits
//	go run ./test/soak latency         # beside a raw echo bot in the same run
//	go run ./test/soak latency -both   # from Discord to Matrix and back
//	go run ./test/soak burst           # 1,000 messages by 8 people at full speed
//	go run ./test/soak volume          # 1,000,000 messages through the engine: memory, database, speed
//	go run ./test/soak volume -real    # 100,000 through the real bot on a homeserver
//	go run ./test/soak idle            # memory and processor time of a silent bot
//	go run ./test/soak idle -discord   # in a guild of 500 channels and 10,000 members
//	go run ./test/soak interactions    # 10,000 at 200 a second, with 100,000 annotations
//
// It prints its seed; all traffic stays on the loopback interface.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("say which: kill, both, torture, outage, fair, latency, burst, volume, idle or interactions")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	n := flags.Int("n", 0, "kills (kill, both), messages (outage: in each; fair: at once; latency, burst, volume, interactions)")
	kills := flags.Int("kills", 500, "until there were so many (torture)")
	database := flags.String("db", "sqlite", "sqlite or postgres (torture)")
	tally := flags.String("tally", "", "where rounds are written down (torture; default: in the user's cache)")
	both := flags.Bool("both", false, "from Discord to Matrix and back (latency)")
	real := flags.Bool("real", false, "with the real bot on a real homeserver (volume)")
	discord := flags.Bool("discord", false, "in a large guild (idle)")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "of the dice")
	text := flags.String("text", "", "what is posted (default: the demo's essay)")
	rate := flags.Int("rate", 200, "how many a second (interactions)")
	annotations := flags.Int("annotations", 100_000, "in the database (interactions)")
	watch := flags.Duration("for", 5*time.Minute, "how long to watch (idle)")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	dir, err := soakDir(args[0])
	if err != nil {
		return err
	}
	fmt.Println("seed", *seed)
	if *text == "" {
		*text = "cmd/bot/sample/essay.md"
	}
	if *text, err = absolute(*text); err != nil {
		return err
	}
	switch args[0] {
	case "kill":
		err = newKills(or(*n, 100), *seed, *text, dir).matrix(ctx)
	case "both":
		err = newKills(or(*n, 200), *seed, *text, dir).both(ctx)
	case "torture":
		if *tally == "" {
			if *tally, err = tallyFile(); err != nil {
				return err
			}
		}
		err = tortures{kills: *kills, database: *database, seed: *seed, text: *text, dir: dir, tally: *tally}.run(ctx)
	case "outage":
		err = outages{n: or(*n, 2000), seed: *seed, text: *text, dir: dir}.run(ctx)
	case "fair":
		err = fairs{n: or(*n, 100), seed: *seed, dir: dir}.run(ctx)
	case "latency":
		l := latencies{n: or(*n, 300), dir: dir}
		run := l.run
		if *both {
			run = l.both
		}
		err = run(ctx)
	case "burst":
		err = bursts{n: or(*n, 1000), seed: *seed, text: *text, dir: dir}.run(ctx)
	case "volume":
		v := volumes{n: or(*n, 1_000_000), dir: dir, seed: *seed, text: *text}
		run := v.run
		if *real {
			v.n = or(*n, 100_000)
			run = v.real
		}
		err = run(ctx)
	case "idle":
		i := idles{watch: *watch, text: *text, dir: dir, seed: *seed}
		run := i.run
		if *discord {
			run = i.discord
		}
		err = run(ctx)
	case "interactions":
		err = interactions{n: or(*n, 10_000), rate: *rate, annotations: *annotations, seed: *seed, dir: dir}.run(ctx)
	default:
		err = fmt.Errorf("no soak is called %q", args[0])
	}
	if err == nil {
		err = os.RemoveAll(dir)
	}
	return err
}

func or(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}
