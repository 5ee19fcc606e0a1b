package page

import (
	"embed"
	"hash/fnv"
	"html/template"
	"io"
)

//go:embed templates sheets assets
var files embed.FS

// Style and Script are the reader's style sheet and its script, which puts
// the notes beside their words.
func Style() []byte  { return asset("reader.css") }
func Script() []byte { return asset("reader.js") }

func asset(name string) []byte {
	b, err := files.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // embedded: the build would have failed
	}
	return b
}

// Templates are the reader's templates. "page" is the whole page around a
// [Reader]; its blocks title, style, class, top, main, dock and bottom may be
// defined anew. "run" and "tally" are what changes in it.
func Templates() *template.Template {
	t := template.New("").Funcs(template.FuncMap{
		"css": func() template.CSS { return template.CSS(Style()) },
		"hue": Hue,
	})
	return template.Must(t.ParseFS(files, "templates/*.html"))
}

// Hue is the number of the colour in which a name is written, 0 to 7.
func Hue(name string) uint32 {
	h := fnv.New32a()
	io.WriteString(h, name)
	return h.Sum32() % 8
}

// Write writes the reader as one file that needs nothing else.
func Write(w io.Writer, r Reader) error {
	return Templates().ExecuteTemplate(w, "page", r)
}
