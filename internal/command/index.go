package command

import (
	"cmp"
	"slices"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

const indexDays = 14 // that a thread counts as open after the last remark

// Indexes returns what the relay words the lists of open threads with: the passages
// about which people talked last, in the order of the text. It repeats nothing that
// people said, nor how much: it would be edited as often as they do.
func Indexes(env Env) func(*store.Tx, relay.Index) (format.Doc, error) {
	env = env.withDefaults()
	return func(tx *store.Tx, of relay.Index) (d format.Doc, err error) {
		env := env.speaking(of.Room)
		open, err := openThreads(tx, of)
		if err != nil || len(open) == 0 {
			return d, err
		}
		text, err := tx.Head(of.Discussion)
		if err != nil {
			return d, err
		}
		d = paragraph(d, env.in.Sprintf("Open threads of %s:", relay.Title(text.Title)))
		for _, p := range open {
			document, _, err := tx.Document(p.Document)
			if err != nil {
				return d, err
			}
			l, err := env.passageItem(tx, "", found{passage: p, text: text, document: document, start: p.Start, end: p.Start}, of.Room, false)
			if err != nil {
				return d, err
			}
			d = l.item(d)
		}
		return d, nil
	}
}

// openThreads are the passages under which people in whatever rooms talked last and
// not too long ago, which stand in the room and are not closed, in the order of the
// text.
func openThreads(tx *store.Tx, of relay.Index) (open []discussion.Passage, err error) {
	talk, err := tx.Talk(of.Discussion)
	if err != nil {
		return nil, err
	}
	last := make([]time.Time, len(talk.Passages))
	for _, r := range talk.Remarks {
		if at := r.Created(); !r.Gone && r.Under >= 0 && at.After(last[r.Under]) {
			last[r.Under] = at
		}
	}
	var lately []int
	for i, at := range last {
		if at.After(of.Now.Add(-indexDays * 24 * time.Hour)) {
			lately = append(lately, i)
		}
	}
	slices.SortFunc(lately, func(a, b int) int { return last[b].Compare(last[a]) })
	for _, i := range lately {
		post, err := postOf(tx, talk.Passages[i], of.Room)
		if err != nil {
			return nil, err
		}
		if post.IsZero() || len(open) == of.Most {
			continue
		}
		closed, err := relay.Locked(tx, post, of.Now)
		if err != nil {
			return nil, err
		}
		p, _, _, err := tx.Passage(talk.Passages[i])
		if err != nil {
			return nil, err
		}
		if !closed {
			open = append(open, p)
		}
	}
	slices.SortFunc(open, func(a, b discussion.Passage) int { return cmp.Compare(a.Seq, b.Seq) })
	return open, nil
}
