package relay_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
	"marginalia/test/require"
)

// Six rooms of an account that may send 10 requests at once and then one in 5
// seconds, as Synapse limits it. Hundreds of messages wait for one of the
// rooms; in each of the others people talk, edit and react all along. No
// request waits for more than twice its fair share, which is 30 seconds for
// each request of its room up to itself, and when a passage is due in all rooms
// it goes before all else.
func TestRoomsOfALimitedAccountTakeTurns(t *testing.T) {
	if found := takeTurns(t, nil); len(found) > 0 {
		t.Errorf("%d waited too long: %v", len(found), found)
	}
}

// A bot in which the room with the most to say goes on and on is found out.
func TestRoomsThatDoNotTakeTurnsAreFound(t *testing.T) {
	require.Long(t)
	if found := takeTurns(t, (*relay.Relay).LastComesFirst); len(found) == 0 {
		t.Error("nobody waited too long")
	}
}

const (
	limitedRooms = 6
	sendsASecond = 0.2
	fairShare    = limitedRooms * 5 * time.Second // 1 / sendsASecond
	backlog      = 150
)

// wish is something that a room of the limited account is to show.
type wish struct {
	verb chat.Verb
	room chat.Room
	what string // that is in its words
	at   time.Time
}

// deed is a request that the limited network took.
type deed struct {
	chat.Action
	room chat.Room
	at   time.Time
}

// recorder is a platform that writes down what was done on it.
type recorder struct {
	*chattest.Platform
	mu      sync.Mutex
	deeds   []deed
	refused int
}

func (r *recorder) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	done, err := r.Platform.Do(ctx, a)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.refused++
		return done, err
	}
	room := a.On.Place.Room
	if room == (chat.Room{}) {
		room = a.Message.Ref.Place.Room
	}
	r.deeds = append(r.deeds, deed{a, room, time.Now()})
	return done, nil
}

// takeTurns tells the story and returns who waited too long.
func takeTurns(t *testing.T, spoil func(*relay.Relay)) (found []string) {
	t.Helper()
	dsn := filepath.Join(t.TempDir(), "turns.db")
	synctest.Test(t, func(t *testing.T) {
		one, two := chattest.New(netOne), chattest.New(netTwo)
		var rooms []chat.Room
		for i := range limitedRooms {
			rooms = append(rooms, one.Room(fmt.Sprint("hall", i)), two.Room(fmt.Sprint("club", i)))
		}
		n := settleTown(t, dsn, 1, map[string]network{"one": inMemory{one}, "two": inMemory{two}}, rooms...)
		n.spoil = spoil
		log := &recorder{}
		n.through = func(p *chattest.Platform) chat.Platform {
			if p.Profile().Name != "one" {
				return p
			}
			log.Platform = p
			return log
		}
		n.planPairs()
		n.start()
		n.pass(time.Hour + 40*time.Minute)
		one.Limit(sendsASecond, 10)
		log.deeds, log.refused = nil, 0
		wishes := n.chatter()
		hour := time.Now().Truncate(time.Hour).Add(time.Hour) // the next passages
		n.pass(3 * time.Hour)
		n.stop()
		if len(log.deeds) < len(wishes)+limitedRooms {
			t.Fatalf("%d of %d wishes came true", len(log.deeds), len(wishes)+limitedRooms)
		}
		t.Logf("%d requests, %d refused", len(log.deeds), log.refused)
		found = append(tooLong(t, wishes, log.deeds), late(hour, log.deeds)...)
		one.Check(t)
		if err := n.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return found
}

// planPairs has a text of its own dripped into each pair of rooms.
func (n *town) planPairs() {
	n.update(func(tx *store.Tx) error {
		for i := range limitedRooms {
			text := essayOf(fmt.Sprintf("story %d paragraph", i), 3)
			if _, err := tx.PutDiscussion(text, time.Now()); err != nil {
				return err
			}
			if err := tx.PutPlan(schedule.Plan{Name: fmt.Sprint("drip", i), Does: schedule.Drip, Discussion: text.ID, Cron: "0 * * * *",
				Rooms: n.rooms[2*i : 2*i+2], Count: 1, CatchUp: schedule.One, Start: time.Now(), Next: 1}); err != nil {
				return err
			}
		}
		return nil
	})
}

// chatter is what people say in the other rooms in a quarter of an hour, and
// what is to be seen of it in those of the limited account: a crowd at once in
// the first pair, a few now and then in the others.
func (n *town) chatter() (wishes []wish) {
	dice := rand.New(rand.NewPCG(5, 10))
	said := map[int][]chat.Message{}
	say := func(pair int) {
		token := fmt.Sprintf("tk%04d", len(wishes))
		m := chat.Message{Ref: n.people["two"][pair%4].Say(n.threads(n.rooms[2*pair+1])[1], token+" is said.", chat.Ref{}), Body: format.Text(token)}
		wishes = append(wishes, wish{chat.Post, n.rooms[2*pair], token, time.Now()})
		said[pair] = append(said[pair], m)
	}
	for range backlog {
		say(0)
	}
	for range 100 {
		time.Sleep(time.Duration(dice.IntN(10)) * time.Second)
		pair := 1 + dice.IntN(limitedRooms-1)
		var old chat.Message
		if len(said[pair]) > 0 {
			old = said[pair][0] // mirrored, or on its way
		}
		switch kind := dice.IntN(5); {
		case kind < 3 || old.Ref.IsZero():
			say(pair)
		case kind == 3:
			token := fmt.Sprintf("tk%04d", len(wishes))
			n.people["two"][pair%4].Edit(old.Ref, old.Body.Text+", or "+token+", is better.")
			wishes = append(wishes, wish{chat.Edit, n.rooms[2*pair], token, time.Now()})
			said[pair] = said[pair][1:]
		default:
			n.people["two"][pair%4].React(old.Ref, "👍")
			wishes = append(wishes, wish{chat.React, n.rooms[2*pair], "", time.Now()})
			said[pair] = said[pair][1:]
		}
	}
	return wishes
}

// tooLong finds the wishes that waited for more than twice their fair share: a
// request's is as long as its room needs for all that it says up to it if each
// room gets the same. An edit of what was not yet said comes true with it.
func tooLong(t *testing.T, wishes []wish, deeds []deed) (found []string) {
	t.Helper()
	worst := 0.0
	for _, w := range wishes {
		at := slices.IndexFunc(deeds, func(d deed) bool {
			return d.room == w.room && !d.at.Before(w.at) && (d.Verb == w.verb || w.verb == chat.Edit) && strings.Contains(d.Message.Body.Text, w.what)
		})
		if at < 0 {
			found = append(found, fmt.Sprintf("%s %s in %s never came true", w.verb, w.what, w.room))
			continue
		}
		before := 0
		for _, d := range deeds[:at+1] {
			if d.room == w.room && !d.at.Before(w.at) {
				before++
			}
		}
		ratio := float64(deeds[at].at.Sub(w.at)) / float64(time.Duration(before)*fairShare)
		if worst = max(worst, ratio); ratio > 2 {
			found = append(found, fmt.Sprintf("%s %s in %s after %s, the %dth there", w.verb, w.what, w.room, deeds[at].at.Sub(w.at), before))
		}
	}
	t.Logf("the longest wait was %.2f times the fair share", worst)
	return found
}

// late finds what was done while passages were due since a time.
func late(since time.Time, deeds []deed) (found []string) {
	posts := 0
	for _, d := range deeds {
		if d.at.Before(since.Add(5 * time.Second)) {
			continue // it may have been on its way
		}
		if strings.Contains(d.Message.Body.Text, "The Story · ") {
			posts++
		} else if posts < limitedRooms-1 {
			found = append(found, fmt.Sprintf("%s in %s went before a passage", d.Verb, d.room))
		}
	}
	return found
}
