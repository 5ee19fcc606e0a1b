package format

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestRenamed(t *testing.T) {
	names := map[string]string{"@ada:example.org": "Reader 7", "@bob:example.org": "@Bob"}
	name := func(id string) string { return names[id] }
	const (
		ada = `<a href="https://matrix.to/#/@ada:example.org">Ada Lovelace</a>`
		bob = `<a href="https://matrix.to/#/@bob:example.org">B</a>`
	)
	for _, c := range []struct{ name, src, want string }{
		{"what stands around a name", "<p>so <b>bold</b> " + ada + ", <i>see</i></p><ul><li>x</li></ul>",
			"paragraph: so {strong bold} {mention=@ada:example.org @Reader 7}, {emph see}\nlist1 -: x\n"},
		{"a name in other marks, twice", "<p><b>oh " + ada + "</b> and " + ada + "</p>",
			"paragraph: {strong oh {mention=@ada:example.org @Reader 7}} and {mention=@ada:example.org @Reader 7}\n"},
		{"a sign that is there already", "<p>" + bob + "</p>", "paragraph: {mention=@bob:example.org @Bob}\n"},
		{"nobody", "<p>a  <b>b</b></p>", "paragraph: a {strong b}\n"},
	} {
		d := Matrix{}.Parse(c.src).Renamed(name)
		if got := sketch(d); got != c.want {
			t.Errorf("%s:\n%s", c.name, got)
		}
		if err := d.Check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What a mention said is gone, and a second time changes nothing.
func TestRenamedTellsNothingOfWhoWasMentioned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := genDoc().Draw(t, "doc")
		got := d.Renamed(func(string) string { return "someone" })
		if err := got.Check(); err != nil {
			t.Fatal(err)
		}
		for _, s := range got.Spans {
			if words := got.Text[s.Start:s.End]; s.Kind == Mention && words != "@someone" {
				t.Fatalf("a mention says %q", words)
			}
		}
		if again := got.Renamed(func(string) string { return "someone" }); again.Text != got.Text {
			t.Fatalf("renamed twice it says %q, not %q", again.Text, got.Text)
		}
	})
}

// Who is unnamed leaves neither a name nor an id; whoever else is mentioned
// stays as they are called.
func TestUnnamed(t *testing.T) {
	d := Matrix{}.Parse(`<p>ask <a href="https://matrix.to/#/@ada:example.org">Ada</a> or <b>not <a href="https://matrix.to/#/@bob:example.org">Bob</a></b></p>`)
	if got := d.Mentioned(); !slices.Equal(got, []string{"@ada:example.org", "@bob:example.org"}) {
		t.Errorf("it mentions %q", got)
	}
	got := d.Unnamed("@bob:example.org", "@carl:example.org")
	if want := "paragraph: ask {mention=@ada:example.org @Ada} or {strong not @someone}\n"; sketch(got) != want {
		t.Errorf("%s, want %s", sketch(got), want)
	}
	if err := got.Check(); err != nil {
		t.Error(err)
	}
	if again := got.Unnamed("@bob:example.org"); sketch(again) != sketch(got) {
		t.Errorf("a second time: %s", sketch(again))
	}
	if len(d.Mentioned()) != 2 {
		t.Error("the words that it was made of have changed")
	}
}
