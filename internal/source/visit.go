package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"marginalia/internal/discussion"
)

// A visit is one import from the web: what was found so far, and what not.
type visit struct {
	*fetcher
	Fetched
}

func newVisit(o Options) *visit { return &visit{fetcher: newFetcher(o)} }

// end returns what was found, or why an import that was stopped has nothing.
func (v *visit) end(ctx context.Context) (Fetched, error) {
	v.close()
	if err := context.Cause(ctx); err != nil {
		return Fetched{}, fmt.Errorf("the import was stopped: %w", err)
	}
	return v.Fetched, nil
}

// miss says what did not come. The same is said once.
func (v *visit) miss(format string, args ...any) {
	s := oneLine(fmt.Sprintf(format, args...))
	for _, m := range v.Missing {
		if m == s {
			return
		}
	}
	v.Missing = append(v.Missing, s)
}

func (v *visit) progress(what string, done, total int) {
	v.web.Progress(Progress{what, done, max(done, total)})
}

// tell puts comments behind the documents, thread by thread. root is what
// those at the top answer.
func (v *visit) tell(root discussion.DocumentID, comments []discussion.Document) {
	comments = slices.DeleteFunc(comments, func(c discussion.Document) bool {
		return slices.ContainsFunc(v.Documents, func(d discussion.Document) bool { return d.ID == c.ID }) // in a circle
	})
	for i, c := range comments {
		comments[i].Kind, comments[i].Confidence = discussion.Comment, 1
		if c.ID == "" {
			comments[i].ID = discussion.DocumentID(discussion.Derive("nameless", string(c.Parent), c.Author, c.Body.Text))
		}
		if comments[i].Parent == "" {
			comments[i].Parent = root
		}
	}
	ordered, lost := threaded(root, comments)
	if lost > 0 {
		v.miss("%s what is not shown there", plural(lost, "comment answers", "comments answer"))
	}
	v.Documents = append(v.Documents, ordered...)
}

// plural is n with the right word for it.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n) + " " + many
}

// threaded puts comments in reading order: each is followed by those that
// answer it, siblings as they came. Of those with one ID the first is kept.
// A comment whose parent is not there has none and is counted in lost; a ring
// of comments is opened where it came first. It takes time linear in comments.
func threaded(root discussion.DocumentID, comments []discussion.Document) (ordered []discussion.Document, lost int) {
	at := map[discussion.DocumentID]int{}
	for i, c := range comments {
		if _, twice := at[c.ID]; !twice {
			at[c.ID] = i
		}
	}
	under := map[discussion.DocumentID][]int{}
	for i, c := range comments {
		if at[c.ID] != i {
			continue
		}
		if _, known := at[c.Parent]; !known && c.Parent != root {
			comments[i].Parent = ""
			lost++
		}
		under[comments[i].Parent] = append(under[comments[i].Parent], i)
	}
	done := make([]bool, len(comments))
	walk := func(from []int) {
		stack := [][]int{from}
		for len(stack) > 0 {
			top := len(stack) - 1
			if len(stack[top]) == 0 {
				stack = stack[:top]
				continue
			}
			i := stack[top][0]
			stack[top] = stack[top][1:]
			if done[i] {
				continue
			}
			done[i] = true
			ordered = append(ordered, comments[i])
			stack = append(stack, under[comments[i].ID])
		}
	}
	top := map[discussion.DocumentID]bool{root: true, "": true}
	for i, c := range comments {
		if at[c.ID] == i && top[c.Parent] {
			walk([]int{i})
		}
	}
	for i, c := range comments {
		if at[c.ID] == i && !done[i] {
			comments[i].Parent = ""
			walk([]int{i})
		}
	}
	return ordered, lost
}

// decode reads JSON. A part of another type than the one that is expected is
// left out, and skewed is true; anything else that is wrong is an error.
func decode(a Answer, into any) (skewed bool, err error) {
	err = json.Unmarshal(a.Body, into)
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s does not answer in JSON: the site may have changed, or asks for a login", shown(a.URL))
	}
	return false, nil
}

// getJSON asks address for JSON, and says what of it was not as expected.
func (v *visit) getJSON(ctx context.Context, address string, into any) error {
	a, err := v.get(ctx, address)
	if err != nil {
		return err
	}
	skewed, err := decode(a, into)
	if skewed {
		v.miss("%s has parts that are not as expected, and they were left out", shown(address))
	}
	return err
}

// A number is what JSON APIs count with: whole, and nil if it is anything else
// than a number.
type number struct{ n *int }

// UnmarshalJSON takes anything.
func (n *number) UnmarshalJSON(raw []byte) error {
	n.n = nil
	if f, err := strconv.ParseFloat(string(raw), 64); err == nil && math.Abs(f) < 1<<31 {
		n.n = new(int(f))
	}
	return nil
}

func (n number) or0() int {
	if n.n == nil {
		return 0
	}
	return *n.n
}

// moment reads a time as JSON APIs write it; what is none is the zero time.
func moment(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 1 {
			return t.UTC()
		}
	}
	return time.Time{}
}

func seconds(n float64) time.Time {
	if n <= 0 || n > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(n), 0).UTC()
}

// addressOf is ref as a web address whose host is in lower case, or nil.
func addressOf(ref string) *url.URL {
	if !IsAddress(ref) {
		return nil
	}
	u, err := url.Parse(strings.TrimSpace(ref))
	if err != nil {
		return nil
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	return u
}

// steps are the parts of an address's path.
func steps(u *url.URL) []string {
	return strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' })
}
