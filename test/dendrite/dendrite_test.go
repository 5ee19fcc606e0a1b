//go:build unix

package dendrite_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"marginalia/test/dendrite"
	"marginalia/test/require"
	"marginalia/test/wait"
)

// user is a raw Matrix client.
type user struct {
	dendrite.Account
	t   *testing.T
	url string
}

// object is a JSON object.
type object = map[string]any

func (u user) call(method, path string, in, out any) {
	u.t.Helper()
	if err := u.try(method, path, in, out); err != nil {
		u.t.Fatal(err)
	}
}

func (u user) try(method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(u.t.Context(), method, u.url+"/_matrix/client/v3"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+u.AccessToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s %s %w", method, path, resp.Status, answer, err)
	}
	return json.Unmarshal(answer, out)
}

// room makes a room with a guest in it.
func (u user) room(guest user) string {
	u.t.Helper()
	var room struct {
		ID string `json:"room_id"`
	}
	u.call("POST", "/createRoom", object{"preset": "private_chat", "invite": []string{guest.UserID}}, &room)
	guest.call("POST", "/join/"+url.PathEscape(room.ID), object{}, new(object))
	return room.ID
}

// send says text and returns the event's ID.
func (u user) send(room, text string) string {
	u.t.Helper()
	var sent struct {
		ID string `json:"event_id"`
	}
	path := "/rooms/" + url.PathEscape(room) + "/send/m.room.message/" + url.PathEscape(text)
	u.call("PUT", path, object{"msgtype": "m.text", "body": text}, &sent)
	return sent.ID
}

// read returns the texts of a room, the newest first.
func (u user) read(room string) []string {
	u.t.Helper()
	var page struct {
		Chunk []struct {
			Type    string
			Content struct{ Body string }
		}
	}
	u.call("GET", "/rooms/"+url.PathEscape(room)+"/messages?dir=b&limit=500", nil, &page)
	var texts []string
	for _, e := range page.Chunk {
		if e.Type == "m.room.message" {
			texts = append(texts, e.Content.Body)
		}
	}
	return texts
}

func register(t *testing.T, s *dendrite.Server, name string) user {
	t.Helper()
	return user{Account: s.Register(t, name), t: t, url: s.URL()}
}

func TestAMessageSurvivesARestart(t *testing.T) {
	s := dendrite.Start(t)
	alice, bob := register(t, s, "alice"), register(t, s, "bob")
	if want := "@alice:" + s.Name(); alice.UserID != want {
		t.Errorf("user ID %s, want %s", alice.UserID, want)
	}
	room := alice.room(bob)
	alice.send(room, "call me Ishmael")
	wait.Until(t, 10*time.Second, "bob reads it", func() bool { return len(bob.read(room)) == 1 })
	restart(t, s, s.Stop)
	if got := bob.read(room); len(got) != 1 || got[0] != "call me Ishmael" {
		t.Errorf("after the restart bob reads %q", got)
	}
	again := user{Account: s.Login(t, alice.Account), t: t, url: s.URL()}
	if again.DeviceID == alice.DeviceID || again.AccessToken == alice.AccessToken {
		t.Error("the new session is the old one")
	}
	again.send(room, "some years ago")
}

// restart ends the server in one of two ways, sees that it is gone and starts
// it again.
func restart(t *testing.T, s *dendrite.Server, end func() error) {
	t.Helper()
	url := s.URL()
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if resp, err := http.Get(url + "/_matrix/client/versions"); err == nil {
		resp.Body.Close()
		t.Fatal("the server still answers")
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.URL() != url {
		t.Fatalf("the server moved from %s to %s", url, s.URL())
	}
}

func TestQueueOnDiskSurvivesAKill(t *testing.T) {
	s := dendrite.StartWith(t, dendrite.Options{JetStreamOnDisk: true})
	alice, bob := register(t, s, "alice"), register(t, s, "bob")
	room := alice.room(bob)
	const messages = 50
	for i := range messages {
		alice.send(room, strconv.Itoa(i))
	}
	restart(t, s, s.Kill)
	wait.Until(t, 10*time.Second, "all messages are read", func() bool { return len(bob.read(room)) == messages })
}

func TestTwoServersAtOnce(t *testing.T) {
	a, b := dendrite.Start(t), dendrite.StartWith(t, dendrite.Options{Name: "other.test"})
	if a.URL() == b.URL() || a.Name() == b.Name() {
		t.Fatalf("%s %s is %s %s", a.Name(), a.URL(), b.Name(), b.URL())
	}
	a.Register(t, "carol")
	b.Register(t, "carol")
}

func TestAServerThatCannotStartSaysWhy(t *testing.T) {
	require.Long(t)
	dendrite.Start(t) // skips where there is none
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := dendrite.New(ctx, t.TempDir(), dendrite.Options{AppServices: []string{"/no/such/file.yaml"}})
	if err == nil {
		s.Close()
		t.Fatal("it started with a registration that does not exist")
	}
	if !strings.Contains(err.Error(), "/no/such/file.yaml") {
		t.Errorf("the error does not hold the log: %v", err)
	}
}
