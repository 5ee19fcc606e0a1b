package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/lang"
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
	n, why := number(env.in, call.Name, argument(call, "count", 1), 1, mostAtOnce)
	if why != "" {
		return format.Text(why), nil
	}
	var answer string
	err := env.DB.Update(ctx, func(tx *store.Tx) error {
		plan, why, err := planMeant(env.in, tx, call, argument(call, "plan", 2))
		if answer = why; err != nil || why != "" {
			return err
		}
		answer, err = advance(env.in, tx, plan, call, n, now)
		return err
	})
	return format.Text(answer), err
}

// pick finds the one drip plan that a command means, or says why it cannot tell.
func pick(in lang.Language, here []schedule.Plan, command, name string) (schedule.Plan, string) {
	drips := slices.DeleteFunc(here, func(p schedule.Plan) bool { return p.Does != schedule.Drip })
	return pickAny(in, drips, command, name)
}

// pickAny is pick among plans of any kind.
func pickAny(in lang.Language, all []schedule.Plan, command, name string) (schedule.Plan, string) {
	meant := slices.DeleteFunc(slices.Clone(all), func(p schedule.Plan) bool { return name != "" && p.Name != name })
	switch {
	case len(meant) == 1:
		return meant[0], ""
	case len(meant) > 1:
		list := ""
		for _, p := range meant {
			list += fmt.Sprintf(" %q", p.Name)
		}
		return schedule.Plan{}, in.Sprintf("This room has several plans:%s. Say which, as in: %s plan=%s", list, command, meant[0].Name)
	case name != "":
		return schedule.Plan{}, in.Sprintf("No plan %q posts passages into this room.", name)
	}
	return schedule.Plan{}, in.Sprintf("No plan posts passages into this room.")
}

func advance(in lang.Language, tx *store.Tx, plan schedule.Plan, call chat.Call, n int, now time.Time) (string, error) {
	posted, err := relay.Advance(tx, plan.Name, callKey(call), n, now)
	if err != nil {
		return "", err
	}
	if len(posted) > 0 {
		_, _, total, err := tx.Passage(posted[0].ID)
		return in.Sprintf("%[2]s of %[3]d are on their way.", len(posted), capital(passages(in, posted)), total), err
	}
	_, err = relay.Upcoming(tx, plan)
	if errors.Is(err, store.ErrNotFound) {
		return in.Sprintf("The text is at its end: there is no further passage."), nil
	}
	return in.Sprintf("This was done already."), err
}
