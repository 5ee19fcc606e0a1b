package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// told is a Talk, with names for its numbers: a line for each remark and reaction.
func told(tx *Tx, id discussion.ID) ([]string, error) {
	t, err := tx.Talk(id)
	if err != nil {
		return nil, err
	}
	person := func(i int32) string {
		if i < 0 {
			return "nobody"
		}
		return fmt.Sprintf("%s who is %s", t.People[i], t.People[t.Self[i]])
	}
	passage := func(i int32) string {
		if i < 0 {
			return "nothing"
		}
		return string(t.Passages[i])
	}
	lines := []string{}
	for _, r := range t.Remarks {
		lines = append(lines, fmt.Sprintf("under %s by %s to %s gone %v at %s", passage(r.Under), person(r.By), person(r.To), r.Gone, r.Created()))
	}
	for _, r := range t.Reactions {
		whole, err := tx.ReactionOf(r)
		if err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("%s of %s under %s remark %v gone %v at %s: %s", r.Emoji, person(r.By), passage(r.Under), r.Remark, r.Gone, r.At(), whole.Thing))
	}
	return lines, nil
}

// known is the same from the rows with all their words.
func known(tx *Tx, id discussion.ID) ([]string, error) {
	all, err := tx.Annotations(id)
	people, err2 := tx.People(id)
	given, err3 := tx.ReactionsIn(id)
	person := func(id discussion.PersonID) string { return fmt.Sprintf("%s who is %s", id, people[id].Self()) }
	by := map[discussion.AnnotationID]discussion.Annotation{}
	for _, a := range all {
		by[a.ID] = a
	}
	lines := []string{}
	for _, a := range all {
		to := "nobody"
		if on, ok := by[a.Target.Annotation]; ok {
			to = person(on.Creator)
		}
		lines = append(lines, fmt.Sprintf("under %s by %s to %s gone %v at %s", cmp.Or(a.Under, "nothing"), person(a.Creator), to, a.Gone(), a.Created))
	}
	for _, r := range given {
		on := by[r.Thing.Annotation()]
		under := cmp.Or(r.Thing.Passage(), on.Under, "nothing")
		lines = append(lines, fmt.Sprintf("%s of %s who is %s under %s remark %v gone %v at %s: %s", r.Emoji, r.Person, r.Self, under, r.Thing.Passage() == "", on.Gone(), r.At, r.Thing))
	}
	return lines, errors.Join(err, err2, err3)
}

// standingIn is how many annotations of the essay stand, as its summary tells
// and as they are.
func standingIn(tx *Tx) (told, are int, err error) {
	all, err := tx.Discussions()
	said, err2 := tx.Annotations(essay().ID)
	for _, s := range all {
		if s.ID == essay().ID {
			told = s.Annotations
		}
	}
	return told, len(slices.DeleteFunc(said, discussion.Annotation.Gone)), errors.Join(err, err2)
}

// agrees fails unless what is told without words is what there is.
func agrees(t *testing.T, after string, db *DB) {
	t.Helper()
	view(t, db, func(tx *Tx) error {
		is, err := told(tx, essay().ID)
		want, err2 := known(tx, essay().ID)
		same(t, "talk after "+after, is, want)
		said, are, err3 := standingIn(tx)
		same(t, "annotations that stand after "+after, said, are)
		return errors.Join(err, err2, err3)
	})
}

// talker changes at random what a Talk tells.
type talker struct {
	dice  *rand.Rand
	put   map[discussion.AnnotationID]discussion.Annotation
	given []Reaction
}

func (k *talker) one(of ...string) string { return of[k.dice.IntN(len(of))] }

func (k *talker) id() discussion.AnnotationID {
	return discussion.AnnotationID(k.one("a", "b", "c", "d", "e", "f"))
}
func (k *talker) person() discussion.PersonID { return discussion.PersonID(k.one("x", "y", "z", "w")) }
func (k *talker) passage() discussion.PassageID {
	return discussion.PassageID(k.one("passage-1", "passage-2", ""))
}

// step is one change, and what it is called.
func (k *talker) step() (string, func(*Tx) error) {
	switch k.dice.IntN(9) {
	case 0:
		one, two := k.person(), k.person()
		return fmt.Sprintf("linking %s to %s", one, two), func(tx *Tx) error { return tx.Link(one, two) }
	case 1:
		one := k.person()
		return fmt.Sprintf("unlinking %s", one), func(tx *Tx) error { return tx.Unlink(one) }
	case 2, 3:
		thing := AnnotationThing(k.id()) // known or not
		if k.dice.IntN(3) == 0 {
			thing = PassageThing("passage-2")
		}
		r := Reaction{Thing: thing, Person: k.person(), Emoji: k.one("👍", "👎"), Room: attic, At: noon.Add(time.Duration(k.dice.IntN(1000)) * time.Hour)}
		k.given = append(k.given, r)
		return fmt.Sprintf("%s to %s", r.Emoji, thing), func(tx *Tx) error { return tx.PutReaction(r) }
	case 4:
		if len(k.given) == 0 {
			return "nothing", func(*Tx) error { return nil }
		}
		r := k.given[k.dice.IntN(len(k.given))]
		return fmt.Sprintf("taking %s back from %s", r.Emoji, r.Thing), func(tx *Tx) error { return tx.DeleteReaction(r.Thing, r.Person, r.Emoji, r.Room) }
	}
	return k.remark()
}

// remark puts an annotation or changes one.
func (k *talker) remark() (string, func(*Tx) error) {
	id := k.id()
	a, there := k.put[id]
	what := "hidden or not"
	switch n := k.dice.IntN(7); {
	case !there:
		what, a = "new", remark(id, k.passage(), k.person())
		a.Target.Annotation = discussion.AnnotationID(k.one("", "a", "b", "other"))
		a.Hidden = n == 0
	case n == 0:
		what, a.Under = "moved", k.passage()
	case n == 1:
		what, a.Creator = "of another", k.person()
	case n == 2:
		what, a.Target.Annotation = "answering another", discussion.AnnotationID(k.one("", "a", "b"))
	case n == 3:
		what, a.Created = "of another time", noon.Add(time.Duration(k.dice.IntN(1000))*time.Hour)
	case n == 4:
		what, a.Body = "with other words", format.Text(fmt.Sprint(k.dice.Uint64()))
	case n == 5 && a.Deleted.IsZero():
		what, a.Deleted = "deleted", noon
	default:
		a.Hidden = !a.Hidden
	}
	k.put[id] = a
	return fmt.Sprintf("%s is %s", id, what), func(tx *Tx) error { return tx.PutAnnotation(a) }
}

// Whatever changes, a talk that was kept is what a reading of all words tells; in
// an Update, too, and for another process.
func TestTalkIsWhatWasSaid(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		db, other := opened(t, dsn, Options{NoListen: true}), opened(t, dsn, Options{NoListen: true})
		update(t, db, func(tx *Tx) error { return furnish(tx, "x", "y", "z", "w") })
		k := &talker{dice: rand.New(rand.NewPCG(1, 2)), put: map[discussion.AnnotationID]discussion.Annotation{}}
		undone := errors.New("undone")
		for range 150 {
			what, do := k.step()
			from := []*DB{db, other}[k.dice.IntN(2)]
			tried := &talker{dice: k.dice, put: maps.Clone(k.put)}
			_, undo := tried.step()
			err := from.Update(t.Context(), func(tx *Tx) error {
				if err := undo(tx); err != nil {
					return err
				}
				is, err := told(tx, essay().ID)
				want, err2 := known(tx, essay().ID)
				same(t, "talk inside an Update", is, want)
				return errors.Join(err, err2, undone)
			})
			if !errors.Is(err, undone) {
				t.Fatal(err)
			}
			update(t, from, do)
			agrees(t, what, db)
			agrees(t, what+", elsewhere", other)
			if t.Failed() {
				return
			}
		}
		same(t, "a talk of nothing", got(t, db, func(tx *Tx) (*Talk, error) { return tx.Talk("no") }), &Talk{})
	})
}

// A talk is kept until something of it changes, and other words change nothing.
func TestTalkIsReadOnce(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		a := remark("a", "passage-1", "x")
		update(t, db, func(tx *Tx) error { return all(furnish(tx, "x"), tx.PutAnnotation(a)) })
		read := func() *Talk {
			return got(t, db, func(tx *Tx) (*Talk, error) { return tx.Talk(essay().ID) })
		}
		first := read()
		a.Body, a.Modified = format.Text("Other words."), noon
		update(t, db, func(tx *Tx) error { return tx.PutAnnotation(a) })
		if read() != first {
			t.Error("it was read again after a remark got other words")
		}
		update(t, db, func(tx *Tx) error { return tx.PutAnnotation(remark("b", "passage-1", "x")) })
		if again := read(); again == first || len(first.Remarks) != 1 {
			t.Errorf("after another remark it is %+v, before it was %+v", again, first)
		}
	})
}

// A reader whose state of the database is an earlier one is told of that.
func TestTalkIsOfTheStateThatIsRead(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		update(t, db, func(tx *Tx) error { return furnish(tx, "x") })
		view(t, db, func(tx *Tx) error {
			_, err := tx.Head(essay().ID) // which is when its state is taken
			update(t, db, func(tx *Tx) error { return tx.PutAnnotation(remark("a", "passage-1", "x")) })
			agrees(t, "what came since", db)
			talk, err2 := tx.Talk(essay().ID)
			same(t, "remarks before", len(talk.Remarks), 0)
			return errors.Join(err, err2)
		})
		agrees(t, "an earlier state was read", db)
	})
}

// A passage may come after what is said about it, and go again.
func TestTalkOfPassagesThatComeAndGo(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		d := essay()
		whole := d
		d.Passages = d.Passages[:1]
		given := Reaction{Thing: PassageThing("passage-3"), Person: "x", Emoji: "👍", Room: attic, At: noon}
		update(t, db, func(tx *Tx) error {
			_, err := tx.PutDiscussion(d, noon)
			return all(err, tx.PutReaction(given))
		})
		agrees(t, "a reaction to what is not known", db)
		update(t, db, func(tx *Tx) error { return tx.Amend(whole) })
		agrees(t, "its passage came", db)
		same(t, "reactions", len(got(t, db, func(tx *Tx) (*Talk, error) { return tx.Talk(d.ID) }).Reactions), 1)
		update(t, db, func(tx *Tx) error { return tx.Amend(d) })
		agrees(t, "its passage went", db)

		more := discussion.Document{ID: "doc-more", Kind: discussion.Comment, Body: format.Text("More.")}
		d.Documents = append(d.Documents, more)
		d.Passages = append(d.Passages, discussion.Passage{ID: "passage-9", Document: more.ID, End: 5})
		given.Thing = PassageThing("passage-9")
		update(t, db, func(tx *Tx) error { return tx.PutReaction(given) })
		agrees(t, "another reaction to what is not known", db)
		update(t, db, func(tx *Tx) error { _, err := tx.grow(d); return err })
		agrees(t, "the text grew", db)
		same(t, "reactions", len(got(t, db, func(tx *Tx) (*Talk, error) { return tx.Talk(d.ID) }).Reactions), 1)
	})
}

// What eight people say and do at once is told as it is.
func TestTalkOfEightWriters(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		update(t, db, func(tx *Tx) error { return furnish(tx, "x", "y") })
		var work sync.WaitGroup
		for w := range 8 {
			work.Go(func() {
				for i := range 12 {
					a := remark(discussion.AnnotationID(fmt.Sprintf("%d-%d", w, i)), "passage-1", "x")
					err := db.Update(t.Context(), func(tx *Tx) error { return tx.PutAnnotation(a) })
					a.Hidden = i%2 == 0
					err2 := db.Update(t.Context(), func(tx *Tx) error {
						return all(tx.PutAnnotation(a), tx.PutReaction(Reaction{Thing: AnnotationThing(a.ID), Person: "y", Emoji: "👍", Room: attic, At: noon}))
					})
					err3 := db.View(t.Context(), func(tx *Tx) error {
						_, err := tx.Talk(essay().ID)
						return err
					})
					if err := errors.Join(err, err2, err3); err != nil {
						t.Error(err)
					}
				}
			})
		}
		work.Wait()
		agrees(t, "all", db)
		same(t, "standing", got(t, db, func(tx *Tx) (int, error) { n, _, err := standingIn(tx); return n, err }), 48)
	})
}

// Of what is kept in memory the oldest goes, and what is too long never comes.
func TestTalksAreKeptWithinBounds(t *testing.T) {
	var kept talks
	long := func(size int) *Talk { return &Talk{Remarks: make([]Remark, size/remarkSize)} }
	at := func(of, changes int64) talkState { return talkState{of: of, changes: changes} }
	for of := range int64(5) {
		kept.keep(at(of, 0), long(mostTold/4))
	}
	kept.keep(at(4, 1), long(mostTold/4))
	kept.keep(at(9, 0), long(mostTold))
	for s, want := range map[talkState]bool{at(1, 0): false, at(2, 0): true, at(3, 0): true, at(4, 0): false, at(4, 1): true, at(9, 0): false} {
		if is := kept.of(s) != nil; is != want {
			t.Errorf("%+v is kept: %v", s, is)
		}
	}
	if kept.size > mostTold {
		t.Errorf("%d bytes are kept", kept.size)
	}
	whole := &Talk{Passages: []discussion.PassageID{"p", "q"}, People: []discussion.PersonID{"x", "yz", ""}, Self: make([]int32, 3),
		Remarks: make([]Remark, 5), Reactions: make([]Reacted, 7)}
	of := func(what any) int { return int(reflect.TypeOf(what).Size()) }
	same(t, "size", whole.size(), of(keptTalk{})+of(Talk{})+5*of(Remark{})+7*of(Reacted{})+5*of("")+3*of(int32(0))+len("pqxyz"))
}

// What comes to be told while something that it belongs to, or the first of its
// text, is recorded: neither transaction sees the other, and one that is told in
// between is kept.
func TestTalkOfWhatCameBesideOther(t *testing.T) {
	early := Reaction{Thing: "a:a", Person: "x", Emoji: "👎", Room: attic, At: noon}
	toRemark := Reaction{Thing: "a:a", Person: "x", Emoji: "👍", Room: attic, At: noon}
	toPassage := Reaction{Thing: "p:passage-1", Person: "x", Emoji: "👍", Room: attic, At: noon}
	people := func(tx *Tx) error { return furnish(tx, "x", "y") }
	remarked := func(tx *Tx) error { return tx.PutAnnotation(remark("a", "passage-1", "x")) }
	reacts := func(r Reaction) func(*Tx) error { return func(tx *Tx) error { return tx.PutReaction(r) } }
	for what, c := range map[string]struct{ before, meanwhile, then func(*Tx) error }{
		"a reaction beside its remark": {func(tx *Tx) error { return all(people(tx), tx.PutReaction(early)) }, remarked, reacts(toRemark)},
		"a reaction that is taken back beside its remark": {func(tx *Tx) error { return all(people(tx), tx.PutReaction(early)) }, remarked,
			func(tx *Tx) error { return tx.DeleteReaction(early.Thing, early.Person, early.Emoji, attic) }},
		"a reaction beside its text":       {func(tx *Tx) error { return tx.PutRoom(attic) }, people, reacts(toPassage)},
		"a link beside the first reaction": {people, reacts(toPassage), func(tx *Tx) error { return tx.Link("x", "y") }},
		"the end of a link beside the first reaction": {func(tx *Tx) error { return all(people(tx), tx.Link("x", "y")) }, reacts(toPassage),
			func(tx *Tx) error { return tx.Unlink("x") }},
	} {
		dsn := schema(t)
		db, other := opened(t, dsn, Options{NoListen: true}), opened(t, dsn, Options{NoListen: true})
		update(t, db, c.before)
		first := true
		update(t, db, func(tx *Tx) error {
			if _, err := tx.Person("x"); err != nil && !errors.Is(err, ErrNotFound) { // which is when its state is taken
				return err
			}
			if first {
				first = false
				update(t, other, c.meanwhile)
				got(t, db, func(tx *Tx) (*Talk, error) { return tx.Talk(essay().ID) })
			}
			return c.then(tx)
		})
		agrees(t, what, db)
	}
}

// What is recorded again, or taken back though nobody gave it, changes nothing
// that is told.
func TestTalkOfNothingNew(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		given := Reaction{Thing: "a:a", Person: "x", Emoji: "👍", Room: attic, At: noon}
		note := Reaction{Thing: "n:note", Person: "x", Emoji: "👍", Room: attic, At: noon}
		update(t, db, func(tx *Tx) error {
			return all(furnish(tx, "x"), tx.PutAnnotation(remark("a", "passage-1", "x")), tx.PutReaction(given))
		})
		read := func() *Talk {
			return got(t, db, func(tx *Tx) (*Talk, error) { return tx.Talk(essay().ID) })
		}
		first := read()
		still := func(what string, wrote bool, do func(*Tx) error) {
			t.Helper()
			update(t, db, func(tx *Tx) error {
				err := do(tx)
				same(t, what+" wrote", tx.wrote, wrote)
				return err
			})
			if read() != first {
				t.Error("it was read again after", what)
			}
		}
		still("nothing taken back", false, func(tx *Tx) error { return tx.DeleteReaction("a:a", "x", "👎", attic) })
		still("the same again", false, func(tx *Tx) error { return tx.PutReaction(given) })
		later := given
		later.Own, later.At = "$own", noon.Add(time.Hour)
		still("another id of its own", true, func(tx *Tx) error { return tx.PutReaction(later) })
		given.Own, given.Self = "$own", "x"
		same(t, "reactions", got(t, db, func(tx *Tx) ([]Reaction, error) { return tx.Reactions("a:a") }), []Reaction{given})
		still("a reaction to a note", true, func(tx *Tx) error { return tx.PutReaction(note) })
		update(t, db, func(tx *Tx) error { return tx.DeleteReaction("a:a", "x", "👍", attic) })
		agrees(t, "a reaction was taken back", db)
		same(t, "reactions", len(read().Reactions), 0)
	})
}

// What stands in a database that an older version filled is counted when it comes.
func TestStandingOfAnOlderDatabase(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		old(t, dsn, 5, fifth)
		db := opened(t, dsn, Options{NoListen: true})
		agrees(t, "migrating", db)
		same(t, "standing", got(t, db, func(tx *Tx) (int, error) { n, _, err := standingIn(tx); return n, err }), 1)
	})
}

// However many read much, whoever reads little does not wait for them.
func TestSurveysLeaveReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := Open(t.Context(), t.TempDir()+"/bot.db", Options{NoListen: true})
		if err != nil {
			t.Fatal(err)
		}
		release, runs := make(chan struct{}), make(chan struct{}, 8)
		var work sync.WaitGroup
		for range 8 {
			work.Go(func() {
				err := db.Survey(t.Context(), func(*Tx) error {
					runs <- struct{}{}
					<-release
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		same(t, "surveys at once", len(runs), mostSurveys)
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := db.View(soon, func(tx *Tx) error { _, err := tx.Discussions(); return err }); err != nil {
			t.Errorf("whoever reads little: %v", err)
		}
		if err := db.Survey(soon, func(*Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one survey more: %v", err)
		}
		close(release)
		work.Wait()
		same(t, "surveys at last", len(runs), 8)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// The newest remarks of a thread come first, those that are gone too, and all if
// all are asked for; of how many that are not gone is known how their writers chose.
func TestTheNewestOfAThread(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		const many = 150
		update(t, db, func(tx *Tx) error {
			err := all(furnish(tx, "x", "y", "z"), tx.PutAnnotation(remark("elsewhere", "passage-2", "z")))
			for i := range many {
				a := remark(discussion.AnnotationID(fmt.Sprint(many-i)), "passage-1", discussion.PersonID("xyz"[i%3:i%3+1]))
				a.Hidden, a.Created = i%10 == 0, noon.Add(-time.Duration(i)*time.Hour)
				err = all(err, tx.PutAnnotation(a))
			}
			return all(err, tx.SetState("y", discussion.Named), tx.SetState("z", discussion.Named))
		})
		view(t, db, func(tx *Tx) error {
			want, err := tx.AnnotationsUnder("passage-1")
			slices.Reverse(want)
			for _, n := range []int{1, 31, 32, 33, 100, many} {
				var found []discussion.Annotation
				for a, err := range tx.NewestUnder("passage-1") {
					if err != nil {
						return err
					}
					if found = append(found, a); len(found) == n {
						break
					}
				}
				same(t, fmt.Sprintf("the newest %d", n), found, want[:n])
			}
			n := 0
			for range tx.NewestUnder("passage-1") {
				n++
			}
			same(t, "all of them", n, many)
			for a, err := range tx.NewestUnder("passage-3") {
				t.Errorf("where nothing was said: %v, %v", a, err)
			}
			said, err2 := tx.SaidUnder("passage-1")
			same(t, "said", said, map[discussion.CreatorState]int{discussion.Unset: 45, discussion.Named: 90})
			nothing, err3 := tx.SaidUnder("passage-3")
			same(t, "said where nothing was", nothing, map[discussion.CreatorState]int{})
			return errors.Join(err, err2, err3)
		})
	})
}
