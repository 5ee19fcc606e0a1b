package command

import (
	"context"
	"fmt"
	"path/filepath"
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
)

var (
	lobby = chat.Room{Platform: "local", ID: "lobby"}
	attic = chat.Room{Platform: "local", ID: "attic"}
	begin = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // a Monday
)

// house is a bot with one text of three passages and a plan for the lobby.
type house struct {
	t   testing.TB
	db  *store.DB
	run func(context.Context, chat.Call, time.Time) (format.Doc, error)
	id  discussion.ID

	words  []chat.Command
	called *int // by tells
}

func newHouse(t testing.TB, plans ...string) house {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "bot.db"), store.Options{NoListen: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	var body format.Doc
	for i := range 3 {
		body = body.Append(format.Text(fmt.Sprintf("Paragraph %d. ", i+1) + strings.Repeat("It goes on. ", 60)))
	}
	d := discussion.Assemble("An Essay", "", []discussion.Document{{Kind: discussion.Essay, Confidence: 1, Body: body}}, discussion.CutOptions{})
	if len(d.Passages) != 3 {
		t.Fatalf("the essay has %d passages", len(d.Passages))
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.PutDiscussion(d, begin); err != nil {
			return err
		}
		for _, name := range plans {
			err := tx.PutPlan(schedule.Plan{
				Name: name, Does: schedule.Drip, Discussion: d.ID, Cron: "30 18 * * *", Zone: "Europe/Berlin",
				Rooms: []chat.Room{lobby}, Count: 1, Start: begin, Next: 1,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return house{t: t, db: db, run: Dispatcher(Env{DB: db}), id: d.ID, called: new(int)}
}

// say runs a typed command and returns the answer's words.
func (h house) say(ref string, room chat.Room, right chat.Right, text string) string {
	h.t.Helper()
	name, args, ok := chat.ParseCommand("!essay", "!essay "+text)
	if !ok {
		h.t.Fatalf("%q is no command", text)
	}
	call := chat.Call{Ref: chat.Ref{Place: chat.Place{Room: room}, ID: ref}, Rights: right, Name: name, Args: args, Typed: true, Text: chat.CommandText("!essay", "!essay "+text)}
	d, err := h.run(h.t.Context(), call, begin)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := d.Check(); err != nil {
		h.t.Errorf("the answer to %q: %v", text, err)
	}
	return d.Text
}

// enqueued is how many deliveries wait for a room.
func (h house) enqueued(room chat.Room) (n int) {
	h.t.Helper()
	err := h.db.View(h.t.Context(), func(tx *store.Tx) error {
		rooms, err := tx.RoomStatus()
		i := slices.IndexFunc(rooms, func(r store.RoomStatus) bool { return r.Room == room })
		if i >= 0 {
			n = rooms[i].Pending
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestNextPostsOnce(t *testing.T) {
	h := newHouse(t, "daily")
	for _, tc := range []struct {
		ref, text, want string
		enqueued        int
	}{
		{"m1", "next", "Passage 1 of 3 is on its way.", 1},
		{"m1", "next", "This was done already.", 1}, // the bot died before it answered
		{"m2", "next 0", "next takes a number from 1 to 5.", 1},
		{"m3", "next many", "next takes a number from 1 to 5.", 1},
		{"m4", "next count=2", "Passages 2 to 3 of 3 are on their way.", 3},
		{"m5", "next", "The text is at its end: there is no further passage.", 3},
		{"m6", "next plan=nightly", `No plan "nightly" posts passages into this room.`, 3},
	} {
		if got := h.say(tc.ref, lobby, chat.Moderator, tc.text); got != tc.want {
			t.Errorf("%s: %q; want %q", tc.text, got, tc.want)
		}
		if n := h.enqueued(lobby); n != tc.enqueued {
			t.Errorf("%s: %d deliveries wait; want %d", tc.text, n, tc.enqueued)
		}
	}
	if got := h.say("m7", attic, chat.Moderator, "next"); got != "No plan posts passages into this room." {
		t.Errorf("in another room: %q", got)
	}
}

func TestNextAsksWhichPlan(t *testing.T) {
	h := newHouse(t, "daily", "weekly")
	if got := h.say("m1", lobby, chat.Moderator, "next"); !strings.Contains(got, `several plans: "daily" "weekly"`) {
		t.Errorf("%q", got)
	}
	if got := h.say("m2", lobby, chat.Moderator, "next plan=weekly"); got != "Passage 1 of 3 is on its way." {
		t.Errorf("%q", got)
	}
}

func TestRightsAreAsked(t *testing.T) {
	h := newHouse(t, "daily")
	if got := h.say("m1", lobby, chat.Anyone, "next"); got != `Only a moderator of this room may use "next".` || h.enqueued(lobby) != 0 {
		t.Errorf("%q, %d deliveries", got, h.enqueued(lobby))
	}
	if got := h.say("m2", lobby, chat.Operator, "next"); got != "Passage 1 of 3 is on its way." {
		t.Errorf("%q", got)
	}
}

func TestStatus(t *testing.T) {
	h := newHouse(t, "daily")
	if got, want := h.say("m1", lobby, chat.Anyone, "status"), "An Essay: 0 of 3 passages posted, 0 annotations; daily at 18:30, next Mon 2 Mar 18:30 (Europe/Berlin)."; got != want {
		t.Errorf("%q; want %q", got, want)
	}
	h.say("m2", lobby, chat.Moderator, "next count=3")
	if got, want := h.say("m3", lobby, chat.Anyone, "status"), "An Essay: 3 of 3 passages posted, 0 annotations; the text is at its end.\n\n3 messages for this room waiting."; got != want {
		t.Errorf("%q; want %q", got, want)
	}
	if got := h.say("m4", attic, chat.Anyone, "status"); got != "Nothing is read in this room yet." {
		t.Errorf("%q", got)
	}
}

// Help names all there is, in one message of the network that takes the shortest,
// and explains each.
func TestHelp(t *testing.T) {
	h := newHouse(t)
	for _, text := range []string{"help", "", "dance"} {
		got := h.say("m1", lobby, chat.Anyone, text)
		for _, c := range Words(Env{}) {
			if !strings.Contains(got, c.Name) || c.Group == "" && !strings.Contains(got, c.Help) {
				t.Errorf("the answer to %q does not name %s: %q", text, c.Name, got)
			}
		}
		if n := utf8.RuneCountInString(format.Discord{}.Print(format.Text(got))); n > 2000 {
			t.Errorf("the answer to %q has %d characters", text, n)
		}
		if says := strings.Contains(got, `There is no command "dance".`); says != (text == "dance") {
			t.Errorf("the answer to %q is %q", text, got)
		}
	}
	for _, c := range Words(Env{}) {
		for _, text := range []string{"help " + c.Name, "help " + c.Group, "help about=" + c.Name} {
			if got := h.say("m2", lobby, chat.Anyone, text); !strings.Contains(got, c.Name) || !strings.Contains(got, c.Help) {
				t.Errorf("the answer to %q does not explain %s: %q", text, c.Name, got)
			}
		}
		for _, o := range c.Options {
			if got := h.say("m3", lobby, chat.Anyone, "help "+c.Name); !strings.Contains(got, o.Name+": "+o.Help) {
				t.Errorf("the option %s is not explained: %q", o.Name, got)
			}
		}
	}
	if got := h.say("m4", lobby, chat.Anyone, "host"); got != h.say("m5", lobby, chat.Anyone, "help host") {
		t.Errorf("a group alone: %q", got)
	}
}

// The group before a command's name may be said, and left out.
func TestGroupsMayBeSaid(t *testing.T) {
	h := newHouse(t, "daily")
	for _, step := range []struct{ ref, text, want string }{
		{"1", "host next 2", "Passages 1 to 2 of 3 are on their way."},
		{"2", "Host NEXT", "Passage 3 of 3 is on its way."},
		{"3", "moderate unlock", "Say this in a passage's thread, or as a reply to a passage."},
	} {
		if got := h.say(step.ref, lobby, chat.Moderator, step.text); got != step.want {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
	}
	for _, text := range []string{"host hide", "moderate next", "host host next"} {
		if got := h.say("o"+text, lobby, chat.Moderator, text); !strings.Contains(got, "(for a moderator)") {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// What goes wrong inside is told in one sentence, without the store's words.
func TestErrorsAreWordedForPeople(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "bot.db"), store.Options{NoListen: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	h := house{t: t, run: Dispatcher(Env{DB: db})}
	if got := h.say("m1", lobby, chat.Anyone, "status"); got != `"status" did not work; whoever runs this bot finds the reason in its log.` {
		t.Errorf("%q", got)
	}
}
