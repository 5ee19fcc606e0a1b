package discussion

import (
	"strings"
	"testing"
)

// A page of a manual: rulers, indents, and a snippet that comes twice, deeper
// the second time.
const manual = `3. Winding
----------------------

The clock is wound like this:

    key.insert()
    key.turn(8)

8 turns are enough.

4. Winding at night
---

The clock is wound like this:

            key.insert()
            key.turn(8)

and the lamp stays off. A keeper -- or a cat -- is with it.`

// TestFindWhatWasCopied: words that still have their white space were copied,
// and then white space says where they were copied from.
func TestFindWhatWasCopied(t *testing.T) {
	for _, c := range []struct{ name, quote, want string }{
		{"a part of a ruler", "3. Winding\n--------", "3. Winding\n--------"},
		{"a short ruler, as one dash", "4. Winding at night —", "4. Winding at night\n---"},
		{"two dashes as one", "keeper – or a cat – is", "keeper -- or a cat -- is"},
		{"letters slipped into an indent", "like this:\n\n x x  q  k y   key.insert()\n  w j e z b   key.turn(8)\n\nand", "like this:\n\n            key.insert()\n            key.turn(8)\n\nand"},
		{"the indent decides", "\n    key.inzert()\n    key.turn(8)\n\n8", "key.insert()\n    key.turn(8)\n\n8"},
		{"retyped without it", "this: key.insert() key.turn(8) and the lmap", "this:\n\n            key.insert()\n            key.turn(8)\n\nand the lamp"},
		{"two dots are no ellipsis where they were typed by mistake", "the lamp stays of.. A keeper", "the lamp stays off. A keeper"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := Prepare(manual).Find(Quote{Exact: c.quote})
			if len(found) != 1 || manual[found[0].Start:found[0].End] != c.want {
				t.Errorf("found %s", (&measurer{text: manual}).show(found))
			}
		})
	}
}

// TestFindTellsTyposFromOtherWords: a short quote that is five letters away is
// found if those look mistyped, and not if they are words of another page.
func TestFindTellsTyposFromOtherWords(t *testing.T) {
	text := madeText("essay.md", 17_000, 1) + " The lamp was lit again, and the keeper slept."
	in := Prepare(text)
	for quote, want := range map[string]bool{
		"tke limp wzs lib again, an": true,
		"the land was let against t": false,
	} {
		found := in.Find(Quote{Exact: quote})
		if len(found) == 1 != want || want && !strings.Contains(text[found[0].Start:found[0].End], "lamp was lit again") {
			t.Errorf("%q: found %s", quote, (&measurer{text: text}).show(found))
		}
	}
}

// TestFindSpelledAlike: between places as near the one that is spelled like
// the quote is taken, if its spelling says anything.
func TestFindSpelledAlike(t *testing.T) {
	text := "EITHER EXPRESSED OR IMPLIED in the one licence; either expressed or implied in the other."
	in := Prepare(text)
	if found := in.Find(Quote{Exact: "EITHER EXPRESED OR IMPLIED"}); len(found) != 1 || found[0].Start != 0 {
		t.Errorf("in capitals: found %+v", found)
	}
	if found := in.Find(Quote{Exact: "either expresed or implied"}); len(found) != 2 {
		t.Errorf("in small letters, as anybody types: found %+v", found)
	}
	// Where a place begins and ends is a guess: the words behind it count too.
	const twice = "See etc/postfix/sasl_passwd\n   [smtp] first, then etc/postfix/sasl_passwd\n\n   Start it."
	found := Prepare(twice).Find(Quote{Exact: "cpostfix/sasl_passwd   St"})
	if len(found) != 1 || found[0].Start < 40 {
		t.Errorf("where its end decides: found %+v", found)
	}
}
