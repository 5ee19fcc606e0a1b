package discussion

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folded is a text as it is compared: lower case, compatibility characters
// composed (NFKC), quotation marks and dashes straight, each run of white
// space one space, invisible characters gone. Byte i of it stands for
// from[i]..to[i] of the original.
type folded struct {
	text     string
	from, to []int32
}

// fold folds s in one pass.
func fold(s string) folded {
	f := folder{out: make([]byte, 0, len(s)), from: make([]int32, 0, len(s)), to: make([]int32, 0, len(s))}
	for at := 0; at < len(s); {
		end := at + 1
		if s[at] >= utf8.RuneSelf || end < len(s) && s[end] >= utf8.RuneSelf {
			end = at + segment(s[at:])
			for _, r := range norm.NFKC.String(s[at:end]) {
				f.add(r, at, end)
			}
		} else {
			f.add(rune(s[at]), at, end)
		}
		at = end
	}
	return folded{string(f.out), f.from, f.to}
}

// segment is the length of the characters at the beginning of s that are
// normalised together; at least one, at most some 30.
func segment(s string) int {
	if n := norm.NFKC.NextBoundaryInString(s, true); n > 0 {
		return n
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

type folder struct {
	out      []byte
	from, to []int32
}

// add folds one character that stands at s[start:end].
func (f *folder) add(r rune, start, end int) {
	before := len(f.out)
	switch {
	case r >= 'a' && r <= 'z':
		f.out = append(f.out, byte(r))
	case r >= 'A' && r <= 'Z':
		f.out = append(f.out, byte(r-'A'+'a'))
	case invisible(r):
		return
	case unicode.IsSpace(r):
		f.run(' ', end)
	case r == '-' || r == '−' || r >= utf8.RuneSelf && unicode.Is(unicode.Pd, r):
		f.run('-', end) // "--" is a dash too
	default:
		f.out = utf8.AppendRune(f.out, foldRune(r))
	}
	for range len(f.out) - before {
		f.from, f.to = append(f.from, int32(start)), append(f.to, int32(end))
	}
}

// run adds c, or lets the c that stands last reach to end.
func (f *folder) run(c byte, end int) {
	if n := len(f.out); n > 0 && f.out[n-1] == c {
		f.to[n-1] = int32(end)
		return
	}
	f.out = append(f.out, c)
}

func foldRune(r rune) rune {
	switch r {
	case '‘', '’', '‚', '‛', '′', '`', '´', 'ʼ':
		return '\''
	case '“', '”', '„', '‟', '″', '«', '»':
		return '"'
	case 'ς':
		return 'σ'
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

// invisible characters are the ones that change nothing that is seen.
func invisible(r rune) bool {
	switch r {
	case 0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xFE0E, 0xFE0F:
		return true
	}
	return false
}
