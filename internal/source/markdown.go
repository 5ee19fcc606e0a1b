package source

import (
	"cmp"
	"context"
	"strings"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// fetchMarkdown reads an essay in Markdown. Its title is that of the front
// matter, else its first heading of the first level (which stays in the text),
// else the file's name.
func fetchMarkdown(ctx context.Context, ref string, o Options) (Fetched, error) {
	text, err := read(ctx, ref, o)
	if err != nil {
		return Fetched{}, err
	}
	meta, body, skipped := frontMatter(text)
	doc := discussion.Document{
		Kind: discussion.Essay, Confidence: 1, Body: format.Markdown{}.Parse(body),
		Author: cmp.Or(meta["author"], meta["by"]),
		URL:    cmp.Or(meta["url"], meta["canonical"], meta["canonical_url"], meta["link"], meta["source"]),
		Posted: date(cmp.Or(meta["date"], meta["posted"], meta["published"])),
	}
	for i := range doc.Body.Blocks {
		if doc.Body.Blocks[i].Line > 0 {
			doc.Body.Blocks[i].Line += skipped
		}
	}
	title := cmp.Or(meta["title"], heading(doc.Body), titleOf(ref))
	return Fetched{Title: title, URL: doc.URL, Documents: []discussion.Document{doc}}, nil
}

// frontMatter splits off a block of "key: value" lines between two lines
// "---" at the very beginning. Keys are in lower case; what is nested is left
// out. skipped is how many lines the body does not have any more.
func frontMatter(text string) (meta map[string]string, body string, skipped int) {
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return nil, text, 0
	}
	meta = map[string]string{}
	for n := 2; rest != ""; n++ {
		line, after, _ := strings.Cut(rest, "\n")
		rest = after
		end := strings.TrimRight(line, " \t")
		if end == "---" || end == "..." {
			return meta, rest, n
		}
		key, value, found := strings.Cut(line, ":")
		if !found || line[0] == ' ' || line[0] == '\t' || line[0] == '#' || line[0] == '-' {
			continue
		}
		if value = unquote(value); value != "" {
			meta[strings.ToLower(strings.TrimSpace(key))] = value
		}
	}
	return nil, text, 0
}

// unquote takes a value of front matter out of its quotes or list brackets.
func unquote(value string) string {
	value = strings.TrimSpace(value)
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		return strings.TrimSpace(value[1 : n-1])
	}
	if n := len(value); n >= 2 && value[0] == '[' && value[n-1] == ']' {
		return oneLine(value[1 : n-1])
	}
	if before, _, comment := strings.Cut(value, " #"); comment {
		value = strings.TrimSpace(before)
	}
	if strings.Trim(value, "|>-+") == "" {
		return ""
	}
	return value
}

// date reads a date as people and programs write it, in UTC; zero if it is
// none.
func date(s string) time.Time {
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05Z07:00",
		"2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly, time.RFC1123Z, time.RFC1123,
		"January 2, 2006", "Jan 2, 2006", "2 January 2006", "2 Jan 2006", "2006/01/02", "02.01.2006",
	} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
