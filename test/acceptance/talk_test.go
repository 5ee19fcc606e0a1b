//go:build unix

package acceptance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"marginalia/test/matrixuser"
	"marginalia/test/wait"
)

// said is something that a person said: the truth that all else is held against.
type said struct {
	token   string // a word of its own, in every version
	room    int
	by      int // of the room's people
	passage int // its number
	answers *said
	quote   string // words of the passage that it quotes
	id      string // the event, or in the lobby the annotation
	edits   []string
	version int
	deleted bool
	parent  bool // something answers it
}

func (s *said) name() string { return names[s.room][s.by] }

// word is a word that only one version of s has.
func (s *said) word(version int) string { return fmt.Sprintf("%s.v%d", s.token, version) }

var thoughts = []string{
	"I read this twice and I am still not sure.", "This is the heart of it for me.", "Is that so, or do we only wish it were?",
	"My grandmother said the same about bread.", "There is a counterexample in the next paragraph, I think.", "Yes.",
	"Who is \"we\" here? It matters, because *somebody* pays for it.", "Compare `the void` with what Richard says further down; they cannot both be right.",
}

// words are those of a version, as they are typed.
func (s *said) words(version int) string {
	words := s.word(version) + " " + thoughts[(len(s.token)+int(s.token[len(s.token)-2])+version)%len(thoughts)]
	if s.quote != "" {
		words = "> " + s.quote + "\n\n" + words
	}
	return words
}

// quota is how much is to be done, by each of the people.
type quota struct{ say, edit, remove int }

// talk lets everyone in some rooms talk at the same time.
func (w *world) talk(seed uint64, q quota, rooms ...int) error {
	w.t.Helper()
	began, before := time.Now(), w.count()
	failed := make(chan error, 16)
	var all sync.WaitGroup
	for _, room := range rooms {
		for by := range names[room] {
			dice := rand.New(rand.NewPCG(seed, uint64(10*room+by)))
			all.Go(func() { failed <- w.speak(room, by, q, dice) })
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
	w.t.Logf("%d said, %d edits and %d deletions in %v", after.say-before.say, after.edit-before.edit, after.remove-before.remove, time.Since(began).Round(time.Millisecond))
	return nil
}

func (w *world) count() quota {
	w.mu.Lock()
	defer w.mu.Unlock()
	var q quota
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
func (w *world) speak(room, by int, q quota, dice *rand.Rand) error {
	for total := q.say + q.edit + q.remove; total > 0; total-- {
		var err error
		switch n := dice.IntN(total); {
		case n < q.say:
			q.say--
			err = w.say(room, by, dice)
		case n < q.say+q.edit:
			q.edit--
			err = w.edit(w.own(room, by, dice))
		default:
			q.remove--
			err = w.remove(w.own(room, by, dice))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", names[room][by], err)
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
	s := &said{token: fmt.Sprintf("tk%04dx", w.tokens.Add(1)), room: room, by: by}
	send := w.sayOnMatrix
	if room == lobby {
		send = w.sayInLobby
	}
	var err error
	if s.id, err = send(s, dice); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, s)
	return nil
}

func (w *world) sayOnMatrix(s *said, dice *rand.Rand) (event string, err error) {
	_, seqs := w.roots(s.room)
	s.passage = seqs[dice.IntN(len(seqs))]
	root := w.root(s.room, s.passage)
	s.quote = w.quotable(s.passage, dice)
	content, to := matrixuser.Text(s.words(0), root), root
	if event, parent := w.answerable(s, dice); event != "" {
		s.answers, to = parent, event
		content["m.relates_to"] = map[string]any{"rel_type": "m.thread", "event_id": root, "is_falling_back": false, "m.in_reply_to": map[string]any{"event_id": to}}
	}
	if dice.IntN(3) == 0 { // a client that knows no threads
		content["m.relates_to"] = map[string]any{"m.in_reply_to": map[string]any{"event_id": to}}
	}
	return w.people[s.room][s.by].Send(w.ctx, w.rooms[s.room], "m.room.message", content)
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
	if strings.Count(strings.Join(w.passages, "\n"), quote) != 1 || strings.ContainsAny(quote, "*_`[]<>&\\~#|") {
		return ""
	}
	return quote
}

// answerable picks, every third time, something in the same thread that stands
// in the room, and its event there.
func (w *world) answerable(s *said, dice *rand.Rand) (event string, parent *said) {
	if dice.IntN(3) != 0 {
		return "", nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for range min(20, len(w.said)) {
		parent = w.said[dice.IntN(len(w.said))]
		if parent.passage != s.passage || parent.deleted || parent.id == "" {
			continue
		}
		if event = parent.id; parent.room != s.room {
			event = w.mirror(s.room, parent.token)
		}
		if event != "" {
			parent.parent = true
			return event, parent
		}
	}
	return "", nil
}

// mirror is the bot's event that shows something in a Matrix room, "" if there
// is none yet.
func (w *world) mirror(side int, token string) string {
	for _, e := range w.logs[side].Room(w.rooms[side]) {
		if rel, _ := e.Relation(); e.Sender == w.bot.ID && rel != "m.replace" && strings.Contains(e.Body(), token) {
			return e.ID
		}
	}
	return ""
}

// sayInLobby fills in the lobby's form and finds on the page what became of it.
func (w *world) sayInLobby(s *said, dice *rand.Rand) (annotation string, err error) {
	threads, err := w.eunji.threads(w.ctx, 1)
	if err != nil {
		return "", err
	}
	th := threads[dice.IntN(len(threads))]
	s.passage, s.quote = th.seq, w.quotable(th.seq, dice)
	answers := ""
	if n := len(th.messages); n > 0 && dice.IntN(3) == 0 {
		m := th.messages[dice.IntN(n)]
		if s.answers = w.known(m.words); s.answers != nil {
			answers = m.annotation
		}
	}
	if err := w.eunji.say(w.ctx, 1, th.passage, answers, s.words(0)); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(w.ctx, verbTime)
	defer cancel()
	err = wait.For(ctx, func(ctx context.Context) error {
		threads, err := w.eunji.threads(ctx, 1)
		if err != nil {
			return err
		}
		for _, m := range messagesOf(threads) {
			if m.own && strings.Contains(m.words, s.token) {
				annotation = m.annotation
				return nil
			}
		}
		return fmt.Errorf("the page does not show %s", s.token)
	})
	return annotation, err
}

// known is what somebody said in these words, if it still stands.
func (w *world) known(words string) *said {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.said {
		if strings.Contains(words, s.token) && !s.deleted {
			s.parent = true
			return s
		}
	}
	return nil
}

func messagesOf(threads []thread) (all []message) {
	for _, th := range threads {
		all = append(all, th.messages...)
	}
	return all
}

// edit gives something new words.
func (w *world) edit(s *said) error {
	if s == nil {
		return nil
	}
	version := s.version + 1
	if s.room == lobby {
		if err := w.eunji.edit(w.ctx, 1, s.id, s.words(version)); err != nil {
			return err
		}
	} else {
		id, err := w.people[s.room][s.by].Send(w.ctx, w.rooms[s.room], "m.room.message", matrixuser.EditOf(s.id, s.words(version)))
		if err != nil {
			return err
		}
		s.edits = append(s.edits, id)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s.version = version
	return nil
}

// remove deletes something. A person's own client takes the words of its own
// edits away as well (MSC3912); those in the other rooms are the bot's.
func (w *world) remove(s *said) error {
	if s == nil {
		return nil
	}
	w.mu.Lock()
	s.deleted = true
	w.mu.Unlock()
	if s.room == lobby {
		return w.eunji.remove(w.ctx, 1, s.id)
	}
	for _, event := range append([]string{s.id}, s.edits...) {
		if err := w.people[s.room][s.by].Redact(w.ctx, w.rooms[s.room], event); err != nil {
			return err
		}
	}
	return nil
}
