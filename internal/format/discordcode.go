package format

import "strings"

// Marks of a spoiler that goes on from line to line. No text has these
// characters.
const (
	coverStart = "\x01\x01"
	coverEnd   = "\x02\x02"
)

// covered returns a text with such marks for the bars of spoilers that have
// more than one line, whatever blocks stand in them: not one word of a
// spoiler may be seen elsewhere.
func covered(src string) string {
	if !strings.Contains(src, "||") || !strings.Contains(src, "\n") {
		return src
	}
	f := fences{src: src, ticks: backticks(src)}
	out := []byte(src)
	for from := f.bars(0); from >= 0; {
		to := f.bars(f.behindFirst(from + 2))
		if to < 0 {
			break
		}
		if strings.Contains(src[from:to], "\n") {
			copy(out[from:], coverStart)
			copy(out[to:], coverEnd)
		}
		from = f.bars(to + 2)
	}
	return string(out)
}

// A fence is a block of code.
type fence struct {
	lang, words string
	end         int // behind it
}

// fences finds blocks of code in a text. They may begin and end anywhere in a
// line.
type fences struct {
	src   string
	ticks map[int][]int
	none  int // no block of code ends behind here, if not 0
}

// next returns the end of the line, or where a block of code begins in it.
func (f *fences) next(at int) (int, fence) {
	for at < len(f.src) && f.src[at] != '\n' {
		end, code := f.skip(at)
		if code.end > 0 {
			return at, code
		}
		at = end
	}
	return at, fence{}
}

// behindFirst returns the end of what stands at a place: a span has words.
func (f *fences) behindFirst(at int) int {
	if at >= len(f.src) {
		return at
	}
	end, _ := f.skip(at)
	return end
}

// bars returns where the next two bars stand outside of code, or -1.
func (f *fences) bars(at int) int {
	for at < len(f.src) {
		if strings.HasPrefix(f.src[at:], "||") {
			return at
		}
		at, _ = f.skip(at)
	}
	return -1
}

// skip returns the end of the character at a place, or of the code that begins
// there.
func (f *fences) skip(at int) (int, fence) {
	switch f.src[at] {
	case '\\':
		if at+1 < len(f.src) && f.src[at+1] != '\n' {
			at++
		}
	case '`':
		if c := f.at(at); c.end > 0 {
			return c.end, c
		}
		return f.behind(at), fence{}
	}
	return at + 1, fence{}
}

// behind returns where the inline code that begins at a place ends, or the
// backticks do.
func (f *fences) behind(at int) int {
	n := longestPrefix(f.src[at:], '`')
	end := nextRun(f.ticks, n, at+n)
	if end < 0 || strings.Contains(f.src[at:end], "\n") {
		return at + n
	}
	return end + n
}

// at returns the block of code that begins at a place, if one does.
func (f *fences) at(at int) fence {
	if !strings.HasPrefix(f.src[at:], "```") || f.none > 0 && at >= f.none {
		return fence{}
	}
	from := at + 3
	word := strings.TrimLeftFunc(f.src[from:], inLang)
	if lang := f.src[from : len(f.src)-len(word)]; lang != "" && strings.HasPrefix(word, "\n") {
		if c := f.until(from + len(lang)); c.end > 0 {
			c.lang = lang
			return c
		}
	}
	return f.until(from)
}

func (f *fences) until(from int) fence {
	words := strings.TrimLeft(f.src[from:], "\n")
	from = len(f.src) - len(words)
	if words == "" {
		return fence{}
	}
	n := strings.Index(words[1:], "```")
	if n < 0 {
		f.none = from
		return fence{}
	}
	return fence{words: strings.Trim(words[:n+1], "\n"), end: from + n + 4}
}

// backticks returns where runs of backticks stand, by their lengths.
func backticks(src string) map[int][]int {
	out := map[int][]int{}
	for i := strings.IndexByte(src, '`'); i >= 0 && i < len(src); {
		n := longestPrefix(src[i:], '`')
		if n > 0 {
			out[n] = append(out[n], i)
		}
		next := strings.IndexByte(src[i+n:], '`')
		if next < 0 {
			break
		}
		i += n + next
	}
	return out
}

func longestPrefix(s string, c byte) int {
	n := 0
	for n < len(s) && s[n] == c {
		n++
	}
	return n
}
