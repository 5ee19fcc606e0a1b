package discussion

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// border is the place between two neighbouring lines of a dump, where a new
// document may begin.
type border struct{ before, after line }

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

const bias = -0.6

// signals are of comment sections in English as such. Their weights were set
// by judgement and then fitted to the threads in testdata/threads, never to
// the shared dump (though that was read while the signals were thought up);
// TestFitSignals prints what another fit would say.
var signals = []signal{
	// What binds a line to the one before.
	{"between items or in brackets", -5, func(b border) bool { return b.after.bound }},
	{"behind a colon", -5, func(b border) bool { return ends(b.before.text, ":", "：", ",", ";") }},
	{"behind a heading", -4, func(b border) bool { return heads(b.before) }},
	{"a list's item", -2, func(b border) bool { return b.after.marker != item{} }},
	{"a quotation that was announced", -5, func(b border) bool { return b.after.announced }},
	{"behind a quotation", -2.3, func(b border) bool { return b.before.quote }},
	{"a connective", -1.9, func(b border) bool { return connective.MatchString(b.after.first) }},
	{"points back", -0.7, func(b border) bool { return pointsBack.MatchString(b.after.first) && !judges(b.after) }},
	{"counts on", -1.7, func(b border) bool { return countsOn.MatchString(b.after.first) }},
	{"an afterthought", -3, func(b border) bool { return afterthought.MatchString(b.after.first) }},
	{"in brackets", -1.5, func(b border) bool { return strings.HasPrefix(b.after.text, "(") }},
	{"small letter", -1, func(b border) bool { return startsSmall(b.after.text) }},
	{"goes on telling", -1.4, func(b border) bool { return goesOn.MatchString(b.after.first) }},
	{"behind an announcement", -1.5, func(b border) bool { return announces.MatchString(lastSentence(b.before.text)) }},

	// What begins a comment.
	{"praise or thanks", 3.1, func(b border) bool { return praise.MatchString(b.after.first) }},
	{"takes a side", 2.5, func(b border) bool { return stance.MatchString(b.after.first) }},
	{"speaks of the text", 0.8, func(b border) bool { return ofText.MatchString(b.after.first) }},
	{"speaks to the writer", 0.5, func(b border) bool { return toWriter.MatchString(b.after.first) }},
	{"points at what was said", 1.2, func(b border) bool { return pointer.MatchString(b.after.first) }},
	{"asks and no more", 2, func(b border) bool { return asked(b.after.first) && (ends(b.after.text, "?") || b.after.size < 30) }},
	{"asks and goes on", 1.5, func(b border) bool { return asked(b.after.first) && !ends(b.after.text, "?") && b.after.size >= 30 }},
	{"gives an opinion", 1.2, func(b border) bool { return opinion.MatchString(b.after.first) }},
	{"tells of oneself", 0.9, func(b border) bool { return ofOneself.MatchString(b.after.first) }},
	{"says who speaks", 1.1, func(b border) bool { return credentials.MatchString(b.after.first) }},
	{"corrects", 2.1, func(b border) bool { return corrects.MatchString(b.after.first) }},
	{"repeats an earlier line", 4, func(b border) bool { return b.after.repeat >= 0 }},
	{"a few words", 1.3, func(b border) bool { return b.after.size <= 5 }},
	{"one short line", 0.4, func(b border) bool { return b.after.size > 5 && b.after.size <= 20 }},
	{"a long line", -0.3, func(b border) bool { return b.after.size > 60 }},
	{"behind a few words", 1.6, func(b border) bool { return b.before.size <= 5 && !ends(b.before.text, ":") }},
	{"behind one short line", 1.6, func(b border) bool { return b.before.size > 5 && b.before.size <= 20 }},
	{"behind a closing", 1.1, func(b border) bool { return closing.MatchString(lastSentence(b.before.text)) }},
	{"behind a question", 0.8, func(b border) bool { return ends(b.before.text, "?") }},
	{"behind a question to someone", 1.6, func(b border) bool { return askedSomeone.MatchString(plainly(b.before.text)) }},
}

// judges reports whether a line that begins with "this" or "that" says what its
// writer thinks of what was said, as replies do.
func judges(l line) bool {
	return praise.MatchString(l.first) || ofText.MatchString(l.first) || pointer.MatchString(l.first) || verdict.MatchString(l.first)
}

// asked reports whether a first sentence is a question.
func asked(first string) bool { return asks.MatchString(first) && strings.Contains(first, "?") }

// heads reports whether a line is the heading of a section numbered in Roman.
func heads(l line) bool {
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

func lastSentence(s string) string {
	all := sentenceEnds(s)
	if len(all) == 1 {
		return plainly(s)
	}
	return plainly(s[all[len(all)-2]:])
}
