package main

import (
	"embed"
	"fmt"
	"strings"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// sample holds the text that bot demo reads: an essay, and a few comments on it
// by people who do not exist. Both were written for this project.
//
//go:embed sample/essay.md sample/comments.md
var sample embed.FS

// sampleText is the sample as an import would have made it.
func sampleText(cut discussion.CutOptions) (discussion.Discussion, error) {
	essay, err := sample.ReadFile("sample/essay.md")
	if err != nil {
		return discussion.Discussion{}, err
	}
	comments, err := sample.ReadFile("sample/comments.md")
	if err != nil {
		return discussion.Discussion{}, err
	}
	body := format.Markdown{}.Parse(string(essay))
	title := body.Text[body.Blocks[0].Start:body.Blocks[0].End]
	documents := []discussion.Document{{ID: "essay", Kind: discussion.Essay, Confidence: 1, Body: body}}
	said, err := readComments(string(comments), "essay")
	return discussion.Assemble(title, "", append(documents, said...), cut), err
}

// readComments reads sample/comments.md: each comment stands under a line
// "## Name" or "## Name, answering Other", which means Other's newest one.
func readComments(src string, essay discussion.DocumentID) ([]discussion.Document, error) {
	var all []discussion.Document
	newest := map[string]discussion.DocumentID{}
	for i, part := range strings.Split("\n"+src, "\n## ")[1:] {
		head, words, _ := strings.Cut(part, "\n")
		author, answered, answers := strings.Cut(head, ", answering ")
		parent := essay
		if answers {
			if parent = newest[answered]; parent == "" {
				return nil, fmt.Errorf("comment %d answers %q, who has said nothing yet", i+1, answered)
			}
		}
		id := discussion.DocumentID(fmt.Sprint(i))
		newest[author] = id
		all = append(all, discussion.Document{
			ID: id, Kind: discussion.Comment, Parent: parent, Author: author, Confidence: 1,
			Body: format.Markdown{}.Parse(words),
		})
	}
	return all, nil
}
