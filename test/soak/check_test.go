//go:build unix

package main

import (
	"slices"
	"testing"

	"marginalia/internal/chat"
)

// Two rooms in which all is as it should be: three remarks, one edited, one
// answered on the other side, one deleted, and an emoji in each direction.
func sound() (account, []shown) {
	here, there := chat.Room{Platform: "matrix", ID: "!here"}, chat.Room{Platform: "discord", ID: "1"}
	a := account{
		remarks: []remark{
			{token: "tk-0-0-0", room: here, passage: 1, ids: []string{"$a"}, version: 1},
			{token: "tk-0-1-0", room: here, passage: 1, ids: []string{"$b"}},
			{token: "tk-1-0-0", room: there, passage: 1, ids: []string{"c"}},
			{token: "tk-1-0-1", room: there, passage: 1, ids: []string{"d"}},
			{token: "tk-1-0-2", room: there, passage: 1, ids: []string{"e"}, deleted: true},
		},
		holds: []hold{{"tk-0-0-0", "👍", there}, {"tk-1-0-0", "💡", here}, {"passage-1", "💡", here}},
		order: [][]string{{"tk-0-0-0", "tk-0-1-0", "tk-1-0-0", "tk-1-0-1", "tk-1-0-2"}},
	}
	return a, []shown{
		{at: here, lines: []line{
			{id: "$post", name: "passage-1"},
			{id: "$a", name: "tk-0-0-0", passage: 1, own: true, emojis: []string{"👍"}},
			{id: "$b", name: "tk-0-1-0", passage: 1, own: true},
			{id: "$c", name: "tk-1-0-0", passage: 1},
			{id: "$d", name: "tk-1-0-1", passage: 1},
		}},
		{at: there, lines: []line{
			{id: "post", name: "passage-1", emojis: []string{"💡"}},
			{id: "a", name: "tk-0-0-0", passage: 1},
			{id: "b", name: "tk-0-1-0", passage: 1},
			{id: "c", name: "tk-1-0-0", passage: 1, own: true, emojis: []string{"💡"}},
			{id: "d", name: "tk-1-0-1", passage: 1, own: true},
			{id: "a'", name: "tk-0-0-0", version: 1, edit: true},
		}},
	}
}

func TestWhatIsSoundIsFoundSoundAndEachFaultIsFound(t *testing.T) {
	a, rooms := sound()
	if found := check(a, rooms); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	if err := prove(a, rooms, false); err != nil {
		t.Error(err)
	}
}

// A homeserver that is restarted may take in later what it has answered with an
// error, and what its author then said again: both stand, and one can be deleted.
func TestWhatWasSaidTwiceMayBeDeletedOnce(t *testing.T) {
	a, rooms := sound()
	a.remarks[4].ids = []string{"e", "f"}
	rooms[0].lines = append(rooms[0].lines, line{id: "$f", name: "tk-1-0-2", passage: 1})
	rooms[1].lines = append(rooms[1].lines, line{id: "f", name: "tk-1-0-2", passage: 1, own: true})
	if found := check(a, rooms); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	if err := prove(a, rooms, false); err != nil {
		t.Error(err)
	}
}

// What is doubled by a late request is not spoiled: taking one of the two away
// would mend it.
func TestFaultsArePlantedBesideWhatIsFound(t *testing.T) {
	a, rooms := sound()
	lines := rooms[0].lines
	i := slices.IndexFunc(lines, func(l line) bool { return !l.own && l.name == "tk-1-0-0" })
	rooms[0].lines = append(lines[:len(lines):len(lines)], lines[i])
	if n := len(check(a, rooms[:1])); n == 0 {
		t.Fatal("the doubled one is not found")
	}
	if err := prove(a, rooms, true); err != nil {
		t.Error(err)
	}
}

// A check that is blind to something must not pass for proved.
func TestWhatCannotBePlantedIsNotProved(t *testing.T) {
	a, rooms := sound()
	a.remarks = a.remarks[:1]
	if err := prove(a, rooms[:1], false); err == nil {
		t.Error("proved with nothing to spoil")
	}
}

func TestFindings(t *testing.T) {
	for _, c := range []struct {
		kind  string
		spoil func(a *account, here, there *shown)
	}{
		{"lost", func(a *account, _, _ *shown) { a.remarks[2].version = 1 }},
		{"doubled", func(_ *account, here, _ *shown) {
			here.lines = append(here.lines, line{id: "$x", name: "tk-1-0-1", passage: 1})
		}},
		{"strayed", func(_ *account, _, there *shown) { there.lines[1].passage = 2 }},
		{"left", func(_ *account, here, _ *shown) {
			here.lines = append(here.lines, line{id: "$x", name: "tk-1-0-2", edit: true})
		}},
		{"left", func(a *account, here, _ *shown) { // a client had to say it twice, and one of the two was deleted
			a.remarks[4].ids = []string{"e", "f"}
			here.lines = append(here.lines, line{id: "$x", name: "tk-1-0-2", passage: 1}, line{id: "$y", name: "tk-1-0-2", passage: 1})
		}},
		{"left", func(a *account, here, _ *shown) { // the wrong one of the two was taken away
			a.remarks[4].ids, a.remarks[4].version = []string{"e", "f"}, 1
			here.lines = append(here.lines, line{id: "$x", name: "tk-1-0-2", passage: 1, version: 1})
		}},
		{"lost", func(a *account, _, _ *shown) { a.remarks[4].ids = []string{"e", "f"} }},
		{"emoji", func(a *account, _, _ *shown) { a.holds = a.holds[:2] }},
		{"emoji", func(_ *account, here, _ *shown) { here.lines[1].emojis = nil }},
		{"disorder", func(_ *account, _, there *shown) { slices.Reverse(there.lines[1:3]) }},
	} {
		a, rooms := sound()
		c.spoil(&a, &rooms[0], &rooms[1])
		if found := check(a, rooms); len(found) != 1 || found[0].kind != c.kind {
			t.Errorf("%s: found %v", c.kind, found)
		}
	}
}

func TestPassagesAndTokensAreReadFromWords(t *testing.T) {
	for words, want := range map[string]int{
		"To be · 1/2 or not.\n\n*The Title · 12/40*": 12,
		"The Title · 3/40 · read":                    3,
		"no footer 3/40":                             0,
	} {
		if got := passageIn(words); got != want {
			t.Errorf("%q is passage %d, want %d", words, got, want)
		}
	}
	if token, version := tokenIn("**Dora:** tk-1-2-33 v4. A better thought."); token != "tk-1-2-33" || version != 4 {
		t.Errorf("read %q, version %d", token, version)
	}
	if token, _ := tokenIn("tk-1-2-33 without a version"); token != "" {
		t.Errorf("read %q", token)
	}
}
