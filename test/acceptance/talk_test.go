//go:build unix

package acceptance

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// said is something that a person said: the truth that all else is held against.
type said struct {
	token   string // a word of its own, in every version
	room    int    // the side on which it was said
	by      int    // of the side's people
	passage int    // its number
	answers *said
	quote   string // words of the passage that it quotes
	id      string // on its own side
	version int
	deleted bool
	parent  bool // something answers it
	fans    []fan
}

// fan is someone who holds an emoji on something.
type fan struct {
	room, by int
	emoji    string
}

// word is a word that only one version of s has.
func (s *said) word(version int) string { return fmt.Sprintf("%s.v%d", s.token, version) }

var tokens = regexp.MustCompile(`tk\d{4}x`)

func tokenIn(words string) string { return tokens.FindString(words) }

var thoughts = []string{
	"I read this twice and I am still not sure.", "This is the heart of it for me.", "Is that so, or do we only wish it were?",
	"My grandmother said the same about bread.", "There is a counterexample in the next paragraph, I think.", "Yes.",
	"Who is \"we\" here? It matters, because *somebody* pays for it.", "Compare `the void` with what Richard says further down; they cannot both be right.",
}

// emojis are those that people react with.
var emojis = []string{"👍", "🤔", "💡"}

// words are those of a version, as they are typed.
func (s *said) words(version int) string {
	words := s.word(version) + " " + thoughts[(len(s.token)+int(s.token[len(s.token)-2])+version)%len(thoughts)]
	if s.quote != "" {
		words = "> " + s.quote + "\n\n" + words
	}
	return words
}

// quota is how much is to be done, by each of the people.
type quota struct{ say, edit, remove, react int }

// pace keeps people together, however slow the networks of some are: else the
// fast ones have said all that they have to say before anybody can answer.
type pace struct {
	mu    sync.Mutex
	moved sync.Cond
	deeds map[[2]int]int // of those who still talk
}

// ahead is how many deeds somebody may be ahead of the slowest.
const ahead = 3

// step waits until it is who's turn.
func (p *pace) step(who [2]int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.deeds[who] >= slices.Min(slices.Collect(maps.Values(p.deeds)))+ahead {
		p.moved.Wait()
	}
	p.deeds[who]++
	p.moved.Broadcast()
}

func (p *pace) leave(who [2]int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.deeds, who)
	p.moved.Broadcast()
}

// talk lets everyone on some sides talk at the same time.
func (w *world) talk(seed uint64, q quota, rooms ...int) error {
	w.t.Helper()
	began, before := time.Now(), w.count()
	failed := make(chan error, 16)
	var all sync.WaitGroup
	together := &pace{deeds: map[[2]int]int{}}
	for _, room := range rooms {
		for by := range w.sides[room].people() {
			together.deeds[[2]int{room, by}] = 0
		}
	}
	together.moved.L = &together.mu
	for _, room := range rooms {
		for by := range w.sides[room].people() {
			dice := rand.New(rand.NewPCG(seed, uint64(10*room+by)))
			all.Go(func() {
				defer together.leave([2]int{room, by})
				failed <- w.speak(room, by, q, dice, together)
			})
		}
	}
	all.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			return err
		}
	}
	after := w.count()
	w.t.Logf("%d said, %d edits, %d deletions and %d reactions in %v", after.say-before.say, after.edit-before.edit,
		after.remove-before.remove, after.react-before.react, time.Since(began).Round(time.Millisecond))
	return nil
}

func (w *world) count() quota {
	w.mu.Lock()
	defer w.mu.Unlock()
	q := quota{react: w.reactions}
	for _, s := range w.said {
		q.say++
		q.edit += s.version
		if s.deleted {
			q.remove++
		}
	}
	return q
}

// living is how many annotations should stand.
func (q quota) living() int { return q.say - q.remove }

// speak is one person's part.
func (w *world) speak(room, by int, q quota, dice *rand.Rand, together *pace) error {
	for total := q.say + q.edit + q.remove + q.react; total > 0; total-- {
		together.step([2]int{room, by})
		var err error
		switch n := dice.IntN(total); {
		case n < q.say:
			q.say--
			err = w.say(room, by, dice)
		case n < q.say+q.edit:
			q.edit--
			err = w.edit(w.own(room, by, dice))
		case n < q.say+q.edit+q.remove:
			q.remove--
			err = w.remove(w.own(room, by, dice))
		default:
			q.react--
			err = w.react(room, by, dice)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", w.sides[room].people()[by], err)
		}
	}
	return nil
}

// own picks something that a person said and that still stands; rather
// something that was answered, so that what is gone leaves its outline.
func (w *world) own(room, by int, dice *rand.Rand) *said {
	w.mu.Lock()
	defer w.mu.Unlock()
	var mine, answered []*said
	for _, s := range w.said {
		if s.room == room && s.by == by && !s.deleted {
			mine = append(mine, s)
			if s.parent {
				answered = append(answered, s)
			}
		}
	}
	if len(answered) > 0 && dice.IntN(3) == 0 {
		mine = answered
	}
	if len(mine) == 0 {
		return nil
	}
	return mine[dice.IntN(len(mine))]
}

// say says something in the thread of a passage: on the passage, on words of
// it, or in answer to somebody.
func (w *world) say(room, by int, dice *rand.Rand) error {
	here := w.sides[room]
	seqs, err := here.passages()
	if err != nil {
		return err
	}
	s := &said{token: fmt.Sprintf("tk%04dx", w.tokens.Add(1)), room: room, by: by, passage: seqs[dice.IntN(len(seqs))]}
	s.quote = w.quotable(s.passage, dice)
	u := utterance{passage: s.passage, words: s.words(0)}
	if dice.IntN(3) == 0 {
		if u.answers, s.answers, err = w.answerable(s, dice); err != nil {
			return err
		}
	}
	s.id, err = here.say(by, u, dice)
	if errors.Is(err, errGone) { // what it answers was deleted just now
		u.answers, s.answers = "", nil
		s.id, err = here.say(by, u, dice)
	}
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, s)
	return nil
}

// quotable are, every fifth time, a few words that stand once in the text and
// in this passage.
func (w *world) quotable(passage int, dice *rand.Rand) string {
	text := w.passages[passage-1]
	words := strings.Fields(text)
	if dice.IntN(5) != 0 || len(words) < 8 {
		return ""
	}
	from := dice.IntN(len(words) - 6)
	quote := strings.Join(words[from:from+6], " ")
	first, _ := utf8.DecodeRuneInString(quote) // "- so" would be a list
	if strings.Count(strings.Join(w.passages, "\n"), quote) != 1 || strings.ContainsAny(quote, "*_`[]<>&\\~#|") || !unicode.IsLetter(first) {
		return ""
	}
	return quote
}

// answerable picks something in the same thread that stands in the room, and
// its message there.
func (w *world) answerable(s *said, dice *rand.Rand) (id string, parent *said, err error) {
	for range 3 {
		id, parent, err := w.standing(s.room, dice, func(o *said) bool { return o.passage == s.passage })
		if err != nil {
			return "", nil, err
		}
		if id != "" {
			w.mu.Lock()
			parent.parent = true
			w.mu.Unlock()
			return id, parent, nil
		}
	}
	return "", nil, nil
}

// standing picks something that was said, and its message in a room. There may
// be none.
func (w *world) standing(room int, dice *rand.Rand, like func(*said) bool) (id string, s *said, err error) {
	w.mu.Lock()
	var some []*said
	for _, o := range w.said {
		if !o.deleted && like(o) {
			some = append(some, o)
		}
	}
	w.mu.Unlock()
	if len(some) == 0 {
		return "", nil, nil
	}
	s = some[dice.IntN(len(some))]
	if s.room == room {
		return s.id, s, nil
	}
	id, err = w.sides[room].shown(s.token)
	return id, s, err
}

// edit gives something new words.
func (w *world) edit(s *said) error {
	if s == nil {
		return nil
	}
	version := s.version + 1
	if err := w.sides[s.room].edit(s.by, s.id, s.words(version)); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s.version = version
	return nil
}

// remove deletes something.
func (w *world) remove(s *said) error {
	if s == nil {
		return nil
	}
	w.mu.Lock()
	s.deleted = true
	w.mu.Unlock()
	return w.sides[s.room].remove(s.by, s.id)
}

// react puts an emoji on something, or takes off what it put there before.
func (w *world) react(room, by int, dice *rand.Rand) error {
	id, s, err := w.standing(room, dice, func(*said) bool { return true })
	if id == "" || err != nil {
		return err
	}
	f := fan{room, by, emojis[dice.IntN(len(emojis))]}
	w.mu.Lock()
	held := slices.Contains(s.fans, f)
	w.mu.Unlock()
	err = w.sides[room].react(by, id, f.emoji, !held)
	if errors.Is(err, errGone) { // deleted just now
		return nil
	}
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reactions++
	if held {
		s.fans = slices.DeleteFunc(s.fans, func(o fan) bool { return o == f })
		return nil
	}
	s.fans = append(s.fans, f)
	return nil
}
