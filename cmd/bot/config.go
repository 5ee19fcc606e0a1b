package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"marginalia/internal/source"
)

// Config is what the operator wrote down. A value comes from a flag, else from
// the environment, else from the file, else it is the default.
type Config struct {
	Bot       BotTable       `toml:"bot"`
	Privacy   PrivacyTable   `toml:"privacy"`
	Relay     RelayTable     `toml:"relay"`
	Passages  PassagesTable  `toml:"passages"`
	Import    ImportTable    `toml:"import"`
	Reactions ReactionsTable `toml:"reactions"`
	Matrix    *MatrixTable   `toml:"matrix"`
	Discord   *DiscordTable  `toml:"discord"`
	Rooms     []RoomTable    `toml:"rooms"`
	Plans     []PlanTable    `toml:"plans"`

	file      string   // as it was named; "" if there was none
	dir       string   // relative paths of the file are taken from here
	overruled []string // names in the environment that go before what file says
}

// BotTable is [bot].
type BotTable struct {
	Database     string `toml:"database" path:"yes"`
	DatabaseFile string `toml:"database_file" path:"yes"`
	Listen       string `toml:"listen"`
	Reader       string `toml:"reader"`
	Language     string `toml:"language"`
	LogLevel     choice `toml:"log_level" one:"debug info warn error"`
	LogFormat    choice `toml:"log_format" one:"text json"`
}

// PrivacyTable is [privacy].
type PrivacyTable struct {
	Default choice `toml:"default" one:"pseudonym named ask"`
	Hint    bool   `toml:"hint"`

	RetentionDays int `toml:"retention_days"`
}

// RelayTable is [relay].
type RelayTable struct {
	Settle   duration `toml:"settle"`
	Patience duration `toml:"patience"`
	Largest  int      `toml:"largest_file"` // MiB
}

// bytes is how large a file may be that is copied, below 0 if none is.
func (r RelayTable) bytes() int64 {
	if r.Largest <= 0 {
		return -1
	}
	return int64(r.Largest) << 20
}

// PassagesTable is [passages].
type PassagesTable struct {
	Min int `toml:"min"`
	Max int `toml:"max"`
}

// ImportTable is [import].
type ImportTable struct {
	Keep        string  `toml:"keep" path:"yes"`
	ReviewBelow float64 `toml:"review_below"`
}

// MatrixTable is [matrix].
type MatrixTable struct {
	Homeserver string   `toml:"homeserver"`
	User       string   `toml:"user"`
	Token      string   `toml:"token"`
	TokenFile  string   `toml:"token_file" path:"yes"`
	Command    string   `toml:"command"`
	Bots       []string `toml:"bots"`
}

// DiscordTable is [discord].
type DiscordTable struct {
	Token     string   `toml:"token"`
	TokenFile string   `toml:"token_file" path:"yes"`
	Command   string   `toml:"command"`
	Bots      []string `toml:"bots"`
	Tags      []string `toml:"tags"`
	API       string   `toml:"api"`
	EdgeWait  duration `toml:"edge_wait"`
}

// RoomTable is one of [[rooms]].
type RoomTable struct {
	Name     string `toml:"name"`
	Platform string `toml:"platform"`
	ID       string `toml:"id"`
	Follow   *bool  `toml:"follow"`
	Threads  *bool  `toml:"threads"`
	Index    bool   `toml:"index"`
	Language string `toml:"language"`
}

// stays reports whether the bot stays in the room if that is replaced.
func (r RoomTable) stays() bool { return r.Follow != nil && !*r.Follow }

// flat reports whether posts get no threads in the room.
func (r RoomTable) flat() bool { return r.Threads != nil && !*r.Threads }

// PlanTable is one of [[plans]].
type PlanTable struct {
	Name    string   `toml:"name"`
	Does    choice   `toml:"does" one:"drip digest"`
	Text    string   `toml:"text"`
	When    string   `toml:"when"`
	Cron    string   `toml:"cron"`
	Zone    string   `toml:"zone"`
	Rooms   []string `toml:"rooms"`
	Count   int      `toml:"count"`
	CatchUp choice   `toml:"catch_up" one:"one all none"`

	CatchUpEvery duration `toml:"catch_up_every"`

	Quiet    string   `toml:"quiet"`
	Skip     []string `toml:"skip"`
	SkipFile string   `toml:"skip_file"`
	From     int      `toml:"from"`

	WaitForReaders int `toml:"wait_for_readers"`

	holidays []string // what stands in SkipFile
}

// Defaults of what neither flag nor environment nor file says.
func defaults() Config {
	return Config{
		Bot: BotTable{
			Database: "marginalia.db", Listen: "127.0.0.1:8080",
			Language: "en", LogLevel: "info", LogFormat: "text",
		},
		Privacy:  PrivacyTable{Default: "pseudonym", Hint: true},
		Relay:    RelayTable{Settle: duration{30 * time.Second}, Patience: duration{72 * time.Hour}, Largest: 8},
		Passages: PassagesTable{Min: 600, Max: 1200},

		Reactions: usualReactions(),
	}
}

// defaultFile is read if it is there; a file that was named must be there.
const defaultFile = "config.toml"

// loadConfig reads the file and the environment. named is what --config or
// MARGINALIA_CONFIG said, or "".
func loadConfig(named string, environ []string) (Config, error) {
	c := defaults()
	path := named
	if path == "" {
		path = defaultFile
	}
	src, err := os.ReadFile(path)
	switch {
	case err == nil:
		c.file, c.dir = path, filepath.Dir(path)
		if err := decode(path, src, &c); err != nil {
			return c, err
		}
		c.overruled = overruled(src, environ)
	case named != "" || !errors.Is(err, fs.ErrNotExist):
		return c, usage("the config file %s cannot be read (%s): name another with --config", path, cause(err))
	}
	if err := applyEnv(&c, environ); err != nil {
		return c, err
	}
	return c, c.complete()
}

// complete reads what stands in files of its own and makes paths whole.
func (c *Config) complete() error {
	if err := c.secret(&c.Bot.Database, &c.Bot.DatabaseFile, "[bot] database", defaults().Bot.Database); err != nil {
		return err
	}
	if c.Matrix != nil && c.Matrix.Command == "" {
		c.Matrix.Command = "!essay"
	}
	if c.Discord != nil && c.Discord.Command == "" {
		c.Discord.Command = "essay"
	}
	if !strings.Contains(c.Bot.Database, "://") && !strings.HasPrefix(c.Bot.Database, "sqlite:") {
		c.Bot.Database = c.path(c.Bot.Database)
	}
	c.Bot.Reader = strings.TrimRight(c.Bot.Reader, "/")
	return c.names()
}

// names fills in what a room or a plan may leave out: two local rooms if there
// are none, a local room's id, a plan's name, zone, count and rooms.
func (c *Config) names() error {
	if len(c.Rooms) == 0 {
		c.Rooms = []RoomTable{{Name: "lobby", Platform: "local"}, {Name: "library", Platform: "local"}}
	}
	var all []string
	for i := range c.Rooms {
		r := &c.Rooms[i]
		if r.Platform == "local" && r.ID == "" {
			r.ID = r.Name
		}
		all = append(all, r.Name)
	}
	for i := range c.Plans {
		p := &c.Plans[i]
		if p.Name == "" {
			p.Name = strings.TrimSuffix(filepath.Base(p.Text), filepath.Ext(p.Text))
			if source.IsAddress(p.Text) {
				p.Name = nameOfAddress(p.Text)
			}
		}
		if p.Does == "" {
			p.Does = "drip"
		}
		if p.CatchUp == "" {
			p.CatchUp = "one"
		}
		if p.Count == 0 {
			p.Count = 1
		}
		if p.From == 0 {
			p.From = 1
		}
		if p.CatchUpEvery.Duration == 0 {
			p.CatchUpEvery.Duration = 10 * time.Minute
		}
		if p.Rooms == nil {
			p.Rooms = all
		}
	}
	return nil
}

// secret settles a value that may stand in a file of its own. Both at once are
// refused, except that an untouched default gives way to the file.
func (c *Config) secret(value, file *string, key, def string) error {
	if *file == "" {
		return nil
	}
	if *value != "" && *value != def {
		return usage("%s: %s and %s_file are both set: keep one of them", c.where(), key, key)
	}
	src, err := os.ReadFile(c.path(*file))
	if err != nil {
		return usage("%s: %s_file %s cannot be read (%s): put the secret there, alone on its first line", c.where(), key, *file, cause(err))
	}
	*value = strings.TrimSpace(string(src))
	if *value == "" || strings.ContainsAny(*value, "\r\n") {
		return usage("%s: %s_file %s does not hold one line: put the secret there, alone on its first line", c.where(), key, *file)
	}
	return nil
}

// path takes a relative path from the config file's folder.
func (c *Config) path(p string) string {
	if filepath.IsAbs(p) || c.dir == "" {
		return p
	}
	return filepath.Join(c.dir, p)
}

func (c *Config) where() string {
	if c.file == "" {
		return "configuration"
	}
	return c.file
}

// decode reads a file strictly: every key that is not known is named with its
// line and column. No message quotes the file, which may hold a token.
func decode(path string, src []byte, c *Config) error {
	err := toml.NewDecoder(bytes.NewReader(src)).DisallowUnknownFields().Decode(c)
	var strict *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &strict):
		var all []error
		for _, e := range strict.Errors {
			line, column := e.Position()
			all = append(all, usage("%s:%d:%d: there is no key %q: config.example.toml explains every key", path, line, column, strings.Join(e.Key(), ".")))
		}
		return errors.Join(all...)
	case errors.As(err, &wrong):
		line, column := wrong.Position()
		return usage("%s:%d:%d: %s", path, line, column, plainly(wrong))
	}
	return usage("%s: %s", path, strings.TrimPrefix(err.Error(), "toml: "))
}

var mismatch = regexp.MustCompile(`^cannot decode TOML (\w+) into .* of type (\S+)`)

// plainly words a decoder's error for someone who does not program.
func plainly(e *toml.DecodeError) string {
	text := strings.TrimPrefix(e.Error(), "toml: ")
	m := mismatch.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	want := "a table"
	switch m[2] {
	case "int":
		want = "a whole number"
	case "float64":
		want = "a number"
	case "bool":
		want = "true or false"
	case "string", "main.duration", "main.choice":
		want = "words in quotes"
	case "[]string":
		want = "a list of words in quotes"
	}
	return fmt.Sprintf("%q is given as %s: write %s", strings.Join(e.Key(), "."), m[1], want)
}

// cause is the last link of an error's chain: "no such file or directory"
// without the path, which the sentence around it names already.
func cause(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}

// A usageError is the operator's to mend; it ends the program with code 2.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// duration is a length of time that is written as "30s" or "72h".
type duration struct{ time.Duration }

// UnmarshalText reads "1h30m".
func (d *duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v <= 0 {
		return fmt.Errorf("%q is not a length of time: write it like \"30s\" or \"72h\"", b)
	}
	d.Duration = v
	return nil
}

// choice is one of a few words; which ones, its field's tag "one" says.
type choice string
