package source

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A graph asks the GraphQL of a forum that runs ForumMagnum. The newer forums
// take selectors, the older ones only input; it begins with the newer form and
// stays with what was understood. A field that a forum does not know is left
// out from then on.
type graph struct {
	*visit
	site    site
	older   bool
	unknown []string // fields
}

// A question is one query in both forms.
type question struct {
	newer, older string
	fields       string
	vars         func(older bool) any
}

func (q question) query(g *graph) string {
	form := q.newer
	if g.older {
		form = q.older
	}
	fields := q.fields
	for _, name := range g.unknown {
		fields = regexp.MustCompile(`\b`+name+`\b(\s*\{[^{}]*\})?`).ReplaceAllString(fields, "")
	}
	return strings.ReplaceAll(form, "FIELDS", fields)
}

// graphed is an answer in GraphQL.
type graphed struct {
	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Message string `json:"message"`
	} `json:"errors"`
}

// ask fills into with the data of the answer. What else the forum says of
// them, where it gives data all the same, is said as missing.
func (g *graph) ask(ctx context.Context, q question, into any) error {
	for range 16 { // forms and fields that may be given up, one a time
		query := q.query(g)
		body, err := json.Marshal(map[string]any{"query": query, "variables": q.vars(g.older)})
		if err != nil {
			return err
		}
		a, err := g.post(ctx, "https://"+g.site.host+"/graphql", body)
		var got graphed
		if err != nil && (json.Unmarshal(a.Body, &got) != nil || len(got.Errors) == 0) {
			return err
		}
		if _, err := decode(a, &got); err != nil {
			return err
		}
		if g.adapt(got, query) {
			continue
		}
		return g.take(got, a, into)
	}
	return fmt.Errorf("%s does not understand what is asked: the site has changed", g.site.name)
}

var unknownField = regexp.MustCompile(`Cannot query field "([A-Za-z_]+)"`)

// adapt learns from what a forum did not understand, and reports whether it is
// worth asking again.
func (g *graph) adapt(got graphed, query string) bool {
	for _, e := range got.Errors {
		if m := unknownField.FindStringSubmatch(e.Message); m != nil && strings.Contains(query, m[1]) && !slices.Contains(g.unknown, m[1]) {
			g.unknown = append(g.unknown, m[1])
			return true
		}
		if !g.older && (strings.Contains(e.Message, "Unknown argument") || strings.Contains(e.Message, "Unknown type")) {
			g.older = true
			return true
		}
	}
	return false
}

func (g *graph) take(got graphed, a Answer, into any) error {
	a.Body = got.Data
	empty := nothing(got.Data)
	if len(got.Errors) > 0 {
		message := clip(got.Errors[0].Message)
		if empty {
			return &graphError{g.site.name, message}
		}
		g.miss("%s says %q of a part, which may not be whole", g.site.name, message)
	}
	if empty {
		return &graphError{g.site.name, "no data"}
	}
	skewed, err := decode(a, into)
	if skewed {
		g.miss("%s gave parts that are not as expected, and they were left out", g.site.name)
	}
	return err
}

// nothing reports whether data holds null for whatever was asked.
func nothing(data json.RawMessage) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil {
		return true
	}
	for _, f := range fields {
		if string(f) != "null" {
			return false
		}
	}
	return true
}

// graphError is what a forum says in place of data.
type graphError struct{ site, message string }

func (e *graphError) missing() bool { return strings.Contains(e.message, "missing_document") }
func (e *graphError) hidden() bool  { return strings.Contains(e.message, "not_allowed") }

func (e *graphError) Error() string {
	switch {
	case e.missing():
		return e.site + " has no such post: check the address"
	case e.hidden():
		return e.site + " does not show this post to everyone: it cannot be imported"
	}
	return fmt.Sprintf("%s answers %q: import again later", e.site, e.message)
}

// clip is what a site says, in one line of a length that can be shown.
func clip(s string) string {
	s = oneLine(s)
	if r := []rune(s); len(r) > 120 {
		return string(r[:120]) + "…"
	}
	return s
}
