package format

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	mdhtml "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"
)

var htmlSeeds = []string{
	"<p>a <b>b</b> <i>c</i></p><ul><li>x<ol><li>y</li></ol></li></ul>",
	"<blockquote><p>a<p>b<blockquote>c</blockquote></blockquote>d",
	"<table><thead><tr><th>a<th>b</thead><tr><td>1<td>2</table>",
	"<pre><code class=language-go>\n\tx\n\n</code></pre>y", "a<br><br>b<br>c", "<h1>a<h2>b</h1>c", "<math><mi>x</mi><annotation encoding='application/x-tex'>x</annotation></math>",
	"<a href='javascript:alert(1)'>x</a><a href=' HTTPS://x.y '>z</a>", "<script>alert(1)</script><style>a{}</style><b", "<a href=\"https://x.y/\"><img src=https://x.y/i.png></a>",
	"<mx-reply>x</mx-reply><a href='https://matrix.to/#/@ann:hs.org'>Ann</a>: hi <span data-mx-spoiler='why'>s</span>", "<strong data-mx-profile-fallback>Ann: </strong>hi",
	"<table><tr><td><table><tr><td><p>x</table>y</table>z", "</li></ul></p></table>", "<td>x<tr>y", "<li>a<li>b", "&lt;script&gt;&#60;script>", "<svg/>x<nav>y</nav>",
}

func FuzzHTML(f *testing.F) {
	for _, s := range htmlSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		d := HTML{}.Parse(src)
		holds(t, HTML{}, d)
		for _, other := range dialects {
			holds(t, other.Dialect, d)
		}
		harmless(t, HTML{}.Print(d))
	})
}

func FuzzMatrix(f *testing.F) {
	for _, s := range htmlSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		d := Matrix{}.Parse(src)
		holds(t, Matrix{}, d)
		harmless(t, Matrix{}.Print(d))
		for _, other := range dialects {
			holds(t, other.Dialect, d)
		}
	})
}

var markdownSeeds = []string{
	"# a\n\nb *c* **d** `e` ~~f~~\n\n> q\n> > r\n\n- x\n  1. y\n\n     z\n- w\n", "| a | b |\n|---|:-:|\n| `\\|` | \\| |\n", "```go\nx\n```\n\n    y\n",
	"[a](<b c> \"t\") ![x](https://y.z) <https://a.b> <a@b.c>", "[r]: https://x.y\n\n[r] [r][] [q][r]", "a\\\nb  \nc\nd", "<div>\n*a*\n\n</div> <b>x</b> <br> <script>y</script>",
	"a\n===\nb\n---\n***\n", "&amp; &#42; \\* &copy", "***a** b*", "**\\***", "a *b <0@*.1> c", "a*b*c_d_", "1) a\n2) b\n\n- c\n+ d", "<!-- x --> <?y?> <!Z> <![CDATA[q]]>",
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range markdownSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		d := Markdown{}.Parse(src)
		holds(t, Markdown{}, d)
		for _, other := range dialects {
			holds(t, other.Dialect, d)
		}
		var page bytes.Buffer
		if err := loose.Convert([]byte(Markdown{}.Print(d)), &page); err != nil {
			t.Fatal(err)
		}
		harmless(t, page.String())
	})
}

func FuzzDiscord(f *testing.F) {
	for _, s := range discordSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		d := Discord{}.Parse(src)
		holds(t, Discord{}, d)
		if err := loud(Discord{}.Normal(d), Discord{}.Print(d)); err != nil {
			t.Fatal(err)
		}
		for _, other := range dialects {
			holds(t, other.Dialect, d)
		}
	})
}

var discordSeeds = []string{
	"# a\n-# b\n- c\n  1. d\n   e\n\n1. f\n> g\n> ```go\n> h\n> ```\n>>> i\n> j", "a ```x``` b ``y ` z`` \\``` ````q````", "**a*b**c* ***d** e* ___f___ ~~g~~~ |||h|||",
	"[a [b] c](https://x.y/(z)_w_ \"t\") <https://x.y> https://x.y/a_b_, [n](x)", "<@1> <@!2> <@&3> <#4> </a b:5> <:e:6> <a:f:7> <t:0:R> <t:8> <id:customize> <@x>", "@everyone @here \\@ <\\@1> `@here` ¯\\_(ツ)_/¯ @\u2063here",
	"\\*\\_\\~\\|\\`\\\\\\é\\a\\\n", "1. a\n1. b\n\n1. c\n    - d\n  - e\n - f", "||a\n\nb|| _c d_e _f_ *g h*i * j*", "`a\u2063``b`` c", "> \n>\n> a\n>b", "_`*a_*`_ *`_`*", "http://a.b/**c** **http://a.b** ||http://a||",
}

// loose renders Markdown as the most trusting reader does.
var loose = goldmark.New(goldmark.WithExtensions(extension.Strikethrough, extension.Table), goldmark.WithRendererOptions(mdhtml.WithUnsafe()))

// harmless holds HTML to what is allowed in our pages.
func harmless(t *testing.T, page string) {
	t.Helper()
	if err := harm(page); err != nil {
		t.Fatal(err)
	}
}

// harm says what in a piece of HTML could do harm.
func harm(page string) error {
	z := html.NewTokenizer(strings.NewReader(page))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		if token.Type != html.TextToken && token.Data == "script" {
			return fmt.Errorf("a script in %q", page)
		}
		for _, a := range token.Attr {
			switch a.Key {
			case "href":
				if address(a.Val) == "" {
					return fmt.Errorf("a link to %q in %q", a.Val, page)
				}
			case "src":
				if addressOf(a.Val, "http://", "https://", "mxc://") == "" {
					return fmt.Errorf("an image at %q in %q", a.Val, page)
				}
			case "class", "rel", "alt", "start", "data-mx-spoiler", "data-mx-emoticon", "height":
			default:
				return fmt.Errorf("attribute %s in %q", a.Key, page)
			}
		}
	}
	return nil
}
