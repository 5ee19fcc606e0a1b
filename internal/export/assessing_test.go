package export

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"marginalia/internal/discussion"
	"marginalia/test/w3c"
)

// reactedTo is a bundle in which people reacted to the first passage and to the
// one annotation. person2 wants a pseudonym, person3 is not published.
func reactedTo(reactions ...[3]string) Bundle {
	b := whole()
	for _, r := range reactions {
		x := Reaction{Reaction: discussion.Reaction{Person: discussion.PersonID(r[0]), Emoji: r[1]}}
		if r[2] == "passage" {
			x.Passage = b.Discussion.Passages[0].ID
		} else {
			x.Annotation = b.Annotations[0].ID
		}
		b.Reactions = append(b.Reactions, x)
	}
	return b
}

var reacted = [][3]string{
	{"person1", "👍", "passage"}, {"person2", "✅", "passage"}, {"person1", "❤\ufe0f", "passage"}, {"person3", "❌", "passage"},
	{"person1", "👍🏽", "passage"}, {"person2", "🎯", "note"}, {"person1", "❌", "passage"}, {"person3", "🎯", "note"}, {"person2", "💡", "note"},
}

// What somebody says by emoji is an annotation for each meaning, however many
// emoji they gave for it, and tagged with it; nothing of people who are not published.
func TestReactionsAreExportedByMeaning(t *testing.T) {
	musts := w3c.Annotations(t)
	var got []string
	for _, item := range items(exported(t, reactedTo(reacted...))) {
		o := item.(object)
		check(t, "annotation", musts, item)
		if o["motivation"] != "assessing" {
			continue
		}
		line := o["creator"].(object)["name"].(string)
		if _, note := o["target"].(string); note {
			line += " on a note:"
		}
		bodies, several := o["body"].([]any)
		if !several {
			bodies = []any{o["body"]}
		}
		for _, body := range bodies {
			line += fmt.Sprintf(" %s %s", body.(object)["purpose"], body.(object)["value"])
		}
		got = append(got, line)
	}
	pen := discussion.Person{ID: "person2"}.Pseudonym()
	want := []string{
		"Nym1 <b> assessing 👍 assessing ❤ tagging approve",
		pen + " assessing ✅ tagging agree",
		pen + " on a note: assessing 🎯",
		"Nym1 <b> assessing ❌ tagging disagree",
		pen + " on a note: assessing 💡 tagging insight",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}

// Files to read tell them in short: how many people, each once.
func TestReactionsAreCountedInFiles(t *testing.T) {
	b := reactedTo(reacted...)
	if text := written(t, "markdown", b); !strings.Contains(text, "> ✅ 1 · ❌ 1 · 👍 1\n") || !strings.Contains(text, "> 💡 1 · 🎯 1\n") {
		t.Errorf("the Markdown lacks how people reacted:\n%.1500s", text)
	}
	text := written(t, "html", b)
	for _, want := range []string{`title="1 person agrees"`, `title="1 person disagrees"`, `title="1 person approves"`, `title="1 person found an insight"`, `title="1 person gave 🎯"`} {
		if strings.Count(text, want) != 1 {
			t.Errorf("the page says %d times %s", strings.Count(text, want), want)
		}
	}
	b.Lexicon = discussion.Lexicon{{Meaning: discussion.Insight, Emoji: []string{"🎯"}}}
	if text := written(t, "html", b); !strings.Contains(text, `title="1 person found an insight"><span class="glyph" aria-hidden="true">🎯`) || !strings.Contains(text, `title="1 person gave 💡"`) {
		t.Error("the page does not go by the lexicon that was configured")
	}
}
