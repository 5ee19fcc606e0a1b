package command

import (
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

var planOption = chat.Option{Name: "plan", Help: "which plan, where the room has several"}

var pause = Command{
	Command: chat.Command{
		Group: host, Name: "pause", Needs: chat.Moderator, Options: []chat.Option{planOption},
		Help: "stops the clock: until resume no passage comes by itself, in none of the plan's rooms",
	},
	Run: once(func(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (format.Doc, error) {
		return setPaused(env.in, tx, call, first, true, now)
	}),
	Complete: plansOffered,
}

var resume = Command{
	Command: chat.Command{
		Group: host, Name: "resume", Needs: chat.Moderator, Options: []chat.Option{planOption},
		Help: "has the clock go on after pause; what it would have posted meanwhile is not made up for",
	},
	Run: once(func(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (format.Doc, error) {
		return setPaused(env.in, tx, call, first, false, now)
	}),
	Complete: plansOffered,
}

func setPaused(in lang.Language, tx *store.Tx, call chat.Call, first, paused bool, now time.Time) (format.Doc, error) {
	p, why, err := planMeant(in, tx, call, argument(call, "plan", 1))
	if err != nil || why != "" {
		return format.Text(why), err
	}
	if first && p.Paused != paused {
		if _, dropped := p.Due(now); p.Paused && dropped.After(p.Last) {
			p.Last = dropped
		}
		p.Paused = paused
		if err := tx.PutPlan(p); err != nil {
			return format.Doc{}, err
		}
	}
	texts, err := tx.Discussions()
	if err != nil {
		return format.Doc{}, err
	}
	for _, s := range texts {
		if s.ID == p.Discussion {
			course, err := relay.CourseOf(tx, p)
			return format.Text(PlanLine(in, p, s, course, now)), err
		}
	}
	return format.Text(in.Sprintf("Its text is not there any more.")), nil
}
