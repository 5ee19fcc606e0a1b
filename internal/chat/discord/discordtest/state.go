package discordtest

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// object and list are JSON.
type (
	object = map[string]any
	list   = []any
)

// epoch is where Discord's ids begin.
var epoch = time.UnixMilli(1420070400000).UTC()

// shifted is what a clock that stands before epoch is moved to.
var shifted = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Types of channels and messages that are used here.
const (
	textChannel   = 0
	forumChannel  = 15
	publicThread  = 11
	privateThread = 12

	plainMessage   = 0
	threadCreated  = 18
	reply          = 19
	slashAnswer    = 20
	threadStarter  = 21
	menuAnswer     = 23
	flagHasThread  = 1 << 5
	flagEphemeral  = 1 << 6
	flagLoading    = 1 << 7
	flagSilent     = 1 << 12
	flagV2         = 1 << 15
	flagNoEmbeds   = 1 << 2
	keptFlags      = flagNoEmbeds | flagEphemeral | flagSilent | flagV2
	maxReactions   = 20
	maxWebhooks    = 15
	maxThreads     = 1000
	interactionAge = 15 * time.Minute
	answerWithin   = 3 * time.Second
)

// guild is the one guild.
type guild struct {
	id, name, application string
	owner                 *account
	roles                 []*role
	joined                time.Time
	emojis                map[string]string // name → id
	away                  bool              // unavailable
}

type role struct {
	id, name string
	perms    int64
	managed  bool
}

// account is a person or the bot.
type account struct {
	id, name, global string
	locale           string // "": en-US
	bot              bool
	roles            []string
	joined           time.Time
}

type overwrite struct {
	allow, deny int64
	member      bool
}

// channel is a channel or a thread.
type channel struct {
	id, name   string
	kind       int
	parent     *channel // of a thread
	position   int
	topic      any
	messages   []*message // oldest first
	lastID     string     // of the newest message, deleted or not
	overwrites map[string]overwrite
	tags       []object // of a forum
	wantsTag   bool     // each post of it must have one
	hadTags    []object // that were deleted
	gone       bool

	owner            string
	archived, locked bool
	archivedAt       time.Time
	autoArchive      int
	created, spoken  time.Time
	count, total     int
	members          map[string]time.Time
	applied          []string
	slow             int
}

func (c *channel) thread() bool { return c.kind == publicThread || c.kind == privateThread }

// home is the channel that a thread is in, or the channel itself.
func (c *channel) home() *channel {
	if c.parent != nil {
		return c.parent
	}
	return c
}

// message is a message. Its words go when it is deleted.
type message struct {
	id          string
	in          *channel
	author      *account // nil of a webhook
	webhook     *webhook
	persona     string
	avatar      string // address
	kind        int
	content     string
	embeds      list
	components  list
	attachments []object
	stickers    list
	passedOn    *message // what it was when it was passed on
	poll        any
	flags       int
	nonce       any
	refers      *reference
	at, edited  time.Time
	pings       mentions
	reactions   []*reaction
	deleted     bool
	started     *channel // the thread under it
	answers     *Interaction
	onlyFor     string // ephemeral: the person who sees it
	tts         bool
}

type reference struct {
	channel, message string
	kind             int // 1: it is passed on
}

type reaction struct {
	name, id string
	by       []string // in the order of reacting
}

type webhook struct {
	id, token, name, channel string
	application              string // "" if a person made it
	owner                    *account
	gone                     bool
	told                     time.Time // when the bot was told that it is gone; zero: it does not know
}

// nonce is a message that the bot marked.
type nonce struct {
	message string
	at      time.Time
}

// snowflake makes the next id; it holds the time. The caller holds mu.
func (s *Server) snowflake() string {
	id := uint64(s.Now().Sub(epoch).Milliseconds()) << 22
	if id <= s.last {
		id = s.last + 1
	}
	s.last = id
	return strconv.FormatUint(id, 10)
}

// newer compares ids as numbers.
func newer(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// found makes the guild and the bot.
func (s *Server) found() {
	now := s.Now()
	s.guild = &guild{name: "the guild", joined: now, emojis: map[string]string{}}
	s.guild.id = s.snowflake()
	s.guild.application = s.snowflake()
	s.bot = &account{id: s.guild.application, name: "marginalia", bot: true, joined: now}
	s.accounts[s.bot.id] = s.bot
	s.guild.roles = []*role{
		{id: s.guild.id, name: "@everyone"},
		{id: s.snowflake(), name: "marginalia", perms: Invited, managed: true},
		{id: s.snowflake(), name: "reader", perms: person},
	}
	s.bot.roles = []string{s.guild.roles[1].id}
	s.guild.owner = s.join("owner", false)
	s.token = "MTA.discordtest." + s.snowflake()
}

// join makes an account. The caller holds mu, or nobody else knows s.
func (s *Server) join(name string, bot bool) *account {
	a := &account{id: s.snowflake(), name: strings.ToLower(strings.ReplaceAll(name, " ", "_")), global: name, bot: bot, joined: s.Now()}
	if !bot {
		a.roles = []string{s.guild.roles[2].id}
	}
	s.accounts[a.id] = a
	return a
}

// message finds one in a channel.
func (s *Server) message(c *channel, id string) *message {
	m := s.messages[id]
	if m == nil || m.deleted || m.in != c || m.onlyFor != "" {
		return nil
	}
	return m
}

// add puts a message into its channel; ids only grow, so it is the last.
func (s *Server) add(m *message) {
	s.messages[m.id] = m
	if m.onlyFor != "" {
		return
	}
	m.in.messages = append(m.in.messages, m)
	m.in.lastID = m.id
	m.in.spoken = m.at
	if m.in.thread() && m.kind != threadStarter && m.id != m.in.id {
		m.in.count++
		m.in.total++
	}
}

// remove takes a message and its words away.
func (s *Server) remove(m *message) {
	m.deleted = true
	for _, a := range m.attachments { // addresses that were told lead nowhere
		delete(s.files, pathOf(a))
	}
	m.content, m.embeds, m.components, m.attachments, m.poll, m.reactions = "", nil, nil, nil, nil, nil
	m.in.messages = slices.DeleteFunc(m.in.messages, func(o *message) bool { return o == m })
	if m.in.thread() && m.kind != threadStarter && m.id != m.in.id {
		m.in.count--
	}
}

func (m *message) reaction(name, id string) *reaction {
	for _, r := range m.reactions {
		if r.name == name && r.id == id {
			return r
		}
	}
	return nil
}

// words are all texts of m that someone can read.
func (m *message) words() []string {
	all := []string{m.content, m.persona}
	all = append(all, texts(m.embeds)...)
	all = append(all, texts(m.components)...)
	all = append(all, texts(m.poll)...)
	for _, a := range m.attachments {
		all = append(all, texts(a)...)
	}
	return slices.DeleteFunc(all, func(w string) bool { return w == "" })
}

// texts are the strings inside JSON.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case list:
		var all []string
		for _, e := range v {
			all = append(all, texts(e)...)
		}
		return all
	case object:
		var all []string
		for _, e := range v {
			all = append(all, texts(e)...)
		}
		slices.Sort(all)
		return all
	}
	return nil
}
