//go:build unix

package acceptance

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/store"
	"marginalia/test/matrixuser"
	"marginalia/test/wait"
)

// What is looked for: a part of the names of those who are forgotten, and a word
// of all that they said; and a word of what they say after it.
const (
	theirName  = "Quillon"
	theirWords = "zephyrine"
	afterwards = "halcyon"
)

// TestForgetting is the story of three people, one on a homeserver, one on the
// double of Discord and one on the reader page, who talk, are answered and
// mentioned, and have themselves forgotten. Whatever the bot ever wrote is
// searched for them, raw: the rooms' histories, the database's bytes, the page,
// the exports and the log; and again after the bot has read its networks anew.
func TestForgetting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHomeserver(w)
	garden := h.open("garden", theirName+" Agnes", "Béla")
	harbour := newDiscord(w, "harbour", theirName+" Chiara", "Dov")
	lobby := &lobbySide{ctx: w.ctx, names: []string{theirName + " Eun", "Fay"}}
	w.sides = []side{garden, harbour, lobby}
	them := []string{theirName, theirWords, garden.users[0].ID, harbour.users[0].ID()}

	w.frankly("")
	w.bring()
	w.frankly("@every 2s")
	w.start()
	wait.Until(t, time.Minute, "a passage stands in all rooms", func() bool { return w.posted() >= 1 })
	w.run.end(syscall.SIGTERM)
	beginning := w.cursors()
	w.frankly("0 3 1 1 *") // never
	w.start()

	w.theyTalk()
	w.othersMention(garden, harbour)
	for place, text := range w.written() {
		if place != "the log" && len(found(map[string]string{place: text}, them...)) == 0 {
			t.Errorf("before anybody is forgotten nothing of them is in %s", place)
		}
	}

	w.must(garden.ask(0, "!essay me", "published under your name"))
	w.must(garden.ask(0, "!essay me forget", "me forget yes"))
	w.must(garden.ask(0, "!essay me forget yes", "It is done"))
	w.chosenOnDiscord(harbour)
	w.must(lobby.ask(0, "!essay me forget yes", "It is done"))
	w.nothingLeft("they are forgotten", them)
	w.nothingInFiles("they are forgotten", them)

	w.rewind(beginning)
	w.start()
	w.saidByAll(1, 4, "news", w.sides...)
	w.nothingLeft("the networks were read again", them)
	w.saidByAll(0, 5, afterwards, garden, harbour) // the page shows nothing of other networks that is not published
	w.nothingLeft("they spoke again", them)
	for place, text := range w.written() {
		if published := strings.HasPrefix(place, "export"); published && strings.Contains(text, afterwards) {
			t.Errorf("what they say afterwards is in %s", place)
		}
		if strings.HasPrefix(place, "export") && !strings.Contains(text, "an answer") {
			t.Errorf("what others said is not in %s", place)
		}
	}
	w.nothingInFiles("all was said", them)
}

// frankly is configure with names published and everything logged.
func (w *world) frankly(cron string) {
	w.t.Helper()
	w.configure(cron)
	file := filepath.Join(w.dir, "config.toml")
	config := strings.Replace(read(w.t, file), "[bot]\n", "[privacy]\ndefault = \"named\"\n\n[bot]\nlog_level = \"debug\"\n", 1)
	w.must(os.WriteFile(file, []byte(config), 0o600))
}

// saidByAll has the same of each side's people say something, and waits until it
// stands on some sides. It returns the messages by side.
func (w *world) saidByAll(by, kind int, words string, sides ...side) (ids []string) {
	w.t.Helper()
	dice := rand.New(rand.NewPCG(1, uint64(kind)))
	var all []string
	for room, s := range w.sides {
		token := fmt.Sprintf("tk%02d%02dx", kind, room)
		id, err := s.say(by, utterance{passage: 1, words: token + " " + words}, dice)
		w.must(err)
		ids, all = append(ids, id), append(all, token)
	}
	w.standsOn(sides, all...)
	return ids
}

// standsOn waits until each token stands once on some sides.
func (w *world) standsOn(sides []side, tokens ...string) {
	w.t.Helper()
	wait.Until(w.t, time.Minute, fmt.Sprint(tokens, " stand there"), func() bool {
		for _, s := range sides {
			r, err := s.read()
			w.must(err)
			there := map[string]int{}
			for token, shown := range r.mirrors() {
				there[token] += len(shown)
			}
			for _, own := range r.own() {
				there[own.token]++
			}
			if slices.ContainsFunc(tokens, func(token string) bool { return there[token] != 1 }) {
				return false
			}
		}
		return true
	})
}

// theyTalk has those who will be forgotten speak, edit, react, take back, and be
// answered by all others.
func (w *world) theyTalk() {
	w.t.Helper()
	ids := w.saidByAll(0, 1, theirWords, w.sides...)
	for room, s := range w.sides {
		for i := range 2 {
			w.must(s.edit(0, ids[room], fmt.Sprintf("tk01%02dx %s edited %d", room, theirWords, i)))
		}
	}
	gone := w.saidByAll(0, 2, theirWords+" withdrawn", w.sides...)
	for room, s := range w.sides {
		w.must(s.remove(0, gone[room]))
	}
	for room, s := range w.sides {
		other := fmt.Sprintf("tk01%02dx", (room+1)%len(w.sides))
		to, err := s.shown(other)
		w.must(err)
		token := fmt.Sprintf("tk03%02dx", room)
		_, err = s.say(1, utterance{passage: 1, answers: to, words: token + " an answer"}, rand.New(rand.NewPCG(1, 1)))
		w.must(err)
		w.must(s.react(0, to, "👍", true))
		w.standsOn(w.sides, token)
	}
}

// othersMention has others mention them as their programs do.
func (w *world) othersMention(garden *matrixSide, harbour *discordSide) {
	w.t.Helper()
	events, _ := garden.roots()
	agnes := garden.users[0].ID
	content := matrixuser.Text("tk0600x as "+agnes+" said", events[0])
	content["format"] = "org.matrix.custom.html"
	content["formatted_body"] = fmt.Sprintf(`tk0600x as <a href="https://matrix.to/#/%s">%s</a> said`, agnes, garden.names[0])
	_, err := garden.send(1, "m.room.message", content)
	w.must(err)
	_, err = harbour.users[1].Say(harbour.thread(1), "tk0601x as <@"+harbour.users[0].ID()+"> said", "")
	w.must(err)
	w.standsOn(w.sides, "tk0600x", "tk0601x")
}

// chosenOnDiscord is the slash command with its choices, which is answered to
// the caller alone.
func (w *world) chosenOnDiscord(s *discordSide) {
	w.t.Helper()
	for _, c := range []struct {
		options map[string]string
		want    string
	}{
		{nil, "under your name, " + theirName + " Chiara"},
		{map[string]string{"choice": "forget"}, "me forget yes"},
		{map[string]string{"choice": "forget", "sure": "yes"}, "It is done"},
	} {
		asked, err := s.users[0].Slash(s.id, "essay me", c.options)
		w.must(err)
		wait.Until(w.t, time.Minute, fmt.Sprintf("essay me %v is answered with %q", c.options, c.want), func() bool {
			return slices.ContainsFunc(asked.Answers(), func(a discordtest.Answer) bool { return a.Private && strings.Contains(a.Text, c.want) })
		})
	}
}

// written is all that the bot has written, but for its files: by place.
func (w *world) written() map[string]string {
	w.t.Helper()
	all := map[string]string{"the log": read(w.t, w.run.out) + read(w.t, w.run.errs)}
	for _, s := range w.sides {
		r, err := s.read()
		w.must(err)
		var texts []string
		switch r := r.(type) {
		case *matrixRecord:
			for _, e := range r.now {
				if e.Sender == r.account && e.Type != "m.room.member" { // which tells who let the bot in
					texts = append(texts, written(e))
				}
			}
		case *discordRecord:
			for m := range r.all() {
				if m.Author == r.account || m.Webhook {
					texts = append(texts, m.Name+": "+m.Text)
				}
			}
		default:
			stranger, err := visit(w.ctx, w.run.site, w.text, "a stranger")
			w.must(err)
			page, err := stranger.page(w.ctx)
			w.must(err)
			texts = append(texts, string(page))
		}
		all["the "+s.name()] = strings.Join(texts, "\n")
	}
	for _, format := range []string{"jsonld", "markdown", "html"} {
		all["export "+format] = done(w.t, w.program, w.dir, "export", w.text, "--format", format)
	}
	return all
}

// found are the places that hold one of the words, with what stands around it.
func found(places map[string]string, words ...string) (all []string) {
	for place, text := range places {
		for _, word := range words {
			if at := strings.Index(text, word); at >= 0 {
				all = append(all, fmt.Sprintf("%s holds …%q…", place, text[max(0, at-100):min(len(text), at+100)]))
			}
		}
	}
	slices.Sort(all)
	return all
}

// nothingLeft waits until nothing of theirs is left in what the bot has written.
func (w *world) nothingLeft(when string, them []string) {
	w.t.Helper()
	var left []string
	defer func() {
		for _, l := range left {
			w.t.Errorf("%s, and %s", when, l)
		}
	}()
	for end := time.Now().Add(time.Minute); ; {
		if left = found(w.written(), them...); len(left) == 0 || time.Now().After(end) {
			return
		}
		<-time.After(200 * time.Millisecond)
	}
}

// nothingInFiles ends the bot, and looks at the bytes of its files.
func (w *world) nothingInFiles(when string, them []string) {
	w.t.Helper()
	if code, _ := w.run.end(syscall.SIGTERM); code != 0 {
		w.t.Errorf("the bot ends with code %d: %s", code, w.run.said())
	}
	files, err := filepath.Glob(filepath.Join(w.dir, "marginalia.db*"))
	w.must(err)
	all := map[string]string{"the log": read(w.t, w.run.out) + read(w.t, w.run.errs)}
	for _, f := range files {
		all[filepath.Base(f)] = read(w.t, f)
	}
	for _, l := range found(all, them...) {
		w.t.Errorf("%s, and %s", when, l)
	}
	if !strings.Contains(all["marginalia.db"], "an answer") {
		w.t.Error("what others said is not in the file")
	}
}

// cursors are how far the bot, which does not run, has read each place.
func (w *world) cursors() map[string]map[chat.Place]chat.Cursor {
	w.t.Helper()
	all := map[string]map[chat.Place]chat.Cursor{}
	w.store(func(tx *store.Tx) error {
		for _, s := range w.sides {
			known, err := tx.Cursors(s.room().Platform)
			if err != nil {
				return err
			}
			all[s.room().Platform] = known
		}
		return nil
	})
	return all
}

// rewind has the bot read all again from there on.
func (w *world) rewind(to map[string]map[chat.Place]chat.Cursor) {
	w.t.Helper()
	w.store(func(tx *store.Tx) error {
		for platform, since := range to {
			if err := tx.PutCursors(platform, since); err != nil {
				return err
			}
		}
		return nil
	})
}

// store does something in the database of a bot that does not run.
func (w *world) store(do func(tx *store.Tx) error) {
	w.t.Helper()
	db, err := store.Open(w.ctx, filepath.Join(w.dir, "marginalia.db"), store.Options{NoListen: true})
	w.must(err)
	defer db.Close()
	w.must(db.Update(w.ctx, do))
}
