// Package homeserver holds nothing but a version: its module names the
// Dendrite release that the tests talk to, as a tool, so that the homeserver
// and its dependencies never appear in the product's own go.mod.
//
// Its SQLite driver is newer than the release asks for (v1.34.5): with that one a
// request whose client goes away, as a /sync when the bot ends, leaves a read
// lock behind, and sooner or later Dendrite panics with "database is locked (517)".
//
// Package marginalia/test/dendrite builds and runs it.
package homeserver
