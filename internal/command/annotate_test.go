package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// remarks are what was said about the essay.
func (h house) remarks() (all []discussion.Annotation) {
	h.t.Helper()
	h.update(func(tx *store.Tx) (err error) {
		all, err = tx.Annotations(h.id)
		return err
	})
	return all
}

// Words are quoted with a command from anywhere in the room, and the remark stands
// in their passage's thread, in this room, too; what is missing is said; a call that
// is run again makes no second one.
func TestAnnotate(t *testing.T) {
	h := newHouse(t, "daily")
	h.run = Dispatcher(Env{DB: h.db, Default: discussion.Pseudonym, Reader: "https://reader.example", Profile: read(format.Typed)})
	thread := h.threaded()
	for _, step := range []struct{ text, want string }{
		{"annotate", "There is no remark. " + string(howToAnnotate)},
		{"annotate > Paragraph 1.", "There is no remark. " + string(howToAnnotate)},
		{"annotate It is good.", "Say which words it is about"},
		{"annotate > nowhere to be found\nIt is good.", "These words were not found in what was posted here."},
		{"annotate > Paragraph 2.\nIt is good.", "These words stand in a passage that is not posted here yet."},
		{"annotate > It goes on.\nDoes it?", "These words stand at 60 places:\n\npassage 1: "},
		{"annotate words=@1-2 x", "These words were not found"},
	} {
		if got := h.tells(ann, chat.Anyone, false, "", step.text); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
	}
	if all := h.remarks(); len(all) > 0 {
		t.Fatalf("remarks were made: %+v", all)
	}
	const want = "Your remark stands in the thread of passage 1 · read\n\nIt is about these words:\n\nParagraph 1\n\nWhat you say in reply to passages is published under a pseudonym; in the rooms you are named as always. To choose: me\n\nTo take it back: retract"
	for range 2 { // the bot died before it answered
		if got := h.tells(ann, chat.Anyone, false, "", "annotate\n> paragraph\n> 1\n\nIs it *good*?\nx = 5"); got != want {
			t.Errorf("%q; want %q", got, want)
		}
		*h.called--
	}
	*h.called++
	all := h.remarks()
	if len(all) != 1 || all[0].Body.Text != "Paragraph 1\n\nIs it good?\nx = 5" || all[0].Target.Selector.Exact != "Paragraph 1" || all[0].Under == "" || all[0].Target.Annotation != "" {
		t.Fatalf("recorded are %+v", all)
	}
	if h.enqueued(lobby) == 0 {
		t.Error("the remark is not said in the room where it was called for")
	}
	h.update(func(tx *store.Tx) error {
		return tx.PutCopy(store.AnnotationThing(all[0].ID), lobby, store.Copy{Ref: chat.Ref{Place: thread, ID: "shown", As: "bot"}})
	})
	eve := chat.Person{ID: "guest-eve", Name: "Eve"}
	for _, step := range []struct {
		by             chat.Person
		on, text, want string
	}{
		{eve, "shown", "annotate I think so.", "Your remark stands in the thread of passage 1"},
		{eve, "post", "annotate All of it.", "Your remark stands in the thread of passage 1"},
		{eve, "", "annotate > 2 It goes on.\nThat one.", "Your remark stands in the thread of passage 1"},
		{eve, "shown", "retract", "Only who made this remark may take it back; moderators may hide it."},
		{eve, "post", "retract", "Say which remark"},
		{ann, "shown", "retract", "It is taken back"},
		{ann, "shown", "retract", "This remark is gone."},
	} {
		if got := h.tells(step.by, chat.Anyone, false, step.on, step.text); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
	}
	now := h.remarks()
	if len(now) != 4 || !now[0].Gone() || now[1].Target.Annotation != all[0].ID || now[2].Target.Annotation != "" || now[3].Target.Selector.Exact != "It goes on." {
		t.Errorf("recorded are %+v", now)
	}
	own := h.annotate(ann, "m1", "typed")
	if got := h.tells(ann, chat.Anyone, false, "m1", "retract"); !strings.HasPrefix(got, "It is a message of your own") {
		t.Errorf("%q", got)
	}
	if a, _ := h.annotation(own); a.Gone() {
		t.Error("a message of one's own was taken back")
	}
}

// read is a network that only reads what is typed there.
func read(typed func(string) format.Doc) func(string) chat.Profile {
	return func(string) chat.Profile { return chat.Profile{Typed: typed} }
}

// A remark is read as a reply would be on its network: what is covered stays
// covered, code keeps its words, and whoever was forgotten, or is forgotten later,
// is named by no id.
func TestARemarkIsReadAsItsNetworkReads(t *testing.T) {
	h := newHouse(t, "daily")
	h.run = Dispatcher(Env{DB: h.db, Profile: func(string) chat.Profile { return chat.Profile{Dialect: format.Discord{}} }})
	h.threaded()
	bob, eve := chat.Person{ID: "4242", Name: "Bob"}, chat.Person{ID: "4343", Name: "Eve"}
	h.annotate(bob, "m1", "typed")
	h.annotate(eve, "m2", "typed")
	h.tells(bob, chat.Anyone, false, "", "me forget yes")
	for _, c := range []struct{ typed, want string }{
		{"<@4242> and <@4343> know", "@someone and @someone know"},
		{"the end: ||he dies|| <:blob:12345>", "the end: he dies :blob:"},
		{"so:\n```go\nx := 1\ny := 2\n```", "so:\n\nx := 1\ny := 2"},
		{"one\ntwo", "one\ntwo"},
	} {
		h.tells(ann, chat.Anyone, false, "", "annotate > Paragraph 1\n"+c.typed)
		all := h.remarks()
		if got := all[len(all)-1].Body.Text; got != "Paragraph 1\n\n"+c.want {
			t.Errorf("%q is read as %q", c.typed, got)
		}
	}
	said := h.remarks()[2:]
	if who := said[0].Body.Mentioned(); !slices.Equal(who, []string{"4343"}) {
		t.Errorf("before Eve is forgotten it mentions %q", who)
	}
	if spans := said[1].Body.Spans; len(spans) != 1 || spans[0].Kind != format.Spoiler {
		t.Errorf("covered are %+v", spans)
	}
	h.tells(eve, chat.Anyone, false, "", "me forget yes")
	if who := h.remarks()[2].Body.Mentioned(); len(who) > 0 {
		t.Errorf("after Eve was forgotten it mentions %q", who)
	}
}

// A form that is sent again, since the network did not say that it was taken, makes
// no second remark; another form makes its own.
func TestAFormThatIsSentTwiceIsOneRemark(t *testing.T) {
	h := newHouse(t, "daily")
	h.threaded()
	for _, c := range []struct{ ref, form string }{{"sent", "one"}, {"sent again", "one"}, {"other", "two"}} {
		call := chat.Call{
			Ref: chat.Ref{Place: chat.Place{Room: lobby}, ID: c.ref}, Form: c.form, By: ann, Private: true, Name: "annotate",
			Args: map[string]string{"words": "Paragraph 1", "remark": "So it is."},
		}
		if said, err := h.run(t.Context(), call, begin); err != nil || !strings.HasPrefix(said.Text, "Your remark stands in the thread") {
			t.Errorf("%s: %q, %v", c.ref, said.Text, err)
		}
	}
	if all := h.remarks(); len(all) != 2 {
		t.Errorf("two forms made %d remarks", len(all))
	}
}

// What was written into a form is given back where no remark comes of it, as much
// as one message takes.
func TestAFormIsGivenBack(t *testing.T) {
	h := newHouse(t, "daily")
	h.run = Dispatcher(Env{DB: h.db, Profile: func(string) chat.Profile {
		return chat.Profile{Fits: func(m chat.Message) bool { return len(format.Discord{}.Print(m.Body)) <= 2000 }}
	}})
	h.threaded()
	for _, c := range []struct{ words, remark, begins, whole string }{
		{"not there", "One *thought*.\n\nAnother.", "These words were not found in what was posted here.\n\nThis is what you wrote:\n\nOne *thought*.\n\nAnother.", "Another."},
		{"It goes on.", "A thought.", "These words stand at 60 places:\n\nThis is what you wrote:\n\nA thought.\n\npassage 1: ", "to have fewer."},
		{"It goes on.", strings.Repeat("thought ", 230) + "ends", "These words stand at 60 places:\n\nThis is what you wrote:", "thought ends"},
		{"not there", strings.Repeat("thought ", 400), "These words were not found in what was posted here.\n\nThis is the beginning of what you wrote", "thought"},
	} {
		call := chat.Call{Ref: chat.Ref{Place: chat.Place{Room: lobby}, ID: c.remark}, By: ann, Private: true, Name: "annotate", Args: map[string]string{"words": c.words, "remark": c.remark}}
		d, err := h.run(t.Context(), call, begin)
		if err != nil || d.Check() != nil || !strings.HasPrefix(d.Text, c.begins) || !strings.HasSuffix(d.Text, c.whole) || len(format.Discord{}.Print(d)) > 2000 {
			t.Errorf("%v, %v: %q", err, d.Check(), d.Text)
		}
	}
}

// What was chosen of what was offered is what the remark is about; in a closed
// thread nothing is said, nor by who took the call back before it was run.
func TestAnnotateWhatIsOffered(t *testing.T) {
	h := newHouse(t, "daily")
	h.run = Dispatcher(Env{DB: h.db})
	h.threaded()
	var choices []chat.Choice
	for _, c := range Words(Env{DB: h.db}) {
		for _, o := range c.Options {
			if c.Name == "annotate" && o.Complete != nil {
				choices = o.Complete(t.Context(), chat.Call{Ref: chat.Ref{Place: chat.Place{Room: lobby}}, Args: map[string]string{"words": "goes O"}})
			}
		}
	}
	if len(choices) != mostOffered || !strings.HasPrefix(choices[2].Label, "1 · ") || len(choices[2].Value) > 100 {
		t.Fatalf("offered are %+v", choices)
	}
	h.tells(ann, chat.Anyone, true, "", "annotate words="+choices[2].Value+" That one.")
	all := h.remarks()
	if len(all) != 1 || !strings.HasSuffix(all[0].Target.Selector.Prefix, "It goes on. It ") || all[0].Target.Selector.Exact != "goes on" {
		t.Errorf("recorded are %+v", all)
	}
	h.tells(ann, chat.Moderator, false, "post", "lock")
	if got := h.tells(ann, chat.Anyone, false, "", "annotate > Paragraph 1.\nNo."); !strings.HasPrefix(got, "The thread of this passage is closed") {
		t.Errorf("%q", got)
	}
	h.tells(ann, chat.Moderator, false, "post", "unlock")
	*h.called = 10
	h.update(func(tx *store.Tx) error { return tx.PutTombstone(lobby, "call-11") })
	if got := h.tells(ann, chat.Anyone, false, "", "annotate > Paragraph 1.\nNo."); got != "You took that back." {
		t.Errorf("%q", got)
	}
	if n := len(h.remarks()); n != 1 {
		t.Errorf("%d remarks", n)
	}
}

// What is offered can be typed, too, with any numbers: a remark quotes words of the
// passage that it names, and nothing of what is still to come.
func TestAnnotateQuotesNothingThatIsNotPosted(t *testing.T) {
	h := newHouse(t, "daily")
	h.threaded()
	var all []discussion.Passage
	h.update(func(tx *store.Tx) error {
		d, err := tx.Discussion(h.id)
		all = d.Passages
		return err
	})
	for _, c := range []struct {
		of       discussion.Passage
		from, to int
		found    bool
	}{
		{all[0], all[0].Start, all[0].End, true},
		{all[0], all[0].End - 5, all[0].End, true},
		{all[0], all[0].Start, all[0].End + 1, false},
		{all[0], all[0].Start, all[2].End, false},
		{all[0], all[2].Start, all[2].End, false},
		{all[1], all[1].Start, all[1].End, false}, // it is not posted
		{all[0], all[2].End + 5, all[2].End + 9, false},
	} {
		before := len(h.remarks())
		got := h.tells(ann, chat.Anyone, true, "", fmt.Sprintf("annotate words=%s@%d-%d So it is.", c.of.ID, c.from, c.to))
		if made := len(h.remarks()) > before; made != c.found || made != strings.HasPrefix(got, "Your remark stands") {
			t.Errorf("%d to %d of passage %d: %q", c.from, c.to, c.of.Seq, got)
		}
	}
	for _, a := range h.remarks() {
		if a.Under != all[0].ID || strings.Contains(a.Body.Text, "Paragraph 2") {
			t.Errorf("under %s stands %q", a.Under, a.Body.Text)
		}
	}
}

// What a spoiler covers stays covered where a remark quotes it, and can be found there
// as well.
func TestARemarkOnASpoilerKeepsItCovered(t *testing.T) {
	h := newHouse(t)
	h.run = Dispatcher(Env{DB: h.db, Default: discussion.Pseudonym})
	h.id = h.read("Whodunnit", format.HTML{}.Parse("<h1>The end</h1><ul><li>It was <b>not</b> <span class=spoiler>the butler</span>,<li>who sleeps.</ul>")).ID
	got := h.tells(ann, chat.Anyone, true, "", "annotate > not the butler, who\nReally?")
	if !strings.Contains(got, "It is about these words:\n\nnot [spoiler], who\n") {
		t.Errorf("%q", got)
	}
	all := h.remarks()
	if len(all) != 1 {
		t.Fatalf("%d remarks", len(all))
	}
	body := all[0].Body
	if err := body.Check(); err != nil {
		t.Error(err)
	}
	if got, want := (format.Discord{}).Print(body), "> not ||the butler||,\n> \n> who\nReally?"; strings.TrimSpace(got) != want {
		t.Errorf("it says %q, not %q", got, want)
	}
	if quotes := discussion.Quotes(body); len(quotes) != 1 || all[0].Target.Selector.Exact != "not the butler,\nwho" {
		t.Errorf("about %q it quotes %q", all[0].Target.Selector.Exact, quotes)
	}
	h.tells(ann, chat.Anyone, true, "", "me pseudonym")
	if got := h.tells(ann, chat.Anyone, true, "", "annotations passage=1"); !strings.Contains(got, "on “not [spoiler], who”") || strings.Contains(got, "butler") {
		t.Errorf("%q", got)
	}
}

// A passage that is very long is not repeated whole.
func TestARemarkQuotesSoMuch(t *testing.T) {
	long := discussion.Selector{Exact: strings.Repeat("on and on ", 300)}
	body := remarkBody(spot{at: long}, format.Text("So it is."))
	quotes, rest := body.Quoted()
	if n := len(quotes); n != 1 || len([]rune(quotes[0])) > discussion.LongestQuote || !strings.HasSuffix(quotes[0], "on…") || rest.Text != "So it is." {
		t.Errorf("%q", body.Text)
	}
}

// What is published of what was said is listed, the newest last; names and words
// only where nobody else reads them, since such an answer is not taken back.
func TestAnnotations(t *testing.T) {
	h := newHouse(t, "daily")
	h.run = Dispatcher(Env{DB: h.db, Default: discussion.Named, Reader: "https://reader.example", Link: func(r chat.Ref) string { return "https://chat.example/" + r.ID }})
	h.threaded()
	eve := chat.Person{ID: "guest-eve", Name: "Eve"}
	zoe := chat.Person{ID: "guest-zoe", Name: "Zoe"}
	h.annotate(ann, "m1", "first")
	h.annotate(eve, "m2", "second")
	h.annotate(zoe, "m3", "third")
	gone := h.annotate(ann, "m4", "fourth")
	h.update(func(tx *store.Tx) error { return relay.Hide(tx, gone, begin) })
	h.tells(eve, chat.Anyone, true, "", "me pseudonym")
	h.tells(zoe, chat.Anyone, true, "", "me unpublished")
	_, by := h.annotation(discussion.AnnotationID(discussion.Derive("annotation", lobby.String(), "m2")))
	const at = "Mon 2 Mar 12:00 (UTC)"
	private := "About passage 1 of 3, 2 remarks:\n\nAnn Verity: first · local · read\n\n" + by.Pseudonym() + ": second · read"
	public := "About passage 1 of 3, 2 remarks:\n\n" + at + " · local · read\n\n" + at + " · read"
	plain := func(s string) string { return strings.ReplaceAll(s, "\n\n", "\n") }
	for _, step := range []struct {
		private        bool
		on, text, want string
	}{
		{true, "", "annotations", private}, {true, "", "annotations 1", private}, {true, "m2", "annotations", private},
		{false, "", "annotations 1", public}, {false, "post", "annotations", public},
		{true, "", "annotations 2", "Nothing is published of what was said about passage 2 of 3."},
		{true, "", "annotations 4", "There is no passage 4."}, {true, "", "annotations all", "Say which passage by its number, as in: annotations 3"},
	} {
		if got := h.tells(ann, chat.Anyone, step.private, step.on, step.text); plain(got) != plain(step.want) {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
	}
	if got := h.say("x", attic, chat.Anyone, "annotations"); !strings.HasPrefix(got, "Say this as a reply to a message of a passage") {
		t.Errorf("%q", got)
	}
}

// The files of a text are led to, if there is a page; else it is said who has them.
func TestExport(t *testing.T) {
	h := newHouse(t, "daily")
	for _, step := range []struct{ reader, text, want string }{
		{"https://reader.example", "export", "An Essay · jsonld · markdown · html"},
		{"https://reader.example", "export markdown", "An Essay · markdown"},
		{"https://reader.example", "export pdf", `There is no format "pdf": say one of jsonld, markdown, html.`},
		{"", "export", "An Essay: whoever runs this bot writes it into a file, with: bot export " + string(h.id) + " --format jsonld"},
	} {
		h.run = Dispatcher(Env{DB: h.db, Reader: step.reader})
		if got := h.say("m", lobby, chat.Anyone, step.text); got != step.want {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
	}
	h.run = Dispatcher(Env{DB: h.db, Reader: "https://reader.example"})
	d, err := h.run(t.Context(), chat.Call{Name: "export", Ref: chat.Ref{Place: chat.Place{Room: lobby}}, Args: map[string]string{"format": "markdown"}}, begin)
	if err != nil || len(d.Spans) != 1 || d.Spans[0].Attr != "https://reader.example/d/"+string(h.id)+"/export.md" {
		t.Errorf("%+v, %v", d.Spans, err)
	}
	if got := h.say("m", attic, chat.Anyone, "export"); got != "Nothing is read in this room yet." {
		t.Errorf("%q", got)
	}
	wordy := discussion.Assemble(strings.Repeat("A long title. ", 200), "", []discussion.Document{{Kind: discussion.Essay, Confidence: 1, Body: format.Text("So.")}}, discussion.CutOptions{})
	h.update(func(tx *store.Tx) error {
		if _, err := tx.PutDiscussion(wordy, begin); err != nil {
			return err
		}
		p, err := tx.Plan("daily")
		p.Name, p.Discussion = "other", wordy.ID
		return errors.Join(err, tx.PutPlan(p))
	})
	for _, reader := range []string{"", "https://reader.example"} {
		h.run = Dispatcher(Env{DB: h.db, Reader: reader})
		if got := h.say("m", lobby, chat.Anyone, "export"); len(got) > 500 || !strings.Contains(got, "An Essay") || !strings.Contains(got, "A long title.") {
			t.Errorf("it has %d bytes: %q", len(got), got)
		}
	}
}

// What is asked for stands in the store until it is told of, once for a call.
func TestImportIsAskedFor(t *testing.T) {
	h := newHouse(t, "daily")
	rung := 0
	h.run = Dispatcher(Env{DB: h.db, Wished: func() { rung++ }})
	const address, fetched = "https://example.org/essay", "It is being fetched."
	for _, step := range []struct {
		ref, text, want string
		right           chat.Right
	}{
		{"1", "import " + address, "Only an operator of this room", chat.Moderator},
		{"2", "import", "Say a web address", chat.Operator},
		{"3", "import /etc/passwd", "Say a web address", chat.Operator},
		{"4", "import " + address, fetched, chat.Operator},
		{"4", "import " + address, fetched, chat.Operator}, // the bot died before it answered
		{"5", "host import <" + address + "?b=c>", fetched, chat.Operator},
	} {
		if got := h.say(step.ref, lobby, step.right, step.text); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
	}
	h.update(func(tx *store.Tx) error {
		all, err := Wishes(tx)
		if err != nil || len(all) != 2 || all[0].Address != address || all[1].Address != address+"?b=c" || rung != 3 {
			t.Fatalf("asked for are %+v, %v; it rang %d times", all, err, rung)
		}
		for range 2 { // twice is once
			if err := Fulfilled(tx, lang.English, all[0], Outcome{Said: "It is there.", Title: "It"}, begin); err != nil {
				return err
			}
		}
		all, err = Wishes(tx)
		if len(all) != 1 {
			t.Errorf("left are %+v", all)
		}
		return err
	})
	if n := h.enqueued(lobby); n != 1 {
		t.Errorf("%d messages wait", n)
	}
	for i := range mostWishes {
		got := h.say(fmt.Sprint("many", i), lobby, chat.Operator, "import "+address)
		if full := strings.HasPrefix(got, "There are 5 texts to be fetched already"); full != (i == mostWishes-1) {
			t.Errorf("%d more: %q", i+1, got)
		}
	}
	h.run = Dispatcher(Env{DB: h.db})
	if got := h.say("6", lobby, chat.Operator, "import "+address); !strings.HasPrefix(got, "This bot fetches nothing") {
		t.Errorf("%q", got)
	}
}
