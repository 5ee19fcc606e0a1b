package discussion

import (
	"strings"
	"testing"
	"time"

	"marginalia/test/require"
)

// Each line is a text whose sentences are parted by "|".
const sentencesOf = `
One. |Two! |Three?
He met Dr. Weiss on Monday. |They spoke.
J. R. R. Tolkien wrote it. |I read it.
Both of us did, she and I. |Then we left.
See Fig. 3 and pp. 12 to 14. |That shows it.
He said no. |They went home.
Use a list, e.g. the first one. |Or another.
As Smith et al. (2020) show, it holds. |Good.
It was so.[3] |Then it was not.
It was so.[3][14] |Then it was not.
He said (I was there. You were not.) what he meant. |She left.
Some say [that it ended. Others do not] that it began. |Really.
1. The first point. |It is short.
IV. The fourth part. |It is long.
a) The letter. |It is an item.
He asked, "Why?" |Nobody knew.
"It ends here." |So it does.
Version 2.0 is out. |Get it at example.com. |Now.
Wait... |What?
An open bracket (is no reason. |Not to cut.
これは文です。|これも文です。
He came at 5 p.m. on Friday. |We ate.
No. 7 is mine. |Yes.
Ends without a stop
`

func TestSentences(t *testing.T) {
	for _, want := range strings.Split(strings.TrimSpace(sentencesOf), "\n") {
		text := strings.ReplaceAll(want, "|", "")
		var got []string
		from := 0
		for _, end := range sentenceEnds(text) {
			got = append(got, text[from:end])
			from = end
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("got  %s\nwant %s", s, want)
		}
	}
}

func TestSentencesAreLinear(t *testing.T) {
	require.Long(t)
	for _, unit := range []string{"A. ", "(", ") ", "([a.] ", "Dr. A ", "word ", ". ", "x.[3] ", "「。", "\n"} {
		began := time.Now()
		sentenceEnds(strings.Repeat(unit, 1_000_000/len(unit)))
		if took := time.Since(began); took > time.Minute {
			t.Errorf("a megabyte of %q took %s", unit, took)
		}
	}
}
