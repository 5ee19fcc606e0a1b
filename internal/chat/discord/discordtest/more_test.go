package discordtest_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"marginalia/internal/chat/discord/discordtest"
)

// TestForums: a post is a thread with its first message, whose ids are one;
// webhooks post there by a thread's name or id.
func TestForums(t *testing.T) {
	b := start(t, discordtest.Options{})
	forum := b.s.Forum("essays", "draft")
	tag := b.ok("GET", "/channels/"+forum, nil).get("available_tags").(list)[0].(object)["id"]
	post := b.ok("POST", "/channels/"+forum+"/threads", object{"name": "a post", "applied_tags": list{tag}, "message": saying(nil)})
	if first := b.s.Messages(post.id()); len(first) != 1 || first[0].ID != post.id() {
		t.Errorf("the post has %v", first)
	}
	a := b.ok("POST", "/channels/"+forum+"/webhooks", object{"name": "speakers"})
	hook := "/webhooks/" + a.id() + "/" + a.get("token").(string)
	by := b.ok("POST", hook+"?wait=true", saying(object{"username": "Bo", "thread_name": "Bo's post"}))
	b.ok("POST", hook+"?wait=true&thread_id="+by.get("channel_id").(string), saying(object{"username": "Bo"}))
	b.clean()
	b.no(220001, "POST", hook, saying(nil))
	b.no(220003, "POST", b.hook(), saying(object{"thread_name": "x"}))
	b.no(50035, "POST", hook+"?thread_id="+post.id(), saying(object{"thread_name": "x"}))
	if n := len(b.s.Bad()); n != 3 {
		t.Errorf("Bad is %q", b.s.Bad())
	}
}

// TestThreadsSleep when nobody spoke for as long as they say, where that is
// asked for.
func TestThreadsSleep(t *testing.T) {
	now := watch()
	b := start(t, discordtest.Options{Now: now.read, AutoArchive: true})
	_, th := b.thread()
	now.turn(3 * 24 * time.Hour)
	b.say(th, "just in time")
	now.turn(3*24*time.Hour + time.Minute)
	b.no(50083, "PATCH", "/channels/"+th, object{"name": "x"})
	b.say(th, "awake again")
	b.ok("PATCH", "/channels/"+th, object{"name": "x"})
	b.clean()
}

// TestAChannelComesIntoSight with its threads.
func TestAChannelComesIntoSight(t *testing.T) {
	b := start(t, discordtest.Options{})
	_, th := b.thread()
	b.s.Deny(b.room, discordtest.ViewChannel)
	l := b.ready(usual)
	b.s.Allow(b.room, discordtest.ViewChannel)
	threads := l.event("THREAD_LIST_SYNC").data()["threads"].(list)
	if len(threads) != 1 || threads[0].(object)["id"] != th {
		t.Errorf("told of %v", threads)
	}
	b.clean()
}

// TestUnused names what nobody asked for, and no more.
func TestUnused(t *testing.T) {
	b := start(t, discordtest.Options{})
	before := b.s.Unused()
	b.ok("GET", "/gateway", nil)
	b.ready(usual)
	b.no(10003, "GET", "/channels/1", nil)
	after := b.s.Unused()
	gone := slices.DeleteFunc(before, func(op string) bool { return slices.Contains(after, op) })
	if want := []string{"get_gateway", "get_channel", "IDENTIFY"}; !slices.Equal(gone, want) {
		t.Errorf("used are %q, want %q", gone, want)
	}
	if got := b.s.Ops()["get_channel"]; got.N != 1 || got.Errors[10003] != 1 {
		t.Errorf("get_channel counts %v", got)
	}
}

// TestManyAtOnce speak, and are all told in the order in which they stand.
func TestManyAtOnce(t *testing.T) {
	b := start(t, discordtest.Options{})
	l := b.ready(usual)
	const people, each = 8, 25
	var all sync.WaitGroup
	for i := range people {
		u := b.s.User(fmt.Sprint("reader ", i))
		all.Go(func() {
			for j := range each {
				if j%2 == 0 {
					b.ask("POST", "/channels/"+b.room+"/messages", saying(object{"content": fmt.Sprint(i, j)}))
				} else if id, err := u.Say(b.room, fmt.Sprint(i, j), ""); err != nil || u.React(id, "👍") != nil {
					b.Error(id, err)
				}
			}
		})
	}
	var heard []string
	for range people * each {
		heard = append(heard, l.event("MESSAGE_CREATE").data()["id"].(string))
	}
	all.Wait()
	var stand []string
	for _, m := range b.s.Messages(b.room) {
		stand = append(stand, m.ID)
	}
	if !slices.Equal(heard, stand) {
		t.Errorf("%d are heard, %d stand, or the order differs", len(heard), len(stand))
	}
	b.clean()
}

// TestClosedServersAreGone: no connection is left open, no request hangs.
func TestClosedServersAreGone(t *testing.T) {
	b := start(t, discordtest.Options{})
	l := b.ready(usual)
	b.s.Fault(discordtest.Fault{Kind: discordtest.Delay, Wait: time.Hour, Count: 1})
	asked := make(chan answer, 1)
	go func() { asked <- b.ask("POST", "/channels/"+b.room+"/messages", saying(nil)) }()
	if err := b.s.Wait(t.Context(), func() bool { return b.s.Ops()["fault on create_message"].N == 1 }); err != nil {
		t.Fatal(err)
	}
	if err := b.s.Close(); err != nil {
		t.Error(err)
	}
	if a := <-asked; a.err == nil {
		t.Errorf("a closed server answers %d", a.status)
	}
	if p := l.next(); p.Op != -1 {
		t.Errorf("a closed server says op %d", p.Op)
	}
	if _, err := b.s.Dial(t.Context(), "tcp", ""); err == nil {
		t.Error("a closed server is dialled")
	}
}

// TestANewProcessKnowsNothing of what its predecessor was told: it is refused,
// and that is no violation.
func TestANewProcessKnowsNothing(t *testing.T) {
	now := watch()
	b := start(t, discordtest.Options{Now: now.read})
	b.s.Fault(discordtest.Fault{Kind: discordtest.Global, Wait: time.Hour, Count: 1})
	b.ask("POST", "/channels/"+b.room+"/messages", saying(nil))
	now.turn(time.Minute)
	b.s.BotRestarted()
	if a := b.ask("POST", "/channels/"+b.room+"/messages", saying(nil)); a.status != 429 {
		t.Errorf("answers %d", a.status)
	}
	b.clean()
}
