package store

import "testing"

// What a server lost that failed is not remembered, nor what somebody learned
// from it who comes late.
func TestNumbersHoldForAnEra(t *testing.T) {
	var n numbers[Thing]
	holds := func(thing Thing, era, want int64) {
		t.Helper()
		if got, ok := n.of(thing, era); got != want || ok != (want != 0) {
			t.Errorf("%s in era %d: %d, %v", thing, era, got, ok)
		}
	}
	n.learn(map[Thing]int64{"a:first": 7}, 1)
	n.learn(map[Thing]int64{"a:second": 8}, 1)
	holds("a:first", 1, 7)
	holds("a:first", 2, 0)
	n.learn(map[Thing]int64{"a:third": 7}, 2)
	n.learn(map[Thing]int64{"a:fourth": 9}, 1)
	holds("a:third", 2, 7)
	for _, thing := range []Thing{"a:first", "a:second", "a:fourth"} {
		holds(thing, 2, 0)
	}
}
