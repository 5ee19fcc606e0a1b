package store

import (
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func missing(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("%s: error %v, want ErrNotFound", what, err)
	}
}

func TestADiscussionComesBackAsItWent(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		want := essay()
		for i := range 2 {
			update(t, db, func(tx *Tx) error {
				d := want
				if i == 1 {
					d.Title = "the same again, which changes nothing"
				}
				added, err := tx.PutDiscussion(d, noon)
				if err == nil && added != (i == 0) {
					t.Errorf("time %d: added = %v", i+1, added)
				}
				return err
			})
		}
		view(t, db, func(tx *Tx) error {
			d, err := tx.Discussion(want.ID)
			same(t, "discussion", d, want)
			head, err2 := tx.Head(want.ID)
			same(t, "head", head, discussion.Discussion{ID: want.ID, Title: want.Title, URL: want.URL})
			doc, of, err3 := tx.Document("doc-comment")
			same(t, "document", doc, want.Documents[1])
			same(t, "its discussion", of, want.ID)
			p, of, total, err4 := tx.Passage("passage-2")
			same(t, "passage", p, want.Passages[1])
			same(t, "its discussion", of, want.ID)
			same(t, "total", total, 3)
			next, err5 := tx.PassageAt(want.ID, 3)
			same(t, "passage at 3", next, want.Passages[2])
			return all(err, err2, err3, err4, err5)
		})
		view(t, db, func(tx *Tx) error {
			_, err := tx.PassageAt(want.ID, 4)
			missing(t, "behind the last passage", err)
			_, err = tx.Discussion("no")
			missing(t, "discussion", err)
			_, err = tx.Head("no")
			missing(t, "head", err)
			_, _, err = tx.Document("no")
			missing(t, "document", err)
			_, _, _, err = tx.Passage("no")
			missing(t, "passage", err)
			return nil
		})
	})
}

func TestABigDiscussionIsStoredWhole(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		want := discussion.Discussion{ID: "big", Title: "Big"}
		for i := range 333 {
			id := discussion.Derive("d", string(rune(i+256)))
			want.Documents = append(want.Documents, discussion.Document{ID: discussion.DocumentID(id), Kind: discussion.Comment, Body: format.Text("Words of " + id)})
			want.Passages = append(want.Passages, discussion.Passage{ID: discussion.PassageID(id), Document: discussion.DocumentID(id), Seq: i + 1, End: 5})
		}
		update(t, db, func(tx *Tx) error {
			_, err := tx.PutDiscussion(want, noon)
			return err
		})
		same(t, "discussion", got(t, db, func(tx *Tx) (discussion.Discussion, error) { return tx.Discussion("big") }), want)
	})
}

func TestSummariesCount(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		gone, hidden := remark("gone", "passage-1", "x"), remark("hidden", "passage-1", "x")
		gone.Deleted, hidden.Hidden = noon, true
		update(t, db, func(tx *Tx) error {
			_, err := tx.PutDiscussion(essay(), noon.Add(time.Hour))
			_, err2 := tx.PutDiscussion(discussion.Discussion{ID: "earlier", Title: "Earlier"}, noon)
			return all(err, err2, furnish(tx, "x"), tx.PutAnnotation(remark("a", "passage-1", "x")), tx.PutAnnotation(gone), tx.PutAnnotation(hidden),
				tx.PutCopy("p:passage-1", attic, Copy{Ref: at(attic, "", "1", "bot")}),
				tx.PutCopy("p:passage-1", shed, Copy{Ref: at(shed, "", "1", "bot")}),
				tx.PutCopy("p:passage-2", attic, Copy{Verb: chat.Post, Key: "k", Began: noon}))
		})
		same(t, "summaries", got(t, db, (*Tx).Discussions), []Summary{
			{ID: "earlier", Title: "Earlier", Imported: noon},
			{ID: essay().ID, Title: "An <essay>", URL: essay().URL, Documents: 2, Comments: 1, Passages: 3, Posted: 1, Waiting: 1, Annotations: 1, Imported: noon.Add(time.Hour)},
		})
	})
}

func para(text string) format.Doc {
	return format.Doc{Text: text, Blocks: []format.Block{{Kind: format.Paragraph, End: len(text)}}}
}

func TestTextsComeBackAsTheyWent(t *testing.T) {
	list := format.Doc{}.Add(format.Block{Kind: format.List, Level: 1, Marker: "-"}, "one").Add(format.Block{Kind: format.List, Level: 1, Marker: "-"}, "two")
	lined := format.Text("a line")
	lined.Blocks[0].Line = 49
	docs := map[string]format.Doc{
		"nothing": {}, "plain": format.Text("plain"), "two": format.Text("one\n\ntwo"), "list": list, "lined": lined,
		"no blocks": {Text: "bare words"}, "empty block": {Blocks: []format.Block{{Kind: format.Paragraph}}},
		"span":     {Text: "bold", Blocks: []format.Block{{Kind: format.Paragraph, End: 4}}, Spans: []format.Span{{Kind: format.Strong, End: 4}}},
		"markup":   format.Text("';DROP TABLE people;-- $1 ?2 \\u0000 \"q\" 🦉 Ωμέγα"),
		"level":    {Text: "odd", Blocks: []format.Block{{Kind: format.Paragraph, End: 3, Level: 1, Line: 2}}},
		"number":   para("17"),
		"controls": para("a\x01\x1f\u2028\ufeff\r b"),
	}
	eachDB(t, func(t *testing.T, db *DB) {
		update(t, db, func(tx *Tx) error { return furnish(tx, "x") })
		for name, doc := range docs {
			a := remark(discussion.AnnotationID(name), "passage-1", "x")
			a.Body = doc
			update(t, db, func(tx *Tx) error { return tx.PutAnnotation(a) })
			back := got(t, db, func(tx *Tx) (discussion.Annotation, error) { return tx.Annotation(a.ID) })
			same(t, name, back.Body, doc)
		}
	})
}

func TestBytesThatNoDatabaseHoldsBecomeQuestionMarks(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		a := remark("a", "passage-1", "x")
		a.Body = para("zero \x00, torn \xe2\x82, lone \xff, whole \ufffd €")
		update(t, db, func(tx *Tx) error { return all(furnish(tx, "x"), tx.PutAnnotation(a)) })
		back := got(t, db, func(tx *Tx) (discussion.Annotation, error) { return tx.Annotation("a") })
		same(t, "text", back.Body, para("zero ?, torn ??, lone ?, whole \ufffd €"))
	})
}

func TestAnnotationsKeepTheirOrder(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		first, second, third := remark("z", "passage-1", "ann"), remark("y", "passage-2", "bob"), remark("x", "passage-1", "ann")
		third.Motivation, third.Target = discussion.Replying, discussion.Target{Source: "doc-essay", Annotation: "z"}
		for _, a := range []discussion.Annotation{first, second, third} {
			update(t, db, func(tx *Tx) error { return all(furnish(tx, "ann", "bob"), tx.PutAnnotation(a)) })
		}
		first.Body, first.Modified, first.Hidden = format.Text("mended"), noon.Add(time.Minute), true
		second.Body, second.Deleted = format.Doc{}, noon.Add(time.Hour)
		update(t, db, func(tx *Tx) error { return all(tx.PutAnnotation(second), tx.PutAnnotation(first)) })
		view(t, db, func(tx *Tx) error {
			whole, err := tx.Annotations("an-essay-123456")
			same(t, "annotations", whole, []discussion.Annotation{first, second, third})
			under, err2 := tx.AnnotationsUnder("passage-1")
			same(t, "under the passage", under, []discussion.Annotation{first, third})
			by, err3 := tx.AnnotationsBy("bob")
			same(t, "by bob", by, []discussion.Annotation{second})
			_, err4 := tx.Annotation("no")
			missing(t, "annotation", err4)
			return all(err, err2, err3)
		})
	})
}

// TestWhatWasReadStaysTheBeginning: the order is that of commits, so whoever
// remembers how many they have read misses none that is committed later.
func TestWhatWasReadStaysTheBeginning(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		update(t, db, func(tx *Tx) error { return furnish(tx, "x") })
		begun, second := make(chan struct{}), make(chan struct{})
		var once sync.Once
		go func() {
			defer close(second)
			<-begun
			b := remark("b", "passage-2", "x")
			b.Target.Selector.End++ // nothing in common but the discussion
			if err := db.Update(t.Context(), func(tx *Tx) error { return tx.PutAnnotation(b) }); err != nil {
				t.Error(err)
			}
		}()
		var early []discussion.Annotation
		update(t, db, func(tx *Tx) error {
			err := tx.PutAnnotation(remark("a", "passage-1", "x"))
			once.Do(func() { close(begun) })
			select { // the second is given the time to come first
			case <-second:
				early = got(t, db, func(tx *Tx) ([]discussion.Annotation, error) { return tx.Annotations(essay().ID) })
			case <-time.After(200 * time.Millisecond):
			}
			return err
		})
		<-second
		late := got(t, db, func(tx *Tx) ([]discussion.Annotation, error) { return tx.Annotations(essay().ID) })
		if len(late) != 2 {
			t.Fatalf("%d annotations", len(late))
		}
		if len(early) > 0 {
			same(t, "what was read first", late[:len(early)], early)
		}
	})
}

func TestAnAnnotationOfNothingIsRefused(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		for name, a := range map[string]discussion.Annotation{
			"discussion": {Discussion: "no", Creator: "x"}, "under": {Discussion: essay().ID, Creator: "x", Under: "no"}, "creator": {Discussion: essay().ID, Creator: "no"},
		} {
			err := db.Update(t.Context(), func(tx *Tx) error { return all(furnish(tx, "x"), tx.PutAnnotation(a)) })
			mentions(t, err, name)
		}
	})
}

func TestPeople(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		put := func(name string) (p discussion.Person) {
			update(t, db, func(tx *Tx) (err error) {
				p, err = tx.PutPerson("matrix", chat.Person{ID: "@ann:example.org", Name: name})
				return err
			})
			return p
		}
		ann := put("Ann")
		same(t, "person", ann, discussion.Person{ID: ann.ID, Platform: "matrix", User: "@ann:example.org", Name: "Ann"})
		same(t, "renamed", put("Anne").Name, "Anne")
		read := func() discussion.Person {
			return got(t, db, func(tx *Tx) (discussion.Person, error) { return tx.Person(ann.ID) })
		}
		update(t, db, func(tx *Tx) error { return tx.SetState(ann.ID, discussion.Named) })
		same(t, "named", read(), discussion.Person{ID: ann.ID, Platform: "matrix", User: "@ann:example.org", Name: "Anne", State: discussion.Named})
		update(t, db, func(tx *Tx) error { return tx.EmptyPerson(ann.ID, noon) })
		forgotten := discussion.Person{ID: ann.ID, Platform: "matrix", State: discussion.Unpublished}
		same(t, "forgotten", read(), forgotten)
		same(t, "speaks again", put("Anne"), forgotten)
		same(t, "still forgotten", read(), forgotten)
		update(t, db, func(tx *Tx) error { return tx.SetState(ann.ID, discussion.Pseudonym) })
		put("Anna")
		same(t, "decided anew", read(), discussion.Person{ID: ann.ID, Platform: "matrix", User: "@ann:example.org", Name: "Anna", State: discussion.Pseudonym})
		update(t, db, func(tx *Tx) error {
			_, err := tx.Person("no")
			missing(t, "person", err)
			missing(t, "state", tx.SetState("no", discussion.Named))
			missing(t, "emptied", tx.EmptyPerson("no", noon))
			return nil
		})
	})
}

func TestPeopleOfADiscussion(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		who := map[string]discussion.Person{}
		update(t, db, func(tx *Tx) error {
			for _, name := range []string{"wrote", "liked a passage", "liked a remark", "elsewhere"} {
				p, err := tx.PutPerson("matrix", chat.Person{ID: name, Name: name})
				if err != nil {
					return err
				}
				who[name] = p
			}
			other := remark("o", "", who["elsewhere"].ID)
			other.Discussion = "other"
			_, err := tx.PutDiscussion(discussion.Discussion{ID: "other"}, noon)
			return all(err, furnish(tx), tx.PutAnnotation(remark("a", "passage-1", who["wrote"].ID)), tx.PutAnnotation(other),
				tx.PutReaction(Reaction{Thing: "p:passage-3", Person: who["liked a passage"].ID, Emoji: "👍", Room: attic, At: noon}),
				tx.PutReaction(Reaction{Thing: "a:a", Person: who["liked a remark"].ID, Emoji: "👍", Room: attic, At: noon}),
				tx.PutReaction(Reaction{Thing: "a:o", Person: who["elsewhere"].ID, Emoji: "👍", Room: attic, At: noon}))
		})
		people := got(t, db, func(tx *Tx) (map[discussion.PersonID]discussion.Person, error) { return tx.People(essay().ID) })
		want := map[discussion.PersonID]discussion.Person{}
		for _, name := range []string{"wrote", "liked a passage", "liked a remark"} {
			want[who[name].ID] = who[name]
		}
		same(t, "people", people, want)
		in := got(t, db, func(tx *Tx) ([]Reaction, error) { return tx.ReactionsIn(essay().ID) })
		if len(in) != 2 || in[0].Thing != "p:passage-3" || in[1].Thing != "a:a" {
			t.Errorf("reactions in the discussion: %+v", in)
		}
	})
}

func TestReactions(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		up := Reaction{Thing: "a:a", Person: "ann", Self: "ann", Emoji: "👍", Room: attic, Own: "$1", At: noon}
		bare := Reaction{Thing: "a:a", Person: "ann", Self: "ann", Emoji: "👍", Room: shed, At: noon.Add(time.Second)}
		heart := Reaction{Thing: "a:a", Person: "bob", Self: "bob", Emoji: "❤", Room: attic, Own: "$2", At: noon.Add(2 * time.Second)}
		for _, r := range []Reaction{up, bare, heart} {
			update(t, db, func(tx *Tx) error { return tx.PutReaction(r) })
		}
		again := up
		again.Own, again.At = "$3", noon.Add(time.Hour)
		update(t, db, func(tx *Tx) error { return tx.PutReaction(again) })
		up.Own = "$3"
		view(t, db, func(tx *Tx) error {
			on, err := tx.Reactions("a:a")
			same(t, "on the thing", on, []Reaction{up, bare, heart})
			by, err2 := tx.ReactionsBy("ann")
			same(t, "by ann", by, []Reaction{up, bare})
			there, err3 := tx.ReactionAt(attic, "$3")
			same(t, "at $3", there, up)
			_, err4 := tx.ReactionAt(attic, "$1")
			missing(t, "at the old id", err4)
			_, err4 = tx.ReactionAt(shed, "")
			missing(t, "at no id", err4)
			_, err4 = tx.ReactionAt(chat.Room{}, "$3")
			missing(t, "in another room", err4)
			return all(err, err2, err3)
		})
		update(t, db, func(tx *Tx) error {
			return all(tx.DeleteReaction("a:a", "ann", "👍", attic), tx.DeleteReaction("a:a", "ann", "👍", attic),
				tx.DeleteReaction("a:a", "ann", "👍", chat.Room{ID: "unknown"}))
		})
		same(t, "left", got(t, db, func(tx *Tx) ([]Reaction, error) { return tx.Reactions("a:a") }), []Reaction{bare, heart})
	})
}

func TestNotes(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		n := Note{ID: "n", Kind: "answer", Discussion: "d", Body: format.Text("It stands well."), Place: chat.Place{Room: attic, Thread: "$t"},
			ReplyTo: at(attic, "$t", "$call", ""), Created: noon}
		digest := Note{ID: "m", Kind: "digest", Body: format.Text("What was said."), Created: noon}
		update(t, db, func(tx *Tx) error { return all(tx.PutNote(n), tx.PutNote(digest)) })
		other := n
		other.Body = format.Text("no")
		update(t, db, func(tx *Tx) error { return tx.PutNote(other) })
		same(t, "answer", got(t, db, func(tx *Tx) (Note, error) { return tx.Note("n") }), n)
		same(t, "digest", got(t, db, func(tx *Tx) (Note, error) { return tx.Note("m") }), digest)
		update(t, db, func(tx *Tx) error {
			missing(t, "reworded", tx.RewordNote("no", other.Body))
			return tx.RewordNote("n", other.Body)
		})
		same(t, "reworded", got(t, db, func(tx *Tx) (Note, error) { return tx.Note("n") }), other)
		view(t, db, func(tx *Tx) error {
			_, err := tx.Note("no")
			missing(t, "note", err)
			return nil
		})
	})
}

func TestSettings(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		read := func() string { return got(t, db, func(tx *Tx) (string, error) { return tx.Setting("s") }) }
		same(t, "never set", read(), "")
		for _, v := range []string{"one", "two"} {
			update(t, db, func(tx *Tx) error { return tx.PutSetting("s", v) })
			same(t, "set", read(), v)
		}
	})
}

func TestStatementsOfAMigration(t *testing.T) {
	text := "-- a; comment\nCREATE TABLE a (\n\tid INT, -- only: sqlite\n\tid BIGINT, -- only: postgres\n\tx TEXT -- why; so\n);\nDROP TABLE b;\n"
	for dialect, id := range map[string]string{"sqlite": "\tid INT,", "postgres": "\tid BIGINT,"} {
		got := statements(text, dialect)
		if len(got) != 2 || got[1] != "DROP TABLE b" || !slices.Contains(lines(got[0]), id+" ") {
			t.Errorf("%s: %q", dialect, got)
		}
	}
}

func TestNotesOfADiscussion(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		put := func(id discussion.NoteID, kind string, d discussion.ID, at time.Time) (n Note) {
			n = Note{ID: id, Kind: kind, Discussion: d, Body: format.Text("Which?"), Place: chat.Place{Room: attic}, Created: at}
			update(t, db, func(tx *Tx) error { return tx.PutNote(n) })
			return n
		}
		old, young := put("old", "question", "d", noon), put("young", "question", "d", noon.Add(time.Second))
		put("settled", "question", "d", noon)
		put("digest", "digest", "d", noon)
		put("other", "question", "e", noon)
		put("none", "question", "", noon)
		update(t, db, func(tx *Tx) error { return tx.RewordNote("settled", format.Doc{}) })
		same(t, "questions", got(t, db, func(tx *Tx) ([]Note, error) { return tx.Notes("d", "question") }), []Note{young, old})
		same(t, "of none", len(got(t, db, func(tx *Tx) ([]Note, error) { return tx.Notes("", "question") })), 0)
	})
}
