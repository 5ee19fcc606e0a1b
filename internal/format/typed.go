package format

import "strings"

// Typed reads what people type: Markdown, but line by line as in every chat. A
// line break stays one, a quotation is the lines that begin with "> " and no
// others, and "<br>" is four characters.
func Typed(text string) Doc {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	var out strings.Builder
	fence := ""
	for i, line := range lines {
		if i > 0 {
			out.WriteString(lineBreak(lines[i-1], line, fence != ""))
		}
		if fence == "" && quoted(line) == 0 && strings.HasPrefix(strings.TrimLeft(line, " "), ">") {
			out.WriteString(`\`) // ">_<" and its like
		}
		out.WriteString(line)
		fence = fenceAfter(fence, line)
	}
	return Markdown{Typed: true}.Parse(out.String())
}

// lineBreak is how Markdown writes the break between two lines.
func lineBreak(above, below string, inCode bool) string {
	switch {
	case inCode || blank(above) || blank(below):
		return "\n"
	case quoted(above) != quoted(below):
		return "\n\n"
	case strings.HasPrefix(strings.TrimLeft(above, " >"), "|") || strings.HasPrefix(above, "    ") || underline(below):
		return "\n" // rows of a table, code, words and the line under them
	}
	return "  \n"
}

// fenceAfter is the fence of the code block that is open behind line, or "".
func fenceAfter(open, line string) string {
	words := strings.TrimLeft(line, " >")
	for _, mark := range []string{"```", "~~~"} {
		if strings.HasPrefix(words, mark) && (open == "" || open == mark) {
			if open == mark {
				return ""
			}
			return mark
		}
	}
	return open
}

func blank(line string) bool { return strings.TrimSpace(line) == "" }

// quoted counts the marks of quotation that line begins with. The last of them
// is followed by a space or stands alone.
func quoted(line string) int {
	depth := 0
	for {
		line = strings.TrimLeft(line, " ")
		behind := strings.TrimLeft(line, ">")
		if behind == line || behind != "" && behind[0] != ' ' {
			return depth
		}
		depth += len(line) - len(behind)
		line = behind
	}
}

// underline reports whether line would make a heading of the one above it.
func underline(line string) bool { return strings.Trim(line, "-= ") == "" }
