package page

import "time"

// Moment is a time as it is written, in UTC. The zero Moment is unknown.
type Moment struct{ time.Time }

// ISO is the time for machines.
func (m Moment) ISO() string { return m.UTC().Format(time.RFC3339) }

// Day is the date for people.
func (m Moment) Day() string { return m.UTC().Format("2 January 2006") }

// Minute is the date and the time for people.
func (m Moment) Minute() string { return m.UTC().Format("2 Jan 2006, 15:04 UTC") }

// Clock is the time of day for people.
func (m Moment) Clock() string { return m.UTC().Format("15:04") }
