// Package w3c holds documents against the JSON Schemas of the W3C's Web
// Annotation test suite, which lie in the shared data: one schema for each
// "must" of the data model.
package w3c

import (
	"bytes"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"marginalia/test/require"
)

// The lists of the test suite that say which schemas there are.
const (
	annotations = "annotations/annotationMusts.test"
	collections = "collections/collectionMusts.test"
	pages       = "collections/pages/pageMusts.test"
)

// Musts are the assertions on one kind of document.
type Musts []must

type must struct {
	name   string
	schema *jsonschema.Schema
}

// Annotations returns the assertions on an annotation. Where the shared data
// is not there the part "shared" is missing, see package require.
func Annotations(tb testing.TB) Musts { tb.Helper(); return read(tb, annotations) }

// Collections returns those on a collection.
func Collections(tb testing.TB) Musts { tb.Helper(); return read(tb, collections) }

// Pages returns those on a page of a collection.
func Pages(tb testing.TB) Musts { tb.Helper(); return read(tb, pages) }

// Document reads JSON as Failures wants it.
func Document(text []byte) (any, error) { return jsonschema.UnmarshalJSON(bytes.NewReader(text)) }

// Failures are the names of the assertions that a document does not satisfy.
func (m Musts) Failures(doc any) (names []string) {
	for _, a := range m {
		if a.schema.Validate(doc) != nil {
			names = append(names, a.name)
		}
	}
	return names
}

// read compiles the schemas that a list names, with the definitions they share.
func read(tb testing.TB, list string) Musts {
	tb.Helper()
	root := require.Shared(tb, "w3c")
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	c.AssertFormat()
	definitions, err := filepath.Glob(filepath.Join(root, "definitions", "*.json"))
	if err != nil || len(definitions) == 0 {
		tb.Fatalf("no definitions: %v", err)
	}
	for _, f := range definitions {
		resource(tb, c, f)
	}
	var test struct{ Assertions []string }
	if err := json.Unmarshal(file(tb, filepath.Join(root, list)), &test); err != nil {
		tb.Fatal(err)
	}
	var all Musts
	for _, name := range test.Assertions {
		var kind struct{ AssertionType, ExpectedResult string }
		f := filepath.Join(root, filepath.FromSlash(name))
		if err := json.Unmarshal(file(tb, f), &kind); err != nil || kind.AssertionType != "must" || kind.ExpectedResult != "valid" {
			tb.Fatalf("%s asserts that something %s be %s: %v", name, kind.AssertionType, kind.ExpectedResult, err)
		}
		s, err := c.Compile(resource(tb, c, f))
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, must{name, s})
	}
	return all
}

func resource(tb testing.TB, c *jsonschema.Compiler, f string) string {
	tb.Helper()
	doc, err := Document(file(tb, f))
	if err != nil {
		tb.Fatal(err)
	}
	url := "http://schemas.test/" + path.Base(filepath.ToSlash(f))
	if err := c.AddResource(url, doc); err != nil {
		tb.Fatal(err)
	}
	return url
}

func file(tb testing.TB, f string) []byte {
	tb.Helper()
	b, err := os.ReadFile(f)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
