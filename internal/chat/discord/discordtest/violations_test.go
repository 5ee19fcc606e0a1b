package discordtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat/discord/discordtest"
)

// planted is one thing that a careful bot does not do, and what Bad says of it.
type planted struct {
	name string
	do   func(*bench)
	bad  string
}

func runes(n int) string { return strings.Repeat("ä", n) }

// say is a message with these things in it.
func saying(more object) object {
	o := object{"content": "x", "allowed_mentions": nobody}
	for k, v := range more {
		if v == nil {
			delete(o, k)
			continue
		}
		o[k] = v
	}
	return o
}

// refusedPost posts a message and wants it to be refused.
func refusedPost(code int, more object) func(*bench) {
	return func(b *bench) { b.no(code, "POST", "/channels/"+b.room+"/messages", saying(more)) }
}

// takenPost posts a message that Discord takes, though it should not be sent.
func takenPost(more object) func(*bench) {
	return func(b *bench) { b.ok("POST", "/channels/"+b.room+"/messages", saying(more)) }
}

func refusedPersona(name string) func(*bench) {
	return func(b *bench) {
		b.no(50035, "POST", b.hook(), saying(object{"username": name}))
	}
}

func text(n int, content string) list {
	var all list
	for range n {
		all = append(all, object{"type": 10, "content": content})
	}
	return all
}

func command(more object) func(*bench) {
	c := object{"name": "essay", "description": "what is read"}
	for k, v := range more {
		c[k] = v
	}
	return func(b *bench) {
		b.no(50035, "PUT", "/applications/"+b.s.Application()+"/commands", list{c})
	}
}

// ofMessages are the rules of what is said.
var ofMessages = []planted{
	{"a wrong field", refusedPost(50035, object{"contents": "x"}), "additional properties 'contents' not allowed"},
	{"discordgo's ID in an edit", func(b *bench) {
		b.no(50035, "PATCH", "/channels/"+b.room+"/messages/"+b.post("x"), saying(object{"ID": "1"}))
	}, "additional properties 'ID' not allowed"},
	{"a wrong type", refusedPost(50035, object{"content": 1}), "content"},
	{"2001 code points", refusedPost(50035, object{"content": runes(2001)}), "2000 or fewer"},
	{"nothing to see", refusedPost(50006, object{"content": " \n "}), "empty message"},
	{"an embed's title of 257", refusedPost(50035, object{"embeds": list{object{"title": runes(257)}}}), "/embeds/0/title"},
	{"embeds of 6001 in all", refusedPost(50035, object{"embeds": list{object{"description": runes(3000)}, object{"description": runes(3001)}}}), "6000"},
	{"V2 with content", refusedPost(50035, object{"flags": 1 << 15, "components": text(1, "x")}), "COMPONENTS_V2"},
	{"V2 with too much text", refusedPost(50035, object{"content": nil, "flags": 1 << 15, "components": text(2, runes(2001))}), "4000"},
	{"V2 without its flag", refusedPost(50035, object{"components": text(1, "x")}), "IS_COMPONENTS_V2"},
	{"six rows", refusedPost(50035, object{"components": rows(6)}), "between 1 and 5"},
	{"a flag that is not the bot's to set", refusedPost(50035, object{"flags": 1}), "can not be set"},
	{"a private message without an interaction", refusedPost(50035, object{"flags": 64}), "can not be set"},
	{"a flag that an edit can not set", func(b *bench) {
		b.no(50035, "PATCH", "/channels/"+b.room+"/messages/"+b.post("x"), saying(object{"flags": 4096}))
	}, "can not be set"},
	{"a nonce of 26", refusedPost(50035, object{"nonce": runes(26)}), "25"},
	{"enforce_nonce without one", refusedPost(50035, object{"enforce_nonce": true}), "needs a nonce"},
	{"no allowed_mentions in a post", takenPost(object{"allowed_mentions": nil}), "create_message: allowed_mentions is missing"},
	{"no allowed_mentions in an edit", func(b *bench) {
		b.ok("PATCH", "/channels/"+b.room+"/messages/"+b.post("x"), object{"content": "y"})
	}, "update_message: allowed_mentions is missing"},
	{"parse users and a list of users", refusedPost(50035, object{"allowed_mentions": object{"parse": list{"users"}, "users": list{"1"}}}), "exclude each other"},
	{"an edit of another's message", func(b *bench) {
		b.no(50005, "PATCH", "/channels/"+b.room+"/messages/"+b.say(b.room, "hers"), saying(nil))
	}, "authored by another"},
	{"an edit of a system message", func(b *bench) {
		_, th := b.thread()
		first := b.s.Messages(th)[0].ID
		b.no(50021, "PATCH", "/channels/"+th+"/messages/"+first, saying(nil))
	}, "system message"},
	{"a post to a forum as if it were a channel", func(b *bench) {
		b.no(50008, "POST", "/channels/"+b.s.Forum("f")+"/messages", saying(nil))
	}, "non-text channel"},
	{"a nonce in a forum's first message", func(b *bench) {
		b.no(50035, "POST", "/channels/"+b.s.Forum("f")+"/threads", object{"name": "x", "message": saying(object{"nonce": "1"})})
	}, "'nonce' not allowed"},
	{"before and after at once", func(b *bench) {
		b.no(50035, "GET", "/channels/"+b.room+"/messages?before=1&after=2", nil)
	}, "exclude each other"},
	{"a limit of 101", func(b *bench) { b.no(50035, "GET", "/channels/"+b.room+"/messages?limit=101", nil) }, "limit"},
	{"an unknown query", func(b *bench) { b.no(50035, "GET", "/channels/"+b.room+"/messages?befor=1", nil) }, "befor"},
	{"an id that is none", func(b *bench) { b.no(50035, "GET", "/channels/general", nil) }, "channel_id"},
}

func rows(n int) list {
	var all list
	for i := range n {
		all = append(all, object{"type": 1, "components": list{object{"type": 2, "style": 1, "label": "x", "custom_id": fmt.Sprint(i)}}})
	}
	return all
}

// ofThreads are the rules of threads and webhooks.
var ofThreads = []planted{
	{"a thread without a name", func(b *bench) {
		b.no(50035, "POST", "/channels/"+b.room+"/messages/"+b.post("x")+"/threads", object{"name": " "})
	}, "between 1 and 100"},
	{"a thread's name of 101", func(b *bench) {
		b.no(50035, "POST", "/channels/"+b.room+"/messages/"+b.post("x")+"/threads", object{"name": runes(101)})
	}, "name"},
	{"a thread in a thread", func(b *bench) {
		_, th := b.thread()
		b.no(50024, "POST", "/channels/"+th+"/messages/"+b.say(th, "x")+"/threads", object{"name": "x"})
	}, "channel type"},
	{"invitable at a thread under a message", func(b *bench) {
		b.no(50035, "POST", "/channels/"+b.room+"/messages/"+b.post("x")+"/threads", object{"name": "x", "invitable": false})
	}, "'invitable' not allowed"},
	{"a tag that the forum has not", func(b *bench) {
		b.no(50035, "POST", "/channels/"+b.s.Forum("f")+"/threads", object{"name": "x", "applied_tags": list{"1"}, "message": saying(nil)})
	}, "no tag"},
	{"a persona of 81", refusedPersona(runes(81)), "username"},
	{"a persona called clyde", refusedPersona("Clyde Barrow"), "clyde"},
	{"a persona called discord", refusedPersona("my Discord"), "discord"},
	{"a persona called everyone", refusedPersona("everyone"), "USERNAME_INVALID"},
	{"a persona without a name", refusedPersona(" "), "between 1 and 80"},
	{"a nonce of a webhook", func(b *bench) { b.no(50035, "POST", b.hook(), saying(object{"nonce": "1"})) }, "'nonce' not allowed"},
	{"a reply of a webhook", func(b *bench) {
		b.no(50035, "POST", b.hook(), saying(object{"message_reference": object{"message_id": "1"}}))
	}, "'message_reference' not allowed"},
	{"a webhook's edit without thread_id", func(b *bench) {
		_, th := b.thread()
		hook := b.hook()
		m := b.ok("POST", hook+"?wait=true&thread_id="+th, saying(nil)).id()
		b.no(10008, "PATCH", hook+"/messages/"+m, saying(nil))
	}, "thread_id says"},
	{"a webhook that is gone, again", func(b *bench) {
		hook := b.hook()
		b.s.DeleteWebhooks(b.room)
		b.no(10015, "POST", hook, saying(nil))
		b.now.turn(2 * time.Second)
		b.no(10015, "POST", hook, saying(nil))
	}, "as it was told before"},
	{"a webhook in a thread", func(b *bench) {
		_, th := b.thread()
		b.no(50024, "POST", "/channels/"+th+"/webhooks", object{"name": "x"})
	}, "channel type"},
}

// ofTheRest are the rules of commands, requests and limits.
var ofTheRest = []planted{
	{"a command in upper case", command(object{"name": "Essay"}), "name is invalid"},
	{"a command without words", command(object{"description": ""}), "required"},
	{"a required option after another", command(object{"options": list{
		object{"type": 3, "name": "a", "description": "a"}, object{"type": 3, "name": "b", "description": "b", "required": true},
	}}), "Required options"},
	{"a choice of 101", command(object{"options": list{
		object{"type": 3, "name": "a", "description": "a", "choices": list{object{"name": "n", "value": runes(101)}}},
	}}), "100 or fewer"},
	{"an operation that the double has not", func(b *bench) {
		if a := b.ask("GET", "/guilds/"+b.s.Guild()+"/invites", nil); a.status != http.StatusNotImplemented {
			b.Errorf("answers %d", a.status)
		}
	}, "does not have this operation"},
	{"a version of the API that is not 10", func(b *bench) { b.no(0, "GET", "/../v9/users/@me", nil) }, "Not Found"},
	{"a user agent that is not DiscordBot", func(b *bench) {
		b.agent = "curl/8"
		b.ok("GET", "/users/@me", nil)
	}, "user agent"},
	{"an address that Discord has not", func(b *bench) { b.no(0, "GET", "/nowhere", nil) }, "Not Found"},
	{"a token without Bot", func(b *bench) {
		b.token = b.s.Token()
		b.no(0, "GET", "/users/@me", nil)
	}, "Bot <token>"},
	{"a body that is no JSON", func(b *bench) {
		if a := b.send("POST", "/channels/"+b.room+"/messages", strings.NewReader("{"), "application/json"); a.code != 50109 {
			b.Errorf("answers %s", a.text)
		}
	}, "invalid JSON"},
	{"not waiting when nothing remains", func(b *bench) {
		for range 5 {
			b.post("x")
		}
		b.now.turn(2 * time.Second)
		if a := b.ask("POST", "/channels/"+b.room+"/messages", saying(nil)); a.status != http.StatusTooManyRequests {
			b.Errorf("answers %d", a.status)
		}
	}, "X-RateLimit-Remaining was 0"},
	{"not waiting for Retry-After", func(b *bench) {
		b.s.Fault(discordtest.Fault{Kind: discordtest.RateLimited, Wait: time.Hour, Count: 1})
		b.ask("POST", "/channels/"+b.room+"/messages", saying(nil))
		b.ask("POST", "/channels/"+b.room+"/messages", saying(nil)) // was on its way
		b.now.turn(2 * time.Second)
		b.ask("POST", "/channels/"+b.room+"/messages", saying(nil))
	}, "before Retry-After"},
	{"the wrong bucket: another channel while all must wait", func(b *bench) {
		other := b.s.Channel("other")
		b.s.Fault(discordtest.Fault{Kind: discordtest.Global, Wait: time.Hour, Count: 1})
		b.ask("POST", "/channels/"+b.room+"/messages", saying(nil))
		b.ask("POST", "/channels/"+other+"/messages", saying(nil)) // was on its way
		b.now.turn(2 * time.Second)
		b.ask("POST", "/channels/"+other+"/messages", saying(nil))
	}, "before the global Retry-After"},
	{"two first answers", func(b *bench) {
		i := b.called("status")
		b.ok("POST", i, object{"type": 5})
		b.no(40060, "POST", i, object{"type": 5}) // its answer may have been lost
		b.no(40060, "POST", i, object{"type": 4, "data": saying(nil)})
	}, "already been acknowledged"},
	{"choices for a command", func(b *bench) {
		b.no(50035, "POST", b.called("status"), object{"type": 8, "data": object{"choices": list{}}})
	}, "does not fit"},
}

// TestPlantedViolationsAreFound breaks each rule once, and only that.
func TestPlantedViolationsAreFound(t *testing.T) {
	n := 0
	for _, group := range [][]planted{ofMessages, ofThreads, ofComponents, ofTheRest} {
		for _, p := range group {
			n++
			t.Run(p.name, func(t *testing.T) {
				now := watch()
				b := start(t, discordtest.Options{Now: now.read, Limits: map[string]discordtest.Limit{"create_message": {N: 5, Per: time.Hour}}})
				b.now = now
				p.do(b)
				bad := b.s.Bad()
				if len(bad) != 1 || !strings.Contains(bad[0], p.bad) {
					t.Errorf("Bad is %q, want one that says %q", bad, p.bad)
				}
			})
		}
	}
	t.Logf("%d rules", n)
}

// TestDocumentedRulesNeedNoSchemas: what the documentation says is held even
// where the schemas are not at hand.
func TestDocumentedRulesNeedNoSchemas(t *testing.T) {
	b := bare(t, discordtest.Options{})
	if b.s.Schemas() {
		t.Error("it says that it has schemas")
	}
	refusedPost(50035, object{"content": runes(2001)})(b)
	refusedPersona("clyde")(b)
	takenPost(object{"allowed_mentions": nil})(b)
	if got := len(b.s.Bad()); got != 3 {
		t.Errorf("%d violations, want 3: %q", got, b.s.Bad())
	}
}
