//go:build unix

package acceptance

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A trap is something that people type, or paste, which a careless page would
// follow, break at or be broken by.
type trap struct {
	name  string
	typed string
	shown string // part of what is to be read everywhere; as typed if ""
}

var long = strings.Repeat("x", 50) + strings.Repeat("Donaudampfschifffahrtselektrizitätenhauptbetriebswerk", 11)

var traps = []trap{
	{"an image that calls", `<img src=x onerror="window.pwned=1">`, ""},
	{"a script", `<script>window.pwned=2</script>`, ""},
	{"the end of everything", `</textarea></form></article></main><h1 onclick="pwned=3" style="position:fixed;inset:0">Big</h1>`, ""},
	{"a picture made of code", `"><svg/onload=window.pwned=4>`, ""},
	{"a style", `<style>body{display:none}</style>`, ""},
	{"characters written out", `&lt;b onclick=pwned=5&gt;bold&lt;/b&gt;`, `<b onclick=pwned=5>bold</b>`},
	{"a link to code", `[read this](javascript:window.pwned=6)`, `read this`},
	{"a link to code, disguised", "[and this](java&#10;script:window.pwned=7) <javascript:window.pwned=8>", `and this`},
	{"a link to a page of code", `[or this](data:text/html,<script>window.pwned=9</script>)`, `or this`},
	{"a picture from elsewhere", `![pixel](http://192.0.2.7/pixel.png)`, `pixel`},
	{"a template", `{{.Visitor}} ${7+7} <%= 7+7 %> {{constructor.constructor('pwned=10')()}}`, ""},
	{"another direction", "annual report \u202egpj.exe and on", ""},
	{"isolates left open", "\u2066\u2067 three \u202b four", ""},
	{"a pile of marks", "Z" + strings.Repeat("\u0301\u0323\u035c", 60) + " and on", ""},
	{"many a character", "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 e\u0301 漢字 𝔐 ﷽ \u200b.", ""},
	{"4,000 characters", strings.TrimSpace(strings.Repeat("Was it? ", 500)), ""},
	{"a long word", long, ""},
	{"a long address", "https://example.org/" + strings.Repeat("a-very-long-path/", 30) + "?q=%3Cscript%3E", ""},
	{"a block of code", "Look:\n\n```go\nfunc main() { " + strings.Repeat("fmt.Println(\"<b>wide</b>\"); ", 12) + "}\n```", `fmt.Println("<b>wide</b>"); fmt.Println("<b>wide</b>");`},
	{"a table", "| a | " + strings.Repeat("column | ", 14) + "\n|" + strings.Repeat("---|", 15) + "\n| 1 | " + strings.Repeat("Siebenundzwanzig | ", 14), `Siebenundzwanzig`},
	{"quotes in quotes", strings.Repeat("> ", 38) + "so deep\n\nAnd out again.", "so deep"},
	{"a list in a list", deepList(12), long[:90]},
}

// TestHostileWordsAreWords types what a careless page would fall for, and looks
// whether it is there to be read, has no effect, and fits on a phone.
func TestHostileWordsAreWords(t *testing.T) {
	t.Parallel()
	b := demo(t)
	p := browse(t, b.page, 1280, 900)
	p.until("the first passage in both rooms", `document.querySelectorAll(".post").length >= 2`)
	p.rename(`<b onmouseover=pwned=11>` + "\u202e" + `eman</b>` + strings.Repeat("M", 20))
	for _, trap := range traps {
		p.fall(trap)
	}
	p.refused(5000)
	for _, place := range everywhere {
		if who := look[string](p, `document.querySelector(%s + " .who").textContent`, place); !strings.HasPrefix(who, "<b onmouseover=pwned=11>") {
			t.Errorf("in %s the name is %q", place, who)
		}
	}
	p.do(chromedp.Reload())
	p.until("the page again", fmt.Sprintf(`document.querySelectorAll(".leaf .note").length >= %d`, len(traps)))
	harmless(p)
	for _, width := range []int64{360, 320, 390, 768, 1024, 1280} {
		p.resize(width, 780)
		p.sideways(width)
	}
	checkMargin(t, p, "all on one passage")
	p.script(`for (const n of document.querySelectorAll(".leaf .note")) n.dataset.xSize = "line"`) // as where there is little room
	p.glance("hostile-lines.png")
	if cut := look[[]string](p, cutOff); len(cut) > 0 {
		t.Errorf("in notes of one line words are cut off: %q", cut)
	}
	if hidden := look[int](p, `[...document.querySelectorAll(".leaf .note .said")].filter((e) => e.getBoundingClientRect().width < 80).length`); hidden > 0 {
		t.Errorf("in %d notes of one line no words are to be seen", hidden)
	}
	p.widen()
	if wrong := p.complaints(b.site); len(wrong) > 0 {
		t.Errorf("the browser complains: %q", wrong)
	}
}

// fall types one trap and waits until it is to be read everywhere.
func (p *tab) fall(trap trap) {
	p.t.Helper()
	p.script(`document.querySelector("#room-1 .say textarea").focus()`)
	p.type_(trap.typed)
	p.enter()
	shown := trap.shown
	if shown == "" {
		shown = trap.typed
	}
	for _, place := range everywhere {
		p.until(trap.name+" in "+place, `[...document.querySelectorAll(%s + " .said")].some((e) => e.textContent.includes(%s))`, place, shown)
	}
	p.until("an empty form", `document.querySelector("#room-1 .say textarea").value === ""`)
}

// refused pastes more than a message may hold: the page says so, and keeps it.
func (p *tab) refused(n int) {
	p.t.Helper()
	p.script(`document.querySelector("#room-1 .say textarea").focus()`)
	p.type_(strings.Repeat("too much ", n)[:n])
	p.enter()
	p.until("a complaint in words", `!document.getElementById("oops").hidden && has("#oops", "longer than 4000 characters")`)
	if left := look[int](p, `document.querySelector("#room-1 .say textarea").value.length`); left != n {
		p.t.Errorf("%d characters were refused, the form holds %d", n, left)
	}
	p.script(`document.querySelector("#room-1 .say textarea").value = ""`)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrong = slices.DeleteFunc(p.wrong, func(w string) bool { return strings.Contains(w, "413") && strings.HasSuffix(w, "/say") }) // the browser's own note of the refusal
}

// harmless asks that words became nothing but words, and links that lead where
// links may lead.
func harmless(p *tab) {
	p.t.Helper()
	if bad := look[[]string](p, `(() => {
		const may = new Set("P BR EM STRONG CODE PRE UL OL LI BLOCKQUOTE A SPAN DEL S U SUP SUB HR H4 H5 H6 DIV TABLE THEAD TBODY TR TH TD B I".split(" "));
		const bad = [];
		for (const e of document.querySelectorAll(".said *")) {
			if (!may.has(e.tagName)) bad.push("an element " + e.tagName);
			for (const a of e.attributes) if (a.name.startsWith("on") || a.name === "style" || a.name === "src") bad.push("an attribute " + a.name);
		}
		for (const a of document.querySelectorAll(".said [href]")) if (!["http:", "https:", "mailto:"].includes(a.protocol)) bad.push("a link to " + a.href);
		for (const e of document.querySelectorAll("script")) if (!e.src) bad.push("a script in the page");
		if (window.pwned !== undefined) bad.push("code that ran: " + window.pwned);
		return bad;
	})()`); len(bad) > 0 {
		p.t.Errorf("what people typed became %q", bad)
	}
}

// widest are the elements that reach farthest to the right.
const widest = `[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("pre, .table"))
	.slice(0, 5).map((e) => e.tagName + "." + e.className + "#" + e.id).join(", ")`

// wide is how much wider the page is than the window.
func (p *tab) wide(width int64) int64 {
	p.t.Helper()
	if inner := look[int64](p, "innerWidth"); inner != width {
		p.t.Errorf("the window is %d px wide, not %d", inner, width)
	}
	return look[int64](p, "document.scrollingElement.scrollWidth") - width
}

// sideways asks that nothing can be scrolled to the right but what scrolls
// inside its own box: in the text, and where they stand apart, in both rooms.
func (p *tab) sideways(width int64) {
	p.t.Helper()
	for _, part := range []string{"room-1", "room-2", "text"} {
		p.script(`const to = document.querySelector('.bar a[data-tab="' + %s + '"]'); if (to.checkVisibility()) to.click()`, part)
		p.settled()
		p.glance(fmt.Sprintf("hostile-%d-%s.png", width, part))
		if more := p.wide(width); more > 0 {
			p.t.Errorf("at %d px the page is %d px too wide (%s): %s", width, more, part, look[string](p, widest))
		}
		if cut := look[[]string](p, cutOff); len(cut) > 0 {
			p.t.Errorf("at %d px words are cut off (%s): %q", width, part, cut)
		}
	}
}

// cutOff are the words of people that stand outside of the box that shows
// them, where nothing can be scrolled to bring them in; a note of one line ends
// its line with an ellipsis.
const cutOff = `[...document.querySelectorAll(".message .said, .note .said")].filter((e) => e.checkVisibility()).flatMap((said) => {
	const box = said.closest(".message, .note").getBoundingClientRect();
	return [...said.querySelectorAll("*")].filter((e) => !e.closest("pre, .table") && !e.closest('[data-x-size="line"] .said > * > *') && e.getClientRects().length && e.getBoundingClientRect().right > box.right + 1)
		.map((e) => e.tagName + " reaches " + Math.round(e.getBoundingClientRect().right - box.right) + " px out of " + (said.closest(".message") ? "a message" : "a note") + ": " + e.textContent.slice(0, 20));
}).slice(0, 4)`

// widen shows that a page that is too wide would be found.
func (p *tab) widen() {
	p.t.Helper()
	p.resize(360, 780)
	p.script(`document.querySelector(".said p").style.whiteSpace = "nowrap"; document.querySelector(".leaf .said p").style.width = "500px"`)
	if p.wide(360) <= 0 && len(look[[]string](p, cutOff)) == 0 {
		p.t.Error("a paragraph of 500 px is not found to be too wide for a phone")
	}
}

// deepList is a list in a list in a list, with a long word at its bottom.
func deepList(levels int) string {
	var b strings.Builder
	for i := range levels {
		fmt.Fprintf(&b, "%s- level %d\n", strings.Repeat("  ", i), i+1)
	}
	return b.String() + strings.Repeat("  ", levels) + "- " + long[:90]
}
