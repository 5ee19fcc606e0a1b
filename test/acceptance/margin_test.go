//go:build unix

package acceptance

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// A remark on the demo's essay: on the words that it quotes, or on all of the
// passage in which they stand; or an answer to an earlier one.
type remark struct {
	by, room int
	on       string // words of the passage
	whole    bool   // on the passage; on says which
	answers  string // words of what it answers
	words    string
}

var readers = []string{"Mara", "Tomás", "Ines Okafor"}

var remarks = []remark{
	{by: 0, room: 1, on: "That interruption of yours has cost us more than ten lines.", words: "My father-in-law, about every film we have watched together."},
	{by: 1, room: 2, on: "the only person in the room of whom we can be certain that he was listening", words: "This is the one I would underline. To be corrected is proof that somebody is *there*."},
	{by: 2, room: 1, on: "He slipped on a word", words: "Do we know which word it was?"},
	{by: 1, room: 2, answers: "Do we know which", words: "We do not. The nephew leaves it out, which I find rather elegant."},
	{by: 0, room: 1, answers: "We do not.", words: "Or he was told the story a hundred times and never asked."},
	{by: 2, room: 2, on: "At dinner one evening", whole: true, words: "I did not expect to feel sorry for a guest at a dinner in the first century before breakfast."},
	{by: 0, room: 2, on: "rules are only made against what people do", words: "A rule is the fossil of a quarrel."},
	{by: 1, room: 1, on: "The simplest way is to let one voice read", whole: true, words: "We tried this last winter with Middlemarch. It worked until somebody had an opinion."},
	{by: 2, room: 1, on: "newspapers in the morning, novels in the afternoon", words: "I would have paid, too."},
	{by: 1, room: 2, on: "The talk comes afterwards.", words: "And in our case with wine, so that by then we disagree about *what* we disagreed about."},
}

// TestNotesStandBesideTheirWords lets three readers talk and looks where the
// page puts what they say: on a desktop, by night and on a phone.
func TestNotesStandBesideTheirWords(t *testing.T) {
	t.Parallel()
	b := demo(t, "--every", "1s")
	p := browse(t, b.page, 1280, 900)
	p.until("three passages in both rooms", `document.querySelectorAll(".post").length >= 6`)
	speak(t, b, p)
	p.until("all of them in the margin", fmt.Sprintf(`has("#tally", "%d notes")`, len(remarks)))
	p.settled()
	checkMargin(t, p, "as they came")
	for _, r := range remarks {
		if r.on == "" || r.whole {
			continue
		}
		if marked := look[string](p, `[...document.querySelectorAll('mark[data-a~="' + [...document.querySelectorAll(".leaf .note")].find((n) => n.textContent.includes(%s)).dataset.a + '"]')].map((m) => m.textContent).join("")`, plain(r.words)); marked != r.on {
			t.Errorf("%q was quoted, %q is highlighted", r.on, marked)
		}
	}
	p.until("the whole essay", `document.querySelector("#room-1 .post .seq").textContent.endsWith("of " + document.querySelectorAll("#room-1 .post, #room-1 .message[data-a^='p:']").length)`)
	p.pictures()
	for _, width := range []int64{1280, 1600, 1144} {
		p.resize(width, 900)
		p.do(chromedp.Reload())
		p.settled()
		checkMargin(t, p, fmt.Sprintf("at %d px, read anew", width))
	}
	p.misplace()
	p.resize(360, 780)
	below(t, p)
	if wrong := p.complaints(b.site); len(wrong) > 0 {
		t.Errorf("the browser complains: %q", wrong)
	}
}

// speak lets the readers say their remarks, each once the one before it stands.
func speak(t *testing.T, b *bot, p *tab) {
	t.Helper()
	ctx, id := context.Background(), b.page[strings.LastIndex(b.page, "/")+1:]
	var people []*visitor
	for _, name := range readers {
		v, err := visit(ctx, b.site, id, name)
		if err != nil {
			t.Fatal(err)
		}
		people = append(people, v)
	}
	for _, r := range remarks {
		v := people[r.by]
		threads, err := v.threads(ctx, r.room)
		if err != nil {
			t.Fatal(err)
		}
		passage, annotation := r.aim(threads)
		if passage == "" {
			t.Fatalf("no passage for %+v", r)
		}
		words := r.words
		if r.on != "" && !r.whole {
			words = "> " + r.on + "\n\n" + words
		}
		if err := v.say(ctx, r.room, passage, annotation, words); err != nil {
			t.Fatal(err)
		}
		for _, place := range everywhere[:2] {
			p.until(r.words, "has(%s, %s)", strings.TrimSuffix(place, ".mirrored"), plain(r.words))
		}
		p.until(r.words, "has(%s, %s)", everywhere[2], plain(r.words))
	}
}

// plain is a remark's words without their stars.
func plain(words string) string { return strings.ReplaceAll(words, "*", "") }

// aim finds what a remark is about.
func (r remark) aim(threads []thread) (passage, annotation string) {
	for _, th := range threads {
		if r.on != "" && strings.Contains(th.words, r.on) {
			return th.passage, ""
		}
		for _, m := range th.messages {
			if r.answers != "" && strings.Contains(m.words, r.answers) {
				return th.passage, m.annotation
			}
		}
	}
	return "", ""
}

// placed is where a note stands in the window, and the line in which the words
// begin that it is about.
type placed struct {
	Words                    string // its own
	Passage                  string
	Order                    int // of the words that it is about: their place in the page
	Top, Bottom, Left, Right float64
	Line, Column             float64 // the line's top; where the text's column ends
}

const measure = `(() => {
	const all = [...document.querySelectorAll(".leaf .words *")];
	return [...document.querySelectorAll(".leaf .run .note")].filter((n) => n.checkVisibility()).map((n) => {
		const box = n.getBoundingClientRect(), passage = [...document.querySelectorAll('.words .passage[data-p="' + n.dataset.p + '"]')].filter((e) => e.getClientRects().length);
		const words = document.querySelector('.words mark[data-a~="' + n.dataset.a + '"]') ?? passage[0];
		return { Words: n.querySelector(".said").textContent.trim(), Passage: n.dataset.p, Order: all.indexOf(words), Top: box.top, Bottom: box.bottom, Left: box.left, Right: box.right,
			Line: words.getClientRects()[0].top, Column: n.closest(".run").querySelector(".words").getBoundingClientRect().right };
	});
})()`

// near is how far the first note of a passage may stand from the line of its words.
const near = 40

// misplaced says which notes stand where they should not.
func misplaced(notes []placed) []string {
	var faults []string
	say := func(n placed, format string, args ...any) {
		faults = append(faults, fmt.Sprintf("%.30q ", n.Words)+fmt.Sprintf(format, args...))
	}
	for i, n := range notes {
		first := i == 0 || notes[i-1].Passage != n.Passage
		switch {
		case first && math.Abs(n.Top-n.Line) > near:
			say(n, "stands %.0f px from its words", n.Top-n.Line)
		case !first && n.Top < notes[i-1].Bottom:
			say(n, "does not stand below %.30q", notes[i-1].Words)
		case !first && n.Order < notes[i-1].Order:
			say(n, "stands below %.30q, its words above", notes[i-1].Words)
		case n.Left < n.Column || n.Right > 1e5 || n.Bottom-n.Top < 10:
			say(n, "stands in the text, or is not to be seen")
		}
		for _, o := range notes[:i] {
			if n.Top < o.Bottom && o.Top < n.Bottom && n.Left < o.Right && o.Left < n.Right {
				say(n, "overlaps %.30q", o.Words)
			}
		}
	}
	return faults
}

func checkMargin(t *testing.T, p *tab, when string) {
	t.Helper()
	notes := look[[]placed](p, measure)
	if len(notes) < 8 {
		t.Fatalf("%s only %d notes are to be seen", when, len(notes))
	}
	for _, fault := range misplaced(notes) {
		t.Errorf("%s: the note %s", when, fault)
	}
	worst := 0.0
	for i, n := range notes {
		if i == 0 || notes[i-1].Passage != n.Passage {
			worst = max(worst, math.Abs(n.Top-n.Line))
		}
	}
	t.Logf("%s: %d notes, the first of a passage at most %.0f px from its words", when, len(notes), worst)
}

// misplace shows that each fault would be found: a note moved in the page,
// and measurements that tell of others.
func (p *tab) misplace() {
	p.t.Helper()
	p.script(`document.querySelector(".leaf .note").style.setProperty("transform", "translateY(70px)")`)
	if faults := misplaced(look[[]placed](p, measure)); len(faults) < 2 {
		p.t.Errorf("a note was moved, and this was found: %q", faults)
	}
	p.script(`document.querySelector(".leaf .note").style.removeProperty("transform")`)
	notes := look[[]placed](p, measure)
	i := slices.IndexFunc(notes[1:], func(n placed) bool { return n.Passage == notes[0].Passage })
	if i != 0 {
		p.t.Fatal("the first passage has one note only")
	}
	for what, spoil := range map[string]func(n []placed){
		"exchanged":   func(n []placed) { n[0].Order, n[1].Order = n[1].Order, n[0].Order },
		"in the text": func(n []placed) { n[1].Left = n[1].Column - 5 },
		"far off":     func(n []placed) { n[0].Line -= near + 20 },
		"overlapping": func(n []placed) { n[2].Top = n[1].Top },
	} {
		bad := slices.Clone(notes)
		spoil(bad)
		if len(misplaced(bad)) == 0 {
			p.t.Errorf("notes that are %s are not found", what)
		}
	}
}

// below asks that on a phone each note stands below its passage, none over another.
func below(t *testing.T, p *tab) {
	t.Helper()
	ends := look[[][3]float64](p, `[...document.querySelectorAll(".leaf .run .note")].map((n) => {
		const r = n.getBoundingClientRect();
		return [r.top, r.bottom, n.closest(".run").querySelector(".words").getBoundingClientRect().bottom];
	})`)
	for i, n := range ends {
		if n[0] < n[2]-1 || i > 0 && n[0] < ends[i-1][1] || n[1]-n[0] < 10 {
			t.Errorf("on a phone note %d reaches from %.0f to %.0f; its text ends at %.0f, the note before it at %.0f", i, n[0], n[1], n[2], ends[max(i-1, 0)][1])
		}
	}
}

// pictures are kept in docs/ where that is asked for.
func (p *tab) pictures() {
	p.t.Helper()
	p.rename("Jo")
	light, dark := &emulation.MediaFeature{Name: "prefers-color-scheme", Value: "light"}, &emulation.MediaFeature{Name: "prefers-color-scheme", Value: "dark"}
	p.media(light)
	p.script(`scrollTo(0, 0); for (const s of document.querySelectorAll(".stream")) s.scrollTop = 0`)
	p.keep("reader.png")
	p.media(dark)
	p.keep("reader-dark.png")
	p.media(light)
	p.resize(360, 780, chromedp.EmulateScale(2), chromedp.EmulateMobile)
	p.do(chromedp.Reload())
	p.settled()
	p.script(`document.querySelector(".leaf .note.question").scrollIntoView({ block: "end" }); scrollBy(0, 120)`)
	p.keep("reader-phone.png")
	p.script(`document.querySelector('.bar a[data-tab="room-1"]').click()`)
	p.settled()
	p.script(`document.querySelector("#room-1 .post").scrollIntoView()`)
	p.keep("room-phone.png")
	p.script(`document.querySelector('.bar a[data-tab="text"]').click()`)
}
