package format

import (
	"strings"

	"pgregory.net/rapid"
)

// words that a dialect could take for something else.
var odd = []string{
	"a", "word", "Wort", "naïve", "das", "x1", "12", "。", "日本", "e\u0301", "👩‍👩‍👧", "🇩🇪", "\u00a0", "\u200b", "\ufeff", "\u2028",
	"*", "**", "_", "__", "~", "~~", "`", "``", "```", "[", "]", "(", ")", "](", "![", "!", "<", ">", "<b>", "</p>", "<!--", "&", "&amp;", "&#42;", "&lt",
	"\\", "\\*", "|", "| --- |", "---", "===", "#", "##", "1.", "1)", "-", "+", ":", "::", "--", ">_<", "> ", "* * *", "|", ":-:", "@", "@all", "||",
	"http://a.b/c_d", "https://x.y/(z)*q*", "https://x.y/~u/_v_", "www.x.y", "<script>", "javascript:alert(1)", "a_b_c", "2*3*4", "…", "“", "”", "€", "'", "\"",
	"    ", "\t", "\x00", "\x1b", "\xff", "[x]: y", "[^1]", "- [ ]", "www", "\\\\", "``a``", "&copy;", "://", "http://", "x@y.z", "<x@y.z>", "=", "a\\",
	"@everyone", "@here", "everyone", "<@1>", "<@", "<#1>", "<@&1>", "<:e:1>", "<a:e:1>", "</a b:1>", "<t:1:R>", "<id:guide>", "-#", "-# ", ">>> ", "|||", "¯\\_(ツ)_/¯", "\u2063", "http", "1. ", "# ", "- ", "***", "_a_",
}

func genWords(sep []string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var out strings.Builder
		for i := range rapid.IntRange(1, 8).Draw(t, "n") {
			if i > 0 {
				out.WriteString(rapid.SampledFrom(sep).Draw(t, "sep"))
			}
			out.WriteString(rapid.SampledFrom(odd).Draw(t, "word"))
		}
		return out.String()
	})
}

var kinds = []SpanKind{Strong, Emph, Strike, Underline, CodeSpan, Link, Image, Spoiler, Mention, Sup, Sub, Strong, Emph, Link, "blink"}

var addresses = []string{
	"https://example.org/a", "http://a.b/c_d", "https://x.y/(z", "https://x.y/(z)", "https://x.y/?a=1&amp;b=2&copy;3", "mailto:a@b.c",
	"javascript:alert(1)", "mxc://a/b", "https://matrix.to/#/@ann:hs.org", "https://matrix.to/#/@bob:hs.org?via=x", "@b/c?:d", "@ann:hs.org", "123", "", "https://x.y/ \"onclick=", "data:text/html,x", "/rel", "#frag", "https://x/a\\b|c",
}

// genDoc makes Docs that keep Doc's rules and no others.
func genDoc() *rapid.Generator[Doc] {
	kind := rapid.SampledFrom([]BlockKind{Paragraph, Paragraph, Heading, Quote, List, List, List, Code, Table, Table, Rule, "odd"})
	marker := rapid.SampledFrom([]string{"-", "-", "1.", "2.", "3.", "9.", "10.", "", "*", "a)", "7)"})
	return rapid.Custom(func(t *rapid.T) Doc {
		var d Doc
		for range rapid.IntRange(0, 6).Draw(t, "blocks") {
			b := Block{Kind: kind.Draw(t, "kind"), Quote: rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2, 30}).Draw(t, "quote")}
			sep := []string{"", "", " ", " ", "\n", "  "}
			switch b.Kind {
			case List:
				b.Marker = marker.Draw(t, "marker")
				b.Level = rapid.IntRange(0, 4).Draw(t, "level")
			case Heading:
				b.Level = rapid.IntRange(0, 7).Draw(t, "level")
			case Table:
				sep = []string{"", " ", "\t", "\t"}
				b.Level = rapid.IntRange(0, 1).Draw(t, "level")
			case Code:
				sep = append(sep, "\n", "\n\n", "\t")
				b.Lang = rapid.SampledFrom([]string{"", "go", "c++", "a b", "`"}).Draw(t, "lang")
			}
			words := genWords(sep).Draw(t, "words")
			from, to := b.trim(words, 0, len(words))
			if from == to {
				continue
			}
			d = genSpans(t, d.Add(b, words[from:to]))
		}
		return d
	})
}

// genSpans puts spans on the last block, nested and crossing.
func genSpans(t *rapid.T, d Doc) Doc {
	b := d.Blocks[len(d.Blocks)-1]
	words := d.Text[b.Start:b.End]
	var at []int
	for i := range words {
		at = append(at, b.Start+i)
	}
	at = append(at, b.End)
	for range rapid.IntRange(0, 5).Draw(t, "spans") {
		i := rapid.IntRange(0, len(at)-2).Draw(t, "from")
		j := rapid.IntRange(i+1, min(len(at)-1, i+8)).Draw(t, "to")
		s := Span{Kind: rapid.SampledFrom(kinds).Draw(t, "span"), Start: at[i], End: at[j]}
		switch s.Kind {
		case Link, Image, Mention:
			s.Attr = rapid.SampledFrom(addresses).Draw(t, "attr")
		}
		d.Spans = append(d.Spans, s)
	}
	return d
}
