package command

import (
	"context"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

var status = Command{
	Command: chat.Command{Name: "status", Help: "what is read here, how far, and when it goes on"},
	Run: func(ctx context.Context, env Env, call chat.Call, now time.Time) (format.Doc, error) {
		var d format.Doc
		err := env.DB.View(ctx, func(tx *store.Tx) (err error) {
			d, err = statusHere(env.in, tx, call, now)
			return err
		})
		return d, err
	},
}

func statusHere(in lang.Language, tx *store.Tx, call chat.Call, now time.Time) (format.Doc, error) {
	var d format.Doc
	plans, err := plansHere(tx, call)
	if err != nil {
		return d, err
	}
	texts, err := tx.Discussions()
	if err != nil {
		return d, err
	}
	for _, p := range plans {
		for _, s := range texts {
			if s.ID != p.Discussion {
				continue
			}
			course, err := relay.CourseOf(tx, p)
			if err != nil {
				return d, err
			}
			d = item(d, PlanLine(in, p, s, course, now))
		}
	}
	if d.Empty() {
		d = paragraph(d, in.Sprintf("Nothing is read in this room yet."))
	}
	rooms, err := tx.RoomStatus()
	for _, r := range rooms {
		if r.Room == call.Ref.Place.Room && r.Pending+r.Dead > 0 {
			d = paragraph(d, waiting(in, r))
		}
	}
	return d, err
}

// PlanLine says in one line how far a plan is and when it goes on.
func PlanLine(in lang.Language, p schedule.Plan, s store.Summary, course relay.Course, now time.Time) string {
	line := in.Sprintf("%s: %d of %d passages posted, ", relay.Title(s.Title), min(course.Posted, s.Passages), s.Passages)
	if course.Skipped > 0 {
		line += in.Sprintf("%d skipped, ", course.Skipped)
	}
	line += Said(in, s.Comments, s.Annotations)
	if p.Does == schedule.Digest {
		line = in.Sprintf("%s: a digest of what is said", relay.Title(s.Title))
	}
	if p.Does == schedule.Drip && course.Over {
		return line + in.Sprintf("; the text is at its end.")
	}
	if p.Paused {
		return line + in.Sprintf("; paused.")
	}
	if course.Unread {
		return line + "; " + whileUnread(in, p, now) + "."
	}
	return line + "; " + Times(in, p, now) + "."
}

// Said says in words how many comments came in with a text, and how much was said
// about it since.
func Said(in lang.Language, comments, annotations int) string {
	if comments == 0 {
		return in.Sprintf("%d annotations", annotations)
	}
	return in.Sprintf("%d comments that came with it", comments) + ", " + in.Sprintf("%d annotations", annotations)
}

// whileUnread says when a plan goes on that waits for readers.
func whileUnread(in lang.Language, p schedule.Plan, now time.Time) string {
	if due, _ := p.Due(now); len(due) > 0 {
		return in.Sprintf("held: it goes on %s", onceRead(in, p))
	}
	return in.Sprintf("%s, or later, %s", Times(in, p, now), onceRead(in, p))
}

// onceRead says what a plan waits for, and what people can do about it.
func onceRead(in lang.Language, p schedule.Plan) string {
	if p.Wait > 1 {
		return in.Sprintf("as soon as somebody replies or reacts under the last %d passages or reads on from one (Next ▶, or passage step=next), or a moderator says next", p.Wait)
	}
	return in.Sprintf("as soon as somebody replies or reacts under the last passage or reads on from it (Next ▶, or passage step=next), or a moderator says next")
}

// Times says when a plan fires, when it does next, and what the clocks will do to
// it in the coming days.
func Times(in lang.Language, p schedule.Plan, now time.Time) string {
	line := p.WordsIn(in)
	if p.Quiet != "" {
		line += in.Sprintf(", quiet %s", p.Quiet)
	}
	if f, ok := p.After(now); ok {
		line += in.Sprintf(", next %s", When(in, f.At, p.Zone))
	}
	for _, s := range p.Shifts(now, now.Add(schedule.Ahead)) {
		line += "; " + s.In(in)
	}
	return line
}

// When writes a time as the people of a zone read it.
func When(in lang.Language, t time.Time, zone string) string {
	if loc, err := time.LoadLocation(zone); err == nil {
		t = t.In(loc)
	}
	if zone == "" {
		zone = "UTC"
	}
	return in.Moment(t) + " (" + zone + ")"
}

func waiting(in lang.Language, r store.RoomStatus) string {
	line := in.Sprintf("%d messages for this room waiting", r.Pending)
	if r.Dead > 0 {
		line += in.Sprintf(", %d given up", r.Dead)
	}
	return line + "."
}
