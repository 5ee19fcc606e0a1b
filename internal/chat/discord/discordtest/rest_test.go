package discordtest_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat/discord/discordtest"
)

// TestEveryAnswerFitsDiscordsSchemas goes through the operations once, with
// all that a message can have.
func TestEveryAnswerFitsDiscordsSchemas(t *testing.T) {
	b := start(t, discordtest.Options{})
	l := b.ready(usual)
	g, app, room := b.s.Guild(), b.s.Application(), "/channels/"+b.room
	for _, path := range []string{
		"/gateway", "/gateway/bot", "/users/@me", "/users/" + b.ada.ID(), "/users/@me/guilds", "/applications/@me",
		"/oauth2/applications/@me", "/applications/" + app, "/guilds/" + g, "/guilds/" + g + "?with_counts=true",
		"/guilds/" + g + "/channels", "/guilds/" + g + "/roles", "/guilds/" + g + "/members/" + b.ada.ID(), room,
	} {
		b.ok("GET", path, nil)
	}
	b.ok("POST", room+"/typing", nil)
	full := object{
		"content": "**words**", "allowed_mentions": nobody, "nonce": "n1", "enforce_nonce": true, "flags": 4096,
		"embeds": list{object{
			"title": "t", "description": "d", "url": "https://example.org/", "fields": list{object{"name": "n", "value": "v"}},
			"footer": object{"text": "f"}, "author": object{"name": "a"}, "color": 1,
		}},
		"components": list{object{"type": 1, "components": list{object{"type": 2, "style": 5, "label": "Read", "url": "https://example.org/"}}}},
	}
	m := b.ok("POST", room+"/messages", full).id()
	v2 := object{"flags": 1 << 15, "allowed_mentions": nobody, "components": list{
		object{"type": 17, "components": list{object{"type": 10, "content": "# Part 1"}, object{"type": 14}}},
	}}
	b.ok("POST", room+"/messages", v2)
	b.ok("PATCH", room+"/messages/"+m, object{"content": "other words", "embeds": list{}, "components": list{}, "allowed_mentions": nobody})
	b.ok("PUT", room+"/messages/"+m+"/reactions/👍/@me", nil)
	b.ok("PUT", room+"/messages/"+m+"/reactions/"+b.s.Emoji("owl")+"/@me", nil)
	b.ok("GET", room+"/messages/"+m, nil)
	thread := b.ok("POST", room+"/messages/"+m+"/threads", object{"name": "under it", "auto_archive_duration": 1440}).id()
	b.ok("POST", "/channels/"+thread+"/messages", object{"content": "in it", "allowed_mentions": nobody, "message_reference": nil})
	said := b.say(thread, "a reply")
	b.ok("POST", "/channels/"+thread+"/messages", object{"content": "an answer", "allowed_mentions": nobody, "message_reference": object{"message_id": said}})
	b.ok("PUT", "/channels/"+thread+"/thread-members/@me", nil)
	b.ok("PATCH", "/channels/"+thread, object{"name": "renamed", "archived": true})
	b.ok("GET", room+"/threads/archived/public?limit=2", nil)
	b.ok("PATCH", "/channels/"+thread, object{"archived": false})
	b.ok("GET", "/guilds/"+g+"/threads/active", nil)
	b.ok("GET", "/channels/"+thread+"/messages?limit=10", nil)
	b.ok("GET", room+"/messages", nil)
	b.ok("POST", room+"/threads", object{"name": "alone", "type": 11})
	forum := b.s.Forum("essays", "draft")
	b.ok("GET", "/channels/"+forum, nil)
	b.ok("POST", "/channels/"+forum+"/threads", object{"name": "a post", "message": object{"content": "first", "allowed_mentions": nobody}})
	hook := b.hook()
	b.ok("GET", room+"/webhooks", nil)
	b.ok("GET", "/guilds/"+g+"/webhooks", nil)
	b.ok("GET", strings.Join(strings.Split(hook, "/")[:3], "/"), nil)
	b.ok("GET", hook, nil)
	w := b.ok("POST", hook+"?wait=true&thread_id="+thread, object{"content": "as Bo", "username": "Bo", "avatar_url": "https://example.org/b.png", "allowed_mentions": nobody}).id()
	b.ok("GET", hook+"/messages/"+w+"?thread_id="+thread, nil)
	b.ok("PATCH", hook+"/messages/"+w+"?thread_id="+thread, object{"content": "as Bo, later", "allowed_mentions": nobody})
	b.ok("GET", "/channels/"+thread+"/messages/"+w, nil)
	b.ok("DELETE", hook+"/messages/"+w+"?thread_id="+thread, nil)
	b.ok("POST", hook, object{"content": "unanswered", "allowed_mentions": nobody})
	b.ok("GET", room+"/messages/"+m+"/reactions/👍?limit=5", nil)
	b.ok("DELETE", room+"/messages/"+m+"/reactions/👍/@me", nil)
	b.s.Grant(discordtest.ManageMessages)
	b.ok("DELETE", room+"/messages/"+m+"/reactions", nil)
	one, two := b.post("1"), b.post("2")
	b.ok("POST", room+"/messages/bulk-delete", object{"messages": list{one, two}})
	b.ok("DELETE", room+"/messages/"+m, nil)
	b.ok("DELETE", "/channels/"+thread, nil)
	b.ok("DELETE", strings.Join(strings.Split(hook, "/")[:3], "/"), nil)
	b.s.DeleteChannel(b.room)
	l.event("CHANNEL_DELETE")
	b.clean()
}

// TestHistory reads back as Discord does: newest first, whatever the bounds.
func TestHistory(t *testing.T) {
	b := start(t, discordtest.Options{})
	var ids []string
	for i := range 7 {
		ids = append(ids, b.say(b.room, fmt.Sprint(i)))
	}
	for _, c := range []struct {
		query string
		want  string
	}{
		{"", "6543210"}, {"?limit=2", "65"}, {"?limit=3&before=" + ids[5], "432"}, {"?limit=3&after=" + ids[1], "432"},
		{"?limit=3&around=" + ids[3], "432"}, {"?after=" + ids[6], ""}, {"?after=0&limit=2", "10"},
	} {
		got := ""
		for _, m := range b.ok("GET", "/channels/"+b.room+"/messages"+c.query, nil).body.(list) {
			got += m.(object)["content"].(string)
		}
		if got != c.want {
			t.Errorf("%s gives %s, want %s", c.query, got, c.want)
		}
	}
	b.clean()
}

// TestNonce makes one message of two requests, while the nonce is remembered
// and the message stands.
func TestNonce(t *testing.T) {
	now := watch()
	b := start(t, discordtest.Options{Now: now.read, Remembers: time.Minute})
	post := func() string {
		return b.ok("POST", "/channels/"+b.room+"/messages", object{"content": "once", "nonce": "k", "enforce_nonce": true, "allowed_mentions": nobody}).id()
	}
	one := post()
	if two := post(); two != one {
		t.Errorf("the same nonce made %s and %s", one, two)
	}
	now.turn(2 * time.Minute)
	if post() == one {
		t.Error("the nonce is still known after two minutes")
	}
	last := post()
	b.ok("DELETE", "/channels/"+b.room+"/messages/"+last, nil)
	post()
	b.stands(b.room, "once", "once")
	b.clean()
}

// TestThreadRules are those of archived and locked threads.
func TestThreadRules(t *testing.T) {
	b := start(t, discordtest.Options{})
	m, th := b.thread()
	if m != th {
		t.Errorf("the thread's id is %s, its message's %s", th, m)
	}
	b.no(160004, "POST", "/channels/"+b.room+"/messages/"+m+"/threads", object{"name": "again"})
	at := "/channels/" + th + "/messages"
	mine := b.ok("POST", at, object{"content": "mine", "allowed_mentions": nobody}).id()
	archive := func(on bool) { b.ok("PATCH", "/channels/"+th, object{"archived": on}) }
	archive(true)
	b.no(50083, "PATCH", at+"/"+mine, object{"content": "x", "allowed_mentions": nobody})
	b.no(50083, "PUT", at+"/"+mine+"/reactions/👍/@me", nil)
	b.no(50083, "DELETE", at+"/"+mine+"/reactions/👍/@me", nil)
	b.no(50083, "PATCH", "/channels/"+th, object{"name": "another"})
	b.no(50083, "PUT", "/channels/"+th+"/thread-members/@me", nil)
	b.ok("POST", at, object{"content": "opens it", "allowed_mentions": nobody})
	if t2, _ := b.s.ThreadOf(th); t2.Archived {
		t.Error("speaking left the thread archived")
	}
	b.ok("PATCH", "/channels/"+th, object{"archived": true, "locked": true})
	b.no(160005, "POST", at, object{"content": "no", "allowed_mentions": nobody})
	b.no(160005, "POST", b.hook()+"?thread_id="+th, object{"content": "no", "allowed_mentions": nobody})
	if _, err := b.ada.Say(th, "no", ""); err == nil {
		t.Error("Ada speaks in a locked thread")
	}
	b.s.Revoke(discordtest.ManageThreads)
	b.no(50013, "PATCH", "/channels/"+th, object{"archived": false})
	b.s.Grant(discordtest.ManageThreads)
	archive(false)
	b.ok("DELETE", at+"/"+mine, nil)
	b.stands(th, "opens it")
	b.clean()
}

// TestArchivedThreadsArePaged by the time of archiving.
func TestArchivedThreadsArePaged(t *testing.T) {
	now := watch()
	b := start(t, discordtest.Options{Now: now.read})
	var want []string
	for range 5 {
		_, th := b.thread()
		now.turn(time.Minute)
		b.ok("PATCH", "/channels/"+th, object{"archived": true})
		want = append([]string{th}, want...)
	}
	var got []string
	before := ""
	for more := true; more; {
		a := b.ok("GET", "/channels/"+b.room+"/threads/archived/public?limit=2"+before, nil)
		for _, th := range a.get("threads").(list) {
			got = append(got, th.(object)["id"].(string))
			when := th.(object)["thread_metadata"].(object)["archive_timestamp"].(string)
			before = "&before=" + strings.ReplaceAll(when, "+", "%2B")
		}
		more = a.get("has_more").(bool)
	}
	if !slices.Equal(got, want) {
		t.Errorf("paged %v, want %v", got, want)
	}
	b.clean()
}

// TestPermissions gives 50001 to who does not see, 50013 to who may not.
func TestPermissions(t *testing.T) {
	b := start(t, discordtest.Options{})
	m, _ := b.thread()
	at := "/channels/" + b.room
	say := object{"content": "x", "allowed_mentions": nobody}
	for _, c := range []struct {
		perm         int64
		method, path string
		body         any
	}{
		{discordtest.SendMessages, "POST", at + "/messages", say},
		{discordtest.SendInThreads, "POST", "/channels/" + m + "/messages", say},
		{discordtest.ManageWebhooks, "POST", at + "/webhooks", object{"name": "x"}},
		{discordtest.AddReactions, "PUT", at + "/messages/" + m + "/reactions/👍/@me", nil},
		{discordtest.CreateThreads, "POST", at + "/messages/" + b.post("y") + "/threads", object{"name": "x"}},
	} {
		b.s.Deny(b.room, c.perm)
		b.no(50013, c.method, c.path, c.body)
		b.s.Allow(b.room, c.perm)
		b.ok(c.method, c.path, c.body)
	}
	b.no(50013, "DELETE", at+"/messages/"+b.say(b.room, "hers"), nil)
	b.s.Deny(b.room, discordtest.ReadHistory)
	if got := b.ok("GET", at+"/messages", nil).body.(list); len(got) > 0 {
		t.Errorf("%d messages are read without READ_MESSAGE_HISTORY", len(got))
	}
	b.s.Deny(b.room, discordtest.ViewChannel)
	b.no(50001, "GET", at, nil)
	b.no(50001, "POST", at+"/messages", say)
	b.clean()
}

// TestUnknown gives each thing its own code.
func TestUnknown(t *testing.T) {
	b := start(t, discordtest.Options{})
	b.no(10003, "GET", "/channels/1", nil)
	b.no(10008, "GET", "/channels/"+b.room+"/messages/1", nil)
	b.no(10008, "PATCH", "/channels/"+b.room+"/messages/1", object{"allowed_mentions": nobody})
	b.no(10013, "GET", "/users/1", nil)
	b.no(10004, "GET", "/guilds/1", nil)
	b.no(10015, "POST", "/webhooks/1/x", object{"content": "x", "allowed_mentions": nobody})
	b.no(10014, "PUT", "/channels/"+b.room+"/messages/"+b.post("x")+"/reactions/owl:1/@me", nil)
	hook := b.hook()
	b.no(50027, "POST", hook[:len(hook)-1]+"x", object{"content": "x", "allowed_mentions": nobody})
	b.no(50035, "POST", "/channels/"+b.room+"/messages", object{"content": "x", "allowed_mentions": nobody, "message_reference": object{"message_id": "1"}})
	b.ok("POST", "/channels/"+b.room+"/messages", object{"content": "x", "allowed_mentions": nobody, "message_reference": object{"message_id": "1", "fail_if_not_exists": false}})
	b.s.FillWebhooks(b.room, 15)
	b.no(30007, "POST", "/channels/"+b.room+"/webhooks", object{"name": "x"})
	m := b.post("popular")
	for i := range 20 {
		b.ok("PUT", fmt.Sprintf("/channels/%s/messages/%s/reactions/%c/@me", b.room, m, '😀'+rune(i)), nil)
	}
	b.no(30010, "PUT", "/channels/"+b.room+"/messages/"+m+"/reactions/👍/@me", nil)
	b.clean()
}

// TestReactionsArePaged by the id of who reacted.
func TestReactionsArePaged(t *testing.T) {
	b := start(t, discordtest.Options{})
	m := b.post("popular")
	var want []string
	for i := range 5 {
		u := b.s.User(fmt.Sprintf("reader %d", i))
		if err := u.React(m, "👍"); err != nil {
			t.Fatal(err)
		}
		want = append(want, u.ID())
	}
	var got []string
	for after := "0"; ; after = got[len(got)-1] {
		page := b.ok("GET", "/channels/"+b.room+"/messages/"+m+"/reactions/👍?limit=2&after="+after, nil).body.(list)
		if len(page) == 0 {
			break
		}
		for _, u := range page {
			got = append(got, u.(object)["id"].(string))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("paged %v, want %v", got, want)
	}
	b.clean()
}

// TestFiles come in parts, and are fetched from where the message says.
func TestFiles(t *testing.T) {
	b := start(t, discordtest.Options{})
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	w.WriteField("payload_json", `{"content":"see","allowed_mentions":{"parse":[]},"attachments":[{"id":"0","description":"a map"}]}`)
	f, err := w.CreateFormFile("files[0]", "map.txt")
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("x marks it"))
	w.Close()
	a := b.send("POST", "/channels/"+b.room+"/messages", &body, w.FormDataContentType())
	if a.status != http.StatusOK {
		t.Fatal(a.text)
	}
	file := a.get("attachments").(list)[0].(object)
	if file["description"] != "a map" || file["filename"] != "map.txt" {
		t.Errorf("the file is told back as %v", file)
	}
	r, err := http.Get(file["url"].(string))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got := b.s.Messages(b.room)[0].Files; !slices.Equal(got, []string{"map.txt"}) || r.StatusCode != http.StatusOK {
		t.Errorf("the message has %q, the file answers %d", got, r.StatusCode)
	}
	b.clean()
}
