package hostile

import "testing"

// A text is made from its number alone, and each grammar makes many.
func TestTexts(t *testing.T) {
	w := Writer{Seed: 7, Seeds: []string{"**a** <b>b</b>", "||c||"}}
	made := map[string]map[string]bool{}
	for i := range uint64(200 * len(Grammars)) {
		name, text := w.Text(i)
		if _, again := w.Text(i); again != text {
			t.Fatalf("text %d is %q, and then %q", i, text, again)
		}
		if made[name] == nil {
			made[name] = map[string]bool{}
		}
		made[name][text] = true
	}
	for _, g := range Grammars {
		if n := len(made[g.Name]); n < 80 {
			t.Errorf("%s: 200 texts, %d of them different", g.Name, n)
		}
	}
}
