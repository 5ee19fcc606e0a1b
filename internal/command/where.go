package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// farthest is how many firings where looks ahead for the end of a text.
const farthest = 5000

var where = Command{
	Command: chat.Command{Name: "where", Help: "which passage this room is at, and when the text will be at its end"},
	Run: func(ctx context.Context, env Env, call chat.Call, now time.Time) (format.Doc, error) {
		var d format.Doc
		err := env.DB.View(ctx, func(tx *store.Tx) (err error) {
			d, err = env.whereHere(tx, call, now)
			return err
		})
		return d, err
	},
}

func (e Env) whereHere(tx *store.Tx, call chat.Call, now time.Time) (format.Doc, error) {
	var d format.Doc
	plans, err := plansHere(tx, call)
	if err != nil {
		return d, err
	}
	for _, p := range plans {
		if p.Does != schedule.Drip {
			continue
		}
		text, err := tx.Discussion(p.Discussion)
		if err != nil {
			return d, err
		}
		l, err := e.latest(tx, text, call.Ref.Place.Room)
		if err != nil {
			return d, err
		}
		ahead, err := lookAhead(e.in, tx, p, text, now)
		if err != nil {
			return d, err
		}
		d = paragraph(l.item(d), ahead)
	}
	if d.Empty() {
		return format.Text(e.in.Sprintf("Nothing is read in this room yet.")), nil
	}
	return d, nil
}

// latest leads to the passage that a room is at.
func (e Env) latest(tx *store.Tx, text discussion.Discussion, room chat.Room) (line, error) {
	l := line{text: relay.Title(text.Title) + ": "}
	p, err := tx.LatestIn(text.ID, room)
	if errors.Is(err, store.ErrNotFound) {
		return l.add(e.in.Sprintf("nothing of it stands here yet")), nil
	}
	if err != nil {
		return l, err
	}
	post, err := postOf(tx, p.ID, room)
	return e.whereabouts(l.add(e.in.Sprintf("passage %d of %d", p.Seq, len(text.Passages))), post, text.ID, p.ID), err
}

// lookAhead says how much of a text comes yet, and when.
func lookAhead(in lang.Language, tx *store.Tx, p schedule.Plan, text discussion.Discussion, now time.Time) (string, error) {
	posts, err := toCome(tx, p, text)
	if err != nil {
		return "", err
	}
	said, err := comesNext(in, tx, p, now)
	if err != nil || posts == 0 || p.Paused {
		return said, err
	}
	at := now
	for n := (posts + p.Count - 1) / max(p.Count, 1); n > 0; n-- {
		f, ok := p.After(at)
		if !ok || n > farthest {
			return said, nil
		}
		at = f.At
	}
	if posts > 1 {
		said += in.Sprintf(" The last of %d posts comes %s, if it goes on like this.", posts, inYear(in, at, now, p.Zone))
	}
	return said, nil
}

// toCome is how many posts of their own a plan will make: what quotes a passage
// stands under it.
func toCome(tx *store.Tx, p schedule.Plan, text discussion.Discussion) (n int, err error) {
	quoting := map[discussion.DocumentID]bool{}
	for _, d := range text.Documents {
		quoting[d.ID] = d.Target.Source != ""
	}
	skips, err := tx.Skips(p)
	if err != nil {
		return 0, err
	}
	for _, one := range text.Passages {
		s := skipState(skips, one)
		if comes := s == store.Again || one.Seq >= p.Next && s != store.Skipped; comes && !quoting[one.Document] {
			n++
		}
	}
	return n, nil
}

// inYear is When, with the year if it is another.
func inYear(in lang.Language, t, now time.Time, zone string) string {
	said := When(in, t, zone)
	if t.Year() != now.Year() {
		return said + ", " + fmt.Sprint(t.Year())
	}
	return said
}
