package hostile

import "strings"

// These grammars write marks of chats and of Markdown.

var inlineMarks = []string{"*", "**", "***", "_", "__", "___", "~", "~~", "`", "``", "||", "|", "\"", "'", "^", "==", "[", "]", "(", ")", "<", ">", "\\"}

func marks(p *pen) {
	p.some(func(p *pen) {
		m := inlineMarks[p.dice.IntN(len(inlineMarks))]
		switch p.number(0, 5) {
		case 0:
			p.add(m)
		case 1, 2:
			p.within(m, marks, m)
		case 3:
			p.within(m, word, inlineMarks[p.dice.IntN(len(inlineMarks))])
		default:
			word(p)
			space(p)
		}
	})
}

var blockMarks = []string{
	"# ", "## ", "###", "#### ", "###### ", "#", "-# ", "-#", "- ", "* ", "+ ", "1. ", "1) ", "007. ", "999999999. ", "1234567890. ", "> ", ">", ">> ", ">>> ", "> > ", "> - ", "- - ", "- > ", "    ", "\t", "---", "***", "___", "* * *", "===", "- [ ] ", "- [x] ", ": ", ":::", "!!! ", "<!-- ", "~~~", "```", "| ", "[^1]: ", "[a]: https://x.y 'z'", "* * ", "  - ", "   1. ", "\\# ", "\\- ",
}

func blocks(p *pen) {
	p.some(func(p *pen) {
		for range p.number(0, 2) {
			p.one(blockMarks)
		}
		if p.chance(3) {
			p.within("**", marks, "**")
		} else {
			word(p)
		}
		p.one([]string{"\n", "\n", "\n\n", "\n \n", "  \n", "\n> \n", ""})
	})
}

var names = []string{
	"@everyone", "@here", "@Everyone", "@HERE", "@room", "@all", "@channel", "@\u200beveryone", "@\u2063here", "@every\u200bone", "\\@everyone", "@@everyone", "@everyone@here", "<@everyone>",
	"<@1>", "<@!2>", "<@&3>", "<#4>", "<@123456789012345678>", "<@123>", "<@!123456789012345678>", "<@&123456789012345678>", "<@", "<@>", "<@1", "<@ 1>", "<@1 >", "<@+1>", "<@123456789012345678901234567890>", "<\\@1>", "\\<@1>", "<@<@1>>", "<@\u200b1>",
	"@ann:hs.org", "@ann:hs.org:8448", "#room:hs.org", "!id:hs.org", "https://matrix.to/#/@ann:hs.org", "https://matrix.to/#/%40ann%3Ahs.org", "matrix:u/ann:hs.org", "https://matrix.to/#/#room:hs.org", "[Ann](https://matrix.to/#/@ann:hs.org)", "<https://matrix.to/#/@ann:hs.org>",
	"<a href=\"https://matrix.to/#/@ann:hs.org\">Ann</a>", "<a href='https://matrix.to/#/@room:hs.org'>@room</a>", "<!here>", "<!channel|x>", "<@U123|x>", "<!subteam^1>", "u/ann", "/u/ann", "r/x", "@[ann](user:1)", "[@everyone](https://x.y)", "`@everyone`", "||<@1>||", "https://x.y/@everyone", "mailto:here@everyone.org", "me@hereford.org", "<me@here.org>", "<id:guide>", "<id:customize>", "<#id>", "<&1>",
}

func mentions(p *pen) {
	p.some(func(p *pen) {
		switch p.number(0, 4) {
		case 0:
			p.add("@")
			p.one([]string{"", " ", "\u200b", "\u2063", "\\", "*", "**", "`", "<b>", "\u00ad", "\n"})
			p.one([]string{"everyone", "here", "EVERYONE", "hEre", "every", "room"})
		case 1:
			m := inlineMarks[p.dice.IntN(len(inlineMarks))]
			p.within(m, mentions, m)
		default:
			p.one(names)
		}
		p.one([]string{"", "", " ", "\n", ".", ">", "one"})
	})
}

func covers(p *pen) {
	p.some(func(p *pen) {
		switch p.number(0, 6) {
		case 0, 1:
			p.within("||", covers, "||")
		case 2:
			p.within("<span data-mx-spoiler=\"why\">", covers, "</span>")
		case 3:
			p.one([]string{"<:e:1>", "<a:wave:12>", "<:e:>", "<::1>", "<a:1>", ":smile:", "::", ":e:1>", "\\<:e:1>", "<:é:1>", "<:a_b:123456789012345678>"})
		case 4:
			p.one([]string{"<t:0>", "<t:1618953630:R>", "<t:-1:S>", "<t:99999999999999999999>", "<t:1:>", "<t:1:z>", "<t:8640000000001>", "<t:1.5:R>", "</a b:5>", "</a:b>", "</:1>", "<+491234>", "<tel:+49>", "<a@b.c>"})
		default:
			word(p)
			space(p)
		}
	})
}

func code(p *pen) {
	ticks := strings.Repeat("`", p.number(1, 5))
	p.some(func(p *pen) {
		switch p.number(0, 6) {
		case 0:
			p.within("```", code, "```")
		case 1:
			p.within("\n```go\n", code, "\n```\n")
		case 2:
			p.within(ticks, marks, ticks)
		case 3:
			p.within("<pre><code class=\"language-c++\">", code, "</code></pre>")
		case 4:
			p.one([]string{"~~~\n", "    ", "\t", "`", "``", "```", "````", "\\`", "``` ", "```a b\n", "> ```\n", "- ```\n", "`\u2063`", "<code>", "</code>"})
		default:
			p.one([]string{"if a < b {", "}", "\n", "*p = &q", "\\n", "@everyone", "<@1>", "||", "a_b", "**", "\n\n", "  x", "\t"})
		}
	})
}

func lines(p *pen) {
	p.some(func(p *pen) {
		p.add(strings.Repeat(" ", p.number(0, 7)))
		for range p.number(1, 3) {
			p.one([]string{"- ", "* ", "1. ", "2. ", "10) ", "> ", "> ", "+ ", "", ">>> "})
		}
		switch p.number(0, 4) {
		case 0:
			marks(p)
		case 1: // an item without words
		default:
			word(p)
		}
		p.one([]string{"\n", "\n", "\n\n", "\n\n\n", "\n>\n", "\n-\n", "\n\t"})
	})
}

func tables(p *pen) {
	p.some(func(p *pen) {
		switch p.number(0, 7) {
		case 0:
			p.add("\n|" + strings.Repeat(" a |", p.number(1, 4)) + "\n|" + strings.Repeat("---|", p.number(1, 4)) + "\n")
		case 1:
			p.add("|")
			marks(p)
			p.one([]string{"|\n", " | ", "\\|", "`|`|\n", "||\n", "\n"})
		case 2:
			p.one([]string{"[^1]", "[^1]: note\n", "[^a b]", "<sup>1</sup>", "<sub>2</sub>", "x^2^", "H~2~O", "\n*[HTML]: x\n", "[a]: /b\n"})
		case 3:
			p.one([]string{"$x^2$", "$$\n\\frac{a}{b}\n$$", "\\(a_b\\)", "\\[x\\]", "$5 and $6", "<math><mi>x</mi></math>", "<math alttext='x*y'><mi>q</mi></math>", "<math><mi>x</mi><annotation encoding='application/x-tex'>x_1</annotation>", "<span data-mx-maths='x_1'>x</span>"})
		case 4:
			p.within("<table><tr><th>", marks, "</th></tr></table>")
		case 5:
			p.within("<tr><td>", tables, "</td></tr>")
		case 6:
			p.one([]string{"<td>", "<th>", "<table>", "</table>", "<thead>", "<tbody>", "<caption>x", "<td><td>", ":-:|-:", "|---", "\t", "<tr>"})
		default:
			word(p)
		}
	})
}
