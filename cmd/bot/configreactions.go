package main

import (
	"slices"

	"marginalia/internal/discussion"
)

// ReactionsTable is [reactions]: which emoji have which meaning. A key replaces
// the usual emoji of its meaning, and takes what it names from the usual ones of
// others.
type ReactionsTable struct {
	Agree       []string `toml:"agree"`
	Disagree    []string `toml:"disagree"`
	Insight     []string `toml:"insight"`
	ChangedMind []string `toml:"changed_mind"`
	Question    []string `toml:"question"`
	Approve     []string `toml:"approve"`
	Disapprove  []string `toml:"disapprove"`
}

// lexicon is what the table says, in the order in which meanings are shown.
func (r ReactionsTable) lexicon() discussion.Lexicon {
	l := discussion.Lexicon{
		{Meaning: discussion.Agree, Emoji: r.Agree},
		{Meaning: discussion.Disagree, Emoji: r.Disagree},
		{Meaning: discussion.Insight, Emoji: r.Insight},
		{Meaning: discussion.ChangedMind, Emoji: r.ChangedMind},
		{Meaning: discussion.Question, Emoji: r.Question},
		{Meaning: discussion.Approve, Emoji: r.Approve},
		{Meaning: discussion.Disapprove, Emoji: r.Disapprove},
	}
	usual := func(e discussion.Entry) bool { return slices.Equal(e.Emoji, discussion.Usual.Of(e.Meaning)) }
	written := slices.DeleteFunc(slices.Clone(l), usual)
	for i, e := range l {
		if usual(e) {
			l[i].Emoji = slices.DeleteFunc(slices.Clone(e.Emoji), func(emoji string) bool { return written.Means(emoji) != "" })
		}
	}
	return l
}

func usualReactions() ReactionsTable {
	usual := discussion.Usual.Of
	return ReactionsTable{
		Agree: usual(discussion.Agree), Disagree: usual(discussion.Disagree), Insight: usual(discussion.Insight),
		ChangedMind: usual(discussion.ChangedMind), Question: usual(discussion.Question),
		Approve: usual(discussion.Approve), Disapprove: usual(discussion.Disapprove),
	}
}
