package discussion

import (
	"cmp"
	"strconv"
	"strings"
)

// Score is how those who read a document where it came from rated it. What is
// not told there is nil.
type Score struct {
	Points    *int `json:"points,omitempty"`    // as shown beside it: mostly votes for minus votes against
	Votes     *int `json:"votes,omitempty"`     // how many voted
	Agreement *int `json:"agreement,omitempty"` // as shown, where agreeing is told from liking
}

// Updated is s as later tells it; what later does not tell stays.
func (s Score) Updated(later Score) Score {
	return Score{cmp.Or(later.Points, s.Points), cmp.Or(later.Votes, s.Votes), cmp.Or(later.Agreement, s.Agreement)}
}

// Equal reports whether s and t say the same.
func (s Score) Equal(t Score) bool {
	same := func(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }
	return same(s.Points, t.Points) && same(s.Votes, t.Votes) && same(s.Agreement, t.Agreement)
}

// String is s in words, as it is shown beside what people wrote: "14 points
// (5 votes), agreement −3"; "" if nothing is told.
func (s Score) String() string {
	var parts []string
	votes := ""
	if s.Votes != nil {
		votes = counted(*s.Votes, "vote")
	}
	switch {
	case s.Points != nil && votes != "":
		parts = append(parts, counted(*s.Points, "point")+" ("+votes+")")
	case s.Points != nil:
		parts = append(parts, counted(*s.Points, "point"))
	case votes != "":
		parts = append(parts, votes)
	}
	if s.Agreement != nil {
		parts = append(parts, "agreement "+signed(*s.Agreement))
	}
	return strings.Join(parts, ", ")
}

func counted(n int, what string) string {
	if n == 1 || n == -1 {
		return signed(n) + " " + what
	}
	return signed(n) + " " + what + "s"
}

// signed is n with a minus sign that is no hyphen.
func signed(n int) string { return strings.Replace(strconv.Itoa(n), "-", "−", 1) }
