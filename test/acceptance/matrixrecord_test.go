//go:build unix

package acceptance

import (
	"encoding/json"
	"slices"
	"strings"

	"marginalia/test/matrixuser"
)

// matrixRecord is what can be read in a Matrix room: its events in the order of
// a raw client's live sync, each with what the homeserver tells of it now.
type matrixRecord struct {
	account string // the bot's
	events  []matrixuser.Event
	now     map[string]matrixuser.Event
}

func (r *matrixRecord) posts() []int {
	var seqs []int
	for _, e := range r.events {
		if seq := passageIn(e, r.account); seq > 0 {
			seqs = append(seqs, seq)
		}
	}
	return seqs
}

func (r *matrixRecord) mirrors() map[string][]mirrored {
	all := map[string][]mirrored{}
	passages, edits := map[string]int{}, r.edits()
	for _, e := range r.events {
		passages[e.ID] = passageIn(e, r.account)
	}
	for at, e := range r.events {
		now := r.now[e.ID]
		rel, to := now.Relation()
		token := tokenIn(now.Body())
		if now.Sender != r.account || now.Type != "m.room.message" || rel == "m.replace" || token == "" {
			continue
		}
		m := mirrored{id: e.ID, at: at, passage: passages[to], who: speaker(now.Content), words: now.Body(), rude: rude(now.Content)}
		if relates := object(now.Content, "m.relates_to"); relates["is_falling_back"] != true {
			m.answers, _ = object(relates, "m.in_reply_to")["event_id"].(string)
		}
		if edit, ok := edits[e.ID]; ok {
			m.words = edit.NewBody()
			m.rude += rude(edit.Content) + rude(object(edit.Content, "m.new_content"))
		}
		all[token] = append(all[token], m)
	}
	return all
}

// edits are the newest edits of the bot's that still stand, by what they edit.
func (r *matrixRecord) edits() map[string]matrixuser.Event {
	all := map[string]matrixuser.Event{}
	for _, e := range r.events {
		now := r.now[e.ID]
		if rel, to := now.Relation(); now.Sender == r.account && rel == "m.replace" && now.NewBody() != "" {
			all[to] = now
		}
	}
	return all
}

func (r *matrixRecord) own() []spoken {
	var all []spoken
	for _, e := range r.events {
		now := r.now[e.ID]
		rel, _ := now.Relation()
		if token := tokenIn(now.Body()); token != "" && now.Sender != r.account && rel != "m.replace" {
			all = append(all, spoken{e.ID, token})
		}
	}
	return all
}

func (r *matrixRecord) bot() map[string]string {
	all := map[string]string{}
	for _, e := range r.events {
		if e.Sender == r.account {
			all[e.ID] = written(e)
		}
	}
	return all
}

func (r *matrixRecord) texts() map[string]string {
	all := map[string]string{}
	for id, e := range r.now {
		all["event "+id+" of "+e.Sender] = written(e)
	}
	return all
}

func written(e matrixuser.Event) string {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // it was JSON
	}
	return string(text)
}

func (r *matrixRecord) given(id string) []string {
	var all []string
	for _, e := range r.events {
		now := r.now[e.ID]
		relates := object(now.Content, "m.relates_to")
		if emoji, _ := relates["key"].(string); now.Type == "m.reaction" && now.Sender == r.account && relates["event_id"] == id {
			all = append(all, plainEmoji(emoji))
		}
	}
	slices.Sort(all)
	return all
}

// speaker is who a mirror says has said it, in the field for clients that show
// it and in the words for those that do not.
func speaker(content map[string]any) string {
	name, _ := object(content, "com.beeper.per_message_profile")["displayname"].(string)
	if body, _ := content["body"].(string); !strings.HasPrefix(body, name+": ") {
		return "two names: " + name + " and " + body[:min(len(body), 20)]
	}
	return name
}

// rude says what a mirror's content does that no mirror may.
func rude(content map[string]any) string {
	mentions, ok := content["m.mentions"].(map[string]any)
	switch {
	case !ok || len(mentions) > 0:
		return "it does not say that nobody is mentioned; "
	case content["msgtype"] != "m.text":
		return "it is not a person's text; "
	}
	return ""
}

func object(o map[string]any, key string) map[string]any {
	v, _ := o[key].(map[string]any)
	return v
}

// plainEmoji is an emoji without the mark that asks for its coloured form.
func plainEmoji(e string) string { return strings.ReplaceAll(e, "\ufe0f", "") }

func (r *matrixRecord) clone() record {
	c := &matrixRecord{account: r.account, events: slices.Clone(r.events), now: map[string]matrixuser.Event{}}
	for id, e := range r.now {
		var now matrixuser.Event
		if err := json.Unmarshal([]byte(written(e)), &now); err != nil {
			panic(err) // it was written just now
		}
		c.now[id] = now
	}
	return c
}
