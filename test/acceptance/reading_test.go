//go:build unix

package acceptance

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"marginalia/test/matrixuser"
)

// reading is what can be read in the end: the events of both Matrix rooms in
// the order of a raw client's live sync, each with what the homeserver tells
// of it now; the lobby as the page shows it; and what was exported.
type reading struct {
	bot    string
	events [2][]matrixuser.Event
	now    map[string]matrixuser.Event
	lobby  []thread
	files  map[string]string // the page and the exports
	ld     collection
}

// collection is the JSON-LD export, as far as it is looked at.
type collection struct {
	Total int
	First struct{ Items []item }
}

// item is an annotation in it.
type item struct {
	ID         string
	Motivation string
	Modified   string
	Body       *struct{ Value string }
	Creator    *struct{ Name string }
	Target     json.RawMessage
}

// atOnce is how many events are asked for at the same time.
const atOnce = 8

// read asks for all of it, from the beginning.
func (w *world) read() reading {
	w.t.Helper()
	r := reading{bot: w.bot.ID, now: map[string]matrixuser.Event{}, files: map[string]string{}}
	for side, room := range w.rooms {
		if gaps := w.logs[side].Gaps(); gaps > 0 {
			w.t.Fatalf("the live sync of the %s has %d gaps", roomNames[side], gaps)
		}
		r.events[side] = w.logs[side].Room(room)
		w.readAgain(side, r)
	}
	var err error
	r.lobby, err = w.eunji.threads(w.ctx, 1)
	w.must(err)
	page, err := w.eunji.page(w.ctx)
	w.must(err)
	r.files["the page"] = string(page)
	for _, format := range []string{"jsonld", "markdown", "html"} {
		r.files[format] = done(w.t, w.program, w.dir, "export", w.text, "--format", format)
	}
	w.must(json.Unmarshal([]byte(r.files["jsonld"]), &r.ld))
	return r
}

// readAgain asks the homeserver what each event of a room says now.
func (w *world) readAgain(side int, r reading) {
	w.t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for _, e := range r.events[side] {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			now, err := w.people[side][1].Event(w.ctx, w.rooms[side], e.ID)
			if err != nil {
				w.t.Errorf("read %s: %v", e.ID, err)
			}
			mu.Lock()
			defer mu.Unlock()
			r.now[e.ID] = now
		})
	}
	all.Wait()
}

// mirrored is what a room shows of something that was said elsewhere.
type mirrored struct {
	id      string // the event, or in the lobby the annotation
	at      int    // its place in the room's order
	passage int
	answers string // an event, or in the lobby a name
	who     string
	words   string // the newest
	rude    string // what a mirror should not do
}

// mirrors are what a room shows of what was said elsewhere, by its token.
func (r reading) mirrors(room int) map[string][]mirrored {
	if room == lobby {
		return r.inLobby()
	}
	all := map[string][]mirrored{}
	passages, edits := r.passages(room), r.edits(room)
	for at, e := range r.events[room] {
		now := r.now[e.ID]
		rel, to := now.Relation()
		token := tokenIn(now.Body())
		if now.Sender != r.bot || now.Type != "m.room.message" || rel == "m.replace" || token == "" {
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

// passages are the numbers of those that stand in a Matrix room, by their events.
func (r reading) passages(room int) map[string]int {
	all := map[string]int{}
	for _, e := range r.events[room] {
		if seq := r.isPassage(e); seq > 0 {
			all[e.ID] = seq
		}
	}
	return all
}

// isPassage returns the number of the passage that an event shows, or 0.
func (r reading) isPassage(e matrixuser.Event) int {
	rel, _ := e.Relation()
	m := footer.FindStringSubmatch(e.Body())
	if e.Sender != r.bot || e.Type != "m.room.message" || rel != "" || m == nil {
		return 0
	}
	seq, _ := strconv.Atoi(m[1])
	return seq
}

// edits are the newest edits of the bot's that still stand, by what they edit.
func (r reading) edits(room int) map[string]matrixuser.Event {
	all := map[string]matrixuser.Event{}
	for _, e := range r.events[room] {
		now := r.now[e.ID]
		if rel, to := now.Relation(); now.Sender == r.bot && rel == "m.replace" && now.NewBody() != "" {
			all[to] = now
		}
	}
	return all
}

func (r reading) inLobby() map[string][]mirrored {
	all := map[string][]mirrored{}
	at := 0
	for _, th := range r.lobby {
		for _, m := range th.messages {
			at++
			if token := tokenIn(m.words); token != "" && m.mirrored {
				all[token] = append(all[token], mirrored{id: m.annotation, at: at, passage: th.seq, answers: strings.TrimPrefix(m.to, "to "), who: m.who, words: m.words})
			}
		}
	}
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

var tokens = regexp.MustCompile(`tk\d{4}x`)

func tokenIn(words string) string { return tokens.FindString(words) }

// clone is a copy of r that can be spoilt.
func (r reading) clone() reading {
	c := r
	c.now, c.files = map[string]matrixuser.Event{}, map[string]string{}
	for id, e := range r.now {
		text, _ := json.Marshal(e)
		var now matrixuser.Event
		_ = json.Unmarshal(text, &now)
		c.now[id] = now
	}
	for side := range r.events {
		c.events[side] = append([]matrixuser.Event(nil), r.events[side]...)
	}
	for name, text := range r.files {
		c.files[name] = text
	}
	c.lobby = append([]thread(nil), r.lobby...)
	for i := range c.lobby {
		c.lobby[i].messages = append([]message(nil), c.lobby[i].messages...)
	}
	c.ld.First.Items = append([]item(nil), r.ld.First.Items...)
	return c
}
