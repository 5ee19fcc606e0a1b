package discord

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// The shapes of what Discord says, as far as it matters here. Whatever is
// missing, null or unknown must not spoil the rest.

// user is someone, or a bot, or the name that a webhook bore.
type user struct {
	ID      string `json:"id"`
	Name    string `json:"username"`
	Display string `json:"global_name"`
	Avatar  string `json:"avatar"`
	Bot     bool   `json:"bot"`
}

// member is someone on a server.
type member struct {
	Nick        string   `json:"nick"`
	Roles       []string `json:"roles"`
	Permissions string   `json:"permissions"` // in interactions alone
	User        *user    `json:"user"`
}

type attachment struct {
	ID    string `json:"id"`
	Name  string `json:"filename"`
	Type  string `json:"content_type"`
	URL   string `json:"url"` // for a day
	Alt   string `json:"description"`
	Size  int64  `json:"size"`
	Flags int    `json:"flags"`
}

type sticker struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Format int    `json:"format_type"`
}

type emoji struct {
	ID   string `json:"id"` // of a server's own
	Name string `json:"name"`
}

// text is how an emoji is named in this house: itself, or name:id.
func (e emoji) text() string {
	if e.ID == "" || e.Name == "" {
		return e.Name
	}
	return e.Name + ":" + e.ID
}

type tally struct {
	Count int   `json:"count"`
	Me    bool  `json:"me"`
	Emoji emoji `json:"emoji"`
}

// mentioned is someone that a message mentions, by the name that they bear on
// the server.
type mentioned struct {
	user
	Member *member `json:"member"`
}

type reference struct {
	Type    int    `json:"type"` // 0: an answer; 1: it is passed on from elsewhere
	Message string `json:"message_id"`
	Channel string `json:"channel_id"`
}

// message is what someone said.
type message struct {
	ID          string       `json:"id"`
	Channel     string       `json:"channel_id"`
	Guild       string       `json:"guild_id"`
	Type        int          `json:"type"`
	Content     *string      `json:"content"` // nil: the event does not tell
	Author      user         `json:"author"`
	Member      *member      `json:"member"`
	Webhook     string       `json:"webhook_id"`
	Application string       `json:"application_id"`
	At          time.Time    `json:"timestamp"`
	Edited      time.Time    `json:"edited_timestamp"`
	Nonce       nonce        `json:"nonce"`
	Reference   *reference   `json:"message_reference"`
	Mentions    []mentioned  `json:"mentions"`
	Attachments []attachment `json:"attachments"`
	Stickers    []sticker    `json:"sticker_items"`
	Snapshots   []snapshot   `json:"message_snapshots"`
	Embeds      []embed      `json:"embeds"`
	Reactions   []tally      `json:"reactions"`
	Poll        *poll        `json:"poll"`

	raw json.RawMessage
}

// embed is a card below a message's words: a bot's own ("rich"), or a preview.
type embed struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	URL    string `json:"url"`
	Text   string `json:"description"`
	Author struct {
		Name string `json:"name"`
	} `json:"author"`
	Image struct {
		URL string `json:"url"`
	} `json:"image"`
	Footer struct {
		Text string `json:"text"`
	} `json:"footer"`
	Fields []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"fields"`
}

// snapshot is what was passed on.
type snapshot struct {
	Message struct {
		Content     string       `json:"content"`
		Attachments []attachment `json:"attachments"`
		Stickers    []sticker    `json:"sticker_items"`
	} `json:"message"`
}

// poll is a question; what may be answered to it is left out.
type poll struct {
	Question struct {
		Text string `json:"text"`
	} `json:"question"`
}

// nonce is a text, or a number.
type nonce string

// UnmarshalJSON implements json.Unmarshaler.
func (n *nonce) UnmarshalJSON(b []byte) error {
	if s := strings.Trim(string(b), `"`); s != "null" {
		*n = nonce(s)
	}
	return nil
}

// The types of messages that are talk.
const (
	plainMessage = 0
	replyMessage = 19
)

func (m message) isTalk() bool { return m.Type == plainMessage || m.Type == replyMessage }

// channel is a channel or a thread.
type channel struct {
	ID         string      `json:"id"`
	Type       int         `json:"type"`
	Guild      string      `json:"guild_id"`
	Name       string      `json:"name"`
	Parent     string      `json:"parent_id"`
	Last       string      `json:"last_message_id"`
	Thread     *threadData `json:"thread_metadata"`
	Overwrites []overwrite `json:"permission_overwrites"`
	Flags      int         `json:"flags"`
	Tags       []forumTag  `json:"available_tags"`
}

// forumTag is a tag that posts of a forum may have; a moderated one only who
// manages threads may give.
type forumTag struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Moderated bool   `json:"moderated"`
}

type threadData struct {
	Archived bool      `json:"archived"`
	Locked   bool      `json:"locked"`
	Since    time.Time `json:"archive_timestamp"`
	Created  time.Time `json:"create_timestamp"`
}

type overwrite struct {
	ID    string `json:"id"`
	Type  int    `json:"type"` // 0: of a role; 1: of a member
	Allow string `json:"allow"`
	Deny  string `json:"deny"`
}

// The types of channels.
const (
	textChannel  = 0
	newsChannel  = 5
	forumChannel = 15
	mediaChannel = 16
)

func (c channel) isThread() bool { return c.Type >= 10 && c.Type <= 12 }

func (c channel) isForum() bool { return c.Type == forumChannel || c.Type == mediaChannel }

// wantsTag reports whether each post of a forum must have a tag.
func (c channel) wantsTag() bool { return c.Flags&(1<<4) != 0 }

type application struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Flags int64  `json:"flags"`
	Bot   user   `json:"bot"`
}

// read decodes a message; false means that it is none, or none that is
// understood: then it has its id at most.
func read(raw json.RawMessage) (message, bool) {
	m := message{raw: raw}
	if err := json.Unmarshal(raw, &m); err != nil {
		var named struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(raw, &named) != nil {
			return message{}, false
		}
		return message{ID: named.ID}, false
	}
	return m, isID(m.ID) && isID(m.Channel)
}

// sheet is a page of messages.
type sheet struct {
	messages []message       // those that are understood, oldest first
	stand    map[uint64]bool // all that stand there, understood or not
	last     uint64          // the newest of them
	full     bool            // there may be more behind them
}

// inOrder decodes a page of messages.
func inOrder(raw []json.RawMessage) sheet {
	s := sheet{stand: map[uint64]bool{}}
	for _, one := range raw {
		m, ok := read(one)
		if ok {
			s.messages = append(s.messages, m)
		}
		if id := number(m.ID); id > 0 {
			s.stand[id] = true
			s.last = max(s.last, id)
		}
	}
	s.full = len(raw) == page && s.last > 0
	slices.SortFunc(s.messages, func(a, b message) int { return cmp.Compare(number(a.ID), number(b.ID)) })
	return s
}

// name is what people are called where they speak.
func name(m *member, u user) string {
	if m != nil && m.Nick != "" {
		return m.Nick
	}
	return cmp.Or(u.Display, u.Name)
}

// avatar is the address of someone's picture.
func avatar(u user) string {
	if u.Avatar == "" || u.ID == "" {
		return ""
	}
	return "https://cdn.discordapp.com/avatars/" + u.ID + "/" + u.Avatar + ".png"
}
