package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"marginalia/internal/discussion"
	"marginalia/internal/export"
	"marginalia/internal/page"
	"marginalia/internal/store"
)

//go:embed templates assets
var files embed.FS

// frame is a page and what stands around it.
type frame struct {
	page.Reader
	Visitor visitor
	Rooms   []*room
	Open    bool
	State   string // of all parts, for the events
	Formats []export.Format
	List    []store.Summary
	Sorry   string
}

func (s *server) templates() *template.Template {
	t := page.Templates().Funcs(template.FuncMap{
		"static": func(name string) string { return "/static/" + name + "?v=" + s.assets[name].print },
		"emojis": func() []page.Emoji { return s.emojis },
	})
	return template.Must(t.ParseFS(files, "templates/*.html"))
}

// offered are the emoji that a visitor may give: one of each meaning, and some
// that have none.
func offered(l discussion.Lexicon) []page.Emoji {
	var all []page.Emoji
	for _, e := range l.Entries() {
		drawn := slices.IndexFunc(e.Emoji, func(emoji string) bool { return !strings.HasPrefix(emoji, ":") })
		if drawn >= 0 {
			all = append(all, page.Emoji{Emoji: discussion.PlainEmoji(e.Emoji[drawn]), Meaning: e.Meaning})
		}
	}
	for _, emoji := range []string{"😄", "🤔", "🎯"} {
		if l.Means(emoji) == "" {
			all = append(all, page.Emoji{Emoji: emoji})
		}
	}
	return all
}

// parts are all parts of a page that may change, as a visitor sees them.
func (s *server) parts(st *state, v visitor) ([]part, error) {
	rooms, err := s.roomParts(s.roomsFor(st, v))
	return append(st.parts[:len(st.parts):len(st.parts)], rooms...), err
}

// index lists what can be read, or opens it if it is one thing.
func (s *server) index(w http.ResponseWriter, r *http.Request) {
	var list []store.Summary
	err := s.DB.View(r.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.Discussions()
		return err
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if len(list) == 1 {
		http.Redirect(w, r, "/d/"+string(list[0].ID), http.StatusSeeOther)
		return
	}
	s.show(w, http.StatusOK, "index", frame{List: list})
}

// reader shows a discussion, and the local rooms beside it.
func (s *server) reader(w http.ResponseWriter, r *http.Request) {
	st, _, err := s.state(r.Context(), discussion.ID(r.PathValue("id")))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := visitorOf(r)
	parts, err := s.parts(st, v)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if v.fresh && s.Open && len(s.Rooms) > 0 {
		s.remember(w, r, v)
	}
	s.show(w, http.StatusOK, "reading", frame{
		Reader: st.reader, Visitor: v, Rooms: s.roomsFor(st, v), Open: s.Open && len(s.Rooms) > 0,
		State: name(parts), Formats: export.Formats,
	})
}

func (s *server) show(w http.ResponseWriter, status int, name string, f frame) {
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, name, f); err != nil {
		s.Log.Error("draw a page", "page", name, "error", err)
		http.Error(w, "The page could not be drawn.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-cache")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// export hands out a discussion as a file.
func (s *server) export(w http.ResponseWriter, r *http.Request) {
	ending, ok := strings.CutPrefix(r.PathValue("file"), "export.")
	f, known := export.Named(ending)
	if !ok || !known || f.Ext != ending {
		s.fail(w, r, sorry{http.StatusNotFound, "There is no such file."})
		return
	}
	st, _, err := s.state(r.Context(), discussion.ID(r.PathValue("id")))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	bundle := st.bundle
	bundle.Generated = s.now()
	var file bytes.Buffer
	if err := f.Write(&file, bundle); err != nil {
		s.fail(w, r, fmt.Errorf("export %s as %s: %w", bundle.Discussion.ID, f.Name, err))
		return
	}
	w.Header().Set("Content-Type", f.Type)
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", string(bundle.Discussion.ID)+"."+f.Ext))
	w.Write(file.Bytes())
}

// sorry is an answer that is no page, in one sentence.
type sorry struct {
	status int
	words  string
}

func (e sorry) Error() string { return e.words }

// fail answers with what went wrong: as JSON to a script, else as a page.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var e sorry
	switch {
	case errors.As(err, &e):
	case errors.Is(err, store.ErrNotFound):
		e = sorry{http.StatusNotFound, "There is no such discussion."}
	case r.Context().Err() != nil:
		return
	default:
		s.Log.Error("answer a request", "path", r.URL.Path, "error", err)
		e = sorry{http.StatusInternalServerError, "Something went wrong here; it was noted."}
	}
	if wantsJSON(r) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(e.status)
		json.NewEncoder(w).Encode(map[string]string{"error": e.words})
		return
	}
	s.show(w, e.status, "sorry", frame{Sorry: e.words})
}

func wantsJSON(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}
