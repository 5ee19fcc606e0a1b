package discussion

import (
	"math"
	"sort"
	"strings"
	"unicode"
)

// contentWords returns the words of a line that say what it is about: four
// letters and more, lower case, without a plural's s.
func contentWords(s string) map[string]bool {
	all := make(map[string]bool, len(s)/16)
	for w := range strings.FieldsFuncSeq(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' }) {
		if len(w) >= 4 && !common[w] && !strings.ContainsAny(w, "'’") {
			all[strings.TrimSuffix(w, "s")] = true
		}
	}
	return all
}

// common are long words that every English text holds.
var common = set("about above after again against almost alone along also although always among another anything anyone " +
	"around because been before being below best better between both cannot could does doing done down " +
	"each either else enough even ever every everything from further give given goes going good great have " +
	"having here however into itself just know least less like likely made make many maybe might more most " +
	"much must myself need never next nothing often once only other others otherwise over part perhaps " +
	"point quite rather really said same seem seems should since some someone something still such sure " +
	"take than that their them then there these they thing things think this those though thought through " +
	"thus time true under until upon very want well were what when where whether which while whole whom " +
	"whose will with within without would yeah year years your yours yourself people post essay article " +
	"comment author")

// cosine is how much of their rare words two sets share, 0 to 1: each word
// weighs as much as it is rare in the dump.
func (d *dump) cosine(a, b map[string]bool) float64 {
	var shared, inA, inB float64
	for w := range a {
		weight := d.rarity[w] * d.rarity[w]
		inA += weight
		if b[w] {
			shared += weight
		}
	}
	for w := range b {
		inB += d.rarity[w] * d.rarity[w]
	}
	if shared == 0 {
		return 0
	}
	return shared / math.Sqrt(inA*inB)
}

// findQuotes marks the lines that quote: those whose mark was typed, those
// announced by the line before, those that repeat another line, and those in
// quotation marks as a whole.
func (d *dump) findQuotes() {
	d.findRepeats()
	for i := range d.lines {
		l := &d.lines[i]
		l.typed = typedMark(l.text) > 0
		if l.repeat >= 0 || l.typed || inMarks(l.text) {
			l.quote = true
		}
		if i == 0 || l.byline != noByline {
			continue
		}
		before := &d.lines[i-1]
		if ends(before.text, ":") && l.marker == (item{}) && announcesQuote(before.last) {
			l.quote, l.announced = true, true
		}
		if before.quote && ends(before.text, "[...]", "[…]", "(...)", "(…)") {
			l.quote, l.announced = true, true
		}
		if l.repeat >= 0 && before.size <= 3 && ends(before.text, ":") {
			before.names, l.announced = true, true
		}
	}
}

func announcesQuote(sentence string) bool {
	return saying.MatchString(strings.TrimPrefix(sentence, "that said"))
}

// inMarks reports whether a line is one quotation in its quotation marks.
func inMarks(s string) bool {
	inner, curly := strings.CutPrefix(s, "“")
	if curly {
		inner, curly = strings.CutSuffix(inner, "”")
		return curly && !strings.ContainsAny(inner, "“”")
	}
	return len(s) > 2 && s[0] == '"' && s[len(s)-1] == '"' && strings.Count(s, `"`) == 2
}

// guessParents sets Parent where a comment's first line points at something
// that was said before.
func (d *dump) guessParents(parts []Part) {
	index := map[int]int{}
	for i, n := range d.number {
		index[n] = i
	}
	of := func(number int) int { // the part that holds a line of the dump
		return sort.Search(len(parts)-1, func(i int) bool { return number <= parts[i].Last })
	}
	for i := range parts {
		p := &parts[i]
		at := index[p.First]
		for at+1 < len(d.lines) && d.lines[at].byline == above {
			at++
		}
		first := &d.lines[at]
		switch {
		case p.Kind != Comment || i == 0:
		case first.repeat >= 0:
			p.Parent = of(d.number[first.repeat])
		case first.names:
			p.Parent = of(d.number[d.lines[at+1].repeat])
		case replies(first):
			p.Parent = d.mostAlike(parts[:i], p, index)
		}
		if p.Parent >= i || p.Parent >= 0 && parts[p.Parent].Kind != Comment {
			p.Parent = -1
		}
	}
}

// replies reports whether a comment's first line answers another comment
// rather than the text.
func replies(l *line) bool {
	if ofText.MatchString(l.first) || praise.MatchString(l.first) && l.size > 12 {
		return false
	}
	return pointer.MatchString(l.first) || replyOpener.MatchString(l.first)
}

// mostAlike picks the part whose words are nearest to p's, and the nearest of
// those that are equally so: each step back costs a little.
func (d *dump) mostAlike(earlier []Part, p *Part, index map[int]int) int {
	of := func(p Part) map[string]bool {
		all := map[string]bool{}
		for n := p.First; n <= p.Last; n++ {
			if i, ok := index[n]; ok {
				for w := range d.lines[i].words {
					all[w] = true
				}
			}
		}
		return all
	}
	mine := of(*p)
	best, parent := -1.0, -1
	for i := len(earlier) - 1; i >= max(0, len(earlier)-8); i-- {
		if score := d.cosine(mine, of(earlier[i])) - 0.02*float64(len(earlier)-1-i); score > best {
			best, parent = score, i
		}
	}
	return parent
}
