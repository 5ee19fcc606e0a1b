package main

import (
	"strings"
	"testing"

	"marginalia/internal/discussion"
)

// A key of [reactions] replaces the emoji of its meaning, and takes what it names
// from the others' usual ones; the rest stays as usual.
func TestReactionsAreReplacedByMeaning(t *testing.T) {
	a := &app{
		config:  write(t, "[reactions]\nagree = [\"👍\", \":seconded:\"]\ndisapprove = []\n"),
		environ: []string{"MARGINALIA_REACTIONS_INSIGHT=🤯,💡"},
	}
	c, err := a.load()
	if err != nil {
		t.Fatal(err)
	}
	l := c.Reactions.lexicon()
	for emoji, want := range map[string]discussion.Meaning{
		"👍🏾": discussion.Agree, ":seconded:": discussion.Agree, "✅": "", "❤": discussion.Approve, "➖": "", "👎": "",
		"🤯": discussion.Insight, "💡": discussion.Insight, "❓": discussion.Question, "🔁": discussion.ChangedMind,
	} {
		if got := l.Means(emoji); got != want {
			t.Errorf("%s means %q, want %q", emoji, got, want)
		}
	}
	l = ReactionsTable{}.lexicon()
	if got := l.Means("✅"); got != "" {
		t.Errorf("where nothing means anything, ✅ means %q", got)
	}
}

func TestReactionsThatMeanTwoThings(t *testing.T) {
	for src, want := range map[string]string{
		"agree = [\"👍\"]\ninsight = [\"👍\"]": `config.toml: [reactions] 👍 means "agree" and "insight": keep it in one of them`,
		"question = [\"why\"]":               `config.toml: [reactions] "why" is no emoji: write one`,
		"agree = \"✅\"":                      `"reactions.agree" is given as string: write a list of words in quotes`,
		"funny = [\"😄\"]":                    `there is no key "reactions.funny"`,
	} {
		a := &app{config: write(t, "[reactions]\n"+src+"\n")}
		if _, err := a.load(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", src, err, want)
		}
	}
}
