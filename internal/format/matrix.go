package format

import (
	"net/url"
	"strings"
)

// Matrix is the HTML of Matrix messages (formatted_body), within the tags that
// the specification suggests. Name returns the name of whom an id means, or ""
// where the text's own words shall stand; it may be nil.
//
// A mention is a link to matrix.to; its words begin with "@". Normal says what
// is lost: mentions of people of other networks are plain words, and images
// are links unless their address is mxc:.
type Matrix struct {
	Name func(kind, id string) string
}

// Parse reads a formatted_body, without the fallbacks that repeat what is
// answered (mx-reply) or who speaks (data-mx-profile-fallback).
func (m Matrix) Parse(src string) Doc { return parseHTML(src, keepMatrix, &m) }

// Print writes d as a formatted_body.
func (m Matrix) Print(d Doc) string { return printHTML(m.Normal(d), true) }

// Normal is what a Matrix message shows of d.
func (m Matrix) Normal(d Doc) Doc {
	return normal(d, rules{keep: keepMatrix, say: m.say})
}

func (m Matrix) name(id string) string {
	if m.Name == nil {
		return ""
	}
	return m.Name("user", id)
}

func (m Matrix) say(s Span, words string) (string, bool) {
	id := s.Attr
	if s.Kind == Link {
		id = userID(address(id))
	}
	if s.Kind != Mention && s.Kind != Link || !isUserID(id) {
		return "", false
	}
	if name := strings.TrimSpace(m.name(id)); name != "" {
		return atSign(name), true
	}
	named := atSign(words)
	return named, named != words
}

// atSign puts "@" before a name. An address that stands for a name stays.
func atSign(name string) string {
	if strings.HasPrefix(name, "@") || strings.HasPrefix(name, "http") {
		return name
	}
	return "@" + name
}

// longestMatrixAddress, in bytes, is from where on a link is only its words: an
// event of 64 kB holds an address several times.
const longestMatrixAddress = 4096

func keepMatrix(s Span, words string) (Span, bool) {
	switch s.Kind {
	case Mention:
		return s, isUserID(s.Attr)
	case Link:
		s.Attr = address(s.Attr)
		if id := userID(s.Attr); id != "" {
			s.Kind, s.Attr = Mention, id
		}
		return s, s.Attr != "" && len(s.Attr) <= longestMatrixAddress
	case Image:
		if mxc := addressOf(s.Attr, "mxc://"); mxc != "" {
			s.Attr = mxc
			return s, true
		}
		s.Kind, s.Attr = Link, addressOf(s.Attr, "http://", "https://")
		return s, s.Attr != "" && len(s.Attr) <= longestMatrixAddress && userID(s.Attr) == ""
	}
	return s, true
}

// isUserID reports whether s is the id of a person on Matrix: @local:server.
func isUserID(s string) bool {
	local, server, ok := strings.Cut(strings.TrimPrefix(s, "@"), ":")
	return ok && local != "" && server != "" && s[0] == '@' && len(s) <= 255 && !strings.ContainsFunc(s, escaped)
}

// userID returns the id of the person whom an address means, or nothing.
func userID(href string) string {
	id := ""
	if rest, ok := strings.CutPrefix(href, "https://matrix.to/#/"); ok {
		id = rest
	} else if rest, ok := strings.CutPrefix(href, "matrix:u/"); ok {
		id = "@" + rest
	}
	id, _, _ = strings.Cut(id, "?")
	whole := !strings.Contains(id, "/") // and not one of their messages
	id, err := url.PathUnescape(id)
	if err != nil || !whole || !isUserID(id) {
		return ""
	}
	return id
}
