package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// promisesPage says what the bot does, with the tests that prove it.
const promisesPage = "docs/promises.md"

// named is a test as the page names it: its package and its name.
var named = regexp.MustCompile("`([a-z/]+)\\.(Test\\w+)`")

// sources are files of ours, as the page names them.
var sources = regexp.MustCompile(`[a-z/]+\.go`)

// mostBroken is how many lines may say that something is not done.
const mostBroken = 2

// A promise that is said to be kept names a test that is there; one that is not
// says why.
func TestPromisesAreProved(t *testing.T) {
	src, err := os.ReadFile(promisesPage)
	if err != nil {
		t.Fatal(err)
	}
	kept, broken, wrong := promises(string(src), isTest(t))
	for _, w := range wrong {
		t.Errorf("%s: %s", promisesPage, w)
	}
	if kept < 30 || broken > mostBroken {
		t.Errorf("%s: %d promises are kept, and %d are not", promisesPage, kept, broken)
	}
}

func TestPromisesWithoutProofAreFound(t *testing.T) {
	there := func(pkg, name string) bool { return pkg == "relay" && name == "TestNext" }
	for line, right := range map[string]bool{
		"| This | yes | relay/stale.go | `relay.TestNext` |":               true,
		"| This | in part: not that | relay/stale.go | `relay.TestNext` |": true,
		"| This | no: it would be wrong | | |":                             true,
		"| This | yes | relay/stale.go | `relay.TestPrevious` |":           false,
		"| This | yes | relay/stale.go | `store.TestNext` |":               false,
		"| This | yes | relay/stale.go | |":                                false,
		"| This | in part | relay/stale.go | `relay.TestNext` |":           false,
		"| This | no | | |": false,
		"| This | perhaps | relay/stale.go | `relay.TestNext` |":              false,
		"| This | yes | relay/stale.go | `relay.TestNext`, `relay.TestOld` |": false,
		"| This | yes |": false,
		"| This | yes | relay/fresh.go | `relay.TestNext` |": false,
	} {
		if _, _, wrong := promises("| what | does it | where | proved by |\n|---|---|---|---|\n"+line+"\n", there); (len(wrong) == 0) != right {
			t.Errorf("%s: %q", line, wrong)
		}
	}
}

// promises reads the tables of the page, and says what is wrong with them.
func promises(src string, there func(pkg, name string) bool) (kept, broken int, wrong []string) {
	for line := range strings.Lines(src) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|-") || strings.HasPrefix(line, "| what |") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 4 {
			wrong = append(wrong, line+": it has not four parts")
			continue
		}
		what := strings.TrimSpace(cells[0])
		does, reason, _ := strings.Cut(strings.TrimSpace(cells[1]), ":")
		does, _, _ = strings.Cut(does, ",")
		proofs := named.FindAllStringSubmatch(cells[3], -1)
		switch {
		case does == "no" && reason != "":
			broken++
		case does == "yes" && len(proofs) > 0, does == "in part" && reason != "" && len(proofs) > 0:
			kept++
		default:
			wrong = append(wrong, what+": it is neither kept and proved, nor is it said why not")
		}
		for _, file := range sources.FindAllString(cells[2], -1) {
			if _, err := os.Stat(folder(file)); err != nil {
				wrong = append(wrong, what+": there is no "+file)
			}
		}
		for _, p := range proofs {
			if !there(p[1], p[2]) {
				wrong = append(wrong, what+": there is no "+p[1]+"."+p[2])
			}
		}
	}
	return kept, broken, wrong
}

// isTest returns what tells whether a package has a test of that name.
func isTest(t *testing.T) func(pkg, name string) bool {
	t.Helper()
	known := map[string]map[string]bool{}
	return func(pkg, name string) bool {
		if known[pkg] == nil {
			known[pkg] = testsOf(t, pkg)
		}
		return known[pkg][name]
	}
}

// folder is where something of ours is that is named without "internal/".
func folder(name string) string {
	if strings.HasPrefix(name, "cmd/") || strings.HasPrefix(name, "test/") {
		return filepath.FromSlash(name)
	}
	return filepath.Join("internal", filepath.FromSlash(name))
}

// testsOf are the tests of a package, which is meant to be ours.
func testsOf(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(folder(pkg), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, path := range all {
		tree, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				found[fn.Name.Name] = true
			}
		}
	}
	return found
}
