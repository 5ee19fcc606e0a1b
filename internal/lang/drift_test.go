package lang_test

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
	"strconv"
	"strings"
	"testing"

	"marginalia/internal/command"
	"marginalia/internal/lang"
)

// words are what is said in a source: keys, and where each stands.
type words struct {
	keys  map[string]string
	wrong []string // what is no key and should be
}

// read collects the keys of a source: the formats of Sprintf but fmt's, and what
// is a lang.Key. Where nothing may be said in English alone it also finds that.
func (w *words) read(t *testing.T, name, src string, whole bool) {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	known := map[ast.Node]bool{} // literals that are keys, or said to nobody in a room
	key := func(e ast.Expr) bool {
		lit, ok := e.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return false
		}
		known[lit] = true
		text, _ := strconv.Unquote(lit.Value)
		w.keys[text] = set.Position(lit.Pos()).String()
		return true
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			s, ok := n.Fun.(*ast.SelectorExpr)
			if !ok || len(n.Args) == 0 {
				return true
			}
			x, _ := s.X.(*ast.Ident)
			of := func(pkg string) bool { return x != nil && x.Name == pkg }
			switch {
			case s.Sel.Name == "Sprintf" && !of("fmt"):
				if !key(n.Args[0]) && !strings.HasPrefix(name, "internal/lang/") {
					w.wrong = append(w.wrong, fmt.Sprintf("%s: the format is no literal", set.Position(n.Pos())))
				}
			case s.Sel.Name == "Key" && of("lang"):
				key(n.Args[0])
			case s.Sel.Name == "time" && len(n.Args) == 2: // lang's own layouts
				key(n.Args[1])
			case of("fmt") && s.Sel.Name == "Errorf", of("errors"), slices.Contains([]string{"Error", "Warn", "Info", "PutFiring", "PutSetting", "Setting", "usage"}, s.Sel.Name):
				for _, a := range n.Args {
					known[a] = true
				}
			}
		case *ast.ValueSpec:
			if isKey(n.Type) {
				for _, v := range n.Values {
					key(v)
				}
			}
		case *ast.CompositeLit:
			if elem := elemOf(n.Type); isKey(elem) {
				for _, v := range n.Elts {
					if kv, ok := v.(*ast.KeyValueExpr); ok {
						v = kv.Value
					}
					key(v)
				}
			}
		case *ast.KeyValueExpr: // command.All is read as data
			if field, ok := n.Key.(*ast.Ident); ok && slices.Contains([]string{"Help", "Menu", "Asked", "Label"}, field.Name) {
				ast.Inspect(n.Value, func(in ast.Node) bool { known[in] = true; return true })
			}
		}
		return true
	})
	if !whole {
		return
	}
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if ok && lit.Kind == token.STRING && !known[lit] && sentence.MatchString(lit.Value) && !typed.MatchString(lit.Value) {
			w.wrong = append(w.wrong, fmt.Sprintf("%s says %s in English alone", set.Position(lit.Pos()), lit.Value))
		}
		return true
	})
}

var sentence = regexp.MustCompile(`\pL\pL+[,;:.]? \pL\pL+`)

// typed is what people type, or a button for them; and the name of a setting.
var typed = regexp.MustCompile(`^"(passage step=\w+|[a-z ]+: ?)"$`)

func isKey(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "Key"
}

func elemOf(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.MapType:
		return e.Value
	case *ast.ArrayType:
		return e.Elt
	}
	return nil
}

// isWhole reports whether all that is said in a file has words in every language:
// in those that speak in rooms, but for some of the relay that speak to whoever runs
// the bot.
func isWhole(name string) bool {
	pkg, file := path.Split(name)
	switch pkg {
	case "internal/command/":
		return true
	case "internal/relay/":
		return !slices.Contains(toOperators, file)
	}
	return slices.Contains([]string{"internal/schedule/say.go", "internal/schedule/shift.go", "cmd/bot/hint.go"}, name)
}

var toOperators = []string{"audit.go", "auditemoji.go", "courier.go", "inbox.go", "missing.go", "relay.go", "settle.go"}

// all reads the sources, and the table of commands.
func all(t *testing.T) *words {
	t.Helper()
	w := &words{keys: map[string]string{}}
	for _, top := range []string{"../../internal", "../../cmd"} {
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "discordtest") {
				return err
			}
			src, err := os.ReadFile(path)
			name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
			w.read(t, name, string(src), isWhole(name))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range command.All {
		for _, key := range command.Keys(c) {
			w.keys[string(key)] = "the command " + c.Name
		}
	}
	return w
}

// Every word that the bot says in a room is there in each language, with the same
// to be filled in, and nothing is there that nobody says.
func TestGermanSaysWhatEnglishSays(t *testing.T) {
	w := all(t)
	for _, wrong := range w.wrong {
		t.Error(wrong)
	}
	for _, l := range lang.Others() {
		said := lang.Said(l)
		for key, at := range w.keys {
			if len(said[key]) == 0 {
				t.Errorf("%s: %s has no words for %q", at, l.Tag(), key)
			}
		}
		for key, words := range said {
			if w.keys[key] == "" {
				t.Errorf("%s has words for %q, which nobody says", l.Tag(), key)
			}
			for _, one := range words {
				if got, want := filled(one), filled(key); got != want {
					t.Errorf("%q fills in %s, but %q fills in %s", one, got, key, want)
				}
			}
		}
	}
	for key, one := range lang.One() {
		if w.keys[key] == "" {
			t.Errorf("English has one of %q, which nobody says", key)
		}
		if filled(one) != filled(key) {
			t.Errorf("%q fills in %s, but %q fills in %s", one, filled(one), key, filled(key))
		}
	}
}

var verb = regexp.MustCompile(`%(\[\d+\])?[-+# 0]*\d*(?:\.\d+)?([a-zA-Z%])`)

// filled is what a format fills in, by the number of the argument.
func filled(format string) string {
	var all []string
	next := 1
	for _, m := range verb.FindAllStringSubmatch(format, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(strings.Trim(m[1], "[]"))
		}
		all = append(all, fmt.Sprintf("%d%s", next, m[2]))
		next++
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// The test of the sources finds what it is there for.
func TestDriftIsFound(t *testing.T) {
	w := &words{keys: map[string]string{}}
	w.read(t, "x.go", `package x
import "fmt"
const c lang.Key = "a constant"
var m = map[int]lang.Key{1: "in a map"}
func f(l lang.Language) {
	l.Sprintf("said to %s", "you")
	e.in.Sprintf(c)
	fmt.Sprintf("not said by %d", 1)
	errors.New("an error is not said")
	text("said in English")
}`, true)
	if got := fmt.Sprint(len(w.keys), w.keys["a constant"] != "", w.keys["in a map"] != "", w.keys["said to %s"] != ""); got != "3 true true true" {
		t.Errorf("it finds %v", w.keys)
	}
	if len(w.wrong) != 3 {
		t.Errorf("it minds %q", w.wrong)
	}
	if a, b := filled("%s is %d of %q"), filled("%[2]d von %[3]q ist %[1]s"); a != b || a == filled("%s is %s of %q") {
		t.Errorf("%q and %q", a, b)
	}
}
