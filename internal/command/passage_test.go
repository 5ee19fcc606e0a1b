package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// What the buttons under a post call shows the passages around it, with where
// they stand; nothing is posted for it.
func TestPassagesAroundAPost(t *testing.T) {
	h := newHouse(t)
	text := h.read("Tides", tides())
	read := func(n int) string {
		return "read https://read.example.org/d/" + string(text.ID) + "#" + string(text.Passages[n-1].ID)
	}
	post := chat.Ref{Place: chat.Place{Room: lobby}, ID: "m-1"}
	thread := chat.Ref{Place: chat.Place{Room: lobby, Thread: "m-1"}}
	for _, c := range []struct {
		typed string
		on    chat.Ref
		want  string
		links []string
	}{
		{relay.CallNext, post, "This is passage 2 of 4 of Tides · not posted here yet · read\n\nNobody read", []string{read(2)}},
		{relay.CallNext, thread, "This is passage 2 of 4", []string{read(2)}},
		{relay.CallPrevious, post, "There is no passage before this one: it is the first.", nil},
		{"passage 2 previous", chat.Ref{}, "This is passage 1 of 4 of Tides · post · read", []string{"post https://chat.example.org/m-1", read(1)}},
		{"passage 4 step=next", chat.Ref{}, "There is no passage after this one: it is the last.", nil},
		{"passage #3", chat.Ref{}, "This is passage 3 of 4", []string{read(3)}},
		{"passage which=" + string(text.Passages[3].ID), chat.Ref{}, "This is passage 4 of 4", []string{read(4)}},
		{"passage 5", chat.Ref{}, "There is no passage 5.", nil},
		{"passage 0", post, "Say which passage by its number", nil},
		{"passage tide", post, "Say which passage by its number", nil},
		{"passage 2 sideways", post, "step takes previous or next.", nil},
		{relay.CallNext, chat.Ref{}, "Say this as a reply to a message of a passage", nil},
	} {
		d := h.answer(t, lobby, c.typed, c.on)
		if !strings.HasPrefix(d.Text, c.want) || !slices.Equal(links(d), c.links) {
			t.Errorf("%q on %q: %q with %q", c.typed, c.on.ID, d.Text, links(d))
		}
	}
	if d := h.answer(t, attic, "passage 2", chat.Ref{}); d.Text != "Nothing is read in this room yet." {
		t.Errorf("where nothing is read: %q", d.Text)
	}
	h.update(func(tx *store.Tx) error {
		other := discussion.Assemble("Other Tides", "", []discussion.Document{{Kind: discussion.Essay, Confidence: 1, Body: tides()}}, discussion.CutOptions{})
		_, err := tx.PutDiscussion(other, begin)
		return errors.Join(err, tx.PutPlan(schedule.Plan{Name: "other", Does: schedule.Drip, Discussion: other.ID, Cron: "@daily", Rooms: []chat.Room{lobby}, Count: 1, Start: begin, Next: 1}))
	})
	if d := h.answer(t, lobby, "passage 2", chat.Ref{}); !strings.HasPrefix(d.Text, "Several texts") {
		t.Errorf("of two texts: %q", d.Text)
	}
	if d := h.answer(t, lobby, "passage 2", thread); !strings.HasPrefix(d.Text, "This is passage 2 of 4 of Tides") {
		t.Errorf("in a thread of one of them: %q", d.Text)
	}
	if n := h.enqueued(lobby); n != 0 {
		t.Errorf("%d posts are on their way", n)
	}
}

// A passage is offered by its number, and once.
func TestPassageOffersNumbers(t *testing.T) {
	h := newHouse(t)
	var body format.Doc
	for i := range 3 {
		body = body.Append(format.Text(fmt.Sprintf("This is %d. ", 3-i) + strings.Repeat("It goes on. ", 60)))
	}
	text := h.read("Numbers", body)
	got := h.offeredFor("passage", "which", "3")
	want := []string{string(text.Passages[2].ID), string(text.Passages[0].ID)}
	if !slices.Equal(got, want) {
		t.Errorf("offered are %q, should be %q", got, want)
	}
}

// offeredFor are the values that are offered for an option of a command.
func (h house) offeredFor(command, option, typed string) (all []string) {
	h.t.Helper()
	for _, c := range h.words {
		for _, o := range c.Options {
			if c.Name != command || o.Name != option {
				continue
			}
			call := chat.Call{Ref: chat.Ref{Place: chat.Place{Room: lobby}}, Name: command, Args: map[string]string{option: typed}}
			for _, choice := range o.Complete(h.t.Context(), call) {
				all = append(all, choice.Value)
			}
		}
	}
	return all
}

// What buttons call is in the table, as it is typed, with values that there are.
func TestButtonsCallCommands(t *testing.T) {
	for _, call := range []string{relay.CallPrevious, relay.CallNext, relay.CallAnnotate} {
		name, args, _ := chat.ParseCommand("!", "! "+call)
		i := slices.IndexFunc(All, func(c Command) bool { return c.Name == name })
		if i < 0 || utf8.RuneCountInString(call) > 70 {
			t.Errorf("%q calls nothing", call)
			continue
		}
		for option, value := range args {
			sound := slices.ContainsFunc(All[i].Options, func(o chat.Option) bool {
				return o.Name == option && slices.ContainsFunc(o.Choices, func(c chat.Choice) bool { return c.Value == value })
			})
			if !sound {
				t.Errorf("%q gives %s a value that it does not take", call, option)
			}
		}
	}
}
