package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"marginalia/internal/chat"
	"marginalia/internal/command"
	"marginalia/internal/discussion"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// statusOf is what bot status --json prints.
type statusOf struct {
	Texts []textStatus `json:"texts"`
	Plans []planStatus `json:"plans"`
	Rooms []roomStatus `json:"rooms"`
	Held  int          `json:"held"` // events that wait in the inbox
}

type textStatus struct {
	ID          string    `json:"id"`
	Title       string    `json:"title"`
	Passages    int       `json:"passages"`
	Posted      int       `json:"posted"`
	Comments    int       `json:"comments"` // that came in with the text
	Annotations int       `json:"annotations"`
	ToReview    int       `json:"to_review"` // documents that are held back
	Imported    time.Time `json:"imported"`
}

type planStatus struct {
	Name     string     `json:"name"`
	Does     string     `json:"does"`
	Text     string     `json:"text"`
	Cron     string     `json:"cron"`
	When     string     `json:"when"`  // the same in words
	Quiet    string     `json:"quiet"` // "" if it never is
	Zone     string     `json:"zone"`
	Rooms    []string   `json:"rooms"`
	Paused   bool       `json:"paused"`
	Passages int        `json:"next_passage"`
	Skipped  int        `json:"skipped"` // passages that it passed without posting them
	Last     *time.Time `json:"last"`
	Next     *time.Time `json:"next"` // none while it is held
	Held     bool       `json:"held"` // it waits for readers, and would have posted by now

	WaitForReaders int `json:"wait_for_readers"`

	Changed string `json:"changed,omitempty"` // who changed when it fires, if not the configuration

	line string
}

type roomStatus struct {
	Room    string     `json:"room"`
	Pending int        `json:"pending"`
	Dead    int        `json:"dead"`
	Oldest  *time.Time `json:"oldest"`
	Why     string     `json:"why"`

	ReplacedBy string `json:"replaced_by,omitempty"`
	NotThere   string `json:"not_there,omitempty"` // what keeps the bot out of the room that replaced this one

	GivenUp []givenUp `json:"given_up"`
}

// givenUp is a dead letter.
type givenUp struct {
	What  string    `json:"what"`
	Why   string    `json:"why"`
	Since time.Time `json:"since"`
}

func (a *app) statusVerb() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Shows plans, rooms and what waits", Args: arguments(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			var s statusOf
			err = read(cmd.Context(), c, func(tx *store.Tx) (err error) {
				s, err = gatherStatus(tx, time.Now())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(s)
			}
			return a.printStatus(s)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func gatherStatus(tx *store.Tx, now time.Time) (statusOf, error) {
	s := statusOf{Texts: []textStatus{}, Plans: []planStatus{}, Rooms: []roomStatus{}}
	texts, err := tx.Discussions()
	if err != nil {
		return s, err
	}
	byID := map[string]store.Summary{}
	for _, t := range texts {
		byID[string(t.ID)] = t
		s.Texts = append(s.Texts, textStatus{string(t.ID), t.Title, t.Passages, t.Posted, t.Comments, t.Annotations, t.Waiting, t.Imported.UTC()})
	}
	plans, err := tx.Plans()
	if err != nil {
		return s, err
	}
	for _, p := range plans {
		course, err := relay.CourseOf(tx, p)
		if err != nil {
			return s, err
		}
		status := planStatusOf(p, byID[string(p.Discussion)], course, now)
		r, changed, err := relay.RetimedOf(tx, p.Name)
		if err != nil {
			return s, err
		}
		if changed {
			status.Changed = command.RetimedLine(lang.English, r)
		}
		s.Plans = append(s.Plans, status)
	}
	rooms, err := tx.RoomStatus()
	if err != nil {
		return s, err
	}
	for _, r := range rooms {
		dead, err := deadLetters(tx, r)
		if err != nil {
			return s, err
		}
		by, err := relay.ReplacementOf(tx, r.Room)
		if err != nil {
			return s, err
		}
		status := roomStatus{Room: r.Room.String(), Pending: r.Pending, Dead: r.Dead, Oldest: known(r.Oldest), Why: r.Why, NotThere: by.Why, GivenUp: dead}
		if by.To != (chat.Room{}) {
			status.ReplacedBy = by.To.String()
		}
		s.Rooms = append(s.Rooms, status)
	}
	held, err := tx.Held()
	s.Held = len(held)
	return s, err
}

func deadLetters(tx *store.Tx, r store.RoomStatus) ([]givenUp, error) {
	all := []givenUp{}
	if r.Dead == 0 {
		return all, nil
	}
	dead, err := tx.Dead(r.Room)
	for _, d := range dead {
		what, err := relay.Describe(tx, lang.English, d.Thing, 0)
		if err != nil {
			what = string(d.Thing) // it is not known any more, which may be why
		}
		all = append(all, givenUp{what, d.Why, d.Dead.UTC()})
	}
	return all, err
}

func planStatusOf(p schedule.Plan, text store.Summary, course relay.Course, now time.Time) planStatus {
	s := planStatus{
		Name: p.Name, Does: string(p.Does), Text: string(p.Discussion), Cron: p.Cron, When: p.Words(), Quiet: p.Quiet, Zone: p.Zone,
		Rooms: []string{}, Paused: p.Paused, Passages: course.Next, Skipped: course.Skipped, Last: known(p.Last),
		line: command.PlanLine(lang.English, p, text, course, now),
	}
	for _, r := range p.Rooms {
		s.Rooms = append(s.Rooms, r.String())
	}
	due, _ := p.Due(now)
	s.WaitForReaders, s.Held = p.Wait, course.Unread && !course.Over && len(due) > 0
	if f, ok := p.After(now); ok && !p.Paused && !s.Held {
		s.Next = known(f.At)
	}
	return s
}

// known is nil for a time that is not known, else the time in UTC.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// mostGivenUp is how many dead letters of a room are listed; --json lists all.
const mostGivenUp = 10

func (a *app) printStatus(s statusOf) error {
	fmt.Fprintf(a.out, "Texts: %d\n", len(s.Texts))
	for _, t := range s.Texts {
		fmt.Fprintf(a.out, "  %s  %d of %d passages posted, %s\n", t.ID, t.Posted, t.Passages, command.Said(lang.English, t.Comments, t.Annotations))
		if t.ToReview > 0 {
			fmt.Fprintf(a.out, "    %s\n", waiting(t.ToReview, discussion.ID(t.ID)))
		}
	}
	fmt.Fprintf(a.out, "Plans: %d\n", len(s.Plans))
	for _, p := range s.Plans {
		fmt.Fprintf(a.out, "  %s  %s\n", p.Name, p.line)
		if p.Changed != "" {
			fmt.Fprintf(a.out, "    %s\n", p.Changed)
		}
	}
	fmt.Fprintf(a.out, "Rooms: %d\n", len(s.Rooms))
	for _, r := range s.Rooms {
		fmt.Fprintf(a.out, "  %s  %d waiting, %d given up", r.Room, r.Pending, r.Dead)
		if r.Why != "" {
			fmt.Fprintf(a.out, ": %s", r.Why)
		}
		fmt.Fprintln(a.out)
		switch {
		case r.NotThere != "":
			fmt.Fprintf(a.out, "    replaced by %s, where the bot is not: %s\n", r.ReplacedBy, r.NotThere)
		case r.ReplacedBy != "":
			fmt.Fprintf(a.out, "    replaced by %s, where the bot goes on\n", r.ReplacedBy)
		}
		for i, g := range r.GivenUp {
			if i == mostGivenUp {
				fmt.Fprintf(a.out, "    … and %d more\n", len(r.GivenUp)-i)
				break
			}
			fmt.Fprintf(a.out, "    given up: %s: %s\n", g.What, g.Why)
		}
	}
	_, err := fmt.Fprintf(a.out, "Inbox: %d\n", s.Held)
	return err
}
