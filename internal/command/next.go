package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// mostAtOnce keeps a slip of the finger from posting a whole book.
const mostAtOnce = 5

var next = Command{
	Command: chat.Command{
		Group: host, Name: "next", Help: "posts the next passage now, without waiting for the clock", Needs: chat.Moderator,
		Options: []chat.Option{
			{Name: "count", Help: "how many passages, 1 to 5"},
			planOption,
		},
	},
	Run:      runNext,
	Complete: plansOffered,
}

func runNext(ctx context.Context, env Env, call chat.Call, now time.Time) (format.Doc, error) {
	n, why := number(argument(call, "count", 1), 1, mostAtOnce)
	if why != "" {
		return format.Text("next takes " + why), nil
	}
	var answer string
	err := env.DB.Update(ctx, func(tx *store.Tx) error {
		plan, why, err := planMeant(tx, call, argument(call, "plan", 2))
		if answer = why; err != nil || why != "" {
			return err
		}
		answer, err = advance(tx, plan, call, n, now)
		return err
	})
	return format.Text(answer), err
}

// pick finds the one drip plan that a command means, or says why it cannot tell.
func pick(here []schedule.Plan, command, name string) (schedule.Plan, string) {
	drips := slices.DeleteFunc(here, func(p schedule.Plan) bool { return p.Does != schedule.Drip })
	return pickAny(drips, command, name)
}

// pickAny is pick among plans of any kind.
func pickAny(all []schedule.Plan, command, name string) (schedule.Plan, string) {
	meant := slices.DeleteFunc(slices.Clone(all), func(p schedule.Plan) bool { return name != "" && p.Name != name })
	switch {
	case len(meant) == 1:
		return meant[0], ""
	case len(meant) > 1:
		list := ""
		for _, p := range meant {
			list += fmt.Sprintf(" %q", p.Name)
		}
		return schedule.Plan{}, "This room has several plans:" + list + ". Say which, as in: " + command + " plan=" + meant[0].Name
	case name != "":
		return schedule.Plan{}, fmt.Sprintf("No plan %q posts passages into this room.", name)
	}
	return schedule.Plan{}, "No plan posts passages into this room."
}

func advance(tx *store.Tx, plan schedule.Plan, call chat.Call, n int, now time.Time) (string, error) {
	posted, err := relay.Advance(tx, plan.Name, callKey(call), n, now)
	if err != nil {
		return "", err
	}
	if len(posted) > 0 {
		_, _, total, err := tx.Passage(posted[0].ID)
		their := "its"
		if len(posted) > 1 {
			their = "their"
		}
		return fmt.Sprintf("%s of %d %s on %s way.", capital(passages(posted)), total, isOrAre(posted), their), err
	}
	_, err = relay.Upcoming(tx, plan)
	if errors.Is(err, store.ErrNotFound) {
		return "The text is at its end: there is no further passage.", nil
	}
	return "This was done already.", err
}
