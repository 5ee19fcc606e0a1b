package format

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// bridged is a message of either network, as the bridges' tests have it.
type bridged struct {
	Content, Body, Msgtype string
	Formatted              string `json:"formatted_body"`
	Embeds                 []embed
}

// embed is a card in Discord's own words.
type embed struct {
	Title, Description, URL string
	Author                  struct{ Name string }
	Footer                  struct{ Text string }
	Image                   struct{ URL string }
	Fields                  []struct{ Name, Value string }
}

func (e embed) card() Card {
	c := Card{Author: e.Author.Name, Title: e.Title, URL: e.URL, Text: e.Description, Image: e.Image.URL, Footer: e.Footer.Text}
	for _, f := range e.Fields {
		c.Fields = append(c.Fields, CardField{f.Name, f.Value})
	}
	return c
}

func (v vector) message(t *testing.T) bridged {
	t.Helper()
	var m bridged
	if v.Method == "" {
		v.input(t, &m)
		return m
	}
	var all []json.RawMessage
	v.input(t, &all)
	if err := json.Unmarshal(all[1], &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// pill names those whom the bridges' tests know: the two call other things by
// the same numbers.
func (v vector) pill(kind, id string) string {
	if v.Method != "" {
		return map[string]string{"user 12345": "foxies", "channel 12345": "foxies", "role 123456": "Fox Lover"}[kind+" "+id]
	}
	return map[string]string{"12345": "TestUsername", "456": "TestChannel"}[id]
}

// toMatrix compares what Matrix shows of a message on Discord. What a bot
// shows in cards belongs to its message; their plain text is markdown, so its
// words are compared.
func toMatrix(t *testing.T) func(vector) string {
	return func(v vector) string {
		m := v.message(t)
		discord := Discord{Name: v.pill}
		d := discord.Parse(m.Content)
		if strings.Contains(v.Name, "InsertEmbes") {
			var cards []Card
			for _, e := range m.Embeds {
				cards = append(cards, e.card())
			}
			d = discord.ParseCards(m.Content, cards)
			if v.Field == "body" {
				return verdict(inOneLine(Plain{}.Print(d)), inOneLine(Plain{}.Print(Markdown{}.Parse(v.expected()))))
			}
		}
		if v.Field == "body" {
			return verdict(Plain{}.Print(d), Plain{}.Print(discord.Parse(v.expected())))
		}
		return verdict(sketch(Matrix{}.Normal(d)), sketch(Matrix{}.Parse(comparableHTML(v.expected()))))
	}
}

func inOneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// bullets are what lists were written with before Discord had lists.
var bullets = regexp.MustCompile(`(?m)^( *)[●○] `)

// fromMatrix compares what Discord is told as Discord reads it.
func fromMatrix(t *testing.T) func(vector) string {
	return func(v vector) string {
		m := v.message(t)
		d := Plain{}.Parse(m.Body)
		if m.Formatted != "" {
			d = Matrix{}.Parse(m.Formatted)
		}
		if m.Msgtype == "m.emote" {
			d = d.Emphasised()
		}
		got, want := Discord{}.Print(d), bullets.ReplaceAllString(v.expected(), "$1- ")
		if got == want {
			return ""
		}
		return verdict(sketch(Discord{}.Parse(got)), sketch(Discord{}.Parse(want)))
	}
}
