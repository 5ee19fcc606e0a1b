package discussion

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// border is the place between two neighbouring lines of a dump, where a new
// document may begin.
type border struct {
	before, after *line
	alike         float64 // how many rare words they share, 0 to 1
	mean          float64 // words in a line of the dump
}

// signal is something that speaks for a new document (weight above 0) or
// against one.
type signal struct {
	name   string
	weight float64
	holds  func(border) bool
}

// score is the log-odds of a new document beginning here.
func (b border) score() float64 {
	sum := bias
	for _, s := range signals {
		if s.holds(b) {
			sum += s.weight
		}
	}
	return sum
}

const bias = -0.8

// signals are of comment sections in English as such. Their weights were set
// by judgement and then fitted to the threads in testdata/threads and
// testdata/dumps/tuned, never to those in testdata/dumps/held nor to the shared
// dump (though that was read while the signals were thought up); TestFitSignals
// prints what another fit would say, TestSegmentOfFiveKinds how good they are.
var signals = []signal{
	// What binds a line to the one before.
	{"between items or in brackets", -5, func(b border) bool { return b.after.bound }},
	{"behind a colon", -5.1, func(b border) bool { return ends(b.before.text, ":", "：", ",", ";") }},
	{"behind a heading", -4, func(b border) bool { return heads(b.before) && b.mean > 25 }},
	{"behind a heading, where lines are short", -0.2, func(b border) bool { return heads(b.before) && b.mean <= 25 }},
	{"a list's item", -2, func(b border) bool { return b.after.marker != item{} }},
	{"a quotation that was announced", -5, func(b border) bool { return b.after.announced }},
	{"behind a quotation", -3.8, func(b border) bool { return b.before.quote }},
	{"a connective", -2, func(b border) bool { return connective.MatchString(b.after.first) }},
	{"points back", -0.3, func(b border) bool { return pointsBack.MatchString(b.after.first) && !judges(b.after) }},
	{"points back to a thing or person", -0.5, func(b border) bool { return pronoun.MatchString(b.after.first) }},
	{"counts on", -1.8, func(b border) bool { return countsOn.MatchString(b.after.first) }},
	{"an afterthought", -3.3, func(b border) bool { return afterthought.MatchString(b.after.first) }},
	{"in brackets", -1.5, func(b border) bool { return strings.HasPrefix(b.after.text, "(") }},
	{"small letter", -0.6, func(b border) bool { return startsSmall(b.after.text) }},
	{"goes on telling", -1, func(b border) bool { return goesOn.MatchString(b.after.first) }},
	{"says when or where", -0.4, func(b border) bool { return circumstance.MatchString(b.after.first) }},
	{"behind an announcement", -1.5, func(b border) bool { return announces.MatchString(b.before.last) }},

	// What begins a comment.
	{"praise or thanks", 3.2, func(b border) bool { return praise.MatchString(b.after.first) }},
	{"takes a side", 2.8, func(b border) bool { return stance.MatchString(b.after.first) }},
	{"speaks of the text", 0.8, func(b border) bool { return ofText.MatchString(b.after.first) }},
	{"speaks to the writer", 0.5, func(b border) bool {
		return strings.Contains(b.after.first, "you") && toWriter.MatchString(b.after.first)
	}},
	{"points at what was said", 1.3, func(b border) bool { return pointer.MatchString(b.after.first) }},
	{"asks and no more", 1.4, func(b border) bool { return asked(b.after.first) && (ends(b.after.text, "?") || b.after.size < 30) }},
	{"asks and goes on", 1.8, func(b border) bool { return asked(b.after.first) && !ends(b.after.text, "?") && b.after.size >= 30 }},
	{"gives an opinion", 1.3, func(b border) bool { return opinion.MatchString(b.after.first) }},
	{"tells of oneself", 1.4, func(b border) bool { return ofOneself.MatchString(b.after.first) }},
	{"says who speaks", 1.2, func(b border) bool { return credentials.MatchString(b.after.first) }},
	{"corrects", 2.1, func(b border) bool { return corrects.MatchString(b.after.first) }},
	{"repeats another line", 4, func(b border) bool { return b.after.repeat >= 0 }},
	{"a typed quotation", 3, func(b border) bool { return b.after.typed && !b.before.typed }},
	{"goes on quoting", -3, func(b border) bool { return b.after.typed && b.before.typed }},
	{"names whom it quotes", 4, func(b border) bool { return b.after.names }},
	{"a few words", 1.3, func(b border) bool { return b.after.size <= 5 }},
	{"gives advice", 0.5, func(b border) bool { return b.mean <= shortLines && advice.MatchString(b.after.first) }},
	{"is not punctuated", 1.3, func(b border) bool { return b.mean <= shortLines && unpunctuated(b.after) }},
	{"behind what is not punctuated", 0.8, func(b border) bool { return b.mean <= shortLines && unpunctuated(b.before) }},
	{"behind one sentence", 0.2, func(b border) bool { return b.mean <= shortLines && b.before.sentences == 1 }},
	{"behind many sentences", -0.7, func(b border) bool { return b.mean <= shortLines && b.before.sentences >= 4 }},
	{"behind a short last sentence", -0.1, func(b border) bool { return b.mean <= shortLines && b.before.sentences > 1 && len(b.before.last) < 40 }},
	{"behind a long last sentence", -0.3, func(b border) bool { return b.mean <= shortLines && len(b.before.last) > 120 }},
	{"a long first sentence", 0.3, func(b border) bool { return b.mean <= shortLines && len(b.after.first) > 120 }},
	{"one sentence", -0.7, func(b border) bool { return b.mean <= shortLines && b.after.sentences == 1 }},
	{"a short first sentence", 0.8, func(b border) bool { return b.mean <= shortLines && b.after.sentences > 1 && len(b.after.first) < 30 }},
	{"of oneself", -0.4, func(b border) bool { return b.mean <= shortLines && ofSelf.MatchString(b.after.first) }},
	{"cries out", 0.6, func(b border) bool { return b.mean <= shortLines && strings.Contains(b.after.first, "!") }},
	{"one short line", 0.1, func(b border) bool { return b.after.size > 5 && b.after.size <= 20 }},
	{"a long line", -0.3, func(b border) bool { return b.after.size > 60 }},
	{"behind a few words", 1.7, func(b border) bool { return b.before.size <= 5 && !ends(b.before.text, ":") }},
	{"behind one short line", 1.6, func(b border) bool { return b.before.size > 5 && b.before.size <= 20 }},
	{"behind a closing", 1, func(b border) bool { return closing.MatchString(b.before.last) }},
	{"behind a question", 1.1, func(b border) bool { return ends(b.before.text, "?") }},
	{"takes up a word", -1.7, takesUp},
	{"of the same matter", -0.2, func(b border) bool { return b.mean <= shortLines && b.alike >= 0.08 }},
	{"of nothing the same", 0.5, func(b border) bool { return b.mean <= shortLines && b.alike == 0 }},
	{"lines are short here", 0.6, func(b border) bool { return b.mean <= 30 }},
	{"lines are very short here", 0.7, func(b border) bool { return b.mean <= 22 }},
	{"behind a question to someone", 1.9, func(b border) bool {
		return strings.Contains(b.before.text, "?") && askedSomeone.MatchString(plainly(b.before.text))
	}},
}

// takesUp reports whether a line begins with "the keeper" or "his lamp" where
// the line before spoke of such.
func takesUp(b border) bool {
	of, rest, _ := strings.Cut(b.after.first, " ")
	if !definite[of] {
		return false
	}
	for i, word := range strings.Fields(rest) {
		if i > 2 {
			break
		}
		for w := range contentWords(word) {
			if b.before.words[w] {
				return true
			}
		}
	}
	return false
}

var definite = set("the this that these those such his her its their my our both another")

// unpunctuated reports whether a line ends like none that was written with care.
func unpunctuated(l *line) bool {
	r, _ := utf8.DecodeLastRuneInString(l.text)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// shortLines is how many words a line of a dump has at most, on average, for the
// signals that were only ever seen in such dumps.
const shortLines = 45

// judges reports whether a line that begins with "this" or "that" says what its
// writer thinks of what was said, as replies do.
func judges(l *line) bool {
	return praise.MatchString(l.first) || ofText.MatchString(l.first) || pointer.MatchString(l.first) || verdict.MatchString(l.first)
}

// asked reports whether a first sentence is a question.
func asked(first string) bool { return strings.Contains(first, "?") && asks.MatchString(first) }

// heads reports whether a line is the heading of a section numbered in Roman.
func heads(l *line) bool {
	return l.marker.numeral == roman && l.size <= 60 || LooksLikeHeading(l.text) && l.size > 1
}

func ends(s string, with ...string) bool {
	for _, w := range with {
		if strings.HasSuffix(s, w) {
			return true
		}
	}
	return false
}

func startsSmall(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLower(r)
}
