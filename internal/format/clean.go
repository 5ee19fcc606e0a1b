package format

import "strings"

// isBlank is white space as HTML collapses it.
func isBlank(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' || r == '\v' || r == '\u0085'
}

// dropped are the characters that no Doc holds: controls, which PostgreSQL and
// XML refuse, and the byte order mark.
func dropped(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' || r >= 0x7f && r <= 0x9f || r == 0xfeff || r == 0xfffe || r == 0xffff
}

// clean returns a source text with "\n" as its only line break, without the
// characters that are dropped, and with U+FFFD where it is not UTF-8.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\f' || r == '\v' || r == 0x85:
			return ' '
		case dropped(r):
			return -1
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}
