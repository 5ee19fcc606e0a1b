package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"

	"marginalia/internal/chat"
)

// write puts a configuration into a folder of its own.
func write(t *testing.T, src string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	keyLine   = regexp.MustCompile(`(?m)^#([a-z_]+ = |\[)`)
	tableLine = regexp.MustCompile(`(?m)^#(\[[a-z]+\]|\[\[[a-z]+\]\])$`)
)

// example is config.example.toml with every key in force.
func example(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile("../../config.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	return keyLine.ReplaceAllString(string(src), "$1")
}

func TestExampleHasEveryKeyAndNoOther(t *testing.T) {
	src := example(t)
	c := defaults()
	if err := decode("config.example.toml", []byte(src), &c); err != nil {
		t.Fatalf("a key that is not known: %v", err)
	}
	var there map[string]any
	if err := toml.Unmarshal([]byte(src), &there); err != nil {
		t.Fatal(err)
	}
	for _, missing := range missingKeys(reflect.TypeFor[Config](), there, "") {
		t.Errorf("config.example.toml does not have %s", missing)
	}
	if got := missingKeys(reflect.TypeFor[Config](), map[string]any{}, ""); len(got) != 10 {
		t.Errorf("of an empty file only %q are missing", got)
	}
}

// missingKeys lists the keys of t that a decoded file does not have.
func missingKeys(t reflect.Type, there map[string]any, at string) []string {
	var all []string
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		key := f.Tag.Get("toml")
		v, ok := there[key]
		if !ok {
			all = append(all, at+key)
			continue
		}
		inner := f.Type
		if inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if rows, ok := v.([]any); ok && inner.Kind() == reflect.Struct {
			v = rows[0]
		}
		if table, ok := v.(map[string]any); ok {
			all = append(all, missingKeys(inner, table, at+key+".")...)
		}
	}
	return all
}

// The values behind "#" of the tables that have defaults are those defaults.
func TestExampleShowsTheDefaults(t *testing.T) {
	var c Config
	if err := decode("config.example.toml", []byte(example(t)), &c); err != nil {
		t.Fatal(err)
	}
	want := defaults()
	for name, pair := range map[string][2]any{
		"bot": {c.Bot, want.Bot}, "privacy": {c.Privacy, want.Privacy},
		"relay": {c.Relay, want.Relay}, "passages": {c.Passages, want.Passages}, "import": {c.Import, want.Import}, "reactions": {c.Reactions, want.Reactions},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("[%s] of the example is %+v, the defaults are %+v", name, pair[0], pair[1])
		}
	}
}

func TestExampleIsHarmlessAsItStands(t *testing.T) {
	c, err := loadConfig("../../config.example.toml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.checkRun(); err != nil || len(c.Plans) != 0 {
		t.Errorf("plans %v, error %v", c.Plans, err)
	}
	src, _ := os.ReadFile("../../config.example.toml")
	for i, line := range strings.Split(string(src), "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			t.Errorf("line %d is in force: %s", i+1, line)
		}
	}
	// Every key has words of its own, or shares its neighbour's.
	blocks := strings.Split(string(src), "\n\n")
	for _, b := range blocks {
		if keyLine.MatchString(b) && !tableLine.MatchString(b) && !strings.HasPrefix(b, "# ") {
			t.Errorf("no word explains\n%s", b)
		}
	}
}

// Five lines suffice for two local rooms.
func TestFiveLines(t *testing.T) {
	path := write(t, `[[plans]]
name = "evenings"
text = "essay.md"
cron = "30 18 * * *"
zone = "Europe/Berlin"
`)
	c, err := loadConfig(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.checkRun(); err != nil {
		t.Fatal(err)
	}
	if len(c.Rooms) != 2 || c.Rooms[0].Platform != "local" || c.Rooms[1].Platform != "local" {
		t.Errorf("the rooms are %+v", c.Rooms)
	}
	p := c.Plans[0]
	if p.Does != "drip" || p.Count != 1 || p.CatchUp != "one" || len(p.Rooms) != 2 {
		t.Errorf("the plan is %+v", p)
	}
	if c.Bot.Database != filepath.Join(filepath.Dir(path), "marginalia.db") {
		t.Errorf("the database is %s", c.Bot.Database)
	}
}

// Plain words are lines as well as a cron line, in the zone that either key names.
func TestWhen(t *testing.T) {
	for _, tc := range []struct{ src, cron, zone string }{
		{"when = \"weekdays at 8:30 and 18:30 Europe/Berlin\"\n", "30 8,18 * * 1-5", "Europe/Berlin"},
		{"when = \"weekdays 8:30 and 18:00\"\nzone = \"Asia/Tokyo\"\n", "30 8 * * 1-5; 0 18 * * 1-5", "Asia/Tokyo"},
		{"when = \"daily 9:00 Asia/Tokyo\"\nzone = \"Asia/Tokyo\"\n", "0 9 * * *", "Asia/Tokyo"},
		{"when = \"@every 36h\"\n", "@every 36h", ""},
	} {
		c, err := loadConfig(write(t, "[[plans]]\ntext = \"essay.md\"\n"+tc.src), nil)
		if err = errors.Join(err, c.checkRun()); err != nil {
			t.Fatal(err)
		}
		if p := c.Plans[0].plan(nil); p.Cron != tc.cron || p.Zone != tc.zone {
			t.Errorf("%s: %q in %q", tc.src, p.Cron, p.Zone)
		}
	}
}

// What a plan leaves out stands in the file and in a calendar beside it.
func TestWhatAPlanLeavesOut(t *testing.T) {
	path := write(t, "[[plans]]\ntext = \"essay.md\"\nwhen = \"daily 9:00\"\nquiet = \"22:00-07:00\"\nskip = [\"12-24\"]\nskip_file = \"holidays.ics\"\nfrom = 12\n")
	calendar := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261003\nEND:VEVENT\nEND:VCALENDAR\n"
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "holidays.ics"), []byte(calendar), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadConfig(path, nil)
	if err = errors.Join(err, c.checkRun()); err != nil {
		t.Fatal(err)
	}
	p := c.Plans[0].plan(nil)
	if p.Quiet != "22:00-07:00" || strings.Join(p.Skip, " ") != "12-24 2026-10-03" || p.Next != 12 || p.Pause != 10*time.Minute {
		t.Errorf("the plan is %+v", p)
	}
}

func TestFlagOverEnvironmentOverFileOverDefault(t *testing.T) {
	path := write(t, "[bot]\nlog_level = \"warn\"\nlisten = \"127.0.0.1:1\"\n[relay]\nsettle = \"5s\"\n")
	env := []string{"MARGINALIA_BOT_LOG_LEVEL=error", "MARGINALIA_RELAY_SETTLE=7s", "MARGINALIA_PASSAGES_MAX=900", "MARGINALIA_CONFIG=" + path, "HOME=/"}
	a := &app{environ: env, logLevel: "debug"}
	c, err := a.load()
	if err != nil {
		t.Fatal(err)
	}
	if c.Bot.LogLevel != "debug" || c.Relay.Settle.String() != "7s" || c.Bot.Listen != "127.0.0.1:1" || c.Passages.Max != 900 || c.Passages.Min != 600 {
		t.Errorf("%+v %+v %+v", c.Bot, c.Relay, c.Passages)
	}
}

func TestRoomsWithoutThreads(t *testing.T) {
	c, err := loadConfig(write(t, "[[rooms]]\nname = \"a\"\nplatform = \"local\"\nthreads = false\n[[rooms]]\nname = \"b\"\nplatform = \"local\"\n[[rooms]]\nname = \"c\"\nplatform = \"local\"\nthreads = true\n"), nil)
	if want := []chat.Room{{Platform: "local", ID: "a"}}; err != nil || !slices.Equal(c.flat(), want) {
		t.Errorf("without threads are %v, want %v: %v", c.flat(), want, err)
	}
}

// Every way of giving the token, and which goes before which.
func TestTokens(t *testing.T) {
	const matrix = "[matrix]\nhomeserver = \"https://m.example.org\"\nuser = \"@bot:example.org\"\n"
	const discord = "[discord]\n"
	const room = "\n[[rooms]]\nname = \"a\"\nplatform = \"matrix\"\nid = \"!a:example.org\"\n"
	const channel = "\n[[rooms]]\nname = \"b\"\nplatform = \"discord\"\nid = \"42\"\n"
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("from-env-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, line string
		env        []string
		want, err  string
	}{
		{"in the file", `token = "plain"`, nil, "plain", ""},
		{"in a file of its own", `token_file = "token"`, nil, "from-file", ""},
		{"in the environment", `token = "plain"`, []string{"MARGINALIA_MATRIX_TOKEN=from-env"}, "from-env", ""},
		{"the environment over a file", `token_file = "token"`, []string{"MARGINALIA_MATRIX_TOKEN=from-env"}, "from-env", ""},
		{"a file named in the environment", `token = "plain"`, []string{"MARGINALIA_MATRIX_TOKEN_FILE=" + other}, "from-env-file", ""},
		{"nowhere", ``, nil, "", "] has no token: put the "},
		{"twice", "token = \"s3cret\"\ntoken_file = \"token\"", nil, "", "are both set: keep one"},
		{"twice in the environment", ``, []string{"MARGINALIA_MATRIX_TOKEN=s3cret", "MARGINALIA_MATRIX_TOKEN_FILE=" + other}, "", "are both set: keep one"},
		{"no such file", `token_file = "nowhere"`, nil, "", "token_file nowhere cannot be read (no such file or directory)"},
		{"an empty file", `token_file = "empty"`, nil, "", "does not hold one line"},
		{"with the word before it", `token = "Bot plain"`, nil, "plain", "[matrix] token holds spaces"},
	} {
		given := func(t *testing.T, src string, env []string) (Config, error) {
			path := write(t, src)
			dir := filepath.Dir(path)
			if err := os.WriteFile(filepath.Join(dir, "token"), []byte("from-file\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := loadConfig(path, env)
			if err == nil {
				err = c.checkRun()
			}
			return c, err
		}
		judge := func(t *testing.T, token string, err error) {
			if err == nil && token == tc.want {
				return
			}
			if err == nil || tc.err == "" || !strings.Contains(err.Error(), tc.err) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the token is %q, error %v; want %q, %q", token, err, tc.want, tc.err)
			}
		}
		t.Run("matrix "+tc.name, func(t *testing.T) {
			c, err := given(t, matrix+tc.line+room, tc.env)
			judge(t, c.Matrix.Token, err)
		})
		t.Run("discord "+tc.name, func(t *testing.T) {
			var env []string
			for _, e := range tc.env {
				env = append(env, strings.ReplaceAll(e, "MATRIX", "DISCORD"))
			}
			c, err := given(t, discord+tc.line+channel, env)
			judge(t, c.Discord.Token, err)
		})
	}
}

// Whatever is wrong is said in one sentence that tells where, and never what
// the token is.
func TestWrongConfigurations(t *testing.T) {
	const plan = "[[plans]]\ntext = \"essay.md\"\ncron = \"30 18 * * *\"\n"
	for _, tc := range []struct{ name, src, want string }{
		{"unknown key", "[bot]\nlisten_ = \"x\"\n", `config.toml:2:1: there is no key "bot.listen_": config.example.toml explains every key`},
		{"unknown table", "[bots]\nlisten = \"x\"\n", `config.toml:1:2: there is no key "bots"`},
		{"unknown key of a plan", plan + "  tzone = \"UTC\"\n", `config.toml:4:3: there is no key "plans.tzone"`},
		{"two unknown keys", "[bot]\na = 1\nb = 2\n", `config.toml:3:1: there is no key "bot.b"`},
		{"not a duration", "[relay]\nsettle = \"soon\"\n", `config.toml:2:10: "soon" is not a length of time: write it like "30s" or "72h"`},
		{"a number for a duration", "[relay]\nsettle = 30\n", `config.toml: "30" is not a length of time: write it like "30s" or "72h"`},
		{"words for a number", "[passages]\nmin = \"many\"\n", `config.toml:2:`},
		{"a secret not in quotes", "[matrix]\ntoken = syt_s3cret\n", `config.toml:2:9: `},
		{"a secret behind the quotes", "[matrix]\ntoken = \"a\"syt_s3cret\n", `config.toml:2:12: `},
		{"not a level", "[bot]\nlog_level = \"loud\"\n", `[bot] log_level is "loud": write debug, info, warn or error`},
		{"not a language", "[bot]\nlanguage = \"tlh\"\n", `[bot] language is "tlh": write en or de`},
		{"a room's not a language", "[[rooms]]\nname = \"a\"\nplatform = \"local\"\nlanguage = \"german\"\n", `[[rooms]] "a" language is "german": write en or de`},
		{"negative days", "[privacy]\nretention_days = -1\n", `[privacy] retention_days is -1: write a number of days`},
		{"not a privacy", "[privacy]\ndefault = \"none\"\n", `[privacy] default is "none": write pseudonym, named or ask`},
		{"not a deed", plan + "does = \"drop\"\n", `[[plans]] "essay" does is "drop": write drip or digest`},
		{"passages the wrong way round", "[passages]\nmin = 900\nmax = 100\n", `[passages] min is 900 and max is 100: write two numbers of characters, the smaller one first`},
		{"listen without a port", "[bot]\nlisten = \"8080\"\n", `[bot] listen is "8080": write an address and a port`},
		{"reader without a scheme", "[bot]\nreader = \"read.example.org\"\n", `[bot] reader is "read.example.org": write the address`},
		{"a database of another make", "[bot]\ndatabase = \"mysql://u:s3cret@h/db\"\n", `[bot] database is neither the path of a file nor an address of PostgreSQL`},
		{"a database as a list of words", "[bot]\ndatabase = \"host=h password=s3cret\"\n", `[bot] database is neither the path of a file nor an address of PostgreSQL`},
		{"a token of two lines", "[matrix]\ntoken = \"s3cret\\nx\"\nhomeserver = \"https://m.example.org\"\nuser = \"@b:example.org\"\n", `[matrix] token holds spaces or signs that no token has`},
		{"room without a name", "[[rooms]]\nplatform = \"local\"\n", `[[rooms]] number 1 has no name`},
		{"room on no platform", "[[rooms]]\nname = \"a\"\nplatform = \"irc\"\n", `[[rooms]] "a": platform is "irc": write local, matrix or discord`},
		{"matrix room without an id", "[matrix]\ntoken = \"t\"\nhomeserver = \"https://m.example.org\"\nuser = \"@b:example.org\"\n[[rooms]]\nname = \"a\"\nplatform = \"matrix\"\n", `[[rooms]] "a" has no id: write the room's own id on matrix`},
		{"matrix room without an account", "[[rooms]]\nname = \"a\"\nplatform = \"matrix\"\nid = \"!a:b\"\n", `there is no table [matrix]: add it`},
		{"account without rooms", "[matrix]\ntoken = \"t\"\nhomeserver = \"https://m.example.org\"\nuser = \"@b:example.org\"\n", `[matrix] has no room: add one to [[rooms]] with platform = "matrix"`},
		{"account without a server", "[matrix]\ntoken = \"syt_s3cret\"\nhomeserver = \"example.org\"\nuser = \"bot\"\n", `[matrix] homeserver is "example.org": write its address`},
		{"matrix room by its alias", "[[rooms]]\nname = \"a\"\nplatform = \"matrix\"\nid = \"#a:b\"\n", `id is "#a:b": write the room's id, which begins with "!"`},
		{"discord room without an id", "[discord]\ntoken = \"t\"\n[[rooms]]\nname = \"a\"\nplatform = \"discord\"\n", `[[rooms]] "a" has no id: write the room's own id on discord`},
		{"discord room by its name", "[discord]\ntoken = \"syt_s3cret\"\n[[rooms]]\nname = \"a\"\nplatform = \"discord\"\nid = \"#talk\"\n", `id is "#talk": write the channel's id, a long number`},
		{"discord room without an account", "[[rooms]]\nname = \"a\"\nplatform = \"discord\"\nid = \"1\"\n", `there is no table [discord]: add it, with token_file`},
		{"discord without rooms", "[discord]\ntoken = \"s3cret\"\n", `[discord] has no room: add one to [[rooms]] with platform = "discord"`},
		{"discord without a token", "[discord]\n[[rooms]]\nname = \"a\"\nplatform = \"discord\"\nid = \"1\"\n", `[discord] has no token: put the bot's token into a file and name it as token_file, or set MARGINALIA_DISCORD_TOKEN`},
		{"a discord token in two parts", "[discord]\ntoken = \"s3cret x\"\n", `[discord] token holds spaces or signs that no token has`},
		{"a discord command with a slash", "[discord]\ncommand = \"/essay\"\n", `[discord] command is "/essay": write a name in small letters, without a slash`},
		{"a discord api that is no address", "[discord]\napi = \"discord.com\"\n", `[discord] api is "discord.com": leave it out, or write the address of a proxy`},
		{"two rooms of one name", "[[rooms]]\nname = \"a\"\nplatform = \"local\"\n[[rooms]]\nname = \"a\"\nplatform = \"local\"\nid = \"b\"\n", `two rooms have this name`},
		{"one room twice", "[[rooms]]\nname = \"a\"\nplatform = \"local\"\n[[rooms]]\nname = \"b\"\nplatform = \"local\"\nid = \"a\"\n", `[[rooms]] "b" is the same room as "a"`},
		{"plan without a text", "[[plans]]\nname = \"x\"\ncron = \"@daily\"\n", `[[plans]] "x" has no text`},
		{"plan for no such room", plan + "rooms = [\"attic\"]\n", `no room is called "attic": add it to [[rooms]], or write lobby or library`},
		{"plan for no room", plan + "rooms = []\n", `it has no rooms`},
		{"two plans of one name", plan + plan, `two plans have this name`},
		{"bad cron", "[[plans]]\ntext = \"essay.md\"\ncron = \"61 18 * * *\"\n", `config.toml: plan essay has the cron line "61 18 * * *", which cannot be read: end of range (61) above maximum (59)`},
		{"no cron", "[[plans]]\ntext = \"essay.md\"\n", `config.toml: plan essay is never to fire: write when, as in`},
		{"words and a cron line", plan + "when = \"daily at 9:00\"\n", `[[plans]] "essay": it has both when and cron: keep one of them`},
		{"words as a cron line", "[[plans]]\ntext = \"essay.md\"\ncron = \"daily at 9:00\"\n", `cron is "daily at 9:00", which are plain words: write them as when = "daily at 9:00"`},
		{"words that are not understood", "[[plans]]\ntext = \"essay.md\"\nwhen = \"fortnightly at 9:00\"\n", `[[plans]] "essay": when: "fortnightly" in "fortnightly at 9:00" is not understood: write it like`},
		{"two zones", "[[plans]]\ntext = \"essay.md\"\nwhen = \"daily at 9:00 Asia/Tokyo\"\nzone = \"Europe/Berlin\"\n", `when names the zone Asia/Tokyo, and zone is "Europe/Berlin": keep one of them`},
		{"a day that never comes", "[[plans]]\ntext = \"essay.md\"\ncron = \"0 9 30 2 *\"\n", `config.toml: plan essay has the cron line "0 9 30 2 *", which never fires`},
		{"no quiet", plan + "quiet = \"at night\"\n", `config.toml: plan essay is quiet at "at night": write two times of day, as in "22:00-07:00"`},
		{"no date", plan + "skip = [\"24.12.\"]\n", `config.toml: plan essay skips "24.12.", which is no date: write 2026-12-24`},
		{"no calendar", plan + "skip_file = \"holidays.ics\"\n", `[[plans]] "essay": skip_file holidays.ics cannot be read (no such file or directory): name a calendar`},
		{"a calendar that is none", plan + "skip_file = \"config.toml\"\n", `[[plans]] "essay": skip_file config.toml: it is no calendar`},
		{"before the first passage", plan + "from = -1\n", `[[plans]] "essay": from is -1: write the number of the passage that comes first`},
		{"fewer readers than none", plan + "wait_for_readers = -1\n", `config.toml: plan essay waits for readers after -1 passages: leave it out, or write a number such as 3`},
		{"readers and all", plan + "wait_for_readers = 3\ncatch_up = \"all\"\n", `plan essay waits for readers, and what waits counts as one: it cannot catch up with "all" as well`},
		{"no pause", plan + "catch_up_every = \"0s\"\n", `"0s" is not a length of time`},
		{"unknown zone", plan + "zone = \"Europe/Atlantis\"\n", `config.toml: plan essay names the zone "Europe/Atlantis", which is not known: write one such as Europe/Berlin`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := &app{config: write(t, tc.src)}
			c, err := a.load()
			if err == nil {
				err = c.checkRun()
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v; want %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the message tells a token: %v", err)
			}
			if strings.Contains(err.Error(), "main.") || strings.Contains(err.Error(), "toml:") && !strings.Contains(err.Error(), "config.toml:") {
				t.Errorf("the message is not for people: %v", err)
			}
		})
	}
}

func TestWrongEnvironment(t *testing.T) {
	for env, want := range map[string]string{
		"MARGINALIA_MATRIX_TOKN=s3cret":  "the environment sets MARGINALIA_MATRIX_TOKN, which is no key",
		"MARGINALIA_RELAY_SETTLE=soon":   `MARGINALIA_RELAY_SETTLE in the environment: "soon" is not a length of time`,
		"MARGINALIA_PASSAGES_MIN=many":   `MARGINALIA_PASSAGES_MIN in the environment is "many": write a whole number`,
		"MARGINALIA_BOT_LOG_FORMAT=loud": `[bot] log_format is "loud": write text or json`,
	} {
		a := &app{config: write(t, ""), environ: []string{env}}
		if _, err := a.load(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: error %v; want %q", env, err, want)
		}
	}
}

func TestConfigThatIsNotThere(t *testing.T) {
	if _, err := loadConfig(filepath.Join(t.TempDir(), "no.toml"), nil); err == nil || !strings.Contains(err.Error(), "no.toml cannot be read (no such file or directory): name another with --config") {
		t.Errorf("error %v", err)
	}
	t.Chdir(t.TempDir())
	if c, err := loadConfig("", nil); err != nil || c.Bot.Database != "marginalia.db" {
		t.Errorf("%+v, error %v", c.Bot, err)
	}
}

// Whoever is at this machine is an operator of the local rooms; whoever comes by a
// proxy, to the address at which people read, is a visitor.
func TestWhoIsAtThisMachine(t *testing.T) {
	for _, tc := range []struct {
		listen, reader string
		want           bool
	}{
		{"127.0.0.1:8080", "", true},
		{"localhost:0", "http://localhost:8080", true},
		{"[::1]:8080", "http://[::1]:8080", true},
		{"127.0.0.1:8080", "https://read.example.org", false},
		{":8080", "", false},
		{"0.0.0.0:8080", "http://localhost:8080", false},
		{"192.0.2.7:8080", "", false},
	} {
		c := Config{Bot: BotTable{Listen: tc.listen, Reader: tc.reader}}
		if got := c.atThisMachine(); got != tc.want {
			t.Errorf("listen %q, reader %q: %t, want %t", tc.listen, tc.reader, got, tc.want)
		}
	}
}

// What the environment says goes before the file, and is told by name: a value
// may be a secret.
func TestTheEnvironmentDoesNotReplaceTheFileInSilence(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "dsn")
	if err := os.WriteFile(other, []byte("there.db\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := write(t, fmt.Sprintf("[bot]\ndatabase_file = %q\n[matrix]\ntoken = \"s3cret-file\"\n", other))
	var told strings.Builder
	a := &app{errs: &told, environ: []string{
		"MARGINALIA_CONFIG=" + path, "MARGINALIA_BOT_DATABASE=/s3cret.db", "MARGINALIA_MATRIX_TOKEN=s3cret-env", "MARGINALIA_BOT_LISTEN=127.0.0.1:1",
	}}
	c, err := a.load()
	if err != nil {
		t.Fatal(err)
	}
	if c.Bot.Database != "/s3cret.db" || c.Matrix.Token != "s3cret-env" {
		t.Errorf("%+v %+v", c.Bot, c.Matrix)
	}
	a.log(c)
	lines := strings.Split(strings.TrimSpace(told.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "variable=MARGINALIA_BOT_DATABASE") || !strings.Contains(lines[1], "variable=MARGINALIA_MATRIX_TOKEN") ||
		strings.Count(told.String(), "level=WARN") != 2 || strings.Contains(told.String(), "s3cret") {
		t.Errorf("told:\n%s", told.String())
	}
}
