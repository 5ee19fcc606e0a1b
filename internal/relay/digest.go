package relay

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// toldOf names the setting that counts the annotations a digest plan was
// through with.
const toldOf = "digest:"

// digest enqueues a note of what was said since the plan's last digest. It
// says nothing if nothing was.
func digest(tx *store.Tx, p schedule.Plan, key string, now time.Time) error {
	head, err := tx.Head(p.Discussion)
	if err != nil {
		return err
	}
	talk, err := tx.Talk(p.Discussion)
	if err != nil {
		return err
	}
	told, err := tx.Setting(toldOf + p.Name) // how many were told of, in the order of commits: what comes late is told late, but told
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(told)
	if err := tx.PutSetting(toldOf+p.Name, strconv.Itoa(len(talk.Remarks))); err != nil {
		return err
	}
	body, err := digestOf(tx, head, talk, min(n, len(talk.Remarks)))
	if err != nil || body.Empty() {
		return err
	}
	note := store.Note{
		ID: discussion.NoteID(discussion.Derive("digest", p.Name, key)), Kind: "digest",
		Discussion: p.Discussion, Body: body, Created: now,
	}
	if err := tx.PutNote(note); err != nil {
		return err
	}
	for _, room := range p.Rooms {
		if err := tx.Stale(store.NoteThing(note.ID), room, "", store.ClassAnswer, now); err != nil {
			return err
		}
	}
	return nil
}

// digestOf names the most discussed passages among the remarks that nobody was
// told of, those behind the first; nothing if there are none.
func digestOf(tx *store.Tx, head discussion.Discussion, talk *store.Talk, first int) (body format.Doc, err error) {
	count := map[discussion.PassageID]int{}
	var order []discussion.PassageID
	fresh := 0
	for _, r := range talk.Remarks[first:] {
		if r.Gone || r.Under < 0 {
			continue
		}
		p := talk.Passages[r.Under]
		if count[p]++; count[p] == 1 {
			order = append(order, p)
		}
		fresh++
	}
	if fresh == 0 {
		return body, nil
	}
	slices.SortStableFunc(order, func(a, b discussion.PassageID) int { return cmp.Compare(count[b], count[a]) })
	body = body.Add(format.Block{Kind: format.Paragraph},
		fmt.Sprintf("%s: %s on %s since the last digest.", Title(head.Title), plural(fresh, "annotation"), plural(len(order), "passage")))
	for _, id := range order[:min(5, len(order))] {
		p, _, _, err := tx.Passage(id)
		if err != nil {
			return body, err
		}
		d, _, err := tx.Document(p.Document)
		if err != nil {
			return body, err
		}
		line := fmt.Sprintf("%s · %d: %s", plural(count[id], "annotation"), p.Seq, format.Excerpt(d.Body.Slice(p.Start, p.End), 120))
		body = body.Add(format.Block{Kind: format.List, Level: 1, Marker: "-"}, line)
	}
	return body, nil
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
