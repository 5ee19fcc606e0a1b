package discordtest

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// The names under which the two documents are known to the compiler.
const (
	restURL    = "file:///openapi.json"
	gatewayURL = "file:///gateway-schema.json"
)

// schemas are Discord's own descriptions, made strict. Each schema is compiled
// when it is first needed.
type schemas struct {
	spec object // openapi.json

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	ready    map[string]*jsonschema.Schema
}

// loaded keeps what was read, by folder: reading and compiling is slow, a
// schema never changes, and a test program starts many servers.
var loaded struct {
	sync.Mutex
	by map[string]*schemas
}

func loadSchemas(folder string) (*schemas, error) {
	loaded.Lock()
	defer loaded.Unlock()
	if sc := loaded.by[folder]; sc != nil {
		return sc, nil
	}
	rest, err := readDocument(filepath.Join(folder, "openapi.json"))
	if err != nil {
		return nil, err
	}
	gateway, err := readDocument(filepath.Join(folder, "gateway-schema.json"))
	if err != nil {
		return nil, err
	}
	mendREST(rest)
	mendGateway(gateway)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(restURL, rest); err != nil {
		return nil, fmt.Errorf("openapi.json: %w", err)
	}
	if err := c.AddResource(gatewayURL, gateway); err != nil {
		return nil, fmt.Errorf("gateway-schema.json: %w", err)
	}
	sc := &schemas{spec: rest, compiler: c, ready: map[string]*jsonschema.Schema{}}
	if loaded.by == nil {
		loaded.by = map[string]*schemas{}
	}
	loaded.by[folder] = sc
	return sc, nil
}

func readDocument(path string) (object, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	doc, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf("%s is no JSON object", path)
	}
	return doc, nil
}

// mendREST makes the description strict, and right where it contradicts
// Discord's documentation: codes of form errors are words, permissions are
// numbers in text, a new forum thread is answered with its first message, and
// messages may be passed on.
func mendREST(doc object) {
	named := doc["components"].(object)["schemas"].(object)
	mixed := map[string]bool{}
	openParts(doc, mixed)
	for name := range mixed {
		named[name+openName] = clone(named[name])
	}
	for name, v := range named {
		strict(v, strings.HasSuffix(name, openName))
	}
	strict(doc["paths"], false)
	strict(doc["components"].(object)["responses"], false)

	inner := named["InnerErrors"].(object)["properties"].(object)["_errors"].(object)
	word := object{"type": "string"}
	inner["items"] = object{"type": "object", "properties": object{"code": word, "message": word}, "required": list{"code", "message"}, "additionalProperties": false}
	named["MessageReferenceType"] = object{"enum": list{0, 1}}
	named["CreatedThreadResponse"].(object)["properties"].(object)["message"] = object{"$ref": "#/components/schemas/MessageResponse"}
	for _, name := range []string{"ApplicationCommandUpdateRequest", "ApplicationCommandCreateRequest", "ApplicationCommandPatchRequestPartial"} {
		named[name].(object)["properties"].(object)["default_member_permissions"] = object{"type": list{"string", "null"}, "pattern": "^[0-9]+$"}
	}
}

// openName marks the copy of a schema that is mixed into others by allOf: it
// stays open, and the mixture refuses unknown keys.
const openName = "-open"

// openParts lets allOf point to open copies and collects what needs one.
func openParts(v any, mixed map[string]bool) {
	switch v := v.(type) {
	case list:
		for _, e := range v {
			openParts(e, mixed)
		}
	case object:
		parts, _ := v["allOf"].(list)
		for _, p := range parts {
			if ref, ok := p.(object)["$ref"].(string); ok {
				mixed[strings.TrimPrefix(ref, "#/components/schemas/")] = true
				p.(object)["$ref"] = ref + openName
			}
		}
		for k, e := range v {
			if k != "allOf" {
				openParts(e, mixed)
			}
		}
	}
}

func clone(v any) any {
	switch v := v.(type) {
	case list:
		c := make(list, len(v))
		for i, e := range v {
			c[i] = clone(e)
		}
		return c
	case object:
		c := object{}
		for k, e := range v {
			c[k] = clone(e)
		}
		return c
	}
	return v
}

// strict refuses unknown keys in v and below it. A part of an allOf stays open.
func strict(v any, part bool) {
	switch v := v.(type) {
	case list:
		for _, e := range v {
			strict(e, false)
		}
	case object:
		parts, mixed := v["allOf"].(list)
		_, bound := v["additionalProperties"]
		if _, ok := v["properties"].(object); ok && !part && !bound && !mixed {
			v["additionalProperties"] = false
		}
		if mixed && !part {
			v["unevaluatedProperties"] = false
		}
		for _, p := range parts {
			strict(p, true)
		}
		for k, e := range v {
			if k != "allOf" && k != "example" && k != "default" {
				strict(e, false)
			}
		}
	}
}

// mendGateway opens what the description has as a list of single bits: flags
// are sums of them. What a message was when it was passed on has the fields of a
// message, each of which the description takes for a whole one.
func mendGateway(doc object) {
	if was, ok := doc["definitions"].(object)["APIMessageSnapshotFields"].(object); ok {
		for name := range was["properties"].(object) {
			was["properties"].(object)[name] = object{"$ref": "#/definitions/APIMessage/properties/" + name}
		}
		was["required"] = list{"attachments", "content", "embeds", "timestamp", "type"}
	}
	for name, v := range doc["definitions"].(object) {
		if strings.HasSuffix(name, "Flags") {
			delete(v.(object), "enum")
			delete(v.(object), "const")
		}
	}
}

// at compiles the schema at a JSON pointer of a document.
func (sc *schemas) at(document, pointer string) (*jsonschema.Schema, error) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	key := document + "#" + pointer
	if s := sc.ready[key]; s != nil {
		return s, nil
	}
	s, err := sc.compiler.Compile(key)
	if err != nil {
		return nil, err
	}
	sc.ready[key] = s
	return s, nil
}

// pointer makes a JSON pointer for a URL's fragment.
func pointer(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		p = strings.ReplaceAll(strings.ReplaceAll(p, "~", "~0"), "/", "~1")
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}

// check holds JSON against a schema and says in one line what is wrong.
func (sc *schemas) check(document, pointer string, text []byte) error {
	s, err := sc.at(document, pointer)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return brief(s.Validate(v))
}

// value holds a single value, as of a query, against a schema.
func (sc *schemas) value(pointer string, v any) error {
	s, err := sc.at(restURL, pointer)
	if err != nil {
		return err
	}
	return brief(s.Validate(v))
}

// schemaError is a place in JSON and what is wrong there.
type schemaError struct{ field, text string }

func (e *schemaError) Error() string { return e.field + ": " + e.text }

// brief takes the deepest cause out of a validation error; among those of one
// depth one that is not about the type: of a union, the other branches.
func brief(err error) error {
	ve, ok := err.(*jsonschema.ValidationError)
	if !ok {
		return err
	}
	best := ve
	rank := func(e *jsonschema.ValidationError) int {
		n := 2 * len(e.InstanceLocation)
		if !ofType(e) {
			n++
		}
		return n
	}
	for e := range causes(ve) {
		if len(e.Causes) == 0 && (best == ve || rank(e) > rank(best)) {
			best = e
		}
	}
	text := best.Error()
	if lines := strings.Split(strings.TrimSpace(text), "\n"); len(lines) > 1 {
		text = strings.TrimLeft(lines[len(lines)-1], " -")
	}
	return &schemaError{strings.Join(best.InstanceLocation, "."), text}
}

// ofType reports whether an error is about what something is, not how.
func ofType(e *jsonschema.ValidationError) bool {
	at := e.InstanceLocation
	switch e.ErrorKind.(type) {
	case *kind.Type:
		return true
	case *kind.Const, *kind.Enum:
		return len(at) > 0 && strings.HasSuffix(at[len(at)-1], "type")
	}
	return false
}

func causes(e *jsonschema.ValidationError) func(func(*jsonschema.ValidationError) bool) {
	return func(yield func(*jsonschema.ValidationError) bool) {
		stack := []*jsonschema.ValidationError{e}
		for len(stack) > 0 {
			e := stack[0]
			stack = append(slices.Clone(stack[1:]), e.Causes...)
			if !yield(e) {
				return
			}
		}
	}
}
