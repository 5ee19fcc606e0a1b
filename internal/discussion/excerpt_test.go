package discussion

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"marginalia/internal/format"
	"marginalia/test/require"
)

// TestExcerptOfAnything: whole pieces, within the limits, and none of what
// would mislead.
func TestExcerptOfAnything(t *testing.T) {
	require.Long(t)
	rapid.Check(t, func(t *rapid.T) {
		d := Document{ID: "c", Kind: Comment, Body: drawDoc(t)}
		all := Cut(d, CutOptions{})
		if d.Body.Empty() {
			if len(all) != 0 {
				t.Fatal("nothing has an excerpt")
			}
			return
		}
		ps := pieces(d.Body, 4000)
		if len(all) != 1 {
			t.Fatalf("the excerpts are %+v", all)
		}
		from, to := -1, -1
		for i, p := range ps {
			if p.start == all[0].Start {
				from = i
			}
			if p.end == all[0].End {
				to = i
			}
		}
		if from < 0 || to < from {
			t.Fatalf("the excerpt %+v begins or ends inside a sentence or item", all[0])
		}
		size := utf8.RuneCountInString(d.Body.Text[all[0].Start:all[0].End])
		if size > 4000 || size > 1200 && from > 0 {
			t.Fatalf("an excerpt of %d code points begins with piece %d", size, from)
		}
		told := tellings(d.Body.Text, ps)
		if from > 0 && (!told[from].mayBegin || !told[to].mayEnd) {
			t.Fatalf("the excerpt %q is torn from what it hangs on", d.Body.Text[all[0].Start:all[0].End])
		}
		if ps[len(ps)-1].to-ps[0].from <= 1200 && (from != 0 || to != len(ps)-1) {
			t.Fatal("a comment that fits is not whole")
		}
	})
}

// TestExcerptNeverMisleads tells what is shown of comments that could be read
// the wrong way; "|" parts paragraphs, ">" begins a quotation.
func TestExcerptNeverMisleads(t *testing.T) {
	for _, c := range []struct{ name, comment, want string }{
		{"the point, not the thanks",
			"Thanks for the post, it was a pleasant read on the train this morning.|I think the main problem is that the keepers were never paid for the nights, and the data on wages says so.|Anyway, see you all at the meetup next week in the usual place by the harbour.",
			"I think the main problem is that the keepers were never paid for the nights, and the data on wages says so."},
		{"a sentence is not parted from its but",
			"I think the main point is right because the data on keepers is good. But it is wrong for every lamp that I have seen myself.|We had soup that evening and the soup was fine and so was the bread that came with it.",
			"I think the main point is right because the data on keepers is good. But it is wrong for every lamp that I have seen myself."},
		{"what others say stays theirs",
			"Some people say that the lamp was a waste. The main reason is the price of oil, in their view of the data, and nothing else counts.|I find this odd, since I have read the books of the harbour and the oil was cheap in those years.",
			"I find this odd, since I have read the books of the harbour and the oil was cheap in those years."},
		{"a quotation has an answer",
			"A word on the weather first, which was bad and which nobody mentions in the reports of the year.|>The main problem is that keepers are lazy because of the data.|I disagree with this because I was one of the keepers, and we never slept before the morning came.",
			"A word on the weather first, which was bad and which nobody mentions in the reports of the year."},
		{"nor is it shown without who says it",
			"The weather was bad, and nobody mentions it in any of the reports from that year or the next.|As the minister put it in his letter:|>The main problem is that keepers are lazy, because of the data on them.|That is slander.",
			"The weather was bad, and nobody mentions it in any of the reports from that year or the next."},
		{"not is not left out",
			"Consider what the board wrote at the time. Is the claim that the main reason was money true? No. The keepers left because the sea took their gardens, and because nobody had answered their letters.",
			"Consider what the board wrote at the time. Is the claim that the main reason was money true? No."},
	} {
		d := Document{Kind: Comment}
		for _, p := range strings.Split(c.comment, "|") {
			if words, quoted := strings.CutPrefix(p, ">"); quoted {
				add(&d.Body, format.Quote, "", words)
			} else {
				add(&d.Body, format.Paragraph, "", p)
			}
		}
		p := Cut(d, CutOptions{Excerpt: 130})[0]
		if got := d.Body.Text[p.Start:p.End]; got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}
