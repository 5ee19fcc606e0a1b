package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The files of hosting are held against what they speak of: nothing else runs
// them here.

func ours(t *testing.T, name string) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// instructions are a Dockerfile's lines by their first word.
func instructions(src string) map[string][]string {
	all := map[string][]string{}
	for _, line := range strings.Split(src, "\n") {
		if word, rest, ok := strings.Cut(line, " "); ok && word != "#" {
			all[word] = append(all[word], rest)
		}
	}
	return all
}

// hasVerb fails unless bot knows the verb and its flags.
func hasVerb(t *testing.T, args ...string) {
	t.Helper()
	cmd, rest, err := (&app{}).root().Find(args)
	if err == nil && cmd.HasParent() {
		err = cmd.ParseFlags(rest)
	}
	if err != nil || !cmd.HasParent() {
		t.Errorf("there is no bot %s: %v", strings.Join(args, " "), err)
	}
}

// hasKeys fails unless the names of the environment that a file sets are keys.
func hasKeys(t *testing.T, src string) {
	t.Helper()
	var known []string
	for _, s := range settings() {
		known = append(known, s.env())
	}
	found := regexp.MustCompile(`MARGINALIA_[A-Z_]+`).FindAllString(src, -1)
	for _, name := range found {
		if !slices.Contains(known, name) {
			t.Errorf("%s is no key", name)
		}
	}
	if len(found) == 0 {
		t.Error("no key is set")
	}
}

var quoted = regexp.MustCompile(`"([^"]+)"`)

// words are those of a JSON list.
func words(list string) []string {
	var all []string
	for _, m := range quoted.FindAllStringSubmatch(list, -1) {
		all = append(all, m[1])
	}
	return all
}

func TestDockerfile(t *testing.T) {
	src := ours(t, "Dockerfile")
	all := instructions(src)
	mod := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(ours(t, "go.mod"))
	if from := all["FROM"]; len(from) != 2 || from[0] != "golang:"+mod[1]+" AS build" || from[1] != "scratch" {
		t.Errorf("it is built from %q, go.mod wants %s", from, mod[1])
	}
	build := slices.IndexFunc(all["RUN"], func(r string) bool { return strings.Contains(r, "go build") })
	if build < 0 || !strings.HasPrefix(all["RUN"][build], "CGO_ENABLED=0 ") || !strings.HasSuffix(all["RUN"][build], " -o /out/bot ./cmd/bot") {
		t.Errorf("it is built by %q", all["RUN"])
	}
	ignored := strings.Fields(ours(t, ".dockerignore"))
	var copied []string
	for _, c := range all["COPY"] {
		args := strings.Fields(c)
		if args[0] == "--from=build" {
			from := args[len(args)-2]
			if !strings.HasPrefix(from, "/out/") && from != "/etc/ssl/certs/ca-certificates.crt" {
				t.Errorf("nothing makes %s", from)
			}
			continue
		}
		for _, name := range args[:len(args)-1] {
			if _, err := os.Stat(filepath.Join("../..", name)); err != nil || !slices.Contains(ignored, "!"+name) {
				t.Errorf("%s is copied: %v, .dockerignore %q", name, err, ignored)
			}
			copied = append(copied, name)
		}
	}
	if ignored[0] != "*" {
		t.Error("tokens and databases that lie about may be sent to the builder")
	}
	for _, dir := range ownPackages(t) {
		if top, _, _ := strings.Cut(dir, "/"); !slices.Contains(copied, top) {
			t.Errorf("%s is needed and not copied", dir)
		}
	}
	user, _, _ := strings.Cut(all["USER"][0], ":")
	if user == "root" || user == "0" || all["VOLUME"][0] != "/data" || all["WORKDIR"][1] != "/data" {
		t.Errorf("it runs as %q in %q with %q", all["USER"], all["WORKDIR"], all["VOLUME"])
	}
	hasKeys(t, src)
	hasVerb(t, words(all["CMD"][0])...)
	_, health, _ := strings.Cut(all["HEALTHCHECK"][0], "CMD ")
	if asked := words(health); asked[0] != words(all["ENTRYPOINT"][0])[0] {
		t.Errorf("health is asked of %q", asked)
	} else {
		hasVerb(t, asked[1:]...)
	}
}

// ownPackages are the folders of this module that the bot is made of.
func ownPackages(t *testing.T) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "./cmd/bot")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range strings.Fields(string(out)) {
		if dir, ok := strings.CutPrefix(name, "marginalia/"); ok {
			all = append(all, dir)
		}
	}
	if len(all) < 5 {
		t.Fatalf("the bot is made of %q", all)
	}
	return all
}

func TestComposeFile(t *testing.T) {
	src := ours(t, "compose.yaml")
	if n := strings.Count(src, "\n"); n > 15 {
		t.Errorf("it has %d lines", n)
	}
	port := instructions(ours(t, "Dockerfile"))["EXPOSE"][0]
	for _, line := range []string{"build: .", `["./data:/data"]`, ":" + port + `"]`, "restart: unless-stopped"} {
		if !strings.Contains(src, line) {
			t.Errorf("it has no %q", line)
		}
	}
	const owner = `printf 'UID=%s\nGID=%s\n' "$(id -u)" "$(id -g)" > .env`
	if !strings.Contains(src, "${UID:-1000}:${GID:-1000}") || !strings.Contains(src, ".env") || !strings.Contains(ours(t, "README.md"), owner) {
		t.Error("a shell exports neither UID nor GID, and nothing says to write them down")
	}
	if !strings.Contains(src, `["127.0.0.1:`) {
		t.Error("the page, which has no login, is open to all the world")
	}
}

func TestSystemdUnit(t *testing.T) {
	src := ours(t, "contrib/marginalia.service")
	start := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/bot (.*)$`).FindStringSubmatch(src)
	if start == nil {
		t.Fatal("it starts nothing")
	}
	hasVerb(t, strings.Fields(start[1])...)
	hasKeys(t, src)
	for _, line := range []string{"Type=notify", "DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "RestartPreventExitStatus=2"} {
		if !strings.Contains(src, "\n"+line+"\n") {
			t.Errorf("it has no %s", line)
		}
	}
	const where = `database = "/var/lib/marginalia/marginalia.db"`
	if strings.Contains(src, "\nEnvironment=") || !strings.Contains(src, where) || !strings.Contains(ours(t, "README.md"), where) {
		t.Error("the unit and config.toml may name different databases")
	}
	if exitUsage != 2 {
		t.Errorf("a wrong configuration ends with %d", exitUsage)
	}
}

// Whoever starts the bot and wants to know is told when it runs, and when it
// begins to end.
func TestNotify(t *testing.T) {
	f := newFolder(t, map[string]string{"short.md": short, "config.toml": "[[plans]]\ntext = \"short.md\"\ncron = \"0 0 29 2 *\"\n"})
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: filepath.Join(f.dir, "notify")})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", filepath.Join(f.dir, "notify"))
	told := func() string {
		if err := socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		state := make([]byte, 100)
		n, err := socket.Read(state)
		if err != nil {
			t.Fatal(err)
		}
		return string(state[:n])
	}
	s := f.run()
	if got := told(); got != "READY=1" {
		t.Errorf("told %q", got)
	}
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := told(); got != "STOPPING=1" {
		t.Errorf("told %q", got)
	}
}
