//go:build unix

package acceptance

import (
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/html"

	"marginalia/internal/chat"
	"marginalia/internal/store"
	"marginalia/test/matrixuser"
	"marginalia/test/w3c"
	"marginalia/test/wait"
)

// goals are how much must have been said in the end.
type goals struct{ annotations, answers, deletions int }

// TestRealInput is the whole way on real input: a dump of a post and its
// comments is imported and posted by the clock into two rooms on a homeserver
// and one on the reader page; five people reply, answer each other, edit and
// delete, while the bot runs, ends and is started again; and raw clients read
// back what stands in each room, on the page and in the exports.
func TestRealInput(t *testing.T) {
	first, away, then, want, passages := quota{18, 3, 1}, quota{6, 2, 1}, quota{50, 9, 7}, goals{300, 40, 30}, 10
	if testing.Short() {
		first, away, then, want, passages = quota{6, 1, 1}, quota{3, 1, 1}, quota{14, 2, 2}, goals{60, 6, 10}, 4
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := newWorld(t)
	w.bring()

	w.configure("@every 1s")
	w.start()
	wait.Until(t, time.Minute, "four passages stand in all rooms", func() bool { return w.posted() >= 4 })
	w.must(w.talk(seed, first, garden, harbour, lobby))
	w.refuseAnother()
	wait.Until(t, time.Minute, "most of the text is posted", func() bool { return w.posted() >= passages })
	w.endAmidTalk(seed+1, away)

	w.configure("0 3 1 1 *") // the next passage is posted by hand
	w.start()
	posted := w.posted()
	w.must(w.talk(seed+2, then, garden, harbour, lobby))
	w.rest(w.count().living())
	w.must(w.talk(seed+3, quota{edit: 2}, garden, harbour, lobby)) // of what stands everywhere
	w.rest(w.count().living())
	w.must(w.talk(seed+4, quota{remove: 1}, garden, harbour, lobby))
	w.rest(w.count().living())
	posted = w.commands(posted)
	w.rest(w.count().living())

	r := w.read()
	w.judge(r, posted, want)
	w.schemas(r)
	w.prove(r, posted)
	w.verbs(posted)
	w.twiceIsOnce(posted)
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

// endAmidTalk asks the bot to end while people on Matrix go on talking.
func (w *world) endAmidTalk(seed uint64, q quota) {
	w.t.Helper()
	talked := make(chan error, 1)
	before := len(w.logs[garden].Room(w.rooms[garden]))
	go func() { talked <- w.talk(seed, q, garden, harbour) }()
	wait.Until(w.t, time.Minute, "somebody talks", func() bool { return len(w.logs[garden].Room(w.rooms[garden])) > before })
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
		for _, room := range []chat.Room{{Platform: "matrix", ID: w.rooms[garden]}, {Platform: "matrix", ID: w.rooms[harbour]}, {Platform: "local", ID: "lobby"}} {
			things, err := tx.InFlight(room)
			if err != nil {
				return err
			}
			if len(things) > 0 {
				w.t.Errorf("the bot has ended with %d requests in flight in %s", len(things), room)
			}
		}
		return nil
	}))
}

// commands asks the bot for its status and the next passage, and returns how
// many passages stand then.
func (w *world) commands(posted int) int {
	w.t.Helper()
	host, guest := w.people[harbour][0], w.people[harbour][1]
	for _, c := range []struct {
		by          *matrixuser.User
		typed, want string
	}{
		{guest.User, "!essay status", "passages posted"},
		{guest.User, "!essay next", "Only a moderator"},
		{host.User, "!essay next", "is on its way"},
	} {
		asked, err := c.by.Send(w.ctx, w.rooms[harbour], "m.room.message", matrixuser.Text(c.typed, ""))
		w.must(err)
		w.hears(c.typed, func(e matrixuser.Event) bool {
			return e.Sender == w.bot.ID && object(object(e.Content, "m.relates_to"), "m.in_reply_to")["event_id"] == asked &&
				e.Content["msgtype"] == "m.notice" && strings.Contains(e.Body(), c.want)
		})
	}
	posted++
	wait.Until(w.t, time.Minute, "the next passage stands in all rooms", func() bool { return w.posted() == posted })
	threads, err := w.eunji.threads(w.ctx, 1)
	w.must(err)
	w.must(w.eunji.say(w.ctx, 1, threads[0].passage, "", "!essay status"))
	wait.Until(w.t, time.Minute, "the lobby gets its answer", func() bool {
		page, err := w.eunji.page(w.ctx)
		return err == nil && strings.Contains(string(page), "passages posted, ")
	})
	return posted
}

// hears waits for an event in the harbour.
func (w *world) hears(what string, is func(matrixuser.Event) bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, time.Minute)
	defer cancel()
	if err := w.logs[harbour].Wait(ctx, w.rooms[harbour], func(all []matrixuser.Event) bool { return slices.ContainsFunc(all, is) }); err != nil {
		w.t.Fatalf("nothing came of %s: %v", what, err)
	}
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
	w.t.Logf("%d passages in 3 rooms; %d said, %d edits, %d deletions; exported: %d annotations, %d of them answers, %d on words they quote, and %d outlines; %d and %d raw events",
		posted, said.say, said.edit, said.remove, said.living(), answers, quoted, outlines, len(r.events[garden]), len(r.events[harbour]))
	if said.living() < want.annotations || answers < want.answers || said.remove < want.deletions || outlines == 0 || quoted == 0 {
		w.t.Errorf("too little was said for a proof: at least %+v are wanted", want)
	}
	for i, f := range findings(w.said, r, posted) {
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
func (w *world) twiceIsOnce(posted int) {
	w.t.Helper()
	if code, took := w.run.end(syscall.SIGTERM); code != 0 || took > 10*time.Second {
		w.t.Errorf("at rest, the bot ends with code %d after %v", code, took)
	}
	w.nothingInFlight()
	before := [2]int{len(w.logs[garden].Room(w.rooms[garden])), len(w.logs[harbour].Room(w.rooms[harbour]))}
	w.start()
	if n := w.posted(); n != posted {
		w.t.Errorf("%d passages stand after the bot was started again, %d before", n, posted)
	}
	w.must(w.say(garden, 0, rand.New(rand.NewPCG(1, 1))))
	w.rest(w.count().living())
	last := w.said[len(w.said)-1]
	w.hears("a last word", func(e matrixuser.Event) bool { return e.Sender == w.bot.ID && tokenIn(e.Body()) == last.token })
	for side, room := range w.rooms {
		for _, e := range w.logs[side].Room(room)[before[side]:] {
			if text, _ := json.Marshal(e); e.Sender == w.bot.ID && (side == garden || tokenIn(e.Body()) != last.token) {
				w.t.Errorf("started again, the bot says %s", text)
			}
		}
	}
	for _, f := range findings(w.said, w.read(), posted) {
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
