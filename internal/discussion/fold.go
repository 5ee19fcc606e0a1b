package discussion

import (
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folded is a text as it is compared: lower case, compatibility characters
// composed (NFKC), quotation marks and dashes straight, each run of white
// space one space, up to three dashes one dash, invisible characters gone.
// Byte i of it stands for from[i]..to[i] of the original.
type folded struct {
	text     string
	from, to []int32
}

// fold folds s in one pass.
func fold(s string) folded { return foldSpaces(s, false) }

// foldSpaced folds s with each white space as a space of its own, as in words
// that were copied and not retyped.
func foldSpaced(s string) folded { return foldSpaces(s, true) }

func foldSpaces(s string, each bool) folded {
	f := folder{spaced: each, out: []byte{}, from: []int32{}, to: []int32{}}
	return f.fold(s)
}

// folders are kept for whoever folds many texts and keeps none of them.
var folders = sync.Pool{New: func() any { return new(folder) }}

// fold folds s into f, which can fold another text once this one is not used any more.
func (f *folder) fold(s string) folded {
	f.out, f.from, f.to, f.run = slices.Grow(f.out[:0], len(s)), slices.Grow(f.from[:0], len(s)), slices.Grow(f.to[:0], len(s)), 0
	for at := 0; at < len(s); {
		end := at + 1
		switch {
		case s[at] >= utf8.RuneSelf || end < len(s) && s[end] >= utf8.RuneSelf:
			end = at + segment(s[at:])
			for _, r := range norm.NFKC.String(s[at:end]) {
				f.add(r, at, end)
			}
		case solo[s[at]] != 0:
			f.out, f.from, f.to = append(f.out, solo[s[at]]), append(f.from, int32(at)), append(f.to, int32(end))
			f.run = 0
		default:
			f.add(rune(s[at]), at, end)
		}
		at = end
	}
	return folded{string(f.out), f.from, f.to}
}

// solo is what the ASCII characters fold to that fold alone, whatever stands
// around them; 0 for white space and dashes.
var solo = func() (to [utf8.RuneSelf]byte) {
	for r := range rune(utf8.RuneSelf) {
		if !unicode.IsSpace(r) && r != '-' {
			to[r] = byte(foldRune(r))
		}
	}
	return to
}()

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
	spaced   bool // runs of white space stay
	out      []byte
	from, to []int32
	dashes   [mostDashes][2]int32 // where those of the run stand that is one dash so far
	run      int                  // dashes in the run
}

// mostDashes is how many dashes people type for one. More are a ruler.
const mostDashes = 3

// add folds one character that stands at s[start:end].
func (f *folder) add(r rune, start, end int) {
	before := len(f.out)
	switch {
	case invisible(r):
		return
	case unicode.IsSpace(r):
		if n := len(f.out); !f.spaced && n > 0 && f.out[n-1] == ' ' {
			f.to[n-1] = int32(end)
			return
		}
		f.out = append(f.out, ' ')
	case r == '-' || r == '−' || r >= utf8.RuneSelf && unicode.Is(unicode.Pd, r):
		f.dash(int32(start), int32(end))
		return
	default:
		f.out = utf8.AppendRune(f.out, foldRune(r))
	}
	f.run = 0
	for range len(f.out) - before {
		f.from, f.to = append(f.from, int32(start)), append(f.to, int32(end))
	}
}

// dash adds a dash: "--" and "---" are one too, a ruler is as long as it is.
func (f *folder) dash(start, end int32) {
	n := len(f.out)
	if f.run > 0 && f.run < mostDashes {
		f.to[n-1] = end
		f.dashes[f.run] = [2]int32{start, end}
		f.run++
		return
	}
	if f.run == mostDashes {
		f.to[n-1] = f.dashes[0][1]
		for _, d := range f.dashes[1:] {
			f.out, f.from, f.to = append(f.out, '-'), append(f.from, d[0]), append(f.to, d[1])
		}
	}
	f.out, f.from, f.to = append(f.out, '-'), append(f.from, start), append(f.to, end)
	f.dashes[0] = [2]int32{start, end}
	f.run++
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
