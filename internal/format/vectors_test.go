package format

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"marginalia/test/require"
)

// Reasons that hold for more than one vector.
const (
	masked   = "messages have masked links since 2023"
	options  = "an option of that parser, not of Discord"
	pills    = "accounts and aliases that another bridge made are links and names like any other here"
	unknown  = "who reads it learns more from a word for what it is than from a number"
	pinged   = "a copy rings nobody's phone, so the word stays as it was typed"
	speech   = "the name stands above the message already: who speaks is a persona of their own"
	previews = "a preview of a page is made anew by the client of whoever sees the link"
	edits    = "an edit changes the copy, and does not write what changed into it"
	images   = "who cannot see an image gets its words, and no address that leads nowhere"
	navigate = "Discord documents <id:customize>, with the letters id"
)

// TestVectorsOfDiscord counts the vectors that are met of what the tests of
// other projects hold Discord's markdown to.
func TestVectorsOfDiscord(t *testing.T) {
	sets := map[string][]vector{}
	for _, v := range readVectors(t, "discord", "markdown-vectors.jsonl") {
		sets[v.Set] = append(sets[v.Set], v)
	}
	discord := Discord{Name: ids}
	measure(t, "discord to html", sets["discord-to-html"], 56, otherwise{
		"custom ": options, "everyone mentioning": options, "here mentioning": options,
		"with discord-only": options, "don't escape html if set": options,
		"||```\\ncode\\nblock\\n```||":   "a block has no cover, so the code is covered words",
		"only embeds have [label](link)": masked,
	}, func(v vector) string {
		var src string
		v.input(t, &src)
		return verdict(shown(discord.Parse(src)), sketch(HTML{}.Parse(comparableHTML(v.expected()))))
	})
	measure(t, "discord to tree", sets["discord-to-ast"], 37, otherwise{
		"do not parse as masked link": masked, "guild navigation": navigate,
	}, func(v vector) string {
		var src string
		v.input(t, &src)
		var nodes []node
		if err := json.Unmarshal(v.Expected, &nodes); err != nil {
			t.Fatal(err)
		}
		return verdict(shown(discord.Parse(src)), sketch(HTML{}.Parse(page(nodes))))
	})
	measure(t, "discord to matrix", sets["discord-to-matrix-html"], 19, otherwise{
		"non-discord markdown": masked, "processes members": pills, "channels correctly": pills,
		"unknown emoji": unknown, "unknown channel": unknown, "channels without alias": unknown,
	}, toMatrix(t))
	measure(t, "matrix to discord", sets["matrix-to-discord"], 26, otherwise{
		"user pills": pills, "channel pills": pills, "emojis by mxc": pills, "unknown mxc": images,
		"@room to @here": pinged, "/me for normal names": speech, "nicks in /me": speech,
	}, fromMatrix(t))
	measure(t, "escaped", sets["discord-escape"], 57, otherwise{
		"shared": "behind an escaped dash no heading begins",
	}, escapes)
	measure(t, "formatted", sets["discord-format"], 63, nil, func(v vector) string {
		return verdict(sketch(discord.Parse(v.expected())), formatted(v))
	})
}

// TestVectorsOfBridges counts those of matrix-discord-parser, both ways.
func TestVectorsOfBridges(t *testing.T) {
	measure(t, "matrix to discord", readVectors(t, "matrix", "mdp-matrix-to-discord.jsonl"), 53, otherwise{
		"autodetects the language": "a guess at what somebody writes in would be their word to others",
		"handles <hr>":             "a rule is * * * in every dialect that has none, and a paragraph of its own",
		"handles headings":         "Discord has headings now, of three levels",
		"user pills":               pills, "channel pills": pills, "Inserts emojis": pills, "invalid emojis": images,
		"@room to @here": pinged, "/me for normal names": speech, "nicks in /me": speech,
	}, fromMatrix(t))
	measure(t, "discord to matrix", readVectors(t, "matrix", "mdp-discord-to-matrix.jsonl"), 56, otherwise{
		"non-discord markdown": masked, "replaces @everyone": pinged, "replaces @here": pinged,
		"for bots":     "which :name: is which emoji is a table of Discord's client, which grows with it",
		"FormatEmbeds": previews, "FormatEdit": edits, "members": pills, "channels correctly": pills,
		"unknown": unknown, "known roles": "a name is no louder for being a role's", "parses spoilers": "plain text is what a phone shows when it lies on a table: it does not tell what is covered",
	}, toMatrix(t))
}

// TestOracleOfDiscord counts what is read as one of three public parsers reads
// it, which do not agree with each other.
func TestOracleOfDiscord(t *testing.T) {
	data, err := os.ReadFile(require.Shared(t, "discord", "markdown-oracle.json"))
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct {
		Rows []struct {
			Input, Odiffey, Cloudrac3r string
			Itzderock                  []node
		}
	}
	if err := json.Unmarshal(data, &oracle); err != nil {
		t.Fatal(err)
	}
	var all []vector
	answers := map[string][]string{}
	for i, row := range oracle.Rows {
		name := fmt.Sprint("row ", i)
		src, _ := json.Marshal(row.Input)
		all = append(all, vector{Name: name, Input: src})
		for _, answer := range []string{comparableHTML(row.Odiffey), comparableHTML(row.Cloudrac3r), page(row.Itzderock)} {
			answers[name] = append(answers[name], sketch(HTML{}.Parse(answer)))
		}
	}
	measure(t, "as one of three parsers", all, 77, otherwise{
		"text\\n-# small\\ntext":   "small print is a line of its own",
		`\u003c/cmd sub:123\u003e`: "a command is shown by its name",
		`\u003cid:customize\u003e`: "a page of the server has a name",
		"[not link](example.com)":  "a link without a scheme leads nowhere",
	}, func(v vector) string {
		var src string
		v.input(t, &src)
		got := shown(Discord{Name: ids}.Parse(src))
		for _, want := range answers[v.Name] {
			if got == want {
				return ""
			}
		}
		return verdict(got, strings.Join(answers[v.Name], "or\n"))
	})
}
