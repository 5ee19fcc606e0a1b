package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// mostSkipped is how many passages are skipped at once: back takes all of them back.
const mostSkipped = 100

var skip = Command{
	Command: chat.Command{
		Group: host, Name: "skip", Help: "goes on without posting the next passage, in none of the plan's rooms; back undoes it", Needs: chat.Moderator,
		Options: []chat.Option{
			{Name: "count", Help: fmt.Sprintf("how many passages, 1 to %d", mostSkipped)},
			planOption,
		},
	},
	Run: once(func(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (format.Doc, error) {
		said, err := skipNext(env.in, tx, call, first, now)
		return format.Text(said), err
	}),
	Complete: plansOffered,
}

func skipNext(in lang.Language, tx *store.Tx, call chat.Call, first bool, now time.Time) (string, error) {
	n, why := number(in, call.Name, argument(call, "count", 1), 1, mostSkipped)
	if why != "" {
		return why, nil
	}
	plan, why, err := planMeant(in, tx, call, argument(call, "plan", 2))
	if err != nil || why != "" {
		return why, err
	}
	if !first {
		coming, err := comesNext(in, tx, plan, now)
		return in.Sprintf("This was done already.") + " " + coming, err
	}
	skipped, err := relay.Skip(tx, plan.Name, n)
	if err != nil {
		return "", err
	}
	coming, err := comesNext(in, tx, plan, now)
	if err != nil || len(skipped) == 0 {
		return coming, err
	}
	_, _, total, err := tx.Passage(skipped[0].ID)
	return in.Sprintf("%[2]s of %[3]d are skipped: nothing of it is posted. %[4]s To have it after all: back %[5]d",
		len(skipped), capital(passages(in, skipped)), total, coming, skipped[0].Seq), err
}

// number reads a number from 1 to most, which is what it is if nothing was said,
// or says what is to be said.
func number(in lang.Language, command, said string, unsaid, most int) (n int, why string) {
	if said == "" {
		return unsaid, ""
	}
	n, err := strconv.Atoi(said)
	if err != nil || n < 1 || n > most {
		return 0, in.Sprintf("%s takes a number from 1 to %d.", command, most)
	}
	return n, ""
}

// planMeant is the one drip plan of the room that a command means, or why that
// cannot be told.
func planMeant(in lang.Language, tx *store.Tx, call chat.Call, name string) (schedule.Plan, string, error) {
	here, err := plansHere(tx, call)
	if err != nil {
		return schedule.Plan{}, "", err
	}
	plan, why := pick(in, here, call.Name, name)
	return plan, why, nil
}

// comesNext says which passage a plan posts next, and when.
func comesNext(in lang.Language, tx *store.Tx, was schedule.Plan, now time.Time) (string, error) {
	p, err := tx.Plan(was.Name)
	if err != nil {
		return "", err
	}
	next, err := relay.Upcoming(tx, p)
	if errors.Is(err, store.ErrNotFound) {
		return in.Sprintf("The text is at its end: there is no further passage."), nil
	}
	if err != nil {
		return "", err
	}
	said := in.Sprintf("Passage %d comes next", next.Seq)
	f, ok := p.After(now)
	held, err := relay.Held(tx, p, now)
	switch {
	case err != nil:
		return "", err
	case held:
		return said + ", " + onceRead(in, p) + ".", nil
	case p.Paused:
		return said + in.Sprintf("; the plan is paused."), nil
	case ok:
		return said + ", " + When(in, f.At, p.Zone) + ".", nil
	}
	return said + ".", nil
}

// passages names passages by their numbers: "passage 3", "passages 3 to 5, 7".
func passages(in lang.Language, all []discussion.Passage) string {
	var runs []string
	for i := 0; i < len(all); {
		end := i
		for end+1 < len(all) && all[end+1].Seq == all[end].Seq+1 {
			end++
		}
		run := strconv.Itoa(all[i].Seq)
		if end > i {
			run = in.Sprintf("%d to %d", all[i].Seq, all[end].Seq)
		}
		runs, i = append(runs, run), end+1
	}
	if len(all) == 1 {
		return in.Sprintf("passage %s", runs[0])
	}
	return in.Sprintf("passages %s", strings.Join(runs, ", "))
}

// capital begins a sentence with words of plain letters.
func capital(words string) string { return strings.ToUpper(words[:1]) + words[1:] }
