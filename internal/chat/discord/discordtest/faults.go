package discordtest

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"time"
)

// Kind is what goes wrong.
type Kind int

// The kinds of fault.
const (
	Fail        Kind = iota // the answer is Status (default 502), in HTML as a proxy writes it
	CutOff                  // the connection is cut, without an answer
	Delay                   // Wait passes first; then all goes on, even if nobody waits for the answer any more
	RateLimited             // 429 for the route, for Wait
	Shared                  // 429 for the route, for Wait, that is not the bot's fault
	Global                  // 429 for everything, for Wait
	Banned                  // Cloudflare answers 429 in HTML, for Wait
	Refused                 // the documented refusal with Code, for reasons that do not come about here
)

// Fault is a rule of what goes wrong. It stays until Count is used up or
// [Server.Heal] is called.
type Fault struct {
	Op     string  // the operation, as a path.Match pattern; "": every one that people can see (see Visible)
	Kind   Kind    //
	After  bool    // of Fail, CutOff and Delay: the request is done first
	Count  int     // how often; 0: without end
	Chance float64 // of each request; 0: always
	Status int     // of Fail
	Code   int     // of Refused
	Wait   time.Duration

	Channel string // only requests with this channel, thread or webhook in the path; "": all

	answer *refusal // of the limits
}

// Visible are the operations that change what people see. Looking, opening an
// archived thread again and making a webhook are not among them.
var Visible = []string{
	"create_message", "update_message", "delete_message", "execute_webhook", "update_webhook_message",
	"delete_webhook_message", "create_thread", "create_thread_from_message", "add_my_message_reaction",
	"delete_my_message_reaction", "bulk_delete_messages",
}

// Fault adds a rule. The first that fits a request strikes it.
func (s *Server) Fault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Heal takes all rules away, and what they left behind.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	s.gateway = gatewayFaults{}
	s.limits.banned, s.limits.stopped = time.Time{}, time.Time{}
}

// Lose lets the next n visible changes be done and their answers be lost: by
// turns the connection is cut, and 502 is answered.
func (s *Server) Lose(n int) {
	for i := range n {
		f := Fault{Kind: CutOff, After: true, Count: 1}
		if i%2 == 1 {
			f.Kind = Fail
		}
		s.Fault(f)
	}
}

// Drop lets the next n visible changes be lost before they are done.
func (s *Server) Drop(n int) { s.Fault(Fault{Kind: CutOff, Count: n}) }

// fault finds the rule that strikes a request. The caller holds mu.
func (s *Server) fault(r *request) *Fault {
	if slices.Contains(s.down, r.PathValue("guild_id")) {
		return &Fault{Kind: Fail, Status: http.StatusServiceUnavailable}
	}
	for i, f := range s.faults {
		if !f.fits(r) || f.Chance > 0 && s.chance.Float64() >= f.Chance {
			continue
		}
		if f.Count == 1 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		if f.Count > 1 {
			f.Count--
		}
		s.count("fault on "+r.op.name, 0)
		return s.prepare(r, *f)
	}
	return nil
}

func (f *Fault) fits(r *request) bool {
	if f.Channel != "" && f.Channel != r.PathValue("channel_id") && f.Channel != r.PathValue("webhook_id") && f.Channel != r.query.Get("thread_id") {
		return false
	}
	if f.Op != "" {
		ok, err := path.Match(f.Op, r.op.name)
		return ok && err == nil
	}
	for _, name := range Visible {
		if name == r.op.name {
			return true
		}
	}
	return false
}

// prepare turns the faults that are limits into what admit answers.
func (s *Server) prepare(r *request, f Fault) *Fault {
	if f.After && r.op.name == "create_interaction_response" {
		if i := s.asked[r.PathValue("interaction_token")]; i != nil {
			i.lost = true
		}
	}
	b := s.bucket(r.bucketOf(), s.limitOf(r.op.name))
	switch f.Kind {
	case RateLimited:
		f.answer = s.slow(r, b, f.Wait, "user")
	case Shared:
		f.answer = s.slow(r, b, f.Wait, "shared")
	case Global:
		f.answer = s.global429(r, f.Wait)
	case Banned:
		s.limits.banned, s.limits.banTold = r.now.Add(f.Wait), r.now
		f.answer = s.banned(r)
	default:
		return &f
	}
	f.After = false
	return &f
}

// badGateway is what a proxy writes.
const badGateway = "<html><head><title>%d</title></head><body>cloudflare</body></html>"

// strike lets a fault happen and reports whether the request goes on.
func (s *Server) strike(w http.ResponseWriter, r *request, f *Fault) bool {
	switch f.Kind {
	case Delay:
		t := time.NewTimer(f.Wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-s.closed:
			panic(http.ErrAbortHandler)
		}
		return true
	case Refused:
		e := planted[f.Code]
		s.mu.Lock()
		s.count(r.op.name, f.Code)
		s.mu.Unlock()
		s.refuse(w, r, &refusal{status: e.status, body: e.object()})
	case CutOff:
		panic(http.ErrAbortHandler)
	case Fail:
		status := f.Status
		if status == 0 {
			status = http.StatusBadGateway
		}
		s.mu.Lock()
		s.count(r.op.name, status)
		s.mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprintf(w, badGateway, status)
	default:
		s.refuse(w, r, f.answer)
	}
	return false
}
