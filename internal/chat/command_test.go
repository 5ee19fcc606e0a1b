package chat

import (
	"maps"
	"testing"
)

func TestParseCommand(t *testing.T) {
	for _, c := range []struct {
		text, name string
		args       map[string]string
	}{
		{"!essay", "", nil},
		{"  !essay  ", "", nil},
		{"!essay status", "status", nil},
		{"!Essay Status", "status", nil},
		{"!essay\nnext", "next", nil},
		{"!essay next 3", "next", map[string]string{"1": "3"}},
		{"!essay next 3 thevoid", "next", map[string]string{"1": "3", "2": "thevoid"}},
		{"!essay next n=3 thevoid", "next", map[string]string{"n": "3", "1": "thevoid"}},
		{"!essay drip --per-day=3 --quiet", "drip", map[string]string{"per-day": "3", "quiet": "true"}},
		{"!essay drip —per-day=3", "drip", map[string]string{"per-day": "3"}},
		{`!essay find "the void" in`, "find", map[string]string{"1": "the void", "2": "in"}},
		{`!essay find “the void” in`, "find", map[string]string{"1": "the void", "2": "in"}},
		{`!essay find --words="the void" x`, "find", map[string]string{"words": "the void", "1": "x"}},
		{`!essay find words="" x`, "find", map[string]string{"words": "", "1": "x"}},
		{`!essay find words= x`, "find", map[string]string{"words": "", "1": "x"}},
		{`!essay say "he said \"no\" \\ C:\dir"`, "say", map[string]string{"1": `he said "no" \ C:\dir`}},
		{`!essay find "left open  x`, "find", map[string]string{"1": "left open  x"}},
		{`!essay find "a""b"`, "find", map[string]string{"1": "a", "2": "b"}},
		{`!essay import https://a.example/?a=b&c=d`, "import", map[string]string{"1": "https://a.example/?a=b&c=d"}},
		{`!essay at 8:30`, "at", map[string]string{"1": "8:30"}},
		{`!essay x -- -v --8=9 =3 a=1 a=2`, "x", map[string]string{"1": "--", "2": "-v", "3": "--8=9", "4": "=3", "a": "2"}},
		{`!essay x don't --né --ab.c`, "x", map[string]string{"1": "don't", "2": "--né", "3": "--ab.c"}},
	} {
		name, args, ok := ParseCommand("!essay", c.text)
		if !ok || name != c.name || !maps.Equal(args, c.args) {
			t.Errorf("%q: read %q %q (%v), want %q %q", c.text, name, args, ok, c.name, c.args)
		}
	}
	for _, text := range []string{"", "essay", "!essays", "!essay!", "say !essay", "!essa", "> !essay"} {
		if name, args, ok := ParseCommand("!essay", text); ok {
			t.Errorf("%q is read as the command %q %q", text, name, args)
		}
	}
}

// What is typed behind a command's name is kept as it stands, too.
func TestCommandText(t *testing.T) {
	for text, want := range map[string]string{
		"!essay": "", "!essay status": "", " !Essay say\n> \"two  words\"\n\nx = 5 ": "> \"two  words\"\n\nx = 5", "!e": "",
	} {
		if got := CommandText("!essay", text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzParseCommand(f *testing.F) {
	f.Add(`!essay find --words="the void" x`)
	f.Add(`!essay “a\`)
	f.Fuzz(func(t *testing.T, text string) {
		name, args, ok := ParseCommand("!essay", text)
		if !ok && (name != "" || args != nil) {
			t.Errorf("%q: %q %q but no command", text, name, args)
		}
	})
}
