package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"marginalia/internal/page"
)

// asset is a file that pages load.
type asset struct {
	kind  string
	bytes []byte
	print string // changes whenever the bytes do
}

func assets() map[string]asset {
	own := func(name string) []byte {
		b, err := files.ReadFile("assets/" + name)
		if err != nil {
			panic(err) // embedded: the build would have failed
		}
		return b
	}
	all := map[string]asset{}
	add := func(name, kind string, parts ...[]byte) {
		b := bytes.Join(parts, []byte("\n"))
		sum := sha256.Sum256(b)
		all[name] = asset{kind, b, base64.RawURLEncoding.EncodeToString(sum[:9])}
	}
	add("style.css", "text/css; charset=utf-8", page.Style(), own("rooms.css"))
	add("reader.js", "text/javascript; charset=utf-8", page.Script())
	add("live.js", "text/javascript; charset=utf-8", own("live.js"))
	add("icon.svg", "image/svg+xml", own("icon.svg"))
	return all
}

func (s *server) static(w http.ResponseWriter, r *http.Request) {
	a, ok := s.assets[r.PathValue("name")]
	if !ok {
		s.fail(w, r, sorry{http.StatusNotFound, "There is no such file."})
		return
	}
	tag := `"` + a.print + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.print {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Write(a.bytes)
}

// zipped makes answers smaller for browsers that can read them so. Live events
// are not: each must leave at once. finish sends what was written.
func zipped(w http.ResponseWriter, r *http.Request) (out http.ResponseWriter, finish func()) {
	w.Header().Add("Vary", "Accept-Encoding")
	if r.Method != http.MethodGet || strings.HasSuffix(r.URL.Path, "/events") || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		return w, func() {}
	}
	z := &zipper{ResponseWriter: w}
	return z, z.finish
}

type zipper struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (z *zipper) WriteHeader(status int) { z.status = status }

func (z *zipper) Write(b []byte) (int, error) { return z.body.Write(b) }

// worthwhile is how many bytes are worth compressing.
const worthwhile = 1000

func (z *zipper) finish() {
	b := z.body.Bytes()
	if len(b) >= worthwhile {
		var small bytes.Buffer
		g := gzip.NewWriter(&small)
		g.Write(b)
		g.Close()
		b = small.Bytes()
		z.Header().Set("Content-Encoding", "gzip")
		z.Header().Del("Content-Length")
	}
	if z.status != 0 {
		z.ResponseWriter.WriteHeader(z.status)
	}
	z.ResponseWriter.Write(b)
}
