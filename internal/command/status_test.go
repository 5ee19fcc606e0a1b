package command

import (
	"testing"
	"time"

	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// Comments that came in with a text are told apart from what was said about it since.
func TestStatusTellsOfComments(t *testing.T) {
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	p := schedule.Plan{Does: schedule.Drip, Cron: "30 18 * * *", Start: now}
	for comments, want := range map[int]string{
		0:   "The Tale: 3 of 15 passages posted, 1 annotation; daily at 18:30, next Mon 2 Nov 18:30 (UTC).",
		1:   "The Tale: 3 of 15 passages posted, 1 comment that came with it, 1 annotation; daily at 18:30, next Mon 2 Nov 18:30 (UTC).",
		300: "The Tale: 3 of 15 passages posted, 300 comments that came with it, 1 annotation; daily at 18:30, next Mon 2 Nov 18:30 (UTC).",
	} {
		s := store.Summary{Title: "The Tale", Passages: 15, Comments: comments, Annotations: 1}
		if got := PlanLine(lang.English, p, s, relay.Course{Posted: 3}, now); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}
