package format

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"marginalia/test/require"
)

// A schema is what a network says of itself about a message.
type schema struct{ *jsonschema.Schema }

func (s schema) check(v any) error { return s.Validate(v) }

// requestSchema is the request that makes a message on Discord.
func requestSchema(t *testing.T) schema {
	t.Helper()
	data, err := os.ReadFile(require.Shared(t, "discord", "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("file:///openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return compiled(t, c, "file:///openapi.json#/components/schemas/MessageCreateRequest", map[string]any{"content": 5})
}

// eventSchema is a message of a bot on Matrix.
func eventSchema(t *testing.T) schema {
	t.Helper()
	path := require.Shared(t, "matrix", "spec", "event-schemas", "schema", "m.room.message$m.notice.yaml")
	c := jsonschema.NewCompiler()
	c.UseLoader(yamlLoader{})
	at := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	return compiled(t, c, at.String(), map[string]any{"type": "m.room.message", "content": map[string]any{"msgtype": "m.notice"}})
}

// compiled is a schema that refuses what is bad.
func compiled(t *testing.T, c *jsonschema.Compiler, at string, bad any) schema {
	t.Helper()
	s, err := c.Compile(at)
	if err != nil {
		t.Fatal(err)
	}
	if s.Validate(bad) == nil {
		t.Fatalf("%s takes %v", at, bad)
	}
	return schema{s}
}

// yamlLoader reads the schemas of Matrix, which are YAML.
type yamlLoader struct{}

func (yamlLoader) Load(at string) (any, error) {
	u, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.FromSlash(u.Path))
	if err != nil {
		return nil, err
	}
	var v any
	err = yaml.Unmarshal(data, &v)
	return v, err
}
