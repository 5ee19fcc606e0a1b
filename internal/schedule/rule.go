package schedule

import "time"

// rule is when a plan fires: whenever one of its lines does, at one moment once.
type rule struct {
	lines []line
}

func (p Plan) rule() (rule, error) {
	lines, err := p.lines()
	return rule{lines}, err
}

// after returns the first firing after t and after the start, in the plan's
// zone; zero if there is none.
func (r rule) after(t time.Time) time.Time {
	first := time.Time{}
	for _, l := range r.lines {
		if at := l.after(t); first.IsZero() || !at.IsZero() && at.Before(first) {
			first = at
		}
	}
	return first
}
