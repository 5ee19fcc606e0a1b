package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"marginalia/internal/format"
)

// one scans a row of a single column.
func one[T any](s scanner) (T, error) {
	var v T
	err := s.Scan(&v)
	return v, err
}

// values makes arguments of what both databases take: integers, floats and
// clean strings.
func values(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = value(a)
	}
	return out
}

func value(a any) any {
	switch x := a.(type) {
	case string:
		return clean(x)
	case int64, float64:
		return x
	case int:
		return int64(x)
	case time.Time:
		return milli(x)
	case time.Duration:
		return x.Milliseconds()
	case bool:
		if x {
			return int64(1)
		}
		return int64(0)
	}
	v := reflect.ValueOf(a)
	switch v.Kind() {
	case reflect.String:
		return clean(v.String())
	case reflect.Uint8:
		return int64(v.Uint())
	}
	panic(fmt.Sprintf("store: a value of type %T", a))
}

// clean puts "?" for every byte that no database holds; offsets stay right.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	b := []byte(s)
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == 0 || r == utf8.RuneError && size == 1 {
			b[i] = '?'
		}
		i += size
	}
	return string(b)
}

func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// timeOf is the time that milli makes n of.
func timeOf(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// A moment scans milliseconds.
type moment struct{ t *time.Time }

func (m moment) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a time that is %T", src)
	}
	*m.t = timeOf(n)
	return nil
}

// A span scans a duration in milliseconds.
type span struct{ d *time.Duration }

func (s span) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a duration that is %T", src)
	}
	*s.d = time.Duration(n) * time.Millisecond
	return nil
}

// An object scans JSON; "" leaves what is there.
type object struct{ to any }

func (o object) Scan(src any) error {
	text, err := textOf(src)
	if err != nil || text == "" {
		return err
	}
	return json.Unmarshal([]byte(text), o.to)
}

func textOf(src any) (string, error) {
	switch x := src.(type) {
	case string:
		return x, nil
	case []byte:
		return string(x), nil
	}
	return "", fmt.Errorf("a text that is %T", src)
}

func jsonOf(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

type marks struct {
	Blocks []format.Block `json:"b,omitempty"`
	Spans  []format.Span  `json:"s,omitempty"`
}

// marksOf writes down a Doc's structure: "" for no text or one plain
// paragraph, its line for one that knows from where it came, else JSON.
func marksOf(d format.Doc) (string, error) {
	if d.Text == "" && len(d.Blocks) == 0 {
		return "", nil
	}
	if d.Text == "" || len(d.Spans) > 0 || len(d.Blocks) != 1 {
		return jsonOf(marks{d.Blocks, d.Spans})
	}
	switch line := d.Blocks[0].Line; {
	case line < 0 || d.Blocks[0] != paragraph(d.Text, line):
		return jsonOf(marks{d.Blocks, d.Spans})
	case line > 0:
		return strconv.Itoa(line), nil
	}
	return "", nil
}

// docOf is what marksOf wrote down.
func docOf(text, structure string) (format.Doc, error) {
	d := format.Doc{Text: text}
	if text == "" && structure == "" {
		return d, nil
	}
	if line, err := strconv.Atoi(cmp.Or(structure, "0")); err == nil {
		d.Blocks = []format.Block{paragraph(text, line)}
		return d, nil
	}
	var m marks
	if err := json.Unmarshal([]byte(structure), &m); err != nil {
		return d, fmt.Errorf("structure of a text: %w", err)
	}
	d.Blocks, d.Spans = m.Blocks, m.Spans
	return d, nil
}

func paragraph(text string, line int) format.Block {
	return format.Block{Kind: format.Paragraph, End: len(text), Line: line}
}
