//go:build unix

package dendrite

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"text/template"
)

// components are the parts of Dendrite that have a database each.
var components = []string{
	"federation_api", "key_server", "media_api", "mscs", "relay_api", "room_server", "sync_api",
}

// configuration is Dendrite's, as small as it gets. Relative paths are seen
// from the server's folder, in which it runs.
var configuration = template.Must(template.New("dendrite.yaml").Parse(`version: 2
global:
  server_name: {{.Name}}
  private_key: matrix_key.pem
  disable_federation: true
  presence: {enable_inbound: false, enable_outbound: false}
  jetstream: {storage_path: jetstream, in_memory: {{.InMemory}}}
client_api:
  registration_disabled: true
  registration_shared_secret: {{.Secret}}
  rate_limiting: {enabled: {{.RateLimits}}, threshold: 20, cooloff_ms: 500}
app_service_api:
  config_files: [{{range $i, $f := .AppServices}}{{if $i}}, {{end}}{{$f}}{{end}}]
user_api:
  bcrypt_cost: 4
  account_database: {connection_string: "{{.Account}}"}
{{range .Components}}{{.}}:
{{if eq . "media_api"}}  base_path: media
{{end}}  database: {connection_string: "{{index $.Database .}}"}
{{end}}logging:
- {type: std, level: {{.LogLevel}}}
`))

// writeConfig makes the server's folder ready: configuration, signing key.
func (s *Server) writeConfig() error {
	services := make([]string, len(s.opts.AppServices))
	for i, file := range s.opts.AppServices {
		services[i] = strconv.Quote(file)
	}
	databases := map[string]string{}
	for _, c := range components {
		databases[c] = s.database(c)
	}
	var text bytes.Buffer
	err := configuration.Execute(&text, map[string]any{
		"Name": s.opts.Name, "Secret": s.secret, "LogLevel": s.opts.LogLevel,
		"InMemory": !s.opts.JetStreamOnDisk, "RateLimits": s.opts.RateLimits,
		"AppServices": services, "Components": components,
		"Account": s.database("account"), "Database": databases,
	})
	if err != nil {
		return fmt.Errorf("print the homeserver's configuration: %w", err)
	}
	if err := os.WriteFile(s.path("dendrite.yaml"), text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write the homeserver's configuration: %w", err)
	}
	return s.writeKey()
}

// database is the address of a component's SQLite file. It keeps a write-ahead
// log: with SQLite's older journal a /sync whose client has gone away keeps a
// read lock for ever, and the server panics when it cannot write any more.
func (s *Server) database(component string) string {
	return "file://" + s.path(component) + ".db%3F_pragma=journal_mode(WAL)"
}

// writeKey makes the key with which the server signs events: the 32 bytes of
// an ed25519 seed in a PEM block that names the key.
func (s *Server) writeKey() error {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails
	block := pem.EncodeToMemory(&pem.Block{
		Type:    "MATRIX PRIVATE KEY",
		Headers: map[string]string{"Key-ID": "ed25519:test"},
		Bytes:   seed,
	})
	if err := os.WriteFile(s.path("matrix_key.pem"), block, 0o600); err != nil {
		return fmt.Errorf("write the homeserver's key: %w", err)
	}
	return nil
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }
