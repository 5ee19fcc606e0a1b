package format

import (
	"bufio"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"regexp"
	"strings"
	"testing"

	"marginalia/test/require"
)

// A vector is a case that others published: what they read or write, and what
// becomes of it. Where a string would only compare taste, both sides are read
// and their sketches are compared.
type vector struct {
	Set, Name, Function, Field, Method, Mode string
	Input, Expected                          json.RawMessage
	Args                                     []any
	Options                                  map[string]any
}

// verdict says how a vector was met, or what was got and wanted instead.
func verdict(got, want string) string {
	if got == want {
		return ""
	}
	return "got:\n" + got + "\nwant:\n" + want
}

// otherwise are the vectors that are not met, and why: by a part of their
// name, or by their whole input.
type otherwise map[string]string

func (o otherwise) key(v vector) string {
	input := strings.Trim(string(v.Input), `"`)
	for key := range o {
		if strings.Contains(v.Name, key) || input == key {
			return key
		}
	}
	return ""
}

// measure holds a set of vectors to its floor. What is not met must have its
// reason, and no reason may stand without need.
func measure(t *testing.T, name string, all []vector, floor int, o otherwise, judge func(vector) string) {
	t.Helper()
	met, needed := 0, map[string]bool{}
	for _, v := range all {
		fault := judge(v)
		key := o.key(v)
		switch {
		case fault == "":
			met++
		case key != "":
			needed[key] = true
		default:
			t.Errorf("%s %s: %s\n%s", v.Name, v.Field, v.Input, fault)
		}
	}
	t.Logf("%s: %d of %d", name, met, len(all))
	if met != floor {
		t.Errorf("%s: %d are met, not %d", name, met, floor)
	}
	for key := range o {
		if !needed[key] {
			t.Errorf("%s: %q is met without its reason", name, key)
		}
	}
}

func readVectors(t *testing.T, elem ...string) []vector {
	t.Helper()
	f, err := os.Open(require.Shared(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []vector
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func (v vector) input(t *testing.T, to any) {
	t.Helper()
	if err := json.Unmarshal(v.Input, to); err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
}

func (v vector) expected() string {
	var s string
	if json.Unmarshal(v.Expected, &s) != nil {
		return string(v.Expected)
	}
	return s
}

// ids names everything by its id, as the parsers of the vectors do.
func ids(kind, id string) string { return id }

// shown is what HTML shows of a Doc, in the words of a sketch.
func shown(d Doc) string { return sketch(HTML{}.Normal(d)) }

var inMarkup = []struct {
	find *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`<img class="d-emoji[^>]* alt="([^"]*)">`), "$1"},
	{regexp.MustCompile(`<img alt="([^"]*)"[^>]* data-mx-emoticon />`), "$1"},
	{regexp.MustCompile(`class="hljs (\w+)"`), `class="language-$1"`},
	{regexp.MustCompile(`class="[^"]*d-spoiler[^"]*"`), `class="spoiler"`},
	{regexp.MustCompile(`<span class="hljs-[^>]*>|<small>|</small>`), ""},
	{regexp.MustCompile(`<span class="d-mention d-role">&(amp;)?`), "<span>@"},
}

// comparableHTML rewrites HTML of other parsers where ours says the same in other
// tags.
func comparableHTML(s string) string {
	for _, r := range inMarkup {
		s = r.find.ReplaceAllString(s, r.with)
	}
	return s
}

// A node is of the tree that a parser of others makes.
type node struct {
	Type, Target, Lang, Name, ID, Timestamp, Format, FullName, Navigation string
	Level                                                                 int
	Content                                                               json.RawMessage
}

// page writes a tree as HTML.
func page(nodes []node) string {
	var out strings.Builder
	for _, n := range nodes {
		out.WriteString(n.html())
	}
	return out.String()
}

var tags = map[string]string{"em": "em", "strong": "strong", "underline": "u", "strikethrough": "del", "blockQuote": "blockquote", "subtext": "span"}

func (n node) html() string {
	var words string
	var inner []node
	if json.Unmarshal(n.Content, &words) != nil {
		_ = json.Unmarshal(n.Content, &inner)
		words = page(inner)
	} else {
		words = html.EscapeString(words)
	}
	switch n.Type {
	case "br":
		return "<br>"
	case "heading":
		return fmt.Sprintf("<h%d>%s</h%[1]d>", n.Level, words)
	case "link", "url", "autolink":
		return fmt.Sprintf(`<a href="%s">%s</a>`, n.Target, words)
	case "codeBlock":
		return fmt.Sprintf(`<pre><code class="language-%s">%s</code></pre>`, n.Lang, words)
	case "inlineCode":
		return "<code>" + words + "</code>"
	case "spoiler":
		return `<span class="spoiler">` + words + "</span>"
	case "emoji":
		return ":" + n.Name + ":"
	case "twemoji":
		return n.Name
	case "user", "role":
		return "@" + n.ID
	case "channel":
		return "#" + n.ID
	case "everyone", "here":
		return "@" + n.Type
	case "timestamp":
		return moment(strings.TrimSuffix(n.Timestamp+":"+n.Format, ":"))
	case "slashCommand":
		return "/" + n.FullName
	case "guildNavigation":
		return guides[n.Navigation]
	}
	if tag := tags[n.Type]; tag != "" {
		return "<" + tag + ">" + words + "</" + tag + ">"
	}
	return words
}

// escapes holds Print to what others escape: every backslash of theirs that
// changes how the words are read must be one of ours.
func escapes(v vector) string {
	src := v.Args[0].(string)
	d := Text(src)
	want := v.expected()
	got := Discord{}.Print(d)
	if text := (Discord{}).Parse(got).Text; text != d.Text {
		return verdict(text, d.Text)
	}
	ours, theirs := backslashes(got), backslashes(want)
	for at := range theirs {
		if !ours[at] {
			return verdict(got, want)
		}
	}
	return ""
}

// backslashes returns what is escaped, by the count of characters before it.
// Blanks and angle brackets do not count: we write addresses in brackets.
func backslashes(s string) map[int]bool {
	out := map[int]bool{}
	n, escaped := 0, false
	for _, r := range s {
		if r == '\\' && !escaped {
			escaped = true
			continue
		}
		if !strings.ContainsRune(" \n<>"+joint+gap, r) {
			if escaped {
				out[n] = true
			}
			n++
		}
		escaped = false
	}
	return out
}

// formatted says what a function of a library writes, in the words of a
// sketch.
func formatted(v vector) string {
	args := []string{"", ""}
	for i, a := range v.Args {
		args = append(args[:i], fmt.Sprint(a), "")
	}
	written := v.expected()
	switch v.Function {
	case "codeBlock":
		if args[1] != "" {
			return "code " + args[0] + ": " + args[1] + "\n"
		}
		return "code: " + args[0] + "\n"
	case "heading":
		return fmt.Sprintf("heading%d: %s\n", strings.Count(written, "#"), args[0])
	case "quote", "blockQuote":
		return ">quote: " + args[0] + "\n"
	case "orderedList":
		first := max(1, len(args[1])*25) // 1 or 50
		return fmt.Sprintf("list1 %d.: discord.js\nlist1 %d.: discord.js 2\nlist2 %d.: discord.js 3\n", first, first+1, first)
	case "unorderedList":
		return "list1 -: discord.js\nlist1 -: discord.js 2\nlist2 -: discord.js 3\n"
	case "hyperlink":
		return "paragraph: {link=" + args[1] + " " + args[0] + "}\n"
	case "hideLinkEmbed":
		return "paragraph: {link=" + args[0] + " " + args[0] + "}\n"
	case "channelLink", "messageLink", "applicationDirectory":
		return "paragraph: {link=" + written + " " + written + "}\n"
	}
	if kind := functions[v.Function]; kind != "" {
		return "paragraph: {" + string(kind) + " " + args[0] + "}\n"
	}
	return "paragraph: " + inWords(v.Function, written, args[0]) + "\n"
}

var functions = map[string]SpanKind{
	"inlineCode": CodeSpan, "italic": Emph, "bold": Strong, "underline": Underline, "strikethrough": Strike, "spoiler": Spoiler,
}

// inWords is what Discord shows of things that are words to us.
func inWords(function, written, arg string) string {
	inner := strings.Trim(written, "<>")
	switch function {
	case "userMention":
		return "{mention=" + arg + " @" + arg + "}"
	case "channelMention":
		return "#" + arg
	case "roleMention":
		return "@" + arg
	case "linkedRoleMention":
		return "Linked Roles"
	case "chatInputApplicationCommandMention":
		return inner[:strings.Index(inner, ":")]
	case "formatEmoji":
		return strings.TrimPrefix(inner[:strings.LastIndex(inner, ":")+1], "a")
	case "time":
		return moment(strings.TrimPrefix(inner, "t:"))
	}
	return arg
}
