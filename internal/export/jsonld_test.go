package export

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"marginalia/internal/discussion"
	"marginalia/test/require"
	"marginalia/test/w3c"
)

type object = map[string]any

// exported is the JSON-LD of a bundle, as any reader of JSON sees it.
func exported(t *testing.T, b Bundle) object {
	t.Helper()
	var out bytes.Buffer
	if err := writeJSONLD(&out, b); err != nil {
		t.Fatal(err)
	}
	doc, err := w3c.Document(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return doc.(object)
}

func items(doc object) []any {
	first, ok := doc["first"].(object)
	if !ok {
		return nil
	}
	return first["items"].([]any)
}

func TestTheExportSatisfiesTheDataModel(t *testing.T) {
	require.Long(t)
	annotation, collection, page := w3c.Annotations(t), w3c.Collections(t), w3c.Pages(t)
	if len(annotation) != 54 {
		t.Fatalf("the list names %d assertions on annotations, not 54", len(annotation))
	}
	count := 0
	for seed := range uint64(2) {
		for _, base := range []string{"", "https://read.example/m/"} {
			for _, n := range []int{0, 1, 450} {
				b := bundle(seed, max(n, 1))
				b.Base = base
				if n == 0 {
					b.Annotations, b.Reactions = nil, nil
				}
				doc := exported(t, b)
				check(t, "collection", collection, doc)
				if n > 0 && items(doc) != nil {
					check(t, "collection as page", page, doc)
					check(t, "page", page, doc["first"])
				}
				for _, item := range items(doc) {
					check(t, "annotation", annotation, item)
					count++
				}
				if n == 450 && len(items(doc)) < 300 {
					t.Errorf("only %d annotations were exported", len(items(doc)))
				}
			}
		}
	}
	t.Logf("%d annotations, each against %d assertions", count, len(annotation))
}

func check(t *testing.T, what string, m w3c.Musts, doc any) {
	t.Helper()
	if failed := m.Failures(doc); len(failed) > 0 {
		text, _ := json.MarshalIndent(doc, "", " ")
		t.Errorf("the %s fails %s: %.2000s", what, strings.Join(failed, ", "), text)
	}
}

func TestBrokenDocumentsAreCaught(t *testing.T) {
	annotation, collection, page := w3c.Annotations(t), w3c.Collections(t), w3c.Pages(t)
	target := func(o object) object { return o["target"].(object) }
	selector := func(o object, i int) object { return target(o)["selector"].([]any)[i].(object) }
	for name, spoil := range map[string]func(object){
		"no context":             func(o object) { delete(o, "@context") },
		"another context":        func(o object) { o["@context"] = "http://schema.org" },
		"no id":                  func(o object) { delete(o, "id") },
		"two ids":                func(o object) { o["id"] = []any{"urn:a:1", "urn:a:2"} },
		"an id that is relative": func(o object) { o["id"] = "annotation 1" },
		"another type":           func(o object) { o["type"] = "Note" },
		"no target":              func(o object) { delete(o, "target") },
		"body and bodyValue":     func(o object) { o["bodyValue"] = "x" },
		"a body of numbers":      func(o object) { o["body"] = 7 },
		"no body, but its key":   func(o object) { o["body"] = []any{} },
		"created yesterday":      func(o object) { o["created"] = "yesterday" },
		"created twice":          func(o object) { o["created"] = []any{"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"} },
		"two exacts":             func(o object) { selector(o, 1)["exact"] = []any{"a", "b"} },
		"no exact":               func(o object) { delete(selector(o, 1), "exact") },
		"a start in words":       func(o object) { selector(o, 0)["start"] = "three" },
		"no end":                 func(o object) { delete(selector(o, 0), "end") },
		"a via that is none":     func(o object) { o["via"] = "over there" },
	} {
		o := exported(t, whole())
		first := items(o)[0].(object)
		check(t, "annotation", annotation, first)
		spoil(first)
		if len(annotation.Failures(first)) == 0 {
			t.Errorf("an annotation with %s was not caught", name)
		}
	}
	for name, spoil := range map[string]func(object){
		"no context": func(o object) { delete(o, "@context") }, "no first": func(o object) { delete(o, "first") },
		"a total in words": func(o object) { o["total"] = "many" }, "no id": func(o object) { delete(o, "id") },
		"another type": func(o object) { o["type"] = "Collection" }, "a number for a label": func(o object) { o["label"] = 1 },
	} {
		o := exported(t, whole())
		spoil(o)
		if len(collection.Failures(o)) == 0 {
			t.Errorf("a collection with %s was not caught", name)
		}
	}
	for name, spoil := range map[string]func(object){
		"no context": func(o object) { delete(o, "@context") }, "no items": func(o object) { delete(o, "items") },
		"a negative startIndex": func(o object) { o["startIndex"] = json.Number("-1") }, "no id": func(o object) { delete(o, "id") },
		"another type": func(o object) { o["type"] = "Page" }, "a broken next": func(o object) { o["next"] = "page two" },
	} {
		o := exported(t, whole())["first"].(object)
		spoil(o)
		if len(page.Failures(o)) == 0 {
			t.Errorf("a page with %s was not caught", name)
		}
	}
}

// whole is a bundle of one annotation that has everything.
func whole() Bundle {
	b := bundle(1, 1)
	b.Reactions = nil
	text := b.Discussion.Documents[0].Body.Text
	p := b.Discussion.Passages[0]
	b.Annotations[0] = discussion.Annotation{
		ID: "whole", Motivation: discussion.Commenting, Under: p.ID, Creator: "person1", Via: "https://example.org/1",
		Target: discussion.Target{Source: p.Document, Selector: discussion.SelectorOf(text, 0, 5)},
		Body:   b.Discussion.Documents[0].Body, Created: b.Generated, Modified: b.Generated,
	}
	return b
}

func TestPositionsCountCodePointsAndQuotesAreTheWords(t *testing.T) {
	b := bundle(2, 450)
	texts := map[string][]rune{}
	for _, d := range b.Discussion.Documents {
		texts[newLinker(b).source(d.ID)] = []rune(d.Body.Text)
	}
	n := 0
	for _, item := range items(exported(t, b)) {
		target, ok := item.(object)["target"].(object)
		if !ok {
			continue
		}
		n++
		text := texts[target["source"].(string)]
		position, quote := target["selector"].([]any)[0].(object), target["selector"].([]any)[1].(object)
		start, _ := position["start"].(json.Number).Int64()
		end, _ := position["end"].(json.Number).Int64()
		if got := string(text[start:end]); got != quote["exact"] {
			t.Errorf("at %d to %d stands %q, quoted is %q", start, end, got, quote["exact"])
		}
		if before := string(text[:start]); !strings.HasSuffix(before, quote["prefix"].(string)) {
			t.Errorf("%q does not stand before %d", quote["prefix"], start)
		}
		if behind := string(text[end:]); !strings.HasPrefix(behind, quote["suffix"].(string)) {
			t.Errorf("%q does not stand behind %d", quote["suffix"], end)
		}
	}
	if n < 100 {
		t.Errorf("only %d targets were words", n)
	}
}

func TestWhatPeopleDidNotAgreeToIsNotExported(t *testing.T) {
	require.Long(t)
	for _, def := range []discussion.CreatorState{discussion.Unset, discussion.Named, discussion.Pseudonym, discussion.Unpublished} {
		b := bundle(3, 450)
		b.Default = def
		for _, f := range Formats {
			var out bytes.Buffer
			if err := f.Write(&out, b); err != nil {
				t.Fatal(err)
			}
			text := out.String()
			never := []string{"secret.example", "@user", "hiddenwords", "unpublishedwords", "Nym2", "Nym3"}
			if def != discussion.Named {
				never = append(never, "Nym0")
			}
			for _, w := range never {
				if strings.Contains(text, w) {
					t.Errorf("with the default %q the %s holds %q", def, f.Name, w)
				}
			}
			if !strings.Contains(text, "Nym1") && !strings.Contains(text, `Nym1 \<b`) {
				t.Errorf("with the default %q the %s does not name who wants to be named", def, f.Name)
			}
		}
	}
}

func TestAnswersLeadToWhatTheyAnswer(t *testing.T) {
	b := bundle(4, 450)
	ids, unpublished := map[string]bool{}, map[string]bool{}
	l := newLinker(b)
	for _, a := range b.Annotations {
		if _, ok := l.person(a.Creator).Credit(b.Default); !ok {
			unpublished[l.iri("annotation", string(a.ID))] = true
		}
	}
	all := items(exported(t, b))
	for _, item := range all {
		id := item.(object)["id"].(string)
		if ids[id] {
			t.Errorf("%s was exported twice", id)
		}
		ids[id] = true
	}
	answers, outlines := 0, 0
	for _, item := range all {
		o := item.(object)
		if to, ok := o["target"].(string); ok {
			answers++
			if !ids[to] && !unpublished[to] {
				t.Errorf("%s answers %s, which is not there", o["id"], to)
			}
		}
		if o["creator"] == nil {
			outlines++
			if o["body"] != nil || o["via"] != nil || o["modified"] != nil {
				t.Errorf("an outline says too much: %v", o)
			}
		}
	}
	if answers < 50 || outlines < 5 {
		t.Errorf("%d answers and %d outlines are no test", answers, outlines)
	}
}
