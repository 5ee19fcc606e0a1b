package discord

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// longestName is how long the name of a webhook's message may be.
const longestName = 80

// anyone is who speaks if Discord refuses a name.
const anyone = "Someone elsewhere"

// printed is a message's text as it is sent. What a webhook says begins with
// what its name cannot hold (named: all of it, since Discord refuses the name),
// and with the address of what it answers: webhooks cannot answer.
func (p *Platform) printed(m chat.Message, named bool) string {
	return p.header(m, named) + p.words.Print(m.Body)
}

// headerMark begins each line of a header: small print, which no words begin
// with as they are printed.
const headerMark = "-# "

// longestLine is how many code points of a name a header has room for.
const longestLine = 200

func (p *Platform) header(m chat.Message, named bool) string {
	if m.From.Name == "" {
		return ""
	}
	shown, line := persona(m.From.Name)
	if named && shown != anyone {
		line = strings.Join(strings.Fields(m.From.Name), " ")
	}
	head := ""
	if line != "" {
		head += headerMark + p.words.Print(format.Text(cutTo(line, longestLine))) + "\n"
	}
	if !m.ReplyTo.IsZero() {
		if link := p.link(m.ReplyTo); link != "" {
			head += headerMark + "↪ " + link + "\n"
		}
	}
	return head
}

// longestLink is how long the line with an address can be.
const longestLink = len(headerMark+"↪ https://discord.com/channels/\n") + 3*20 + 2

// fits reports whether a message can be sent in one piece, whatever Discord
// thinks of the name: it counts code points, some clients UTF-16 units.
func (p *Platform) fits(m chat.Message) bool {
	room := limit
	if !m.ReplyTo.IsZero() {
		room -= longestLink // whether it is known by now, or not
		m.ReplyTo = chat.Ref{}
	}
	for _, named := range []bool{false, true} {
		text := p.printed(m, named)
		if utf8.RuneCountInString(text) > room || len(utf16.Encode([]rune(text))) > room {
			return false
		}
	}
	return true
}

// persona is the name that a webhook bears for someone, and what of the name it
// has no room for.
func persona(name string) (shown, rest string) {
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != 0x200d
	}), " ")
	name = forbidden.ReplaceAllStringFunc(name, func(s string) string {
		r := []rune(s)
		return string(r[:3]) + "·" + string(r[3:])
	})
	if strings.EqualFold(name, "here") || strings.EqualFold(name, "everyone") {
		name += "·"
	}
	if name == "" {
		return anyone, ""
	}
	units := 0
	for i, r := range name {
		if units += utf16.RuneLen(r); units > longestName-1 && utf8.RuneCountInString(name) > longestName-1 {
			return strings.TrimSpace(name[:i]) + "…", strings.TrimSpace(name[i:])
		}
	}
	return name, ""
}

// forbidden are the words that Discord takes for its own.
var forbidden = regexp.MustCompile(`(?i)discord|clyde`)

// sayAs says something by a webhook, under someone's name. In a forum a thread
// begins with it, which has a name.
func (p *Platform) sayAs(ctx context.Context, m chat.Message, s saying, f *enclosed, name string) (made message, err error) {
	room := m.Ref.Place.Room.ID
	s.Username, _ = persona(m.From.Name)
	if a := m.From.Avatar; strings.HasPrefix(a, "https://") && len(a) <= 2048 {
		s.Avatar = a
	}
	query := url.Values{"wait": {"true"}}
	if thread := m.Ref.Place.Thread; thread != "" {
		query.Set("thread_id", thread)
	}
	s.Thread = name
	post := func(h hook) error {
		return p.call(ctx, ask{method: http.MethodPost, path: "webhooks/" + h.ID + "/" + h.Token, query: query, in: s, file: f, scope: chat.RoomScope}, &made)
	}
	say := post
	if name != "" {
		say = func(h hook) error {
			return p.withTags(ctx, room, func(tags []string) error { s.Tags = tags; return post(h) })
		}
	}
	named := false
	err = p.withHook(ctx, room, say)
	if refusesName(err) {
		s.Content, s.Username, named = p.printed(m, true), anyone, true
		err = p.withHook(ctx, room, say)
	}
	if err == nil {
		note(&p.memory, &p.memory.named, made.ID, named)
	}
	return made, err
}

// isNamed reports whether a webhook's message names its speaker in the text,
// which an edit must not take away. What this process did not post is looked at.
func (p *Platform) isNamed(ctx context.Context, on chat.Ref, name string) (bool, error) {
	if shown, _ := persona(name); name == "" || shown == anyone {
		return false, nil
	}
	if named, known := recall(&p.memory, &p.memory.named, on.ID); known {
		return named, nil
	}
	var m message
	err := p.get(ctx, "channels/"+p.channelOf(on)+"/messages/"+on.ID, nil, &m)
	if errors.Is(err, chat.ErrForbidden) || errors.Is(err, chat.ErrRefused) { // whether it can be edited is another question
		return false, nil
	}
	if err == nil {
		note(&p.memory, &p.memory.named, on.ID, m.Author.Name == anyone)
	}
	return m.Author.Name == anyone, err
}

// refusesName reports whether a request was refused for the name that it bears.
func refusesName(err error) bool {
	return is(err, badForm) && strings.Contains(fieldOf(err), "USERNAME_INVALID")
}

// withoutHeader is a text without the lines that printed put before it.
func withoutHeader(text string) string {
	for strings.HasPrefix(text, headerMark) {
		_, rest, more := strings.Cut(text, "\n")
		if !more {
			return text
		}
		text = rest
	}
	return text
}
