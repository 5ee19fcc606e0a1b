package discussion

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// guessed is a dump as it is imported.
func guessed(lines ...string) Discussion {
	return Assemble("A dump", "", ReadDump(lines), CutOptions{})
}

var lampLines = []string{
	"I really enjoyed this essay, and I learned a lot about lamps from it.",
	"Agreed, and thank you for the numbers.",
	"What happened to the second keeper? You never say.",
	"I have an objection to the part on clocks, where you write:",
	"The keeper has no clock but the oil.",
	"That cannot be right, since there was a bell.",
}

// corrected changes d's outline and reads it.
func corrected(t *testing.T, d Discussion, change ...string) []Document {
	t.Helper()
	src := Outline(d)
	changed := strings.NewReplacer(change...).Replace(src)
	if changed == src && len(change) > 0 {
		t.Fatalf("%q is not in\n%s", change, src)
	}
	docs, err := ReadOutline(changed, d)
	if err != nil {
		t.Fatalf("%v in\n%s", err, changed)
	}
	return docs
}

// told is documents in a line each: lines, kind, confidence, whom they answer, who wrote them.
func told(docs []Document) string {
	begins := firstLines(docs)
	var all []string
	for _, d := range inDump(docs) {
		all = append(all, fmt.Sprintf("%d-%d %s %d %d%s", d.Lines[0], d.Lines[1], d.Kind, percent(d.Confidence), begins[d.Parent], d.Author))
	}
	return strings.Join(all, "; ")
}

func TestOutline(t *testing.T) {
	d := guessed(lampLines...)
	for i := range d.Documents { // no guess of today's: the story is about outlines
		d.Documents[i].Confidence = 0.5 + float64(i)/100
	}
	if got, want := told(d.Documents), "1-1 comment 50 0; 2-2 comment 51 1; 3-3 comment 52 0; 4-6 comment 53 0"; got != want {
		t.Fatalf("guessed %s, not %s", got, want)
	}
	for _, c := range []struct {
		name   string
		change []string
		want   string
	}{
		{"nothing", nil, told(d.Documents)},
		{"one is right", []string{"comment 52%", "comment"}, "1-1 comment 50 0; 2-2 comment 51 1; 3-3 comment 100 0; 4-6 comment 53 0"},
		{"less sure than it was", []string{"comment 52%", "comment 9%"}, "1-1 comment 50 0; 2-2 comment 51 1; 3-3 comment 9 0; 4-6 comment 53 0"},
		{"a split", []string{"  6  ", "comment\n6 "}, "1-1 comment 50 0; 2-2 comment 51 1; 3-3 comment 52 0; 4-5 comment 100 0; 6-6 comment 100 0"},
		{"a merge", []string{"comment 51%, answers 1", ""}, "1-2 comment 100 0; 3-3 comment 52 0; 4-6 comment 53 0"},
		{"a move, to a line in the middle of a text", []string{"comment 52%", "comment 52%, answers 5"}, "1-1 comment 50 0; 2-2 comment 51 1; 3-3 comment 100 4; 4-6 comment 53 0"},
		{"whom a merged text answers is its new whole", []string{"comment 51%, answers 1", "", "comment 52%", "comment 52%, answers 2"}, "1-2 comment 100 0; 3-3 comment 100 1; 4-6 comment 53 0"},
		{"an author", []string{"comment 52%", "comment 52% by Ada by the sea, answers 4"}, "1-1 comment 50 0; 2-2 comment 51 1; 3-3 comment 100 0Ada by the sea, answers 4; 4-6 comment 53 0"},
		{"a kind", []string{"comment 53%", "post 53%"}, "1-1 comment 50 0; 2-2 comment 51 1; 3-3 comment 52 0; 4-6 post 100 0"},
		{"no quotation", []string{"5> ", "5  "}, "1-1 comment 50 0; 2-2 comment 51 1; 3-3 comment 52 0; 4-6 comment 100 0"},
	} {
		docs := corrected(t, d, c.change...)
		if got := told(docs); got != c.want {
			t.Errorf("%s: %s, not %s", c.name, got, c.want)
		}
		for _, doc := range docs {
			if err := doc.Body.Check(); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
}

// TestOutlineOfAnything: what nobody changed comes back as it was, whatever
// the dump holds.
func TestOutlineOfAnything(t *testing.T) {
	pieces := []string{"# no heading", "> no quote", "- no item", "text x", "comment 5%", "12> 3", "quoting:", "I agree.", "linkpost", "\"q\"", "a) b", "\u202e灯台", "🙂", "*", "|"}
	rapid.Check(t, func(rt *rapid.T) {
		line := rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 5).Draw(t, "pieces"), " ")
		})
		d := guessed(rapid.SliceOfN(line, 1, 20).Draw(rt, "lines")...)
		docs, err := ReadOutline(Outline(d), d)
		if err != nil {
			rt.Fatalf("%v in\n%s", err, Outline(d))
		}
		now, err := d.Revise(docs, rapid.IntRange(0, 30).Draw(rt, "given"), CutOptions{})
		if err != nil || !reflect.DeepEqual(now, d) {
			rt.Fatalf("%v: %+v\nis not\n%+v", err, now, d)
		}
	})
}

// TestReadOutlineOfAnything: it refuses with a line, or every line of the dump
// is in one document.
func TestReadOutlineOfAnything(t *testing.T) {
	d := guessed(lampLines...)
	pieces := []string{"comment", "post", "essay 7%", "comment, answers 3", "comment, answers 99", "comment by", "1", "2", "3", "4> x", "5-", "6#", "7", "0", "12345678901234567890", "text y", "# note", "", "1x", "é"}
	rapid.Check(t, func(rt *rapid.T) {
		src := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 20).Draw(rt, "lines"), "\n")
		if rapid.Bool().Draw(rt, "all") {
			src = strings.NewReplacer("\ncomment", "\n"+src+"\ncomment").Replace(Outline(d))
		}
		docs, err := ReadOutline(src, d)
		var m Mistake
		if errors.As(err, &m) {
			if m.Line < 1 || m.Line > strings.Count(src, "\n")+1 || m.What == "" {
				rt.Fatalf("%+v", m)
			}
			return
		}
		if err != nil || docs != nil && len(dumpLines(docs)) != len(lampLines) {
			rt.Fatalf("%v: %+v", err, docs)
		}
	})
}

func TestReviseKeepsWhatWasPosted(t *testing.T) {
	d := guessed(lampLines...)
	before := d.Passages
	// Two were posted. The third text is merged with the fourth.
	docs := corrected(t, d, header(d.Documents[3], nil)+"\n  4  ", "4 ")
	now, err := d.Revise(docs, 2, CutOptions{})
	if err != nil || len(now.Passages) != 3 || now.Passages[0] != before[0] || now.Passages[1] != before[1] {
		t.Fatalf("%v: %+v", err, now.Passages)
	}
	last := now.Passages[2]
	if text := now.Documents[2].Body.Text; last.Seq != 3 || last.Document != before[2].Document || !strings.HasSuffix(text[last.Start:last.End], "a bell.") {
		t.Errorf("the merged one is %+v of %q", last, text)
	}
	// Once it was posted too, it stays as it was; who wrote it may be told.
	_, err = d.Revise(docs, 3, CutOptions{})
	if err == nil || !strings.Contains(err.Error(), "the text of lines 3 to 3 was posted already (passage 3)") {
		t.Errorf("the error is %v", err)
	}
	docs = corrected(t, d, header(d.Documents[2], nil)+"\n  3  ", "comment by Ada\n3 ")
	if now, err = d.Revise(docs, 4, CutOptions{}); err != nil || !reflect.DeepEqual(now.Passages, before) || now.Documents[2].Author != "Ada" {
		t.Errorf("%v: %+v", err, now)
	}
	// A change of heart about the size of passages recuts nothing that is the same.
	if now, err = d.Revise(d.Documents, 0, CutOptions{Excerpt: 10}); err != nil || !reflect.DeepEqual(now, d) {
		t.Errorf("%v: %+v", err, now)
	}
}

func TestADumpIsTheSameWhateverIsGuessed(t *testing.T) {
	d := guessed(lampLines...)
	other := Assemble("A dump", "", corrected(t, d, "comment", "post"), CutOptions{})
	if other.ID != d.ID || other.Documents[2].ID != d.Documents[2].ID {
		t.Errorf("%s is not %s", other.ID, d.ID)
	}
	if more := guessed(append(lampLines, "One more line.")...); more.ID == d.ID {
		t.Error("another dump is the same")
	}
}
