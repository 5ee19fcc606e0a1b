package discord

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/test/require"
)

var payloads = flag.Int("payloads", 30_000, "how many payloads of a gateway the bot is sent in TestPayloads")

const (
	someToken   = "MTIzNDU2Nzg5MDEyMzQ1Njc4.s3cret.t0ken"
	someUser    = "123456789012345678"
	someRoom    = "200000000000000001"
	someThread  = "200000000000000002"
	someMessage = "200000000000000003"
)

// hostile is a Discord that says anything.
type hostile struct {
	t       testing.TB
	send    chan []byte // text frames, in their order
	mu      sync.Mutex
	written []string // bodies of requests
}

func (h *hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/api/v10")
	switch {
	case path == "/gateway/bot":
		fmt.Fprintf(w, `{"url":"ws://%s/","session_start_limit":{"remaining":9,"reset_after":1}}`, r.Host)
	case path == "/applications/@me":
		fmt.Fprintf(w, `{"id":%q,"bot":{"id":%q}}`, someUser, someUser)
	case strings.HasSuffix(path, "/channels"):
		fmt.Fprintf(w, `[{"id":%q,"type":0,"guild_id":"9"}]`, someRoom)
	case strings.Contains(path, "/threads/"):
		fmt.Fprintf(w, `{"threads":[{"id":%q,"type":11,"parent_id":%q,"guild_id":"9"}]}`, someThread, someRoom)
	case path == "/channels/"+someRoom:
		fmt.Fprintf(w, `{"id":%q,"type":0,"guild_id":"9","permission_overwrites":[]}`, someRoom)
	case path == "/guilds/9":
		fmt.Fprint(w, `{"id":"9","owner_id":"1","roles":[{"id":"9","permissions":"66560"}]}`)
	case path == "/guilds/9/members/"+someUser:
		fmt.Fprint(w, `{"roles":[]}`)
	case r.Method == "GET" && strings.HasSuffix(path, "/messages"):
		fmt.Fprint(w, `[]`)
	case r.URL.Path == "/":
		h.gateway(w, r)
	case r.Method == "GET":
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"code":10003,"message":"Unknown Channel"}`)
	default:
		var body json.RawMessage
		_ = json.NewDecoder(r.Body).Decode(&body)
		h.mu.Lock()
		h.written = append(h.written, r.URL.Path+" "+string(body))
		h.mu.Unlock()
		fmt.Fprintf(w, `{"id":%q,"channel_id":%q}`, someMessage, someRoom)
	}
}

func (h *hostile) gateway(w http.ResponseWriter, r *http.Request) {
	ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	gone := make(chan bool)
	go func() {
		defer close(gone)
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
		}
	}()
	for {
		select {
		case b := <-h.send:
			kind := websocket.TextMessage
			if len(b) > 0 && b[0] == 0 {
				kind, b = websocket.BinaryMessage, b[1:]
			}
			if ws.WriteMessage(kind, b) != nil {
				return
			}
		case <-gone:
			return
		}
	}
}

// templates are well-formed events.
var templates = []string{
	`{"op":0,"s":7,"t":"MESSAGE_CREATE","d":{"id":"200000000000000009","channel_id":"` + someRoom + `","guild_id":"9","type":0,"content":"Hello <@` + someUser + `> @everyone","timestamp":"2026-01-01T00:00:00+00:00","edited_timestamp":null,"author":{"id":"55555555555555555","username":"ada","global_name":"Ada","avatar":"a"},"member":{"nick":"@here","roles":["1"]},"mentions":[{"id":"` + someUser + `","username":"everyone","member":{"nick":"x"}}],"attachments":[{"id":"1","filename":"a","size":1,"url":"https://a.example"}],"sticker_items":[{"id":"1","name":"s","format_type":1}],"message_reference":{"type":0,"message_id":"` + someMessage + `","channel_id":"` + someRoom + `"},"components":[{"type":99}],"poll":{"question":{"text":"?"}},"message_snapshots":[{"message":{"content":"x"}}],"nonce":"abc","reactions":[{"count":1,"me":false,"emoji":{"id":null,"name":"👍"}}]}}`,
	`{"op":0,"s":8,"t":"MESSAGE_UPDATE","d":{"id":"200000000000000009","channel_id":"` + someThread + `","type":19,"content":"||@here||","timestamp":"2026-01-01T00:00:00+00:00","edited_timestamp":"2026-01-01T00:00:01+00:00","author":{"id":"55555555555555555","username":"ada"}}}`,
	`{"op":0,"s":9,"t":"MESSAGE_DELETE","d":{"id":"200000000000000009","channel_id":"` + someRoom + `","guild_id":"9"}}`,
	`{"op":0,"s":9,"t":"MESSAGE_DELETE_BULK","d":{"ids":["200000000000000009"],"channel_id":"` + someRoom + `","guild_id":"9"}}`,
	`{"op":0,"s":10,"t":"MESSAGE_REACTION_ADD","d":{"user_id":"55555555555555555","message_id":"` + someMessage + `","channel_id":"` + someRoom + `","guild_id":"9","emoji":{"id":null,"name":"👍"},"member":{"nick":"a","user":{"id":"55555555555555555","username":"ada"}},"burst":false,"type":0}}`,
	`{"op":0,"s":10,"t":"MESSAGE_REACTION_REMOVE","d":{"user_id":"55555555555555555","message_id":"` + someMessage + `","channel_id":"` + someRoom + `","emoji":{"id":"77","name":"x"}}}`,
	`{"op":0,"s":10,"t":"MESSAGE_REACTION_REMOVE_ALL","d":{"message_id":"` + someMessage + `","channel_id":"` + someRoom + `"}}`,
	`{"op":0,"s":11,"t":"THREAD_CREATE","d":{"id":"` + someThread + `","type":11,"parent_id":"` + someRoom + `","guild_id":"9","name":"t","thread_metadata":{"archived":false,"locked":false,"archive_timestamp":"2026-01-01T00:00:00+00:00"}}}`,
	`{"op":0,"s":11,"t":"CHANNEL_UPDATE","d":{"id":"` + someRoom + `","type":0,"guild_id":"9","permission_overwrites":[{"id":"9","type":0,"allow":"0","deny":"1024"}]}}`,
	`{"op":0,"s":12,"t":"GUILD_CREATE","d":{"id":"9","channels":[{"id":"` + someRoom + `","type":0}],"threads":[null],"members":[null],"roles":[]}}`,
	`{"op":0,"s":12,"t":"GUILD_UPDATE","d":{"id":"9"}}`,
	`{"op":0,"s":12,"t":"VOICE_STATE_UPDATE","d":null}`,
	`{"op":0,"s":13,"t":"INTERACTION_CREATE","d":{"id":"200000000000000010","type":2,"token":"tok","guild_id":"9","channel_id":"` + someRoom + `","member":{"nick":"n","permissions":"32","user":{"id":"55555555555555555","username":"ada"}},"data":{"name":"essay","type":1,"options":[{"name":"find","type":1,"options":[{"name":"words","type":3,"value":"x","focused":true}]}]}}}`,
	`{"op":0,"s":13,"t":"INTERACTION_CREATE","d":{"id":"200000000000000011","type":3,"token":"tok","guild_id":"9","channel_id":"` + someRoom + `","member":{"nick":"n","permissions":"32","user":{"id":"55555555555555555","username":"ada"}},"message":{"id":"` + someMessage + `"},"data":{"component_type":2,"custom_id":"passage step=\"next\""}}}`,
	`{"op":0,"s":13,"t":"INTERACTION_CREATE","d":{"id":"200000000000000012","type":5,"token":"tok","guild_id":"9","channel_id":"` + someRoom + `","member":{"nick":"n","permissions":"32","user":{"id":"55555555555555555","username":"ada"}},"data":{"custom_id":"` + someMessage + ` note","components":[{"type":18,"id":1,"component":{"type":4,"id":2,"custom_id":"remark","value":"so"}},{"type":1,"components":[{"type":4,"custom_id":"words","value":""}]}]}}}`,
	`{"op":1,"d":null}`, `{"op":11,"d":null}`, `{"op":10,"d":{"heartbeat_interval":0}}`, `{"op":99}`, `null`, `[]`, `{`, ``, `0`, `"x"`,
	"\x00" + `x`, "\x00",
}

// broken changes something in a payload.
func broken(chance *rand.Rand, src string) []byte {
	var v any
	if chance.IntN(4) == 0 || json.Unmarshal([]byte(src), &v) != nil {
		return []byte(src)
	}
	for range 1 + chance.IntN(3) {
		v = spoiled(chance, v, 0)
	}
	out, err := json.Marshal(v)
	if err != nil {
		return []byte(src)
	}
	return out
}

// odd are values where others are expected.
var odd = []any{nil, "", "x", "-1", "0", float64(-1), 1e300, true, []any{}, []any{nil}, map[string]any{}, map[string]any{"id": nil},
	"18446744073709551616", strings.Repeat("9", 400), someToken, "@everyone <@" + someUser + ">", "\u0000", "99999999999999999", someRoom, someThread, someUser}

// spoiled replaces, leaves out or adds a value somewhere inside v; what says
// how to end the connection stays as it is.
func spoiled(chance *rand.Rand, v any, depth int) any {
	if depth > 0 && chance.IntN(6) == 0 {
		return odd[chance.IntN(len(odd))]
	}
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			if key == "op" || key == "t" && depth == 0 || chance.IntN(3) > 0 {
				continue
			}
			if chance.IntN(5) == 0 {
				delete(v, key)
			} else {
				v[key] = spoiled(chance, v[key], depth+1)
			}
			return v
		}
	case []any:
		if len(v) > 0 {
			v[0] = spoiled(chance, v[0], depth+1)
		}
	default:
		return odd[chance.IntN(len(odd))]
	}
	return v
}

// TestPayloads sends the bot, through discordgo, what no Discord would send: it
// neither breaks nor pings nor tells a secret, and goes on hearing.
func TestPayloads(t *testing.T) {
	require.Long(t)
	h := &hostile{t: t, send: make(chan []byte)}
	server := httptest.NewServer(h)
	defer server.Close()
	var out logs
	p, err := Open(t.Context(), Config{Token: someToken, Channels: []string{someRoom}, API: server.URL, Log: out.logger()})
	must(t, err)
	defer p.Close()
	p.limits.rate = 1e6 // many of them have it ask anew what it may see
	e := listenTo(t, p, fromNow(room(someRoom)))
	chance := rand.New(rand.NewPCG(1, 2))
	say := func(b []byte) {
		select {
		case h.send <- b:
		case <-time.After(patience):
			t.Fatalf("the bot does not listen any more; last was %.200s; it logged:\n%s", b, cutTo(out.String(), 3000))
		}
	}
	say([]byte(`{"op":10,"d":{"heartbeat_interval":41250}}`))
	say([]byte(`{"op":0,"s":1,"t":"READY","d":{"user":{"id":"` + someUser + `"},"session_id":"s","resume_gateway_url":"ws://x","guilds":[{"id":"9"}]}}`))
	e.wait("the first batch", func() bool { return e.told > 0 })
	fence := func(i int) {
		id := idOf(300000000000000000 + uint64(i))
		say(fmt.Appendf(nil, `{"op":0,"s":%d,"t":"MESSAGE_CREATE","d":{"id":%q,"channel_id":%q,"type":0,"content":"fence","timestamp":"2026-01-01T00:00:00+00:00","author":{"id":"66666666666666666","username":"bob"},"member":{}}}`, i+100, id, someRoom))
		e.said(id)
		for _, o := range e.drained() {
			noHarm(t, p, o)
		}
	}
	for i := range *payloads {
		say(broken(chance, templates[chance.IntN(len(templates))]))
		if i%500 == 499 {
			say([]byte(templates[8])) // whatever it was told of the channel: it is one
			say([]byte(templates[7]))
			fence(i)
		}
	}
	e.stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, body := range append(h.written, out.String()) {
		if strings.Contains(body, someToken) && !strings.Contains(body, "/interactions/") {
			t.Errorf("the token is told: %.300s", body)
		}
	}
}

// drained returns what was heard, and forgets it.
func (e *ear) drained() []chat.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.events
	e.events = nil
	return all
}

// noHarm checks an event as the relay would take it: its words can be said
// again, and ring nobody's phone.
func noHarm(t *testing.T, p *Platform, o chat.Event) {
	t.Helper()
	if err := o.Message.Body.Check(); err != nil {
		t.Errorf("%s: %v", o.Raw, err)
	}
	if o.Kind != chat.Echoed && o.Message.Ref.Place.Room != room(someRoom) {
		t.Errorf("it is reported from %v: %s", o.Message.Ref.Place, o.Raw)
	}
	printed := p.printed(chat.Message{Body: o.Message.Body, From: o.Message.From}, false)
	plain := format.Discord{}.Parse(printed)
	if strings.Contains(printed, "@everyone") || strings.Contains(printed, "@here") {
		t.Errorf("it pings: %q (%q)", printed, plain.Text)
	}
	if name, _ := persona(o.Message.From.Name); o.Message.From.Name != "" && (name == "" || len([]rune(name)) > longestName) {
		t.Errorf("it would be said by %q", name)
	}
}

// FuzzTap: whatever comes from the network, discordgo sees frames of JSON
// objects, or the end.
func FuzzTap(f *testing.F) {
	for _, s := range templates {
		f.Add([]byte("HTTP/1.1 101 Switching Protocols\r\n\r\n" + string(frameOf(0x1, []byte(s)))))
	}
	f.Add([]byte("HTTP/1.1 101 S\r\n\r\n\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("HTTP/1.1 404 Not Found\r\n\r\nnothing"))
	f.Fuzz(func(t *testing.T, src []byte) {
		tap := newTap(&tape{in: src}, func() {})
		buf := make([]byte, 64)
		for range 10_000 {
			if _, err := tap.Read(buf); err != nil {
				return
			}
		}
		t.Error("it never ends")
	})
}
