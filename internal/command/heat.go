package command

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// mostTalked is how many passages an answer about talk names.
const mostTalked = 5

var heat = Command{
	Command: chat.Command{Name: "heat", Help: "which passages are talked about most: who spoke counts twice, who only reacted once"},
	Run: func(ctx context.Context, env Env, call chat.Call, _ time.Time) (format.Doc, error) {
		return env.talk(ctx, call, env.in.Sprintf("What is talked about most:"), env.in.Sprintf("Nothing was said about what is read here yet."), warmest)
	},
}

// warmth is how much was said about a passage, in words and by reactions. People
// count once, whatever their accounts.
type warmth struct {
	passage discussion.PassageID
	said    int
	people  crowd                 // who spoke
	reacted crowd                 // to the passage, or to what was said about it
	given   []discussion.Reaction // to the passage itself
	answers int                   // to the one who asks
}

// crowd is who of the people of a talk are meant, a bit for each. It goes as far as
// the last of them.
type crowd []uint64

func (c *crowd) add(who int32) {
	if more := int(who/64) + 1 - len(*c); more > 0 {
		*c = append(*c, make(crowd, more)...)
	}
	(*c)[who/64] |= 1 << (who % 64)
}

func (c crowd) size() (n int) {
	for _, some := range c {
		n += bits.OnesCount64(some)
	}
	return n
}

// heat is how many people took part: those who spoke count twice, those who only
// reacted once. What they meant does not matter: disagreement warms as well.
func (w warmth) heat() int {
	n := 2 * w.people.size()
	for i, some := range w.reacted {
		if i < len(w.people) {
			some &^= w.people[i]
		}
		n += bits.OnesCount64(some)
	}
	return n
}

func (w warmth) line(in lang.Language, l discussion.Lexicon) string {
	var parts []string
	if w.said > 0 {
		parts = append(parts, in.Sprintf("%s by %s", in.Sprintf("%d remarks", w.said), in.Sprintf("%d people", w.people.size())))
	}
	if w.answers > 0 {
		parts = append(parts, in.Sprintf("of which %d to you", w.answers))
	}
	if n := w.reacted.size(); n > 0 {
		parts = append(parts, in.Sprintf("reactions by %s", in.Sprintf("%d people", n)))
	}
	if t := tallies(l, w.given); t != "" {
		parts = append(parts, t)
	}
	return strings.Join(parts, ", ")
}

// tallies are how many people said what by reactions to one thing.
func tallies(l discussion.Lexicon, given []discussion.Reaction) string {
	var parts []string
	for _, t := range l.Tally(given) {
		parts = append(parts, fmt.Sprintf("%s %d", t.Emoji, t.People))
	}
	return strings.Join(parts, " ")
}

// warmths are sums of a talk, by passage as the talk has them.
type warmths struct {
	talk *store.Talk
	of   []warmth
}

func warmthsOf(t *store.Talk) warmths {
	all := warmths{t, make([]warmth, len(t.Passages))}
	for i, p := range t.Passages {
		all.of[i] = warmth{passage: p}
	}
	return all
}

// add counts a remark, unless it is gone or stands under no passage; to is whom it
// is for, -1 for nobody.
func (all warmths) add(r store.Remark, to int32) {
	if r.Gone || r.Under < 0 {
		return
	}
	w := &all.of[r.Under]
	w.said++
	w.people.add(all.talk.Self[r.By])
	if to >= 0 && r.To == to {
		w.answers++
	}
}

// addGiven counts a reaction to what is not gone.
func (all warmths) addGiven(r store.Reacted) {
	if r.Gone || r.Under < 0 {
		return
	}
	w, self := &all.of[r.Under], all.talk.Self[r.By]
	w.reacted.add(self)
	if !r.Remark {
		w.given = append(w.given, discussion.Reaction{Person: all.talk.People[self], Emoji: r.Emoji})
	}
}

// warmest are the passages of a text that were talked about most: by most people,
// then in most remarks.
func warmest(tx *store.Tx, _ chat.Call, text discussion.ID) ([]warmth, error) {
	all, err := warmthSince(tx, text, time.Time{})
	return all.sorted(func(w warmth) [2]int { return [2]int{w.heat(), w.said} }), err
}

// warmthSince sums up what was said about a text after a time.
func warmthSince(tx *store.Tx, text discussion.ID, since time.Time) (warmths, error) {
	talk, err := tx.Talk(text)
	if err != nil {
		return warmths{}, err
	}
	all := warmthsOf(talk)
	for _, r := range talk.Remarks {
		if r.Created().After(since) {
			all.add(r, -1)
		}
	}
	return all, all.addGivenSince(tx, since)
}

// addGivenSince counts the reactions that were given after a time.
func (all warmths) addGivenSince(tx *store.Tx, since time.Time) error {
	for _, r := range all.talk.Reactions {
		if !r.At().After(since) {
			continue
		}
		says, err := relay.Says(tx, r)
		if err != nil {
			return err
		}
		if says {
			all.addGiven(r)
		}
	}
	return nil
}

// sorted are the sums of what was talked about, those with most first, and where
// that does not tell, by id.
func (all warmths) sorted(most func(warmth) [2]int) []warmth {
	type sum struct {
		warmth
		most [2]int
	}
	var sums []sum
	for _, w := range all.of {
		if w.said > 0 || w.reacted.size() > 0 {
			sums = append(sums, sum{w, most(w)})
		}
	}
	slices.SortFunc(sums, func(a, b sum) int {
		return cmp.Or(cmp.Compare(b.most[0], a.most[0]), cmp.Compare(b.most[1], a.most[1]), cmp.Compare(a.passage, b.passage))
	})
	var list []warmth
	for _, s := range sums {
		list = append(list, s.warmth)
	}
	return list
}

// talk answers with the passages that sums finds in each of the texts that are
// read in a call's room. It repeats nothing that people said: an answer outlives
// what its writers take back.
func (e Env) talk(ctx context.Context, call chat.Call, lead, none string, sums func(*store.Tx, chat.Call, discussion.ID) ([]warmth, error)) (format.Doc, error) {
	d := paragraph(format.Doc{}, lead)
	empty := true
	err := e.DB.Survey(ctx, func(tx *store.Tx) error {
		texts, err := textsHere(tx, call)
		if err != nil {
			return err
		}
		for _, text := range texts {
			all, err := sums(tx, call, text.ID)
			if err != nil {
				return err
			}
			for _, w := range all[:min(len(all), mostTalked)] {
				l, err := e.talkItem(tx, text, w, call.Ref.Place.Room, len(texts) > 1)
				if err != nil {
					return err
				}
				d, empty = l.item(d), false
			}
		}
		return nil
	})
	if empty {
		d = format.Text(none)
	}
	return d, err
}

// talkItem is the line of an answer that shows how much was said about a passage.
func (e Env) talkItem(tx *store.Tx, text discussion.Discussion, w warmth, room chat.Room, titled bool) (line, error) {
	return e.passageLine(tx, w.line(e.in, e.Lexicon)+" · ", text, w.passage, room, titled)
}

// passageLine is the line of an answer that shows a passage, with the links to its
// posts on all networks.
func (e Env) passageLine(tx *store.Tx, lead string, text discussion.Discussion, id discussion.PassageID, room chat.Room, titled bool) (line, error) {
	p, _, _, err := tx.Passage(id)
	if err != nil {
		return line{}, err
	}
	document, _, err := tx.Document(p.Document)
	if err != nil {
		return line{}, err
	}
	l, err := e.passageItem(tx, lead, found{passage: p, text: text, document: document, start: p.Start, end: p.Start}, room, titled)
	if err != nil {
		return l, err
	}
	return e.elsewhere(tx, l, id, room)
}

// elsewhere adds a link to a passage's post on each other network, in a room into
// which a plan posts that posts here, too: others are told of to nobody here.
func (e Env) elsewhere(tx *store.Tx, l line, id discussion.PassageID, here chat.Room) (line, error) {
	plans, err := plansHere(tx, chat.Call{Ref: chat.Ref{Place: chat.Place{Room: here}}})
	linked := []string{here.Platform}
	for _, p := range plans {
		for _, room := range p.Rooms {
			if slices.Contains(linked, room.Platform) {
				continue
			}
			post, err := postOf(tx, id, room)
			if err != nil {
				return l, err
			}
			if post.IsZero() {
				continue
			}
			if address := e.Link(post); address != "" {
				l, linked = l.link(e.in.Sprintf("on %s", networkName(e.in, room.Platform)), address), append(linked, room.Platform)
			}
		}
	}
	return l, err
}

// networkName is what people call a platform.
func networkName(in lang.Language, platform string) string {
	if platform == "local" {
		return in.Sprintf("the page")
	}
	return strings.ToUpper(platform[:1]) + platform[1:]
}
