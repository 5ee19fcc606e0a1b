package format

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"
)

// unescape resolves backslashes and entities.
func unescape(src []byte) string {
	if bytes.IndexByte(src, '\\') < 0 && bytes.IndexByte(src, '&') < 0 {
		return string(src)
	}
	var out strings.Builder
	for i := 0; i < len(src); i++ {
		if src[i] == '\\' && i+1 < len(src) && util.IsPunct(src[i+1]) {
			i++
			out.WriteByte(src[i])
			continue
		}
		if n := entity(src[i:]); n > 0 {
			out.WriteString(resolve(string(src[i : i+n])))
			i += n - 1
			continue
		}
		out.WriteByte(src[i])
	}
	return out.String()
}

// entity returns the length of the entity that src begins with, or 0. Its
// name may be unknown.
func entity(src []byte) int {
	if src[0] != '&' {
		return 0
	}
	end := bytes.IndexByte(src[:min(len(src), 40)], ';')
	if end < 2 {
		return 0
	}
	name, in, longest := src[1:end], util.IsAlphaNumeric, 40
	switch {
	case name[0] == '#' && len(name) > 1 && name[1]|' ' == 'x':
		name, in, longest = name[2:], util.IsHexDecimal, 6
	case name[0] == '#':
		name, in, longest = name[1:], util.IsNumeric, 7
	}
	for _, c := range name {
		if !in(c) {
			return 0
		}
	}
	if len(name) == 0 || len(name) > longest {
		return 0
	}
	return end + 1
}

// resolve returns what an entity stands for, or the entity if for nothing.
func resolve(e string) string {
	if e[1] == '#' {
		return html.UnescapeString(e)
	}
	if found, ok := util.LookUpHTML5EntityByName(e[1 : len(e)-1]); ok {
		return string(found.Characters)
	}
	return e
}

// An escaper writes words so that Markdown reads them as words.
type escaper struct {
	s           string
	table       bool
	start, end  bool // it stands at the start or end of its block
	first, last bool // its first or last character is written as an entity
}

func (e escaper) escape() string {
	var out strings.Builder
	line := -1 // where the line starts, if it does so in these words
	if e.start {
		line = 0
	}
	for i, r := range e.s {
		next := e.s[i+utf8.RuneLen(r):]
		switch {
		case i == 0 && e.first, next == "" && e.last:
			fmt.Fprintf(&out, "&#%d;", r)
		case r == '\\' && strings.HasPrefix(next, "\n"): // goldmark does not take two
			out.WriteString("&#92;")
		case r == '~' && next == "" && !e.end: // nor a mark behind another of its kind
			out.WriteString("&#126;")
		case r == '\n':
			out.WriteString("\\\n")
		case r == '\t':
			out.WriteString(" | ")
		case r == '|' && e.table:
			out.WriteString("&#124;")
		case r == '<' && !strings.HasPrefix(next, " "):
			out.WriteString("&lt;")
		case i == line && startsBlock(e.s[i:]) || e.special(i, r, next):
			out.WriteString(`\` + string(r))
		case (r == '.' || r == ')') && numbers(e.s, line, i, next):
			out.WriteString(`\` + string(r))
		default:
			out.WriteRune(r)
		}
		if r == '\n' {
			line = i + 1
		}
	}
	return out.String()
}

// special reports whether a character is markup where it stands.
func (e escaper) special(i int, r rune, next string) bool {
	switch r {
	case '`', '*', '~', '[', ']':
		return true
	case '_':
		before, n := utf8.DecodeLastRuneInString(e.s[:i])
		after, m := utf8.DecodeRuneInString(next)
		inner := i > n && len(next) > m // not beside a character that may become an entity
		return !inner || !isAlnum(before) || !isAlnum(after)
	case '\\':
		after, n := utf8.DecodeRuneInString(next)
		return after != ' ' && (!isAlnum(after) || n == len(next))
	case '!':
		return next == "" && !e.end
	case '&':
		return entity([]byte(e.s[i:min(len(e.s), i+40)])) > 0
	}
	return false
}

// startsBlock reports whether a line begins a block with its first character.
func startsBlock(s string) bool {
	line, _, _ := strings.Cut(s, "\n")
	behind := strings.TrimLeft(line, line[:1])
	ends := behind == "" || behind[0] == ' ' || behind[0] == '\t'
	switch line[0] {
	case '>':
		return true
	case '#':
		return ends && len(line)-len(behind) <= 6
	case '+':
		return ends
	case '=':
		return strings.TrimSpace(behind) == ""
	case '-', ':', '|':
		return ends || strings.Trim(line, "-:| \t") == ""
	}
	return false
}

// numbers reports whether what stands at i ends the number of a list's item.
func numbers(s string, line, i int, next string) bool {
	if line < 0 || i == line || i-line > 9 || strings.Trim(s[line:i], "0123456789") != "" {
		return false
	}
	return next == "" || next[0] == ' ' || next[0] == '\n' || next[0] == '\t'
}
