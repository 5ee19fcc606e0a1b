package discussion

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// TestFoldIsThatOfEachCharacter: characters that are folded alone come out as
// when each is added by itself.
func TestFoldIsThatOfEachCharacter(t *testing.T) {
	pieces := []string{" ", "  ", "\n", "\t", "-", "--", "----", "\u00ad", "a", "Q", "`", "'", "0", "\x00", "~", "é", "e\u0301", "—", "ﬁ", "Å", "\u00a0", "´", "ß", "\xff"}
	var once folder // that folds one text after another
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(pieces), rapid.StringN(0, 2, -1)), 0, 12).Draw(t, "pieces"), "")
		for _, spaced := range []bool{false, true} {
			f := folder{spaced: spaced, out: []byte{}, from: []int32{}, to: []int32{}}
			for at := 0; at < len(s); {
				end := at + 1
				if s[at] >= utf8.RuneSelf || end < len(s) && s[end] >= utf8.RuneSelf {
					end = at + segment(s[at:])
				}
				for _, r := range norm.NFKC.String(s[at:end]) {
					f.add(r, at, end)
				}
				at = end
			}
			if got, want := foldSpaces(s, spaced), (folded{string(f.out), f.from, f.to}); !reflect.DeepEqual(got, want) {
				t.Fatalf("%q is folded to %+v, not %+v", s, got, want)
			}
		}
		if got, want := once.fold(s), fold(s); got.text != want.text || !slices.Equal(got.from, want.from) || !slices.Equal(got.to, want.to) {
			t.Fatalf("behind another text %q is folded to %+v, not %+v", s, got, want)
		}
	})
}
