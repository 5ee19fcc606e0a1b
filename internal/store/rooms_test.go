package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/schedule"
)

func lines(s string) []string { return strings.Split(s, "\n") }

func TestCopiesComeBackAsTheyWent(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		message := Copy{Ref: at(attic, "$root", "$m", "bot"), Old: []chat.Ref{at(attic, "$root", "$e1", "bot"), at(attic, "", "$e2", "")}, Hash: "h", Seq: 3}
		flying := Copy{Part: 1, Hash: "h2", Seq: 1, Verb: chat.Post, Key: "k1", Sent: "words", Began: noon}
		thread := Copy{Mark: ThreadMark, Ref: at(attic, "$m", "$m", "bot")}
		like := Copy{Mark: "react:👍", Ref: at(attic, "$root", "👍", "bot"), Seq: 1}
		elsewhere := Copy{Ref: at(shed, "", "7", "")}
		update(t, db, func(tx *Tx) error {
			message := message
			message.Key = "k3"
			return all(tx.PutCopy("a:a", attic, flying), tx.PutCopy("a:a", attic, thread), tx.PutCopy("a:a", attic, like),
				tx.PutCopy("a:a", attic, message), tx.PutCopy("a:a", shed, elsewhere), tx.PutCopy("a:b", attic, Copy{Part: 10}))
		})
		view(t, db, func(tx *Tx) error {
			here, err := tx.Copies("a:a", attic)
			same(t, "copies", here, []Copy{message, like, thread, flying})
			everywhere, err2 := tx.AllCopies("a:a")
			same(t, "all copies", everywhere, map[chat.Room][]Copy{attic: {message, like, thread, flying}, shed: {elsewhere}})
			none, err3 := tx.Copies("a:a", chat.Room{Platform: "irc"})
			same(t, "unknown room", len(none), 0)
			for _, id := range []string{"$m", "$e1", "$e2"} {
				thing, c, err := tx.CopyAt(attic, id)
				if err != nil || thing != "a:a" {
					t.Errorf("copy at %s: %s, %v", id, thing, err)
				}
				same(t, "copy at "+id, c, message)
			}
			for _, id := range []string{"👍", "", "$no"} {
				_, _, err := tx.CopyAt(attic, id)
				missing(t, "copy at "+id, err)
			}
			_, _, err4 := tx.CopyAt(shed, "$m")
			missing(t, "copy in another room", err4)
			thing, room, c, err5 := tx.CopyOfKey("k1")
			same(t, "copy of key", []any{thing, room, c}, []any{Thing("a:a"), attic, flying})
			for _, key := range []string{"", "k2", "k3"} { // k3 is settled
				_, _, _, err := tx.CopyOfKey(key)
				missing(t, "copy of key "+key, err)
			}
			of, err6 := tx.ThingOf(chat.Place{Room: attic, Thread: "$m"})
			same(t, "thing of the thread", of, Thing("a:a"))
			for _, p := range []chat.Place{{Room: attic, Thread: "$root"}, {Room: attic}, {Room: shed, Thread: "$m"}, {}} {
				_, err := tx.ThingOf(p)
				missing(t, "thing of "+p.Thread, err)
			}
			return all(err, err2, err3, err5, err6)
		})
	})
}

func TestACopyThatIsRemovedKeepsItsSeq(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		standing := Copy{Ref: at(attic, "", "$m", "bot"), Old: []chat.Ref{at(attic, "", "$e", "bot")}, Seq: 5}
		removed := Copy{Seq: 6}
		update(t, db, func(tx *Tx) error { return tx.PutCopy("a:a", attic, standing) })
		update(t, db, func(tx *Tx) error { return tx.PutCopy("a:a", attic, removed) })
		view(t, db, func(tx *Tx) error {
			c, err := tx.Copies("a:a", attic)
			same(t, "copies", c, []Copy{removed})
			for _, id := range []string{"$m", "$e"} {
				_, _, err := tx.CopyAt(attic, id)
				missing(t, id, err)
			}
			return err
		})
		err := db.Update(t.Context(), func(tx *Tx) error {
			tx.PutCopy("a:a", attic, standing) // the error counts even if it is thrown away
			return nil
		})
		mentions(t, err, "passed over", "Seq", "5")
		same(t, "copies", got(t, db, func(tx *Tx) ([]Copy, error) { return tx.Copies("a:a", attic) }), []Copy{removed})
	})
}

func TestOldIdsFollowTheirCopy(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		put := func(old ...chat.Ref) {
			update(t, db, func(tx *Tx) error {
				return tx.PutCopy("a:a", attic, Copy{Ref: at(attic, "", "$m", "bot"), Old: old})
			})
		}
		find := func(id string) error {
			return db.View(t.Context(), func(tx *Tx) error {
				_, _, err := tx.CopyAt(attic, id)
				return err
			})
		}
		put(at(attic, "", "$1", "bot"))
		put(at(attic, "", "$1", "bot"), at(attic, "", "$2", "bot"))
		if err := all(find("$1"), find("$2")); err != nil {
			t.Error(err)
		}
		put(at(attic, "", "$2", "bot"))
		missing(t, "$1", find("$1"))
		put()
		missing(t, "$2", find("$2"))
	})
}

func TestNoTwoCopiesOfOneMessage(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		update(t, db, func(tx *Tx) error {
			return all(tx.PutCopy("a:a", attic, Copy{Ref: at(attic, "", "$m", "bot"), Seq: 1}), tx.PutCopy("a:c", attic, Copy{Verb: chat.Post, Key: "k", Seq: 1}))
		})
		for name, c := range map[string]Copy{
			"message": {Ref: at(attic, "", "$m", "bot")}, "key": {Verb: chat.Post, Key: "k"}, "room": {Ref: at(shed, "", "$n", "bot")},
			"old room": {Old: []chat.Ref{at(shed, "", "$n", "bot")}},
		} {
			if err := db.Update(t.Context(), func(tx *Tx) error { return tx.PutCopy("a:b", attic, c) }); err == nil {
				t.Errorf("%s: taken twice", name)
			}
		}
		update(t, db, func(tx *Tx) error { // nor are two that begin alike
			return all(tx.PutCopy("a:d", attic, Copy{Ref: at(attic, "", "$alike-so-far-one", "bot")}), tx.PutCopy("a:e", attic, Copy{Ref: at(attic, "", "$alike-so-far-two", "bot")}))
		})
		same(t, "the second of them", got(t, db, func(tx *Tx) (Thing, error) { thing, _, err := tx.CopyAt(attic, "$alike-so-far-two"); return thing, err }), Thing("a:e"))
		err := db.View(t.Context(), func(tx *Tx) error { _, _, err := tx.CopyAt(attic, "$alike-so-far-three"); return err })
		missing(t, "a third", err)
		update(t, db, func(tx *Tx) error { // in another room, in a thread, as a reaction it is another message
			return all(tx.PutCopy("a:b", shed, Copy{Ref: at(shed, "", "$m", "bot")}), tx.PutCopy("a:b", attic, Copy{Mark: "react:x", Ref: at(attic, "", "$m", "bot")}))
		})
	})
}

func TestRoomsOfAThing(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		room := func(id string) chat.Room { return chat.Room{Platform: "matrix", ID: id} }
		update(t, db, func(tx *Tx) error {
			return all(
				tx.PutCopy("p:x", room("stands"), Copy{Ref: at(room("stands"), "", "1", "bot")}),
				tx.PutCopy("p:x", room("in flight"), Copy{Verb: chat.Post, Key: "k"}),
				tx.PutCopy("p:x", room("removed"), Copy{Seq: 2}),
				tx.Stale("p:x", room("waits"), "", ClassPost, noon),
				tx.Stale("p:x", room("dead"), "", ClassPost, noon),
				tx.PutDelivery(Delivery{Thing: "p:x", Room: room("dead"), Class: ClassPost, Dead: noon}),
				tx.Stale("p:y", room("another thing"), "", ClassPost, noon))
		})
		same(t, "rooms", got(t, db, func(tx *Tx) ([]chat.Room, error) { return tx.RoomsOf("p:x") }),
			[]chat.Room{room("stands"), room("in flight"), room("waits")})
	})
}

func TestRoomCopiesAreWhatStandsThere(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		post, reply, note := Copy{Ref: at(shed, "", "1", "bot"), Seq: 1}, Copy{Ref: at(shed, "1", "2", "")}, Copy{Ref: at(shed, "", "3", "bot")}
		thread := Copy{Mark: ThreadMark, Ref: at(shed, "1", "1", "bot")}
		update(t, db, func(tx *Tx) error {
			return all(furnish(tx, "x"), tx.PutAnnotation(remark("a", "passage-1", "x")), tx.PutAnnotation(remark("b", "passage-1", "x")),
				tx.PutNote(Note{ID: "n", Discussion: essay().ID, Created: noon}),
				tx.PutCopy("p:passage-1", shed, post), tx.PutCopy("p:passage-1", shed, thread), tx.PutCopy("a:a", shed, reply), tx.PutCopy("n:n", shed, note),
				tx.PutCopy("a:b", shed, Copy{Seq: 2}), tx.PutCopy("a:b", attic, Copy{Ref: at(attic, "", "9", "bot")}),
				tx.PutCopy("a:other", shed, Copy{Ref: at(shed, "", "8", "bot")}))
		})
		found := got(t, db, func(tx *Tx) (map[Thing][]Copy, error) { return tx.RoomCopies(shed, essay().ID) })
		same(t, "room copies", found, map[Thing][]Copy{"p:passage-1": {post, thread}, "a:a": {reply}, "n:n": {note}})
		same(t, "unknown room", len(got(t, db, func(tx *Tx) (map[Thing][]Copy, error) { return tx.RoomCopies(chat.Room{}, essay().ID) })), 0)
	})
}

func TestADeliveryFromEnqueueingToItsEnd(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		later := noon.Add(time.Minute)
		stale := func(class uint8, now time.Time) {
			update(t, db, func(tx *Tx) error { return tx.Stale("a:a", attic, "passage-1", class, now) })
		}
		read := func() Delivery {
			return got(t, db, func(tx *Tx) (Delivery, error) { return tx.Delivery("a:a", attic) })
		}
		stale(ClassEdit, noon)
		d := Delivery{Thing: "a:a", Room: attic, Thread: "passage-1", Class: ClassEdit, Order: 1, Born: noon, Due: noon, Asked: 1}
		same(t, "new", read(), d)
		d.Due, d.Tries, d.Spent, d.Why = later, 3, 90*time.Second, "too many requests"
		update(t, db, func(tx *Tx) error { return tx.PutDelivery(d) })
		same(t, "put", read(), d)
		stale(ClassReaction, later)
		d.Asked = 2
		same(t, "stale again", read(), d)
		stale(ClassReply, later)
		d.Class, d.Asked = ClassReply, 3
		same(t, "stale in a lower class", read(), d)
		d.Dead = later
		update(t, db, func(tx *Tx) error { return tx.PutDelivery(d) })
		same(t, "dead", got(t, db, func(tx *Tx) ([]Delivery, error) { return tx.Dead(attic) }), []Delivery{d})
		same(t, "heads", len(got(t, db, func(tx *Tx) ([]Delivery, error) { return tx.Heads(attic) })), 0)
		stale(ClassEdit, later)
		d = Delivery{Thing: "a:a", Room: attic, Thread: "passage-1", Class: ClassEdit, Order: 1, Born: later, Due: later, Asked: 4}
		same(t, "lives again", read(), d)
		update(t, db, func(tx *Tx) error { return all(tx.DropDelivery("a:a", attic), tx.DropDelivery("a:a", attic)) })
		view(t, db, func(tx *Tx) error {
			_, err := tx.Delivery("a:a", attic)
			missing(t, "dropped", err)
			_, err = tx.Delivery("a:a", chat.Room{ID: "unknown"})
			missing(t, "unknown room", err)
			return nil
		})
		update(t, db, func(tx *Tx) error {
			missing(t, "put what is not there", tx.PutDelivery(d))
			missing(t, "put in an unknown room", tx.PutDelivery(Delivery{Thing: "a:a", Room: chat.Room{ID: "unknown"}}))
			return nil
		})
		stale(ClassEdit, later)
		same(t, "its order after a drop", read().Order, int64(2))
		unasked := func(d Delivery) (dropped bool) {
			update(t, db, func(tx *Tx) (err error) { dropped, err = tx.DropUnasked(d); return err })
			return dropped
		}
		before := d
		before.Asked = 1
		same(t, "dropped for who read one that is gone", unasked(before), false)
		d = read()
		stale(ClassEdit, later)
		same(t, "dropped though somebody asked again", unasked(d), false)
		same(t, "dropped as it was read", unasked(read()), true)
		same(t, "dropped twice", unasked(d), false)
	})
}

func TestHeadsAreTheFirstOfEachThread(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		update(t, db, func(tx *Tx) error {
			return all(
				tx.Stale("a:1", attic, "t1", ClassReply, noon),
				tx.Stale("a:2", attic, "t1", ClassReply, noon),
				tx.Stale("a:3", attic, "t2", ClassReaction, noon),
				tx.Stale("a:4", attic, "t2", ClassEdit, noon),
				tx.Stale("p:5", attic, "", ClassPost, noon),
				tx.Stale("p:6", attic, "", ClassPost, noon),
				tx.Stale("a:7", attic, "t3", ClassReply, noon),
				tx.Stale("a:8", attic, "t4", ClassReply, noon),
				tx.Stale("a:9", attic, "t4", ClassReply, noon),
				tx.Stale("a:1", shed, "t1", ClassReply, noon),
				tx.PutDelivery(Delivery{Thing: "a:7", Room: attic, Thread: "t3", Class: ClassReply, Dead: noon}),
				tx.PutDelivery(Delivery{Thing: "a:8", Room: attic, Thread: "t4", Class: ClassReply, Dead: noon}),
				tx.PutCopy("a:4", attic, Copy{Verb: chat.Edit, Key: "k", Began: noon}),
				tx.PutCopy("a:7", attic, Copy{Mark: "react:x", Verb: chat.React, Key: "l", Began: noon}),
				tx.PutCopy("a:1", attic, Copy{Ref: at(attic, "", "1", "bot")}))
		})
		heads := func(room chat.Room) string {
			return names(got(t, db, func(tx *Tx) ([]Delivery, error) { return tx.Heads(room) }))
		}
		same(t, "heads", heads(attic), "p:5/1/5 a:1/3/1 a:9/3/9 a:4/4/4")
		same(t, "heads of the shed", heads(shed), "a:1/3/1")
		same(t, "heads of nowhere", heads(chat.Room{}), "")
		same(t, "in flight", names(got(t, db, func(tx *Tx) ([]Delivery, error) { return tx.InFlight(attic) })), "a:7/3/7 a:4/4/4")
		same(t, "dead", names(got(t, db, func(tx *Tx) ([]Delivery, error) { return tx.Dead(attic) })), "a:7/3/7 a:8/3/8")
	})
}

func names(ds []Delivery) string {
	var all []string
	for _, d := range ds {
		all = append(all, fmt.Sprintf("%s/%d/%d", d.Thing, d.Class, d.Order))
	}
	return strings.Join(all, " ")
}

func TestRoomsAndHowTheyStand(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		unknown := chat.Room{Platform: "matrix", ID: "only deliveries"}
		update(t, db, func(tx *Tx) error {
			return all(tx.PutRoom(shed), tx.PutRoom(attic), tx.PutRoom(shed),
				tx.Stale("a:1", unknown, "", ClassReply, noon.Add(time.Hour)),
				tx.Stale("a:1", attic, "", ClassReply, noon.Add(time.Hour)),
				tx.Stale("a:2", attic, "", ClassReply, noon),
				tx.Stale("a:3", attic, "", ClassReply, noon.Add(-time.Hour)),
				tx.PutCopy("a:9", chat.Room{Platform: "matrix", ID: "only copies"}, Copy{}),
				tx.PutDelivery(Delivery{Thing: "a:2", Room: attic, Class: ClassReply, Due: noon.Add(2 * time.Hour), Why: "newest"}),
				tx.PutDelivery(Delivery{Thing: "a:3", Room: attic, Class: ClassReply, Dead: noon.Add(time.Hour), Why: "older"}))
		})
		same(t, "rooms", got(t, db, (*Tx).Rooms), []chat.Room{shed, attic})
		same(t, "status", got(t, db, (*Tx).RoomStatus), []RoomStatus{
			{Room: shed},
			{Room: attic, Pending: 2, Dead: 1, Oldest: noon, Why: "newest"},
			{Room: unknown, Pending: 1, Oldest: noon.Add(time.Hour)},
		})
	})
}

func TestCursors(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		thread := chat.Place{Room: attic, Thread: "$t"}
		update(t, db, func(tx *Tx) error {
			return all(tx.PutCursors("matrix", map[chat.Place]chat.Cursor{{}: "s1", {Room: attic}: "r1", thread: ""}),
				tx.PutCursors("local", map[chat.Place]chat.Cursor{{Room: shed}: "x"}))
		})
		update(t, db, func(tx *Tx) error { return tx.PutCursors("matrix", map[chat.Place]chat.Cursor{{}: "s2"}) })
		update(t, db, func(tx *Tx) error { return tx.PutCursors("matrix", nil) })
		read := func(platform string) map[chat.Place]chat.Cursor {
			return got(t, db, func(tx *Tx) (map[chat.Place]chat.Cursor, error) { return tx.Cursors(platform) })
		}
		same(t, "matrix", read("matrix"), map[chat.Place]chat.Cursor{{}: "s2", {Room: attic}: "r1", thread: ""})
		same(t, "local", read("local"), map[chat.Place]chat.Cursor{{Room: shed}: "x"})
		same(t, "none", read("discord"), map[chat.Place]chat.Cursor{})
	})
}

func TestTheInbox(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		hold := func(id, on, why string, tries int, at time.Time) Held {
			e := chat.Event{Kind: chat.Edited, At: noon, Revised: noon.Add(time.Second), Raw: json.RawMessage(`{"a":[1,"b"]}`)}
			e.Message = chat.Message{Ref: chat.Ref{Place: chat.Place{Room: attic}, ID: on}, From: chat.Person{ID: "@ann", Name: "Ann"}, Body: format.Text("new words")}
			return Held{ID: id, Room: attic, On: on, Event: e, Why: why, Tries: tries, At: at}
		}
		one, two, three := hold("z", "$m", "early", 0, noon), hold("y", "$n", "broken", 1, noon.Add(time.Hour)), hold("x", "$m", "early", 0, noon.Add(2*time.Hour))
		two.Event.Raw = nil
		three.Event.Call = &chat.Call{Name: "status", Args: map[string]string{"1": "x"}}
		for _, h := range []Held{one, two, three} {
			update(t, db, func(tx *Tx) error { return tx.PutHeld(h) })
		}
		one.Tries, one.Why = 2, "again"
		update(t, db, func(tx *Tx) error { return tx.PutHeld(one) })
		read := func() []Held { return got(t, db, (*Tx).Held) }
		same(t, "held", read(), []Held{one, two, three})
		same(t, "on $m", got(t, db, func(tx *Tx) ([]Held, error) { return tx.HeldOn(attic, "$m") }), []Held{one, three})
		same(t, "in another room", len(got(t, db, func(tx *Tx) ([]Held, error) { return tx.HeldOn(shed, "$m") })), 0)
		update(t, db, func(tx *Tx) error { return tx.PruneHeld(noon.Add(time.Hour)) })
		same(t, "pruned", read(), []Held{two, three})
		update(t, db, func(tx *Tx) error { return all(tx.DropHeld("y"), tx.DropHeld("y")) })
		same(t, "dropped", read(), []Held{three})

		torn := hold("torn", "$m", "broken", 3, noon)
		torn.Event.Raw = json.RawMessage("{\"a\": \xff")
		update(t, db, func(tx *Tx) error { return tx.PutHeld(torn) })
		if back := read(); len(back) != 2 || !strings.Contains(string(back[1].Event.Raw), `{\"a\": `) {
			t.Errorf("a raw event that is no JSON: %+v", back)
		}
	})
}

func TestTombstonesHoldNoWords(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		update(t, db, func(tx *Tx) error { return all(tx.PutTombstone(attic, "$m"), tx.PutTombstone(attic, "$m")) })
		asked := func(room chat.Room, id string) bool {
			return got(t, db, func(tx *Tx) (bool, error) { return tx.Tombstoned(room, id) })
		}
		if !asked(attic, "$m") || asked(attic, "$n") || asked(shed, "$m") {
			t.Error("tombstones are mixed up")
		}
		hash := got(t, db, func(tx *Tx) ([]string, error) { return rows(tx, one[string], "SELECT hash FROM tombstones") })
		if len(hash) != 1 || strings.Contains(hash[0], "$m") || len(hash[0]) != 22 {
			t.Errorf("tombstones: %q", hash)
		}
		update(t, db, func(tx *Tx) error { return all(tx.DropTombstone(shed, "$m"), tx.DropTombstone(attic, "$n")) })
		if !asked(attic, "$m") {
			t.Error("another's tombstone is dropped")
		}
		if update(t, db, func(tx *Tx) error { return tx.DropTombstone(attic, "$m") }); asked(attic, "$m") {
			t.Error("a tombstone that was dropped holds")
		}
	})
}

func TestCalls(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		call := func(id string) chat.Call {
			return chat.Call{Ref: at(attic, "", id, ""), On: at(attic, "", "$on", "bot"), By: chat.Person{ID: "@ann"}, Rights: chat.Moderator, Name: "next", Args: map[string]string{"1": "2"}}
		}
		for i, id := range []string{"$2", "$1", "$2"} {
			update(t, db, func(tx *Tx) error {
				first, err := tx.PutCall(call(id), noon)
				if first != (i < 2) {
					t.Errorf("%s: first = %v", id, first)
				}
				return err
			})
		}
		same(t, "open", got(t, db, (*Tx).OpenCalls), []chat.Call{call("$2"), call("$1")})
		update(t, db, func(tx *Tx) error { return all(tx.CloseCall(call("$2").Ref), tx.CloseCall(at(attic, "", "$no", ""))) })
		same(t, "open", got(t, db, (*Tx).OpenCalls), []chat.Call{call("$1")})
		update(t, db, func(tx *Tx) error {
			first, err := tx.PutCall(call("$2"), noon)
			if first {
				t.Error("an answered call came again as a new one")
			}
			return err
		})
		same(t, "open", got(t, db, (*Tx).OpenCalls), []chat.Call{call("$1")})
		view(t, db, func(tx *Tx) error {
			in := chat.Ref{Place: chat.Place{Room: attic, Thread: "told or not"}, ID: "$1"}
			open, err := tx.OpenCall(in)
			same(t, "open of a message", open, call("$1"))
			for _, id := range []string{"$2", "$no"} { // answered; never made
				_, err := tx.OpenCall(at(attic, "", id, ""))
				missing(t, "open call "+id, err)
			}
			return err
		})
	})
}

func TestPlansAndFirings(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		drip := schedule.Plan{Name: "morning", Does: schedule.Drip, Discussion: "d", Cron: "30 8 * * *", Zone: "Europe/Berlin",
			Rooms: []chat.Room{attic, shed}, Count: 2, CatchUp: schedule.All, FromConfig: true, Start: noon, Next: 7,
			Quiet: "22:00-07:00", Skip: []string{"12-24"}, Pause: time.Minute, Made: noon, Wait: 3}
		digest := schedule.Plan{Name: "digest", Does: schedule.Digest, Cron: "@daily", CatchUp: schedule.One, Paused: true, Last: noon}
		update(t, db, func(tx *Tx) error { return all(tx.PutPlan(drip), tx.PutPlan(digest)) })
		drip.Next, drip.Last = 9, noon.Add(time.Hour)
		update(t, db, func(tx *Tx) error { return tx.PutPlan(drip) })
		same(t, "plans", got(t, db, (*Tx).Plans), []schedule.Plan{digest, drip})
		same(t, "plan", got(t, db, func(tx *Tx) (schedule.Plan, error) { return tx.Plan("morning") }), drip)
		for i, key := range []string{"k1", "k2", "k1"} {
			update(t, db, func(tx *Tx) error {
				first, err := tx.PutFiring("morning", key, noon.Add(time.Duration(i)*time.Hour))
				if first != (i < 2) {
					t.Errorf("firing %s: first = %v", key, first)
				}
				return err
			})
		}
		update(t, db, func(tx *Tx) error { return all(tx.DropPlan("morning"), tx.DropPlan("morning")) })
		view(t, db, func(tx *Tx) error {
			_, err := tx.Plan("morning")
			missing(t, "dropped plan", err)
			n, last, err := tx.Firings("morning")
			same(t, "firings", []any{n, last}, []any{2, noon.Add(time.Hour)})
			none, never, err2 := tx.Firings("digest")
			same(t, "no firings", []any{none, never}, []any{0, time.Time{}})
			return all(err, err2)
		})
	})
}

func TestAViewWritesNothing(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		for name, write := range map[string]func(*Tx) error{
			"setting": func(tx *Tx) error { return tx.PutSetting("a", "b") },
			"room":    func(tx *Tx) error { return tx.PutRoom(attic) },
		} {
			if err := db.View(t.Context(), write); !errors.Is(err, errReads) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestThingsHaveNames(t *testing.T) {
	for thing, id := range map[Thing][3]string{
		PassageThing("x"): {"x"}, AnnotationThing("x"): {"", "x"}, NoteThing("x"): {"", "", "x"},
	} {
		same(t, string(thing), [3]string{string(thing.Passage()), string(thing.Annotation()), string(thing.Note())}, id)
	}
	same(t, "passage", PassageThing(discussion.PassageID("x")), Thing("p:x"))
}
