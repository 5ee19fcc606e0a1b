package discord

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// asked returns the wish to be left alone that an error is, or fails.
func asked(t *testing.T, err error) chat.RetryAfter {
	t.Helper()
	var wait chat.RetryAfter
	if !errors.As(err, &wait) {
		t.Fatalf("%v is no wish to be left alone", err)
	}
	return wait
}

// Discord's edge says in HTML that it shuts the bot out: nothing is asked of it
// for ten minutes, by anyone.
func TestEdgeShutsOut(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		other := w.Room(t)
		does(t, p, posting(at(other), "", "Before."))
		does(t, p, posting(at(r), "Ada", "Before."))
		w.Fault(discordtest.Fault{Op: "create_message", Kind: discordtest.Banned, Count: 1, Wait: time.Minute})
		_, err := p.Do(t.Context(), posting(at(r), "", "One."))
		if wait := asked(t, err); wait.Scope != chat.AccountScope || wait.Wait < 10*time.Minute {
			t.Errorf("shut out, it waits %+v", wait)
		}
		requests := total(w)
		_, err = p.Do(t.Context(), posting(at(other), "", "Two."))
		if wait := asked(t, err); wait.Scope != chat.AccountScope || wait.Wait < 9*time.Minute {
			t.Errorf("in another room it waits %+v", wait)
		}
		if _, err := p.Do(t.Context(), posting(at(r), "Ada", "Three.")); err == nil || total(w) != requests {
			t.Errorf("%d requests were made although it was shut out (%v)", total(w)-requests, err)
		}
		time.Sleep(11 * time.Minute)
		does(t, p, posting(at(r), "", "Four."))
	})
}

// How long it is left alone is for the Config to say.
func TestEdgeShutsOutShortly(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		w.config.Edge = 2 * time.Minute
		p := w.open(t)
		w.Fault(discordtest.Fault{Op: "create_message", Kind: discordtest.Banned, Count: 1, Wait: time.Minute})
		_, err := p.Do(t.Context(), posting(at(r), "", "One."))
		if wait := asked(t, err); wait.Scope != chat.AccountScope || wait.Wait != 2*time.Minute {
			t.Errorf("shut out, it waits %+v", wait)
		}
		time.Sleep(2*time.Minute + time.Second)
		does(t, p, posting(at(r), "", "One."))
	})
}

func total(w *world) int {
	n := 0
	for _, c := range w.Ops() {
		n += c.N
		for _, k := range c.Errors {
			n += k
		}
	}
	return n
}

// A 429 for everything stops everything; one for a channel only that.
func TestTooMany(t *testing.T) {
	for _, c := range []struct {
		kind  discordtest.Kind
		scope chat.Scope
		else_ bool // goes on elsewhere
	}{
		{discordtest.Global, chat.AccountScope, false},
		{discordtest.RateLimited, chat.RoomScope, true},
		{discordtest.Shared, chat.RoomScope, true},
	} {
		t.Run(fmt.Sprint(c.kind), func(t *testing.T) {
			story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
				other := w.Room(t)
				does(t, p, posting(at(other), "", "Before."))
				w.Fault(discordtest.Fault{Op: "create_message", Kind: c.kind, Count: 1, Wait: 30 * time.Second})
				_, err := p.Do(t.Context(), posting(at(r), "", "One."))
				if wait := asked(t, err); wait.Scope != c.scope || wait.Wait < 29*time.Second || wait.Wait > time.Minute {
					t.Errorf("it waits %+v", wait)
				}
				_, err = p.Do(t.Context(), posting(at(other), "", "Two."))
				if c.else_ != (err == nil) {
					t.Errorf("elsewhere: %v", err)
				}
				_, err = p.Do(t.Context(), posting(at(r), "", "Three."))
				if err == nil {
					t.Error("it goes on at once")
				}
				time.Sleep(time.Minute)
				does(t, p, posting(at(r), "", "Four."))
			})
		})
	}
}

// With the limits that were seen on Discord, nothing is ever asked too often.
func TestKeepsLimits(t *testing.T) {
	story(t, discordtest.Options{Limits: discordtest.Seen(), Global: 50}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		rooms := []chat.Room{r, w.Room(t), w.Room(t)}
		var all sync.WaitGroup
		for i, r := range rooms {
			all.Go(func() {
				var root chat.Ref
				for k := range 20 {
					root = does(t, p, posting(at(r), map[int]string{1: "Ada"}[i%2], fmt.Sprintf("Word %d.", k))).Ref
				}
				does(t, p, chat.Action{Verb: chat.React, Key: "r", On: root, Emoji: "👍"})
			})
		}
		all.Wait()
		for name, c := range w.Ops() {
			if n := c.Errors[429]; n > 0 {
				t.Errorf("%s was refused %d times for being asked too often", name, n)
			}
		}
		for _, r := range rooms {
			if got := w.Read(t, at(r)); len(got) != 20 {
				t.Errorf("in %s stand %d", r, len(got))
			}
		}
	})
}

// No error and no line of the log holds a secret.
func TestNoSecretInErrors(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		does(t, p, posting(at(r), "Ada", "One."))
		h, err := p.hook(t.Context(), r.ID)
		must(t, err)
		var texts []string
		for _, f := range []discordtest.Fault{
			{Kind: discordtest.CutOff, Count: 1}, {Kind: discordtest.Fail, Count: 1}, {Kind: discordtest.Fail, Status: 500, Count: 1},
			{Op: "execute_webhook", Kind: discordtest.RateLimited, Count: 1, Wait: time.Second}, {Kind: discordtest.Delay, Wait: time.Hour, Count: 1},
		} {
			w.Fault(f)
			_, err := p.Do(t.Context(), posting(at(r), "Ada", "Two."))
			if err == nil {
				t.Errorf("%+v did nothing", f)
				continue
			}
			texts = append(texts, err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err))
			time.Sleep(2 * time.Second)
		}
		w.Heal()
		must(t, p.Close())
		must(t, w.Server.Close())
		_, err = p.Do(t.Context(), posting(at(r), "Ada", "Three."))
		texts = append(texts, err.Error(), w.logs.String())
		for _, text := range texts {
			if strings.Contains(text, h.Token) || strings.Contains(text, w.Token()) {
				t.Errorf("a secret is told: %s", text)
			}
		}
	})
}

func TestRoutes(t *testing.T) {
	for _, c := range []struct{ method, path, name, major string }{
		{"POST", "channels/123/messages", "POST channels/{}/messages", "123"},
		{"PATCH", "channels/123/messages/456", "PATCH channels/{}/messages/{}", "123"},
		{"PUT", "channels/123/messages/456/reactions/%F0%9F%91%8D/@me", "PUT channels/{}/messages/{}/reactions/{}/@me", "123"},
		{"PATCH", "webhooks/123/s3cret/messages/456", "PATCH webhooks/{}/{}/messages/{}", "123"},
		{"POST", "interactions/123/s3cret/callback", "POST interactions/{}/{}/callback", ""},
		{"GET", "guilds/123/threads/active", "GET guilds/{}/threads/active", "123"},
		{"GET", "gateway/bot", "GET gateway/bot", ""},
	} {
		if r := routeOf(ask{method: c.method, path: c.path}); r.name != c.name || r.major != c.major {
			t.Errorf("%s %s: %+v", c.method, c.path, r)
		}
	}
}

// The edge says in HTML alone that it shuts the bot out, and at times for how
// long.
func TestEdgeSpeaksHTML(t *testing.T) {
	for header, want := range map[string]time.Duration{"": 10 * time.Minute, "30": 10 * time.Minute, "3600": time.Hour} {
		x := &exchange{status: http.StatusTooManyRequests, body: []byte("<html>error code: 1015</html>")}
		tr := &transport{limits: newLimits(), edge: 10 * time.Minute}
		tr.tooMany(x, http.Header{"Retry-After": {header}}, time.Now())
		if x.wait == nil || x.wait.Wait != want || x.wait.Scope != chat.AccountScope {
			t.Errorf("Retry-After %q: it waits %+v", header, x.wait)
		}
	}
}

// Requests go to the API that is set, in the version in use, and what has no
// limit bears no token: with it, it would have one.
func TestAddresses(t *testing.T) {
	for api, want := range map[string]string{
		"":                             "https://discord.com/api/v10",
		"http://127.0.0.1:3000":        "http://127.0.0.1:3000/api/v10",
		"http://127.0.0.1:3000/api/v9": "http://127.0.0.1:3000/api/v10",
		"https://a.example/d/api/":     "https://a.example/d/api/v10",
	} {
		p, err := Open(t.Context(), Config{Token: someToken, API: api})
		must(t, err)
		seen := &recorder{}
		p.rest.Client.Transport.(*transport).base = seen
		for _, free := range []bool{false, true} {
			must(t, p.call(t.Context(), ask{method: "PUT", path: "channels/1/reactions/%F0%9F%91%8D/@me", free: free, in: nobody}, nil))
			if got := seen.last.URL.String(); got != want+"/channels/1/reactions/%F0%9F%91%8D/@me" || seen.last.Host != seen.last.URL.Host {
				t.Errorf("with %q it asks %s", api, got)
			}
			if token := seen.last.Header.Get("Authorization"); (token == "Bot "+someToken) == free || free && token != "" {
				t.Errorf("free %v: it bears %q", free, token)
			}
		}
	}
}

// recorder answers nothing to all, and keeps the last.
type recorder struct{ last *http.Request }

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	r.last = q
	return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: q}, nil
}
