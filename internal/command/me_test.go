package command

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

var ann = chat.Person{ID: "guest-ann", Name: "Ann Verity"}

// tells has someone tell the bot a command, aloud or in private, on a message
// or on none.
func (h house) tells(by chat.Person, right chat.Right, private bool, on, text string) string {
	h.t.Helper()
	*h.called++
	name, args, _ := chat.ParseCommand("!essay", "!essay "+text)
	place := chat.Place{Room: lobby}
	call := chat.Call{
		Ref: chat.Ref{Place: place, ID: fmt.Sprintf("call-%d", *h.called)}, On: chat.Ref{Place: place, ID: on},
		By: by, Rights: right, Private: private, Name: name, Args: args, Typed: true, Text: chat.CommandText("!essay", "!essay "+text),
	}
	h.update(func(tx *store.Tx) error {
		_, err := tx.PutCall(call, begin)
		return err
	})
	d, err := h.run(h.t.Context(), call, begin.Add(time.Minute))
	if err != nil {
		h.t.Fatal(err)
	}
	return d.Text
}

func (h house) update(f func(tx *store.Tx) error) {
	h.t.Helper()
	if err := h.db.Update(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// annotate has someone say something in the lobby about the first passage.
func (h house) annotate(by chat.Person, message, words string) discussion.AnnotationID {
	h.t.Helper()
	id := discussion.AnnotationID(discussion.Derive("annotation", lobby.String(), message))
	h.update(func(tx *store.Tx) error {
		who, err := tx.PutPerson(lobby.Platform, by)
		if err != nil {
			return err
		}
		d, err := tx.Discussion(h.id)
		if err != nil {
			return err
		}
		p := d.Passages[0]
		a := discussion.Annotation{
			ID: id, Discussion: h.id, Under: p.ID, Creator: who.ID, Motivation: discussion.Commenting, Body: format.Text(words), Created: begin,
			Target: discussion.Target{Source: p.Document, Selector: discussion.SelectorOf(d.Documents[0].Body.Text, p.Start, p.End)},
		}
		return errors.Join(tx.PutAnnotation(a),
			tx.PutCopy(store.AnnotationThing(id), lobby, store.Copy{Ref: chat.Ref{Place: chat.Place{Room: lobby}, ID: message}}))
	})
	return id
}

func (h house) annotation(id discussion.AnnotationID) (a discussion.Annotation, by discussion.Person) {
	h.t.Helper()
	h.update(func(tx *store.Tx) (err error) {
		if a, err = tx.Annotation(id); err == nil {
			by, err = tx.Person(a.Creator)
		}
		return err
	})
	return a, by
}

func TestMeSaysHowOneIsNamedAndChangesIt(t *testing.T) {
	h := newHouse(t, "daily")
	h.run = Dispatcher(Env{DB: h.db, Default: discussion.Pseudonym})
	if got := h.tells(ann, chat.Anyone, true, "", "me"); !strings.Contains(got, "published under a pseudonym") || !strings.Contains(got, "me forget") {
		t.Errorf("before anything was said: %q", got)
	}
	id := h.annotate(ann, "m1", "so it is")
	_, who := h.annotation(id)
	for _, c := range []struct {
		say, want string
		state     discussion.CreatorState
	}{
		{"me", "published as " + who.Pseudonym(), discussion.Unset},
		{"me name", "published under your name, Ann Verity.", discussion.Named},
		{"me choice=pseudonym", "published as " + who.Pseudonym(), discussion.Pseudonym},
		{"me UNPUBLISHED", "not published; it is talk in the rooms", discussion.Unpublished},
		{"me", "not published; it is talk in the rooms", discussion.Unpublished},
		{"me famous", `nothing called "famous"`, discussion.Unpublished},
		{"me forget", "me forget yes", discussion.Unpublished},
		{"me forget no", "me forget yes", discussion.Unpublished},
	} {
		if got := h.tells(ann, chat.Anyone, true, "", c.say); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.say, got, c.want)
		}
		if a, by := h.annotation(id); by.State != c.state || by.Name != "Ann Verity" || a.Gone() {
			t.Errorf("%s: %+v, %+v", c.say, by, a)
		}
	}
}

// What all can read tells neither the name nor the pseudonym: it would say whose
// pseudonym that is, and it would outlive the name.
func TestMeTellsNoNameBeforeOthers(t *testing.T) {
	h := newHouse(t, "daily")
	_, who := h.annotation(h.annotate(ann, "m1", "so it is"))
	for _, say := range []string{"me", "me name", "me pseudonym", "me", "me unpublished", "me forget", "me forget yes", "me"} {
		got := h.tells(ann, chat.Anyone, false, "", say)
		if strings.Contains(got, "Ann") || strings.Contains(got, who.Pseudonym()) {
			t.Errorf("%s: %q", say, got)
		}
	}
}

func TestMeForget(t *testing.T) {
	h := newHouse(t, "daily")
	id := h.annotate(ann, "m1", "so it is")
	name, args, _ := chat.ParseCommand("!essay", "!essay me forget yes")
	call := chat.Call{Ref: chat.Ref{Place: chat.Place{Room: lobby}, ID: "the-call"}, By: ann, Name: name, Args: args}
	run := func() {
		if d, err := h.run(t.Context(), call, begin); err != nil || !strings.HasPrefix(d.Text, "It is done") {
			t.Fatal(d, err)
		}
	}
	run()
	if a, by := h.annotation(id); a.Body.Text != "" || a.Deleted.IsZero() || by.Name != "" || by.User != "" {
		t.Errorf("left are %+v and %+v", a, by)
	}
	if got := h.tells(ann, chat.Anyone, true, "", "me"); !strings.Contains(got, "you asked to be forgotten") {
		t.Errorf("afterwards: %q", got)
	}
	later := h.annotate(ann, "m2", "said later")
	run() // the bot died before it answered: what was said since is not meant
	if a, by := h.annotation(later); a.Gone() || a.Body.Text != "said later" || by.Name != "" || by.State != discussion.Unpublished {
		t.Errorf("what was said later is %+v by %+v", a, by)
	}
	h.tells(ann, chat.Anyone, true, "", "me name")
	if _, by := h.annotation(later); by.Name != ann.Name || by.State != discussion.Named {
		t.Errorf("who chose to be named is %+v", by)
	}
}

// Who never said anything may be forgotten in advance.
func TestMeForgetBeforeAnythingWasSaid(t *testing.T) {
	h := newHouse(t, "daily")
	h.tells(ann, chat.Anyone, true, "", "me forget yes")
	if _, by := h.annotation(h.annotate(ann, "m1", "after all")); by.Name != "" || by.User != "" || by.State != discussion.Unpublished {
		t.Errorf("they are recorded as %+v", by)
	}
}

// What somebody told the bot from this or another account of theirs and it has not
// done yet when they are forgotten is neither kept nor done; what others told it is,
// and the call that forgets them is answered.
func TestForgettingEndsWhatIsNotDoneYet(t *testing.T) {
	h := newHouse(t, "daily")
	h.run = Dispatcher(Env{DB: h.db})
	h.threaded()
	bea, eve := chat.Person{ID: "guest-bea", Name: "Bea"}, chat.Person{ID: "guest-eve", Name: "Eve"}
	h.annotate(ann, "m1", "typed")
	waits := func(id string, by chat.Person, text string) chat.Call {
		name, args, _ := chat.ParseCommand("!essay", "!essay "+text)
		return chat.Call{Ref: chat.Ref{Place: chat.Place{Room: lobby}, ID: id}, By: by, Name: name, Args: args, Typed: true, Text: chat.CommandText("!essay", "!essay "+text)}
	}
	all := []chat.Call{
		waits("m2", ann, "annotate > Paragraph 1\na secret"), waits("m3", bea, "annotate > Paragraph 1\nanother"),
		waits("m4", eve, "annotate > Paragraph 1\nmine"), waits("m5", ann, "me forget yes"),
	}
	h.update(func(tx *store.Tx) error {
		for _, c := range all {
			if _, err := tx.PutCall(c, begin); err != nil {
				return err
			}
		}
		one, err := tx.PutPerson(lobby.Platform, ann)
		if err != nil {
			return err
		}
		other, err := tx.PutPerson(lobby.Platform, bea)
		if err != nil {
			return err
		}
		return tx.Link(one.ID, other.ID)
	})
	if said, err := h.run(t.Context(), all[3], begin.Add(time.Minute)); err != nil || said.Text != string(isForgotten) {
		t.Fatalf("%q, %v", said.Text, err)
	}
	var open []string
	h.update(func(tx *store.Tx) error {
		left, err := tx.OpenCalls()
		for _, c := range left {
			open = append(open, c.Ref.ID)
		}
		return err
	})
	if got := strings.Join(open, " "); got != "m4 m5" {
		t.Errorf("left to do are %q", got)
	}
	for _, c := range all[:3] { // by who took them up before
		if _, err := h.run(t.Context(), c, begin.Add(time.Hour)); err != nil {
			t.Error(err)
		}
	}
	for _, a := range h.remarks() {
		if own := strings.HasSuffix(a.Body.Text, "mine"); own == a.Gone() {
			t.Errorf("recorded is %q, gone %v", a.Body.Text, a.Gone())
		}
	}
}
