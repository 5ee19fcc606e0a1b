package format

import (
	"fmt"
	"strings"
	"testing"
)

func TestTyped(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"one", "paragraph 0 one"},
		{"one\ntwo", "paragraph 0 one⏎two"},
		{"one\r\ntwo\\\nthree", "paragraph 0 one⏎two\\⏎three"},
		{"one\n\ntwo", "paragraph 0 one | paragraph 0 two"},
		{"> quoted words\nand an answer", "quote 1 quoted words | paragraph 0 and an answer"},
		{"> quoted\n> words\nan answer\n> more\nto that", "quote 1 quoted⏎words | paragraph 0 an answer | quote 1 more | paragraph 0 to that"},
		{">>> deep\n> less\n>\n> so", "quote 3 deep | quote 1 less | quote 1 so"},
		{"an answer\n> quoted", "paragraph 0 an answer | quote 1 quoted"},
		{"*strong* and `code`", "paragraph 0 strong and code"},
		{"- one\n- two", "list 0 one | list 0 two"},
		{"one:\n- two\n- three\n\nfour", "paragraph 0 one: | list 0 two | list 0 three | paragraph 0 four"},
		{"# Head\nwords", "heading 0 Head | paragraph 0 words"},
		{"see:\n```\nif x {\n> y\n}\n```\nso", "paragraph 0 see: | code 0 if x {⏎> y⏎} | paragraph 0 so"},
		{"2 * 3 * 4 < 5 & 6", "paragraph 0 2 * 3 * 4 < 5 & 6"},
		{"say \\\nit", "paragraph 0 say \\⏎it"},
		{"use the <br> tag, not <script>", "paragraph 0 use the <br> tag, not <script>"},
		{"<img src=x onerror=alert(1)>\n</div>\n<!-- so -->", "paragraph 0 <img src=x onerror=alert(1)>⏎</div>⏎<!-- so -->"},
		{"<https://example.org/> but &lt;b&gt;", "paragraph 0 https://example.org/ but <b>"},
		{":-> no\n>_< yes", "paragraph 0 :-> no⏎>_< yes"},
	} {
		d := Typed(c.typed)
		var got []string
		for _, b := range d.Blocks {
			got = append(got, fmt.Sprintf("%s %d %s", b.Kind, b.Quote, strings.ReplaceAll(d.Text[b.Start:b.End], "\n", "⏎")))
		}
		if g := strings.Join(got, " | "); g != c.want {
			t.Errorf("%q is read as\n  %s, should be\n  %s", c.typed, g, c.want)
		}
		if err := d.Check(); err != nil {
			t.Errorf("%q: %v", c.typed, err)
		}
	}
}
