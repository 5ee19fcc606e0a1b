package page

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// measure tells of each note whose words it is about, where it stands and
// where they stand; asked of the page as it is shown.
const measure = `(() => [...document.querySelectorAll(".run")].flatMap((run) => [...run.querySelectorAll(".note")].map((n) => {
	const r = n.getBoundingClientRect();
	const mark = document.querySelector('mark[data-a~="' + n.dataset.a + '"]') || document.getElementById(n.dataset.p);
	const line = mark.getClientRects()[0];
	return { id: n.id, passage: n.dataset.p, run: run.id, top: r.top, bottom: r.bottom, left: r.left, right: r.right, height: r.height,
		words: line.top, wordsRight: run.querySelector(".words").getBoundingClientRect().right, size: n.dataset.xSize || "", runBottom: run.querySelector(".words").getBoundingClientRect().bottom };
})))()`

type placed struct {
	ID, Passage, Run, Size                                         string
	Top, Bottom, Left, Right, Height, Words, WordsRight, RunBottom float64
}

// reading serves the sample as the web server would: with the script.
func reading(t *testing.T) string {
	t.Helper()
	return serving(t, tides(t))
}

func serving(t *testing.T, in Input) string {
	t.Helper()
	var file bytes.Buffer
	if err := Write(&file, Build(in)); err != nil {
		t.Fatal(err)
	}
	script := append([]byte("<script>"), append(Script(), "</script></body>"...)...)
	page := bytes.Replace(file.Bytes(), []byte("</body>"), script, 1)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/bare" {
			w.Write(file.Bytes())
			return
		}
		w.Write(page)
	}))
	t.Cleanup(site.Close)
	return site.URL
}

func TestNotesStandBesideTheirWords(t *testing.T) {
	address, tab := reading(t), browser(t)
	for _, width := range []int64{1000, 1280, 1600} {
		notes := look[[]placed](t, tab, measure, chromedp.EmulateViewport(width, 900), chromedp.Navigate(address), chromedp.Sleep(settle))
		shoot(t, tab, "margin-"+itoa(width), true)
		if len(notes) < 30 {
			t.Fatalf("at %d px there are %d notes", width, len(notes))
		}
		var last placed
		for i, n := range notes {
			if n.Height == 0 {
				continue // behind "more notes"
			}
			first := n.Passage != last.Passage
			if off := n.Top - n.Words; first && (off < -1 || off > 40) {
				t.Errorf("at %d px note %s, the first of passage %s, stands %.0f px from its words", width, n.ID, n.Passage, off)
			}
			if i > 0 && n.Top < last.Bottom {
				t.Errorf("at %d px note %s begins at %.0f, over %s, which ends at %.0f", width, n.ID, n.Top, last.ID, last.Bottom)
			}
			if n.Left < n.WordsRight || n.Right > float64(width) {
				t.Errorf("at %d px note %s reaches from %.0f to %.0f; the words end at %.0f", width, n.ID, n.Left, n.Right, n.WordsRight)
			}
			last = n
		}
		noSideways(t, tab, width)
	}
}

// settle is how long the layout may take after the page has loaded.
const settle = 150 * time.Millisecond

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// noSideways asks that nothing can be scrolled to the right but what scrolls
// inside its own box.
func noSideways(t *testing.T, tab context.Context, width int64) {
	t.Helper()
	if w := look[int64](t, tab, `document.documentElement.scrollWidth`); w > width {
		t.Errorf("the page is %d px wide in a window of %d px; the widest elements: %s", w, width, look[string](t, tab, widest))
	}
}

const widest = `[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("pre, .table"))
	.slice(0, 5).map((e) => e.tagName + "." + e.className + "#" + e.id).join(", ")`

func TestNotesStandBelowTheirPassageOnAPhone(t *testing.T) {
	address, tab := reading(t), browser(t)
	for _, width := range []int64{320, 360, 720} {
		notes := look[[]placed](t, tab, measure, chromedp.EmulateViewport(width, 780), chromedp.Navigate(address), chromedp.Sleep(settle))
		shoot(t, tab, "phone-"+itoa(width), true)
		for i, n := range notes {
			if n.Height == 0 || n.Top < n.RunBottom-1 {
				t.Errorf("at %d px note %s stands at %.0f, its passage ends at %.0f", width, n.ID, n.Top, n.RunBottom)
			}
			if i > 0 && n.Top < notes[i-1].Bottom {
				t.Errorf("at %d px note %s stands over %s", width, n.ID, notes[i-1].ID)
			}
		}
		noSideways(t, tab, width)
	}
}

func TestTheFileIsReadableWithoutAScript(t *testing.T) {
	address, tab := reading(t), browser(t)
	for _, width := range []int64{360, 1280} {
		notes := look[[]placed](t, tab, measure, chromedp.EmulateViewport(width, 900), chromedp.Navigate(address+"/bare"))
		shoot(t, tab, "bare-"+itoa(width), true)
		for i, n := range notes {
			if n.Height == 0 || i > 0 && n.Top < notes[i-1].Bottom {
				t.Errorf("at %d px note %s is not to be read", width, n.ID)
			}
		}
		noSideways(t, tab, width)
	}
}

// What people give to passages stands where nothing has to move for it: at the
// first emoji no line of the text jumps. It is over no words.
func TestReactionsToPassagesMoveNothing(t *testing.T) {
	bare := tides(t)
	bare.Reactions = slices.DeleteFunc(bare.Reactions, func(r Reaction) bool { return r.Passage != "" })
	with, without, tab := reading(t), serving(t, bare), browser(t)
	const lines = `[...document.querySelectorAll(".words > *, .byline")].map((e) => Math.round(e.getBoundingClientRect().top))`
	for _, at := range []struct {
		width int64
		path  string
	}{{320, ""}, {1280, ""}, {1280, "/bare"}} {
		before := look[[]int](t, tab, lines, chromedp.EmulateViewport(at.width, 900), chromedp.Navigate(without+at.path), chromedp.Sleep(settle))
		after := look[[]int](t, tab, lines, chromedp.Navigate(with+at.path), chromedp.Sleep(settle))
		if len(before) < 20 || !slices.Equal(before, after) {
			t.Errorf("at %d px, page %q: lines stood at %v, with reactions at %v", at.width, at.path, before, after)
		}
		over := look[[]string](t, tab, overWords)
		if n := look[int](t, tab, `document.querySelectorAll(".assessed").length`); n < 10 || len(over) > 0 {
			t.Errorf("at %d px, page %q: of %d lines of reactions these stand over words: %q", at.width, at.path, n, over)
		}
	}
}

// overWords are the reactions to passages that stand over a line of text, or
// over a note.
const overWords = `(() => {
	const lines = [...document.querySelectorAll(".words, .byline")].flatMap((e) => {
		const r = document.createRange(); r.selectNodeContents(e);
		return [...r.getClientRects()].filter((r) => r.width > 0 && r.height < 60);
	}).concat([...document.querySelectorAll(".note")].map((e) => e.getBoundingClientRect()));
	return [...document.querySelectorAll(".assessed > span")].filter((e) => {
		const a = e.getBoundingClientRect();
		return lines.some((b) => a.top + 1 < b.bottom && b.top + 1 < a.bottom && a.left < b.right && b.left < a.right);
	}).map((e) => e.textContent);
})()`
