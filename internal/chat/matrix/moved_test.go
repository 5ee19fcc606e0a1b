//go:build unix

package matrix

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/test/dendrite"
	"marginalia/test/faultproxy"
)

// TestMoves tells what becomes of rooms that are closed in favour of others.
func TestMoves(t *testing.T) {
	server := dendrite.Start(t)
	for what, story := range map[string]func(*testing.T, *world){
		"an open room, and the next":                    movesTwice,
		"one that needs an invitation, after a restart": movesWhenInvited,
		"twice while the bot is away":                   movesTwiceAway,
		"one of which the server does not say it":       movesInTrouble,
		"away from a mistake, by a later tombstone":     movesOnFromAMistake,
		"nowhere if the bot is to stay":                 staysThere,
		"not to where a forged tombstone points":        movesNowhere,
	} {
		t.Run(what, func(t *testing.T) { story(t, newWorld(t, server)) })
	}
}

// upgrade closes a room as clients do and returns the one that replaces it.
func (w *world) upgrade(t *testing.T, room string) chat.Room {
	t.Helper()
	var made struct {
		Room string `json:"replacement_room"`
	}
	path := "/_matrix/client/v3/rooms/" + room + "/upgrade"
	if err := w.owner.Call(t.Context(), "POST", path, nil, map[string]any{"new_version": "11"}, &made); err != nil {
		t.Fatal(err)
	}
	return chat.Room{Platform: network, ID: made.Room}
}

// moved waits until it was told that a room was replaced by another, or what
// keeps the account out of that.
func (e *ear) moved(from, to chat.Room, in bool) chat.Event {
	e.t.Helper()
	return e.wait("the move of "+from.ID, func(told chat.Event) bool {
		return told.Kind == chat.Moved && told.Message.Ref.Place.Room == from && told.To == to && (told.Why == "") == in
	})
}

// An open room is followed at once, and the room after it, which is closed
// while the bot is away. The bot hears and speaks in the last.
func movesTwice(t *testing.T, w *world) {
	old := w.Room(t)
	p := w.open(t)
	e := hear(t, p, fromNow(old))
	next := w.upgrade(t, old.ID)
	if told := e.moved(old, next, true); told.By.ID != w.owner.ID || told.At.IsZero() {
		t.Errorf("the move is told as %+v", told)
	}
	host := &user{User: w.owner, in: map[string]bool{next.ID: true}}
	e.waitFor(host.Say(t, chat.Place{Room: next}, "welcome", chat.Ref{}).ID)
	since := e.stop()

	last := w.upgrade(t, next.ID)
	p = w.open(t)
	e = hear(t, p, since)
	e.moved(next, last, true)
	host.in[last.ID] = true
	e.waitFor(host.Say(t, chat.Place{Room: last}, "welcome again", chat.Ref{}).ID)
	w.do(t, p, post(chat.Place{Room: last}, "thank you"))
	e.stop()
}

// A room is closed while the bot is away, and so is the one after it: of that
// the bot never was told. It comes to the last.
func movesTwiceAway(t *testing.T, w *world) {
	old := w.Room(t)
	e := hear(t, w.open(t), fromNow(old))
	host := &user{User: w.owner, in: map[string]bool{old.ID: true}}
	e.waitFor(host.Say(t, chat.Place{Room: old}, "hello", chat.Ref{}).ID)
	since := e.stop()
	next := w.upgrade(t, old.ID)
	last := w.upgrade(t, next.ID)
	e = hear(t, w.open(t), since)
	e.moved(old, next, true)
	e.moved(next, last, true)
	host.in[last.ID] = true
	e.waitFor(host.Say(t, chat.Place{Room: last}, "welcome", chat.Ref{}).ID)
	e.stop()
}

// Whether one room was replaced the server does not say; the others are heard,
// and followed.
func movesInTrouble(t *testing.T, w *world) {
	broken, old := w.Room(t), w.Room(t)
	w.proxy.Set(faultproxy.Rule{Kind: faultproxy.Status502, Match: func(r *http.Request) bool {
		return strings.Contains(r.URL.Path, broken.ID+"/state/m.room.tombstone")
	}})
	next := w.upgrade(t, old.ID)
	e := hear(t, w.open(t), fromNow(broken, old))
	e.moved(old, next, true)
	host := &user{User: w.owner, in: map[string]bool{broken.ID: true}}
	e.waitFor(host.Say(t, chat.Place{Room: broken}, "still here", chat.Ref{}).ID)
	e.stop()
}

// The bot is not let in, says so, and is started anew; then it is invited.
func movesWhenInvited(t *testing.T, w *world) {
	old := chat.Room{Platform: network, ID: w.invitation(t)}
	if err := w.bot.Join(t.Context(), old.ID); err != nil {
		t.Fatal(err)
	}
	w.config.Rooms = []string{old.ID}
	e := hear(t, w.open(t), fromNow(old))
	next := w.upgrade(t, old.ID)
	if told := e.moved(old, next, false); !strings.Contains(told.Why, "invite "+w.bot.ID) {
		t.Errorf("it is said to be missing: %q", told.Why)
	}
	since := e.stop()

	missing := func() []string {
		var all []string
		for _, f := range w.open(t).Check(t.Context()) {
			if !f.OK {
				all = append(all, f.What)
			}
		}
		return all
	}
	if got := missing(); len(got) != 1 || !strings.Contains(got[0], next.ID) {
		t.Errorf("a check misses %q", got)
	}
	e = hear(t, w.open(t), since)
	e.moved(old, next, false)
	e.stop()
	body := map[string]any{"user_id": w.bot.ID}
	if err := w.owner.Call(t.Context(), "POST", "/_matrix/client/v3/rooms/"+next.ID+"/invite", nil, body, nil); err != nil {
		t.Fatal(err)
	}
	if got := missing(); len(got) != 0 {
		t.Errorf("once it is invited, a check misses %q", got)
	}
	e = hear(t, w.open(t), since)
	e.moved(old, next, true)
	host := &user{User: w.owner, in: map[string]bool{next.ID: true}}
	e.waitFor(host.Say(t, chat.Place{Room: next}, "welcome", chat.Ref{}).ID)
	e.stop()
	if got := missing(); len(got) != 0 {
		t.Errorf("once it is in, a check misses %q", got)
	}
}

// Someone closes a room in favour of one that was not made from it. The bot
// looks, leaves, and stays where it is.
func movesNowhere(t *testing.T, w *world) {
	old := w.Room(t)
	trap, err := w.owner.CreateRoom(t.Context(), "elsewhere", w.bot.ID)
	if err != nil {
		t.Fatal(err)
	}
	e := hear(t, w.open(t), fromNow(old))
	body := map[string]any{"body": "come along", "replacement_room": trap}
	if err := w.owner.Call(t.Context(), "PUT", "/_matrix/client/v3/rooms/"+old.ID+"/state/m.room.tombstone/", nil, body, nil); err != nil {
		t.Fatal(err)
	}
	e.moved(old, chat.Room{Platform: network, ID: trap}, false)
	var in struct {
		Rooms []string `json:"joined_rooms"`
	}
	if err := w.bot.Call(t.Context(), "GET", "/_matrix/client/v3/joined_rooms", nil, nil, &in); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(in.Rooms, trap) || !slices.Contains(in.Rooms, old.ID) {
		t.Errorf("the bot is in %q", in.Rooms)
	}
	e.waitFor(w.User(t, "ada").(*user).Say(t, chat.Place{Room: old}, "still here?", chat.Ref{}).ID)
	e.stop()

	body = map[string]any{"user_id": w.bot.ID}
	if err := w.owner.Call(t.Context(), "POST", "/_matrix/client/v3/rooms/"+trap+"/invite", nil, body, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.bot.Join(t.Context(), trap); err != nil { // by hand
		t.Fatal(err)
	}
	expects(t, w.checked(t, old.ID), "room "+old.ID+": it was closed in favour of "+trap, "it does not say that it replaces this room")
}

// closeFor closes a room in favour of another.
func (w *world) closeFor(t *testing.T, room, to string) {
	t.Helper()
	body := map[string]any{"body": "come along", "replacement_room": to}
	if err := w.owner.Call(t.Context(), "PUT", "/_matrix/client/v3/rooms/"+room+"/state/m.room.tombstone/", nil, body, nil); err != nil {
		t.Fatal(err)
	}
}

// A room was closed in favour of the wrong one, and is closed anew.
func movesOnFromAMistake(t *testing.T, w *world) {
	old := w.Room(t)
	e := hear(t, w.open(t), fromNow(old))
	e.moved(old, w.upgrade(t, old.ID), true)
	var made struct {
		Room string `json:"room_id"`
	}
	with := map[string]any{"preset": "public_chat", "creation_content": map[string]any{"predecessor": map[string]any{"room_id": old.ID, "event_id": "$none"}}}
	if err := w.owner.Call(t.Context(), "POST", "/_matrix/client/v3/createRoom", nil, with, &made); err != nil {
		t.Fatal(err)
	}
	w.closeFor(t, old.ID, made.Room)
	e.moved(old, chat.Room{Platform: network, ID: made.Room}, true)
	e.stop()
}

// The bot is told to stay in a room, which is closed while it is away and once
// more when it hears.
func staysThere(t *testing.T, w *world) {
	old := w.Room(t)
	w.config.Stay = []string{old.ID}
	w.config.Rooms = w.config.Stay
	next := w.upgrade(t, old.ID)
	e := hear(t, w.open(t), fromNow(old))
	w.closeFor(t, old.ID, next.ID)
	host := &user{User: w.owner, in: map[string]bool{old.ID: true}}
	e.waitFor(host.Say(t, chat.Place{Room: old}, "still here?", chat.Ref{}).ID)
	e.stop()
	if told := e.all(chat.Moved); len(told) > 0 {
		t.Errorf("it is told that the bot goes away: %+v", told)
	}
	if all := w.open(t).Check(t.Context()); strings.Contains(fmt.Sprint(all), next.ID) {
		t.Errorf("a check looks elsewhere: %+v", all)
	}
}
