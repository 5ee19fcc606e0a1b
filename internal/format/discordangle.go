package format

import (
	"strconv"
	"strings"
	"time"
)

// angle adds what stands in angle brackets, if it means something.
func (t *lexer) angle() bool {
	rest := t.src[t.at+1:]
	n := strings.IndexAny(rest, "> \n<")
	if strings.HasPrefix(rest, "/") {
		n = strings.IndexAny(rest, ">\n<") // the names of commands have spaces
	}
	if n < 1 || rest[n] != '>' {
		return false
	}
	inner, end := rest[:n], t.at+n+2
	if to := addressOf(inner, "http://", "https://"); to != "" {
		t.add(addressLexeme, end, inner, to)
		return true
	}
	if id := strings.TrimPrefix(strings.TrimPrefix(inner, "@"), "!"); inner[0] == '@' && isSnowflake(id) {
		t.add(mentionLexeme, end, t.dialect.person(id), id)
		return true
	}
	words := t.dialect.thing(inner)
	if words == "" {
		return false
	}
	t.add(wordLexeme, end, words, "")
	return true
}

// thing returns the words for what stands in angle brackets, or nothing.
func (d Discord) thing(s string) string {
	if id, ok := strings.CutPrefix(s, "#"); ok && isSnowflake(id) {
		return d.named("channel", id, "#", "channel")
	}
	if id, ok := strings.CutPrefix(s, "@&"); ok && isSnowflake(id) {
		return d.named("role", id, "@", "role")
	}
	if to, _, _ := strings.Cut(s, "?"); isMail(to) || isPhone(to) {
		return to
	}
	kind, rest, _ := strings.Cut(s, ":")
	switch {
	case kind == "t":
		return moment(rest)
	case kind == "id":
		page, _, _ := strings.Cut(rest, ":") // one role may be named
		return guides[page]
	case kind == "" || kind == "a":
		name, id, ok := strings.Cut(rest, ":")
		if ok && name != "" && isSnowflake(id) && strings.IndexFunc(name, func(r rune) bool { return !isWordByte(r) }) < 0 {
			return ":" + name + ":"
		}
	case kind[0] == '/' && len(kind) > 1 && isSnowflake(rest):
		return kind
	}
	return ""
}

func isMail(s string) bool {
	who, at, ok := strings.Cut(s, "@")
	return ok && who != "" && strings.Contains(at, ".") && !strings.ContainsFunc(who+at, func(r rune) bool {
		return escaped(r) || strings.ContainsRune("@:/&#!,;()[]", r)
	})
}

func isPhone(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	return ok && isSnowflake(digits)
}

// guides are the pages of a server that have a name of their own.
var guides = map[string]string{
	"customize": "Channels & Roles", "browse": "Browse Channels", "guide": "Server Guide", "linked-roles": "Linked Roles",
}

// moment writes a timestamp as a date in UTC. How it is shown is up to its
// style; a time relative to now would be wrong as soon as it is read.
func moment(s string) string {
	unix, style, styled := strings.Cut(s, ":")
	sec, err := strconv.ParseInt(unix, 10, 64)
	const last = 8_640_000_000_000 // what the client can show
	if err != nil || sec > last || sec < -last || styled && len(style) != 1 {
		return ""
	}
	layout := map[string]string{
		"t": "15:04 UTC", "T": "15:04:05 UTC", "d": "2006-01-02", "D": "2 January 2006",
		"": "2 January 2006 15:04 UTC", "f": "2 January 2006 15:04 UTC", "F": "Monday, 2 January 2006 15:04 UTC",
		"s": "2006-01-02 15:04 UTC", "S": "2006-01-02 15:04:05 UTC", "R": "2 January 2006 15:04 UTC",
	}[style]
	if layout == "" {
		return ""
	}
	return time.Unix(sec, 0).UTC().Format(layout)
}
