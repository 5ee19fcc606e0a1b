package web

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// watch gives the page functions that tell when something stands somewhere.
const watch = `window.until = (what, so) => new Promise((yes, no) => {
	const began = window.began ?? performance.now(), late = setTimeout(() => no(new Error("never: " + what)), 8000);
	const look = () => { if (so()) { clearTimeout(late); yes(performance.now() - began); return true; } };
	if (look()) return;
	const o = new MutationObserver(() => look() && o.disconnect());
	o.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
});
window.began = undefined;
addEventListener("keydown", (e) => { if (e.key === "Enter") window.began = performance.now(); }, true);
window.has = (where, words) => [...document.querySelectorAll(where)].some((e) => e.textContent.includes(words)); 0`

// soon waits for a promise of the page's and returns what it comes to.
func soon[T any](t *testing.T, tab context.Context, promise string) T {
	t.Helper()
	yes := true
	v, err := chromedp.Run(tab, chromedp.Evaluate[T](promise, func(p *runtime.EvaluateParams) { p.AwaitPromise = &yes }))
	if err != nil {
		shoot(t, tab, "failed", false)
		t.Fatalf("%v in %s", err, promise)
	}
	return v
}

// tides puts the long essay of the page's tests into the house.
func tides(t *testing.T) discussion.Discussion {
	t.Helper()
	src, err := os.ReadFile("../page/testdata/tides.md")
	if err != nil {
		t.Fatal(err)
	}
	body := format.Markdown{}.Parse(string(src))
	d := discussion.Discussion{Title: "The Tide Table", URL: "https://essays.example.org/tides"}
	d.Documents = []discussion.Document{{ID: "tides", Kind: discussion.Essay, Author: "Imre Vale", Confidence: 1, Body: body}}
	from := 0
	for i, b := range body.Blocks {
		if i+1 == len(body.Blocks) || b.End-body.Blocks[from].Start > 550 {
			n := len(d.Passages) + 1
			d.Passages = append(d.Passages, discussion.Passage{ID: discussion.PassageID(fmt.Sprintf("tide-%02d", n)), Document: "tides", Seq: n, Start: body.Blocks[from].Start, End: b.End})
			from = i + 1
		}
	}
	d.ID = discussion.NewID(d.Title, d.Documents)
	return d
}

// inRoom is the part of a room below a selector's.
func inRoom(n int, rest string) string { return fmt.Sprintf("#room-%d %s", n, rest) }

func TestATypedReplyStandsInTheOtherRoomAndInTheMargin(t *testing.T) {
	h := build(t)
	h.post(2)
	tab := browser(t)
	look[int](t, tab, watch, chromedp.EmulateViewport(1280, 860), chromedp.Navigate(h.site.URL))
	look[int](t, tab, `(() => { const t = document.querySelector("#room-2 .say textarea"); t.value = "half a thought"; document.querySelector("#room-1").scrollIntoView(); return 0; })()`)
	type_ := func(words string) {
		t.Helper()
		if err := chromedp.Do(tab, chromedp.SendKeys(chromedp.CSS(inRoom(1, ".say textarea")), words)); err != nil {
			t.Fatal(err)
		}
	}
	type_("It belongs to whoever has the pencil.")
	where := func(words string, there bool) string {
		return fmt.Sprintf(`until(%q, () => [".room:nth-child(1) .message", ".room:nth-child(2) .message.mirrored", ".leaf .note"].every((w) => has(w, %q) === %t))`, words, words, there)
	}
	type_(kb.Enter)
	ms := soon[float64](t, tab, where("whoever has the pencil", true))
	t.Logf("shown everywhere %.0f ms after it was typed (goal: 1000)", ms)
	if got := look[string](t, tab, `document.querySelector("#room-2 .say textarea").value + "|" + document.querySelector("#room-1 .say textarea").value`); got != "half a thought|" {
		t.Errorf("the forms hold %q", got)
	}
	enterBreaksNoLine(t, tab)
	beside(t, tab)
	shoot(t, tab, "typed", false)
	soon[float64](t, tab, `(() => {
		const m = document.querySelector("#room-1 .message.own"), d = m.querySelector(".change");
		d.open = true; d.querySelector("textarea").value = "It belongs to the *eraser*."; d.querySelector("button").click();
		window.began = performance.now();
		return until("saved", () => !d.open);
	})()`)
	ms = soon[float64](t, tab, where("belongs to the eraser", true))
	t.Logf("the edit shown everywhere after %.0f ms", ms)
	soon[float64](t, tab, where("whoever has the pencil", false))
	soon[float64](t, tab, `(() => { document.querySelector("#room-1 .message.own .withdraw button").click(); return until("gone", () => 1); })()`)
	soon[float64](t, tab, where("belongs to the eraser", false))
	if n := look[int](t, tab, `document.querySelectorAll(".note").length`); n != 0 {
		t.Errorf("%d notes are left", n)
	}
	h.post(3)
	soon[float64](t, tab, `until("the third passage", () => document.querySelectorAll("#room-2 .post").length === 3 && document.querySelector("#room-2 .aim select").value === "passage-c")`)
}

// enterBreaksNoLine sends what a browser under load was seen to send after
// Enter has sent a form: the character for a line break.
func enterBreaksNoLine(t *testing.T, tab context.Context) {
	t.Helper()
	if err := chromedp.Do(tab, chromedp.Focus(chromedp.CSS(inRoom(1, ".say textarea")))); err != nil {
		t.Fatal(err)
	}
	for _, key := range kb.Encode('\r') {
		if key.Type != kb.KeyChar {
			continue
		}
		if _, err := chromedp.Call(tab, input.DispatchKeyEvent, *key); err != nil {
			t.Fatal(err)
		}
	}
	if got := look[string](t, tab, `document.querySelector("#room-1 .say textarea").value`); got != "" {
		t.Errorf("Enter leaves %q in the form", got)
	}
}

// beside asks that the only note stands level with its words.
func beside(t *testing.T, tab context.Context) {
	t.Helper()
	off := soon[float64](t, tab, `(async () => {
		await new Promise(requestAnimationFrame);
		const note = document.querySelector(".note");
		const words = document.querySelector('mark[data-a~="' + note.dataset.a + '"]') || document.getElementById(note.dataset.p);
		return note.getBoundingClientRect().top - words.getClientRects()[0].top;
	})()`)
	if off < -1 || off > 40 {
		t.Errorf("the note stands %.0f px from its words", off)
	}
}

func TestSelectedWordsAreQuoted(t *testing.T) {
	h := build(t)
	h.post(2)
	tab := browser(t)
	look[int](t, tab, watch, chromedp.EmulateViewport(1280, 860), chromedp.Navigate(h.site.URL))
	soon[float64](t, tab, `(() => {
		const em = document.querySelector(".leaf .words em");
		getSelection().selectAllChildren(em);
		return until("the button", () => !document.getElementById("quote-it").hidden);
	})()`)
	got := look[string](t, tab, `(() => { document.getElementById("quote-it").click(); const f = document.querySelector("#room-1 .say"); return f.elements.text.value + "|" + f.elements.passage.value; })()`)
	if got != "> belongs to the reader\n\n|passage-a" {
		t.Errorf("the form holds %q", got)
	}
	if err := chromedp.Do(tab, chromedp.SendKeys(chromedp.CSS(inRoom(1, ".say textarea")), "Who else?"+kb.Enter)); err != nil {
		t.Fatal(err)
	}
	soon[float64](t, tab, `until("the mark", () => has("mark", "belongs to the reader") && has(".note.question .said", "Who else?"))`)
	beside(t, tab)
}

func TestARefusedReplyStaysInItsForm(t *testing.T) {
	h := build(t)
	h.post(1)
	tab := browser(t)
	look[int](t, tab, watch, chromedp.EmulateViewport(1280, 860), chromedp.Navigate(h.site.URL))
	look[int](t, tab, `(() => { const t = document.querySelector("#room-1 .say textarea"); t.value = "x".repeat(5000); t.form.requestSubmit(); return 0; })()`)
	soon[float64](t, tab, `until("the complaint", () => !document.getElementById("oops").hidden && has("#oops", "longer than 4000"))`)
	if n := look[int](t, tab, `document.querySelector("#room-1 .say textarea").value.length`); n != 5000 {
		t.Errorf("the form holds %d characters", n)
	}
}

// TestTheDemoPage draws a page with much on it, and looks at its shape.
func TestTheDemoPage(t *testing.T) {
	d := tides(t)
	h := build(t)
	h.take(d)
	h.post(4)
	h.chatter()
	tab := browser(t)
	for _, width := range []int64{360, 720, 1024, 1180, 1280, 1920} {
		look[int](t, tab, watch, chromedp.EmulateViewport(width, 860), chromedp.Navigate(h.site.URL+"/d/"+string(d.ID)))
		soon[float64](t, tab, `until("drawn", () => document.querySelectorAll(".note").length >= 6)`)
		soon[float64](t, tab, `new Promise((yes) => setTimeout(() => yes(0), 150))`)
		shoot(t, tab, fmt.Sprintf("demo-%d", width), false)
		for _, to := range []string{"text", "room-1", "room-2"} {
			if width < 1144 {
				look[int](t, tab, fmt.Sprintf(`(() => { document.querySelector('.bar a[data-tab="%s"]').click(); return 0; })()`, to))
				shoot(t, tab, fmt.Sprintf("demo-%d-%s", width, to), false)
			}
			if w := look[int64](t, tab, `document.documentElement.scrollWidth`); w > width {
				t.Errorf("at %d px the page (%s) is %d px wide: %s", width, to, w, look[string](t, tab, widest))
			}
		}
		look[int](t, tab, `(() => { document.querySelector('.bar a[data-tab="text"]').click(); return 0; })()`)
		if width >= 800 {
			beside(t, tab)
		}
	}
	pictures(t, tab)
}

// pictures are taken for the eye alone: by night, and under a mouse.
func pictures(t *testing.T, tab context.Context) {
	t.Helper()
	for name, feature := range map[string]string{"prefers-color-scheme": "dark", "hover": "hover"} {
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: name, Value: feature}}}
		if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, media); err != nil {
			t.Fatal(err)
		}
		look[int](t, tab, "0", chromedp.EmulateViewport(1280, 860), chromedp.MouseEvent(chromedp.MouseMoved, 1100, 300), chromedp.Sleep(200*time.Millisecond))
		shoot(t, tab, "demo-1280-"+feature, false)
	}
}

const widest = `[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("pre, .table"))
	.slice(0, 5).map((e) => e.tagName + "." + e.className + "#" + e.id).join(", ")`

// take makes d what the house reads.
func (h *house) take(d discussion.Discussion) {
	h.t.Helper()
	h.update(func(tx *store.Tx) error { _, err := tx.PutDiscussion(d, time.Now()); return err })
	h.d = d
}

// chatter lets four people talk in both rooms.
func (h *house) chatter() {
	h.t.Helper()
	say := func(name string, room chat.Room, passage int, words string) discussion.AnnotationID {
		p := h.d.Passages[passage-1]
		place, _ := h.thread(room, p.ID)
		if _, err := h.local.Say(context.Background(), place, chat.Person{ID: "guest-" + name, Name: name}, words, chat.Ref{}); err != nil {
			h.t.Fatal(err)
		}
		all := h.said()
		return all[len(all)-1].ID
	}
	say("Ledger", garden, 1, "> the committee had since died\n\nThe best thing that can happen to a committee's decision.")
	say("Half a Moon", harbour, 1, "> will need to know all of it\n\nIs that true? I have needed one page of many things.")
	say("Quire", garden, 1, "You needed one page because somebody had kept the others.")
	say("Wren", harbour, 2, "> a theory of knowledge\n\nBold. I like it.")
	say("Ledger", garden, 3, "> fed a sourdough\n\nMine is called **Boris** and has outlived two marriages.")
	say("Quire", harbour, 3, "> One reading of a tide is worth nothing\n\nTo the person on the wall that morning it was worth a dry foot.")
	say("Half a Moon", garden, 4, "I would read a whole book about this ledger. Is it really lost that nobody looked at it for all those years, or was being looked at never the point?")
	last := say("Wren", harbour, 4, "> each is marked in the ledger\n\nSo the gaps are the data.")
	h.await("all is mirrored", func() bool {
		n := 0
		h.db.View(context.Background(), func(tx *store.Tx) error {
			status, err := tx.RoomStatus()
			for _, r := range status {
				n += r.Pending
			}
			return err
		})
		return n == 0
	})
	place := func() chat.Ref {
		var ref chat.Ref
		h.db.View(context.Background(), func(tx *store.Tx) error {
			c, err := tx.Copies(store.AnnotationThing(last), garden)
			ref, _ = standing(c)
			return err
		})
		return ref
	}()
	for _, name := range []string{"Ledger", "Quire"} {
		if err := h.local.React(context.Background(), place, chat.Person{ID: "guest-" + name, Name: name}, "👍", true); err != nil {
			h.t.Fatal(err)
		}
	}
}
