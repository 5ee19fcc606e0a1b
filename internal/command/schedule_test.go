package command

import (
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// A moderator asks when the plan posts, and changes it in plain words or by a cron
// line; what is not understood changes nothing and shows how to say it; a call
// that is run again does not undo a later one.
func TestSchedule(t *testing.T) {
	h := newHouse(t, "evenings")
	for _, step := range []struct{ ref, text, want string }{
		{"1", "schedule", `"evenings": daily at 18:30 (Europe/Berlin); next ` + evening + "."},
		{"2", "schedule weekdays 8:30 and 18:00", `"evenings": weekdays at 08:30 and 18:00 (Europe/Berlin); next Mon 2 Mar 18:00 (Europe/Berlin).`},
		{"3", "schedule evenings sun noon America/New_York", `"evenings": Sun at 12:00 (America/New_York); next Sun 8 Mar 12:00 (America/New_York).`},
		{"2", "schedule weekdays 8:30 and 18:00", `"evenings": Sun at 12:00 (America/New_York); next Sun 8 Mar 12:00 (America/New_York).`}, // once more
		{"4", `schedule when="0 20 * * 3" plan=evenings zone=UTC`, `"evenings": Wed at 20:00 (UTC); next Wed 4 Mar 20:00 (UTC).`},
		{"5", "schedule evenings", `"evenings": Wed at 20:00 (UTC); next Wed 4 Mar 20:00 (UTC).`},
		{"6", "schedule zone=Europe/Berlin", `"evenings": Wed at 20:00 (Europe/Berlin); next Wed 4 Mar 20:00 (Europe/Berlin).`},
		{"7", "schedule plan=nightly", `No plan "nightly" posts passages into this room.`},
		{"8", "schedule every 2 minutes", "That is too often: posts are to be at least 5 minutes apart. For single ones: next"},
	} {
		if got := h.say(step.ref, lobby, chat.Moderator, step.text); got != step.want {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
	}
	for _, text := range []string{"schedule when the moon is full", "schedule daily 18:30 zone=Nowhere", "schedule 18:30 Mars/Olympus"} {
		if got := h.say(text, lobby, chat.Moderator, text); !strings.HasPrefix(got, "That ") || !strings.HasSuffix(got, string(howToSay)) {
			t.Errorf("%s: %q", text, got)
		}
	}
	if got := h.say("9", lobby, chat.Anyone, "schedule"); got != `Only a moderator of this room may use "schedule".` {
		t.Errorf("anyone is told %q", got)
	}
	if got := h.say("10", attic, chat.Moderator, "schedule daily 9:00"); got != "No plan posts passages into this room." {
		t.Errorf("in another room: %q", got)
	}
	h.update(func(tx *store.Tx) error {
		p, err := tx.Plan("evenings")
		if p.Cron != "0 20 * * 3" || p.Zone != "Europe/Berlin" || !p.Start.Equal(begin) {
			t.Errorf("the plan is %+v", p)
		}
		return err
	})
}

// Of a plan that the configuration made it is said who changed it, until what is
// said is what the configuration says.
func TestScheduleSaysWhoChangedIt(t *testing.T) {
	h := newHouse(t, "evenings")
	h.update(func(tx *store.Tx) error {
		p, err := tx.Plan("evenings")
		if err != nil {
			return err
		}
		p.FromConfig = true
		return tx.PutPlan(p)
	})
	got := h.say("1", lobby, chat.Moderator, "schedule daily 9:00")
	if want := `"evenings": daily at 09:00 (Europe/Berlin); next Tue 3 Mar 09:00 (Europe/Berlin). It was changed in a room on local (Mon 2 Mar 12:00 (UTC)); the configuration says: daily at 18:30 (Europe/Berlin).`; got != want {
		t.Errorf("%q; want %q", got, want)
	}
	h.say("2", lobby, chat.Moderator, "schedule daily 10:00")
	if got, want := h.say("3", lobby, chat.Moderator, "schedule daily 18:30"), `"evenings": daily at 18:30 (Europe/Berlin); next `+evening+"."; got != want {
		t.Errorf("and back: %q; want %q", got, want)
	}
	h.update(func(tx *store.Tx) error {
		if _, changed, err := relay.RetimedOf(tx, "evenings"); changed || err != nil {
			t.Errorf("it is still changed, %v", err)
		}
		return nil
	})
}

// Several plans are told apart by their names, those that the configuration calls
// like a day, too.
func TestScheduleOfOneOfSeveral(t *testing.T) {
	h := newHouse(t, "daily", "weekly")
	for _, step := range []struct{ ref, text, want string }{
		{"1", "schedule daily 9:00", `This room has several plans: "daily" "weekly". Say which, as in: schedule plan=daily`},
		{"2", "schedule weekly daily 9:00", `"weekly": daily at 09:00`},
		{"3", "schedule daily", `"daily": daily at 18:30`},
		{"4", "schedule daily 8:00 plan=daily", `"daily": daily at 08:00`},
	} {
		if got := h.say(step.ref, lobby, chat.Moderator, step.text); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
	}
	h.update(func(tx *store.Tx) error {
		p, err := tx.Plan("weekly")
		if due, _ := p.Due(begin.Add(time.Hour)); len(due) > 0 || p.Does != schedule.Drip {
			t.Errorf("what the old line would have done is made up for: %+v", due)
		}
		return err
	})
}
