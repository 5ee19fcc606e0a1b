//go:build unix

package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// The goals: of the first answers, which is all that Discord waits for.
const (
	answerLimit = 3 * time.Second
	answerGoal  = 100 * time.Millisecond // of 99 in 100
	typingGoal  = 50 * time.Millisecond  // likewise of what is offered while somebody types
)

// asked is an interaction that was sent.
type asked interface {
	Took() (first, words time.Duration)
	Deferred() bool
}

type sentUse struct {
	use  use
	back asked
}

// answerTally is what was sent and what came back.
type answerTally struct{ sent []sentUse }

// settled wants that all interactions have an answer, and the words that they
// were promised.
func (t *answerTally) settled() error {
	unanswered, waiting := 0, 0
	for _, s := range t.sent {
		if first, _ := s.back.Took(); first == 0 {
			unanswered++
		}
		if s.back.Deferred() {
			waiting++
		}
	}
	if unanswered+waiting > 0 {
		return fmt.Errorf("%d interactions wait for an answer, %d for their words", unanswered, waiting)
	}
	return nil
}

// answerTimes are the times of one kind, sorted.
type answerTimes struct {
	first, words []time.Duration
	none         int // had no answer within the limit
	unsaid       int // were promised words and have none
}

// of sums up the uses that fit.
func (t *answerTally) of(fits func(use) bool) (a answerTimes) {
	for _, s := range t.sent {
		if !fits(s.use) {
			continue
		}
		first, words := s.back.Took()
		if first == 0 || first > answerLimit {
			a.none++
			first = max(first, answerLimit)
		}
		a.first = append(a.first, first)
		if words > 0 {
			a.words = append(a.words, words)
		}
		if s.back.Deferred() {
			a.unsaid++
		}
	}
	slices.Sort(a.first)
	slices.Sort(a.words)
	return a
}

func (t *answerTally) print() {
	kinds := map[string]bool{}
	for _, s := range t.sent {
		kinds[s.use.name] = true
	}
	fmt.Printf("%-22s %6s %9s %9s %9s %6s   %s\n", "ms to the first answer", "of", "median", "p99", "worst", "none", "and to the words: median, p99, worst")
	for _, name := range sortedKeys(kinds) {
		t.of(func(u use) bool { return u.name == name }).print(name)
	}
	t.of(func(u use) bool { return !u.typing }).print("all calls")
	t.of(func(u use) bool { return u.typing }).print("all typing")
}

func (a answerTimes) print(name string) {
	fmt.Printf("%-22s %6d %s %6d  ", name, len(a.first), figures(a.first), a.none)
	if len(a.words) > 0 {
		fmt.Print(figures(a.words))
	}
	if a.unsaid > 0 {
		fmt.Printf("   %d without", a.unsaid)
	}
	fmt.Println()
}

func figures(sorted []time.Duration) string {
	if len(sorted) == 0 {
		return fmt.Sprintf("%9s %9s %9s", "-", "-", "-")
	}
	return fmt.Sprintf("%9.1f %9.1f %9.1f", ms(quantile(sorted, .5)), ms(quantile(sorted, .99)), ms(sorted[len(sorted)-1]))
}

// verdict holds what was measured against the goals.
func (t *answerTally) verdict() error {
	calls, typed := t.of(func(u use) bool { return !u.typing }), t.of(func(u use) bool { return u.typing })
	var missed []error
	if n := calls.none + typed.none; n > 0 {
		missed = append(missed, fmt.Errorf("%d interactions had no answer within %s", n, answerLimit))
	}
	if n := calls.unsaid; n > 0 {
		missed = append(missed, fmt.Errorf("%d had no words %s after the last one", n, lastWords))
	}
	return errors.Join(append(missed, calls.over("calls", answerGoal), typed.over("typing", typingGoal))...)
}

// over tells that 99 in 100 do not keep to a goal.
func (a answerTimes) over(name string, goal time.Duration) error {
	if len(a.first) == 0 || quantile(a.first, .99) <= goal {
		return nil
	}
	return fmt.Errorf("%s: p99 is %.1f ms, and should be %.0f at most", name, ms(quantile(a.first, .99)), ms(goal))
}
