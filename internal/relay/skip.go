package relay

import (
	"errors"
	"slices"

	"marginalia/internal/discussion"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// Skip has a drip plan pass by its next n passages without posting them, and by
// the excerpts that quote them. Excerpts of what stands in the rooms are not
// lost: they come when the plan goes on. It returns what is skipped; none means
// that the plan is at its end.
func Skip(tx *store.Tx, plan string, n int) (skipped []discussion.Passage, err error) {
	p, err := tx.Plan(plan)
	if err != nil {
		return nil, err
	}
	q, err := aheadOf(tx, &p)
	if err != nil {
		return nil, err
	}
	var put []discussion.Passage // these come when it goes on
	for own := 0; ; {
		next, err := q.next()
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		how, err := q.skipping(next)
		if err != nil {
			return nil, err
		}
		if how == ownPost {
			own++
		}
		if own > n {
			break
		}
		becomes := store.Skipped
		if how == inThread {
			becomes, put = store.Late, append(put, next)
		} else {
			skipped = append(skipped, next)
		}
		if err := q.pass(next, becomes); err != nil {
			return nil, err
		}
	}
	for _, one := range put {
		if err := tx.PutSkip(plan, one.ID, store.Again); err != nil {
			return nil, err
		}
	}
	return skipped, tx.PutPlan(p)
}

// Unskip has a drip plan post after all what it skipped from a place of the
// reading order on, before what it would post next. It returns the passages.
func Unskip(tx *store.Tx, plan string, from int) (again []discussion.Passage, err error) {
	p, err := tx.Plan(plan)
	if err != nil {
		return nil, err
	}
	all, err := tx.Skips(p)
	if err != nil {
		return nil, err
	}
	for _, k := range all {
		if k.State != store.Skipped || k.Passage.Seq < from {
			continue
		}
		if err := tx.PutSkip(plan, k.Passage.ID, store.Again); err != nil {
			return nil, err
		}
		again = append(again, k.Passage)
	}
	return again, nil
}

// Upcoming is the passage that a drip plan posts next, or ErrNotFound at its end.
func Upcoming(tx *store.Tx, p schedule.Plan) (discussion.Passage, error) {
	q, err := aheadOf(tx, &p)
	if err != nil {
		return discussion.Passage{}, err
	}
	return q.next()
}

// Course is how far a drip plan has come.
type Course struct {
	Posted  int // passages, those that are on their way included
	Skipped int
	Next    int // Seq of the passage that comes next; behind the last at the end
	Over    bool
	Unread  bool // nobody answered the last passages, and the plan waits for that
}

// CourseOf returns how far a drip plan has come.
func CourseOf(tx *store.Tx, p schedule.Plan) (Course, error) {
	c := Course{Posted: max(p.Next-1, 0), Next: p.Next}
	all, err := tx.Skips(p)
	if err != nil {
		return c, err
	}
	for _, k := range all {
		if k.Passage.Seq >= p.Next || k.State == store.Late {
			continue
		}
		c.Posted--
		if k.State == store.Skipped {
			c.Skipped++
		}
	}
	if c.Unread, err = goneUnread(tx, p); err != nil {
		return c, err
	}
	next, err := Upcoming(tx, p)
	if err == nil {
		c.Next = next.Seq
	}
	c.Over = errors.Is(err, store.ErrNotFound)
	return c, ignoreMissing(err)
}

// ahead is what a drip plan has yet to post: first what it skipped and was told
// to post after all, then from Next on what is not to be skipped.
type ahead struct {
	tx    *store.Tx
	plan  *schedule.Plan
	skips []store.Skip
}

func aheadOf(tx *store.Tx, p *schedule.Plan) (*ahead, error) {
	skips, err := tx.Skips(*p)
	return &ahead{tx, p, skips}, err
}

// next is what comes first. It moves the plan on past what is skipped.
func (q *ahead) next() (discussion.Passage, error) {
	for _, k := range q.skips {
		if k.State == store.Again && k.Passage.Seq < q.plan.Next {
			return k.Passage, nil
		}
	}
	for ; ; q.plan.Next++ {
		p, err := q.tx.PassageAt(q.plan.Discussion, q.plan.Next)
		if err != nil || q.state(p.ID) != store.Skipped {
			return p, err
		}
	}
}

func (q *ahead) state(p discussion.PassageID) store.SkipState {
	if i := q.index(p); i >= 0 {
		return q.skips[i].State
	}
	return ""
}

func (q *ahead) index(p discussion.PassageID) int {
	return slices.IndexFunc(q.skips, func(k store.Skip) bool { return k.Passage.ID == p })
}

// posted takes what comes first away.
func (q *ahead) posted(p discussion.Passage) error {
	if q.index(p.ID) >= 0 {
		return q.pass(p, store.Late)
	}
	q.plan.Next++
	return nil
}

// pass takes what comes first away, and records what became of it.
func (q *ahead) pass(p discussion.Passage, s store.SkipState) error {
	if i := q.index(p.ID); i >= 0 {
		q.skips[i].State = s
	} else {
		q.skips = append(q.skips, store.Skip{Passage: p, State: s})
	}
	if p.Seq == q.plan.Next {
		q.plan.Next++
	}
	return q.tx.PutSkip(q.plan.Name, p.ID, s)
}

// how a passage would come, if it were posted.
type how uint8

const (
	ownPost  how = iota
	inThread     // everywhere under what it quotes
	withIt       // it quotes what is skipped, and goes with that
)

func (q *ahead) skipping(p discussion.Passage) (how, error) {
	quoted, err := q.tx.Quoted(p)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return ownPost, err
	}
	if err == nil && q.state(quoted.ID) == store.Skipped {
		return withIt, nil
	}
	under, err := threads(q.tx, p, q.plan.Rooms)
	if err != nil || len(under) == 0 || slices.Contains(under, "") {
		return ownPost, err
	}
	return inThread, nil
}
