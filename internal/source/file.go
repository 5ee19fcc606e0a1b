package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Stdin is the reference that names what is piped in.
const Stdin = "-"

// read returns the text of a file (or of standard input) in UTF-8, with "\n"
// at the end of lines, or one sentence why it is no text.
func read(ctx context.Context, ref string, o Options) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("reading %s was given up: %w", ref, err)
	}
	raw, err := readAll(ref, o)
	if err != nil {
		return "", err
	}
	if err := checkText(ref, raw); err != nil {
		return "", err
	}
	text := clean(string(raw))
	if text == "" {
		return "", fmt.Errorf("%s is empty: there is nothing to import", ref)
	}
	if strings.TrimSpace(text) == "" {
		return "", fmt.Errorf("%s holds only white space: there is nothing to import", ref)
	}
	return text, nil
}

// clean leaves "\n" as the only line break, and takes out the byte order mark
// and control characters, which no room should get to see.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\f' || r == '\v' || r == 0x85:
			return ' '
		case r == '\t' || r == '\n':
			return r
		case unicode.IsControl(r) || r == 0xFEFF || r == 0xFFFE || r == 0xFFFF:
			return -1
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

func readAll(ref string, o Options) ([]byte, error) {
	in := o.Stdin
	if ref != Stdin {
		f, err := open(ref)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	if in == nil {
		return nil, errors.New("there is no standard input: name a file")
	}
	raw, err := io.ReadAll(io.LimitReader(in, o.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", ref, err)
	}
	if int64(len(raw)) > o.MaxBytes {
		return nil, fmt.Errorf("%s is larger than the %s that one import takes: split it", ref, size(o.MaxBytes))
	}
	return raw, nil
}

func open(ref string) (*os.File, error) {
	info, err := os.Stat(ref)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s does not exist: check the path", ref)
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a directory: name one of the files in it", ref)
	}
	f, err := os.Open(ref)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%s may not be read by this user: change its permissions", ref)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened: %w", ref, err)
	}
	return f, nil
}

func size(n int64) string {
	if n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// checkText tells in one sentence why raw is no text in UTF-8.
func checkText(ref string, raw []byte) error {
	for _, mark := range []struct{ bytes, name string }{
		{"\xFF\xFE\x00\x00", "utf-32"}, {"\x00\x00\xFE\xFF", "utf-32"}, {"\xFF\xFE", "utf-16"}, {"\xFE\xFF", "utf-16"},
	} {
		if bytes.HasPrefix(raw, []byte(mark.bytes)) {
			return fmt.Errorf("%s is written in %s: convert it with iconv -f %s -t utf-8", ref, strings.ToUpper(mark.name), mark.name)
		}
	}
	if kind := http.DetectContentType(raw); !strings.HasPrefix(kind, "text/") && kind != "application/octet-stream" {
		return fmt.Errorf("%s is not a text but %s: import a .txt, .md or .html file", ref, kind)
	}
	if at := bytes.IndexByte(raw, 0); at >= 0 {
		return fmt.Errorf("%s is not a text (byte %d is NUL): import a .txt, .md or .html file", ref, at+1)
	}
	if at := firstInvalid(raw); at < len(raw) {
		line := 1 + bytes.Count(raw[:at], []byte("\n"))
		return fmt.Errorf("%s is not UTF-8 (line %d, byte %d of the file, is 0x%02X): convert it, for instance with iconv -f windows-1252 -t utf-8",
			ref, line, at+1, raw[at])
	}
	if n := controls(raw); n > 0 && n*20 > len(raw) {
		return fmt.Errorf("%s is not a text (%d of %d bytes are control characters): import a .txt, .md or .html file", ref, n, len(raw))
	}
	return nil
}

// firstInvalid is the offset of the first byte that is not UTF-8, or len(raw).
func firstInvalid(raw []byte) int {
	at := 0
	for at < len(raw) {
		r, n := utf8.DecodeRune(raw[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return at
}

func controls(raw []byte) int {
	n := 0
	for _, b := range raw {
		if b < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1b", rune(b)) {
			n++
		}
	}
	return n
}
