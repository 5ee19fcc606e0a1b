package format

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestDiscordReads(t *testing.T) {
	for src, want := range map[string]string{
		"# a\n## b\n### c\n#### d\n#e":                               "heading1: a\nheading2: b\nheading3: c\nparagraph: #### d⏎#e\n",
		"a\n-# b\nc\n\nd":                                            "paragraph: a⏎b⏎c\nparagraph: d\n",
		"- a\n  b\n\n- c\n   1. d\n   1. e\n * f\ng":                 "list1 -: a⏎b\nlist1 -: c\nlist2 1.: d\nlist2 2.: e\nlist2 -: f\nparagraph: g\n",
		"7. a\n7. b\n\n7. c":                                         "list1 7.: a\nlist1 8.: b\nlist1 7.: c\n",
		"> a\n> \n> # b\n> > c\nd\n>e":                               ">quote: a\n>heading1: b\n>quote: > c\nparagraph: d⏎>e\n",
		"a\n>>> b\n\n> c\n- d":                                       "paragraph: a\n>quote: b\n>quote: > c\n>list1 -: d\n",
		"a ```go\nb\n\n\tc\n``` d ```e```":                           "paragraph: a\ncode go: b⏎⏎⇥c\nparagraph: d\ncode: e\n",
		"> ```\n> a\n>  b\n> ```":                                    ">code: a⏎ b\n",
		"`` a`b ``, ` *c* `, \\`d`, `":                               "paragraph: {code a`b}, {code *c*}, `d{code ,}\n",
		"***a** b* __c _d___ ~~e~~ snake_case_ 2*3*4":                "paragraph: {emph {strong a} b} {underline c {emph d}} {strike e} snake{emph case} 2{emph 3}4\n",
		"*a * b* ** c** \\*d\\* \\a":                                 "paragraph: *a * b* {strong c} *d* \\a\n",
		"[a [b] c](https://x.y/(z) 'd') [e](f) [g]( <https://h.i> )": "paragraph: {link=https://x.y/(z) a [b] c} [e](f) {link=https://h.i g}\n",
		"<https://x.y> (https://x.y/a_b_c). https://x.y/|":           "paragraph: {link=https://x.y https://x.y} ({link=https://x.y/a_b_c https://x.y/a_b_c}). {link=https://x.y/ https://x.y/}|\n",
		"<@1> <@!2> <@&3> <#4> </a b:5> <:e:6> <a:f:7> <id:guide>":   "paragraph: {mention=1 @someone} {mention=2 @someone} @role #channel /a b :e: :f: Server Guide\n",
		"<@x> <@&> <#a> </a> <:e:> <id:x> <t:x> <t:1:z> <3":          "paragraph: <@x> <@&> <#a> </a> <:e:> <id:x> <t:x> <t:1:z> <3\n",
		"<t:1618953630> <t:1618953630:t> <t:1618953630:D> <t:-1:S>":  "paragraph: 20 April 2021 21:20 UTC 21:20 UTC 20 April 2021 1969-12-31 23:59:59 UTC\n",
		"¯\\_(ツ)_/¯ _a_":                                             "paragraph: ¯\\_(ツ)_/¯ {emph a}\n",
		"`<@1> @everyone \\*`":                                       "paragraph: {code <@1> @everyone \\*}\n",
		"||a\n\n- b\n```\nc\n``` d|| ||e":                            "paragraph: {spoiler a}\nlist1 -: {spoiler b}\nparagraph: {spoiler {code c}}\nparagraph: {spoiler d} ||e\n",
		"> ||a\n> b||\n`||`\n||":                                     ">quote: {spoiler a⏎b}\nparagraph: {code ||}⏎||\n",
		"@\u200beveryone a\u200bb c\u2063":                           "paragraph: @everyone a\u200bb c\n",
	} {
		reads(t, Discord{}, src, want)
	}
}

func TestDiscordWrites(t *testing.T) {
	for src, want := range map[string]string{
		"<h4>a</h4><h1>b</h1><p>c</p><p>d</p>":                                              "**a**\n# b\nc\n\nd",
		"<p># a<br>-# b<br>- c<br>1. d<br>&gt; e<br>+ f #g</p>":                             "\\# a\n\\-# b\n\\- c\n1\\. d\n\\> e\n+ f #g",
		"<p><b># a</b>- b</p>":                                                              "**\\# a**- b",
		"<p>*a* _b_ ~c~ `d` |e| \\f ||g||</p>":                                              "\\*a\\* \\_b\\_ \\~c\\~ \\`d\\` \\|e\\| \\\\f \\|\\|g\\|\\|",
		"<ol><li>a</li></ol><ol><li>b<ul><li>c</ul></ol><p>d":                               "1. a\n\n1. b\n  - c\nd",
		"<blockquote>a<blockquote>b</blockquote></blockquote>c":                             "> a\n> \\> b\nc",
		"<blockquote><blockquote>a<p>b<br>c<ul><li>d</ul></blockquote></blockquote>":        "> \\> a\n> \n> \\> b\n> \\> c\n> - d",
		"<pre>a```b\n````</pre>":                                                            "```\na`\u2063`\u2063`b\n`\u2063`\u2063`\u2063`\n```",
		"<b>a</b><i>b</i><b><i>c</i></b>x<i>d</i>":                                          "**a**\u2063*b**c**\u2063*x*d*",
		"<u><i>a</i></u> <i>b</i>c":                                                         "*__a__* *b*c",
		"<s>a~</s> <code>b`</code> <b><code>c**d</code></b>":                                "~~a\\~\u2063~~ ``b` `` **`c*\u2063*d`**",
		"¯<i>) ¯_(ツ)</i>/¯":                                                                 "¯_) ¯\u2063\\_(ツ)_/¯",
		"<i><code>a_b</code></i>":                                                           "*`a_b`*",
		"see https://x.y/_a_ and (https://x.y/_b_), (http://":                               "see https://x.y/_a_ and (<https://x.y/_b_>), (http\\://",
		"<a href='https://x.y/(a'>b [c]</a> [d](e)":                                         "[b \\[c\\]](<https://x.y/(a>) \\[d\\](e)",
		"&lt;.@channel.> &lt;1@b.c?d> &lt;.@channel>":                                       "\\<.@channel.> \\<1@b.c?d> <.@channel>",
		"¯_(ツ)<i>/¯_(ツ)</i>/¯":                                                              "¯\u2063\\_(ツ)_/¯\u2063\\_(ツ)_/¯",
		"[a] (b) &lt;3 1 &lt; 2 &lt;b>":                                                     "[a] (b) <3 1 < 2 \\<b>",
		"@everyone @Here m@hereford.com <code>@everyone</code>":                             "@\u200beveryone @\u200bHere m@\u200bhereford.com `@\u200beveryone`",
		"&lt;@1> &lt;@&amp;2> &lt;#3> &lt;:e:4> &lt;/a:5> &lt;t:6> &lt;id:guide>":           "\\<\\@\u200b1> \\<\\@\u200b&2> \\<#3> \\<:e:4> \\</a:5> \\<t:6> \\<id:guide>",
		"https://x.y/@everyone":                                                             "[https\\://x.y/@\u200beveryone](https://x.y/%40everyone)",
		"<table><tr><th>a</th><th>b</th></tr><tr><td>c<td></td></tr><tr><td>d<td>e</table>": "a \\| b\nc\nd \\| e",
		"H<sub>2</sub>O<hr><img src='https://x.y/a.png' alt='b'>":                           "H2O\n\n\\* \\* \\*\n\n[b](https://x.y/a.png)",
	} {
		if got := (Discord{}).Print(HTML{}.Parse(src)); got != want {
			t.Errorf("%s is\n%q\nnot\n%q", src, got, want)
		}
	}
}

// TestDiscordNames says who is meant by whom.
func TestDiscordNames(t *testing.T) {
	d := Discord{Name: func(kind, id string) string {
		return map[string]string{"user 1": "Ann *Lee*", "channel 2": "hall", "role 3": "@mods"}[kind+" "+id]
	}}
	doc := d.Parse("<@1>, <@9>, <#2>, <@&3>")
	if got, want := sketch(doc), "paragraph: {mention=1 @Ann *Lee*}, {mention=9 @someone}, #hall, @mods\n"; got != want {
		t.Errorf("read as %s", got)
	}
	if got, want := d.Print(doc), "<@1>, <@9>, #hall, @mods"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	if got, want := d.Print(d.Parse("<@9><@9>")), "<@9><@9>"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// TestCards reads what bots show below a message.
func TestCards(t *testing.T) {
	d := Discord{}
	for _, c := range []struct {
		src, want string
		card      Card
	}{
		{"a", "paragraph: a\n", Card{}},
		{"a", "paragraph: a\n", Card{URL: "https://x.y", Image: "https://x.y/i.png", Text: " \n"}},
		{"", "paragraph: {strong *A*}\nheading5: {link=https://x.y b c}\nparagraph: {emph d}\n", Card{Author: "*A*", Title: "b\nc", URL: "https://x.y", Text: "*d*"}},
		{"> a", ">quote: a\nrule: * * *\nlist1 -: b\nparagraph: {strong c}⏎d\nparagraph: e\nparagraph: Image: {link=https://x.y/%40here https://x.y/%40here}\nparagraph: *f*\n",
			Card{URL: "javascript:1", Text: "- b", Image: "https://x.y/@here", Footer: "*f*", Fields: []CardField{{"c", "d"}, {" ", "e"}, {"", ""}}}},
	} {
		doc := d.ParseCards(c.src, []Card{c.card})
		if err := doc.Check(); err != nil || sketch(doc) != c.want {
			t.Errorf("%q with %+v is\n%s\nnot\n%s (%v)", c.src, c.card, sketch(doc), c.want, err)
		}
	}
}

var (
	all     = regexp.MustCompile(`(?i)@(everyone|here)`)
	called  = regexp.MustCompile(`<@[!&]?(\d+)>`)
	special = regexp.MustCompile(`<#\d+>|<a?:\w+:\d+>|</[\w -]+:\d+>|<t:|<id:`)
)

// loud holds what is printed to name nobody but those whom the Doc mentions,
// whatever Discord's server thinks of backslashes and code, and to show nothing
// of what Discord shows things for.
func loud(d Doc, printed string) error {
	if at := all.FindString(printed); at != "" {
		return fmt.Errorf("%q pings in %q", at, printed)
	}
	var mentioned []string
	for _, s := range d.Spans {
		if s.Kind == Mention {
			mentioned = append(mentioned, s.Attr)
		}
	}
	for _, found := range called.FindAllStringSubmatch(printed, -1) {
		if len(mentioned) == 0 || found[0] != "<@"+mentioned[0]+">" {
			return fmt.Errorf("%q in %q, where %q are mentioned", found[0], printed, mentioned)
		}
		mentioned = mentioned[1:]
	}
	for _, at := range special.FindAllStringIndex(printed, -1) {
		escaped := at[0] > 0 && printed[at[0]-1] == '\\'
		if !escaped && !strings.Contains(printed, "`") { // code shows nothing
			return fmt.Errorf("%q in %q", printed[at[0]:at[1]], printed)
		}
	}
	return nil
}

func TestDiscordIsSilent(t *testing.T) {
	for range 10 {
		rapid.Check(t, func(t *rapid.T) {
			doc := genDoc().Draw(t, "doc")
			if err := loud(Discord{}.Normal(doc), Discord{}.Print(doc)); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, src := range []string{"@everyone", "\\@here", "`@Everyone`", "<@1>", "\\<@&1>", "<:e:1>", "<t:0>"} {
		if loud(Doc{}, src) == nil {
			t.Errorf("%q is silent", src)
		}
	}
}

// onDiscord is what a message may hold, however it is counted.
func onDiscord(limit int) func(Doc) bool {
	return func(d Doc) bool {
		s := Discord{}.Print(d)
		return utf8.RuneCountInString(s) <= limit && len(utf16.Encode([]rune(s))) <= limit
	}
}

// TestDiscordSplits cuts a text of every kind of block at every size, and
// reads each message by itself.
func TestDiscordSplits(t *testing.T) {
	src := "<h1>Heads 👩‍👩‍👧</h1><blockquote>A quotation of words. And of more.</blockquote><pre><code class=language-go>if a {\n\tb\n}\n\nfor {\n}</code></pre>" +
		"<ol><li>one <a href=https://example.org/a>link of words</a></li><li>two <b>strong words, <i>and more</i></b><ul><li>three</ul></ol><p><span class=spoiler>a secret that is long</span> 🇩🇪🇫🇷e\u0301</p>"
	doc := Discord{}.Normal(HTML{}.Parse(src))
	for limit := 30; limit < 400; limit++ {
		fits := onDiscord(limit)
		words := ""
		for _, part := range Split(doc, fits) {
			if !fits(part) {
				t.Fatalf("%d: does not fit: %s", limit, sketch(part))
			}
			read := Discord{}.Parse(Discord{}.Print(part))
			if !same(read, Discord{}.Normal(part)) {
				t.Fatalf("%d: %s is read as %s", limit, sketch(part), sketch(read))
			}
			words += read.Text
			for _, s := range read.Spans {
				if s.Kind == Link && read.Text[s.Start:s.End] != "link of words" && limit > 60 {
					t.Fatalf("%d: a link is cut: %s", limit, sketch(part))
				}
			}
			for _, whole := range []string{"👩‍👩‍👧", "🇩🇪", "🇫🇷", "e\u0301"} {
				if first, _ := utf8.DecodeRuneInString(whole); strings.Count(part.Text, string(first)) < strings.Count(part.Text, whole) {
					t.Fatalf("%d: a character is cut: %s", limit, sketch(part))
				}
			}
		}
		if squeezed(words) != squeezed(doc.Text) {
			t.Fatalf("%d: the words are %q", limit, words)
		}
	}
}

// TestAddressTooLong: an address that no message could hold leaves its words.
func TestAddressTooLong(t *testing.T) {
	long := "https://example.org/?" + strings.Repeat("'%3E", 600)
	for _, doc := range []Doc{
		HTML{}.Parse(`<p>so <a href="` + long + `">h</a> it goes</p>`),
		HTML{}.Parse(`<p>so <a href="` + strings.Repeat(long, 30) + `">h</a> it goes</p>`),
	} {
		fits := onDiscord(2000)
		parts := Split(Discord{}.Normal(doc), fits)
		if got := (Discord{}).Print(parts[0]); len(parts) != 1 || !fits(parts[0]) || got != "so h it goes" {
			t.Errorf("%d parts, the first %.60q", len(parts), got)
		}
	}
	m := Matrix{}.Normal(HTML{}.Parse(`<p>so <a href="` + long + `">h</a></p>`))
	if len(m.Spans) != 1 {
		t.Errorf("on Matrix there is room for it: %s", sketch(m))
	}
	m = Matrix{}.Normal(HTML{}.Parse(`<p>so <a href="` + strings.Repeat(long, 3) + `">h</a></p>`))
	if len(m.Spans) != 0 {
		t.Errorf("on Matrix there is no room for it: %.80s", sketch(m))
	}
}
