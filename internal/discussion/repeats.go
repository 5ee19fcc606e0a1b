package discussion

import "strings"

const (
	shortestRepeat = 25 // bytes of a line whose words do not stand in another by chance
	wholeRepeat    = 6  // words of a line that does not by chance say all that another does
	shingle        = 4  // words by which a repetition is looked for
)

// findRepeats sets repeat of each line whose words another line holds, or
// holds up to an ellipsis: the nearest before it, else the last behind it, for
// the post that is quoted stands at a dump's end.
func (d *dump) findRepeats() {
	at := map[uint64]int32{} // hash of neighbouring words → the last line that has them
	for i := range d.lines {
		l := &d.lines[i]
		l.repeat = -1
		if l.byline != noByline {
			continue
		}
		words := wordHashes(l.text)
		if part, ok := quotedPart(l.text); ok {
			l.repeat = d.holder(i, at, part)
		}
		for k := 0; k+shingle <= len(words); k++ {
			at[hashOf(words[k:k+shingle])] = int32(i)
		}
	}
	for i := range d.lines {
		if l := &d.lines[i]; l.repeat < 0 && l.byline == noByline {
			if part, ok := quotedPart(l.text); ok {
				l.repeat = d.holder(i, at, part)
			}
		}
	}
}

// quotedPart is what of a line another must hold: the words between its
// quotation marks, up to an ellipsis, if they are enough.
func quotedPart(s string) (string, bool) {
	s = strings.Trim(s, "\"“”.> ")
	for _, cut := range []string{"[...]", "[…]", "(...)", "…", "..."} {
		if first, _, found := strings.Cut(s, cut); found && len(first) >= shortestRepeat {
			s = first
		}
	}
	s = strings.Trim(s, "\"“”.… ")
	return s, len(s) >= shortestRepeat
}

// holder is the line that holds part of line i, or -1.
func (d *dump) holder(i int, at map[uint64]int32, part string) int {
	words := wordHashes(part)
	if len(words) < shingle {
		return -1
	}
	j, ok := at[hashOf(words[:shingle])]
	if !ok || int(j) == i || !strings.Contains(d.lines[j].text, part) {
		return -1
	}
	longer := len(d.lines[j].text) > len(part)+2
	if !longer && (int(j) > i || len(words) < wholeRepeat) {
		return -1
	}
	return int(j)
}

// wordHashes are FNV-1a hashes of a text's words, whatever their case and marks.
func wordHashes(s string) []uint64 {
	all := make([]uint64, 0, len(s)/4)
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'A' && c <= 'Z':
			h = (h ^ uint64(c+'a'-'A')) * prime
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 0x80:
			h = (h ^ uint64(c)) * prime
		case h != offset && c == ' ':
			all = append(all, h)
			h = offset
		}
	}
	if h != offset {
		all = append(all, h)
	}
	return all
}

func hashOf(words []uint64) (h uint64) {
	for _, w := range words {
		h = (h ^ w) * 0x9E3779B97F4A7C15
		h ^= h >> 29
	}
	return h
}
