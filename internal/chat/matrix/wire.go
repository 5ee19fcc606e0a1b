package matrix

import (
	"encoding/json"
	"time"
)

// wire is an event as the server sends it.
type wire struct {
	ID       string  `json:"event_id"`
	Type     string  `json:"type"`
	Sender   string  `json:"sender"`
	At       int64   `json:"origin_server_ts"` // ms
	StateKey *string `json:"state_key"`
	Redacts  string  `json:"redacts"`
	Content  object  `json:"content"`
	Unsigned object  `json:"unsigned"`

	raw json.RawMessage
}

// read decodes events, and leaves out those that are no events.
func read(all []json.RawMessage) []wire {
	var events []wire
	for _, raw := range all {
		e := wire{raw: raw}
		if json.Unmarshal(raw, &e) == nil && e.ID != "" && e.Sender != "" {
			events = append(events, e)
		}
	}
	return events
}

func (e wire) isState(kind string) bool { return e.StateKey != nil && e.Type == kind }

// redacted reports whether the event's words were taken away.
func (e wire) redacted() bool { return e.Unsigned["redacted_because"] != nil }

func (e wire) time() time.Time { return time.UnixMilli(e.At).UTC() }

// relation is what the event relates to, and how ("" = it may still answer
// something).
func (e wire) relation() (kind, event string) {
	r := e.Content.object("m.relates_to")
	return r.text("rel_type"), r.text("event_id")
}

// answers is the event that this one answers expressly. In a thread every
// message names the one before it, for clients that know no threads; that is
// no answer.
func (e wire) answers() string {
	r := e.Content.object("m.relates_to")
	if falling, _ := r["is_falling_back"].(bool); falling && r.text("rel_type") == "m.thread" {
		return ""
	}
	return r.object("m.in_reply_to").text("event_id")
}

// redaction is what a redaction redacts.
func (e wire) redaction() string {
	if r := e.Content.text("redacts"); r != "" {
		return r
	}
	return e.Redacts
}

// object is a JSON object that may hold anything.
type object map[string]any

// text is a string in o, "" if there is none of that name.
func (o object) text(key string) string {
	s, _ := o[key].(string)
	return s
}

// number is a whole number in o; some servers write power levels as strings.
func (o object) number(key string) (int64, bool) {
	switch v := o[key].(type) {
	case float64:
		return int64(v), true
	case string:
		var n int64
		err := json.Unmarshal([]byte(v), &n)
		return n, err == nil
	}
	return 0, false
}

// object is an object in o, which may be read even if there is none.
func (o object) object(key string) object {
	m, _ := o[key].(map[string]any)
	return m
}
