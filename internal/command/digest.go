package command

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// A digest is of a week unless told otherwise, and of a year at most.
const (
	usualDays = 7
	mostDays  = 366
)

var digest = Command{
	Command: chat.Command{
		Name: "digest", Help: "what was talked about in the last days, a week if you say no number",
		Options: []chat.Option{{Name: "days", Help: fmt.Sprintf("how many days, 1 to %d", mostDays)}},
	},
	Run: func(ctx context.Context, env Env, call chat.Call, now time.Time) (format.Doc, error) {
		days := usualDays
		if s := argument(call, "days", 1); s != "" {
			v, err := strconv.Atoi(s)
			if err != nil || v < 1 || v > mostDays {
				return format.Text(fmt.Sprintf("digest takes a number of days from 1 to %d.", mostDays)), nil
			}
			days = v
		}
		span := "the last " + plural(days, "day")
		since := now.Add(-time.Duration(days) * 24 * time.Hour)
		return env.talk(ctx, call, "In "+span+":", "Nothing was said in "+span+".", saidSince(since))
	},
}

// saidSince are the passages about which something was said since a time, in
// words or by reactions, those about which most was first.
func saidSince(since time.Time) func(*store.Tx, chat.Call, discussion.ID) ([]warmth, error) {
	return func(tx *store.Tx, _ chat.Call, text discussion.ID) ([]warmth, error) {
		all, err := warmthSince(tx, text, since)
		return all.sorted(func(w warmth) [2]int { return [2]int{w.said, w.reacted.size()} }), err
	}
}
