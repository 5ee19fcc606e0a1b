package relay

import (
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// What people say after they were forgotten shows who spoke to nobody: neither
// by a name nor by an id that only one of them has.
func TestTheForgottenSpeakAsOne(t *testing.T) {
	speaker := func(who discussion.Person) chat.Person {
		a := discussion.Annotation{ID: "a", Creator: who.ID, Body: format.Text("words")}
		want := Render(Words{Thing: store.AnnotationThing(a.ID), Annotation: a, Creator: who}, View{Profile: chat.Profile{Names: true}})
		if len(want) != 1 {
			t.Fatalf("it is shown as %+v", want)
		}
		return want[0].Message.From
	}
	ann, ben := speaker(discussion.Person{ID: "ann"}), speaker(discussion.Person{ID: "ben"})
	if ann != ben || ann.ID == "" {
		t.Errorf("they are told apart: %+v and %+v", ann, ben)
	}
	if known := speaker(discussion.Person{ID: "cy", User: "@cy", Name: "Cy"}); known.ID != "@cy" || known.Name != "Cy" {
		t.Errorf("who is known speaks as %+v", known)
	}
}
