package command

import (
	"slices"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

const (
	indexDays = 14 // that a thread counts as open after the last remark
	mostInIt  = 10 // threads that the list names
)

// Indexes returns what the relay words the lists of open threads with: of the
// passages about which people talked lately, those first about which they did last.
// It repeats nothing that people said.
func Indexes(env Env) func(*store.Tx, relay.Index) (format.Doc, error) {
	env = env.withDefaults()
	return func(tx *store.Tx, of relay.Index) (d format.Doc, err error) {
		env := env.speaking(of.Room)
		talk, err := tx.Talk(of.Discussion)
		if err != nil {
			return d, err
		}
		all, since := warmthsOf(talk), of.Now.Add(-indexDays*24*time.Hour)
		last := map[discussion.PassageID]time.Time{}
		for _, r := range talk.Remarks {
			all.add(r, -1)
			if at := r.Created(); !r.Gone && r.Under >= 0 && at.After(last[talk.Passages[r.Under]]) {
				last[talk.Passages[r.Under]] = at
			}
		}
		open := slices.DeleteFunc(all.mostSaid(), func(w warmth) bool { return !last[w.passage].After(since) })
		slices.SortStableFunc(open, func(a, b warmth) int { return last[b.passage].Compare(last[a.passage]) })
		text, err := tx.Head(of.Discussion)
		if err != nil {
			return d, err
		}
		shown := 0
		for _, w := range open {
			post, err := postOf(tx, w.passage, of.Room)
			if err != nil {
				return d, err
			}
			closed, err := relay.LockedNow(tx, w.passage)
			if err != nil {
				return d, err
			}
			if post.IsZero() || closed || shown == mostInIt {
				continue
			}
			if shown++; shown == 1 {
				d = paragraph(d, env.in.Sprintf("Open threads of %s:", relay.Title(text.Title)))
			}
			l, err := env.talkItem(tx, text, w, of.Room, false)
			if err != nil {
				return d, err
			}
			d = l.item(d)
		}
		return d, nil
	}
}
