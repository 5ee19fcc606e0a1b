package main

import (
	"strings"
	"testing"

	"marginalia/internal/discussion"
)

func TestSampleIsAnEssayWithAThread(t *testing.T) {
	d, err := sampleText(discussion.CutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	essay := d.Documents[0]
	if d.Title != "The Wide Margin" || essay.Kind != discussion.Essay {
		t.Errorf("%q is a %s", d.Title, essay.Kind)
	}
	if n := len(strings.Fields(essay.Body.Text)); n < 1200 || n > 1800 {
		t.Errorf("the essay has %d words", n)
	}
	kinds := map[string]int{}
	for _, b := range essay.Body.Blocks {
		kinds[string(b.Kind)]++
	}
	if kinds["heading"] < 4 || kinds["quote"] != 1 || kinds["list"] != 4 {
		t.Errorf("the essay has %v", kinds)
	}
	parents := map[discussion.DocumentID]int{}
	for _, c := range d.Documents[1:] {
		parents[c.Parent]++
		if c.Kind != discussion.Comment || c.Author == "" || c.Body.Empty() {
			t.Errorf("%s by %q: %q", c.Kind, c.Author, c.Body.Text)
		}
		for _, b := range c.Body.Blocks {
			if words := c.Body.Text[b.Start:b.End]; b.Kind == "quote" && !strings.Contains(essay.Body.Text, words) {
				t.Errorf("%s quotes what the essay does not say: %q", c.Author, words)
			}
		}
	}
	if len(d.Documents) != 7 || parents[essay.ID] != 3 || parents[""] != 0 {
		t.Errorf("%d documents; parents %v", len(d.Documents), parents)
	}
	again, _ := sampleText(discussion.CutOptions{})
	if again.ID != d.ID || len(d.Passages) < 12 {
		t.Errorf("%s, then %s, with %d passages", d.ID, again.ID, len(d.Passages))
	}
}
