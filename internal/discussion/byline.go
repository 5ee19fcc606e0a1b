package discussion

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// What stands around a comment where a page was copied with its marks: who
// says it and when above it, "Reply" and the like below.
const (
	month   = `(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?`
	ago     = `(?:an?|\d+) ?(?:s|m|h|d|w|y|mo|min|mins|hr|hrs|sec|second|minute|hour|day|week|month|year)s? ago|yesterday|just now`
	aDate   = `(?:` + month + ` \d{1,2}(?:st|nd|rd|th)?,? \d{4}|\d{1,2}(?:st|nd|rd|th|\.)? ` + month + `,? \d{4}|\d{4}-\d\d-\d\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|` + ago + `)`
	aTime   = `(?:,?[ t]*(?:at |um |- )?\d{1,2}[:.]\d\d(?:[:.]\d\d)? ?(?:[ap]\.?m\.?|uhr)?(?: [a-z]{3,4})?)?`
	aName   = `(\S{1,30}(?: [\p{Lu}\d]\S{0,20}){0,3})`
	gap     = `[^\pL\pN.!?]` // neither a word nor the end of a sentence
	button  = `(?:reply|replies|permalink|link|share|report|save|likes?|liked|upvote|downvote|root|parent|next|prev|context|edit|flag|quote|award|give|log in to|to this)`
	buttons = `(?:` + gap + `*(?:(?:\d+ )?` + button + `|edited|favorite|hide|\d+ (?:points?|karma|child|children|more))){0,8}` + gap + `*`
)

var (
	dateLine  = express(`^(?i:(?:on |posted |posted on |commented )?` + aDate + aTime + `)[^\pL\pN]*$`)
	says      = regexp.MustCompile(`(?i)( (says|said|wrote|writes|commented|replied|commented on this))?[\s:,|·•–—-]*$`)
	nameDate  = regexp.MustCompile(`^` + aName + `(?i:(?: said| says| wrote| commented)?(?:[^\pL\pN]+-?\d+ (?:points?|karma))?[^\pL\pN]+(?:on )?` + aDate + aTime + buttons + `)$`)
	aDateIn   = regexp.MustCompile(`(?i)` + aDate + aTime)
	hasDate   = express(`(?i)` + aDate) // as all has that nameDate matches
	furniture = express(`^(?i:` + gap + `*(?:(?:\d+|on)` + gap + `*){0,2}` + button + `(?:` + gap + `*(?:` + button + `|\d+|on)){0,8}` + gap + `*)$`)
)

// fewestBylines is how many there must be before a dump is believed to have
// them: one can stand in any text.
const fewestBylines = 3

// byline is what a line is in the frame around a comment.
type byline byte

const (
	noByline byline = iota
	above           // who says it, or when
	below           // "Reply"
)

// findBylines marks the lines that only say who speaks and when. d.framed says
// that the dump has them throughout. What stands right below such a line is a
// comment's words, whatever it looks like.
func (d *dump) findBylines() {
	n := 0
	for i := range d.lines {
		text := d.lines[i].text
		if len(text) > 90 || d.lines[i].byline == above || i > 0 && d.lines[i-1].byline == above {
			continue
		}
		dated := i+1 < len(d.lines) && dateLine.MatchString(d.lines[i+1].text)
		var m []string
		if hasDate.MatchString(text) {
			m = nameDate.FindStringSubmatch(text)
		}
		switch {
		case m != nil:
			d.lines[i].byline, d.lines[i].author, d.lines[i].posted = above, m[1], dateIn(text)
			n++
		case dated && len(strings.Fields(text)) <= 6 && !strings.ContainsAny(text, ".?!"):
			d.lines[i].byline, d.lines[i].author = above, says.ReplaceAllString(text, "")
			d.lines[i+1].byline, d.lines[i+1].posted = above, dateIn(d.lines[i+1].text)
			n++
		}
	}
	if d.framed = n >= fewestBylines && 12*n >= len(d.lines); !d.framed {
		for i := range d.lines {
			d.lines[i].byline = noByline
		}
		return
	}
	for i := range d.lines {
		if l := &d.lines[i]; l.byline == noByline && len(l.text) < 60 && furniture.MatchString(l.text) {
			l.byline = below
		}
	}
}

// keepWords gives the lines from..to-1 words where all are taken for frame: the
// first one below the author's, else all. No line of a dump may vanish so.
func (d *dump) keepWords(from, to int) {
	lines := d.lines[from:to]
	if slices.ContainsFunc(lines, func(l line) bool { return l.byline == noByline }) {
		return
	}
	if i := slices.IndexFunc(lines, func(l line) bool { return l.byline == below }); i >= 0 {
		lines = lines[i : i+1]
	}
	for i := range lines {
		lines[i].byline = noByline
	}
}

// inFrame is how likely line i begins a comment in a dump with bylines.
func (d *dump) inFrame(i int) float64 {
	switch before, here := d.lines[i-1].byline, d.lines[i].byline; {
	case here == above && before == above && d.lines[i].author == "":
		return 0.01 // the date below a name
	case here == above:
		return 0.98
	case before == below && here == noByline:
		return 0.6
	}
	return 0.03
}

// What a date says in more letters than time.Parse reads.
var (
	ordinal   = regexp.MustCompile(`(?i)(\d)(?:st|nd|rd|th)\b`)
	monthName = regexp.MustCompile(`(?i)\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?`)
	between   = strings.NewReplacer(" at ", " ", ",", "", " - ", " ")
)

// dateIn is the time that a byline tells, zero if it tells none that stays.
func dateIn(s string) time.Time {
	s = between.Replace(aDateIn.FindString(s))
	s = monthName.ReplaceAllString(ordinal.ReplaceAllString(s, "$1"), "$1")
	for _, day := range []string{"Jan 2 2006", "2 Jan 2006", "2006-01-02"} {
		for _, clock := range []string{" 3:04 pm", " 3:04 PM", " 15:04", " 15:04:05", ""} {
			if at, err := time.Parse(day+clock, s); err == nil {
				return at
			}
		}
	}
	return time.Time{}
}
