package main

import (
	"net"
	"strings"
)

// notify tells systemd, where it started the bot and wants to know, that it is
// READY or STOPPING. Nobody else is told, and nothing depends on it.
func (a *app) notify(state string) {
	for _, e := range a.environ {
		socket, ok := strings.CutPrefix(e, "NOTIFY_SOCKET=")
		if !ok || socket == "" {
			continue
		}
		to, err := net.Dial("unixgram", socket)
		if err != nil {
			return
		}
		_, _ = to.Write([]byte(state + "=1"))
		_ = to.Close()
	}
}
