package command

import (
	"context"
	"fmt"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

var status = Command{
	Command: chat.Command{Name: "status", Help: "what is read here, how far, and when it goes on"},
	Run: func(ctx context.Context, env Env, call chat.Call, now time.Time) (format.Doc, error) {
		var d format.Doc
		err := env.DB.View(ctx, func(tx *store.Tx) (err error) {
			d, err = statusHere(tx, call, now)
			return err
		})
		return d, err
	},
}

func statusHere(tx *store.Tx, call chat.Call, now time.Time) (format.Doc, error) {
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
			d = item(d, PlanLine(p, s, course, now))
		}
	}
	if d.Empty() {
		d = paragraph(d, "Nothing is read in this room yet.")
	}
	rooms, err := tx.RoomStatus()
	for _, r := range rooms {
		if r.Room == call.Ref.Place.Room && r.Pending+r.Dead > 0 {
			d = paragraph(d, waiting(r))
		}
	}
	return d, err
}

// PlanLine says in one line how far a plan is and when it goes on.
func PlanLine(p schedule.Plan, s store.Summary, course relay.Course, now time.Time) string {
	line := fmt.Sprintf("%s: %d of %d passages posted, ", relay.Title(s.Title), min(course.Posted, s.Passages), s.Passages)
	if course.Skipped > 0 {
		line += fmt.Sprintf("%d skipped, ", course.Skipped)
	}
	line += Said(s.Comments, s.Annotations)
	if p.Does == schedule.Digest {
		line = fmt.Sprintf("%s: a digest of what is said", relay.Title(s.Title))
	}
	if p.Does == schedule.Drip && course.Over {
		return line + "; the text is at its end."
	}
	if p.Paused {
		return line + "; paused."
	}
	if course.Unread {
		return line + "; " + whileUnread(p, now) + "."
	}
	return line + "; " + Times(p, now) + "."
}

// Said says in words how many comments came in with a text, and how much was said
// about it since.
func Said(comments, annotations int) string {
	if comments == 0 {
		return plural(annotations, "annotation")
	}
	return plural(comments, "comment") + " that came with it, " + plural(annotations, "annotation")
}

// whileUnread says when a plan goes on that waits for readers.
func whileUnread(p schedule.Plan, now time.Time) string {
	if due, _ := p.Due(now); len(due) > 0 {
		return "held: it goes on " + onceRead(p)
	}
	return Times(p, now) + ", or later, " + onceRead(p)
}

// onceRead says what a plan waits for, and what people can do about it.
func onceRead(p schedule.Plan) string {
	last := "passage or reads on from it"
	if p.Wait > 1 {
		last = plural(p.Wait, "passage") + " or reads on from one"
	}
	return "as soon as somebody replies or reacts under the last " + last + " (Next ▶, or passage step=next), or a moderator says next"
}

// Times says when a plan fires, when it does next, and what the clocks will do to
// it in the coming days.
func Times(p schedule.Plan, now time.Time) string {
	line := p.Words()
	if p.Quiet != "" {
		line += ", quiet " + p.Quiet
	}
	if f, ok := p.After(now); ok {
		line += ", next " + When(f.At, p.Zone)
	}
	for _, s := range p.Shifts(now, now.Add(schedule.Ahead)) {
		line += "; " + s.String()
	}
	return line
}

// When writes a time as the people of a zone read it.
func When(t time.Time, zone string) string {
	if loc, err := time.LoadLocation(zone); err == nil {
		t = t.In(loc)
	}
	if zone == "" {
		zone = "UTC"
	}
	layout := "Mon 2 Jan 15:04"
	if t.Second() != 0 {
		layout += ":05"
	}
	return t.Format(layout) + " (" + zone + ")"
}

func waiting(r store.RoomStatus) string {
	line := plural(r.Pending, "message") + " for this room waiting"
	if r.Dead > 0 {
		line += fmt.Sprintf(", %d given up", r.Dead)
	}
	return line + "."
}
