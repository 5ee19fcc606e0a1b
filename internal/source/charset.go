package source

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// inUTF8 is what was answered as an HTML page or a text, in UTF-8. What it is
// written in is told by the header and by the page's head, and both are wrong
// at times: words that are UTF-8 with more than ASCII in them are UTF-8, and
// those that are said to be and mostly are not are taken as browsers take what
// tells nothing.
func inUTF8(a Answer) ([]byte, error) {
	e, name, _ := charset.DetermineEncoding(a.Body[:min(len(a.Body), 1024)], a.Type)
	good, bad := runesIn(a.Body)
	switch {
	case bad == 0 && good > 0:
		return bytes.TrimPrefix(a.Body, []byte("\uFEFF")), nil
	case name == "utf-8" && bad <= good:
		return a.Body, nil
	case name == "utf-8":
		e, _, _ = charset.DetermineEncoding(nil, "")
	}
	out, err := e.NewDecoder().Bytes(a.Body)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read as %s: save it as UTF-8 and import that", shown(a.URL), name)
	}
	return out, nil
}

// runesIn counts the runes of UTF-8 that are more than ASCII, and the bytes that
// are none of it.
func runesIn(text []byte) (good, bad int) {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		text = text[n:]
	}
	return good, bad
}

var xmlDeclaration = regexp.MustCompile(`^\s*<\?xml[^>]*?(?:encoding\s*=\s*["']([A-Za-z0-9._:-]+)["'][^>]*?)?\?>`)

// xmlInUTF8 is a feed in UTF-8, without the declaration that may say otherwise.
func xmlInUTF8(a Answer) ([]byte, error) {
	var says string
	if m := xmlDeclaration.FindSubmatch(a.Body); m != nil {
		says = string(m[1])
	}
	if e, _ := charset.Lookup(says); says != "" && e != nil {
		a.Type = "text/xml; charset=" + says
	}
	a.Type = cmp.Or(a.Type, "text/xml")
	body, err := inUTF8(a)
	if err != nil {
		return nil, err
	}
	return xmlDeclaration.ReplaceAll(body, nil), nil
}
