package discussion

import (
	"fmt"
	"strings"
	"testing"
)

// What is asked again is there, what was not asked for long is not, and
// a long text pushes the others out.
func TestTextsKeepsTheLast(t *testing.T) {
	var k Texts
	text := func(i int) string { return fmt.Sprintf("This is text number %d.", i) }
	first := k.Prepare(text(0))
	for i := range mostTexts - 1 {
		k.Prepare(text(i + 1))
	}
	if k.Prepare(text(0)) != first {
		t.Error("one of the last texts was prepared again")
	}
	k.Prepare(text(mostTexts))
	if len(k.kept) != mostTexts || k.kept[1] != first {
		t.Errorf("%d texts are kept; the first one was asked for twice", len(k.kept))
	}
	if k.Prepare(strings.Repeat("a long one ", mostTextBytes/8)); len(k.kept) != 1 {
		t.Errorf("%d texts are kept beside a long one", len(k.kept))
	}
}

func TestTextsSelect(t *testing.T) {
	var k Texts
	first, last := strings.Index(said, "|"), strings.LastIndex(said, "|")
	for range 2 {
		if s, ok := k.Select(said, [2]int{first + 1, last}, "THE CAT SAT. NAÏVE"); !ok || s.Exact != "the cat sat. Naïve" {
			t.Errorf("found %v %+v", ok, s)
		}
	}
}
