package format

import (
	"fmt"
	"strings"
	"unicode"
)

// address returns a web or mail address as Docs keep it, or nothing where it
// is none: only http, https and mailto are let in, and what could end the
// address in a dialect, or hide something from its reader, is written as
// %XX.
func address(s string) string { return addressOf(s, "http://", "https://", "mailto:") }

func addressOf(s string, schemes ...string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' || unicode.IsSpace(r) })
	s = strings.Map(func(r rune) rune { // browsers skip these, wherever they stand
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, s)
	for _, scheme := range schemes {
		if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return escapeAddress(scheme + s[len(scheme):])
		}
	}
	return ""
}

func escapeAddress(s string) string {
	if !strings.ContainsFunc(s, escaped) {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		if !escaped(r) {
			out.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

// escaped reports whether a character must not stand in an address.
func escaped(r rune) bool {
	return r <= ' ' || strings.ContainsRune("\"<>`\\|^{}", r) || r == unicode.ReplacementChar ||
		unicode.IsSpace(r) || !unicode.IsGraphic(r)
}
