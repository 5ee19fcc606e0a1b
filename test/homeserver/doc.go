// Package homeserver holds nothing but a version: its module names the
// Dendrite release that the tests talk to, as a tool, so that the homeserver
// and its dependencies never appear in the product's own go.mod.
//
// Package marginalia/test/dendrite builds and runs it.
package homeserver
