package discussion

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// given reads "ann:✅ bob:❌": who gave what to one thing.
func given(s string) []Reaction {
	var all []Reaction
	for _, one := range strings.Fields(s) {
		who, emoji, _ := strings.Cut(one, ":")
		all = append(all, Reaction{Person: PersonID(who), Emoji: emoji})
	}
	return all
}

func TestTally(t *testing.T) {
	own := Lexicon{{Question, []string{"🤔", "❓"}}, {Agree, []string{"👍"}}, {Disagree, nil}}
	for _, tc := range []struct {
		why     string
		lexicon Lexicon
		given   string
		want    string
	}{
		{"nothing", nil, "", "[]"},
		{"each meaning has its place, whenever it was given", nil, "a:👎 b:👍 c:❓ d:🔁 e:💡 f:❌ g:✅", "[✅1 ❌1 💡1 🔁1 ❓1 👍1 👎1]"},
		{"a person counts once for two emoji of a meaning", nil, "ann:❤ ann:👍 ann:➕ bob:❤", "[👍2]"},
		{"approval is not agreement", nil, "ann:👍 ann:❌ bob:👎 bob:✅", "[✅1 ❌1 👍1 👎1]"},
		{"looks do not matter", nil, "ann:👍🏽 bob:👍 cid:❤\ufe0f dan:❤", "[👍4]"},
		{"what means nothing is counted by itself, behind the rest", nil, "ann:🎯 bob:👋🏿 ann:👋 cid:👋 ann:🎯 cid:✅", "[✅1 🎯1 👋3]"},
		{"words are no meaning", nil, "ann:agree bob:✅", "[✅1 agree1]"},
		{"another lexicon", own, "ann:👍 bob:✅ cid:❌ dan:❓", "[❓1 👍1 ✅1 ❌1]"},
	} {
		var got []string
		for _, tally := range tc.lexicon.Tally(given(tc.given)) {
			got = append(got, fmt.Sprint(tally.Emoji, tally.People))
		}
		if fmt.Sprint(got) != tc.want {
			t.Errorf("%s: %v, want %s", tc.why, got, tc.want)
		}
	}
}

func TestTalliesInWords(t *testing.T) {
	var got []string
	for _, tally := range Usual.Tally(given("a:✅ b:✅ a:❌ a:🔁 b:🔁 c:🔁 a:❓ a:🎯 a:👎 b:👎")) {
		got = append(got, tally.Phrase())
	}
	want := []string{
		"2 people agree", "1 person disagrees", "3 people changed their minds", "1 person has a question",
		"2 people disapprove", "1 person gave 🎯",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, e := range Usual {
		if _, ok := deeds[e.Meaning]; !ok {
			t.Errorf("%s has no words", e.Meaning)
		}
	}
}

func TestALexiconIsChecked(t *testing.T) {
	for want, l := range map[string]Lexicon{
		"":                                 nil,
		`👍 means "agree" and "approve"`:    {{Agree, []string{"✅", "👍"}}, {Approve, []string{"👍"}}},
		`❤️ means "insight" and "approve"`: {{Insight, []string{"❤"}}, {Approve, []string{"❤\ufe0f"}}},
		`"yes" is no emoji`:                {{Agree, []string{"yes"}}},
		`"" is no emoji`:                   {{Agree, []string{""}}},
		`"✅ 👍" is no emoji`:                {{Agree, []string{"✅ 👍"}}},
	} {
		if err := l.Check(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", l, err, want)
		}
	}
	if err := (Lexicon{{Agree, []string{":seconded:", "✅", "✅"}}}).Check(); err != nil {
		t.Errorf("a server's own emoji, and one twice: %v", err)
	}
}

// An emoji of a server's own means what its name is said to mean, with the id
// that Discord tells of it and without.
func TestEmojiOfAServersOwn(t *testing.T) {
	l := Lexicon{{Agree, []string{":so_it_is:"}}}
	if err := l.Check(); err != nil {
		t.Fatal(err)
	}
	got := l.Tally([]Reaction{{Person: "a", Emoji: "so_it_is:81384788765712384"}, {Person: "b", Emoji: ":so_it_is:"}, {Person: "a", Emoji: "other:7"}})
	want := []Tally{{Agree, ":so_it_is:", 2}, {"", "other:7", 1}}
	if !slices.Equal(got, want) {
		t.Errorf("counted %+v, not %+v", got, want)
	}
}
