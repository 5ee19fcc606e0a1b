package command

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// leastApart keeps a slip of the finger from posting a whole book.
const leastApart = 5 * time.Minute

// howToSay is an example for who says no times that are understood.
const howToSay lang.Key = "Say it like: schedule weekdays 8:30 and 18:00 Europe/Berlin"

var scheduled = Command{
	Command: chat.Command{
		Group: host, Name: "schedule", Help: "says when a plan posts, or changes it, in all of its rooms", Needs: chat.Moderator,
		Options: []chat.Option{
			{Name: "when", Help: "as in: weekdays 8:30 and 18:00, every 2 hours, or a cron line"},
			{Name: "zone", Help: "of which clocks these times are, as in Europe/Berlin"},
			planOption,
		},
	},
	Run: once(func(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (format.Doc, error) {
		said, err := reschedule(env.in, tx, call, first, now)
		return format.Text(said), err
	}),
	Complete: plansOffered,
}

func reschedule(in lang.Language, tx *store.Tx, call chat.Call, first bool, now time.Time) (string, error) {
	here, err := plansHere(tx, call)
	if err != nil {
		return "", err
	}
	when, name := timesSaid(here, call)
	plan, why := pickAny(in, here, call.Name, name)
	if why != "" {
		return why, nil
	}
	if when == "" && call.Args["zone"] == "" || !first {
		return firesAt(in, tx, plan, now)
	}
	to, why := timesMeant(in, plan, when, call.Args["zone"], now)
	if why != "" {
		return why, nil
	}
	if err := relay.Retime(tx, plan, to, call.Ref.Place.Room, now); err != nil {
		return "", err
	}
	if plan, err = tx.Plan(plan.Name); err != nil {
		return "", err
	}
	return firesAt(in, tx, plan, now)
}

// timesSaid parts what was typed: a plan's name may stand before the times.
func timesSaid(here []schedule.Plan, call chat.Call) (when, plan string) {
	when, plan = strings.TrimSpace(spoken(call, "when")), call.Args["plan"]
	if _, err := schedule.Parse(when); err == nil || plan != "" {
		return when, plan
	}
	word, rest, _ := strings.Cut(when, " ")
	for _, p := range here {
		if p.Name == word {
			return strings.TrimSpace(rest), word
		}
	}
	return when, ""
}

// timesMeant are the times that were said for a plan, or what keeps them from being
// its. A zone that is not said stays as it was.
func timesMeant(in lang.Language, p schedule.Plan, when, zone string, now time.Time) (schedule.Times, string) {
	to := schedule.Times{Cron: p.Cron}
	if when != "" {
		var err error
		if to, err = schedule.Parse(when); err != nil {
			return to, in.Sprintf("That is not understood: %s. %s", err, in.Words(howToSay))
		}
	}
	to.Zone = cmp.Or(zone, to.Zone, p.Zone)
	p.Cron, p.Zone, p.Start = to.Cron, to.Zone, now
	if err := p.Check(); err != nil {
		return to, in.Sprintf("That cannot be: %s. %s", err, in.Words(howToSay))
	}
	for at, n := now, 0; n < 3; n++ {
		one, ok := p.After(at)
		two, more := p.After(one.At)
		if ok && more && two.At.Sub(one.At) < leastApart {
			return to, in.Sprintf("That is too often: posts are to be at least %d minutes apart. For single ones: next", int(leastApart.Minutes()))
		}
		at = one.At
	}
	return to, ""
}

// firesAt says when a plan posts, and who says so.
func firesAt(in lang.Language, tx *store.Tx, p schedule.Plan, now time.Time) (string, error) {
	said := fmt.Sprintf("%q: %s (%s)", p.Name, p.WordsIn(in), cmp.Or(p.Zone, "UTC"))
	f, ok := p.After(now)
	held, err := relay.Held(tx, p, now)
	switch {
	case err != nil:
		return "", err
	case p.Paused:
		said += in.Sprintf("; paused.")
	case held:
		said += "; " + in.Sprintf("held: it goes on %s", onceRead(in, p)) + "."
	case ok:
		said += in.Sprintf("; next %s.", When(in, f.At, p.Zone))
	}
	r, changed, err := relay.RetimedOf(tx, p.Name)
	if changed {
		said += " " + RetimedLine(in, r)
	}
	return said, err
}

// RetimedLine says that somebody changed when a plan posts.
func RetimedLine(in lang.Language, r relay.Retimed) string {
	was := schedule.Plan{Cron: r.Cron, Zone: r.Zone}
	return in.Sprintf("It was changed in a room on %s (%s); the configuration says: %s (%s).",
		r.Room.Platform, When(in, r.At, "UTC"), was.WordsIn(in), cmp.Or(r.Zone, "UTC"))
}

// plansOffered is the Complete of a command that has planOption.
var plansOffered = map[string]func(context.Context, Env, chat.Call) ([]chat.Choice, error){"plan": offerPlans}

// offerPlans offers the plans of the room.
func offerPlans(ctx context.Context, env Env, call chat.Call) (all []chat.Choice, err error) {
	err = env.DB.View(ctx, func(tx *store.Tx) error {
		here, err := plansHere(tx, call)
		all = nil
		for _, p := range here[:min(len(here), mostOffered)] {
			all = append(all, chat.Choice{Label: p.Name, Value: p.Name})
		}
		return err
	})
	return all, err
}
