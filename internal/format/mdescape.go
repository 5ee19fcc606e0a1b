package format

import (
	"bytes"
	"html"
	"strings"

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
