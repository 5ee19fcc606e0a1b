package command

import (
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/local"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// shore is a house in which a text with two seas is read. Ada says under its
// first passage, as r-1, something about "the sea".
type shore struct {
	house
	r    *relay.Relay
	text discussion.Discussion
}

func newShore(t *testing.T) shore {
	t.Helper()
	h := newHouse(t)
	tail := strings.Repeat(" And so it went on for many a day.", 20)
	text := h.read("Seas", format.Markdown{}.Parse(
		"He loved the sea in the morning. She loved the sea at night."+tail+"\n\nNobody loved the storm."+tail))
	s := shore{h, relay.New(relay.Config{DB: h.db, Platforms: []chat.Platform{local.New(local.Options{})}, Rooms: []chat.Room{lobby}}), text}
	s.says("ada", "r-1", "> the sea\n\nWhich one?")
	return s
}

func inThread(id string) chat.Ref {
	return chat.Ref{Place: chat.Place{Room: lobby, Thread: "m-1"}, ID: id}
}

// says has someone say something under the first passage.
func (s shore) says(who, id, words string) {
	s.t.Helper()
	m := chat.Message{Ref: inThread(id), From: chat.Person{ID: who, Name: who}, Body: format.Markdown{Typed: true}.Parse(words)}
	err := s.r.Handle(s.t.Context(), "local", chat.Batch{Events: []chat.Event{{Kind: chat.Said, Message: m, By: m.From, At: time.Now()}}})
	if err != nil {
		s.t.Fatal(err)
	}
}

// call is a command that someone types in the thread, in reply to on.
func (s shore) call(who string, right chat.Right, id, typed string, on chat.Ref) format.Doc {
	s.t.Helper()
	name, args, _ := chat.ParseCommand("!essay", "!essay "+typed)
	d, err := s.run(s.t.Context(), chat.Call{Ref: inThread(id), On: on, By: chat.Person{ID: who}, Rights: right, Name: name, Args: args}, time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	if err := d.Check(); err != nil {
		s.t.Errorf("the answer to %q: %v", typed, err)
	}
	return d
}

// remark is what is known of the message of that id.
func (s shore) remark(id string) (a discussion.Annotation) {
	s.t.Helper()
	err := s.db.View(s.t.Context(), func(tx *store.Tx) error {
		thing, _, err := tx.CopyAt(lobby, id)
		if err != nil {
			return err
		}
		a, err = tx.Annotation(thing.Annotation())
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// asked is how many questions are open.
func (s shore) asked() int {
	s.t.Helper()
	var open []store.Note
	err := s.db.View(s.t.Context(), func(tx *store.Tx) (err error) {
		open, err = tx.Notes(s.text.ID, relay.Question)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(open)
}

func TestAnchor(t *testing.T) {
	s := newShore(t)
	post, said := chat.Ref{Place: chat.Place{Room: lobby}, ID: "m-1"}, inThread("r-1")
	body := s.text.Documents[0].Body.Text
	first, second := strings.Index(body, "the sea in"), strings.Index(body, "the sea at")
	whole := s.text.Passages[0]
	if s.asked() != 1 {
		t.Fatalf("%d questions are open", s.asked())
	}
	for i, c := range []struct {
		name, who  string
		right      chat.Right
		on         chat.Ref
		typed      string
		says       string // how the answer begins
		start, end int    // of what the remark is about then
	}{
		{"somebody else asks", "ben", 0, said, "anchor", "This remark is about its passage as a whole:\n\nHe loved the sea", whole.Start, whole.End},
		{"the writer asks", "ada", 0, said, "anchor", "This remark is about its passage as a whole:\n\nHe loved the sea", whole.Start, whole.End},
		{"somebody else", "ben", 0, said, "anchor 2", "Only who wrote this remark, or a moderator of this room, may move it.", whole.Start, whole.End},
		{"somebody else, who is asked nothing", "ben", 0, post, "anchor 2", "Say which remark: as a reply to it", whole.Start, whole.End},
		{"a reply to other talk", "ada", 0, inThread("r-9"), "anchor 2", "Say which remark: as a reply to it", whole.Start, whole.End},
		{"a number too high", "ada", 0, said, "anchor 4", "There are only places 1 to 3.", whole.Start, whole.End},
		{"words that are not there", "ada", 0, said, "anchor the whales", "These words were not found in the text.", whole.Start, whole.End},
		{"words that stand twice", "ada", 0, said, "anchor loved the sea", "These words stand at 2 places:\n\nHe loved the sea in the morning. She loved the sea", whole.Start, whole.End},
		{"a number, in the thread alone", "ada", 0, post, "anchor 2", "It is now about these words:\n\nthe sea", second, second + 7},
		{"a number, as a reply", "ada", 0, said, "anchor 1", "It is now about these words:\n\nthe sea", first, first + 7},
		{"words", "ada", 0, said, "anchor She LOVED the sea at night", "It is now about these words:\n\nShe loved the sea at night", strings.Index(body, "She"), second + 16},
		{"words of another passage, quoted", "ada", 0, said, "anchor > the storm", "It is now about these words:\n\nthe storm", strings.Index(body, "the storm"), strings.Index(body, "the storm") + 9},
		{"one of several places", "ada", 0, said, "anchor 2 loved the sea", "It is now about these words:\n\nloved the sea", second - 6, second + 7},
		{"a moderator, to the passage", "mod", chat.Moderator, said, "anchor passage", "It is now about its passage as a whole:\n\nHe loved", whole.Start, whole.End},
		{"what is asked no more", "ada", 0, post, "anchor 2", "Say which remark: as a reply to it", whole.Start, whole.End},
		{"what was offered", "ada", 0, said, "anchor place=@3-8", "It is now about these words:\n\nloved", 3, 8},
		{"what cannot have been", "ada", 0, said, "anchor @8-3", "These words were not found in the text.", 3, 8},
		{"a remark by its name", "ada", 0, chat.Ref{}, "anchor 3 remark=" + string(s.remark("r-1").ID), "It is now about its passage as a whole:", whole.Start, whole.End},
		{"a name of none", "ada", 0, chat.Ref{}, "anchor 3 remark=no", "Say which remark: as a reply to it", whole.Start, whole.End},
	} {
		got := s.call(c.who, c.right, "c-"+string(rune('a'+i)), c.typed, c.on).Text
		if !strings.HasPrefix(got, c.says) {
			t.Errorf("%s: %q, should begin with %q", c.name, got, c.says)
		}
		if at := s.remark("r-1").Target.Selector; at.Start != c.start || at.End != c.end || at.Exact != body[c.start:c.end] {
			t.Errorf("%s: the remark is about %+v, should be about %d to %d", c.name, at, c.start, c.end)
		}
	}
	if s.asked() != 0 {
		t.Errorf("%d questions are open", s.asked())
	}
}

// The writer is told the choice, and how to make it; others only what is.
func TestAnchorTellsTheChoice(t *testing.T) {
	s := newShore(t)
	got := s.call("ada", 0, "c-1", "anchor", inThread("r-1")).Text
	for _, want := range []string{"The words that it quotes stand at 2 places:", "He loved the sea in the morning.", "She loved the sea at night.", "as in: anchor 2"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not hold %q", got, want)
		}
	}
	if got := s.call("ben", 0, "c-2", "anchor", inThread("r-1")).Text; strings.Contains(got, "To move it") {
		t.Errorf("somebody else is told %q", got)
	}
}

// The bot may die before a call is closed. Run again it is about the same
// remark as before, or about none: never about the next one that is asked about.
func TestAnchorRunAgainMovesNothingElse(t *testing.T) {
	s := newShore(t)
	s.says("ada", "r-2", "> the sea\n\nAnd this?")
	if got := s.call("ada", 0, "c-1", "anchor 2", chat.Ref{}).Text; !strings.HasPrefix(got, "It is now about these words:") {
		t.Fatalf("%q", got)
	}
	was := s.remark("r-1").Target.Selector
	if got := s.call("ada", 0, "c-1", "anchor 2", chat.Ref{}).Text; got != "This was done already." {
		t.Errorf("run again: %q", got)
	}
	if now := s.remark("r-1").Target.Selector; now != was {
		t.Errorf("the other remark was moved to %+v", now)
	}
}

func TestAnchorOffersPlacesAndRemarks(t *testing.T) {
	s := newShore(t)
	s.says("ben", "r-2", "I prefer the storm.")
	mine, bens := string(s.remark("r-1").ID), string(s.remark("r-2").ID)
	offers := func(who string, right chat.Right, option string, args map[string]string) (values []string, labels string) {
		t.Helper()
		for _, c := range s.words {
			for _, o := range c.Options {
				if c.Name != "anchor" || o.Name != option {
					continue
				}
				for _, choice := range o.Complete(t.Context(), chat.Call{Ref: inThread("c"), By: chat.Person{ID: who}, Rights: right, Name: "anchor", Args: args}) {
					values, labels = append(values, choice.Value), labels+choice.Label+"\n"
				}
			}
		}
		return values, labels
	}
	for _, c := range []struct {
		who    string
		right  chat.Right
		option string
		args   map[string]string
		values string
		labels string // what they hold
	}{
		{"ada", 0, "place", map[string]string{"place": ""}, "@9-16 @43-50 passage", "1 · He loved the sea in the morning."},
		{"ada", 0, "place", map[string]string{"place": "many a"}, "", ""},
		{"ada", 0, "place", map[string]string{"place": "the morning"}, "@20-31 passage", "1 · He loved the sea in the morning. She"},
		{"ben", 0, "place", map[string]string{"place": "the storm"}, "", ""}, // of which remark?
		{"ben", 0, "place", map[string]string{"place": "the morning", "remark": bens}, "@20-31 passage", ""},
		{"ada", 0, "remark", nil, mine, "Which one?"},
		{"ben", 0, "remark", nil, bens, "I prefer the storm."},
		{"mod", chat.Moderator, "remark", map[string]string{"remark": "PREFER"}, bens, ""},
		{"mod", chat.Moderator, "remark", nil, bens + " " + mine, ""},
	} {
		values, labels := offers(c.who, c.right, c.option, c.args)
		if got := strings.Join(values, " "); c.args["place"] != "many a" && got != c.values || !strings.Contains(labels, c.labels) {
			t.Errorf("%s, %s %v: %q is offered as %q", c.who, c.option, c.args, got, labels)
		}
		if len(values) > mostOffered {
			t.Errorf("%s %v: %d are offered", c.option, c.args, len(values))
		}
	}
}
