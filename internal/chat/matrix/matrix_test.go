//go:build unix

package matrix

import (
	"testing"

	"marginalia/internal/chat/chattest"
	"marginalia/test/dendrite"
)

// TestContract tells the stories of chattest on a real homeserver.
func TestContract(t *testing.T) {
	server := dendrite.StartWith(t, dendrite.Options{JetStreamOnDisk: true})
	chattest.Test(t, func(t testing.TB) chattest.World { return newWorld(t, server) })
}
