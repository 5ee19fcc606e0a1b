//go:build unix

package matrix

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/test/matrixuser"
)

// events is a room as a sync shows it that begins now, which leaves nothing
// out; oldest first.
func (w *world) events(t testing.TB, room string) []matrixuser.Event {
	t.Helper()
	var answer struct {
		Rooms struct {
			Join map[string]struct {
				Timeline struct{ Events []matrixuser.Event }
			}
		}
	}
	filter, err := json.Marshal(map[string]any{"room": map[string]any{
		"rooms": []string{room}, "timeline": map[string]any{"limit": 5000},
	}})
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{"timeout": {"0"}, "filter": {string(filter)}}
	if err := w.owner.Call(t.Context(), "GET", "/_matrix/client/v3/sync", query, nil, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Rooms.Join[room].Timeline.Events
}

func (w *world) Read(t testing.TB, p chat.Place) []chat.Message {
	t.Helper()
	var all []chat.Message
	events := w.events(t, p.Room.ID)
	for _, e := range events {
		kind, to := e.Relation()
		stands := e.Type == "m.room.message" && e.Unsigned["redacted_because"] == nil && kind != "m.replace"
		thread := ""
		if kind == "m.thread" {
			thread = to
		}
		if !stands || thread != p.Thread {
			continue
		}
		content := e.Content
		for _, edit := range events {
			if kind, on := edit.Relation(); kind == "m.replace" && on == e.ID && edit.Sender == e.Sender {
				content, _ = edit.Content["m.new_content"].(map[string]any)
			}
		}
		m := shown(content)
		m.Ref = chat.Ref{Place: p, ID: e.ID}
		m.ReplyTo = answered(e, p)
		all = append(all, m)
	}
	return all
}

// answered is what an event answers expressly.
func answered(e matrixuser.Event, p chat.Place) chat.Ref {
	r, _ := e.Content["m.relates_to"].(map[string]any)
	to, _ := r["m.in_reply_to"].(map[string]any)
	id, _ := to["event_id"].(string)
	if id == "" || r["is_falling_back"] == true {
		return chat.Ref{}
	}
	return chat.Ref{Place: p, ID: id}
}

// shown is a content as a client shows it that knows profiles of messages.
func shown(content map[string]any) chat.Message {
	var m chat.Message
	body, _ := content["body"].(string)
	if profile, ok := content["com.beeper.per_message_profile"].(map[string]any); ok {
		m.From.ID, _ = profile["id"].(string)
		m.From.Name, _ = profile["displayname"].(string)
		body = strings.TrimPrefix(body, m.From.Name+": ")
	}
	m.Body = format.Plain{}.Parse(body)
	if html, ok := content["formatted_body"].(string); ok {
		m.Body = format.Matrix{}.Parse(html)
	}
	return m
}

func (w *world) Reactions(t testing.TB, ref chat.Ref) []string {
	t.Helper()
	var all []string
	for _, e := range w.events(t, ref.Place.Room.ID) {
		if kind, to := e.Relation(); kind == "m.annotation" && to == ref.ID && e.Unsigned["redacted_because"] == nil {
			r := e.Content["m.relates_to"].(map[string]any)
			all = append(all, strings.ReplaceAll(r["key"].(string), "\ufe0f", ""))
		}
	}
	slices.Sort(all)
	return all
}

// History asks the server for each event that it ever showed, in each way that
// it shows events. An event that says the same in several forms is one text.
func (w *world) History(t testing.TB, r chat.Room) []string {
	t.Helper()
	paged, err := w.owner.Messages(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	seen, texts := map[string]bool{}, []string{}
	add := func(e matrixuser.Event) {
		for _, text := range textsOf(e) {
			if id := e.ID + text; !seen[id] {
				seen[id] = true
				texts = append(texts, text)
			}
		}
	}
	for _, e := range append(w.events(t, r.ID), paged...) {
		add(e)
		if one, err := w.owner.Event(t.Context(), r.ID, e.ID); err == nil {
			add(one)
		}
	}
	return texts
}

// textsOf is the words of an event, and whatever else it says.
func textsOf(e matrixuser.Event) []string {
	words := e.NewBody()
	if words == "" {
		words = e.Body()
	}
	texts := []string{words}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if words == "" || !strings.Contains(v, words) {
				texts = append(texts, v)
			}
		case map[string]any:
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(e.Content)
	walk(e.Unsigned)
	return texts
}
