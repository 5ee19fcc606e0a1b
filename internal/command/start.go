package command

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// unlessSaid is when a plan posts for which nobody said when.
const unlessSaid = "30 18 * * *"

var start = Command{
	Command: chat.Command{
		Group: host, Name: "start", Help: "has a stored text posted in this room; list shows the texts there are", Needs: chat.Moderator,
		Options: []chat.Option{
			{Name: "text", Help: "its id, the beginning of that, or words of its title", Required: true},
			{Name: "when", Help: "as in: weekdays 8:30 and 18:00; daily at 18:30 if you do not say"},
			{Name: "zone", Help: "of which clocks these times are, as in Europe/Berlin; UTC if you do not say"},
		},
	},
	Run: once(func(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (format.Doc, error) {
		said, err := startReading(env.in, tx, call, first, now)
		return format.Text(said), err
	}),
	Complete: map[string]func(context.Context, Env, chat.Call) ([]chat.Choice, error){"text": offerTexts},
}

// startReading makes a plan of a text for the room. Where one reads it already,
// as it does when a call is run again, it says so and makes none.
func startReading(in lang.Language, tx *store.Tx, call chat.Call, first bool, now time.Time) (string, error) {
	s, why, err := textMeant(in, tx, argument(call, "text", 1))
	if err != nil || why != "" {
		return why, err
	}
	here, err := plansHere(tx, call)
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(here, func(p schedule.Plan) bool { return p.Does == schedule.Drip && p.Discussion == s.ID }); i >= 0 {
		course, err := relay.CourseOf(tx, here[i])
		return in.Sprintf("It is read here already, by the plan %q. %s", here[i].Name, PlanLine(in, here[i], s, course, now)), err
	}
	if !first {
		return in.Sprintf("That was looked at before; status says what is read here."), nil
	}
	p := schedule.Plan{
		Does: schedule.Drip, Discussion: s.ID, Cron: unlessSaid, Rooms: []chat.Room{call.Ref.Place.Room},
		Count: 1, CatchUp: schedule.One, Start: now, Next: 1,
	}
	if p.Name, err = freeName(tx, string(s.ID)); err != nil {
		return "", err
	}
	to, why := timesMeant(in, p, spokenFrom(call, "when", 2), call.Args["zone"], now)
	if why != "" {
		return why, nil
	}
	p.Cron, p.Zone = to.Cron, to.Zone
	if err := tx.PutPlan(p); err != nil {
		return "", err
	}
	fires, err := firesAt(in, tx, p, now)
	return in.Sprintf("%s is read in this room from now on, by the plan %s For other times: schedule; for the first passage at once: next", relay.Title(s.Title), fires), err
}

// textMeant is the stored text that somebody names, or why that cannot be told.
func textMeant(in lang.Language, tx *store.Tx, said string) (store.Summary, string, error) {
	texts, err := tx.Discussions()
	if err != nil {
		return store.Summary{}, "", err
	}
	said = strings.TrimSpace(said)
	found := matching(texts, said)
	switch {
	case said == "":
		return store.Summary{}, in.Sprintf("Say which text; list shows those that are stored."), nil
	case len(found) == 0:
		return store.Summary{}, in.Sprintf("No such text is stored: list shows those that are. Whoever runs the bot brings others with bot import."), nil
	case len(found) > 1:
		names := ""
		for _, s := range found[:min(len(found), mostListed)] {
			names += " " + string(s.ID)
		}
		return store.Summary{}, in.Sprintf("Several texts may be meant:%s. Say the id of one.", names), nil
	case found[0].Passages == 0:
		return store.Summary{}, in.Sprintf("There is nothing to post of it yet: it waits for a review by whoever runs the bot."), nil
	}
	return found[0], "", nil
}

// matching are the texts that have an id, or else those whose id begins so or
// whose title holds the words.
func matching(texts []store.Summary, said string) (found []store.Summary) {
	low := strings.ToLower(said)
	for _, s := range texts {
		if string(s.ID) == said {
			return []store.Summary{s}
		}
		if strings.HasPrefix(string(s.ID), low) || strings.Contains(strings.ToLower(s.Title), low) {
			found = append(found, s)
		}
	}
	return found
}

// freeName is a name that no plan has.
func freeName(tx *store.Tx, name string) (string, error) {
	free := name
	for n := 2; ; n++ {
		_, err := tx.Plan(free)
		if errors.Is(err, store.ErrNotFound) {
			return free, nil
		}
		if err != nil {
			return "", err
		}
		free = name + "-" + strconv.Itoa(n)
	}
}

// offerTexts offers the stored texts whose ids or titles hold what was typed, the
// newest first.
func offerTexts(ctx context.Context, env Env, call chat.Call) (all []chat.Choice, err error) {
	if call.Rights < chat.Moderator {
		return nil, nil
	}
	err = env.DB.View(ctx, func(tx *store.Tx) error {
		texts, err := tx.Discussions()
		slices.Reverse(texts)
		all = nil
		for _, s := range matching(texts, strings.TrimSpace(call.Args["text"])) {
			if len(all) < mostOffered {
				all = append(all, chat.Choice{Label: format.Excerpt(format.Text(s.Title), longChoice), Value: string(s.ID)})
			}
		}
		return err
	})
	return all, err
}
