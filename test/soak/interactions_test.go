//go:build unix

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// took is an interaction of which is known how it came out.
type took struct {
	first, words time.Duration
	deferred     bool
}

func (t took) Took() (first, words time.Duration) { return t.first, t.words }
func (t took) Deferred() bool                     { return t.deferred }

// quick is a tally of calls and of typing that keep to all goals.
func quick() *answerTally {
	t := &answerTally{}
	for i := range 300 {
		d := time.Duration(i) * time.Millisecond / 10
		t.sent = append(t.sent, sentUse{use{name: "find"}, took{first: d + 1, words: 4 * time.Second}}, sentUse{use{name: "typing", typing: true}, took{first: d + 1}})
	}
	return t
}

func TestInteractionsAreHeldAgainstTheirGoals(t *testing.T) {
	if err := quick().verdict(); err != nil {
		t.Errorf("what was quick enough: %v", err)
	}
	slow := func(typing bool, by took, n int) *answerTally {
		a := quick()
		for i := range n {
			a.sent[2*i] = sentUse{use{name: "slow", typing: typing}, by}
		}
		return a
	}
	for what, a := range map[string]*answerTally{
		"1 interactions had no answer within 3s": slow(false, took{}, 1),
		"2 interactions had no answer within 3s": slow(true, took{first: 3100 * time.Millisecond}, 2),
		"1 had no words":                         slow(false, took{first: 1, deferred: true}, 1),
		"calls: p99 is 101.0 ms":                 slow(false, took{first: 101 * time.Millisecond}, 4),
		"typing: p99 is 51.0 ms":                 slow(true, took{first: 51 * time.Millisecond}, 5),
	} {
		if err := a.verdict(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s is judged as %v", what, err)
		}
	}
	for what, by := range map[string]took{"1 interactions wait for an answer": {}, "1 for their words": {first: 1, deferred: true}} {
		if err := slow(false, by, 1).settled(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%+v is settled: %v", by, err)
		}
	}
	if err := quick().settled(); err != nil {
		t.Errorf("what all has its words: %v", err)
	}
	if err := slow(false, took{first: 101 * time.Millisecond}, 2).verdict(); err != nil {
		t.Errorf("2 slow ones in 300: %v", err)
	}
}

// What is put into the database is what people could have said there.
func TestAnnotationsAreFilledIn(t *testing.T) {
	server, err := discordtest.Start(discordtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s := &discordSide{server: server, id: server.Channel("one"), who: []*discordtest.User{server.User("Ada"), server.User("Ben")}}
	path := filepath.Join(t.TempDir(), "marginalia.db")
	db, err := store.Open(t.Context(), path, store.Options{NoListen: true})
	if err != nil {
		t.Fatal(err)
	}
	body := format.Text(longEssay(dice(1, 1)))
	text := discussion.Assemble("Long", "", []discussion.Document{{Kind: discussion.Essay, Body: body, Confidence: 1}}, discussion.CutOptions{})
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.PutDiscussion(text, time.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(strings.Fields(body.Text)); n < essayWords || n > essayWords+200 {
		t.Errorf("the text has %d words", n)
	}
	if err := fillAnnotations(t.Context(), path, 200, []*discordSide{s}, dice(1, 2)); err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Annotations(text.ID)
		if err != nil {
			return err
		}
		held, err := tx.ReactionsIn(text.ID)
		if len(all) != 200 || len(held) != 200/reactedTo {
			err = fmt.Errorf("%d annotations and %d reactions are there", len(all), len(held))
		}
		for _, a := range all {
			if a.Under == "" || a.Creator == "" || a.Gone() {
				t.Errorf("filled in is %+v", a)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
