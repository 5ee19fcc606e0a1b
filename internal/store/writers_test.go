package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/test/require"
)

// TestEightWriters keeps the invariants of the package comment while eight
// writers do what the relay does: enqueue, take, send, settle, fire, count.
func TestEightWriters(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		db := opened(t, dsn, Options{NoListen: true})
		story(t, 40, db)
		if d, ok := db.engine.(*postgresDB); ok {
			t.Logf("%d transactions ran again", d.conflicts.Load())
		}
	})
}

// TestEightWritersOfTwoProcesses is the same with two handles, as two
// processes have them: nothing but the database is between them.
func TestEightWritersOfTwoProcesses(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		story(t, 40, opened(t, dsn, Options{NoListen: true}), opened(t, dsn, Options{NoListen: true}))
	})
}

// TestReadCommittedTurnsTheStoryRed proves that the story can fail.
func TestReadCommittedTurnsTheStoryRed(t *testing.T) {
	require.Long(t)
	db := opened(t, schema(t), Options{NoListen: true, Isolation: "read committed"})
	r := &recorder{}
	story(r, 40, db)
	if len(r.said) == 0 {
		t.Fatal("the story of the eight writers stayed green at READ COMMITTED: it proves nothing")
	}
	t.Logf("%d complaints, as it should be: %s", len(r.said), strings.Join(r.said[:min(6, len(r.said))], "; "))
}

// A reporter is what the story needs of a test.
type reporter interface{ Errorf(string, ...any) }

type recorder struct {
	mu   sync.Mutex
	said []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

const storyWriters = 8

// world is what the writers of a story did, as they saw it themselves.
type world struct {
	t     reporter
	rooms []chat.Room
	clock atomic.Int64 // ticks before and after each transaction

	mu    sync.Mutex
	sent  map[spot][]int      // the network: Seq of each request, in order
	keys  map[string]int      // how often each key was sent
	queue map[spot][2]int64   // when each was enqueued: tick before, tick after
	fired map[string][]string // by whom each key was fired
	adds  int                 // to the counter
}

type spot struct {
	thing Thing
	room  chat.Room
}

// story lets eight writers work on the handles in turn, rounds times each,
// drains the queue and checks.
func story(t reporter, rounds int, handles ...*DB) {
	w := &world{t: t, rooms: []chat.Room{attic, shed}, sent: map[spot][]int{}, keys: map[string]int{}, queue: map[spot][2]int64{}, fired: map[string][]string{}}
	var writers sync.WaitGroup
	for n := range storyWriters {
		db := handles[n%len(handles)]
		writers.Go(func() {
			for round := range rounds {
				w.act(db, n, round)
			}
		})
	}
	writers.Wait()
	for _, room := range w.rooms {
		for w.deliver(handles[0], room) {
		}
	}
	w.check(handles[len(handles)-1], rounds)
}

func (w *world) act(db *DB, n, round int) {
	mine := func(round int) Thing { return Thing(fmt.Sprintf("a:%d-%d", n, round)) }
	switch round % 4 {
	case 0:
		w.enqueue(db, mine(round), round)
	case 1:
		w.edit(db, mine(round-1), round-1)
	case 2:
		w.fire(db, n, fmt.Sprintf("firing %d", round))
	}
	for i := range w.rooms {
		w.deliver(db, w.rooms[(n+i)%len(w.rooms)])
	}
}

// update runs f, with a tick of the story's clock before and after.
func (w *world) update(db *DB, f func(*Tx) error) (before, after int64) {
	before = w.clock.Add(1)
	if err := db.Update(context.Background(), f); err != nil {
		w.t.Errorf("update: %v", err)
	}
	return before, w.clock.Add(1)
}

// bump adds one to a number in the settings, reading it first.
func bump(tx *Tx, name string) (int, error) {
	s, err := tx.Setting(name)
	n, _ := strconv.Atoi(s)
	return n + 1, all(err, tx.PutSetting(name, strconv.Itoa(n+1)))
}

// enqueue makes a thing stale in all rooms, counts it and moves a cursor on.
func (w *world) enqueue(db *DB, t Thing, round int) {
	w.stale(db, t, round, func(tx *Tx) error {
		_, err := bump(tx, "counter")
		since, err2 := tx.Cursors("matrix")
		at, _ := strconv.Atoi(string(since[chat.Place{}]))
		return all(err, err2, tx.PutCursors("matrix", map[chat.Place]chat.Cursor{{}: chat.Cursor(strconv.Itoa(at + 1))}))
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.adds++
}

// edit gives a thing new words.
func (w *world) edit(db *DB, t Thing, round int) {
	w.stale(db, t, round, func(*Tx) error { return nil })
}

// stale makes a thing stale in all rooms, and keeps count of what is enqueued
// for each in a number of its own.
func (w *world) stale(db *DB, t Thing, round int, more func(*Tx) error) {
	fresh := map[chat.Room]bool{}
	before, after := w.update(db, func(tx *Tx) error {
		if _, err := bump(tx, "version of "+string(t)); err != nil {
			return err
		}
		for _, room := range w.rooms {
			_, err := tx.Delivery(t, room)
			if fresh[room] = errors.Is(err, ErrNotFound); fresh[room] {
				var n int
				n, err = bump(tx, "enqueued for "+room.String())
				err = all(err, tx.PutSetting(placeOf(spot{t, room}), strconv.Itoa(n)))
			}
			thread := discussion.PassageID(fmt.Sprint("t", round%3))
			if err = all(err, tx.Stale(t, room, thread, ClassReply, noon)); err != nil {
				return err
			}
		}
		return more(tx)
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	for room, enqueued := range fresh {
		if enqueued {
			w.queue[spot{t, room}] = [2]int64{before, after}
		}
	}
}

func placeOf(at spot) string { return "place of " + string(at.thing) + " in " + at.room.String() }

// fire counts a firing if it is the first.
func (w *world) fire(db *DB, n int, key string) {
	var first bool
	w.update(db, func(tx *Tx) (err error) {
		if first, err = tx.PutFiring("plan", key, noon); err != nil || !first {
			return err
		}
		_, err = bump(tx, "fired")
		return err
	})
	if first {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.fired[key] = append(w.fired[key], fmt.Sprint("writer ", n))
	}
}

// deliver takes the room's first delivery that has nothing in flight, sends
// it and settles it. It reports whether it found one.
func (w *world) deliver(db *DB, room chat.Room) bool {
	var d *Delivery
	var c Copy
	w.update(db, func(tx *Tx) (err error) {
		d, c, err = take(tx, room)
		return err
	})
	if d == nil {
		return false
	}
	w.mu.Lock()
	w.sent[spot{d.Thing, room}] = append(w.sent[spot{d.Thing, room}], c.Seq)
	w.keys[c.Key]++
	w.mu.Unlock()
	w.update(db, func(tx *Tx) error { return settle(tx, *d, c) })
	return true
}

func take(tx *Tx, room chat.Room) (*Delivery, Copy, error) {
	heads, err := tx.Heads(room)
	for _, d := range heads {
		copies, err := tx.Copies(d.Thing, room)
		if err != nil {
			return nil, Copy{}, err
		}
		c := Copy{}
		if len(copies) > 0 {
			c = copies[0]
		}
		if c.InFlight() {
			continue
		}
		version, err := tx.Setting("version of " + string(d.Thing))
		c.Seq++
		c.Verb, c.Hash, c.Began, c.Sent = chat.Post, version, noon, "words"
		c.Key = discussion.Derive(string(d.Thing), room.String(), strconv.Itoa(c.Seq))
		return &d, c, all(err, tx.PutCopy(d.Thing, room, c), tx.PutDelivery(d))
	}
	return nil, Copy{}, err
}

// settle records what came of a request: every ninth thing is refused.
func settle(tx *Tx, d Delivery, sent Copy) error {
	copies, err := tx.Copies(d.Thing, d.Room)
	if err != nil {
		return err
	}
	c := copies[0]
	if !c.InFlight() || c.Key != sent.Key {
		return fmt.Errorf("%s in %s: request %d is not in flight any more: %+v", d.Thing, d.Room, sent.Seq, c)
	}
	c.Verb, c.Sent, c.Began = "", "", time.Time{}
	if d, err = tx.Delivery(d.Thing, d.Room); err != nil {
		return err
	}
	if refused(d.Thing) {
		d.Dead, c.Hash = noon, ""
		return all(tx.PutCopy(d.Thing, d.Room, c), tx.PutDelivery(d))
	}
	c.Ref = at(d.Room, "", "message of "+string(d.Thing), "bot")
	version, err := tx.Setting("version of " + string(d.Thing))
	if err = all(err, tx.PutCopy(d.Thing, d.Room, c)); err != nil || version != c.Hash {
		return err
	}
	return tx.DropDelivery(d.Thing, d.Room)
}

func refused(t Thing) bool { return strings.HasSuffix(string(t), "2") }

// check compares what the writers saw with what is stored.
func (w *world) check(db *DB, rounds int) {
	err := db.View(context.Background(), func(tx *Tx) error {
		counter, err := tx.Setting("counter")
		since, err2 := tx.Cursors("matrix")
		if want := strconv.Itoa(w.adds); counter != want || string(since[chat.Place{}]) != want {
			w.t.Errorf("lost increments: counter %s, cursor %s, want %s", counter, since[chat.Place{}], want)
		}
		fired, err3 := tx.Setting("fired")
		if fired != strconv.Itoa(len(w.fired)) {
			w.t.Errorf("%s firings counted, want %d", fired, len(w.fired))
		}
		for at := range w.queue {
			if err := w.checkSpot(tx, at); err != nil {
				return err
			}
		}
		rows, err4 := rows(tx, one[int], "SELECT COUNT(*) FROM copies")
		if err4 == nil && rows[0] != len(w.queue) {
			w.t.Errorf("%d copies of %d things in rooms", rows[0], len(w.queue))
		}
		return all(err, err2, err3, err4)
	})
	if err != nil {
		w.t.Errorf("check: %v", err)
	}
	for key, n := range w.keys {
		if n != 1 {
			w.t.Errorf("request %s was sent %d times", key, n)
		}
	}
	for key, by := range w.fired {
		if len(by) != 1 {
			w.t.Errorf("%s was first for %v", key, by)
		}
	}
	w.checkTime(db)
}

// checkSpot: one copy; Seq counts the requests; settled is a Ref of the newest
// words and no delivery, or a dead delivery; the Order is the enqueue order.
func (w *world) checkSpot(tx *Tx, at spot) error {
	copies, err := tx.Copies(at.thing, at.room)
	d, err2 := tx.Delivery(at.thing, at.room)
	version, err3 := tx.Setting("version of " + string(at.thing))
	if err2 != nil && !errors.Is(err2, ErrNotFound) || err != nil || err3 != nil {
		return errors.Join(err, err2, err3)
	}
	if len(copies) != 1 || copies[0].Seq != len(w.sent[at]) {
		w.t.Errorf("%v: copies %+v after requests %v", at, copies, w.sent[at])
		return nil
	}
	for i, seq := range w.sent[at] {
		if seq != i+1 {
			w.t.Errorf("%v: requests %v", at, w.sent[at])
			break
		}
	}
	c, dead := copies[0], err2 == nil && !d.Dead.IsZero()
	shown := !c.Ref.IsZero() && c.Hash == version && errors.Is(err2, ErrNotFound)
	if c.InFlight() || shown == dead || dead != refused(at.thing) {
		w.t.Errorf("%v is not settled: %+v, %+v, %v", at, c, d, err2)
	}
	return nil
}

// checkTime: the Orders are the places that the enqueueing transactions
// counted, and what was enqueued later in time has a higher place. Deliveries
// that are gone have left their places.
func (w *world) checkTime(db *DB) {
	places := map[spot]int64{}
	err := db.View(context.Background(), func(tx *Tx) error {
		for at := range w.queue {
			s, err := tx.Setting(placeOf(at))
			if err != nil {
				return err
			}
			places[at], _ = strconv.ParseInt(s, 10, 64)
			if d, err := tx.Delivery(at.thing, at.room); err == nil && d.Order != places[at] {
				w.t.Errorf("%v: order %d, enqueued as %d", at, d.Order, places[at])
			}
		}
		return nil
	})
	if err != nil {
		w.t.Errorf("check: %v", err)
	}
	for a, when := range w.queue {
		for b, then := range w.queue {
			if a.room == b.room && when[1] < then[0] && places[a] >= places[b] {
				w.t.Errorf("%v was enqueued before %v and stands behind it: %d, %d", a, b, places[a], places[b])
			}
		}
	}
}
