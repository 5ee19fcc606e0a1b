package discordtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat/discord/discordtest"
)

// TestLostAnswers: the change is there, whatever the bot was told.
func TestLostAnswers(t *testing.T) {
	b := start(t, discordtest.Options{})
	b.s.Lose(2)
	cut := b.ask("POST", "/channels/"+b.room+"/messages", saying(object{"content": "one"}))
	bad := b.ask("POST", "/channels/"+b.room+"/messages", saying(object{"content": "two"}))
	if cut.err == nil || bad.status != http.StatusBadGateway {
		t.Errorf("told %d %v and %d", cut.status, cut.err, bad.status)
	}
	b.s.Drop(1)
	if a := b.ask("POST", "/channels/"+b.room+"/messages", saying(object{"content": "three"})); a.err == nil {
		t.Errorf("a dropped request is answered with %d", a.status)
	}
	b.stands(b.room, "one", "two")
	b.s.Drop(1)
	b.ok("GET", "/channels/"+b.room, nil)
	b.ok("POST", "/channels/"+b.room+"/webhooks", object{"name": "x"})
	b.s.Heal()
	b.post("four")
	b.clean()
}

// TestNobodyWasTold: whose answer was lost, and who was on the way, may call a
// webhook that is gone.
func TestNobodyWasTold(t *testing.T) {
	now := watch()
	b := start(t, discordtest.Options{Now: now.read})
	hook := b.hook()
	b.s.DeleteWebhooks(b.room)
	b.s.Lose(2)
	b.ask("POST", hook, saying(nil))
	b.ask("POST", hook, saying(nil))
	now.turn(2 * time.Second)
	b.no(10015, "POST", hook, saying(nil))
	b.no(10015, "POST", hook, saying(nil))
	b.clean()
}

// TestFaults are found by operation, count and status.
func TestFaults(t *testing.T) {
	b := start(t, discordtest.Options{})
	for _, status := range []int{500, 502, 503} {
		b.s.Fault(discordtest.Fault{Op: "create_*", Status: status, Count: 1})
		b.ok("GET", "/channels/"+b.room, nil)
		if a := b.ask("POST", "/channels/"+b.room+"/messages", saying(nil)); a.status != status {
			t.Errorf("answers %d, want %d", a.status, status)
		}
	}
	b.stands(b.room)
	b.s.Fault(discordtest.Fault{Kind: discordtest.Delay, Wait: 50 * time.Millisecond, Count: 1})
	began := time.Now()
	b.post("late")
	if d := time.Since(began); d < 50*time.Millisecond {
		t.Errorf("a delayed request took %s", d)
	}
	b.s.Fault(discordtest.Fault{Chance: 0.5})
	failed := 0
	for range 40 {
		if a := b.ask("POST", "/channels/"+b.room+"/messages", saying(nil)); a.status == http.StatusBadGateway {
			failed++
		}
	}
	if failed < 8 || failed > 32 {
		t.Errorf("%d of 40 fail at an even chance", failed)
	}
	if got := b.s.Ops()["create_message"].Errors[502]; got != failed+1 {
		t.Errorf("Ops counts %d, there were %d", got, failed+1)
	}
	b.clean()
}

// TestDelayedRequestsCommit although nobody waits for them any more.
func TestDelayedRequestsCommit(t *testing.T) {
	b := start(t, discordtest.Options{})
	b.s.Fault(discordtest.Fault{Kind: discordtest.Delay, Wait: 200 * time.Millisecond, Count: 1})
	q, err := http.NewRequest("POST", b.s.API()+"/api/v10/channels/"+b.room+"/messages", strings.NewReader(`{"content":"late","allowed_mentions":{"parse":[]}}`))
	if err != nil {
		t.Fatal(err)
	}
	q.Header = http.Header{"User-Agent": {"DiscordBot (x, 1)"}, "Authorization": {b.token}, "Content-Type": {"application/json"}}
	if _, err := (&http.Client{Timeout: 50 * time.Millisecond}).Do(q); err == nil {
		t.Error("it was answered in time")
	}
	if err := b.s.Wait(t.Context(), func() bool { return len(b.s.Messages(b.room)) == 1 }); err != nil {
		t.Error(err)
	}
	b.clean()
}

// TestLimitsAreTold by headers as they are documented.
func TestLimitsAreTold(t *testing.T) {
	now := watch()
	b := start(t, discordtest.Options{Now: now.read, Limits: discordtest.Seen(), Global: 50})
	for i := range 5 {
		a := b.ok("POST", "/channels/"+b.room+"/messages", saying(nil))
		if got := a.header.Get("X-RateLimit-Remaining"); got != fmt.Sprint(4-i) {
			t.Errorf("after %d remain %s", i+1, got)
		}
	}
	a := b.ask("POST", "/channels/"+b.room+"/messages", saying(nil))
	h := a.header
	if a.status != 429 || h.Get("X-RateLimit-Scope") != "user" || h.Get("Retry-After") != "5" || h.Get("X-RateLimit-Reset-After") != "5.000" || h.Get("X-RateLimit-Bucket") == "" || a.get("global") != false || a.get("retry_after") != 5.0 {
		t.Errorf("429 is %s with %v", a.text, h)
	}
	now.turn(6 * time.Second)
	b.post("again")
	for _, c := range []struct {
		kind  discordtest.Kind
		scope string
	}{{discordtest.RateLimited, "user"}, {discordtest.Shared, "shared"}, {discordtest.Global, "global"}} {
		b.s.Fault(discordtest.Fault{Kind: c.kind, Wait: 1500 * time.Millisecond, Count: 1})
		a := b.ask("POST", "/channels/"+b.room+"/messages", saying(nil))
		all := c.kind == discordtest.Global
		if a.status != 429 || a.header.Get("X-RateLimit-Scope") != c.scope || a.header.Get("Retry-After") != "2" || a.get("retry_after") != 1.5 || a.get("global") != all {
			t.Errorf("%s: %d %s %v", c.scope, a.status, a.text, a.header)
		}
		if told := a.header.Get("X-RateLimit-Reset-After") != "" || a.header.Get("X-RateLimit-Bucket") != ""; told == all {
			t.Errorf("%s: headers %v", c.scope, a.header)
		}
		now.turn(10 * time.Second)
	}
	b.s.Fault(discordtest.Fault{Kind: discordtest.Banned, Wait: time.Minute, Count: 1})
	if a := b.ask("POST", "/channels/"+b.room+"/messages", saying(nil)); a.status != 429 || !strings.HasPrefix(a.text, "<!doctype html>") {
		t.Errorf("Cloudflare says %d %s", a.status, a.text)
	}
	b.clean()
}

// TestHiddenLimits say that requests remain, and refuse.
func TestHiddenLimits(t *testing.T) {
	now := watch()
	b := start(t, discordtest.Options{Now: now.read, Limits: map[string]discordtest.Limit{
		"rename": discordtest.Seen()["rename"], "webhook channel": discordtest.Seen()["webhook channel"], "late edits": discordtest.Seen()["late edits"],
	}})
	m, th := b.thread()
	for i := range 2 {
		b.ok("PATCH", "/channels/"+th, object{"name": fmt.Sprint(i)})
	}
	a := b.ask("PATCH", "/channels/"+th, object{"name": "third"})
	if a.status != 429 || a.header.Get("X-RateLimit-Remaining") != "4" || a.get("retry_after").(float64) < 500 {
		t.Errorf("the third name: %d %s %v", a.status, a.text, a.header)
	}
	b.ok("PATCH", "/channels/"+th, object{"archived": true})
	hook := b.hook()
	for range 30 {
		b.ok("POST", hook, saying(nil))
	}
	if a := b.ask("POST", hook, saying(nil)); a.status != 429 {
		t.Errorf("the 31st of a webhook: %d", a.status)
	}
	now.turn(2 * time.Hour)
	for i := range 3 {
		b.ok("PATCH", "/channels/"+b.room+"/messages/"+m, saying(object{"content": fmt.Sprint(i)}))
	}
	if a := b.ask("PATCH", "/channels/"+b.room+"/messages/"+m, saying(nil)); a.status != 429 || a.code != 30046 {
		t.Errorf("the fourth late edit: %d %s", a.status, a.text)
	}
	b.clean()
}

// TestInvalidRequests end in a ban.
func TestInvalidRequests(t *testing.T) {
	b := start(t, discordtest.Options{Ban: 20, Grace: time.Nanosecond})
	b.s.Deny(b.room, discordtest.ViewChannel)
	for range 20 {
		b.no(50001, "GET", "/channels/"+b.room, nil)
	}
	if a := b.ask("GET", "/channels/"+b.room, nil); a.status != 429 || a.header.Get("Content-Type") != "text/html" {
		t.Errorf("the 21st is answered with %d %s", a.status, a.text)
	}
	if bad := b.s.Bad(); len(bad) != 2 || !strings.Contains(bad[0], "banned") {
		t.Errorf("Bad is %q", bad)
	}
}

// TestPings are whom the bot let ring.
func TestPings(t *testing.T) {
	b := start(t, discordtest.Options{})
	who := "<@" + b.ada.ID() + ">"
	b.post("not " + who + " nor @everyone")
	if got := b.s.Pings(); len(got) != 0 {
		t.Errorf("pinged %v", got)
	}
	b.ok("POST", "/channels/"+b.room+"/messages", saying(object{"content": who, "allowed_mentions": object{"users": list{b.ada.ID()}}}))
	hers := b.say(b.room, "?")
	b.ok("POST", "/channels/"+b.room+"/messages", saying(object{"message_reference": object{"message_id": hers}}))
	b.ok("POST", b.hook()+"?wait=true", object{"content": "@everyone"})
	b.ok("PATCH", "/channels/"+b.room+"/messages/"+b.post("x"), object{"content": who})
	var got []string
	for _, p := range b.s.Pings() {
		got = append(got, p.Who)
	}
	want := []string{b.ada.ID(), "everyone", b.ada.ID()}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("pinged %v, want %v", got, want)
	}
	if n := len(b.s.Bad()); n != 2 {
		t.Errorf("Bad is %q", b.s.Bad())
	}
}

// TestEverything that can still be read: no word of what is gone.
func TestEverything(t *testing.T) {
	b := start(t, discordtest.Options{})
	m, th := b.thread()
	hers := b.say(th, "her words")
	if _, err := b.ada.Say(th, "an answer", hers); err != nil {
		t.Fatal(err)
	}
	b.ok("POST", b.hook()+"?wait=true&thread_id="+th, saying(object{"content": "as Bo", "username": "Bo B"}))
	if err := b.ada.Edit(hers, "other words"); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(b.s.Everything(b.room)), "[a passage the passage other words an answer as Bo Bo B]"; got != want {
		t.Errorf("can be read: %s, want %s", got, want)
	}
	if err := b.ada.Delete(hers); err != nil {
		t.Fatal(err)
	}
	b.ok("DELETE", "/channels/"+b.room+"/messages/"+m, nil)
	all := fmt.Sprint(b.s.Everything(b.room)) + b.ok("GET", "/channels/"+th+"/messages", nil).text
	for _, gone := range []string{"her words", "other words", "a passage"} {
		if strings.Contains(all, gone) {
			t.Errorf("%q can still be read", gone)
		}
	}
	b.clean()
}
