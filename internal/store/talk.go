package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"marginalia/internal/discussion"
)

// Talk is what was said about a discussion, and how people reacted to its passages
// and to that, without a word of it. It is shared: it must not be changed.
type Talk struct {
	Passages  []discussion.PassageID // under which something was said, or to which somebody reacted
	People    []discussion.PersonID  // the accounts that did, and those that they are published as
	Self      []int32                // of each of People, the place there of the one that it is published as
	Remarks   []Remark               // those that are gone included, in the order of commits
	Reactions []Reacted              // in the order of recording
}

// Remark is an annotation without its words. The passage and the people are
// places in a Talk, -1 for none; somebody made it always.
type Remark struct {
	Under, By int32
	To        int32 // whose remark it answers
	Gone      bool
	created   int64
}

// Created is when it was made.
func (r Remark) Created() time.Time { return timeOf(r.created) }

// Reacted is a reaction. The passage that it is to, or that what it is to stands
// under, and who reacted are places in a Talk; that of the passage is -1 for none.
type Reacted struct {
	Under, By int32
	Remark    bool // to a remark
	Gone      bool // which is gone
	Emoji     string
	given     int64
	ord       int64
}

// At is when it was given.
func (r Reacted) At() time.Time { return timeOf(r.given) }

// Talk returns what was said about a discussion; nothing about one that is not
// known. It is kept in memory for the next who asks: the database tells whether
// anything changed since.
func (tx *Tx) Talk(id discussion.ID) (*Talk, error) {
	at, err := row(tx, talkStateRow, `SELECT d.num, COALESCE(s.orders, 0),
		COALESCE(s.changes, 0) + COALESCE((SELECT changes FROM said WHERE discussion = 0), 0)
		FROM discussions d LEFT JOIN said s ON s.discussion = d.num WHERE d.id = $1`, id)
	if errors.Is(err, ErrNotFound) {
		return &Talk{}, nil
	}
	at.era = tx.era
	if known := tx.db.talks.of(at); known != nil && err == nil {
		return known, nil
	}
	var t *Talk
	if err == nil {
		t, err = tx.readTalk(at.of)
	}
	if err != nil {
		return nil, fmt.Errorf("what was said about %s: %w", id, err)
	}
	if tx.reads { // what an Update sees may be undone
		tx.db.talks.keep(at, t)
	}
	return t, nil
}

// ReactionOf returns a reaction of a Talk as a whole, or ErrNotFound.
func (tx *Tx) ReactionOf(r Reacted) (Reaction, error) {
	return row(tx, reactionRow, reactionQuery+" WHERE r.ord = $1", r.ord)
}

// retell notes that what Talk tells of a discussion changed otherwise than by a
// new annotation, and that so many more annotations are neither deleted nor hidden.
func (tx *Tx) retell(of, standing int64) error {
	_, err := tx.exec("INSERT INTO said (discussion, orders, changes, standing) VALUES ($1, 0, 1, $2)"+andRetold, of, standing)
	return err
}

// retellOf notes it of the discussion that a thing belongs to, or of all where
// that is not known: the thing may become part of one at this moment, in a
// transaction that does not see this one and is not seen by it. A note is part of
// none.
func (tx *Tx) retellOf(t Thing, num int64) error {
	if t.Note() != "" {
		return nil
	}
	from, is := "annotations WHERE num = $1", any(num)
	if p := t.Passage(); p != "" {
		from, is = "passages WHERE id = $1", any(p)
	}
	_, err := tx.exec("INSERT INTO said (discussion, orders, changes, standing) VALUES (COALESCE((SELECT discussion FROM "+from+"), 0), 0, 1, 0)"+andRetold, is)
	return err
}

const andRetold = " ON CONFLICT (discussion) DO UPDATE SET changes = said.changes + 1, standing = said.standing + excluded.standing"

// retellAll notes it of all discussions, those too that have no row yet: what row
// 0 counts, which is no discussion's, counts for each of them.
func (tx *Tx) retellAll() error { return tx.retell(0, 0) }

// talkState is what a Talk was read of. Both counts only rise, in transactions
// that wait for each other: where they are the same, so is all that is told. What
// was lost with a server's memory is another era's.
type talkState struct{ of, orders, changes, era int64 }

func talkStateRow(s scanner) (at talkState, err error) {
	err = s.Scan(&at.of, &at.orders, &at.changes)
	return at, err
}

const mostTold = 15 << 20 // bytes, of all that is kept together

// talks are what was read last, so that a long talk is not read again each time
// that somebody asks how long it is.
type talks struct {
	mu   sync.Mutex
	kept []keptTalk // in the order of reading
	size int
}

type keptTalk struct {
	at   talkState
	talk *Talk
	size int
}

func (t *talks) of(at talkState) *Talk {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.kept, func(k keptTalk) bool { return k.at == at })
	if i < 0 {
		return nil
	}
	return t.kept[i].talk
}

func (t *talks) keep(at talkState, talk *Talk) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(slices.IndexFunc(t.kept, func(k keptTalk) bool { return k.at.of == at.of }))
	size := talk.size()
	if size > mostTold {
		return
	}
	for t.size+size > mostTold {
		t.drop(0)
	}
	t.kept, t.size = append(t.kept, keptTalk{at, talk, size}), t.size+size
}

func (t *talks) drop(i int) {
	if i >= 0 {
		t.size -= t.kept[i].size
		t.kept = slices.Delete(t.kept, i, i+1)
	}
}

// size is how many bytes a Talk takes; what tells nothing takes its place, too.
func (t *Talk) size() int {
	n := talkSize + remarkSize*cap(t.Remarks) + reactedSize*cap(t.Reactions) +
		idSize*(cap(t.Passages)+cap(t.People)) + selfSize*cap(t.Self)
	for _, id := range t.Passages {
		n += len(id)
	}
	for _, id := range t.People {
		n += len(id)
	}
	return n
}

const (
	talkSize    = 168 // with what it is kept in
	remarkSize  = 24
	reactedSize = 48
	idSize      = 16 // without its letters
	selfSize    = 4
)

// readTalk reads all that was said about the discussion of a number. It joins as
// little as it can: what stands in a hundred thousand rows is looked up once.
func (tx *Tx) readTalk(of int64) (*Talk, error) {
	said, err := rows(tx, remarkRow, `SELECT a.ord, a.under, a.creator,
		COALESCE((SELECT CASE WHEN o.discussion = a.discussion THEN o.creator ELSE 0 END FROM annotations o WHERE o.num = a.answers), 0),
		a.deleted <> 0 OR a.hidden <> 0, a.created FROM annotations a WHERE a.discussion = $1`, of)
	if err != nil {
		return nil, err
	}
	given, err := rows(tx, givenRow, `SELECT r.ord, r.person, r.emoji, r.given, a.under, 1 = 1, a.deleted <> 0 OR a.hidden <> 0
		FROM annotations a JOIN reactions r ON r.thing = a.num WHERE a.discussion = $1
		UNION ALL SELECT r.ord, r.person, r.emoji, r.given, p.num, 1 = 0, 1 = 0
		FROM passages p JOIN things t ON t.id = 'p:' || p.id JOIN reactions r ON r.thing = t.num WHERE p.discussion = $2`, of, of)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(said, func(a, b remarkRead) int { return cmp.Compare(a.ord, b.ord) })
	slices.SortFunc(given, func(a, b givenRead) int { return cmp.Compare(a.ord, b.ord) })
	b := telling{tx: tx, places: map[discussion.PersonID]int32{}}
	return b.talk(said, given)
}

type remarkRead struct {
	ord, under, by, to int64
	gone               bool
	created            int64
}

func remarkRow(s scanner) (r remarkRead, err error) {
	err = s.Scan(&r.ord, &r.under, &r.by, &r.to, &r.gone, &r.created)
	return r, err
}

type givenRead struct {
	ord, under, at int64
	by             discussion.PersonID
	emoji          string
	remark, gone   bool
}

func givenRow(s scanner) (r givenRead, err error) {
	err = s.Scan(&r.ord, &r.by, &r.emoji, &r.at, &r.under, &r.remark, &r.gone)
	return r, err
}

// telling makes a Talk of what was read.
type telling struct {
	tx     *Tx
	t      Talk
	places map[discussion.PersonID]int32 // in t.People
}

func (b *telling) talk(said []remarkRead, given []givenRead) (*Talk, error) {
	people, passages := map[int64]int32{0: -1}, map[int64]int32{0: -1} // by number, where they stand in t
	for _, r := range said {
		people[r.by], people[r.to], passages[r.under] = -1, -1, -1
	}
	for _, r := range given {
		passages[r.under] = -1
	}
	err := named(b.tx, "people", people, func(id string) int32 { return b.person(discussion.PersonID(id)) })
	if err == nil {
		err = named(b.tx, "passages", passages, func(id string) int32 {
			b.t.Passages = append(b.t.Passages, discussion.PassageID(id))
			return int32(len(b.t.Passages) - 1)
		})
	}
	if err != nil {
		return nil, err
	}
	b.t.Remarks = make([]Remark, len(said))
	for i, r := range said {
		b.t.Remarks[i] = Remark{passages[r.under], people[r.by], people[r.to], r.gone, r.created}
	}
	emoji := map[string]string{} // each once in memory
	b.t.Reactions = make([]Reacted, len(given))
	for i, r := range given {
		if _, ok := emoji[r.emoji]; !ok {
			emoji[r.emoji] = r.emoji
		}
		b.t.Reactions[i] = Reacted{passages[r.under], b.person(r.by), r.remark, r.gone, emoji[r.emoji], r.at, r.ord}
	}
	return &b.t, b.selves()
}

// person is where somebody stands among the people.
func (b *telling) person(id discussion.PersonID) int32 {
	place, ok := b.places[id]
	if !ok {
		place = int32(len(b.t.People))
		b.places[id] = place
		b.t.People, b.t.Self = append(b.t.People, id), append(b.t.Self, place)
	}
	return place
}

// selves tells of each account as which it is published.
func (b *telling) selves() error {
	links, err := rows(b.tx, func(s scanner) (l [2]discussion.PersonID, err error) {
		err = s.Scan(&l[0], &l[1])
		return l, err
	}, "SELECT id, same FROM people WHERE same <> ''")
	for _, l := range links {
		if account, ok := b.places[l[0]]; ok {
			b.t.Self[account] = b.person(l[1])
		}
	}
	return err
}

// named finds out what the rows of some numbers are called, and puts what place
// says of that behind their numbers.
func named(tx *Tx, table string, places map[int64]int32, place func(id string) int32) error {
	nums := make([]int64, 0, len(places))
	for n := range places {
		nums = append(nums, n)
	}
	slices.Sort(nums)
	type called struct {
		num int64
		id  string
	}
	for some := range slices.Chunk(nums, 32) {
		asked := slices.Repeat([]any{int64(0)}, 32) // nobody's: the statement is the same for any number
		for i, n := range some {
			asked[i] = n
		}
		found, err := rows(tx, func(s scanner) (c called, err error) {
			err = s.Scan(&c.num, &c.id)
			return c, err
		}, "SELECT num, id FROM "+table+" WHERE num IN ("+in32+") ORDER BY num", asked...)
		if err != nil {
			return err
		}
		for _, c := range found {
			places[c.num] = place(c.id)
		}
	}
	return nil
}

const in32 = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, " +
	"$17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32"
