package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// What was given up is listed with its reason, in words and as JSON.
func TestStatusListsDeadLetters(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "bot.db"), store.Options{NoListen: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	text := discussion.Assemble("On Waiting", "", []discussion.Document{{Kind: discussion.Essay, Body: format.Text(strings.Repeat("It goes on. ", 60)), Confidence: 1},
		{Kind: discussion.Comment, Body: format.Text("Does it?")}, {Kind: discussion.Comment, Body: format.Text("It does.")}}, discussion.CutOptions{})
	lobby, now := chat.Room{Platform: "local", ID: "lobby"}, time.Now()
	var s statusOf
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.PutDiscussion(text, now); err != nil {
			return err
		}
		thing := store.PassageThing(text.Passages[0].ID)
		if err := tx.Stale(thing, lobby, "", store.ClassPost, now); err != nil {
			return err
		}
		d, err := tx.Delivery(thing, lobby)
		if err != nil {
			return err
		}
		d.Dead, d.Why = now, "the network refuses this message"
		if err := tx.PutDelivery(d); err != nil {
			return err
		}
		s, err = gatherStatus(tx, now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var words, asJSON bytes.Buffer
	if err := (&app{out: &words}).printStatus(s); err != nil {
		t.Error(err)
	}
	if err := (&app{out: &asJSON}).printJSON(s); err != nil {
		t.Error(err)
	}
	if !strings.Contains(words.String(), "\n    given up: passage 1 of On Waiting: the network refuses this message\n") {
		t.Errorf("in words:\n%s", words.String())
	}
	if want := " passages posted, 2 comments that came with it, 0 annotations\n"; !strings.Contains(words.String(), want) {
		t.Errorf("in words:\n%s\nnot%s", words.String(), want)
	}
	if !strings.Contains(asJSON.String(), `"comments": 2`) {
		t.Errorf("as JSON:\n%s", asJSON.String())
	}
	if !strings.Contains(asJSON.String(), `"what": "passage 1 of On Waiting"`) {
		t.Errorf("as JSON:\n%s", asJSON.String())
	}
}
