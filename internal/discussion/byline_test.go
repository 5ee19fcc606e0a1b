package discussion

import (
	"strings"
	"testing"
	"time"
)

// TestADumpWithBylines: who said it and when is told, and is nobody's words.
func TestADumpWithBylines(t *testing.T) {
	for name, c := range map[string]struct{ dump, want string }{
		"a blog": {`Ada Keeper says:
March 3, 2021 at 4:15 pm
What happened to the second keeper?
It is never said.
Reply
bo says:
March 4, 2021 at 9:02 am
He sailed away.
Reply
Cato the Elder says:
April 14, 2021 at 12:00 am
The lamp says: nothing.
Reply`, "1-5 Ada Keeper 2021-03-03 16:15 What happened to the second keeper?|It is never said.; 6-9 bo 2021-03-04 09:02 He sailed away.; 10-13 Cato the Elder 2021-04-14 00:00 The lamp says: nothing."},
		"hacker news": {`ada 3 hours ago | parent | next [–]
What happened to the second keeper?
reply
bo_2 2 hours ago | root | parent | next [–]
> What happened to the second keeper?
He sailed away.
reply
cato 1 hour ago | prev [–]
Is it told anywhere?
reply`, "1-3 ada - What happened to the second keeper?; 4-7 bo_2 - What happened to the second keeper?|He sailed away.; 8-10 cato - Is it told anywhere?"},
		"one date is no frame": {`Ada says:
March 3, 2021
And that is when it was.`, "1-3  - Ada says:|March 3, 2021|And that is when it was."},
	} {
		var all []string
		for _, d := range ReadDump(strings.Split(c.dump, "\n")) {
			when := "-"
			if !d.Posted.IsZero() {
				when = d.Posted.Format("2006-01-02 15:04")
			}
			var words []string
			for _, b := range d.Body.Blocks {
				words = append(words, d.Body.Text[b.Start:b.End])
			}
			all = append(all, strings.Join([]string{lineRange(d), d.Author, when, strings.Join(words, "|")}, " "))
		}
		if got := strings.Join(all, "; "); got != c.want {
			t.Errorf("%s:\n%s\nis not\n%s", name, got, c.want)
		}
	}
}

// TestWordsThatLookLikeBylines: what a comment says stays, though it begins as
// a byline does, or is as short as a button.
func TestWordsThatLookLikeBylines(t *testing.T) {
	for _, words := range []string{
		"Reread yesterday and it still holds up.",
		"Reread yesterday.",
		"Yes, 3 days ago I wrote about exactly this in my blog",
		"Published 2019-03-04, so it predates the ban.",
		"2019-03-04 был запрет",
		"ada 2 hours ago",
		"Yesterday.",
		"Согласен на 100%!",
		"我同意第3点。",
		"+1",
		"42",
		"Like!",
		"Quote?",
		"Reply",
	} {
		for _, before := range []string{"", "It is never said.\n"} {
			if before != "" && (words == "Reply" || words == "ada 2 hours ago" || words == "Reread yesterday.") {
				continue // may be what it looks like
			}
			dump := strings.Repeat("ada 3 hours ago | parent | next [–]\nWhat happened to the second keeper?\nreply\n", 3) +
				"bo 2 hours ago | prev [–]\n" + before + words + "\nreply"
			all := ReadDump(strings.Split(dump, "\n"))
			var got []string
			for _, d := range all[min(3, len(all)):] {
				got = append(got, d.Author+": "+d.Body.Text)
			}
			want := strings.ReplaceAll("bo: "+before+words, "\n", "\n\n")
			if strings.Join(got, "; ") != want {
				t.Errorf("%q is not %q", got, want)
			}
		}
	}
}

// TestAByLineWithNothingBelow: a line that is all there is of a comment stays.
func TestAByLineWithNothingBelow(t *testing.T) {
	dump := strings.Repeat("ada 3 hours ago\nWhat happened to the second keeper?\n", 3) + "Reread yesterday"
	all := ReadDump(strings.Split(dump, "\n"))
	if last := all[len(all)-1]; len(all) != 4 || last.Body.Text != "Reread yesterday" || last.Author != "" {
		t.Errorf("%d documents, the last: %q by %q", len(all), last.Body.Text, last.Author)
	}
}

// TestDateIn: each month is read, in full, cut, and with a full stop.
func TestDateIn(t *testing.T) {
	names := map[time.Month][]string{time.September: {"Sept", "Sept."}}
	for m := time.January; m <= time.December; m++ {
		short := m.String()[:3]
		for _, name := range append(names[m], m.String(), strings.ToUpper(short), short, short+".") {
			for _, s := range []string{name + " 21st, 2021 at 4:15 pm", "21 " + name + " 2021, 16:15", "the 21st " + name + " 2021 16:15"} {
				if got, want := dateIn(s), time.Date(2021, m, 21, 16, 15, 0, 0, time.UTC); !got.Equal(want) {
					t.Errorf("%q is %s, not %s", s, got, want)
				}
			}
		}
	}
}

func lineRange(d Document) string {
	return told([]Document{d})[:strings.Index(told([]Document{d}), " ")]
}

// TestBylinesInAnOutline: the lines around the words are not shown, and stay
// the comment's when it is corrected.
func TestBylinesInAnOutline(t *testing.T) {
	d := guessed(strings.Split(strings.Repeat("Ada says:\nMarch 3, 2021 at 4:15 pm\nWhat happened to the keeper?\nIt is never said.\nReply\n", 4), "\n")...)
	if got, want := told(d.Documents), "1-5 comment 98 0Ada; 6-10 comment 98 0Ada; 11-15 comment 98 0Ada; 16-20 comment 98 0Ada"; got != want {
		t.Fatalf("%s, not %s", got, want)
	}
	now := corrected(t, d, "  4  It", "comment\n4 It", "13  What", "13> What")
	if got, want := told(now), "1-3 comment 100 0Ada; 4-4 comment 100 0; 6-10 comment 98 0Ada; 11-15 comment 100 0Ada; 16-20 comment 98 0Ada"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}
