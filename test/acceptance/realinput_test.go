//go:build unix

package acceptance

import (
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/html"

	"marginalia/internal/store"
	"marginalia/test/w3c"
	"marginalia/test/wait"
)

// goals are how much must have been said in the end.
type goals struct{ annotations, answers, deletions int }

// TestRealInput is the whole way on real input: a dump of a post and its
// comments is imported and posted by the clock into a room on a homeserver, a
// channel on the double of Discord and a room on the reader page; seven people
// reply, answer each other, edit, delete and react, while the bot runs, ends
// and is started again; and what stands on each side, read raw, agrees with
// what was said and with the exports.
func TestRealInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHomeserver(w)
	harbour := newDiscord(w, "harbour", "Chiara *Conti*", "Dov Aharoni", "Fatou_N")
	w.sides = []side{h.open("garden", "Agnes Ashdown", "Béla", "Clyde Okafor"), harbour, &lobbySide{ctx: w.ctx, names: []string{"Eun-ji"}}}
	w.realInput(script{first: quota{13, 2, 1, 3}, away: quota{5, 2, 1, 1}, then: quota{34, 6, 4, 7}, want: goals{300, 40, 30}, passages: 8, elsewhere: []int{0, 1}})
}

// TestRealInputOnMatrix is TestRealInput, with less talk, in two rooms on one
// homeserver and one on the page.
func TestRealInputOnMatrix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHomeserver(w)
	w.sides = []side{h.open("garden", "Agnes Ashdown", "Béla"), h.open("harbour", "Chiara *Conti*", "Dov Aharoni"), &lobbySide{ctx: w.ctx, names: []string{"Eun-ji"}}}
	w.realInput(script{first: quota{9, 2, 1, 2}, away: quota{4, 2, 1, 1}, then: quota{20, 5, 4, 4}, want: goals{120, 20, 20}, passages: 6, elsewhere: []int{0, 1}})
}

// script is how much is done, and when.
type script struct {
	first quota // while passages are still posted
	away  quota // while the bot ends
	then  quota // once it was started again
	want  goals

	passages  int
	elsewhere []int // the sides on which people can talk while the bot does not run
}

// short is the script where there is little time.
func (s script) short() script {
	s.first, s.away, s.then, s.want, s.passages = quota{6, 1, 1, 1}, quota{3, 1, 1, 1}, quota{14, 2, 2, 3}, goals{60, 6, 10}, 4
	return s
}

func (w *world) realInput(s script) {
	t := w.t
	if testing.Short() {
		s = s.short()
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	all := make([]int, len(w.sides))
	for i := range all {
		all[i] = i
	}
	w.configure("")
	w.bring()

	w.configure("@every 2s")
	w.start()
	wait.Until(t, time.Minute, "four passages stand in all rooms", func() bool { return w.posted() >= 4 })
	w.must(w.talk(seed, s.first, all...))
	w.refuseAnother()
	wait.Until(t, time.Minute, "most of the text is posted", func() bool { return w.posted() >= s.passages })
	w.endAmidTalk(seed+1, s.away, s.elsewhere)

	w.configure("0 3 1 1 *") // the next passage is posted by hand
	w.start()
	posted := w.posted()
	w.must(w.talk(seed+2, s.then, all...))
	w.rest()
	w.must(w.talk(seed+3, quota{edit: 2, react: 2}, all...)) // of what stands everywhere
	w.rest()
	w.must(w.talk(seed+4, quota{remove: 1}, all...))
	w.rest()
	posted = w.commands(posted)
	w.rest()

	r := w.read()
	w.judge(r, posted, s.want)
	w.schemas(r)
	w.prove(r, posted)
	w.verbs(posted)
	w.twiceIsOnce(r, posted)
	w.forgotten()
}

// refuseAnother starts a second bot on the same database.
func (w *world) refuseAnother() {
	w.t.Helper()
	out, errs, code := verb(w.t, w.program, w.dir, "run")
	if err := oneSentence(errs); code != 3 || out != "" || err != nil {
		w.t.Errorf("a second bot ends with %d, %q and %v", code, out, err)
	}
	w.t.Logf("a second bot says: %s", strings.TrimSpace(errs))
}

// endAmidTalk asks the bot to end while people go on talking elsewhere.
func (w *world) endAmidTalk(seed uint64, q quota, sides []int) {
	w.t.Helper()
	talked := make(chan error, 1)
	before := w.count().say
	go func() { talked <- w.talk(seed, q, sides...) }()
	wait.Until(w.t, time.Minute, "somebody talks", func() bool { return w.count().say > before })
	code, took := w.run.end(syscall.SIGTERM)
	if code != 0 {
		w.t.Errorf("the bot ends with code %d: %s", code, w.run.said())
	}
	w.t.Logf("asked to end amid talk, the bot took %v", took.Round(time.Millisecond))
	w.nothingInFlight()
	w.must(<-talked)
}

// nothingInFlight wants every request that the bot began to be settled.
func (w *world) nothingInFlight() {
	w.t.Helper()
	db, err := store.Open(w.ctx, filepath.Join(w.dir, "marginalia.db"), store.Options{NoListen: true})
	w.must(err)
	defer db.Close()
	w.must(db.View(w.ctx, func(tx *store.Tx) error {
		for _, s := range w.sides {
			things, err := tx.InFlight(s.room())
			if err != nil {
				return err
			}
			if len(things) > 0 {
				w.t.Errorf("the bot has ended with %d requests in flight in %s", len(things), s.room())
			}
		}
		return nil
	}))
}

// commands asks the bot for its status and the next passage, and returns how
// many passages stand then.
func (w *world) commands(posted int) int {
	w.t.Helper()
	harbour := w.sides[1]
	w.must(harbour.ask(1, "!essay status", "passages posted"))
	w.must(harbour.ask(1, "!essay next", "Only a moderator"))
	w.must(harbour.ask(0, "!essay next", "is on its way"))
	posted++
	wait.Until(w.t, time.Minute, "the next passage stands in all rooms", func() bool { return w.posted() == posted })
	for _, s := range w.sides { // what was done there before is recorded when it is answered
		w.must(s.ask(0, "!essay status", "passages posted, "))
	}
	return posted
}

// judge wants enough to have been said, and all of it to be found.
func (w *world) judge(r reading, posted int, want goals) {
	w.t.Helper()
	answers, outlines, quoted := 0, 0, 0
	for _, s := range w.said {
		if !s.deleted && s.answers != nil {
			answers++
		}
		if !s.deleted && s.quote != "" && s.answers == nil {
			quoted++
		}
	}
	for _, i := range r.ld.First.Items {
		if i.Body == nil {
			outlines++
		}
	}
	said := w.count()
	var deeds []int
	for _, side := range r.sides {
		deeds = append(deeds, len(side.bot()))
	}
	w.t.Logf("%d of %d passages in %d rooms; %d said, %d edits, %d deletions, %d reactions; exported: %d annotations, %d of them answers, %d on words they quote, and %d outlines; %v deeds of the bot's",
		posted, len(w.passages), len(r.sides), said.say, said.edit, said.remove, said.react, said.living(), answers, quoted, outlines, deeds)
	if said.living() < want.annotations || answers < want.answers || said.remove < want.deletions || outlines == 0 || quoted == 0 {
		w.t.Errorf("too little was said for a proof: at least %+v are wanted", want)
	}
	for i, f := range findings(w, r, posted) {
		if i == 30 {
			w.t.Error("and so on")
			break
		}
		w.t.Error(f)
	}
}

// schemas holds the export against the W3C's schemas.
func (w *world) schemas(r reading) {
	w.t.Helper()
	annotation, collection, page := w3c.Annotations(w.t), w3c.Collections(w.t), w3c.Pages(w.t)
	if len(annotation) != 54 {
		w.t.Errorf("%d schemas of annotations instead of 54", len(annotation))
	}
	doc, err := w3c.Document([]byte(r.files["jsonld"]))
	w.must(err)
	first := doc.(map[string]any)["first"].(map[string]any)
	failed := append(collection.Failures(doc), page.Failures(first)...)
	items := first["items"].([]any)
	for _, i := range items {
		failed = append(failed, annotation.Failures(i)...)
	}
	if len(failed) > 0 {
		w.t.Errorf("%d failures against the schemas: %.10q", len(failed), failed)
	}
	w.t.Logf("%d annotations against %d schemas each, the collection against %d, its page against %d: %d failures",
		len(items), len(annotation), len(collection), len(page), len(failed))
	spoilt := maps.Clone(items[0].(map[string]any))
	delete(spoilt, "target")
	if len(annotation.Failures(spoilt)) == 0 {
		w.t.Error("the schemas have nothing against an annotation without a target")
	}
}

// verbs are used beside the running bot.
func (w *world) verbs(posted int) {
	w.t.Helper()
	if out := done(w.t, w.program, w.dir, "list"); !strings.Contains(out, w.text) {
		w.t.Errorf("bot list says %q", out)
	}
	if out := done(w.t, w.program, w.dir, "status"); !strings.Contains(out, "0 waiting, 0 given up") {
		w.t.Errorf("bot status says %q", out)
	}
	if s := w.status(); s.Texts[0].Posted != posted {
		w.t.Errorf("bot status tells of %d passages posted, %d were", s.Texts[0].Posted, posted)
	}
	living := w.living(0)
	for format, words := range map[string]string{"markdown": "> ", "html": ""} {
		out := done(w.t, w.program, w.dir, "export", w.text[:12], "--format", format)
		if format == "html" {
			page, err := html.Parse(strings.NewReader(out))
			w.must(err)
			out = text(page)
		}
		if !strings.Contains(out, words) || !strings.Contains(out, living.word(living.version)) || !strings.Contains(out, "Multiple people have asked me") {
			w.t.Errorf("the export as %s lacks the text or what was said", format)
		}
	}
}

// living is something that still stands.
func (w *world) living(from int) *said {
	for _, s := range w.said[from:] {
		if !s.deleted {
			return s
		}
	}
	w.t.Fatal("nothing is left")
	return nil
}

// twiceIsOnce ends the bot, starts it again, and lets somebody say one thing
// more. All that the bot says is this.
func (w *world) twiceIsOnce(before reading, posted int) {
	w.t.Helper()
	if code, took := w.run.end(syscall.SIGTERM); code != 0 || took > 10*time.Second {
		w.t.Errorf("at rest, the bot ends with code %d after %v", code, took)
	}
	w.nothingInFlight()
	w.start()
	if n := w.posted(); n != posted {
		w.t.Errorf("%d passages stand after the bot was started again, %d before", n, posted)
	}
	w.must(w.say(0, 0, rand.New(rand.NewPCG(1, 1))))
	w.rest()
	last := w.said[len(w.said)-1]
	r := w.read()
	for room, side := range r.sides {
		deeds := news(before.sides[room], side)
		for _, words := range deeds {
			if !strings.Contains(words, last.token) {
				w.t.Errorf("started again, the bot says in the %s: %s", w.sides[room].name(), words)
			}
		}
		if want := min(room, 1); len(deeds) != want {
			w.t.Errorf("started again, the bot does %d things in the %s, of %d", len(deeds), w.sides[room].name(), want)
		}
	}
	for _, f := range findings(w, r, posted) {
		w.t.Error("started again: ", f)
	}
}

// forgotten wants the words of what was deleted to be gone from the database's
// files as well, once the bot has ended.
func (w *world) forgotten() {
	w.t.Helper()
	w.run.end(syscall.SIGTERM)
	files, err := filepath.Glob(filepath.Join(w.dir, "marginalia.db*"))
	w.must(err)
	held := map[string]bool{}
	for _, f := range files {
		for _, token := range tokens.FindAllString(read(w.t, f), -1) {
			held[token] = true
		}
	}
	for _, s := range w.said {
		if s.deleted == held[s.token] {
			w.t.Errorf("%s (deleted: %v) is in the database's files: %v", s.token, s.deleted, held[s.token])
		}
	}
}
