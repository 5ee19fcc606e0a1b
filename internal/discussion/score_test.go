package discussion

import "testing"

func TestScoresInWords(t *testing.T) {
	for want, s := range map[string]Score{
		"":                                  {},
		"14 points (5 votes), agreement −3": {Points: new(14), Votes: new(5), Agreement: new(-3)},
		"−1 point (1 vote)":                 {Points: new(-1), Votes: new(1)},
		"0 points":                          {Points: new(0)},
		"2 votes, agreement 0":              {Votes: new(2), Agreement: new(0)},
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestWhatIsNotToldLaterStays(t *testing.T) {
	first := Score{Points: new(14), Votes: new(5)}
	if now := first.Updated(Score{Points: new(15), Agreement: new(2)}); !now.Equal(Score{Points: new(15), Votes: new(5), Agreement: new(2)}) || now.Equal(first) {
		t.Errorf("%s", now)
	}
	if !first.Updated(Score{}).Equal(first) || (Score{}).Equal(first) {
		t.Errorf("%s", first)
	}
}
