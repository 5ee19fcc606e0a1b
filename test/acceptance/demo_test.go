//go:build unix

package acceptance

import (
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// goal is how soon what was typed shall stand everywhere, in milliseconds.
// Where the machine is busy with other tests that is printed, not demanded.
const goal = 1000

// demo starts what the README tells everyone to try first.
func demo(t *testing.T, args ...string) *bot {
	t.Helper()
	return start(t, build(t), t.TempDir(), append([]string{"demo", "--listen", "127.0.0.1:0"}, args...)...)
}

// everywhere are the places where a reply of the lobby's stands: there, in the
// other room, and in the margin of the text.
var everywhere = []string{"#room-1 .message", "#room-2 .message.mirrored", ".leaf .note"}

// stands waits until words stand in all those places, or in none.
func (p *tab) stands(words string, there bool) (at float64) {
	p.t.Helper()
	for _, place := range everywhere {
		so := "!has(%s, %s)"
		if there {
			so = "has(%s, %s)"
		}
		at = max(at, p.until(words, so, place, words))
	}
	return at
}

// TestATypedReplyTravels is what a first-time visitor does: the demo, a reply,
// another thought, no, better not.
func TestATypedReplyTravels(t *testing.T) {
	t.Parallel()
	b := demo(t)
	p := browse(t, b.page, 1280, 900)
	p.until("the first passage in both rooms", `document.querySelectorAll(".post").length >= 2`)
	t.Logf("the first passage stands in both rooms %v after the start, the browser's own start among it", time.Since(b.began).Round(time.Millisecond))
	var replies, edits, deletions []float64
	for i := range 5 {
		first, then := fmt.Sprintf("Who says so, the guest or the nephew (%d)?", i), fmt.Sprintf("It is the host who was not listening (%d).", i)
		replies = append(replies, p.reply(first))
		edits = append(edits, p.change(first, then))
		deletions = append(deletions, p.withdraw(then))
		if look[bool](p, `document.documentElement.outerHTML.includes(%s) || document.documentElement.outerHTML.includes(%s)`, first, then) {
			t.Error("words that were deleted are still in the page")
		}
	}
	report(t, "a typed reply stands in its room, the other room and the margin", replies)
	report(t, "its edit", edits)
	report(t, "its deletion", deletions)
	for _, file := range []string{"", "/export.jsonld", "/export.md", "/export.html"} {
		if status, body := b.get(b.page[len(b.site):] + file); status != 200 || contains(body, "the guest or the nephew", "who was not listening") {
			t.Errorf("%s answers %d, or holds words that were deleted", file, status)
		}
	}
	p.typeOn()
	p.onAPhone()
	p.until("the second passage in both rooms", `document.querySelectorAll(".post").length >= 4`)
	t.Logf("the second passage came %v after the start (one every 20s was promised)", time.Since(b.began).Round(time.Second))
	if wrong := p.complaints(b.site); len(wrong) > 0 {
		t.Errorf("the browser complains: %q", wrong)
	}
	p.provoke(b.site)
	if code, took := b.end(syscall.SIGINT); code != 0 || took > 10*time.Second {
		t.Errorf("Ctrl+C ends the demo with code %d after %v", code, took)
	}
	if kept, err := os.ReadDir(b.temporary); err != nil || len(kept) > 0 {
		t.Errorf("the demo has ended and leaves %v (%v)", kept, err)
	}
}

// reply types words into the lobby's form, under the first passage.
func (p *tab) reply(words string) (took float64) {
	p.t.Helper()
	p.script(`document.querySelector('#room-1 .post[aria-label="Passage 1"] [data-under]').click()`) // wherever a new passage moves it
	p.do(chromedp.SendKeys(chromedp.CSS("#room-1 .say textarea"), words))
	p.enter()
	at := p.stands(words, true)
	if under := look[string](p, `[...document.querySelectorAll("#room-1 .message")].find((m) => m.textContent.includes(%s)).closest(".post").getAttribute("aria-label")`, words); under != "Passage 1" {
		p.t.Errorf("the reply stands under %q", under)
	}
	return at - look[float64](p, "entered")
}

// message is the element of something in the lobby.
const messageOf = `[...document.querySelectorAll("#room-1 .message.own")].find((m) => m.textContent.includes(%s))`

// change gives a message other words, by its form.
func (p *tab) change(from, to string) (took float64) {
	p.t.Helper()
	p.script(`const m = `+messageOf+`, t = m.querySelector(".change textarea"); m.querySelector(".change summary").click(); t.focus(); t.select()`, from)
	p.type_(to)
	p.enter()
	at := p.stands(to, true)
	at = max(at, p.stands(from, false))
	if !look[bool](p, `!!`+messageOf+`.querySelector(".edited")`, to) {
		p.t.Error("the message is not called edited")
	}
	return at - look[float64](p, "entered")
}

// withdraw deletes a message, by its button.
func (p *tab) withdraw(words string) (took float64) {
	p.t.Helper()
	pressed := look[float64](p, `(() => { const b = `+messageOf+`.querySelector(".withdraw button"), now = performance.now(); b.click(); return now; })()`, words)
	return p.stands(words, false) - pressed
}

// typeOn goes on typing while what was sent is on its way: that stays.
func (p *tab) typeOn() {
	p.t.Helper()
	p.script(`window.really = fetch; window.fetch = async (...all) => { const answer = await really(...all); await new Promise((go) => { window.letGo = go; }); return answer; }`)
	p.do(chromedp.SendKeys(chromedp.CSS("#room-1 .say textarea"), "One thing"))
	p.enter()
	p.stands("One thing", true)
	p.type_(", and another")
	p.until("an answer on its way", `window.letGo !== undefined`)
	p.script(`letGo(); window.fetch = really`)
	p.until("the form has let go of what was sent", `document.querySelector("#room-1 .say textarea").value === ", and another"`)
	p.script(`document.querySelector("#room-1 .say textarea").value = ""`)
	p.withdraw("One thing")
}

// onAPhone replies where text and rooms stand behind one another.
func (p *tab) onAPhone() {
	p.t.Helper()
	p.resize(360, 780)
	p.do(chromedp.Click(chromedp.CSS(`.bar a[data-tab="room-1"]`)))
	p.reply("From the train.")
	p.do(chromedp.Click(chromedp.CSS(`.bar a[data-tab="text"]`)))
	p.settled()
	below(p.t, p)
	if more := p.wide(360); more > 0 {
		p.t.Errorf("on a phone the page is %d px too wide", more)
	}
	p.withdraw("From the train.")
	p.resize(1280, 900)
}

// rename gives whoever sits at the browser another name.
func (p *tab) rename(name string) {
	p.t.Helper()
	p.script(`const n = document.getElementById("you-name"); n.focus(); n.select()`)
	p.type_(name)
	p.enter()
	p.until("the name is taken", `document.activeElement.id !== "you-name"`)
}

// provoke shows that the lookout sees what it is there for.
func (p *tab) provoke(site string) {
	p.t.Helper()
	look[bool](p, `(async () => {
		console.error("provoked");
		const inline = document.createElement("script");
		inline.textContent = "window.ran = true";
		document.body.append(inline);
		await fetch("http://localhost:1/elsewhere").catch(() => {});
		return true;
	})()`)
	p.until("the policy to forbid an inline script", `forbidden.some((f) => f.startsWith("script-src")) && !window.ran`)
	p.until("the policy to forbid a request to another host", `forbidden.some((f) => f.startsWith("connect-src"))`)
	if wrong := p.complaints(site); !slices.ContainsFunc(wrong, func(w string) bool { return contains(w, "provoked") }) {
		p.t.Errorf("an error on the console was not seen: %q", wrong)
	}
}

// report prints how long something took, beside the goal.
func report(t *testing.T, what string, ms []float64) {
	t.Helper()
	slices.Sort(ms)
	t.Logf("%s after %.0f ms (median of %d, at worst %.0f; goal %d)", what, ms[len(ms)/2], len(ms), ms[len(ms)-1], goal)
}
