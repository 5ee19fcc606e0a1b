package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/source"
	"marginalia/internal/store"
	"marginalia/test/require"
)

var importTimes = flag.Int("import.times", 3, "up to how many times a text of 17,000 words with 2,000 comments is imported by TestImportIsLinear")

// sentencesOf are the sentences of a file of the sample.
func sentencesOf(t testing.TB, name string) []string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("sample", name))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, s := range strings.Split(format.Markdown{}.Parse(string(src)).Text, ". ") {
		if s = strings.Join(strings.Fields(s), " "); len(s) > 30 {
			all = append(all, strings.TrimRight(s, ".")+".")
		}
	}
	return all
}

// written is text of about so many words, in paragraphs.
func written(r *rand.Rand, sentences []string, words int, between string) string {
	var b strings.Builder
	for n := 0; n < words; {
		for range 1 + r.IntN(5) {
			s := sentences[r.IntN(len(sentences))]
			n += strings.Count(s, " ") + 1
			b.WriteString(s + " ")
		}
		b.WriteString(between)
	}
	return b.String()
}

// A text as it comes in: an essay in Markdown and comments in HTML, as a site
// gives them; or all of it as a plain dump.
type incoming struct {
	essay    string
	comments []string
	dump     string
}

// made is so many times 17,000 words with 2,000 comments of two to sixty words.
func made(t testing.TB, times int) (in incoming) {
	r := rand.New(rand.NewPCG(1, 2))
	essay, said := sentencesOf(t, "essay.md"), sentencesOf(t, "comments.md")
	in.essay = "# Essay\n\n" + written(r, essay, 17_000*times, "\n\n")
	var dump strings.Builder
	for range 2000 * times {
		c := said[r.IntN(len(said))]
		in.comments = append(in.comments, "<p>"+c+"</p><blockquote><p>"+essay[r.IntN(len(essay))]+"</p></blockquote><p>Not so.</p>")
		dump.WriteString(c + "\n")
	}
	in.dump = dump.String() + "This is a linkpost.\n" + written(r, essay, 17_000*times, "\n")
	return in
}

// importSite parses, cuts and stores an essay with its comments.
func (in incoming) importSite(t testing.TB, db *store.DB) (passages int) {
	docs := []discussion.Document{{ID: "essay", Kind: discussion.Essay, Confidence: 1, Body: format.Markdown{}.Parse(in.essay)}}
	for i, c := range in.comments {
		docs = append(docs, discussion.Document{
			ID: discussion.DocumentID(fmt.Sprint("c", i)), Parent: "essay", Kind: discussion.Comment, Confidence: 1, Body: format.HTML{}.Parse(c),
		})
	}
	return stored(t, db, discussion.AssembleFrom("site", "Essay", "", docs, discussion.CutOptions{}))
}

// importDump parses, cuts and stores a plain dump.
func (in incoming) importDump(t testing.TB, db *store.DB) (passages int) {
	d, err := source.Open(context.Background(), source.Stdin, source.Options{Stdin: strings.NewReader(in.dump), MaxBytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	return stored(t, db, d)
}

func stored(t testing.TB, db *store.DB, d discussion.Discussion) int {
	t.Helper()
	var did store.Imported
	err := db.Update(context.Background(), func(tx *store.Tx) (err error) {
		did, err = tx.Import(d, time.Now())
		return err
	})
	if err != nil || !did.New {
		t.Fatalf("%v: %+v", err, did)
	}
	return did.Passages
}

// processorTime is what the test has used so far, whatever else the machine does.
func processorTime(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// timed runs an import into an empty database and returns how much of the
// processor it took, and how many bytes the heap grew to meanwhile.
func timed(t testing.TB, run func(testing.TB, *store.DB) int) (took time.Duration, heap uint64, passages int) {
	db, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "bot.db"), store.Options{NoListen: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			most.Store(max(most.Load(), now.HeapInuse))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	began := processorTime(t)
	passages = run(t, db)
	took = processorTime(t) - began
	close(stop)
	<-stopped
	return took, most.Load() - min(most.Load(), before.HeapInuse), passages
}

// TestImportIsLinear imports ever longer texts and plots the time a text of
// 17,000 words with 2,000 comments takes in them.
func TestImportIsLinear(t *testing.T) {
	require.Long(t)
	for _, way := range []struct {
		name string
		run  func(incoming, testing.TB, *store.DB) int
	}{{"site", incoming.importSite}, {"dump", incoming.importDump}} {
		var first time.Duration
		for _, times := range []int{1, 3, 10, 30, 100} {
			if times > *importTimes {
				break
			}
			in := made(t, times)
			run := func(t testing.TB, db *store.DB) int { return way.run(in, t, db) }
			took, heap, passages := timed(t, run)
			for range 3 / times { // the machine is others' too
				again, h, _ := timed(t, run)
				took, heap = min(took, again), min(heap, h)
			}
			each := took / time.Duration(times)
			t.Logf("%s × %3d: %6d passages, %8s, %5.1f MiB; each %6s %s", way.name, times, passages, took.Round(time.Millisecond),
				float64(heap)/(1<<20), each.Round(100*time.Microsecond), strings.Repeat("▪", int(each/(5*time.Millisecond))))
			if times == 1 {
				first = each
			} else if each > 5*first/2 {
				t.Errorf("%s × %d: a text takes %s, alone it takes %s", way.name, times, each, first)
			}
		}
	}
}

// BenchmarkImport is the time that 17,000 words with 2,000 comments take.
func BenchmarkImport(b *testing.B) {
	in := made(b, 1)
	for name, run := range map[string]func(testing.TB, *store.DB) int{"site": in.importSite, "dump": in.importDump} {
		b.Run(name, func(b *testing.B) {
			var took time.Duration
			var heap uint64
			for b.Loop() {
				t, h, _ := timed(b, run)
				took, heap = took+t, max(heap, h)
			}
			b.ReportMetric(float64(took.Milliseconds())/float64(b.N), "ms/import")
			b.ReportMetric(float64(heap)/(1<<20), "MiB")
		})
	}
}
