// Package matrixuser is an ordinary person's Matrix client for tests: plain
// net/http against the client-server API, sharing no code with the bot. What
// it reads is taken as the truth about a homeserver.
package matrixuser

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// Event is a room event as the server tells it.
type Event struct {
	ID       string         `json:"event_id"`
	Room     string         `json:"room_id"`
	Type     string         `json:"type"`
	Sender   string         `json:"sender"`
	At       int64          `json:"origin_server_ts"`
	Content  map[string]any `json:"content"`
	Redacts  string         `json:"redacts"`
	StateKey *string        `json:"state_key"`
	Unsigned map[string]any `json:"unsigned"`
	Untold   bool           `json:"-"` // a live sync has not shown it: its place in a Log says nothing
}

// Body is the event's plain words.
func (e Event) Body() string {
	s, _ := e.Content["body"].(string)
	return s
}

// Relation is the event's m.relates_to: its kind and what it relates to.
func (e Event) Relation() (kind, to string) {
	r, _ := e.Content["m.relates_to"].(map[string]any)
	kind, _ = r["rel_type"].(string)
	to, _ = r["event_id"].(string)
	return kind, to
}

// NewBody is the plain words that an edit brings.
func (e Event) NewBody() string {
	c, _ := e.Content["m.new_content"].(map[string]any)
	s, _ := c["body"].(string)
	return s
}

// Redaction returns what the event redacts, or "".
func (e Event) Redaction() string {
	if e.Type != "m.room.redaction" {
		return ""
	}
	if s, _ := e.Content["redacts"].(string); s != "" {
		return s
	}
	return e.Redacts
}

// User is a person with a token.
type User struct {
	Base, ID, Token string
	HTTP            *http.Client
	txn             atomic.Int64
}

// New makes a user of the homeserver at base.
func New(base, id, token string) *User {
	return &User{Base: base, ID: id, Token: token, HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
}

// Error is a refusal by the homeserver.
type Error struct {
	Status int
	Code   string `json:"errcode"`
	Text   string `json:"error"`
	Retry  int64  `json:"retry_after_ms"`
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Text) }

// Call makes one request and decodes its answer into out.
func (u *User) Call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	address := u.Base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+u.Token)
	resp, err := u.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		refusal := &Error{Status: resp.StatusCode}
		_ = json.Unmarshal(b, refusal)
		return refusal
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(b, out)
}

// CreateRoom makes a room that the invited people may join.
func (u *User) CreateRoom(ctx context.Context, name string, invite ...string) (string, error) {
	var out struct {
		Room string `json:"room_id"`
	}
	err := u.Call(ctx, "POST", "/_matrix/client/v3/createRoom", nil, map[string]any{
		"name": name, "preset": "private_chat", "invite": invite,
	}, &out)
	return out.Room, err
}

// Join enters a room.
func (u *User) Join(ctx context.Context, room string) error {
	return u.Call(ctx, "POST", "/_matrix/client/v3/join/"+url.PathEscape(room), nil, map[string]any{}, nil)
}

// SetPower gives someone a power level in a room.
func (u *User) SetPower(ctx context.Context, room, who string, level int) error {
	path := "/_matrix/client/v3/rooms/" + url.PathEscape(room) + "/state/m.room.power_levels/"
	var levels map[string]any
	if err := u.Call(ctx, "GET", path, nil, nil, &levels); err != nil {
		return err
	}
	users, _ := levels["users"].(map[string]any)
	if users == nil {
		users = map[string]any{}
	}
	users[who] = level
	levels["users"] = users
	return u.Call(ctx, "PUT", path, nil, levels, nil)
}

// Send sends a room event and returns its id. It asks once.
func (u *User) Send(ctx context.Context, room, kind string, content map[string]any) (string, error) {
	var out struct {
		ID string `json:"event_id"`
	}
	txn := fmt.Sprintf("u%d-%d", time.Now().UnixNano(), u.txn.Add(1))
	err := u.Call(ctx, "PUT", "/_matrix/client/v3/rooms/"+url.PathEscape(room)+"/send/"+kind+"/"+txn, nil, content, &out)
	return out.ID, err
}

// Text is the content of a message; root "" is the main timeline.
func Text(words, root string) map[string]any {
	c := map[string]any{"msgtype": "m.text", "body": words}
	if root != "" {
		c["m.relates_to"] = map[string]any{"rel_type": "m.thread", "event_id": root, "is_falling_back": true,
			"m.in_reply_to": map[string]any{"event_id": root}}
	}
	return c
}

// EditOf is the content of an edit.
func EditOf(event, words string) map[string]any {
	return map[string]any{"msgtype": "m.text", "body": "* " + words,
		"m.new_content": map[string]any{"msgtype": "m.text", "body": words},
		"m.relates_to":  map[string]any{"rel_type": "m.replace", "event_id": event}}
}

// Redact deletes an event.
func (u *User) Redact(ctx context.Context, room, event string) error {
	txn := fmt.Sprintf("r%d-%d", time.Now().UnixNano(), u.txn.Add(1))
	return u.Call(ctx, "PUT", "/_matrix/client/v3/rooms/"+url.PathEscape(room)+"/redact/"+url.PathEscape(event)+"/"+txn, nil, map[string]any{}, nil)
}

// Event reads one event as the server has it now.
func (u *User) Event(ctx context.Context, room, id string) (Event, error) {
	var e Event
	err := u.Call(ctx, "GET", "/_matrix/client/v3/rooms/"+url.PathEscape(room)+"/event/"+url.PathEscape(id), nil, nil, &e)
	return e, err
}

// Messages reads a room's whole history, oldest first. Under parallel sends
// Dendrite leaves some out; a Log that ran all along does not.
func (u *User) Messages(ctx context.Context, room string) ([]Event, error) {
	var all []Event
	from := ""
	for {
		// Each page has Dendrite sort all that was said before it, and a plain limit
		// is 100 at most.
		q := url.Values{"dir": {"b"}, "filter": {`{"limit":5000}`}}
		if from != "" {
			q.Set("from", from)
		}
		var page struct {
			Chunk []Event `json:"chunk"`
			End   string  `json:"end"`
		}
		if err := u.Call(ctx, "GET", "/_matrix/client/v3/rooms/"+url.PathEscape(room)+"/messages", q, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Chunk...)
		if page.End == "" || page.End == from || len(page.Chunk) == 0 {
			break
		}
		from = page.End
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all, nil
}

// Relations reads what relates to an event, oldest first; kind "" is any.
func (u *User) Relations(ctx context.Context, room, event, kind string) ([]Event, error) {
	path := "/_matrix/client/v1/rooms/" + url.PathEscape(room) + "/relations/" + url.PathEscape(event)
	if kind != "" {
		path += "/" + kind
	}
	var all []Event
	from := ""
	for {
		q := url.Values{"dir": {"f"}, "limit": {"100"}}
		if from != "" {
			q.Set("from", from)
		}
		var page struct {
			Chunk []Event `json:"chunk"`
			Next  string  `json:"next_batch"`
		}
		if err := u.Call(ctx, "GET", path, q, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Chunk...)
		if page.Next == "" || len(page.Chunk) == 0 {
			return all, nil
		}
		from = page.Next
	}
}
