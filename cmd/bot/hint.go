package main

import (
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
)

// hint is what people of a network are told when they speak for the first time.
// On the page itself they see what becomes of their words.
func (c Config) hint(platform string, in lang.Language) format.Doc {
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
	kept, named := c.credit() == discussion.Unpublished, c.credit() == discussion.Named
	switch several := len(c.Rooms) > 1; {
	case kept && several:
		return format.Text(in.Sprintf("What you reply here is repeated in the other rooms under your name, and not published beside the text unless you say how you want to be named: %s", me))
	case kept:
		return format.Text(in.Sprintf("What you reply here is not published beside the text unless you say how you want to be named: %s", me))
	case named && several:
		return format.Text(in.Sprintf("What you reply here is repeated in the other rooms under your name, and published beside the text under your name. To choose otherwise: %s", me))
	case named:
		return format.Text(in.Sprintf("What you reply here is published beside the text under your name. To choose otherwise: %s", me))
	case several:
		return format.Text(in.Sprintf("What you reply here is repeated in the other rooms under your name, and published beside the text under a pseudonym. To choose otherwise: %s", me))
	}
	return format.Text(in.Sprintf("What you reply here is published beside the text under a pseudonym. To choose otherwise: %s", me))
}
