package discussion

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Meaning is what an emoji says that is given as a reaction, "" if nothing
// that is counted by name.
type Meaning string

// The meanings. Whether something is right and whether it is welcome are two
// questions: agreement and approval are counted apart.
const (
	Agree       Meaning = "agree"
	Disagree    Meaning = "disagree"
	Insight     Meaning = "insight"
	ChangedMind Meaning = "changed my mind"
	Question    Meaning = "question"
	Approve     Meaning = "approve"
	Disapprove  Meaning = "disapprove"
)

// deeds are what one person does who means something, and what several do.
var deeds = map[Meaning][2]string{
	Agree:       {"agrees", "agree"},
	Disagree:    {"disagrees", "disagree"},
	Insight:     {"found an insight", "found an insight"},
	ChangedMind: {"changed their mind", "changed their minds"},
	Question:    {"has a question", "have a question"},
	Approve:     {"approves", "approve"},
	Disapprove:  {"disapproves", "disapprove"},
}

// Lexicon says which emoji mean what, in the order in which meanings are shown.
// Nil is the usual one.
type Lexicon []Entry

// Entry is a meaning and the emoji that have it.
type Entry struct {
	Meaning Meaning
	Emoji   []string
}

// Usual is the lexicon where no other was written.
var Usual = Lexicon{
	{Agree, []string{"✅"}},
	{Disagree, []string{"❌"}},
	{Insight, []string{"💡"}},
	{ChangedMind, []string{"🔁"}},
	{Question, []string{"❓"}},
	{Approve, []string{"👍", "❤", "➕"}},
	{Disapprove, []string{"👎", "➖"}},
}

// Entries are those of l, or of the usual lexicon if l is nil.
func (l Lexicon) Entries() Lexicon {
	if l == nil {
		return Usual
	}
	return l
}

// Check says what is wrong with a lexicon: an emoji means one thing, and is not
// words.
func (l Lexicon) Check() error {
	known := map[string]Meaning{}
	for _, e := range l.Entries() {
		for _, emoji := range e.Emoji {
			plain := PlainEmoji(emoji)
			if plain == "" || strings.ContainsFunc(plain, inWords) && !strings.HasPrefix(plain, ":") {
				return fmt.Errorf("%q is no emoji: write one, or :name: for one of a server's own", emoji)
			}
			if other, ok := known[plain]; ok && other != e.Meaning {
				return fmt.Errorf("%s means %q and %q: keep it in one of them", emoji, other, e.Meaning)
			}
			known[plain] = e.Meaning
		}
	}
	return nil
}

func inWords(r rune) bool { return r <= ' ' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' }

// Means is the meaning of an emoji.
func (l Lexicon) Means(emoji string) Meaning {
	plain := written(emoji)
	for _, e := range l.Entries() {
		if slices.ContainsFunc(e.Emoji, func(o string) bool { return PlainEmoji(o) == plain }) {
			return e.Meaning
		}
	}
	return ""
}

// Sense is what makes emoji count as the same: their meaning, or of those that
// have none the plain emoji.
type Sense struct {
	Meaning Meaning
	Emoji   string // "" if there is a meaning
}

// Sense is that of an emoji.
func (l Lexicon) Sense(emoji string) Sense {
	if m := l.Means(emoji); m != "" {
		return Sense{Meaning: m}
	}
	return Sense{Emoji: PlainEmoji(emoji)}
}

// written is an emoji as a lexicon has it: one of a server's own, of which
// Discord tells name and id, by its name.
func written(emoji string) string {
	plain := PlainEmoji(emoji)
	if name, id, ok := strings.Cut(plain, ":"); ok && name != "" && id != "" && strings.Trim(id, "0123456789") == "" {
		return ":" + name + ":"
	}
	return plain
}

// PlainEmoji is an emoji without what changes only its look: skin tones, and
// whether it is drawn in colour.
func PlainEmoji(emoji string) string {
	return strings.Map(func(r rune) rune {
		if r == '\ufe0e' || r == '\ufe0f' || r >= 0x1f3fb && r <= 0x1f3ff {
			return -1
		}
		return r
	}, emoji)
}

// Tally is how many people said the same of one thing by reactions.
type Tally struct {
	Meaning Meaning
	Emoji   string // of several that mean it, the first of the lexicon that was given
	People  int
}

// Phrase is the tally in words.
func (t Tally) Phrase() string {
	who, how := "1 person", 0
	if t.People != 1 {
		who, how = fmt.Sprintf("%d people", t.People), 1
	}
	if words, ok := deeds[t.Meaning]; ok {
		return who + " " + words[how]
	}
	return who + " gave " + t.Emoji
}

// Tally counts what people said of one thing: each person once for all emoji
// of a meaning, and once for an emoji that has none. Meanings come in the order of
// the lexicon, then other emoji in that in which they were given. Accounts of one
// person are to be one in Reaction.Person.
func (l Lexicon) Tally(all []Reaction) []Tally {
	people, given := map[Sense]map[PersonID]bool{}, map[string]bool{}
	var senses []Sense
	for _, r := range all {
		s := l.Sense(r.Emoji)
		if people[s] == nil {
			people[s] = map[PersonID]bool{}
			senses = append(senses, s)
		}
		people[s][r.Person] = true
		given[written(r.Emoji)] = true
	}
	slices.SortStableFunc(senses, func(a, b Sense) int { return cmp.Compare(l.place(a.Meaning), l.place(b.Meaning)) })
	var out []Tally
	for _, s := range senses {
		out = append(out, Tally{s.Meaning, l.shown(s, given), len(people[s])})
	}
	return out
}

// Of are the emoji of a meaning.
func (l Lexicon) Of(m Meaning) []string {
	for _, e := range l.Entries() {
		if e.Meaning == m {
			return slices.Clone(e.Emoji)
		}
	}
	return nil
}

// place is where a meaning stands in the lexicon, behind all if it is none.
func (l Lexicon) place(m Meaning) int {
	i := slices.IndexFunc(l.Entries(), func(e Entry) bool { return e.Meaning == m })
	if i < 0 {
		return len(l.Entries())
	}
	return i
}

// shown is the emoji that stands for a sense: of several that mean it, the
// first of the lexicon that was given.
func (l Lexicon) shown(s Sense, given map[string]bool) string {
	for _, emoji := range l.Of(s.Meaning) {
		if plain := PlainEmoji(emoji); given[plain] {
			return plain
		}
	}
	return s.Emoji
}
