package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
	"marginalia/test/require"
)

// read has a text read in the lobby. Its first passage stands there as m-1.
func (h *house) read(title string, d format.Doc) discussion.Discussion {
	h.t.Helper()
	text := discussion.Assemble(title, "", []discussion.Document{{Kind: discussion.Essay, Confidence: 1, Body: d}}, discussion.CutOptions{})
	err := h.db.Update(h.t.Context(), func(tx *store.Tx) error {
		if _, err := tx.PutDiscussion(text, begin); err != nil {
			return err
		}
		if err := tx.PutPlan(schedule.Plan{Name: title, Does: schedule.Drip, Discussion: text.ID, Cron: "@daily", Rooms: []chat.Room{lobby}, Count: 1, Start: begin, Next: 2}); err != nil {
			return err
		}
		first := store.PassageThing(text.Passages[0].ID)
		post := chat.Ref{Place: chat.Place{Room: lobby}, ID: "m-1", As: "bot"}
		thread := chat.Ref{Place: chat.Place{Room: lobby, Thread: "m-1"}, ID: "m-1", As: "bot"}
		if err := tx.PutCopy(first, lobby, store.Copy{Ref: post, Seq: 1}); err != nil {
			return err
		}
		return tx.PutCopy(first, lobby, store.Copy{Mark: store.ThreadMark, Ref: thread, Seq: 1})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	env := Env{DB: h.db, Reader: "https://read.example.org", Link: func(r chat.Ref) string { return "https://chat.example.org/" + r.ID }}
	h.run, h.words = Dispatcher(env), Words(env)
	return text
}

// tides is a text of four passages.
func tides() format.Doc {
	tail := strings.Repeat(" And so it went on for many a day.", 20)
	d := format.Markdown{}.Parse(strings.Join([]string{
		"The keeper wrote a *tide table*. “Don’t wait”, he said." + tail,
		"Nobody read the table of tides before the storm came." + tail,
		"The Tide Table was found again: the keeper's own." + tail,
		"Who wrote it? The ghost of the mole wrote it." + tail,
	}, "\n\n"))
	ghost := strings.Index(d.Text, "The ghost")
	d.Spans = append(d.Spans, format.Span{Kind: format.Spoiler, Start: ghost, End: ghost + len("The ghost of the mole wrote it.")})
	return d
}

// links are the addresses in an answer.
func links(d format.Doc) []string {
	var all []string
	for _, s := range d.Spans {
		if s.Kind == format.Link {
			all = append(all, d.Text[s.Start:s.End]+" "+s.Attr)
		}
	}
	return all
}

func TestFind(t *testing.T) {
	h := newHouse(t)
	text := h.read("Tides", tides())
	page := func(i int) string {
		return "read https://read.example.org/d/" + string(text.ID) + "#" + string(text.Passages[i].ID)
	}
	for _, c := range []struct {
		typed string
		lines []string // how they begin
		links []string
	}{
		{"find tide table", []string{
			"These words were found in 3 passages:",
			"1: The keeper wrote a tide table. “Don’t wait”, he said.", // as it was typed
			"3: The Tide Table was found again",                        // folded
			"2: Nobody read the table of tides before",                 // each word somewhere
		}, []string{"post https://chat.example.org/m-1", page(0), page(2), page(1)}},
		{`find "don't wait"`, []string{"These words were found in 1 passage:", "1: The keeper wrote a tide table. “Don’t wait”"}, []string{"post https://chat.example.org/m-1", page(0)}},
		{"find words=storm", []string{"These words were found in 1 passage:", "2: …read the table of tides before the storm came."}, []string{page(1)}},
		{"find whales", []string{"No passage holds these words."}, nil},
		{"find", []string{"Say which words, as in: find once upon a time"}, nil},
		{"find " + string(text.Passages[2].ID), []string{"The passage that was chosen:", "3: The Tide Table was found again"}, []string{page(2)}},
		{"find many a day", []string{"These words were found in 4 passages:", "1: …"}, nil},
	} {
		d := h.answer(t, lobby, c.typed, chat.Ref{})
		got := strings.Split(strings.ReplaceAll(d.Text, "\n\n", "\n"), "\n")
		if len(got) < len(c.lines) {
			t.Fatalf("%s: %q", c.typed, got)
		}
		for i, want := range c.lines {
			if !strings.HasPrefix(got[i], want) {
				t.Errorf("%s: line %d is %q, should begin with %q", c.typed, i, got[i], want)
			}
		}
		if c.links != nil && !slices.Equal(links(d), c.links) {
			t.Errorf("%s: the links are %q, should be %q", c.typed, links(d), c.links)
		}
		if strings.Contains(c.typed, "storm") && !strings.Contains(d.Text, "not posted here yet") {
			t.Errorf("%s: %q does not say that it was not posted yet", c.typed, d.Text)
		}
	}
	if d := h.answer(t, attic, "find tide", chat.Ref{}); d.Text != "Nothing is read in this room yet." {
		t.Errorf("in another room: %q", d.Text)
	}
	if d := h.answer(t, lobby, "find ghost", chat.Ref{}); strings.Contains(d.Text, "ghost of") {
		t.Errorf("what a spoiler covers is told: %q", d.Text)
	}
}

// An answer has few passages and says how many more there are; with links as
// long as networks have them it is still one short message.
func TestFindIsShort(t *testing.T) {
	h := newHouse(t)
	var body format.Doc
	for i := range 30 {
		body = body.Append(format.Text(fmt.Sprintf("Paragraph %d. ", i+1) + strings.Repeat("It goes on. ", 60)))
	}
	h.read("Long", body)
	d := h.answer(t, lobby, "find goes", chat.Ref{})
	printed := format.Markdown{}.Print(d)
	if !strings.Contains(d.Text, "And 25 passages more") || utf8.RuneCountInString(printed) > 1500 {
		t.Errorf("%d characters: %s", utf8.RuneCountInString(printed), printed)
	}
}

func TestFindOffersWhatMayBeMeant(t *testing.T) {
	h := newHouse(t)
	text := h.read("Tides", tides())
	for _, c := range []struct {
		typed string
		want  []int // passages
	}{
		{"tide ta", []int{1, 3, 2}}, {"storm", []int{2}}, {"whales", nil}, {"", []int{1, 2, 3, 4}}, {"WROTE IT", []int{4, 1}},
	} {
		var got []int
		for _, choice := range h.offer(lobby, c.typed) {
			i := slices.IndexFunc(text.Passages, func(p discussion.Passage) bool { return string(p.ID) == choice.Value })
			got = append(got, i+1)
			if n := utf8.RuneCountInString(choice.Label); n > longChoice || !strings.HasPrefix(choice.Label, fmt.Sprintf("%d · ", i+1)) || strings.Contains(choice.Label, "ghost") {
				t.Errorf("%q: %q is offered", c.typed, choice.Label)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: passages %d are offered, should be %d", c.typed, got, c.want)
		}
	}
	if got := h.offer(attic, "tide"); len(got) != 0 {
		t.Errorf("in another room: %v", got)
	}
}

// offer is what is offered for what was typed so far.
func (h house) offer(room chat.Room, typed string) []chat.Choice {
	h.t.Helper()
	for _, c := range h.words {
		if c.Name == "find" {
			return c.Options[0].Complete(h.t.Context(), chat.Call{Ref: chat.Ref{Place: chat.Place{Room: room}}, Name: "find", Args: map[string]string{"words": typed}})
		}
	}
	h.t.Fatal("find is not there")
	return nil
}

// answer is what a typed command says.
func (h house) answer(t *testing.T, room chat.Room, typed string, on chat.Ref) format.Doc {
	t.Helper()
	name, args, _ := chat.ParseCommand("!essay", "!essay "+typed)
	call := chat.Call{Ref: chat.Ref{Place: chat.Place{Room: room, Thread: on.Place.Thread}, ID: "call"}, On: on, Name: name, Args: args}
	d, err := h.run(t.Context(), call, begin)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Check(); err != nil {
		t.Errorf("the answer to %q: %v", typed, err)
	}
	return d
}

// In a text of 17,000 words people are offered passages while they type: a
// keystroke costs a few milliseconds, however common or many the words are.
func TestFindIsFastInALongText(t *testing.T) {
	require.Long(t)
	h := newHouse(t)
	var body format.Doc
	for i := range 170 {
		var words []string
		for j := range 100 {
			words = append(words, fmt.Sprintf("word%d", (i*j)%997))
		}
		body.Text += strings.Join(words, " ") + "\n\n"
	}
	h.read("Long", format.Text(body.Text))
	typed := []string{"w", "word1", "word9 word96", "no such words", strings.Repeat("word1 word2 ", 500)}
	const keys = 50
	began := time.Now()
	for i := range keys {
		if got := h.offer(lobby, typed[i%len(typed)]); len(got) > mostOffered {
			t.Fatalf("%d are offered", len(got))
		}
	}
	each := time.Since(began) / keys
	t.Logf("a keystroke costs %s", each)
	if each > 200*time.Millisecond { // a network waits for three seconds
		t.Errorf("a keystroke costs %s", each)
	}
}

func TestPassage(t *testing.T) {
	h := newHouse(t)
	text := h.read("Tides", tides())
	first := text.Passages[0]
	page := "read https://read.example.org/d/" + string(text.ID) + "#" + string(first.ID)
	at := func(thread, id string) chat.Ref {
		return chat.Ref{Place: chat.Place{Room: lobby, Thread: thread}, ID: id}
	}
	h.said(text, "a-1", "tide table", "", at("m-1", "r-1"))
	h.said(text, "a-2", "", "a-1", at("m-1", "r-2"))
	for _, c := range []struct {
		name string
		on   chat.Ref
		lead string
		rest string // how what follows begins
	}{
		{"the post", at("", "m-1"), "This is passage 1 of 4 of Tides", "The keeper wrote a tide table. “Don’t wait”"},
		{"an annotation on some words", at("m-1", "r-1"), "This was said about passage 1 of 4 of Tides", "tide table"},
		{"an answer to it", at("m-1", "r-2"), "This answers what was said about passage 1 of 4 of Tides", "The keeper wrote"},
		{"a message of the thread that is not known", at("m-1", "r-9"), "This is passage 1 of 4 of Tides", "The keeper wrote"},
		{"the thread alone", at("m-1", ""), "This is passage 1 of 4 of Tides", "The keeper wrote"},
	} {
		d := h.answer(t, lobby, "passage", c.on)
		lead, rest, _ := strings.Cut(d.Text, "\n\n")
		if lead != c.lead+" · post · read" || !strings.HasPrefix(rest, c.rest) {
			t.Errorf("%s: %q", c.name, d.Text)
		}
		if got := links(d); !slices.Equal(got, []string{"post https://chat.example.org/m-1", page}) {
			t.Errorf("%s: the links are %q", c.name, got)
		}
		if last := d.Blocks[len(d.Blocks)-1]; last.Kind != format.Quote {
			t.Errorf("%s: the words are no quotation but %s", c.name, last.Kind)
		}
	}
	h.reacts([3]any{"ann", store.PassageThing(first.ID), "👍"}, [3]any{"ann", store.PassageThing(first.ID), "❤"}, [3]any{"bob", store.PassageThing(first.ID), "✅"},
		[3]any{"bob", store.AnnotationThing("a-1"), "🎯"})
	for ref, want := range map[chat.Ref]string{
		at("", "m-1"): "\n\n✅ 1 person agrees, 👍 1 person approves", at("m-1", "r-1"): "\n\n1 person gave 🎯", at("m-1", "r-2"): "",
	} {
		if d := h.answer(t, lobby, "passage", ref); !strings.HasSuffix(d.Text, want) || want == "" && strings.Contains(d.Text, "person") {
			t.Errorf("how people reacted: %q, want %q", d.Text, want)
		}
	}
	if d := h.answer(t, lobby, "passage", at("", "lunch")); d.Text != "This message belongs to no passage." {
		t.Errorf("on other talk: %q", d.Text)
	}
	if d := h.answer(t, lobby, "passage", chat.Ref{}); !strings.HasPrefix(d.Text, "Say this as a reply to a message") {
		t.Errorf("on nothing: %q", d.Text)
	}
}

// said records an annotation of the first passage, and the message that it is.
func (h house) said(text discussion.Discussion, id discussion.AnnotationID, words string, to discussion.AnnotationID, ref chat.Ref) {
	h.t.Helper()
	err := h.db.Update(h.t.Context(), func(tx *store.Tx) error {
		ada, err := tx.PutPerson("local", chat.Person{ID: "ada", Name: "Ada"})
		if err != nil {
			return err
		}
		p := text.Passages[0]
		s := discussion.SelectorOf(text.Documents[0].Body.Text, p.Start, p.End)
		if words != "" {
			s, _ = discussion.Select(text.Documents[0].Body.Text, [2]int{p.Start, p.End}, words)
		}
		err = tx.PutAnnotation(discussion.Annotation{
			ID: id, Discussion: text.ID, Under: p.ID, Creator: ada.ID, Body: format.Text("Is it so?"), Created: begin,
			Target: discussion.Target{Source: p.Document, Annotation: to, Selector: s},
		})
		if err != nil {
			return err
		}
		return tx.PutCopy(store.AnnotationThing(id), lobby, store.Copy{Ref: ref})
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// The table is words that every network takes as they are: Discord's rules are
// the narrowest.
func TestWordsFitEveryNetwork(t *testing.T) {
	short := func(s string, most int) bool { return s != "" && utf8.RuneCountInString(s) <= most }
	menus := map[string]bool{}
	in := map[string]int{} // groups
	for _, c := range Words(Env{}) {
		in[c.Group]++
		if c.Group != "" && (!short(c.Group, 32) || c.Group != strings.ToLower(c.Group) || strings.ContainsAny(c.Group, " =")) {
			t.Errorf("%s is in the group %q", c.Name, c.Group)
		}
		if slices.ContainsFunc(All, func(o Command) bool { return o.Name == c.Group }) {
			t.Errorf("%q is a group and a command", c.Group)
		}
		if !short(c.Name, 32) || c.Name != strings.ToLower(c.Name) || strings.ContainsAny(c.Name, " =") || !short(c.Help, 100) || len(c.Options) > 25 {
			t.Errorf("command %+v", c)
		}
		if c.Menu != "" && (!short(c.Menu, 32) || menus[c.Menu]) {
			t.Errorf("%s is in the menu as %q", c.Name, c.Menu)
		}
		menus[c.Menu] = true
		for i, o := range c.Options {
			if !short(o.Name, 32) || !short(o.Help, 100) || o.Required && i > 0 && !c.Options[i-1].Required {
				t.Errorf("option %+v of %s", o, c.Name)
			}
		}
	}
	in[""] += len(in) - 1 // they stand beside the commands that are in none
	for group, n := range in {
		if n > 25 {
			t.Errorf("%d commands in %q: Discord takes 25, and none if there are more", n, group)
		}
	}
	if len(menus) < 2 {
		t.Error("no command is in the menu")
	}
}
