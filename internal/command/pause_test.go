package command

import (
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// A plan that was paused says so, and goes on without making up for what it would
// have done; a call that is run again after later ones changes nothing.
func TestPauseAndResume(t *testing.T) {
	h := newHouse(t, "daily")
	paused := "An Essay: 0 of 3 passages posted, 0 annotations; paused."
	goesOn := "An Essay: 0 of 3 passages posted, 0 annotations; daily at 18:30, next Mon 2 Mar 18:30 (Europe/Berlin)."
	for _, step := range []struct {
		ref, text string
		right     chat.Right
		want      string
	}{
		{"1", "pause", chat.Anyone, `Only a moderator of this room may use "pause".`},
		{"2", "pause", chat.Moderator, paused},
		{"3", "status", chat.Anyone, paused},
		{"4", "pause", chat.Moderator, paused},
		{"5", "resume daily", chat.Moderator, goesOn},
		{"2", "pause", chat.Moderator, goesOn}, // once more
		{"6", "resume plan=nightly", chat.Moderator, `No plan "nightly" posts passages into this room.`},
	} {
		if got := h.say(step.ref, lobby, step.right, step.text); got != step.want {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
	}
	if got := h.say("7", attic, chat.Moderator, "pause"); got != "No plan posts passages into this room." {
		t.Errorf("in another room: %q", got)
	}
}

func TestWhatAPauseDropsIsNotMadeUpFor(t *testing.T) {
	for _, way := range []schedule.CatchUp{schedule.One, schedule.All, schedule.None} {
		h := newHouse(t, "daily")
		plan := func(change func(*schedule.Plan)) (p schedule.Plan) {
			err := h.db.Update(t.Context(), func(tx *store.Tx) (err error) {
				if p, err = tx.Plan("daily"); err != nil {
					return err
				}
				change(&p)
				return tx.PutPlan(p)
			})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		plan(func(p *schedule.Plan) { p.CatchUp, p.Start = way, begin.Add(-10*24*time.Hour) })
		h.say("1", lobby, chat.Moderator, "pause")
		h.say("2", lobby, chat.Moderator, "resume")
		p := plan(func(*schedule.Plan) {})
		if due, _ := p.Due(begin); len(due) > 0 {
			t.Errorf("catching up %q, %d firings are made up for", way, len(due))
		}
		if due, _ := p.Due(begin.Add(7 * time.Hour)); len(due) != 1 && way != schedule.None {
			t.Errorf("catching up %q, %d firings come in the evening", way, len(due))
		}
	}
}

// A plan that the operator took out of the configuration is no moderator's to set
// going again.
func TestAPlanThatIsNoLongerConfigured(t *testing.T) {
	h := newHouse(t, "daily", "weekly")
	err := h.db.Update(t.Context(), func(tx *store.Tx) error {
		p, err := tx.Plan("daily")
		if err != nil {
			return err
		}
		p.FromConfig, p.Paused = true, true
		if err := tx.PutSetting(store.RetiredSetting("daily"), "yes"); err != nil {
			return err
		}
		return tx.PutPlan(p)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.say("1", lobby, chat.Moderator, "resume daily"); got != `No plan "daily" posts passages into this room.` {
		t.Errorf("of it is said %q", got)
	}
	if got := h.say("2", lobby, chat.Moderator, "next"); got != "Passage 1 of 3 is on its way." {
		t.Errorf("of the other one: %q", got)
	}
}
