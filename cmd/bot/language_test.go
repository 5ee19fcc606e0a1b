package main

import (
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/lang"
)

// A room has its own language, or that of [bot], which the environment may say.
func TestWhichLanguageARoomHas(t *testing.T) {
	const rooms = "[[rooms]]\nname = \"a\"\nplatform = \"local\"\n[[rooms]]\nname = \"b\"\nplatform = \"local\"\nlanguage = \"de\"\n[[rooms]]\nname = \"c\"\nplatform = \"local\"\nlanguage = \"en\"\n"
	for _, tc := range []struct {
		src, env string
		a, b, c  lang.Language
	}{
		{rooms, "", lang.English, lang.German, lang.English},
		{"[bot]\nlanguage = \"de\"\n" + rooms, "", lang.German, lang.German, lang.English},
		{rooms, "MARGINALIA_BOT_LANGUAGE=de", lang.German, lang.German, lang.English},
	} {
		c, err := loadConfig(write(t, tc.src), []string{tc.env})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]lang.Language{"a": tc.a, "b": tc.b, "c": tc.c, "unknown": tc.a} {
			if got := c.language(chat.Room{Platform: "local", ID: name}); got != want {
				t.Errorf("%s %s: room %s has %s, want %s", tc.src, tc.env, name, got.Tag(), want.Tag())
			}
		}
		if err := c.checkChoices(); err != nil {
			t.Error(err)
		}
	}
}

func TestTheHintInGerman(t *testing.T) {
	c := defaults()
	c.Matrix = &MatrixTable{Command: "!essay"}
	for def, want := range map[string]string{
		"pseudonym": "unter einem Pseudonym veröffentlicht. Um etwas anderes zu wählen: !essay me",
		"named":     "unter deinem Namen veröffentlicht. Um etwas anderes zu wählen: !essay me",
		"ask":       "solange du nicht sagst, wie du genannt werden willst: !essay me",
	} {
		c.Privacy.Default = choice(def)
		for n := range 3 {
			c.Rooms = make([]RoomTable, n)
			got := c.hint("matrix", lang.German).Text
			if !strings.HasPrefix(got, "Was du hier antwortest, wird ") || !strings.HasSuffix(got, want) || strings.Contains(got, "in den anderen Räumen") != (n > 1) {
				t.Errorf("%s, with %d rooms: %q", def, n, got)
			}
		}
	}
}
