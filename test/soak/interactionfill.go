//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

const (
	strangers    = 1900 // who annotated and use no command
	filledAtOnce = 2000 // in one transaction
	filledOver   = 365 * 24 * time.Hour
	reactedTo    = 10 // every so many an annotation bears a reaction
	answersEvery = 4  // likewise is an answer to the one before
)

// elsewhere is the room where all that is filled in was said, on a network that
// the bot does not speak to any more: it would find that nothing of it stands
// there, and rightly take it for deleted.
var elsewhere = chat.Room{Platform: "matrix", ID: "!elsewhere:example.org"}

// authors are the people of a guild who annotated: every second one of those
// who use commands, and strangers.
func authors(sides []*discordSide) (all []chat.Person) {
	for _, s := range sides {
		for j, u := range s.who {
			if j%2 == 0 {
				all = append(all, chat.Person{ID: u.ID(), Name: u.Name()})
			}
		}
	}
	for n := range strangers {
		all = append(all, chat.Person{ID: strconv.Itoa(1_000_000 + n), Name: fmt.Sprintf("Reader %d", n)})
	}
	return all
}

func writers(sides []*discordSide) int { return len(authors(sides)) }

// filling puts annotations into a database whose text was posted.
type filling struct {
	text   discussion.Discussion
	bodies map[discussion.DocumentID]string
	people []chat.Person
	ids    []discussion.PersonID
	dice   *rand.Rand
	began  time.Time
	step   time.Duration
	last   discussion.Annotation
	lastAt chat.Place
}

// fillAnnotations records n annotations of the one text in a database, spread
// evenly over a year and over all passages, each with the message that it was
// in another room.
// The bot does not run.
func fillAnnotations(ctx context.Context, database string, n int, sides []*discordSide, dice *rand.Rand) error {
	db, err := store.Open(ctx, database, store.Options{NoListen: true})
	if err != nil {
		return err
	}
	f := &filling{dice: dice, people: authors(sides), bodies: map[discussion.DocumentID]string{}}
	f.began, f.step = time.Now().Add(-filledOver), filledOver/time.Duration(max(n, 1))
	err = db.Update(ctx, f.prepare)
	for from := 0; from < n && err == nil; from += filledAtOnce {
		err = db.Update(ctx, func(tx *store.Tx) error {
			for i := from; i < min(from+filledAtOnce, n); i++ {
				if err := f.put(tx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return errors.Join(err, db.Close())
}

// prepare reads the text and records who wrote.
func (f *filling) prepare(tx *store.Tx) error {
	texts, err := tx.Discussions()
	if err != nil {
		return err
	}
	if len(texts) != 1 {
		return fmt.Errorf("there are %d texts", len(texts))
	}
	if f.text, err = tx.Discussion(texts[0].ID); err != nil {
		return err
	}
	for _, d := range f.text.Documents {
		f.bodies[d.ID] = d.Body.Text
	}
	f.ids = nil
	for _, p := range f.people {
		who, err := tx.PutPerson("discord", p)
		if err != nil {
			return err
		}
		f.ids = append(f.ids, who.ID)
	}
	return nil
}

// put records the annotation of a number.
func (f *filling) put(tx *store.Tx, i int) error {
	at := f.began.Add(time.Duration(i) * f.step).UTC().Truncate(time.Millisecond)
	p := f.text.Passages[f.dice.IntN(len(f.text.Passages))]
	own := chat.Ref{Place: chat.Place{Room: elsewhere, Thread: longID("passage", p.Seq)}, ID: longID("filled", i)}
	a := discussion.Annotation{
		ID: discussion.AnnotationID(discussion.Derive("filled", strconv.Itoa(i))), Discussion: f.text.ID, Motivation: discussion.Commenting,
		Under: p.ID, Creator: f.ids[f.dice.IntN(len(f.ids))], Created: at,
		Body: format.Text(fmt.Sprintf("Remark %d: %s, and %s as well, as %s would have it.", i, madeUp(f.dice), madeUp(f.dice), madeUp(f.dice))),
		Via:  "https://matrix.to/#/" + elsewhere.ID + "/" + own.ID,
	}
	a.Target = discussion.Target{Source: p.Document, Selector: discussion.SelectorOf(f.bodies[p.Document], p.Start, p.End)}
	if i%answersEvery == 1 {
		a.Under, a.Target, own.Place = f.last.Under, f.last.Target, f.lastAt
		a.Target.Annotation = f.last.ID
	}
	f.last, f.lastAt = a, own.Place
	thing := store.AnnotationThing(a.ID)
	if err := tx.PutCopy(thing, elsewhere, store.Copy{Ref: own}); err != nil {
		return err
	}
	if err := tx.PutAnnotation(a); err != nil || i%reactedTo != 0 {
		return err
	}
	return tx.PutReaction(store.Reaction{Thing: thing, Person: f.ids[f.dice.IntN(len(f.ids))], Emoji: "👍", Room: elsewhere, At: at})
}
