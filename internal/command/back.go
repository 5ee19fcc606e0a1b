package command

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

var back = Command{
	Command: chat.Command{
		Group: host, Name: "back", Needs: chat.Moderator,
		Help: "goes back to what was skipped: it comes next; of what was posted it says where it stands",
		Options: []chat.Option{
			{Name: "passage", Help: "the number of the passage to go back to; the one before the next, if you say none"},
			planOption,
		},
	},
	Run:      once(goBack),
	Complete: plansOffered,
}

func goBack(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (format.Doc, error) {
	seq, name := argument(call, "passage", 1), argument(call, "plan", 2)
	if _, err := strconv.Atoi(seq); err != nil && name == "" && call.Args["passage"] == "" {
		seq, name = "", seq // "back daily"
	}
	plan, why, err := planMeant(env.in, tx, call, name)
	if err != nil || why != "" {
		return format.Text(why), err
	}
	coming, err := comesNext(env.in, tx, plan, now)
	if err != nil {
		return format.Doc{}, err
	}
	if !first {
		return format.Text(env.in.Sprintf("This was done already.") + " " + coming), nil
	}
	to, why, err := wayBack(env.in, tx, plan, seq)
	if err != nil || why != "" {
		return format.Text(cmp.Or(why, coming)), err
	}
	return env.reopen(tx, plan, to, call.Ref.Place.Room, now)
}

// wayBack is the passage that back goes to, or why there is none. An excerpt
// that was skipped with what it quotes leads to that.
func wayBack(in lang.Language, tx *store.Tx, plan schedule.Plan, said string) (p discussion.Passage, why string, err error) {
	course, err := relay.CourseOf(tx, plan)
	if err != nil {
		return p, "", err
	}
	if plan.Next == 1 || course.Next == 1 && said == "" {
		return p, in.Sprintf("There is nothing to go back to: passage 1 comes next."), nil
	}
	seq, why := number(in, "back", said, course.Next-1, max(course.Next, plan.Next)-1)
	if why != "" {
		return p, why, nil
	}
	if p, err = tx.PassageAt(plan.Discussion, seq); err != nil || said != "" {
		return p, "", err
	}
	all, err := tx.Skips(plan)
	for err == nil && skipState(all, p) == store.Skipped {
		var quoted discussion.Passage
		if quoted, err = tx.Quoted(p); err != nil || skipState(all, quoted) != store.Skipped {
			break
		}
		p = quoted
	}
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return p, "", err
}

func skipState(all []store.Skip, p discussion.Passage) store.SkipState {
	i := slices.IndexFunc(all, func(k store.Skip) bool { return k.Passage.ID == p.ID })
	if i < 0 {
		return ""
	}
	return all[i].State
}

// reopen has what was skipped from a passage on come next. Of one that was not
// skipped it says where it stands.
func (e Env) reopen(tx *store.Tx, plan schedule.Plan, p discussion.Passage, room chat.Room, now time.Time) (format.Doc, error) {
	all, err := tx.Skips(plan)
	if err != nil {
		return format.Doc{}, err
	}
	if skipState(all, p) != store.Skipped {
		return e.notSkipped(tx, plan, p, all, room)
	}
	again, err := relay.Unskip(tx, plan.Name, p.Seq)
	if err != nil {
		return format.Doc{}, err
	}
	coming, err := comesNext(e.in, tx, plan, now)
	return format.Text(e.in.Sprintf("%[2]s are no longer skipped. %[3]s To post it now: next", len(again), capital(passages(e.in, again)), coming)), err
}

// notSkipped says what became of a passage in a room that was not skipped, and
// which ones were.
func (e Env) notSkipped(tx *store.Tx, plan schedule.Plan, p discussion.Passage, all []store.Skip, room chat.Room) (format.Doc, error) {
	post, err := postOf(tx, p.ID, room)
	if err != nil {
		return format.Doc{}, err
	}
	said, err := fate(e.in, tx, skipState(all, p), post, p, room)
	if err != nil {
		return format.Doc{}, err
	}
	l := line{text: e.in.Sprintf("Passage %d %s", p.Seq, said)}
	d := e.whereabouts(l, post, plan.Discussion, p.ID).paragraph(format.Doc{})
	var skipped []discussion.Passage
	for _, k := range all {
		if k.State == store.Skipped {
			skipped = append(skipped, k.Passage)
		}
	}
	if len(skipped) > 0 {
		d = paragraph(d, e.in.Sprintf("%[2]s are skipped. To go back there: back %[3]d", len(skipped), capital(passages(e.in, skipped)), skipped[0].Seq))
	}
	return d, nil
}

// fate is what became of a passage in a room where post shows it, if any does.
func fate(in lang.Language, tx *store.Tx, s store.SkipState, post chat.Ref, p discussion.Passage, room chat.Room) (string, error) {
	if !post.IsZero() {
		return in.Sprintf("stands here already, and nothing is posted twice."), nil
	}
	if s == store.Again {
		return in.Sprintf("comes soon: it is no longer skipped."), nil
	}
	d, err := tx.Delivery(store.PassageThing(p.ID), room)
	switch {
	case err == nil && d.Dead.IsZero():
		return in.Sprintf("is on its way."), nil
	case err == nil:
		return in.Sprintf("could not be posted here (%s). To try again: retry", d.Why), nil
	case !errors.Is(err, store.ErrNotFound):
		return "", err
	}
	copies, err := tx.Copies(store.PassageThing(p.ID), room)
	if len(copies) > 0 {
		return in.Sprintf("stood here and was removed: what somebody took away is not posted again."), err
	}
	return in.Sprintf("did not come into this room, and does not come any more."), err
}
