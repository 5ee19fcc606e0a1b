package command

import (
	"path/filepath"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// another stores a second text.
func (h house) another(title string) discussion.ID {
	h.t.Helper()
	d := discussion.Assemble(title, "", []discussion.Document{{Kind: discussion.Essay, Confidence: 1, Body: format.Text("All there is.")}}, discussion.CutOptions{})
	h.update(func(tx *store.Tx) error {
		_, err := tx.PutDiscussion(d, begin.AddDate(0, 0, 1))
		return err
	})
	return d.ID
}

// A moderator has a text read in the room where they are, by a plan of its own,
// once; what is missing is said, with the way to it.
func TestStart(t *testing.T) {
	h := newHouse(t)
	id := string(h.id)
	reads := "An Essay is read in this room from now on, by the plan \"" + id + "\": "
	for _, step := range []struct{ ref, text, want string }{
		{"1", "start", "Say which text; list shows those that are stored."},
		{"2", "start nonsense", "No such text is stored: list shows those that are. Whoever runs the bot brings others with bot import."},
		{"3", "start essay when the moon is full", "That is not understood: "},
		{"4", `start "an essay" mon and thu 9:00 Europe/Berlin`, reads + "Mon and Thu at 09:00 (Europe/Berlin); next Thu 5 Mar 09:00 (Europe/Berlin). For other times: schedule; for the first passage at once: next"},
		{"4", `start "an essay" mon and thu 9:00 Europe/Berlin`, `It is read here already, by the plan "` + id + `". An Essay: 0 of 3 passages posted, 0 annotations; Mon and Thu at 09:00, next Thu 5 Mar 09:00 (Europe/Berlin).`},
		{"3", "start essay when the moon is full", `It is read here already, by the plan "` + id + `".`},
		{"5", "next", "Passage 1 of 3 is on its way."},
		{"6", "schedule daily 18:30", `"` + id + `": daily at 18:30 (Europe/Berlin); next ` + evening + "."},
	} {
		if got := h.say(step.ref, lobby, chat.Moderator, step.text); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
	}
	if got := h.say("7", lobby, chat.Anyone, "start essay"); got != `Only a moderator of this room may use "start".` {
		t.Errorf("anyone is told %q", got)
	}
	if got := h.say("8", attic, chat.Moderator, "start "+id[:5]); !strings.HasPrefix(got, `An Essay is read in this room from now on, by the plan "`+id+`-2": daily at 18:30 (UTC); next Mon 2 Mar 18:30 (UTC).`) {
		t.Errorf("in another room: %q", got)
	}
	h.update(func(tx *store.Tx) error {
		all, err := tx.Plans()
		for i, p := range all {
			room := []chat.Room{lobby, attic}[i]
			if len(all) != 2 || p.FromConfig || p.Does != schedule.Drip || len(p.Rooms) != 1 || p.Rooms[0] != room || p.Check() != nil {
				t.Errorf("a plan is %+v", p)
			}
		}
		return err
	})
}

// The texts that are stored are told to moderators, with the plans that read them
// here; of other rooms nothing is told by name.
func TestList(t *testing.T) {
	h := newHouse(t, "daily")
	id := string(h.another("Another One"))
	want := "Another One, 1 passage (" + id + "): read nowhere\n\nAn Essay, 3 passages (" + string(h.id) + `): read here by "daily"`
	if got := strings.ReplaceAll(h.say("1", lobby, chat.Moderator, "list"), "\n\n", "\n"); got != strings.ReplaceAll(want, "\n\n", "\n") {
		t.Errorf("%q; want %q", got, want)
	}
	h.say("2", lobby, chat.Moderator, "start another")
	want = "Another One, 1 passage (" + id + "): read in other rooms\nAn Essay, 3 passages (" + string(h.id) + "): read in other rooms"
	if got := strings.ReplaceAll(h.say("3", attic, chat.Moderator, "list"), "\n\n", "\n"); got != want {
		t.Errorf("in another room: %q; want %q", got, want)
	}
	if got := h.say("4", lobby, chat.Anyone, "list"); got != `Only a moderator of this room may use "list".` {
		t.Errorf("anyone is told %q", got)
	}
	if got := newEmpty(t).say("5", lobby, chat.Moderator, "list"); !strings.HasPrefix(got, "No text is stored yet") {
		t.Errorf("with none: %q", got)
	}
}

// What may be started is offered to moderators alone.
func TestTextsAreOffered(t *testing.T) {
	h := newHouse(t)
	id := string(h.another("Another One"))
	offered := func(right chat.Right, typed string) (all []string) {
		for _, c := range Words(Env{DB: h.db}) {
			for _, o := range c.Options {
				if c.Name == "start" && o.Name == "text" {
					for _, choice := range o.Complete(t.Context(), chat.Call{Ref: chat.Ref{Place: chat.Place{Room: lobby}}, Rights: right, Args: map[string]string{"text": typed}}) {
						all = append(all, choice.Label+"="+choice.Value)
					}
				}
			}
		}
		return all
	}
	if got := offered(chat.Moderator, ""); len(got) != 2 || got[0] != "Another One="+id {
		t.Errorf("offered are %q", got)
	}
	if got := offered(chat.Moderator, "ESSAY"); len(got) != 1 {
		t.Errorf("of one offered are %q", got)
	}
	if got := offered(chat.Anyone, ""); len(got) != 0 {
		t.Errorf("anyone is offered %q", got)
	}
}

// newEmpty is a house without texts.
func newEmpty(t *testing.T) house {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "bot.db"), store.Options{NoListen: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return house{t: t, db: db, run: Dispatcher(Env{DB: db})}
}
