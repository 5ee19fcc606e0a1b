// Package house holds the rules of the house as tests: which package may
// import which and why, who may start a goroutine, where the clock is read.
// Each rule is also shown to fail on a made-up source that breaks it.
package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// room is one package of the house and what it may import of the others.
type room struct {
	may []string // packages of ours, without "internal/"
	why string
}

// rooms is the import map. A package that is not in it has no place yet.
var rooms = map[string]room{
	"format":        {nil, "text is the bottom of the house"},
	"lang":          {nil, "words in several languages: where something is said they are looked up, whatever it is"},
	"discussion":    {[]string{"format"}, "what is read knows neither rooms nor databases"},
	"chat":          {[]string{"format"}, "how people talk is independent of what is read"},
	"chat/local":    {[]string{"chat", "format"}, "a platform knows chat and its own network"},
	"chat/matrix":   {[]string{"chat", "format"}, "a platform knows chat and its own network"},
	"schedule":      {[]string{"chat", "discussion", "lang"}, "when: it never reads a clock or a database"},
	"store":         {[]string{"chat", "discussion", "format", "schedule"}, "it keeps rows and decides nothing"},
	"source":        {[]string{"discussion", "format"}, "a text comes in without a bot running"},
	"relay":         {[]string{"chat", "discussion", "format", "lang", "schedule", "store"}, "the engine knows platforms only as chat.Platform"},
	"page":          {[]string{"discussion", "format"}, "templates are shared by web and export, which know more"},
	"export":        {[]string{"discussion", "format", "page"}, "a bundle goes out without a database"},
	"command":       {[]string{"chat", "discussion", "export", "format", "lang", "relay", "schedule", "source", "store"}, "what people can tell the bot sits on top of what it can do"},
	"web":           {[]string{"chat", "chat/local", "discussion", "export", "format", "page", "relay", "store"}, "pages draw from the store; local rooms are typed into here"},
	"cmd/bot":       {[]string{"*"}, "everything is put together here and only here"},
	"chat/chattest": {[]string{"chat", "format"}, "the contract is stated in chat's own words"},

	"chat/discord":             {[]string{"chat", "format", "lang"}, "a platform knows chat and its own network, which tells the language of who acts"},
	"chat/discord/discordtest": {nil, "a network's double knows nothing of the bot it is to judge"},
}

// only lists packages from outside that have one home.
var only = []struct {
	prefix string
	homes  []string // packages, or files of ours
	why    string
}{
	{"database/sql", []string{"store", "chat/matrix/crypto.go"}, "SQL is written in one place; E2EE brings its own tables"},
	{"go.mau.fi/util/dbutil", []string{"store", "chat/matrix/crypto.go"}, "migrations are the store's"},
	{"github.com/jackc/pgx", []string{"store"}, "drivers are the store's"},
	{"modernc.org/", []string{"store"}, "drivers are the store's"},
	{"zombiezen.com/", []string{"store"}, "drivers are the store's"},
	{"github.com/robfig/cron", []string{"schedule"}, "only schedule knows what a cron line is"},
	{"maunium.net/", []string{"chat/matrix"}, "an SDK stays inside its platform"},
	{"github.com/bwmarrin/", []string{"chat/discord"}, "an SDK stays inside its platform"},
	{"github.com/gorilla/websocket", []string{"chat/discord", "chat/discord/discordtest"}, "what discordgo speaks, and its double"},
	{"github.com/spf13/", []string{"cmd/bot"}, "verbs and flags are read in cmd/bot"},
	{"github.com/pelletier/go-toml", []string{"cmd/bot"}, "configuration is read in cmd/bot"},
	{"flag", []string{"cmd/bot"}, "verbs and flags are read in cmd/bot"},
	{"golang.org/x/text/message", []string{"lang"}, "what is said in which language is looked up in one place"},
	{"golang.org/x/text/feature", []string{"lang"}, "what is said in which language is looked up in one place"},
	{"github.com/yuin/goldmark", []string{"format"}, "every text enters through a Dialect"},
	{"codeberg.org/readeck/go-readability", []string{"source"}, "what of a page is to be read is found where pages come in"},
	{"github.com/mmcdole/gofeed", []string{"source"}, "feeds are read where texts come in"},
	{"testing", []string{"chat/chattest"}, "the product does not carry its tests"},
	{"github.com/santhosh-tekuri/jsonschema", []string{"chat/discord/discordtest"}, "schemas judge in tests"},
}

// doubles are packages for tests alone. They may start goroutines, read the
// clock and the environment, and sleep; the product imports none of them.
var doubles = []string{"chat/chattest", "chat/discord/discordtest"}

func double(pkg string) bool { return slices.Contains(doubles, pkg) }

// owners are the files that may start goroutines, with what they start.
var owners = map[string]string{
	"chat/discord/run.go":  "the first answers to commands, within seconds: Run waits for them",
	"relay/fetch.go":       "one fetch a file that lanes ask for, a few of a network at work: fetchFiles waits for them",
	"relay/relay.go":       "the clock, a listener a platform, a lane a room, who hands out commands, who fetches files: Run waits for all of them",
	"relay/calls.go":       "at most eight command workers: answerCalls waits for them",
	"cmd/bot/serve.go":     "the engine, the web server, telling networks the commands, fetching texts that rooms ask for, one look at what is granted, scrubbing the database: it waits for all of them",
	"store/watch.go":       "looking at the log file: the watcher ends it",
	"store/watch_linux.go": "listening for writes to the log file: the watcher ends it",
	"store/db.go":          "the watcher for commits of other processes: Close waits for it",
}

// clocks are the packages that may read the clock.
var clocks = map[string]string{
	"relay":        "its Run is where time enters the engine",
	"chat/discord": "a network asks to be left alone for a while, and to be heard from every so often",
	"chat/local":   "a network tells when things happened",
	"chat/matrix":  "a network tells when things happened",
	"web":          "requests have deadlines",
	"source":       "fetching has deadlines",
	"cmd/bot":      "verbs pass the time on",
}

// Lengths and the exceptions from them, with reasons.
const (
	longFile     = 400
	longFunction = 70
)

var longFiles = map[string]string{}

var longFunctions = map[string]string{} // "package.Func"

// files is the product as it stands: no tests.
func files(t *testing.T) []file {
	t.Helper()
	var all []file
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			src, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			f, err := parse(filepath.ToSlash(name), string(src))
			all = append(all, f)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// file is one parsed source file.
type file struct {
	pkg  string // "store", "chat/local", "cmd/bot"
	name string // pkg and the file's own name
	src  string
	set  *token.FileSet
	tree *ast.File
}

func parse(name, src string) (file, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, src, parser.ParseComments)
	name = strings.TrimPrefix(name, "internal/")
	return file{path.Dir(name), name, src, set, tree}, err
}

func (f file) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.name, f.set.Position(n.Pos()).Line)
}

// imports yields what f imports, without quotes.
func (f file) imports() []string {
	var all []string
	for _, i := range f.tree.Imports {
		all = append(all, strings.Trim(i.Path.Value, `"`))
	}
	return all
}

// calls reports where f calls (or mentions) pkg.name of the standard library.
func (f file) calls(pkg, name string) []string {
	var all []string
	ast.Inspect(f.tree, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == name {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == pkg {
				all = append(all, f.at(s))
			}
		}
		return true
	})
	return all
}

// A rule looks at one file and says what is wrong with it.
type rule struct {
	name  string
	check func(f file) []string
	name1 string // a made-up file …
	bad   string // … that breaks the rule,
	good  string // and one that keeps it
}

var rules = []rule{
	{"imports follow the map", importMap, "internal/discussion/x.go",
		"package discussion\nimport _ \"marginalia/internal/store\"\n", "package discussion\nimport _ \"marginalia/internal/format\"\n"},
	{"every package has its place in the map", mapped, "internal/neu/x.go",
		"package neu\n", ""},
	{"libraries stay where they are at home", homes, "internal/relay/x.go",
		"package relay\nimport _ \"database/sql\"\n", "package relay\nimport _ \"context\"\n"},
	{"names say what a package is for", packageNames, "internal/helpers/x.go",
		"package helpers\n", ""},
	{"nothing happens before main", noInit, "internal/web/x.go",
		"package web\nfunc init() {}\n", "package web\nfunc initial() {}\ntype t int\nfunc (t) init() {}\n"},
	{"goroutines have one owner", goroutines, "internal/web/x.go",
		"package web\nfunc f() { go f() }\n", "package web\nfunc f() { f() }\n"},
	{"goroutines have one owner (WaitGroup.Go)", goroutines, "internal/web/x.go",
		"package web\nimport \"sync\"\nfunc f() { var w sync.WaitGroup; w.Go(f) }\n", "package web\nfunc f() { f() }\n"},
	{"the clock is read in few places", clock, "internal/schedule/x.go",
		"package schedule\nimport \"time\"\nvar t = time.Now()\n", "package schedule\nimport \"time\"\nvar t time.Time\n"},
	{"the environment is read in cmd/bot", environment, "internal/relay/x.go",
		"package relay\nimport \"os\"\nvar t = os.Getenv(\"HOME\")\n", "package relay\nimport \"os\"\nvar t = os.TempDir()\n"},
	{"files are short", fileLength, "internal/relay/x.go",
		"package relay\n" + strings.Repeat("//\n", longFile), "package relay\n"},
	{"functions are short", functionLength, "internal/relay/x.go",
		"package relay\nfunc f() {\n" + strings.Repeat("f()\n", longFunction) + "}\n", "package relay\nfunc f() {\nf()\n}\n"},
	{"errors name the deed", errorWords, "internal/relay/x.go",
		"package relay\nimport \"errors\"\nvar e = errors.New(\"failed to send\")\n", "package relay\nimport \"errors\"\nvar e = errors.New(\"send: no room\")\n"},
	{"nobody sleeps", sleeps, "internal/relay/x.go",
		"package relay\nimport \"time\"\nfunc f() { time.Sleep(1) }\n", "package relay\nimport \"time\"\nfunc f() { time.NewTimer(1) }\n"},
}

func importMap(f file) []string {
	may := rooms[f.pkg].may
	var all []string
	for _, i := range f.imports() {
		ours, ok := strings.CutPrefix(i, "marginalia/")
		ours = strings.TrimPrefix(ours, "internal/")
		if ok && ours != f.pkg && !slices.Contains(may, ours) && !slices.Contains(may, "*") {
			all = append(all, fmt.Sprintf("%s imports %s: %s", f.name, ours, rooms[f.pkg].why))
		}
		if ok && (double(ours) || strings.HasPrefix(ours, "test/")) {
			all = append(all, fmt.Sprintf("%s imports %s: the product does not carry its tests", f.name, ours))
		}
	}
	return all
}

func mapped(f file) []string {
	if _, ok := rooms[f.pkg]; !ok {
		return []string{f.pkg + " is not in the import map: say what it may import, and why"}
	}
	return nil
}

func homes(f file) []string {
	var all []string
	for _, i := range f.imports() {
		for _, o := range only {
			if i != o.prefix && !strings.HasPrefix(i, strings.TrimSuffix(o.prefix, "/")+"/") {
				continue
			}
			if !slices.Contains(o.homes, f.pkg) && !slices.Contains(o.homes, f.name) {
				all = append(all, fmt.Sprintf("%s imports %s, at home in %v: %s", f.name, i, o.homes, o.why))
			}
		}
	}
	return all
}

var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "types", "models", "manager", "service", "base", "misc"}

func packageNames(f file) []string {
	if slices.Contains(emptyNames, f.tree.Name.Name) {
		return []string{"package " + f.tree.Name.Name + " says nothing"}
	}
	return nil
}

func noInit(f file) []string {
	var all []string
	for _, d := range f.tree.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "init" && fn.Recv == nil {
			all = append(all, f.at(fn)+" has an init")
		}
	}
	return all
}

// goroutines finds go statements and WaitGroup.Go: any call of a method Go.
func goroutines(f file) []string {
	if owners[f.name] != "" || double(f.pkg) {
		return nil
	}
	var all []string
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			all = append(all, f.at(n)+" starts a goroutine: name its owner in house_test.go")
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Go" {
				all = append(all, f.at(n)+" starts a goroutine: name its owner in house_test.go")
			}
		}
		return true
	})
	return all
}

func clock(f file) []string {
	if clocks[f.pkg] != "" || double(f.pkg) {
		return nil
	}
	return append(f.calls("time", "Now"), append(f.calls("time", "Since"), f.calls("time", "Until")...)...)
}

func environment(f file) []string {
	if f.pkg == "cmd/bot" || double(f.pkg) {
		return nil
	}
	var all []string
	for _, name := range []string{"Getenv", "LookupEnv", "Environ", "Exit", "Args"} {
		all = append(all, f.calls("os", name)...)
	}
	return all
}

func sleeps(f file) []string {
	if double(f.pkg) {
		return nil
	}
	return f.calls("time", "Sleep")
}

func fileLength(f file) []string {
	if n := strings.Count(f.src, "\n"); n > longFile && longFiles[f.name] == "" {
		return []string{fmt.Sprintf("%s has %d lines", f.name, n)}
	}
	return nil
}

func functionLength(f file) []string {
	var all []string
	for _, d := range f.tree.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		n := f.set.Position(fn.End()).Line - f.set.Position(fn.Pos()).Line + 1
		if n > longFunction && longFunctions[f.pkg+"."+fn.Name.Name] == "" {
			all = append(all, fmt.Sprintf("%s: %s has %d lines", f.at(fn), fn.Name.Name, n))
		}
	}
	return all
}

var failedTo = regexp.MustCompile(`(?i)\b(failed to|failure to|unable to|could not)\b`)

// errorWords looks at the texts of errors.New and fmt.Errorf.
func errorWords(f file) []string {
	var all []string
	ast.Inspect(f.tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		s, ok := call.Fun.(*ast.SelectorExpr)
		text, lit := call.Args[0].(*ast.BasicLit)
		if ok && lit && (s.Sel.Name == "Errorf" || s.Sel.Name == "New") && failedTo.MatchString(text.Value) {
			all = append(all, f.at(call)+" says "+failedTo.FindString(text.Value)+": name the deed instead")
		}
		return true
	})
	return all
}

// TestHouse holds the product to every rule.
func TestHouse(t *testing.T) {
	all := files(t)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, f := range all {
				for _, wrong := range r.check(f) {
					t.Error(wrong)
				}
			}
		})
	}
}

// TestRulesBite shows that each rule finds what it is there for.
func TestRulesBite(t *testing.T) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			bad, err := parse(r.name1, r.bad)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.check(bad)) == 0 {
				t.Errorf("the rule has nothing against\n%s", r.bad)
			}
			if r.good == "" {
				return
			}
			good, err := parse(r.name1, r.good)
			if err != nil {
				t.Fatal(err)
			}
			if wrong := r.check(good); len(wrong) > 0 {
				t.Errorf("the rule says %q of\n%s", wrong, r.good)
			}
		})
	}
}

// TestPackageComments wants a first paragraph from every package.
func TestPackageComments(t *testing.T) {
	if got := uncommented([]file{made(t, "internal/a/a.go", "package a\n"), made(t, "internal/b/b.go", "// Package b is.\npackage b\n")}); !slices.Equal(got, []string{"a"}) {
		t.Fatalf("the rule finds %q in the made-up tree", got)
	}
	for _, pkg := range uncommented(files(t)) {
		t.Errorf("package %s has no comment", pkg)
	}
}

func uncommented(all []file) []string {
	said := map[string]bool{}
	for _, f := range all {
		said[f.pkg] = said[f.pkg] || f.tree.Doc.Text() != ""
	}
	var bare []string
	for pkg, ok := range said {
		if !ok {
			bare = append(bare, pkg)
		}
	}
	slices.Sort(bare)
	return bare
}

// TestExportedComments wants a comment on 95 of 100 exported names.
func TestExportedComments(t *testing.T) {
	n, bare := exported(made(t, "internal/a/a.go", "package a\n// F is.\nfunc F() {}\nfunc G() {}\ntype T int\nfunc (T) M() {}\nfunc h() {}\ntype u int\nfunc (u) M() {}\n"))
	if n != 4 || len(bare) != 3 {
		t.Fatalf("the rule finds %d names, bare %q in the made-up file", n, bare)
	}
	names, all := 0, []string{}
	for _, f := range files(t) {
		n, bare := exported(f)
		names, all = names+n, append(all, bare...)
	}
	if len(all)*100 > 5*names {
		t.Errorf("%d of %d exported names have no comment:\n%s", len(all), names, strings.Join(all, "\n"))
	}
}

// exported counts the exported functions, methods, types, variables and
// constants of f, and names those without a comment (a group's counts for all).
func exported(f file) (n int, bare []string) {
	look := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		if !name.IsExported() {
			return
		}
		n++
		for _, d := range docs {
			if d.Text() != "" {
				return
			}
		}
		bare = append(bare, f.at(name)+" "+name.Name)
	}
	for _, d := range f.tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || ast.IsExported(receiver(d)) {
				look(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					look(s.Name, d.Doc, s.Doc, s.Comment)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						look(name, d.Doc, s.Doc, s.Comment)
					}
				}
			}
		}
	}
	return n, bare
}

func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if i, ok := t.(*ast.IndexExpr); ok {
		t = i.X
	}
	id, _ := t.(*ast.Ident)
	if id == nil {
		return ""
	}
	return id.Name
}

func made(t *testing.T, name, src string) file {
	t.Helper()
	f, err := parse(name, src)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestArchitectureIsAPage keeps ARCHITECTURE.md readable at one sitting.
func TestArchitectureIsAPage(t *testing.T) {
	src, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(src), "\n"); n > 60 {
		t.Errorf("ARCHITECTURE.md has %d lines, 60 are a page", n)
	}
}

// TestExceptionsAreUsed drops what the lists above no longer need.
func TestExceptionsAreUsed(t *testing.T) {
	all := files(t)
	there := func(name string) bool {
		return slices.ContainsFunc(all, func(f file) bool { return f.name == name || f.pkg == name })
	}
	for pkg := range rooms {
		if !there(pkg) {
			t.Errorf("the import map has %s, which is not there", pkg)
		}
	}
	for _, list := range []map[string]string{owners, longFiles, clocks} {
		for name := range list {
			if !there(name) {
				t.Errorf("an exception is made for %s, which is not there", name)
			}
		}
	}
}
