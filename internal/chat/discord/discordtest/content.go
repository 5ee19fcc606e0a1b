package discordtest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits of a message, in code points.
const (
	maxContent  = 2000
	maxEmbeds   = 6000
	maxDisplays = 4000
	maxNonce    = 25
)

// draft is what a request wants to say. A field that is left out is nil.
type draft struct {
	Content     *string          `json:"content"`
	Embeds      *list            `json:"embeds"`
	Components  *list            `json:"components"`
	Attachments *[]object        `json:"attachments"`
	Poll        any              `json:"poll"`
	Flags       *int             `json:"flags"`
	TTS         bool             `json:"tts"`
	Nonce       any              `json:"nonce"`
	Enforce     bool             `json:"enforce_nonce"`
	Mentions    *allowedMentions `json:"allowed_mentions"`
	Stickers    list             `json:"sticker_ids"`
	Reference   *struct {
		Message string `json:"message_id"`
		Channel string `json:"channel_id"`
		Fail    *bool  `json:"fail_if_not_exists"`
		Type    int    `json:"type"`
	} `json:"message_reference"`

	Username  *string  `json:"username"`
	AvatarURL string   `json:"avatar_url"`
	Thread    string   `json:"thread_name"`
	Tags      []string `json:"applied_tags"`
}

// allowedMentions is whom a message may ping.
type allowedMentions struct {
	Parse   []string `json:"parse"`
	Users   []string `json:"users"`
	Roles   []string `json:"roles"`
	Replied bool     `json:"replied_user"`
}

// mentions are whom a text names: everyone who is named is told, pinged is who
// is allowed to be.
type mentions struct {
	users, roles []string
	everyone     bool
}

// text is the content as Discord keeps it.
func (d *draft) text() string {
	if d.Content == nil {
		return ""
	}
	return strings.TrimSpace(*d.Content)
}

func (d *draft) flags() int {
	if d.Flags == nil {
		return 0
	}
	return *d.Flags
}

func items(l *list) list {
	if l == nil {
		return nil
	}
	return *l
}

// checkDraft holds what the schemas do not say: lengths in code points, sums,
// what excludes what, and that the bot says whom it pings.
func (s *Server) checkDraft(r *request, d *draft, before *message) *apiError {
	if d.Mentions == nil {
		s.violation("%s: allowed_mentions is missing: everyone who is named is pinged", r.op.name)
	}
	if d.Poll != nil || len(d.Stickers) > 0 {
		return s.broken(r, form("poll", "DISCORDTEST", "discordtest has no polls and no stickers"))
	}
	if d.Content != nil && utf8.RuneCountInString(d.text()) > maxContent {
		return s.broken(r, form("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length."))
	}
	if n := embedRunes(items(d.Embeds)); n > maxEmbeds {
		return s.broken(r, form("embeds", "MAX_EMBED_SIZE_EXCEEDED", fmt.Sprintf("Embed size exceeds maximum size of 6000: %d", n)))
	}
	if e := checkMentions(d.Mentions); e != nil {
		return s.broken(r, e)
	}
	if wrong := d.flags() &^ s.settable(r, before); wrong != 0 {
		return s.broken(r, form("flags", "FLAGS", "These flags can not be set: "+strconv.Itoa(wrong)))
	}
	flags := d.flags()
	if before != nil {
		flags |= before.flags & flagV2
	}
	if e := s.checkComponents(r, items(d.Components), flags&flagV2 != 0); e != nil {
		return e
	}
	if flags&flagV2 != 0 {
		return s.checkV2(r, d)
	}
	return nil
}

// settable are the flags that a request may set; those that a message has may
// be named again.
func (s *Server) settable(r *request, before *message) int {
	switch {
	case before != nil:
		return flagNoEmbeds | flagV2 | before.flags
	case s.asked[r.PathValue("webhook_token")] != nil || r.PathValue("interaction_token") != "":
		return flagNoEmbeds | flagSilent | flagV2 | flagEphemeral
	}
	return flagNoEmbeds | flagSilent | flagV2
}

// broken writes a broken rule down and returns its error.
func (s *Server) broken(r *request, e *apiError) *apiError {
	s.violation("%s: %s", r.op.name, e.detail())
	return e
}

func checkMentions(m *allowedMentions) *apiError {
	switch {
	case m == nil:
	case slices.Contains(m.Parse, "users") && len(m.Users) > 0, slices.Contains(m.Parse, "roles") && len(m.Roles) > 0:
		return form("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", "parse and a list of the same kind exclude each other")
	}
	return nil
}

// checkV2 holds the rules of components that take the place of content.
func (s *Server) checkV2(r *request, d *draft) *apiError {
	if d.text() != "" || len(items(d.Embeds)) > 0 || d.Poll != nil || len(d.Stickers) > 0 {
		return s.broken(r, form("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "content, embeds, stickers and polls can not be used with IS_COMPONENTS_V2"))
	}
	n, runes := 0, 0
	walkComponents(items(d.Components), func(c object) {
		n++
		if text, ok := c["content"].(string); ok && c["type"] == float64(10) {
			runes += utf8.RuneCountInString(text)
		}
	})
	switch {
	case n > 40:
		return s.broken(r, form("components", "BASE_TYPE_BAD_LENGTH", "At most 40 components in all"))
	case runes > maxDisplays:
		return s.broken(r, form("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "The displayable text exceeds 4000"))
	}
	return nil
}

func walkComponents(all list, visit func(object)) {
	for _, v := range all {
		c, ok := v.(object)
		if !ok {
			continue
		}
		visit(c)
		if inner, ok := c["components"].(list); ok {
			walkComponents(inner, visit)
		}
		for _, one := range []string{"accessory", "component"} {
			if inner, ok := c[one].(object); ok {
				walkComponents(list{inner}, visit)
			}
		}
	}
}

// embedRunes sums the texts of embeds that count to their limit.
func embedRunes(embeds list) int {
	n := 0
	runes := func(v any) {
		if text, ok := v.(string); ok {
			n += utf8.RuneCountInString(strings.TrimSpace(text))
		}
	}
	for _, v := range embeds {
		e, _ := v.(object)
		runes(e["title"])
		runes(e["description"])
		if f, ok := e["footer"].(object); ok {
			runes(f["text"])
		}
		if a, ok := e["author"].(object); ok {
			runes(a["name"])
		}
		fields, _ := e["fields"].(list)
		for _, f := range fields {
			f, _ := f.(object)
			runes(f["name"])
			runes(f["value"])
		}
	}
	return n
}

// empty reports whether nothing would be seen.
func (d *draft) empty(files int) bool {
	return d.text() == "" && len(items(d.Embeds)) == 0 && len(items(d.Components)) == 0 && files == 0 && d.Poll == nil && len(d.Stickers) == 0
}

// checkNonce holds the rules of a nonce.
func (s *Server) checkNonce(r *request, d *draft) *apiError {
	text, ok := d.Nonce.(string)
	switch {
	case ok && utf8.RuneCountInString(text) > maxNonce:
		return s.broken(r, form("nonce", "NONCE_TYPE_TOO_LONG", "Must be 25 or fewer in length."))
	case d.Enforce && (d.Nonce == nil || d.Nonce == ""):
		return s.broken(r, form("enforce_nonce", "NONCE", "enforce_nonce needs a nonce"))
	}
	return nil
}

func nonceText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return fmt.Sprint(v)
}

// What names someone in a text.
var (
	userMention = regexp.MustCompile(`<@!?(\d+)>`)
	roleMention = regexp.MustCompile(`<@&(\d+)>`)
	allMention  = regexp.MustCompile(`@(everyone|here)`)
)

// namedIn finds who is named in texts and is a member.
func (s *Server) namedIn(text string) mentions {
	var m mentions
	for _, hit := range userMention.FindAllStringSubmatch(text, -1) {
		if s.accounts[hit[1]] != nil && !slices.Contains(m.users, hit[1]) {
			m.users = append(m.users, hit[1])
		}
	}
	for _, hit := range roleMention.FindAllStringSubmatch(text, -1) {
		known := slices.ContainsFunc(s.guild.roles, func(r *role) bool { return r.id == hit[1] })
		if known && !slices.Contains(m.roles, hit[1]) {
			m.roles = append(m.roles, hit[1])
		}
	}
	m.everyone = allMention.MatchString(text)
	return m
}

// visible are the words of a draft that can name someone.
func visible(content string, components list) string {
	all := []string{content}
	walkComponents(components, func(c object) {
		if text, ok := c["content"].(string); ok {
			all = append(all, text)
		}
	})
	return strings.Join(all, "\n")
}

// allowed are those of the named whose phones ring.
func (a *allowedMentions) allowed(named mentions) mentions {
	if a == nil {
		return named
	}
	var m mentions
	for _, id := range named.users {
		if slices.Contains(a.Parse, "users") || slices.Contains(a.Users, id) {
			m.users = append(m.users, id)
		}
	}
	for _, id := range named.roles {
		if slices.Contains(a.Parse, "roles") || slices.Contains(a.Roles, id) {
			m.roles = append(m.roles, id)
		}
	}
	m.everyone = named.everyone && slices.Contains(a.Parse, "everyone")
	return m
}
