package format

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what the dialects print into the Rosetta stones")

// TestRosetta reads one text in every dialect. A stone's first section is the
// text; every section must be what its dialect prints of it, and be read as
// the section "sketch" says, or "sketch.DIALECT" where that dialect shows
// less.
func TestRosetta(t *testing.T) {
	stones, err := filepath.Glob("testdata/rosetta/*.txtar")
	if err != nil || len(stones) == 0 {
		t.Fatalf("no Rosetta stones: %v", err)
	}
	for _, file := range stones {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { rosetta(t, file) })
	}
}

func rosetta(t *testing.T, file string) {
	stone, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]Dialect{"plain": Plain{}, "markdown": Markdown{}, "html": HTML{}, "matrix": Matrix{}, "discord": Discord{}}
	section := map[string]string{}
	for _, f := range stone.Files {
		section[f.Name] = string(f.Data)
	}
	doc := all[stone.Files[0].Name].Parse(section[stone.Files[0].Name])
	for i, f := range stone.Files {
		d := all[f.Name]
		got := ""
		if d != nil {
			got = d.Print(doc) + "\n"
		} else if name, only := strings.CutPrefix(f.Name, "sketch."); only {
			got = sketch(all[name].Parse(section[name]))
		} else {
			got = sketch(doc)
		}
		if got != section[f.Name] && !*update {
			t.Errorf("%s is\n%s\nnot\n%s", f.Name, got, section[f.Name])
		}
		stone.Files[i].Data, section[f.Name] = []byte(got), got
		if d != nil && section["sketch."+f.Name] == "" && sketch(d.Parse(got)) != sketch(doc) {
			t.Errorf("%s is read as\n%s\nnot\n%s", f.Name, sketch(d.Parse(got)), sketch(doc))
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(stone), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
