package command

import (
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
)

// A pseudonym stands beside nothing that leads to an account: neither to the
// message of who chose it, nor to that of who chose nothing where it is the rule.
func TestAPseudonymLeadsToNoMessage(t *testing.T) {
	h := newHouse(t, "daily")
	h.run = Dispatcher(Env{DB: h.db, Default: discussion.Pseudonym, Reader: "https://reader.example", Link: func(r chat.Ref) string { return "https://chat.example/" + r.ID }})
	h.threaded()
	eve := chat.Person{ID: "guest-eve", Name: "Eve"}
	_, quiet := h.annotation(h.annotate(ann, "m1", "of one who chose nothing"))
	_, hidden := h.annotation(h.annotate(eve, "m2", "of one who chose it"))
	h.annotate(chat.Person{ID: "guest-zoe", Name: "Zoe"}, "m3", "of one who is named")
	h.tells(eve, chat.Anyone, true, "", "me pseudonym")
	h.tells(chat.Person{ID: "guest-zoe", Name: "Zoe"}, chat.Anyone, true, "", "me name")
	call := chat.Call{Ref: chat.Ref{Place: chat.Place{Room: lobby}, ID: "x"}, By: ann, Private: true, Name: "annotations", Args: map[string]string{"passage": "1"}}
	for _, private := range []bool{true, false} {
		call.Private = private
		d, err := h.run(t.Context(), call, begin)
		if err != nil {
			t.Fatal(err)
		}
		links := map[string]int{}
		for _, s := range d.Spans {
			links[s.Attr]++
		}
		if links["https://chat.example/m1"]+links["https://chat.example/m2"] > 0 || links["https://chat.example/m3"] != 1 || len(links) != 2 {
			t.Errorf("private %v: the answer %q beside %s and %s leads to %v", private, d.Text, quiet.Pseudonym(), hidden.Pseudonym(), links)
		}
	}
}
