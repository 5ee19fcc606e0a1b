package discordtest

import (
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxBody is how large a request may be.
const maxBody = 25 << 20

// request is a request as an operation sees it.
type request struct {
	*http.Request
	op       *operation
	query    url.Values
	body     []byte // JSON, or nil
	files    []upload
	actor    *account // who did it: the bot, or nil with an open operation
	now      time.Time
	gates    []*gate
	unknown  *webhook      // that the answer tells is gone
	answered chan struct{} // closed when the answer is out
}

type upload struct {
	field, name, kind string
	data              []byte
}

// decode reads the body into v; it has been held against its schema.
func (r *request) decode(v any) *apiError {
	if len(r.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.body, v); err != nil {
		return form("", "BASE_TYPE", err.Error())
	}
	return nil
}

// serve runs one operation: faults, limits, checks, the operation, the answer.
func (s *Server) serve(op operation, w http.ResponseWriter, r *http.Request) {
	req := &request{Request: r, op: &op, query: r.URL.Query(), answered: make(chan struct{})}
	defer close(req.answered)
	bad := req.read()
	s.mu.Lock()
	req.now = s.Now()
	s.count(op.name, 0)
	hit := s.fault(req)
	var refused *refusal
	if hit == nil || hit.answer == nil {
		refused = s.admit(req)
	}
	s.mu.Unlock()
	if hit != nil && !hit.After && !s.strike(w, req, hit) {
		return
	}
	if refused != nil {
		s.refuse(w, req, refused)
		return
	}
	status, body, err := s.run(req, bad)
	if hit != nil && hit.After && !s.strike(w, req, hit) {
		return
	}
	if err != nil && err.limited != nil {
		s.refuse(w, req, err.limited)
		return
	}
	header := s.headers(req)
	if err != nil {
		status, body = err.status, err.object()
	}
	s.echo(req)
	s.checkAnswer(req, status, body)
	s.tells(req)
	write(w, status, header, body)
}

// read takes the body apart.
func (r *request) read() *apiError {
	text, err := io.ReadAll(io.LimitReader(r.Request.Body, maxBody+1))
	if err != nil || len(text) == 0 {
		return nil
	}
	if len(text) > maxBody {
		return errTooLarge
	}
	kind, args, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		r.body = text
	case "multipart/form-data":
		return r.readParts(multipart.NewReader(strings.NewReader(string(text)), args["boundary"]))
	default:
		return form("", "CONTENT_TYPE", "Expected application/json or multipart/form-data, not "+kind)
	}
	if !json.Valid(r.body) {
		return errBadJSON
	}
	return nil
}

func (r *request) readParts(parts *multipart.Reader) *apiError {
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return form("", "MULTIPART", err.Error())
		}
		data, err := io.ReadAll(p)
		if err != nil {
			return form("", "MULTIPART", err.Error())
		}
		switch name := p.FormName(); {
		case name == "payload_json" && json.Valid(data):
			r.body = data
		case strings.HasPrefix(name, "files[") && strings.HasSuffix(name, "]") && p.FileName() != "":
			r.files = append(r.files, upload{name, p.FileName(), p.Header.Get("Content-Type"), data})
		default:
			return form(name, "MULTIPART", "This part is not known")
		}
	}
}

// run checks the request and does it. All that it changes it changes at once.
func (s *Server) run(req *request, bad *apiError) (status int, body any, err *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	req.now = s.Now() // a fault may have held it up
	if bad == nil {
		bad = s.checkRequest(req)
	}
	if bad != nil {
		s.violation("%s: %s", req.op.name, bad.detail())
		s.count(req.op.name, bad.code)
		return 0, nil, bad
	}
	status, body, err = req.op.do(s, req)
	if err != nil && err.limited == nil {
		s.count(req.op.name, err.code)
		s.invalid(req, err)
	}
	s.note()
	return status, body, err
}

// checkRequest holds a request against its schema.
func (s *Server) checkRequest(r *request) *apiError {
	if s.schemas == nil {
		return nil
	}
	name := ""
	if r.op.schema != nil {
		name = r.op.schema(s, r)
	}
	return s.schemas.request(r, name)
}

// checkAnswer holds the double's own answer against its schema.
func (s *Server) checkAnswer(r *request, status int, body any) {
	if s.schemas == nil {
		return
	}
	if err := s.schemas.answer(r.op, status, body); err != nil {
		s.mu.Lock()
		s.violation("discordtest itself: %s answers %d: %v", r.op.name, status, err)
		s.mu.Unlock()
	}
}

// tells notes what an answer that is given, and not lost, tells the bot.
func (s *Server) tells(r *request) {
	if r.unknown == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.unknown.told.IsZero() {
		r.unknown.told = s.Now()
	}
}

// echo lets the events of a request pass, before its answer or after.
func (s *Server) echo(r *request) {
	if len(r.gates) == 0 {
		return
	}
	s.mu.Lock()
	first := s.o.Echo == EchoFirst || s.o.Echo == EchoEither && s.chance.IntN(2) == 0
	s.mu.Unlock()
	if !first {
		return
	}
	for _, g := range r.gates {
		g.open()
		select {
		case <-g.passed:
		case <-time.After(time.Second): // nobody reads the gateway
		}
	}
}

// refuse answers what was not even tried.
func (s *Server) refuse(w http.ResponseWriter, r *request, e *refusal) {
	if e.html {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Retry-After", e.header.Get("Retry-After"))
		w.WriteHeader(http.StatusTooManyRequests)
		io.WriteString(w, cloudflare)
		return
	}
	s.checkAnswer(r, e.status, e.body)
	write(w, e.status, e.header, e.body)
}

// write sends an answer.
func write(w http.ResponseWriter, status int, header http.Header, body any) {
	for k, v := range header {
		w.Header()[k] = v
	}
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // all bodies are made here
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	w.Write(text)
	http.NewResponseController(w).Flush() // events may wait for it
}

// detail says what a refusal is about, in one line.
func (e *apiError) detail() string {
	if e.errors == nil {
		return e.text
	}
	text, _ := json.Marshal(e.errors)
	return e.text + " " + string(text)
}
