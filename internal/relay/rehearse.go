package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// Coming is a post that a plan will make in a room, if until then nothing
// changes but the time.
type Coming struct {
	At      time.Time
	Plan    schedule.Plan
	Room    chat.Room
	Title   string // of the text
	Passage discussion.Passage
	Total   int                  // passages of the text
	Under   discussion.PassageID // in whose thread it stands; "": it opens one
	Thread  string               // what that is called
	Flat    bool                 // it opens none, and answers Under if that has none either
	Parts   []format.Doc         // the messages, as they are given to the network
}

// errRehearsed ends a transaction that is not to be kept.
var errRehearsed = errors.New("a rehearsal is not kept")

// Rehearse returns what the plans will post from a time on and not after until, in
// the order in which it comes. It makes what is due, as the clock would, in a
// transaction that is not kept: nothing is sent, and nothing changes. That may take
// long, and so is done in a copy of the database: see Stage. What before
// does, if it is not nil, is done first in it. Digests are left out: what they will
// say is not known. That somebody reads is taken for granted: no plan waits for it.
func (r *Relay) Rehearse(ctx context.Context, from, until time.Time, before func(*store.Tx) error) ([]Coming, error) {
	var all []Coming
	err := r.c.DB.Update(ctx, func(tx *store.Tx) error {
		all = nil
		read := texts{}
		if before != nil {
			if err := before(tx); err != nil {
				return err
			}
		}
		for now := from; !now.IsZero() && !now.After(until); {
			some, next, err := r.rehearseOne(tx, read, now)
			if err != nil {
				return err
			}
			all, now = append(all, some...), next
		}
		return errRehearsed
	})
	if !errors.Is(err, errRehearsed) {
		return nil, fmt.Errorf("rehearse the plans: %w", err)
	}
	return all, nil
}

// rehearseOne makes what is due at a time, and returns when a plan fires next that
// has something left to post; zero: none does.
func (r *Relay) rehearseOne(tx *store.Tx, read texts, now time.Time) (all []Coming, next time.Time, err error) {
	plans, err := tx.Plans()
	if err != nil {
		return nil, next, err
	}
	for _, p := range plans {
		p.Wait = 0
		posted, err := fire(tx, p, now, func(*store.Tx, schedule.Plan, string, time.Time) error { return nil })
		if err != nil {
			return nil, next, fmt.Errorf("plan %s: %w", p.Name, err)
		}
		some, err := r.coming(tx, p, posted, read, now)
		if err != nil {
			return nil, next, err
		}
		all = append(all, some...)
		is, err := tx.Plan(p.Name)
		if err != nil {
			return nil, next, err
		}
		over, err := isOver(tx, is)
		if err != nil {
			return nil, next, err
		}
		if f, ok := is.After(now); ok && !is.Paused && !over {
			next = earlier(next, f.At)
		}
	}
	return all, next, nil
}

// isOver reports whether a plan will post no passage any more.
func isOver(tx *store.Tx, p schedule.Plan) (bool, error) {
	if p.Does != schedule.Drip {
		return true, nil
	}
	_, err := Upcoming(tx, p)
	return errors.Is(err, store.ErrNotFound), ignoreMissing(err)
}

// coming are passages as they come into each of the plan's rooms in which they are
// not yet.
func (r *Relay) coming(tx *store.Tx, p schedule.Plan, posted []discussion.Passage, texts texts, now time.Time) ([]Coming, error) {
	var all []Coming
	for _, passage := range posted {
		for _, room := range p.Rooms {
			thing := store.PassageThing(passage.ID)
			have, err := tx.Copies(thing, room)
			if err != nil {
				return nil, err
			}
			d, err := tx.Delivery(thing, room)
			if errors.Is(err, store.ErrNotFound) || err == nil && len(have) > 0 {
				continue
			}
			if err != nil {
				return nil, err
			}
			text, err := texts.read(tx, p.Discussion)
			if err != nil {
				return nil, err
			}
			c, err := r.post(tx, d, passage, text)
			if err != nil {
				return nil, err
			}
			c.At, c.Plan, c.Room = now, p, room
			all = append(all, c)
		}
	}
	return all, nil
}

// texts are those that were read.
type texts map[discussion.ID]text

// text is a discussion, and its documents by their ids.
type text struct {
	discussion.Discussion
	documents map[discussion.DocumentID]discussion.Document
}

func (all texts) read(tx *store.Tx, id discussion.ID) (text, error) {
	if t, known := all[id]; known {
		return t, nil
	}
	d, err := tx.Discussion(id)
	if err != nil {
		return text{}, err
	}
	t := text{Discussion: d, documents: map[discussion.DocumentID]discussion.Document{}}
	for _, one := range d.Documents {
		t.documents[one.ID] = one
	}
	all[id] = t
	return t, nil
}

// post is a passage as it will stand in a room.
func (r *Relay) post(tx *store.Tx, d store.Delivery, p discussion.Passage, of text) (Coming, error) {
	v := View{Room: d.Room, Language: r.Language(d.Room), Profile: r.platforms[d.Room.Platform].Profile(), Reader: r.c.Reader, Place: chat.Place{Room: d.Room}}
	under := d.Thread
	flat, err := r.isFlat(tx, d.Room)
	if err != nil {
		return Coming{}, err
	}
	if under != "" {
		place, err := placeUnder(tx, under, d.Room)
		parked := errors.Is(err, errParked) // the post above it is coming, too
		answers := parked && flat
		if err == nil && place.Thread == "" {
			answers, err = standsFlat(tx, under, d.Room)
		}
		switch {
		case answers:
			flat, v.ReplyTo, place = true, chat.Ref{ID: string(under)}, v.Place
		case parked:
			place = chat.Place{Room: d.Room, Thread: string(under)}
		case err != nil:
			return Coming{}, err
		case place.Thread == "":
			under = ""
		}
		v.Place = place
	}
	if v.Place.Thread != "" {
		v.Thread = v.Place
	}
	v.Flat = flat && v.Thread == (chat.Place{})
	w := Words{Thing: d.Thing, Discussion: of.Discussion, Document: of.documents[p.Document], Passage: p, Total: len(of.Passages)}
	w.About = aboutOf(w.Document, p, of.documents[w.Document.Target.Source])
	c := Coming{Title: of.Title, Passage: p, Total: w.Total, Under: under, Flat: v.Flat}
	for _, want := range Render(w, v) {
		switch want.Mark {
		case "":
			c.Parts = append(c.Parts, want.Message.Body)
		case store.ThreadMark:
			c.Thread = want.Name
		}
	}
	return c, nil
}

// Stage copies into an empty database what a rehearsal needs of another, which it
// only reads: the plans, their texts, and which passages stand in their rooms, are
// on their way there, or were given up.
func Stage(ctx context.Context, from, to *store.DB, now time.Time) error {
	var scene scene
	err := from.View(ctx, func(tx *store.Tx) (err error) {
		scene, err = look(tx)
		return err
	})
	if err == nil {
		err = to.Update(ctx, func(tx *store.Tx) error { return scene.set(tx, now) })
	}
	if err != nil {
		return fmt.Errorf("copy what is to be rehearsed: %w", err)
	}
	return nil
}

// scene is what a rehearsal begins with.
type scene struct {
	plans   []schedule.Plan
	retired map[string]string
	skips   map[string][]store.Skip
	retimed map[string]Retimed
	texts   texts
	copies  []stood
	waiting []store.Delivery
}

type stood struct {
	thing store.Thing
	room  chat.Room
	store.Copy
}

func look(tx *store.Tx) (s scene, err error) {
	s = scene{retired: map[string]string{}, skips: map[string][]store.Skip{}, retimed: map[string]Retimed{}, texts: texts{}}
	if s.plans, err = tx.Plans(); err != nil {
		return s, err
	}
	rooms := map[chat.Room]bool{}
	for _, p := range s.plans {
		if s.retired[p.Name], err = tx.Setting(store.RetiredSetting(p.Name)); err != nil {
			return s, err
		}
		if s.skips[p.Name], err = tx.Skips(p); err != nil {
			return s, err
		}
		r, changed, err := RetimedOf(tx, p.Name)
		if err != nil {
			return s, err
		}
		if changed {
			s.retimed[p.Name] = r
		}
		if _, err = s.texts.read(tx, p.Discussion); err != nil {
			return s, err
		}
		for _, room := range p.Rooms {
			rooms[room] = true
		}
	}
	for room := range rooms {
		copies, err := tx.CopiesIn(room)
		if err != nil {
			return s, err
		}
		for thing, all := range copies {
			for _, c := range all {
				if thing.Passage() != "" {
					s.copies = append(s.copies, stood{thing, room, c})
				}
			}
		}
		waiting, err := tx.Deliveries(room)
		if err != nil {
			return s, err
		}
		s.waiting = append(s.waiting, waiting...)
	}
	return s, nil
}

func (s scene) set(tx *store.Tx, now time.Time) error {
	for _, t := range s.texts {
		if _, err := tx.PutDiscussion(t.Discussion, now); err != nil {
			return err
		}
	}
	for _, p := range s.plans {
		if err := errors.Join(tx.PutPlan(p), tx.PutSetting(store.RetiredSetting(p.Name), s.retired[p.Name])); err != nil {
			return err
		}
		if r, changed := s.retimed[p.Name]; changed {
			if err := putRetimed(tx, p.Name, r); err != nil {
				return err
			}
		}
		for _, k := range s.skips[p.Name] {
			if err := tx.PutSkip(p.Name, k.Passage.ID, k.State); err != nil {
				return err
			}
		}
	}
	for _, c := range s.copies {
		if err := tx.PutCopy(c.thing, c.room, c.Copy); err != nil {
			return err
		}
	}
	for _, d := range s.waiting {
		if d.Thing.Passage() == "" {
			continue
		}
		if err := tx.Stale(d.Thing, d.Room, d.Thread, d.Class, now); err != nil {
			return err
		}
		if err := tx.PutDelivery(d); err != nil {
			return err
		}
	}
	return nil
}
