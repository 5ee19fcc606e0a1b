package store

import (
	"fmt"

	"marginalia/internal/discussion"
	"marginalia/internal/schedule"
)

// SkipState is what became of a passage that a plan was told to pass by.
type SkipState string

// The states of a skip.
const (
	Skipped SkipState = "skipped" // the plan does not post it
	Again   SkipState = "again"   // it is posted after all, before what is next
	Late    SkipState = "late"    // it was, later than what follows it, or may have been
)

// Skip is a passage that a plan was told to pass by.
type Skip struct {
	Passage discussion.Passage
	State   SkipState
}

// PutSkip records what becomes of a passage in a plan.
func (tx *Tx) PutSkip(plan string, p discussion.PassageID, s SkipState) error {
	_, err := tx.exec(`INSERT INTO skips (plan, passage, state) VALUES ($1, $2, $3)
		ON CONFLICT (plan, passage) DO UPDATE SET state = excluded.state`, plan, p, s)
	if err != nil {
		return fmt.Errorf("skip passage %s in plan %s: %w", p, plan, err)
	}
	return nil
}

// Skips returns the passages of its text that a plan was told to pass by, in
// reading order.
func (tx *Tx) Skips(p schedule.Plan) ([]Skip, error) {
	all, err := rows(tx, func(s scanner) (k Skip, err error) {
		err = s.Scan(&k.Passage.ID, &k.Passage.Document, &k.Passage.Seq, &k.Passage.Start, &k.Passage.End, &k.State)
		return k, err
	}, "SELECT "+passageColumns+`, state FROM skips JOIN passages ON id = passage
		WHERE discussion = `+numberOf+" AND plan = $2 ORDER BY seq", p.Discussion, p.Name)
	if err != nil {
		return nil, fmt.Errorf("what plan %s skipped: %w", p.Name, err)
	}
	return all, nil
}
