package format

import (
	"strings"
	"testing"
	"time"
)

// slowShapes are texts of a size that are known to be slow somewhere.
func slowShapes(size int) []shape {
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	both := func(a, b string) string { return strings.Repeat(a, size/2/len(a)) + strings.Repeat(b, size/2/len(b)) }
	runs := ""
	for i := 1; len(runs) < size; i++ {
		runs += strings.Repeat("`", i) + "a"
	}
	return []shape{
		{"words", fill("some words, and more. ")},
		{"no space", fill("word")},
		{"lines", fill("a line\n")},
		{"paragraphs", fill("a line\n\n")},
		{"open tags", fill("<div>")}, {"open b", fill("<b>")}, {"open li", fill("<li>")}, {"open ul", fill("<ul>")}, {"open td", fill("<td>")},
		{"open quotes", both("<blockquote>", "</blockquote>")}, {"open table", fill("<table>")}, {"cells", "<table><tr>" + fill("<td>")},
		{"end tags", fill("</b>")}, {"mixed", fill("<b><i></b>")}, {"math", fill("<math>")}, {"brs", fill("<br>")}, {"nbsp", "a" + fill("\u00a0<br>")},
		{"lt", fill("<")}, {"attrs", "<a " + fill("a=b ") + ">"}, {"comments", fill("<!--")}, {"hidden", fill("<p hidden>")}, {"skips", fill("<nav>")},
		{"lists", fill("<ul><li>a")}, {"links", fill("<a href=https://x.y>a</a>b")}, {"crossing", fill("<b>a<i>b</b>c</i>")},
		{"stars", fill("*a ")}, {"stars and bars", both("*a ", "b_ ")}, {"strong", both("**a ", "b** ")}, {"tildes", both("~~a ", "b** ")},
		{"brackets", fill("[")}, {"closing brackets", both("[", "]")}, {"images", fill("![[]()")}, {"link starts", fill("[a](")}, {"refs", fill("[a][")},
		{"link titles", fill("[a](b \"")}, {"backticks", runs}, {"backtick pairs", fill("`` a ` ")}, {"quotes", fill("> ")}, {"quote lines", fill(">>>>>>>>>>>>>>>>>>>>>>>>>>>> a\n")},
		{"items", fill("- ")}, {"nested items", nestedItems(500)}, {"table rows", "|a|b|\n|-|-|\n" + fill("|`\\|`|b|\n")}, {"table cells", "|" + fill("a|") + "\n|" + fill("-|")},
		{"delims", fill("a\n|-|\n")}, {"entities", fill("&amp;")}, {"ampersands", fill("&")}, {"backslashes", fill("\\")}, {"autolinks", fill("<https://a")},
		{"addresses", fill("https://a.b/c ")}, {"address starts", fill("https://")}, {"address brackets", "https://a" + fill(")")}, {"html blocks", fill("<div>\n\n")},
		{"underscores", fill("a_")}, {"star run", fill("*")}, {"both delims", fill("*_")}, {"headings", fill("# a\n")}, {"definitions", fill("[a]: b\n")}, {"bang", fill("!")},
		{"dots", fill("1. ")}, {"dots in line", "x" + fill("1. ")}, {"raw", fill("<a b='")}, {"decl", fill("<!A ")}, {"proc", fill("<?")}, {"cdata", fill("<![CDATA[")}, {"fences", fill("```\n")},
		{"tabs", fill("\t")}, {"hashes", "# " + fill("#")}, {"setext", fill("a\n=\n")}, {"emails", fill("<a@")}, {"indented", fill("    a\n")},
	}
}

type shape struct{ name, src string }

// TestLinear reads a megabyte of each.
func TestLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 60 MB")
	}
	all := slowShapes(1 << 20)
	for _, d := range dialects {
		for _, c := range all {
			start := time.Now()
			doc := d.Parse(c.src)
			parsed := time.Since(start)
			start = time.Now()
			d.Print(doc)
			if printed := time.Since(start); parsed > time.Second || printed > time.Second {
				t.Errorf("%s %s: read in %v, printed in %v", d.name, c.name, parsed, printed)
			}
		}
	}
}

// nestedItems makes a list that is n deep.
func nestedItems(n int) string {
	var out strings.Builder
	for i := range n {
		out.WriteString(strings.Repeat("  ", i) + "- a\n")
	}
	return out.String()
}
