// Package schedule says when: plans, their cron lines and time zones, and what
// is due. It is the only importer of robfig/cron, and it never reads a clock.
//
// [Parse] reads what a person typed, plain words or a cron line, and makes cron
// lines of it; [Plan.Words] says a plan's lines in plain words again.
package schedule

import (
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
)

// Does is what a plan does when it fires.
type Does string

// What plans do.
const (
	Drip   Does = "drip"   // posts the next passages
	Digest Does = "digest" // posts what was said since the last digest
)

// CatchUp is what becomes of firings missed while the bot was down, and of several
// that fall into one quiet time.
type CatchUp string

// The ways to catch up.
const (
	One  CatchUp = "one"  // all missed firings count as one (default)
	All  CatchUp = "all"  // each missed firing is made up for
	None CatchUp = "none" // missed firings are dropped, and those in the quiet
)

// Plan is an appointment that repeats.
type Plan struct {
	Name       string
	Does       Does
	Discussion discussion.ID
	Cron       string // five fields, or @daily …, or "@every 20s"; several are parted by "; "
	Zone       string // IANA name; "" = UTC
	Rooms      []chat.Room
	Count      int // passages a firing, at least 1
	CatchUp    CatchUp
	Pause      time.Duration // between firings that CatchUp All makes up for; 0: none
	Quiet      string        // "22:00-07:00", in Zone; "": never
	Wait       int           // a drip posts so many passages while nobody answers any of them; 0: all
	Skip       []string      // dates in Zone: "2026-12-24", "12-24", "2026-12-25..2027-01-01"
	Paused     bool
	FromConfig bool      // re-asserted from config.toml at each start
	Start      time.Time // @every counts from here; nothing fires before it
	Last       time.Time // by its lines, of the newest firing that was made or dropped; zero: none yet
	Made       time.Time // when the newest firing was made; zero: none yet
	Next       int       // Seq of the passage that a drip posts next, from 1
}

// Firing is one appointment of a plan.
type Firing struct {
	Key string    // unique for the plan and the appointment, the same on every machine
	At  time.Time // when it is to be made, or was
}
