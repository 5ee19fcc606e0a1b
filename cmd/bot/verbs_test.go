package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/command"
	"marginalia/internal/relay"
	"marginalia/internal/store"
	"marginalia/test/require"
	"marginalia/test/wait"
)

// verb is one step of the story of all commands: the same words on each network,
// the same answer, the same effect.
type verb struct {
	name    string
	by      chat.Right
	options map[string]string // TEXT is the id of the network's text, SITE where it may import from
	at      spot
	want    string // how the answer begins
	changes bool   // what is kept of the text's plan, remarks, threads and people
	private string // how it begins where nobody else reads it, if that is not the same
	then    string // what the bot says later
}

type options = map[string]string

var verbs = []verb{
	{name: "list", by: chat.Moderator, want: "The Tale, 6 passages ("},
	{name: "start", by: chat.Moderator, options: options{"text": "TEXT", "when": "0 0 29 2 *"}, want: `The Tale is read in this room from now on, by the plan "TEXT": `, changes: true},
	{name: "status", want: "The Tale: 0 of 6 passages posted, 0 annotations; "},
	{name: "rooms", by: chat.Moderator, want: `"TEXT" posts into 1 room:`},
	{name: "next", by: chat.Moderator, options: options{"count": "1"}, want: "Passage 1 of 6 is on its way.", changes: true, then: "Part 1 begins here."},
	{name: "where", want: "The Tale: passage 1 of 6 · "},
	{name: "find", options: options{"words": "part 3 begins"}, want: "These words were found in 1 passage:\n\n3: Part 3 begins here."},
	{name: "passage", at: thread, want: "This is passage 1 of 6 of The Tale · "},
	{name: "annotate", options: options{"words": "Part 1 begins", "remark": "Does it begin so?"}, want: "Your remark stands in the thread of passage 1 · ", changes: true, then: "Does it begin so?"},
	{name: "who", at: remark, want: "ann said this on NETWORK, "},
	{name: "anchor", at: remark, want: "This remark is about these words:\n\nPart 1 begins"},
	{name: "annotations", options: options{"passage": "1"}, want: "About passage 1 of 6, 1 remark:\n\n", private: "About passage 1 of 6, 1 remark:\n\nann: Part 1 begins Does it begin so? · on “Part 1 begins” · "},
	{name: "heat", want: "What is talked about most:\n\n1 remark by 1 person · 1: Part 1 begins here."},
	{name: "digest", options: options{"days": "2"}, want: "In the last 2 days:\n\n1 remark by 1 person · 1: Part 1"},
	{name: "missed", by: chat.Operator, want: "Since you last spoke:\n\n1 remark by 1 person · 1: Part 1"},
	{name: "hide", by: chat.Moderator, at: remark, want: "It is hidden: ", changes: true},
	{name: "restore", by: chat.Moderator, at: thread, want: "It is back: ", changes: true},
	{name: "retract", at: remark, want: "It is taken back: ", changes: true},
	{name: "skip", by: chat.Moderator, options: options{"count": "2"}, want: "Passages 2 to 3 of 6 are skipped: ", changes: true},
	{name: "back", by: chat.Moderator, options: options{"passage": "3"}, want: "Passage 3 is no longer skipped. ", changes: true},
	{name: "pause", by: chat.Moderator, want: "The Tale: 1 of 6 passages posted, 1 skipped, 0 annotations; paused.", changes: true},
	{name: "resume", by: chat.Moderator, want: "The Tale: 1 of 6 passages posted, 1 skipped, 0 annotations; ", changes: true},
	{name: "schedule", by: chat.Moderator, options: options{"when": "0 12 29 2 *", "zone": "Europe/Berlin"}, want: `"TEXT": `, changes: true},
	{name: "lock", by: chat.Moderator, at: thread, want: "It is closed.", changes: true, then: "A moderator closed this thread"},
	{name: "unlock", by: chat.Moderator, at: thread, want: "It is open: ", changes: true},
	{name: "retry", by: chat.Moderator, want: "Nothing was given up here."},
	{name: "me", options: options{"choice": "pseudonym"}, want: "What you say in reply to passages is published under a pseudonym; ", private: "What you say in reply to passages is published as Reader ", changes: true},
	{name: "export", options: options{"format": "markdown"}, want: "The Tale · markdown"},
	{name: "import", by: chat.Operator, options: options{"address": "SITE"}, want: "It is being fetched.", then: `Fetched`},
	{name: "help", options: options{"about": "next"}, want: "next [count] [plan]: posts the next passage now"},
}

// Each command is told once on each network: by a slash command or from the menu of
// a message on Discord, typed on Matrix and in the bot's own room. It answers alike
// and has the same effect everywhere. Then the table of who may what is held, and
// who is no moderator any more is none at once.
func TestEveryCommandOnEveryNetwork(t *testing.T) {
	require.Long(t)
	w := newWorld(t)
	for _, c := range command.All {
		if !slices.ContainsFunc(verbs, func(v verb) bool { return v.name == c.Name }) {
			t.Errorf("%s has no story: add it to verbs", c.Name)
		}
	}
	before := make([]string, len(w.sides))
	for _, v := range verbs {
		w.tell(v)
		first := w.state(w.sides[0])
		for i, s := range w.sides {
			now := w.state(s)
			if now != first {
				t.Errorf("after %s %s has\n%s\nand %s\n%s", v.name, s.name, now, w.sides[0].name, first)
			}
			if (now != before[i]) != v.changes && before[i] != "" {
				t.Errorf("%s on %s: changed is %v\n%s", v.name, s.name, now != before[i], now)
			}
			before[i] = now
		}
	}
	t.Run("roles", func(t *testing.T) { w.holdRoles(t) })
	t.Run("demoted", func(t *testing.T) { w.holdDemoted(t) })
}

// tell has a verb called on all networks, and holds what is answered and read.
func (w *world) tell(v verb) {
	w.t.Helper()
	before := map[string]int{}
	for _, s := range w.sides {
		before[s.name] = len(w.answers(s.name))
		place, on := w.place(s, v.at)
		given := options{}
		for k, o := range v.options {
			given[k] = strings.NewReplacer("TEXT", string(s.text.ID), "SITE", w.site.URL+"/"+s.name).Replace(o)
		}
		if err := s.call(v.by, named(v.name), given, place, on); err != nil {
			w.t.Fatalf("%s on %s: %v", v.name, s.name, err)
		}
	}
	for _, s := range w.sides {
		wait.Until(w.t, patience, v.name+" is answered on "+s.name, func() bool { return len(w.answers(s.name)) > before[s.name] })
		said := w.answers(s.name)[before[s.name]]
		want := v.want
		if v.private != "" && s.name == "discord" {
			want = v.private
		}
		if got := strings.NewReplacer(string(s.text.ID), "TEXT", s.name, "NETWORK").Replace(said); !strings.HasPrefix(got, want) {
			w.t.Errorf("%s on %s: %q, should begin with %q", v.name, s.name, got, want)
			continue
		}
		seen, _, _ := strings.Cut(said, " · ") // a link follows
		w.reads(s, v.name, seen[:min(len(seen), 60)])
		if v.then != "" {
			w.reads(s, v.name, v.then)
		}
	}
}

// reads waits until words stand where people of a network read them.
func (w *world) reads(s side, what, words string) {
	w.t.Helper()
	words, _, _ = strings.Cut(words, "…")
	wait.Until(w.t, patience, fmt.Sprintf("%q is read on %s after %s", words, s.name, what), func() bool {
		return strings.Contains(plain(s.read()), plain(words))
	})
}

func named(name string) chat.Command {
	i := slices.IndexFunc(command.All, func(c command.Command) bool { return c.Name == name })
	return command.All[i].Command
}

// place is where a command is called, and on what; it waits until that is there.
func (w *world) place(s side, at spot) (place chat.Place, on chat.Ref) {
	w.t.Helper()
	place = chat.Place{Room: s.room}
	if at == lobby {
		return place, on
	}
	wait.Until(w.t, patience, "what is called on stands on "+s.name, func() bool {
		var under, said []store.Copy
		w.update(func(tx *store.Tx) error {
			p, err := tx.PassageAt(s.text.ID, 1)
			if err != nil {
				return err
			}
			all, err := tx.Annotations(s.text.ID)
			if err != nil {
				return err
			}
			if len(all) > 0 {
				said, err = tx.Copies(store.AnnotationThing(all[len(all)-1].ID), s.room)
			}
			if err != nil {
				return err
			}
			under, err = tx.Copies(store.PassageThing(p.ID), s.room)
			return err
		})
		for _, c := range under {
			if c.Mark == store.ThreadMark && !c.InFlight() {
				place = c.Ref.Place
			}
		}
		for _, c := range said {
			if c.Part == 0 && c.Mark == "" && !c.InFlight() {
				on = c.Ref
			}
		}
		return place.Thread != "" && (at == thread || on.ID != "")
	})
	if at == thread {
		on = chat.Ref{}
	}
	return place, on
}

// state is what commands change, in words that are the same for all networks.
func (w *world) state(s side) string {
	w.t.Helper()
	var b strings.Builder
	err := w.db.View(context.Background(), func(tx *store.Tx) error {
		b.Reset()
		if err := planState(tx, &b, s); err != nil {
			return err
		}
		all, err := tx.Annotations(s.text.ID)
		if err != nil {
			return err
		}
		for _, a := range all {
			fmt.Fprintf(&b, "%q on %q, hidden %v, gone %v\n", a.Body.Text, a.Target.Selector.Exact, a.Hidden, a.Gone())
		}
		people, err := tx.People(s.text.ID)
		if err != nil {
			return err
		}
		for _, p := range people {
			fmt.Fprintf(&b, "%s is named as %q\n", p.Name, p.State)
		}
		first, err := tx.PassageAt(s.text.ID, 1)
		if err != nil {
			return err
		}
		post, err := tx.Copies(store.PassageThing(first.ID), s.room)
		if err != nil || len(post) == 0 {
			return err
		}
		locked, err := relay.Locked(tx, chat.Ref{Place: chat.Place{Room: s.room}, ID: post[0].Ref.ID}, time.Now())
		fmt.Fprintf(&b, "locked %v\n", locked)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

func planState(tx *store.Tx, b *strings.Builder, s side) error {
	p, err := tx.Plan(string(s.text.ID))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	course, err := relay.CourseOf(tx, p)
	fmt.Fprintf(b, "next %d, posted %d, skipped %d, paused %v, %s %s\n", p.Next, course.Posted, course.Skipped, p.Paused, p.Cron, p.Zone)
	return err
}

// holdRoles holds each cell of the table of who may what: on each network somebody
// of each role calls each command, and is refused or not.
func (w *world) holdRoles(t *testing.T) {
	w.mu.Lock()
	w.silent = true
	w.mu.Unlock()
	for _, by := range roles {
		before := map[string]int{}
		for _, s := range w.sides {
			before[s.name] = len(w.answers(s.name))
		}
		for _, c := range command.All {
			given := options{}
			for _, o := range c.Options {
				if o.Required || o.Asked != "" { // else a form is opened, where there are such
					given[o.Name] = "nothing"
				}
			}
			for _, s := range w.sides {
				if err := s.call(by, c.Command, given, chat.Place{Room: s.room}, chat.Ref{}); err != nil {
					t.Fatalf("%s on %s: %v", c.Name, s.name, err)
				}
			}
		}
		for _, s := range w.sides {
			refused := []string{}
			wait.Until(t, 3*patience, "all is answered on "+s.name, func() bool { return len(w.answers(s.name)) >= before[s.name]+len(command.All) })
			for _, said := range w.answers(s.name)[before[s.name]:] {
				if strings.HasPrefix(said, "Only a") && strings.Contains(said, "of this room may use") {
					refused = append(refused, said[strings.Index(said, `"`)+1:len(said)-2])
				}
			}
			var want []string
			for _, c := range command.All {
				if by < c.Needs {
					want = append(want, c.Name)
				}
			}
			slices.Sort(refused)
			slices.Sort(want)
			if !slices.Equal(refused, want) {
				t.Errorf("%s on %s is refused %q, should be %q", nameOf(by), s.name, refused, want)
			}
		}
	}
}

// holdDemoted takes from the moderator of each network what makes them one: the
// next command that needs it is refused.
func (w *world) holdDemoted(t *testing.T) {
	for _, s := range w.sides {
		before := len(w.answers(s.name))
		for i, want := range []string{"The Tale: ", `Only a moderator of this room may use "pause".`} {
			if err := s.call(chat.Moderator, named("pause"), nil, chat.Place{Room: s.room}, chat.Ref{}); err != nil {
				t.Fatal(err)
			}
			wait.Until(t, patience, "it is answered on "+s.name, func() bool { return len(w.answers(s.name)) > before+i })
			if got := w.answers(s.name)[before+i]; !strings.HasPrefix(got, want) {
				t.Errorf("on %s: %q, should begin with %q", s.name, got, want)
			}
			if i == 0 {
				if err := s.demote(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
