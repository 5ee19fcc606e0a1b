package discussion

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/sentences"
)

// sentenceEnds returns the byte offsets behind each sentence of one block's
// words, white space after a sentence counted to it; the last is len(text).
// It cuts as UAX #29 does and then mends: no cut after an abbreviation or an
// initial, behind a list marker, inside brackets, or where no space follows.
func sentenceEnds(text string) []int {
	var ends []int
	inside := bracketed(text)
	at, start := 0, 0
	for it := sentences.FromString(text); it.Next(); {
		at += len(it.Value())
		end := at
		if n := footnote(text, end); n > 0 {
			end += n
		} else if end < len(text) && joined(text[start:end], text[end:]) {
			continue
		}
		if end <= start || end < len(text) && inside(end) {
			continue
		}
		ends = append(ends, end)
		start = end
	}
	if start < len(text) {
		ends = append(ends, len(text))
	}
	return ends
}

// longestTail is how many bytes before a border are looked at.
const longestTail = 100

// joined reports whether no sentence ends between two neighbours.
func joined(before, after string) bool {
	before = before[max(0, len(before)-longestTail):]
	trimmed := strings.TrimRightFunc(before, unicode.IsSpace)
	if trimmed == "" {
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(trimmed)
	if len(trimmed) == len(before) {
		return !strings.ContainsRune("。！？｡．…", last)
	}
	if strings.Contains(before[len(trimmed):], "\n") || last != '.' {
		return false
	}
	rest, word := lastWord(trimmed)
	if rest == "" && marker(word) {
		return true
	}
	word = strings.TrimLeft(word, "([{\"'“‘«")
	if key := strings.ToLower(strings.TrimSuffix(word, ".")); titles[key] || counters[key] && startsWithNumber(after) {
		return true
	}
	_, previous := lastWord(rest)
	return initial(word, isInitial(previous), after)
}

// lastWord splits off the last word of a text without white space at its end.
func lastWord(text string) (rest, word string) {
	i := strings.LastIndexFunc(text, unicode.IsSpace)
	return strings.TrimRightFunc(text[:i+1], unicode.IsSpace), strings.TrimLeftFunc(text[i+1:], unicode.IsSpace)
}

func startsWithNumber(s string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, "(["))
	return unicode.IsDigit(r) || strings.ContainsRune("IVX", r)
}

// initial reports whether word is the "R." of a name. "I." counts only next to
// another initial: it mostly ends a sentence.
func initial(word string, behindInitial bool, after string) bool {
	if !isInitial(word) {
		return false
	}
	if word != "I." || behindInitial {
		return true
	}
	next, _, _ := strings.Cut(after, " ")
	return isInitial(next)
}

func isInitial(word string) bool {
	r, n := utf8.DecodeRuneInString(word)
	return unicode.IsUpper(r) && word[n:] == "."
}

// marker reports whether a word that begins a block is "1." or "IV." and no
// sentence of its own.
func marker(word string) bool {
	body := strings.TrimSuffix(word, ".")
	return len(body) > 0 && len(body) <= 5 && (strings.Trim(body, "0123456789") == "" || strings.Trim(body, "IVXLC") == "" || len(body) == 1)
}

// footnote returns how far behind end a note's mark like "[3] " reaches that
// stands directly behind a sentence's full stop, or 0. UAX #29 cuts before the
// mark or behind its bracket.
func footnote(text string, end int) int {
	at := end
	for at > 0 && text[at-1] == '[' {
		at--
	}
	if at == 0 || unicode.IsSpace(rune(text[at-1])) {
		return 0
	}
	n := at
	for n < len(text) && text[n] == '[' {
		closing := strings.IndexByte(text[n:min(len(text), n+6)], ']')
		if closing < 2 || strings.Trim(text[n+1:n+closing], "0123456789") != "" {
			return 0
		}
		n += closing + 1
	}
	spaced := n
	for spaced < len(text) && text[spaced] == ' ' {
		spaced++
	}
	if n == at || spaced == n && n < len(text) {
		return 0
	}
	return spaced - end
}

// longestBracket is how far apart brackets may stand, in bytes, and still
// keep a sentence together.
const longestBracket = 1000

// bracketed returns a function that says whether an offset lies between
// brackets that match. It must be asked in rising order.
func bracketed(text string) func(int) bool {
	var open []int
	var pairs [][2]int // outermost ones, in order
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(', '[', '{':
			open = append(open, i)
		case ')', ']', '}':
			if len(open) == 0 {
				continue
			}
			from := open[len(open)-1]
			open = open[:len(open)-1]
			if closes(text[from]) != text[i] || i-from > longestBracket {
				continue
			}
			for len(pairs) > 0 && pairs[len(pairs)-1][0] > from {
				pairs = pairs[:len(pairs)-1]
			}
			pairs = append(pairs, [2]int{from, i})
		}
	}
	next := 0
	return func(at int) bool {
		for next < len(pairs) && pairs[next][1] < at {
			next++
		}
		return next < len(pairs) && pairs[next][0] < at
	}
}

func closes(open byte) byte {
	if open == '(' {
		return ')'
	}
	return open + 2
}

// titles rarely end a sentence; counters do not where a number follows. Lower
// case, without the last full stop.
var (
	titles = set("dr mr mrs ms prof st mt rev hon gen col maj capt lt sgt gov sen rep messrs mme mlle " +
		"e.g i.e cf viz vs eg ie resp approx al n.b incl dept z.b d.h u.a s.a vgl bzw evtl ggf sog")
	counters = set("fig figs eq eqs sec secs ch chs no nos vol vols p pp v c ca art nr bd abb s op ed " +
		"jan feb mar apr jun jul aug sep sept oct nov dec")
)

func set(words string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(words) {
		all[w] = true
	}
	return all
}
