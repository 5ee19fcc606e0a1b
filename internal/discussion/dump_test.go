package discussion

import "testing"

// TestTypedQuotations: a mark is one before a blank or another mark, and more
// than a quantity is none.
func TestTypedQuotations(t *testing.T) {
	for line, want := range map[string]string{
		"> The keeper has no clock.":  "quote The keeper has no clock.",
		">> The keeper has no clock.": "quote The keeper has no clock.",
		"> > The keeper sleeps.":      "quote The keeper sleeps.",
		">>The keeper sleeps.":        "quote The keeper sleeps.",
		"> >90% of trials fail.":      "quote >90% of trials fail.",
		">90% of these trials fail.":  "paragraph >90% of these trials fail.",
		">":                           "quote >",
	} {
		d := ReadDump([]string{"What happened to the second keeper?", line})
		body := d[len(d)-1].Body
		last := body.Blocks[len(body.Blocks)-1]
		if got := string(last.Kind) + " " + body.Text[last.Start:last.End]; got != want {
			t.Errorf("%q is %q, not %q", line, got, want)
		}
	}
}
