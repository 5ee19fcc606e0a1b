package relay

import (
	"strings"
	"testing"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// What a message quotes is looked for inside the transaction that records it:
// nobody may hold that up, and nobody who quotes like people do may be missed.
func TestAReplyOfManyQuotesIsSoonAimed(t *testing.T) {
	text := strings.Repeat("The lamp was lit and the keeper slept. ", 4000) + "Then the sea came."
	b := about{document: discussion.Document{ID: "essay", Body: format.Text(text)}, passage: discussion.Passage{End: 1000}}
	for name, c := range map[string]struct{ said, want string }{
		"thousands of quotes":         {strings.Repeat("> q\n\nx\n\n", 8000), text[:1000]},
		"one quote of endless parts":  {"> the" + strings.Repeat("..x..y", 10_000), text[:1000]},
		"the eighth is the right one": {strings.Repeat("> not there\n\nx\n\n", 7) + "> THEN the sea\n\nyes", "Then the sea"},
		"more than anybody quotes":    {strings.Repeat("> not there\n\nx\n\n", 8) + "> THEN the sea\n\nyes", text[:1000]},
	} {
		a := discussion.Annotation{Body: format.Markdown{}.Parse(c.said)}
		began := time.Now()
		b.aim(&a, new(discussion.Texts))
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
		if a.Target.Selector.Exact != c.want {
			t.Errorf("%s: it is about %.40q, not %.40q", name, a.Target.Selector.Exact, c.want)
		}
	}
}
