package chat

import (
	"strconv"
	"strings"
	"unicode"
)

// ParseCommand reads a typed command: prefix, a name, and arguments parted by
// white space. It reports false if text does not begin with prefix as a word
// of its own; the prefix alone is the command named "".
//
// An argument is name=value or --name=value, a bare --name (its value is
// "true"), or a word that has only its place: they are named "1", "2", … in
// order. A value may stand in quotes ("a b", or “a b” as phones write it);
// inside them \" and \\ are plain characters, and quotes left open end with
// the text. The prefix and the command's name are read without regard to
// case. Of two arguments of one name the last holds.
func ParseCommand(prefix, text string) (name string, args map[string]string, ok bool) {
	text = strings.TrimSpace(text)
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return "", nil, false
	}
	rest := text[len(prefix):]
	if rest != "" && strings.TrimLeftFunc(rest, unicode.IsSpace) == rest {
		return "", nil, false
	}
	words := commandWords(rest)
	if len(words) > 0 {
		name, words = strings.ToLower(words[0].value), words[1:]
	}
	args = map[string]string{}
	place := 0
	for _, w := range words {
		if w.name == "" {
			place++
			w.name = strconv.Itoa(place)
		}
		args[w.name] = w.value
	}
	return name, args, true
}

// CommandText is what stands behind the name of a typed command, as it was typed:
// for those that take more than words.
func CommandText(prefix, text string) string {
	rest := strings.TrimSpace(text)
	if len(rest) < len(prefix) {
		return ""
	}
	_, rest = cutSpace(strings.TrimSpace(rest[len(prefix):]))
	return strings.TrimSpace(rest)
}

// A commandWord is one word of a command; name is "" where it has none.
type commandWord struct{ name, value string }

func commandWords(s string) []commandWord {
	var words []commandWord
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimLeftFunc(s, unicode.IsSpace) {
		var w commandWord
		w, s = commandWordOf(s)
		words = append(words, w)
	}
	return words
}

// commandWordOf takes the first word off s, which begins with it.
func commandWordOf(s string) (w commandWord, rest string) {
	if body, quoted := cutQuote(s); quoted {
		w.value, rest = unquote(body)
		return w, rest
	}
	body, dashed := cutDashes(s)
	end := strings.IndexFunc(body, func(r rune) bool { return !isNameRune(r) })
	if end < 0 {
		end = len(body)
	}
	if end > 0 && strings.HasPrefix(body[end:], "=") && isNameStart(body[0]) {
		w.name, rest = strings.ToLower(body[:end]), body[end+1:]
		if inside, quoted := cutQuote(rest); quoted {
			w.value, rest = unquote(inside)
			return w, rest
		}
		w.value, rest = cutSpace(rest)
		return w, rest
	}
	word, rest := cutSpace(s)
	if dashed && end > 0 && isNameStart(body[0]) && len(s)-len(rest) == len(s)-len(body)+end {
		return commandWord{name: strings.ToLower(body[:end]), value: "true"}, rest
	}
	return commandWord{value: word}, rest
}

// cutDashes takes the two dashes off an option; phones make one long one of
// them.
func cutDashes(s string) (string, bool) {
	if rest, ok := strings.CutPrefix(s, "--"); ok {
		return rest, true
	}
	return strings.CutPrefix(s, "—")
}

func cutQuote(s string) (string, bool) {
	for _, q := range []string{`"`, "“", "”", "„"} {
		if rest, ok := strings.CutPrefix(s, q); ok {
			return rest, true
		}
	}
	return s, false
}

// unquote reads up to the closing quote, which goes.
func unquote(s string) (value, rest string) {
	var b strings.Builder
	escaped := false
	for i, r := range s {
		switch {
		case escaped:
			if r != '"' && r != '\\' {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == '"' || r == '“' || r == '”':
			return b.String(), s[i+len(string(r)):]
		default:
			b.WriteRune(r)
		}
	}
	if escaped {
		b.WriteByte('\\')
	}
	return b.String(), ""
}

func cutSpace(s string) (word, rest string) {
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func isNameStart(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isNameRune(r rune) bool {
	return r == '-' || r == '_' || r < 0x80 && (isNameStart(byte(r)) || '0' <= r && r <= '9')
}
