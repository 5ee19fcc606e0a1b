package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// A digest is of a week unless told otherwise, and of a year at most.
const (
	usualDays = 7
	mostDays  = 366
)

// mostOpen is how many questions a digest leads to.
const mostOpen = 3

var digest = Command{
	Command: chat.Command{
		Name: "digest", Help: "what was said in the last days, a week if you say no number; open questions; what comes next",
		Options: []chat.Option{{Name: "days", Help: fmt.Sprintf("how many days, 1 to %d", mostDays)}},
	},
	Run: func(ctx context.Context, env Env, call chat.Call, now time.Time) (format.Doc, error) {
		days := usualDays
		if s := argument(call, "days", 1); s != "" {
			v, err := strconv.Atoi(s)
			if err != nil || v < 1 || v > mostDays {
				return format.Text(env.in.Sprintf("digest takes a number of days from 1 to %d.", mostDays)), nil
			}
			days = v
		}
		since := now.Add(-time.Duration(days) * 24 * time.Hour)
		d, err := env.talk(ctx, call, env.in.Sprintf("In the last %d days:", days), env.in.Sprintf("Nothing was said in the last %d days.", days), saidSince(since))
		if err != nil {
			return d, err
		}
		err = env.DB.Survey(ctx, func(tx *store.Tx) error {
			texts, err := textsHere(tx, call)
			for _, text := range texts {
				if d, err = env.outlook(tx, d, text, call.Ref.Place.Room, len(texts) > 1, now); err != nil {
					break
				}
			}
			return err
		})
		return d, err
	},
}

// saidSince are the passages about which something was said since a time, in
// words or by reactions, those about which most was first.
func saidSince(since time.Time) func(*store.Tx, chat.Call, discussion.ID) ([]warmth, error) {
	return func(tx *store.Tx, _ chat.Call, text discussion.ID) ([]warmth, error) {
		all, err := warmthSince(tx, text, since)
		return all.mostSaid(), err
	}
}

func (all warmths) mostSaid() []warmth {
	return all.sorted(func(w warmth) [2]int { return [2]int{w.said, w.reacted.size()} })
}

// Digests returns what the relay words the digests of plans with: what was said
// since the last one, which questions are open, and what comes next. It repeats
// nothing that people said.
func Digests(env Env) func(*store.Tx, relay.Digest) (format.Doc, error) {
	env = env.withDefaults()
	return func(tx *store.Tx, of relay.Digest) (d format.Doc, err error) {
		env := env.speaking(of.Room)
		all := warmthsOf(of.Talk)
		for _, r := range of.Talk.Remarks[of.First:] {
			all.add(r, -1)
		}
		said, about := 0, 0
		for _, w := range all.of {
			said, about = said+w.said, about+min(w.said, 1)
		}
		if said == 0 {
			return d, nil
		}
		text, err := tx.Head(of.Plan.Discussion)
		if err == nil {
			err = all.addGivenSince(tx, of.Since)
		}
		if err != nil {
			return d, err
		}
		d = paragraph(d, env.in.Sprintf("%s: %s on %s since the last digest.", relay.Title(text.Title), env.in.Sprintf("%d annotations", said), env.in.Sprintf("%d passages", about)))
		top := all.mostSaid()
		for _, w := range top[:min(len(top), mostTalked)] {
			l, err := env.talkItem(tx, text, w, of.Room, false)
			if err != nil {
				return d, err
			}
			d = l.item(d)
		}
		return env.outlook(tx, d, text, of.Room, false, of.Now)
	}
}

// outlook adds to a digest which questions about a text nobody answered yet, and
// what comes next in a room.
func (e Env) outlook(tx *store.Tx, d format.Doc, text discussion.Discussion, room chat.Room, titled bool, now time.Time) (format.Doc, error) {
	open, err := tx.Unanswered(text.ID, mostOpen)
	if err != nil {
		return d, err
	}
	if len(open) > 0 {
		d = paragraph(d, e.in.Sprintf("Nobody has answered yet what was asked about:"))
	}
	for _, q := range open {
		l, err := e.passageLine(tx, "", text, q.Under, room, titled)
		if err != nil {
			return d, err
		}
		asked, err := messageOf(tx, store.AnnotationThing(q.ID), room)
		if err != nil {
			return d, err
		}
		if !asked.IsZero() {
			l = l.link(e.in.Sprintf("the question"), e.Link(asked))
		}
		d = l.item(d)
	}
	plans, err := plansHere(tx, chat.Call{Ref: chat.Ref{Place: chat.Place{Room: room}}})
	for _, p := range plans {
		if p.Does != schedule.Drip || p.Discussion != text.ID {
			continue
		}
		course, err := relay.CourseOf(tx, p)
		if errors.Is(err, relay.ErrUnread) {
			continue // the log tells of it
		}
		if err != nil {
			return d, err
		}
		next := comingNext(e.in, p, course, now)
		if titled {
			next = relay.Title(text.Title) + ": " + next
		}
		d = paragraph(d, next)
	}
	return d, err
}

// comingNext says in one line what a plan posts next, and when.
func comingNext(in lang.Language, p schedule.Plan, course relay.Course, now time.Time) string {
	next := in.Sprintf("Passage %d comes next", course.Next)
	switch f, ok := p.After(now); {
	case course.Over:
		return in.Sprintf("The text is at its end.")
	case p.Paused:
		return next + in.Sprintf("; paused.")
	case course.Unread:
		return next + "; " + whileUnread(in, p, now) + "."
	case ok:
		return next + ": " + When(in, f.At, p.Zone) + "."
	}
	return next + "."
}
