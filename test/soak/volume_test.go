//go:build unix

package main

import "testing"

// A mirrored message takes little space in the database and none in memory.
func TestVolume(t *testing.T) {
	n := 1500
	if testing.Short() { // the race detector is slow, and changes what memory is taken
		n = 200
	}
	m, err := volumes{n: n, dir: t.TempDir()}.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", m)
	if testing.Short() {
		return
	}
	if m.overhead > 500 {
		t.Errorf("a message takes %.0f bytes of database beside its words", m.overhead)
	}
	if m.heap > 500 {
		t.Errorf("the heap grows by %.0f bytes a message", m.heap)
	}
}

// A stream sees what is lost, doubled or out of order.
func TestStreamSeesWhatIsWrong(t *testing.T) {
	for what, order := range map[string][]int{"lost": {0, 200}, "doubled": {0, 0}, "out of order": {100, 0}} {
		s := newStream(300)
		for _, i := range order {
			s.arrive(s.said(i).Message.Body.Text)
		}
		if s.fault() == nil {
			t.Errorf("%s: nothing was found", what)
		}
	}
	s := newStream(300)
	for _, i := range []int{0, 1, 100, 101, 200} {
		s.arrive(s.said(i).Message.Body.Text)
	}
	if err := s.fault(); err != nil {
		t.Error(err)
	}
}
