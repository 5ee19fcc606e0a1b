//go:build unix

package acceptance

import (
	"encoding/json"
	"slices"
	"strings"
)

// assessing is the motivation of an emoji.
const assessing = "assessing"

// pens are the names by which the collection calls who said something, by its
// token.
func (l collection) pens() map[string]string {
	all := map[string]string{}
	for _, i := range l.First.Items {
		if i.Body != nil && i.Creator != nil && i.Motivation != assessing {
			all[tokenIn(i.Body.Value)] = i.Creator.Name
		}
	}
	return all
}

// export wants each annotation once in the JSON-LD, as it is now, aimed at what
// it is about; of what is gone no more than that it was answered; each emoji
// that somebody holds; and a pen name for each person, but nobody's name.
func (c *check) export() {
	items := map[string][]item{}
	ids, emoji := map[string]item{}, map[string][]string{}
	for _, i := range c.r.ld.First.Items {
		if _, twice := ids[i.ID]; twice {
			c.say("misfiled", "%s stands twice", i.ID)
		}
		ids[i.ID] = i
		if i.Body == nil {
			c.outline(i)
			continue
		}
		if i.Motivation == assessing {
			emoji[target(i).annotation] = append(emoji[target(i).annotation], i.Body.Value)
			continue
		}
		items[tokenIn(i.Body.Value)] = append(items[tokenIn(i.Body.Value)], i)
	}
	if c.r.ld.Total != len(c.r.ld.First.Items) {
		c.say("misfiled", "the total is %d, there are %d items", c.r.ld.Total, len(c.r.ld.First.Items))
	}
	for _, s := range c.w.said {
		switch is := items[s.token]; {
		case s.deleted && len(is) == 0:
		case s.deleted || len(is) != 1:
			c.say("misfiled", "%s (deleted: %v) was exported %d times", s.token, s.deleted, len(is))
		default:
			c.item(s, is[0], items, ids)
			c.assessed(s, emoji[is[0].ID])
		}
	}
	c.named()
	if len(items[""]) > 0 {
		c.say("misfiled", "%d annotations are nobody's words: %.80q", len(items[""]), items[""][0].Body.Value)
	}
}

// assessed wants the emoji that people hold on s.
func (c *check) assessed(s *said, emoji []string) {
	var want []string
	for _, f := range s.fans {
		want = append(want, plainEmoji(f.emoji))
	}
	slices.Sort(want)
	slices.Sort(emoji)
	if !slices.Equal(want, emoji) {
		c.say("misfiled", "%s has %q, exported are %q", s.token, want, emoji)
	}
}

// named wants each person to have one pen name, and nobody's own.
func (c *check) named() {
	people, names := map[[2]int]string{}, map[string][2]int{}
	for _, s := range c.w.said {
		pen, who := c.pens[s.token], [2]int{s.room, s.by}
		if s.deleted || pen == "" {
			continue
		}
		if o, known := people[who]; known && o != pen {
			c.say("misfiled", "%s said %s, and is called %q as well as %q", c.w.sides[s.room].people()[s.by], s.token, pen, o)
		}
		if o, known := names[pen]; known && o != who {
			c.say("misfiled", "two people are called %q", pen)
		}
		people[who], names[pen] = pen, who
	}
	foreign := []string{"@person", "matrix.to", "discord.com"}
	for _, side := range c.w.sides {
		foreign = append(foreign, side.people()...)
	}
	for _, name := range foreign {
		if strings.Contains(c.r.files["jsonld"], name) {
			c.say("misfiled", "%s is named, who did not agree to it", name)
		}
	}
}

// outline looks at what is exported of something that is gone.
func (c *check) outline(i item) {
	if i.Creator != nil || i.Modified != "" {
		c.say("misfiled", "%s has no words, but a creator or a time of change", i.ID)
	}
	answered := slices.ContainsFunc(c.r.ld.First.Items, func(o item) bool { return target(o).annotation == i.ID })
	if !answered {
		c.say("misfiled", "%s is gone and nothing answers it", i.ID)
	}
}

func (c *check) item(s *said, i item, items map[string][]item, ids map[string]item) {
	if !strings.Contains(i.Body.Value, s.word(s.version)) {
		c.say("misfiled", "%s is at version %d, exported is %.60q", s.token, s.version, i.Body.Value)
	}
	if (i.Modified != "") != (s.version > 0) {
		c.say("misfiled", "%s is at version %d and modified %q", s.token, s.version, i.Modified)
	}
	switch to := target(i); {
	case s.answers == nil && to.annotation != "":
		c.say("misfiled", "%s answers nothing, exported is %s", s.token, to.annotation)
	case s.answers == nil && s.quote != "" && to.exact != s.quote:
		c.say("misfiled", "%s quotes %q, exported is %.60q", s.token, s.quote, to.exact)
	case s.answers != nil && !s.answers.deleted:
		if want := items[s.answers.token]; len(want) != 1 || to.annotation != want[0].ID || i.Motivation != "replying" {
			c.say("misfiled", "%s answers %s, exported is that it is %s to %q", s.token, s.answers.token, i.Motivation, to.annotation)
		}
	case s.answers != nil && to.annotation != "" && ids[to.annotation].ID == "":
		c.say("misfiled", "%s answers %s, of which there is no outline", s.token, to.annotation)
	}
}

// aim is what an item is about.
type aim struct{ annotation, exact string }

func target(i item) aim {
	var a aim
	if json.Unmarshal(i.Target, &a.annotation) == nil {
		return a
	}
	var words struct{ Selector []struct{ Exact string } }
	if json.Unmarshal(i.Target, &words) == nil {
		for _, s := range words.Selector {
			a.exact += s.Exact
		}
	}
	return a
}
