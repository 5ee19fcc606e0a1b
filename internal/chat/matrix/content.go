package matrix

import (
	"bytes"
	"encoding/json"
	"html"
	"maps"
	"strings"
	"unicode"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

const (
	htmlFormat   = "org.matrix.custom.html"
	profileField = "com.beeper.per_message_profile" // MSC4144

	// bodyLimit is how many bytes of JSON the words may take in all their
	// forms. An event may have 65,536, and an edit holds its words twice.
	bodyLimit = 24_000

	nameLimit = 100 // code points
)

// content is what a message says, without what it relates to. The bot's own
// words are notices, which ring no phone and which other bots ignore; what a
// person said is text. Nobody is mentioned, whatever the words are.
func (p *Platform) content(m chat.Message) map[string]any {
	body := hang(m)
	c := map[string]any{
		"msgtype":        "m.notice",
		"body":           format.Plain{}.Print(body),
		"format":         htmlFormat,
		"formatted_body": p.html.Print(body),
		"m.mentions":     map[string]any{},
	}
	if m.From != (chat.Person{}) {
		c["msgtype"] = "m.text"
		speak(c, m.From)
	}
	return c
}

// speak names the speaker: for clients that show profiles of messages in a
// field of its own, for the others before the words.
func speak(c map[string]any, from chat.Person) {
	name := nameOf(from)
	profile := map[string]any{"id": from.ID, "displayname": name, "has_fallback": true}
	if strings.HasPrefix(from.Avatar, "mxc://") {
		profile["avatar_url"] = from.Avatar
	}
	c[profileField] = profile
	c["body"] = name + ": " + c["body"].(string)
	mark := "<strong data-mx-profile-fallback>" + html.EscapeString(name) + ": </strong>"
	words := c["formatted_body"].(string)
	if inside, ok := strings.CutPrefix(words, "<p>"); ok {
		c["formatted_body"] = "<p>" + mark + inside
		return
	}
	c["formatted_body"] = mark + words
}

// nameOf is a name on one line, of bearable length, that does not turn the
// direction of what follows it.
func nameOf(from chat.Person) string {
	name := from.Name
	if strings.TrimSpace(name) == "" {
		name = from.ID
	}
	name = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, name)
	name = strings.Join(strings.Fields(name), " ")
	return name[:format.Byte(name, nameLimit)]
}

// hang is a message's words with a line for each button that leads somewhere,
// which Matrix cannot hang on a message.
func hang(m chat.Message) format.Doc {
	body := m.Body
	for _, b := range m.Buttons {
		if b.URL != "" {
			body = withLink(body, b.Text, b.URL)
		}
	}
	return body
}

func withLink(body format.Doc, words, address string) format.Doc {
	words = strings.Join(strings.Fields(words), " ")
	if words == "" {
		words = address
	}
	body = body.Add(format.Block{Kind: format.Paragraph}, words)
	last := body.Blocks[len(body.Blocks)-1]
	link := format.Span{Kind: format.Link, Start: last.Start, End: last.End, Attr: address}
	body.Spans = append(body.Spans[:len(body.Spans):len(body.Spans)], link)
	return body
}

// fits reports whether m can be sent in one piece.
func (p *Platform) fits(m chat.Message) bool {
	c := p.content(m)
	return jsonSize(c["body"])+jsonSize(c["formatted_body"]) <= bodyLimit
}

// jsonSize is how many bytes v takes in the form in which servers measure.
func jsonSize(v any) int {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return bodyLimit + 1
	}
	return b.Len()
}

// editOf is the content of an edit of an event to c. Clients that know no
// edits see the words with a star.
func editOf(event string, c map[string]any) map[string]any {
	outer := map[string]any{
		"m.new_content": c,
		"m.relates_to":  map[string]any{"rel_type": "m.replace", "event_id": event},
	}
	maps.Copy(outer, c)
	outer["body"] = "* " + c["body"].(string)
	if words, ok := c["formatted_body"].(string); ok {
		outer["formatted_body"] = "* " + words
	}
	return outer
}

// relates is what a message at a place, answering something or nothing,
// relates to; nil if nothing. newest is the thread's newest message.
func relates(place chat.Place, to chat.Ref, newest string) map[string]any {
	if place.Thread == "" {
		if to.IsZero() {
			return nil
		}
		return map[string]any{"m.in_reply_to": map[string]any{"event_id": to.ID}}
	}
	r := map[string]any{
		"rel_type": "m.thread", "event_id": place.Thread,
		"is_falling_back": to.IsZero(),
	}
	if !to.IsZero() {
		newest = to.ID
	}
	r["m.in_reply_to"] = map[string]any{"event_id": newest}
	return r
}
