package format

import (
	"strings"
	"testing"
	"time"

	"marginalia/test/require"
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
		{"bars", fill("||a\n")}, {"open bars", "a\n" + fill("|")}, {"underlines", both("__a ", "_b")}, {"stars at blanks", fill("*a **b *c")}, {"mentions", fill("<@1")}, {"commands", fill("</")},
		{"open fences", "```" + fill("go\n``")}, {"fences in lines", fill("```a``` `")}, {"discord quotes", fill("> a\n>>> b\n")}, {"gaps", fill("@\u200b")}, {"titles", "[a" + fill("](https://a \"")},
		{"targets", fill("[](https://a(")}, {"parens", "[](https://a" + fill("(")}, {"all", fill("@everyone")}, {"code runs", fill("`a``b```c")}, {"glued addresses", fill("ahttps://a")}, {"deep", both("**__~~||", "||~~__**")},
	}
}

type shape struct{ name, src string }

// TestLinear reads each of them. What takes two seconds for 128 kB would take
// two minutes for a megabyte if it were not linear.
func TestLinear(t *testing.T) {
	require.Long(t)
	for _, d := range []Dialect{Plain{}, Markdown{}, HTML{}, Matrix{}, Discord{}} {
		for _, c := range slowShapes(1 << 17) {
			within(t, d, c, 2*time.Second)
		}
	}
}

// TestMegabyte reads what is long and no worse. What is not linear takes a
// minute; the limit leaves room for a machine at work.
func TestMegabyte(t *testing.T) {
	require.Long(t)
	for _, d := range []Dialect{Plain{}, Markdown{}, HTML{}, Matrix{}, Discord{}} {
		for _, c := range slowShapes(1 << 20)[:3] {
			within(t, d, c, 5*time.Second)
		}
		nested := strings.Repeat("<div><b><ul><li>", 2500) + "a" + strings.Repeat("</li></ul></b></div>", 2500)
		within(t, d, shape{"10,000 nested tags", nested}, 5*time.Second)
		within(t, d, shape{"10,000 nested marks", strings.Repeat("> ", 5000) + strings.Repeat("- ", 5000) + "a"}, 5*time.Second)
	}
}

// within fails when reading or writing takes longer twice: others use the
// machine too.
func within(t *testing.T, d Dialect, c shape, limit time.Duration) {
	t.Helper()
	var read, written time.Duration
	for range 2 {
		start := time.Now()
		doc := d.Parse(c.src)
		read = time.Since(start)
		d.Print(doc)
		written = time.Since(start) - read
		if read < limit && written < limit {
			return
		}
	}
	t.Errorf("%T %s: read in %v, written in %v", d, c.name, read, written)
}

// nestedItems makes a list that is n deep.
func nestedItems(n int) string {
	var out strings.Builder
	for i := range n {
		out.WriteString(strings.Repeat("  ", i) + "- a\n")
	}
	return out.String()
}

// TestSplitLong cuts what is long.
func TestSplitLong(t *testing.T) {
	require.Long(t)
	for _, c := range []shape{
		{"one paragraph", strings.Repeat("some words, and more. ", 10_000)},
		{"one word", strings.Repeat("word", 210_000)},
		{"paragraphs", strings.Repeat("some words, and <b>more</b>.<p>", 8_000)},
		{"links", strings.Repeat("<a href=https://x.y>some words</a> ", 8_000)},
	} {
		d := HTML{}.Parse(c.src)
		start := time.Now()
		parts := Split(d, func(d Doc) bool { return len(Markdown{}.Print(d)) <= 2000 })
		if took := time.Since(start); took > 5*time.Second || len(parts) < 50 {
			t.Errorf("%s: %d parts in %v", c.name, len(parts), took)
		}
	}
}
