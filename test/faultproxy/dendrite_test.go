//go:build unix

package faultproxy_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"marginalia/test/dendrite"
	"marginalia/test/faultproxy"
)

// An answer that was lost, at a real homeserver: the message is in the room,
// and asking again with the same transaction ID gets its ID.
func TestALostAnswerAtDendrite(t *testing.T) {
	s := dendrite.Start(t)
	p := faultproxy.New(s.URL(), 1)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	token := s.Register(t, "alice").AccessToken
	room := field(t, ask(t, p, token, "POST", "createRoom", "{}"), "room_id")

	path := "rooms/" + room + "/send/m.room.message/1"
	p.Set(faultproxy.Rule{Kind: faultproxy.DropAfter, Match: faultproxy.Sends, Count: 1})
	if a := ask(t, p, token, "PUT", path, `{"msgtype":"m.text","body":"lost words"}`); a != "" {
		t.Fatalf("the answer was not lost: %s", a)
	}
	id := field(t, ask(t, p, token, "PUT", path, `{"msgtype":"m.text","body":"lost words"}`), "event_id")
	sync := ask(t, p, token, "GET", "sync?timeout=30000", "")
	if n := strings.Count(sync, "lost words"); n != 1 || !strings.Contains(sync, id) {
		t.Errorf("%d messages, want 1 with ID %s: %s", n, id, sync)
	}
}

// ask makes a request and returns the answer, or nothing if it was cut.
func ask(t *testing.T, p *faultproxy.Proxy, token, method, path, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.URL()+"/_matrix/client/v3/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s %s %v", method, path, resp.Status, text, err)
	}
	return string(text)
}

func field(t *testing.T, text, name string) string {
	t.Helper()
	var object map[string]string
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	return object[name]
}
