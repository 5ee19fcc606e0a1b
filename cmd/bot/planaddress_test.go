package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

// A place is a site that tells a topic, or answers with a status.
type place struct {
	*httptest.Server
	words string
	posts int // beside the first
	fail  int
	asked int // for the topic
}

func newPlace(t *testing.T) *place {
	p := &place{words: "The gap is never empty."}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *place) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	switch {
	case p.fail != 0:
		rw.WriteHeader(p.fail)
	case strings.HasSuffix(r.URL.Path, ".txt"):
		rw.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(rw, p.words)
	case r.URL.Path == "/t/7.json":
		p.asked++
		posts, stream := "", ""
		for i := range p.posts + 1 {
			posts += fmt.Sprintf(`,{"id":%d,"post_number":%d,"post_type":1,"cooked":"<p>%s %d</p>","actions_summary":[{"id":2,"count":%d}]}`, 70+i, 1+i, p.words, i, p.posts)
			stream += fmt.Sprintf(",%d", 70+i)
		}
		fmt.Fprintf(rw, `{"id":7,"title":"The gap","slug":"the-gap","post_stream":{"posts":[%s],"stream":[%s]}}`, posts[1:], stream[1:])
	default:
		fmt.Fprint(rw, `<html><head><meta name="generator" content="Discourse 3.5.0"></head><body>…</body></html>`)
	}
}

func (p *place) evenings(path string) string {
	return strings.Replace(evenings, "essay.md", p.URL+path, 1)
}

func (d *desk) discussion(id discussion.ID) (x discussion.Discussion) {
	d.t.Helper()
	d.change(func(tx *store.Tx) (err error) {
		x, err = tx.Discussion(id)
		return err
	})
	return x
}

func TestATextOnTheWebGrowsWithEachStart(t *testing.T) {
	d, site := newDesk(t), newPlace(t)
	first := d.mustStart(site.evenings("/t/the-gap/7?key=s3cret"))
	if x := d.discussion(first.Discussion); first.Next != 1 || len(x.Documents) != 1 || strings.Contains(d.log.String(), "s3cret") {
		t.Fatalf("%+v\n%+v\n%s", first, x, &d.log)
	}
	d.change(func(tx *store.Tx) error {
		first.Next = 2
		return tx.PutPlan(first)
	})
	site.posts = 3
	again := d.mustStart(site.evenings("/t/the-gap/7?key=s3cret"))
	x := d.discussion(again.Discussion)
	if again.Discussion != first.Discussion || again.Next != 2 || len(x.Documents) != 4 || *x.Documents[0].Score.Points != 3 {
		t.Errorf("%+v\n%+v", again, x)
	}
}

// A site that does not answer does not keep the bot from going on with what it has.
func TestASiteThatDoesNotAnswerHoldsNoStartUp(t *testing.T) {
	d, site := newDesk(t), newPlace(t)
	site.fail = http.StatusNotFound
	if err := d.start(site.evenings("/t/the-gap/7")); err == nil || !strings.Contains(err.Error(), `plan "evenings": its text is not imported yet: http://`) || !strings.Contains(err.Error(), "is not there (404): check the address") {
		t.Fatalf("%v", err)
	}
	site.fail = 0
	first := d.mustStart(site.evenings("/t/the-gap/7"))
	site.fail = http.StatusForbidden
	again := d.mustStart(site.evenings("/t/the-gap/7"))
	if again.Discussion != first.Discussion || strings.Count(d.log.String(), "\n") != 1 || !strings.Contains(d.log.String(), "goes on with its text as it is stored") || !strings.Contains(d.log.String(), "is not shown to us (403)") {
		t.Errorf("%+v\n%s", again, &d.log)
	}
	// Another plan may name what was imported from there for this one.
	other := site.evenings("/t/the-gap/7/") + strings.NewReplacer("evenings", "mornings", "/7", "/7#top").Replace(site.evenings("/t/the-gap/7"))
	if err := d.start(other); err != nil || d.plan("mornings").Discussion != first.Discussion {
		t.Errorf("%v, %+v", err, d.plan("mornings"))
	}
}

func TestAnotherTextAtAnAddressDoesNotBeginAnew(t *testing.T) {
	d, site := newDesk(t), newPlace(t)
	first := d.mustStart(site.evenings("/gap.txt"))
	site.words = "Quite another text."
	again := d.mustStart(site.evenings("/gap.txt"))
	if again.Discussion != first.Discussion || !strings.Contains(d.log.String(), "another text stands there now") {
		t.Errorf("%+v\n%s", again, &d.log)
	}
	d.change(func(tx *store.Tx) error {
		all, err := tx.Discussions()
		if len(all) != 1 {
			t.Errorf("%d texts are kept", len(all))
		}
		return err
	})
}

// What was guessed of a dump at an address is held back and let go with each
// start, as review_below then says.
func TestReviewBelowReachesATextOnTheWeb(t *testing.T) {
	d, site := newDesk(t), newPlace(t)
	site.words = "I really enjoyed this essay, and I learned a lot about lamps from it.\nAgreed, and thank you for the numbers.\nWhat happened to the second keeper? You never say.\n"
	for _, c := range []struct {
		below             string
		passages, waiting int
	}{{"1", 1, 2}, {"0", 3, 0}, {"0", 3, 0}, {"1", 1, 2}} { // one of the three is certain
		p := d.mustStart("[import]\nreview_below = " + c.below + "\n" + site.evenings("/dump.txt"))
		x := d.discussion(p.Discussion)
		if len(x.Passages) != c.passages || c.waiting > 0 && len(x.Waiting()) != c.waiting {
			t.Errorf("below %s: %d passages, %d texts wait", c.below, len(x.Passages), len(x.Waiting()))
		}
		if told := strings.Contains(d.log.String(), "not posted before they are reviewed"); told != (c.waiting > 0) {
			t.Errorf("below %s the log says %s", c.below, &d.log)
		}
	}
}

func TestAnAddressIsAskedOnceForAllPlans(t *testing.T) {
	d, site := newDesk(t), newPlace(t)
	two := site.evenings("/t/the-gap/7")
	two += strings.Replace(two, `"evenings"`, `"digest"`, 1) + "does = \"digest\"\n"
	d.mustStart(two)
	if site.asked != 1 || d.plan("digest").Discussion != d.plan("evenings").Discussion {
		t.Errorf("asked %d times", site.asked)
	}
}

// What the guard refuses to verbs it refuses to plans.
func TestAPlanFetchesFromPublicAddressesOnly(t *testing.T) {
	d, site := newDesk(t), newPlace(t)
	c := Config{Plans: []PlanTable{{Name: "evenings", Text: site.URL + "/t/the-gap/7"}}}
	err := assertPlans(t.Context(), d.db, c, source.Web{}, slog.New(slog.DiscardHandler), d.now)
	if err == nil || !strings.Contains(err.Error(), "only public addresses are fetched") || site.asked > 0 {
		t.Errorf("asked %d times, %v", site.asked, err)
	}
}

// A start that is stopped while it imports ends, and changes no plan.
func TestAStartThatIsStoppedEnds(t *testing.T) {
	d, site := newDesk(t), newPlace(t)
	d.mustStart(site.evenings("/t/the-gap/7"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	cancel()
	c := Config{Plans: []PlanTable{{Name: "evenings", Text: site.URL + "/t/the-gap/7"}}}
	if err := assertPlans(ctx, d.db, c, source.Web{}, slog.New(slog.DiscardHandler), d.now); err == nil {
		t.Error("it went on")
	}
}

func TestPlansAreNamedAfterTheirAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"https://www.lesswrong.com/posts/abc/the-gap":   "the-gap",
		"https://blog.example/2025/the-gap/?key=s3cret": "the-gap",
		"https://blog.example/?p=3":                     "blog.example",
		"https://author.example/gap.html":               "gap.html",
	} {
		c := Config{Plans: []PlanTable{{Text: address}}}
		if err := c.names(); err != nil || c.Plans[0].Name != want {
			t.Errorf("%s is called %q, not %q (%v)", address, c.Plans[0].Name, want, err)
		}
	}
}
