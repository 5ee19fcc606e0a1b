package hostile

import (
	"fmt"
	"strings"
)

// These grammars write tags, addresses and characters.

var tagNames = []string{
	"p", "p", "b", "i", "em", "strong", "u", "s", "del", "code", "pre", "a", "ul", "ol", "li", "li", "blockquote", "blockquote", "h1", "h4", "h6", "hr", "br", "br", "table", "tr", "td", "th", "thead", "tbody", "span", "div", "sup", "sub", "q", "img", "script", "style", "svg", "math", "mi", "annotation", "nav", "mx-reply", "font", "details", "summary", "iframe", "textarea", "title", "template", "select", "menu", "dl", "dd", "xmp", "plaintext", "listing", "caption", "wbr", "input", "object", "noscript", "B", "custom-tag", "kbd", "ins", "cite",
}

var attributes = []string{
	"", "", "", " href=\"https://x.y/a?b=c&amp;d\"", " href='javascript:alert(1)'", " href=https://matrix.to/#/@ann:hs.org", " src=mxc://a/b", " src='https://x.y/i.png'", " alt='an *image*'", " alt=''", " class=spoiler", " class=image", " class='language-go x'", " hidden", " style='display: none'", " data-mx-spoiler", " data-mx-spoiler='why'", " data-mx-emoticon", " start=3", " start=-1", " value=99999999999", " onerror=alert(1)", " aria-hidden=true", " aria-label=\"x\"", " width=1", " title=\"<b>\"", " data-mx-profile-fallback", " role=presentation", " href='mailto:a@b.c'", " href='//x.y'", " href='https://x.y/\n\"<>'", " color=red",
}

func tags(p *pen) {
	p.some(func(p *pen) {
		name := tagNames[p.dice.IntN(len(tagNames))]
		switch p.number(0, 6) {
		case 0:
			p.add("<" + name)
			p.one(attributes)
			p.one(attributes)
			p.add(">")
		case 1:
			p.add("</" + name + ">")
		case 2, 3:
			p.within("<"+name+attributes[p.dice.IntN(len(attributes))]+">", tags, "</"+name+">")
		case 4:
			p.one([]string{
				"<a class=image href=https://x.y/a.png>cat</a>", "<img src=https://x.y/a.png alt='a &amp; [b]'>", "<img src=https://x.y/a.png>", "<img src=mxc://a/b alt=:e: data-mx-emoticon>", "<img width=1 src=https://x.y>",
				"<span class=mjx-math aria-label='x_1'><i>x</i></span>", "<a href='https://x.y/?a=1&amp;amp;b&copy=2'>l</a>", "<ol start=7><li value=3>a<li>b</ol>", "<br><br>", "<q>so</q>",
			})
		default:
			word(p)
			space(p)
		}
	})
}

func broken(p *pen) {
	p.some(func(p *pen) {
		switch p.number(0, 4) {
		case 0:
			tags(p)
		case 1:
			p.add("<")
			p.one(tagNames)
			p.one(attributes)
			p.one([]string{"", " ", "/", "\"", "'", "=", "<", "/>", "\n"})
		default:
			p.one([]string{"<", ">", "</", "</ ", "<!", "<!--", "-->", "<!-- x -->", "<![CDATA[", "]]>", "<?", "?>", "<!DOCTYPE html>", "<b", "<b/>", "</p >", "<a href=\"", "<a href='x", "&lt;b&gt;", "<3", "<>", "</>", "< b>", "<b\x00>", "<scr<script>ipt>", "</script", "<a/b/c>", "<p =x>", "<p a=\"b\"c>"})
		}
	})
}

func pills(p *pen) {
	p.some(func(p *pen) {
		switch p.number(0, 6) {
		case 0:
			p.within("<mx-reply><blockquote><a href=\"https://matrix.to/#/!r:hs.org/$e\">In reply to</a> ", tags, "</blockquote></mx-reply>")
		case 1:
			p.within("<a href=\"https://matrix.to/#/@"+plain[p.dice.IntN(len(plain))]+":hs.org\">", marks, "</a>")
		case 2:
			p.within("<span data-mx-spoiler>", pills, "</span>")
		case 3:
			p.within("<strong data-mx-profile-fallback>", word, ": </strong>")
		case 4:
			p.one([]string{"<img src=\"mxc://hs.org/a\" alt=\":e:\" data-mx-emoticon height=32>", "<img src='mxc://a/b'>", "<img src='mxc://a/b' alt='@everyone'>", "<img alt=x>", "<span data-mx-maths='\\frac{1}{2}'><code>1/2</code></span>", "<div data-mx-maths='x'>y</div>", "<font data-mx-color='#f00'>", "</font>", "<a href=\"https://matrix.to/#/@ann:hs.org\"></a>", "<a href='matrix:u/ann:hs.org'><b>x</b><br></a>"})
		case 5:
			tags(p)
		default:
			word(p)
			space(p)
		}
	})
}

var targets = []string{
	"https://x.y", "http://x.y/a_b_c", "https://x.y/(z)", "https://x.y/(z", "https://x.y/a)b", "https://x.y/*q*", "https://x.y/~u/_v_", "https://x.y/?a=1&amp;b=2&copy=3#f", "https://x.y/|", "https://x.y/`", "https://x.y/\\", "https://x.y/%zz", "https://[::1]/", "https://x.y/@here", "https://x.y/%40everyone", "https://é.example/ü", "https://x.y/日本", "https://x.y/\u202e", "https://x.y/||a||", "HTTPS://X.Y/", "https://user:pass@x.y/", "https://x.y/**a**", "https://x.y/__b__", "https://x.y/a.", "https://x.y/a),", "https://", "http:/x", "https://x", "ftp://x.y", "javascript:alert(1)", "data:text/html,x", "mailto:a@b.c", "a@b.c", "mailto:a@b.c?subject=x", "www.x.y", "/rel", "#f", "", "mxc://a/b", "https://x.y/'\"", "https://x.y/<b>", "xhttps://x.y", "https://x.y/https://z.w",
}

func links(p *pen) {
	p.some(func(p *pen) {
		to := targets[p.dice.IntN(len(targets))]
		switch p.number(0, 8) {
		case 0:
			p.within("[", marks, "]("+to+")")
		case 1:
			p.within("[", links, "]("+to+" \"a title\")")
		case 2:
			p.within("[", word, "](<"+to+">)")
		case 3:
			p.within("<a href=\""+to+"\">", links, "</a>")
		case 4:
			p.add("<" + to + ">")
		case 5:
			p.within("![", word, "]("+to+")")
		case 6:
			p.one([]string{"[", "]", "](", ")", "[]()", "[a][b]", "[a]", "[[", "]]", "[a](", "[a] (b)", "(", "![", "[a\nb](c)", "[b]: https://x.y\n"})
		case 7:
			m := inlineMarks[p.dice.IntN(len(inlineMarks))]
			p.add(m + to + m)
		default:
			p.add(to)
		}
		space(p)
	})
}

func entities(p *pen) {
	p.some(func(p *pen) {
		switch p.number(0, 4) {
		case 0:
			p.one([]string{"&amp;", "&lt;", "&gt;b&gt;", "&quot;", "&nbsp;", "&#42;", "&#x2a;", "&#0;", "&#xd800;", "&#1114112;", "&#99999999;", "&copy", "&copy;", "&notanentity;", "&", "&;", "&#;", "&#x;", "&amp;lt;", "&ZeroWidthSpace;", "&shy;", "&lbrack;a&rbrack;", "&NotEqualTilde;", "&fjlig;", "&#10;", "&#9;", "&#64;everyone", "&commat;here", "&#96;&#96;&#96;"})
		case 1:
			p.add("\\")
			p.one(inlineMarks)
		case 2:
			p.one([]string{"\\\\", "\\", "\\\n", "\\&amp;", "\\a", "\\é", "\\ ", "\\\u200b", "¯\\_(ツ)_/¯", "\\\\*", "%5C", "\\u0041", "\\x41", "\\#", "\\1.", "\\n"})
		default:
			word(p)
			space(p)
		}
	})
}

func runs(p *pen) {
	n := p.number(1, 40)
	if p.chance(32) {
		name := tagNames[p.dice.IntN(len(tagNames))]
		n *= p.number(1, 15)
		p.add(strings.Repeat("<"+name+">", n) + "a" + strings.Repeat("</"+name+">", n) + "b")
		return
	}
	if p.chance(32) {
		n *= p.number(1, 100)
	}
	pool := [][]string{inlineMarks, blockMarks, unseenMarks, scripted, plain, {"@", "<@", "&", "\n", " ", "\t", "<b>", "</b>", "<ul><li>", "<blockquote>", "![", "](", "$"}}
	for range p.number(1, 3) {
		of := pool[p.dice.IntN(len(pool))]
		s := of[p.dice.IntN(len(of))]
		word(p)
		p.add(strings.Repeat(s, min(n, 4000/max(len(s), 1))))
		space(p)
	}
}

var unseenMarks = []string{
	"\u200b", "\u200c", "\u200d", "\u2060", "\u2063", "\ufeff", "\u00ad", "\u034f", "\u061c", "\u115f", "\u3164", "\u180e", "\u17b4", "\u202a", "\u202e", "\u202c", "\u2066", "\u2067", "\u2069", "\u200e", "\u200f", "\u00a0", "\u2007", "\u2028", "\u2029", "\u3000", "\u1680", "\u0301", "\u0323", "\u20dd", "\ufe0f", "\ufe0e", "\U000e0041", "\U000e007f", "\U000e0100", "\u0488", "\ufff9", "\u2800",
}

func unseen(p *pen) {
	p.some(func(p *pen) {
		for range p.number(1, 3) {
			p.one(unseenMarks)
		}
		switch p.number(0, 4) {
		case 0:
			p.one(names)
		case 1:
			p.one(inlineMarks)
		case 2:
			p.one(blockMarks)
		default:
			word(p)
			space(p)
		}
	})
}

var scripted = []string{
	"日本語。", "漢字", "「引用」", "한국어", "ภาษาไทย", "भाषा", "தமிழ்", "עברית", "العربية", "فارسی", "ελληνικά", "Русский", "ქართული", "አማርኛ", "ꦗꦮ", "𝔐𝔞𝔱𝔥", "ﷺ", "ﬁ", "Ⅷ", "①", "½", "x²", "İ", "ß", "ẞ", "ǅ", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "1️⃣", "e\u0301", "각", "Z̷̢̛a̴l̶g̷o̸", "𠀀", "！", "＠everyone", "＊", "（", "：", "．", "﹫here", "‘’", "¡¿",
}

func scripts(p *pen) {
	p.some(func(p *pen) {
		p.one(scripted)
		switch p.number(0, 4) {
		case 0:
			m := inlineMarks[p.dice.IntN(len(inlineMarks))]
			p.within(m, scripts, m)
		case 1:
			p.one(blockMarks)
		case 2:
			p.add(fmt.Sprint(p.number(0, 3000), ". "))
		}
		space(p)
	})
}
