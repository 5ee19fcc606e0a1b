//go:build unix

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/test/matrixuser"
	"marginalia/test/wait"
)

// cell is one thing that somebody does, on one network, before the bot is
// restarted, while it is down or after it.
type cell struct {
	w        *world
	kind     kind
	from, to side
	passage  int
	token    string
	id       string // of what is said on its own side
	other    string // of what is answered there
}

// kind is a thing that people do. First it says what the deed is about, if
// that is not there yet; seen reports what is wrong with the other side.
type kind struct {
	name  string
	first func(c *cell) error
	deed  func(c *cell) error
	seen  func(c *cell, r record) error
	only  string // the platform on which it can be done, "" on all
}

// kinds are what people do in a thread, and what becomes of it elsewhere.
var kinds = []kind{
	{name: "message", deed: (*cell).say, seen: once},
	{name: "reply", first: (*cell).sayFirst, deed: (*cell).answer, seen: answers},
	{name: "long text", deed: (*cell).sayLong, seen: whole},
	{name: "spoiler", deed: (*cell).sayHidden, seen: hidden},
	{name: "attachment", deed: (*cell).attach, seen: attached},
	{name: "picture alone", deed: (*cell).attachAlone, seen: pictured},
	{name: "sticker", deed: (*cell).stick, seen: pictured},
	{name: "deletion of an attachment", first: (*cell).attach, deed: (*cell).remove, seen: goneWithFile},
	{name: "edit beside an attachment", first: (*cell).attach, deed: (*cell).edit, seen: editedBeside, only: "discord"},
	{name: "forward", deed: (*cell).forward, seen: forwarded, only: "discord"},
	{name: "edit", first: (*cell).say, deed: (*cell).edit, seen: edited},
	{name: "edit of a long text", first: (*cell).sayLong, deed: (*cell).edit, seen: edited},
	{name: "deletion", first: (*cell).say, deed: (*cell).remove, seen: gone},
	{name: "deletion of a long text", first: (*cell).sayLong, deed: (*cell).remove, seen: gone},
	{name: "reaction on", first: (*cell).say, deed: (*cell).react, seen: held},
	{name: "reaction off", first: (*cell).sayAndReact, deed: (*cell).unreact, seen: notHeld},
	{name: "reaction on, off and on", first: (*cell).say, deed: (*cell).reactAnew, seen: held},
}

// TestEveryKindEachWay is a table of what people do in a thread, in both
// directions, before a restart, while the bot is down and after it. Each cell is
// read by raw clients when it is done and again at the end.
func TestEveryKindEachWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHomeserver(w)
	garden, harbour := h.open("garden", "Agnes", "Béla"), newDiscord(w, "harbour", "Chiara", "Dov")
	w.sides = []side{garden, harbour}
	w.configure("")
	w.bring()
	w.configure("@every 1s")
	w.start()
	wait.Until(t, time.Minute, "two passages stand in both rooms", func() bool { return w.posted() >= 2 })
	w.run.finish()
	w.configure("0 3 1 1 *") // no more passages
	w.start()

	times := map[string][]*cell{}
	order := []string{"before a restart", "during a restart", "after a restart"}
	for i, when := range order {
		for j, k := range kinds {
			for _, way := range [][2]side{{garden, harbour}, {harbour, garden}} {
				if k.only == "" || k.only == way[0].room().Platform {
					times[when] = append(times[when], w.cell(k, way[0], way[1], 1+(i+j)%2))
				}
			}
		}
		for _, c := range times[when] {
			if c.kind.first != nil {
				w.must(c.kind.first(c))
			}
		}
	}
	for _, when := range order {
		for _, c := range times[when] {
			if c.kind.first != nil {
				w.until(t, c, func(r record) error { _, err := c.mirror(r); return err })
			}
		}
	}
	for _, when := range order {
		if when == order[1] {
			w.run.finish()
		}
		for _, c := range times[when] {
			w.must(c.kind.deed(c))
		}
		if when == order[1] {
			w.start()
		}
		for _, c := range times[when] {
			t.Run(c.name(when), func(t *testing.T) { w.until(t, c, func(r record) error { return c.kind.seen(c, r) }) })
		}
	}
	w.silent()
	read := map[side]record{}
	for _, s := range w.sides {
		r, err := s.read()
		w.must(err)
		read[s] = r
	}
	for _, when := range order {
		for _, c := range times[when] {
			if err := c.kind.seen(c, read[c.to]); err != nil {
				t.Errorf("%s: in the end %v", c.name(when), err)
			}
		}
	}
	if said := done(t, w.program, w.dir, "verify"); !strings.Contains(said, "0 lost, 0 doubled, 0 strayed") {
		t.Errorf("bot verify says %s", said)
	}
}

func (w *world) cell(k kind, from, to side, passage int) *cell {
	return &cell{w: w, kind: k, from: from, to: to, passage: passage, token: fmt.Sprintf("tk%04dx", w.tokens.Add(1))}
}

func (c *cell) name(when string) string {
	return fmt.Sprintf("%s/%s to %s/%s", c.kind.name, c.from.room().Platform, c.to.room().Platform, when)
}

// until waits until nothing is wrong with the other side of a cell.
func (w *world) until(t *testing.T, c *cell, wrong func(record) error) {
	t.Helper()
	var last error
	ctx, cancel := context.WithTimeout(w.ctx, 2*time.Minute)
	defer cancel()
	if err := wait.For(ctx, func(context.Context) error {
		r, err := c.to.read()
		if err == nil {
			err = wrong(r)
		}
		last = err
		return err
	}); err != nil {
		t.Fatalf("%s: %v", c.token, last)
	}
}

// silent waits until the bot has nothing left to do.
func (w *world) silent() {
	w.t.Helper()
	wait.Until(w.t, 2*time.Minute, "nothing is pending", func() bool {
		s := w.status()
		n := s.Held
		for _, r := range s.Rooms {
			n += r.Pending + r.Dead
		}
		return n == 0
	})
}

// What people do.

func (c *cell) utter(words, answers string) (string, error) {
	return c.from.say(0, utterance{passage: c.passage, words: words, answers: answers}, steady())
}

// steady are dice with which a client knows threads.
func steady() *rand.Rand { return rand.New(rand.NewPCG(3, 3)) }

func (c *cell) say() (err error) {
	c.id, err = c.utter(c.token+" as it was", "")
	return err
}

func (c *cell) sayFirst() (err error) {
	c.other, err = c.utter(c.token+" to be answered", "")
	return err
}

func (c *cell) answer() (err error) {
	c.id, err = c.utter(c.answerToken()+" is the answer", c.other)
	return err
}

// answerToken is a token that no other cell has.
func (c *cell) answerToken() string { return strings.Replace(c.token, "tk0", "tk9", 1) }

// sayLong says as much as one may say on Discord, and three times that on Matrix.
func (c *cell) sayLong() (err error) {
	c.id, err = c.utter(c.longText(), "")
	return err
}

func (c *cell) marks() int {
	if c.from.room().Platform == "discord" {
		return 12
	}
	return 40
}

func (c *cell) mark(i int) string {
	return fmt.Sprintf("%s-mark-%02d.", strings.TrimPrefix(c.token, "tk"), i)
}

func (c *cell) longText() string {
	var b strings.Builder
	b.WriteString(c.token)
	for i := range c.marks() {
		fmt.Fprintf(&b, "\n\nParagraph %s %s", c.mark(i), strings.Repeat("So it goes on. ", 8))
	}
	return b.String()
}

func (c *cell) sayHidden() (err error) {
	words := c.token + " he ||dies|| in the end"
	if m, ok := c.from.(*matrixSide); ok {
		c.id, err = m.send(0, "m.room.message", m.formatted(c.passage, c.token+" he [spoiler] in the end", c.token+" he <span data-mx-spoiler>dies</span> in the end"))
		return err
	}
	c.id, err = c.utter(words, "")
	return err
}

// formatted is the content of a message in a passage's thread.
func (s *matrixSide) formatted(passage int, plain, html string) map[string]any {
	content := s.inThread(passage, plain)
	content["format"], content["formatted_body"] = "org.matrix.custom.html", html
	return content
}

func (s *matrixSide) inThread(passage int, words string) map[string]any {
	events, seqs := s.roots()
	return matrixuser.Text(words, events[slices.Index(seqs, passage)])
}

func (c *cell) edit() error   { return c.from.edit(0, c.id, c.token+" as it is now") }
func (c *cell) remove() error { return c.from.remove(0, c.id) }
func (c *cell) react() error  { return c.from.react(1, c.id, "💡", true) }

func (c *cell) unreact() error { return c.from.react(1, c.id, "💡", false) }

func (c *cell) sayAndReact() error { return errors.Join(c.say(), c.react()) }

func (c *cell) reactAnew() error { return errors.Join(c.react(), c.unreact(), c.react()) }

// What is seen of it on the other side.

// mirror is the one message that shows what the cell is about.
func (c *cell) mirror(r record) (mirrored, error) { return only(r, c.token) }

func only(r record, token string) (mirrored, error) {
	all := r.mirrors()[token]
	if len(all) != 1 {
		return mirrored{}, fmt.Errorf("%s stands %d times", token, len(all))
	}
	return all[0], nil
}

func once(c *cell, r record) error { return shows(c, r, "as it was") }

// shows wants one message with such words, under the passage, of the speaker's.
func shows(c *cell, r record, words string) error {
	m, err := c.mirror(r)
	switch {
	case err != nil:
		return err
	case !strings.Contains(m.words, words):
		return fmt.Errorf("the words are %q, not %q", m.words, words)
	case m.passage != c.passage:
		return fmt.Errorf("it stands under passage %d", m.passage)
	case m.who != c.from.people()[0] || m.rude != "":
		return fmt.Errorf("it is said by %q; %s", m.who, m.rude)
	}
	return nil
}

func answers(c *cell, r record) error {
	to, err := c.mirror(r)
	if err != nil {
		return err
	}
	m, err := only(r, c.answerToken())
	if err == nil && m.answers != to.id {
		err = fmt.Errorf("it answers %q, not %q", m.answers, to.id)
	}
	return err
}

// whole wants each part of the text once, and in order.
func whole(c *cell, r record) error {
	at := -1
	all := standing(r)
	for i := range c.marks() {
		if n := strings.Count(all, c.mark(i)); n != 1 {
			return fmt.Errorf("%s stands %d times", c.mark(i), n)
		}
		if next := strings.Index(all, c.mark(i)); next < at {
			return fmt.Errorf("%s stands too early", c.mark(i))
		} else {
			at = next
		}
	}
	return nil
}

// standing are the newest words of all that the bot said in threads, in order.
func standing(r record) string {
	var all []string
	switch r := r.(type) {
	case *discordRecord:
		for m := range r.all() {
			if m.Webhook {
				all = append(all, m.Text)
			}
		}
	case *matrixRecord:
		edits := r.edits()
		for _, e := range r.events {
			now := r.now[e.ID]
			if rel, _ := now.Relation(); now.Sender != r.account || rel == "m.replace" {
				continue
			}
			words := now.Body()
			if edit, ok := edits[e.ID]; ok {
				words = edit.NewBody()
			}
			all = append(all, words)
		}
	}
	return strings.Join(all, "\n")
}

// hidden wants the spoiler to be one.
func hidden(c *cell, r record) error {
	m, err := c.mirror(r)
	if err != nil {
		return err
	}
	words := m.words
	want := "he ||dies|| in the end"
	if r, ok := r.(*matrixRecord); ok {
		words, _ = r.now[m.id].Content["formatted_body"].(string)
		want = "he <span data-mx-spoiler>dies</span> in the end"
	}
	if !strings.Contains(strings.ReplaceAll(words, `data-mx-spoiler=""`, "data-mx-spoiler"), want) {
		return fmt.Errorf("the words are %q, not %q", words, want)
	}
	return nil
}

// edited wants the new words and none of the old, in one message.
func edited(c *cell, r record) error {
	if err := shows(c, r, "as it is now"); err != nil {
		return err
	}
	all := standing(r)
	for _, old := range []string{c.token + " as it was", c.mark(1), c.mark(11)} {
		if strings.Contains(all, old) {
			return fmt.Errorf("%q still stands", old)
		}
	}
	return nil
}

// gone wants none of the words.
func gone(c *cell, r record) error {
	all := standing(r)
	for _, old := range []string{c.token, c.mark(0), c.mark(11)} {
		if strings.Contains(all, old) {
			return fmt.Errorf("%q still stands", old)
		}
	}
	for where, words := range r.texts() {
		if strings.Contains(words, c.token) {
			return fmt.Errorf("%q can still be read in %s", c.token, where)
		}
	}
	return nil
}

func held(c *cell, r record) error    { return holds(c, r, "💡") }
func notHeld(c *cell, r record) error { return holds(c, r) }

func holds(c *cell, r record, want ...string) error {
	m, err := c.mirror(r)
	if err != nil {
		return err
	}
	if got := r.given(m.id); !slices.Equal(got, want) {
		return fmt.Errorf("under it are %q, not %q", got, want)
	}
	return nil
}
