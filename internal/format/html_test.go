package format

import "testing"

func TestHTMLReads(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"paragraphs", `<p>One <b>two</b></p>after<div>in<div>deeper</div>out</div>`, `
paragraph: One {strong two}
paragraph: after
paragraph: in
paragraph: deeper
paragraph: out
`},
		{"crossing", `<b>two <i>three</b> four</i>`, `
paragraph: {strong two {emph three}} {emph four}
`},
		{"line breaks", "<p>hard<br>break<br><br>new</p>\n<p>  soft \n and\tspaces </p><h2>no<br>break</h2>", `
paragraph: hard⏎break
paragraph: new
paragraph: soft and spaces
heading2: no break
`},
		{"lists", `<ul><li>a<ul><li>b</ul>c<li><p>d</p><p>e</p></ul><ol start=3><li>x<li value=7>y<li>z</ol>`, `
list1 -: a
list2 -: b
list1: c
list1 -: d
list1: e
list1 3.: x
list1 7.: y
list1 8.: z
`},
		{"quotations", `<blockquote><p>q1</p><blockquote>q2</blockquote><ul><li>ql</li></ul></blockquote>out`, `
>quote: q1
>>quote: q2
>list1 -: ql
paragraph: out
`},
		{"items that hold blocks", `<ol><li><pre>code</pre>after</li><li><blockquote>q</blockquote></li><li>next</li></ol>`, `
code: code
list1 1.: after
>quote: q
list1 3.: next
`},
		{"table", `<table><caption>Cap</caption><thead><tr><th></th><th>A</th></tr></thead><tr><th>r</th><td>1<br>2</td><td></td></tr></table>`, `
paragraph: Cap
table1: ⇥A
table: r⇥1 2
`},
		{"table without ends", `<table><tr><th>a<th>b<tr><td>1<td>2</table>c`, `
table1: a⇥b
table: 1⇥2
paragraph: c
`},
		{"table for layout", `<table><tr><td><font>An old page.<br><br>Second paragraph.</font></td><td><img src="http://x.y/z.gif"></td></tr></table>`, `
paragraph: An old page.
paragraph: Second paragraph.
paragraph: {image=http://x.y/z.gif [image]}
`},
		{"table in table", `<table><tr><td><table role=none><tr><td>a<td>b</table></table>`, `
paragraph: a
paragraph: b
`},
		{"code", "<pre><code class=\"hljs language-go\">\nfunc <span>main</span>() {\n\tx &lt; 2\n}\n</code></pre>after", `
code go: func main() {⏎⇥x < 2⏎}
paragraph: after
`},
		{"code in lines", `<pre>a<br>b<div>c</div><div>d</div></pre>`, `
code: a⏎b⏎c⏎d
`},
		{"links", `<a href="https://x.y/?a=1&amp;b=2">l</a> <a href="/rel">r</a> <a href="java&#9;script:alert(1)">j</a> <a href=MAILTO:a@b.c>m</a> <a href=" https://x.y/a b ">sp</a>`, `
paragraph: {link=https://x.y/?a=1&b=2 l} r j {link=mailto:a@b.c m} {link=https://x.y/a%20b sp}
`},
		{"bare addresses", `See https://x.y/a_(b), (http://x.y). <code>https://code.x</code> xhttp://no https://`, `
paragraph: See {link=https://x.y/a_(b) https://x.y/a_(b)}, ({link=http://x.y http://x.y}). {code https://code.x} xhttp://no https://
`},
		{"images", `<img src=https://x.y/a.png alt="A cat"> <img src=https://x.y/b.png> <img src=data:x alt=inline> <img src=x> <img src=https://t.x/p width=1 height=1> <a href=https://big.x><img src=https://s.x alt=s></a>`, `
paragraph: {image=https://x.y/a.png A cat} {image=https://x.y/b.png [image]} inline {link=https://big.x s}
`},
		{"spans", `x<sup>2</sup> H<sub>2</sub>O <kbd>k</kbd> <u>u</u> <q>q</q> <mark>m</mark> <span class=spoiler>s</span> <s>x</s>`, `
paragraph: x{sup 2} H{sub 2}O {code k} {underline u} “q” m {spoiler s} {strike x}
`},
		{"left out", `<title>T</title><script>"<p>no</p>"</script><style>p{}</style><nav>menu<nav></nav></nav><template>t</template><p hidden>h</p><noscript><p>n</p></noscript><svg><text>s</text></svg><div style="display : none">d</div><!-- c --><script/>x</script>end`, `
paragraph: end
`},
		{"formulas", `<math alttext="x^2"><mi>x</mi></math> <math><mi>y</mi><annotation encoding="application/x-tex">y^3</annotation></math> <math><mi>a</mi><mo>+</mo></math> <span class="mjx-math" aria-label="z^4"><span>z4</span></span> <math>cut<p>off`, `
paragraph: x^2 y^3 a+ z^4 cut
paragraph: off
`},
		{"more blocks", `<dl><dt>term</dt><dd>def</dd></dl><figure><figcaption>cap</figcaption></figure><hr>`, `
paragraph: term
paragraph: def
paragraph: cap
rule: * * *
`},
		{"entities", "a &amp; b &lt;c&gt; &nbsp;d &copy &#x1F600; \x00\x1b\xff", `
paragraph: a & b <c>  d © 😀 �
`},
		{"never closed", `a <b>bold <p>still</p> <a href="https://x.y">link`, `
paragraph: a {strong bold}
paragraph: {strong still}
paragraph: {link=https://x.y {strong link}}
`},
		{"never ended", `a <b`, `
paragraph: a <b
`},
		{"nothing", ` <p> </p><ul><li></ul><br>`, ``},
		{"an item without a list", `</ul></td><li>a<li>b`, `
list1 -: a
list1 -: b
`},
		{"odd levels", `<ul><ul><ul><li>a</ul></ul><li>b</ul><ol start=-1><li value=x>c`, `
list1 -: a
list1 -: b
list1 1.: c
`},
	} {
		t.Run(c.name, func(t *testing.T) { reads(t, HTML{}, c.src, c.want) })
	}
}

func TestHTMLLines(t *testing.T) {
	d := HTML{}.Parse("<p>one</p>\n<!-- a\nb -->\n\n<p>five\nsix</p><pre>\nseven</pre>")
	for i, want := range []int{1, 5, 6} {
		if d.Blocks[i].Line != want {
			t.Errorf("block %d stands on line %d, not %d", i, d.Blocks[i].Line, want)
		}
	}
}

func TestMatrixReads(t *testing.T) {
	m := Matrix{Name: func(kind, id string) string { return map[string]string{"user@bob:hs": "Bob"}[kind+id] }}
	for _, c := range []struct{ name, src, want string }{
		{"reply", `<mx-reply><blockquote><a href="x">In reply to</a> old</blockquote></mx-reply>new`, `
paragraph: new
`},
		{"who speaks", `<strong data-mx-profile-fallback>Ann: </strong>hello`, `
paragraph: hello
`},
		{"mentions", `<a href="https://matrix.to/#/@ann:hs.org">Ann</a>: <a href="https://matrix.to/#/@bob:hs"><b>some</b>one</a> <a href="https://matrix.to/#/%40c:hs?via=x">@c</a> <a href="matrix:u/dan:hs"> <i>Dan</i></a> <a href="matrix:u/e:hs">e</a><a href="matrix:u/e:hs">f</a>`, `
paragraph: {mention=@ann:hs.org @Ann}: {mention=@bob:hs @Bob} {mention=@c:hs @c} {mention=@dan:hs @Dan} {mention=@e:hs @e}{mention=@e:hs @f}
`},
		{"no mentions", `<a href="https://matrix.to/#/!r:hs/$e">msg</a> <a href="https://matrix.to/#/#room:hs">room</a> <a href="https://matrix.to/#/@ann:hs/x">x</a> <a href="https://matrix.to/#/@:">y</a> https://matrix.to/#/@z:hs`, `
paragraph: {link=https://matrix.to/#/!r:hs/$e msg} {link=https://matrix.to/#/#room:hs room} {link=https://matrix.to/#/@ann:hs/x x} {link=https://matrix.to/#/@: y} https://matrix.to/#/@z:hs
`},
		{"spoilers", `<span data-mx-spoiler="why">secret</span> <span data-mx-spoiler>x <a href="https://s.x">l</a></span>`, `
paragraph: (why){spoiler secret} {spoiler x {link=https://s.x l}}
`},
		{"images", `<img data-mx-emoticon src="mxc://h/i" alt=":party:"> <img src="https://x.y/t.png" alt="tracker">`, `
paragraph: {image=mxc://h/i :party:} {link=https://x.y/t.png tracker}
`},
		{"formulas", `<span data-mx-maths="x^2"><code>x^2</code></span>`, `
paragraph: {code x^2}
`},
	} {
		t.Run(c.name, func(t *testing.T) { reads(t, m, c.src, c.want) })
	}
}

func TestMatrixPrints(t *testing.T) {
	link := Text("x")
	link.Spans = []Span{{Kind: Image, Start: 0, End: 1, Attr: "mxc://hs/a"}}
	for _, c := range []struct {
		doc  Doc
		want string
	}{
		{Text("one < two"), `one &lt; two`},
		{Text("one\n\ntwo\nthree"), `<p>one</p><p>two<br>three</p>`},
		{link, `<img src="mxc://hs/a" alt="x">`},
		{HTML{}.Parse(`<a href='https://x.y/"><script>'>a</a>`), `<a href="https://x.y/%22%3E%3Cscript%3E">a</a>`},
		{Doc{}, ""},
	} {
		if got := (Matrix{}).Print(c.doc); got != c.want {
			t.Errorf("printed %s, not %s", got, c.want)
		}
	}
}
