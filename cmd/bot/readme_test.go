package main

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// The README knows every verb, and no other.
func TestReadmeKnowsTheVerbs(t *testing.T) {
	src, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var told, verbs []string
	for _, m := range regexp.MustCompile(`(?m)(?:\./|cmd/|^)bot ([a-z]+)`).FindAllStringSubmatch(string(src), -1) {
		told = append(told, m[1])
	}
	for _, c := range (&app{}).root().Commands() {
		verbs = append(verbs, c.Name())
		if !slices.Contains(told, c.Name()) {
			t.Errorf("the README does not tell of bot %s", c.Name())
		}
	}
	for _, v := range told {
		if !slices.Contains(verbs, v) {
			t.Errorf("the README tells of bot %s, which is not there", v)
		}
	}
}
