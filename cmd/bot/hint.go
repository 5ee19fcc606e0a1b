package main

import (
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
	lead := "What you reply here is "
	if len(c.Rooms) > 1 {
		lead += "repeated in the other rooms under your name, and "
	}
	switch c.credit() {
	case discussion.Unpublished:
		return format.Text(lead + "not published beside the text unless you say how you want to be named: " + me)
	case discussion.Named:
		lead += "published beside the text under your name."
	default:
		lead += "published beside the text under a pseudonym."
	}
	return format.Text(lead + " To choose otherwise: " + me)
}
