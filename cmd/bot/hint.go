package main

import (
	"fmt"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// hint is what people of a network are told when they speak for the first time.
// On the page itself they see what becomes of their words.
func (c Config) hint(platform string) format.Doc {
	me := ""
	switch {
	case !c.Privacy.Hint:
	case platform == "matrix" && c.Matrix != nil:
		me = c.Matrix.Command + " me"
	case platform == "discord" && c.Discord != nil:
		me = "/" + c.Discord.Command + " me"
	}
	if me == "" {
		return format.Doc{}
	}
	how := "under a pseudonym"
	switch c.credit() {
	case discussion.Named:
		how = "under your name"
	case discussion.Unpublished:
		return format.Text(fmt.Sprintf("What you reply here is repeated in the other rooms, and not published beside the text unless you say how you want to be named: %s", me))
	}
	return format.Text(fmt.Sprintf("What you reply here is repeated in the other rooms, and published beside the text %s. To choose otherwise: %s", how, me))
}
