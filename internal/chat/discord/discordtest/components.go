package discordtest

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Types of components that are used here, as JSON has them.
const (
	rowComponent    = 1.0
	buttonComponent = 2.0
	inputComponent  = 4.0
	labelComponent  = 18.0

	linkStyle  = 5.0
	skuStyle   = 6.0
	mostRows   = 5
	mostInRow  = 5
	maxOwnID   = 100 // of a custom_id
	maxButton  = 80  // of a button's label
	maxAddress = 512 // of a button's url
)

// Button is a button under a message.
type Button struct {
	Label    string
	URL      string // of a link
	CustomID string // of the others
}

// checkComponents holds the documented rules of rows and buttons, which the
// description tells in part.
func (s *Server) checkComponents(r *request, all list, v2 bool) *apiError {
	if !v2 && len(all) > mostRows {
		return s.broken(r, form("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."))
	}
	var wrong *apiError
	ids := map[any]bool{}
	for i, v := range all {
		if c, ok := v.(object); ok && !v2 && c["type"] != rowComponent {
			return s.broken(r, form("components", "UNION_TYPE_CHOICES", "Without IS_COMPONENTS_V2 only action rows are taken"))
		}
		walkComponents(list{v}, func(c object) {
			at := fmt.Sprintf("components.%d", i)
			e := checkComponent(at, c)
			if id := c["custom_id"]; e == nil && id != nil {
				if ids[id] {
					e = form(at+".custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
				}
				ids[id] = true
			}
			if wrong == nil {
				wrong = e
			}
		})
	}
	if wrong != nil {
		return s.broken(r, wrong)
	}
	return nil
}

// checkComponent holds the rules of one component, at a place of a body.
func checkComponent(at string, c object) *apiError {
	if id, ok := c["custom_id"].(string); ok && !within(id, 1, maxOwnID) {
		return form(at+".custom_id", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
	}
	switch c["type"] {
	case rowComponent:
		if inner, _ := c["components"].(list); len(inner) < 1 || len(inner) > mostInRow {
			return form(at+".components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
		}
	case buttonComponent:
		return checkButton(at, c)
	}
	return nil
}

// checkButton: a link has an address, the others an id, and all something to
// be seen.
func checkButton(at string, c object) *apiError {
	label, _ := c["label"].(string)
	address, _ := c["url"].(string)
	id, _ := c["custom_id"].(string)
	link := c["style"] == linkStyle
	switch {
	case c["style"] == skuStyle:
		return form(at+".style", "DISCORDTEST", "discordtest sells nothing")
	case link && id != "" || !link && address != "":
		return form(at, "BUTTON_COMPONENT_CUSTOM_ID_URL_EXCLUSIVE", "A custom id and url cannot both be specified")
	case link && address == "":
		return form(at+".url", "BASE_TYPE_REQUIRED", "A url is required")
	case !link && id == "":
		return form(at+".custom_id", "BASE_TYPE_REQUIRED", "A custom id is required")
	case link && (!within(address, 1, maxAddress) || !webAddress(address)):
		return form(at+".url", "URL_TYPE_INVALID_SCHEME", "Must be a well formed http, https or discord address of 512 or fewer in length.")
	case !within(label, 0, maxButton):
		return form(at+".label", "BASE_TYPE_MAX_LENGTH", "Must be 80 or fewer in length.")
	case strings.TrimSpace(label) == "" && c["emoji"] == nil:
		return form(at+".label", "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A button needs a label or an emoji")
	}
	return nil
}

func within(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return least <= n && n <= most
}

func webAddress(s string) bool {
	for _, scheme := range []string{"http://", "https://", "discord://"} {
		if strings.HasPrefix(s, scheme) && len(s) > len(scheme) {
			return true
		}
	}
	return false
}

// buttons are the buttons under a message, row by row.
func (m *message) buttons() []Button {
	var all []Button
	walkComponents(m.components, func(c object) {
		if c["type"] == buttonComponent {
			all = append(all, Button{field(c, "label"), field(c, "url"), field(c, "custom_id")})
		}
	})
	return all
}

func field(c object, name string) string {
	s, _ := c[name].(string)
	return s
}

// Press presses the button with a label under a message. A link leads away from
// Discord, which is told of nothing.
func (u *User) Press(message, label string) (*Interaction, error) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[message]
	if m == nil || m.deleted || m.onlyFor != "" && m.onlyFor != u.account.id || s.rights(u.account, m.in)&ViewChannel == 0 {
		return nil, fmt.Errorf("press %q under %s: no such message", label, message)
	}
	at := slices.IndexFunc(m.buttons(), func(b Button) bool { return b.Label == label })
	if at < 0 || m.buttons()[at].URL != "" {
		return nil, fmt.Errorf("press %q under %s: no such button", label, message)
	}
	var pressed object
	walkComponents(m.components, func(c object) {
		if c["custom_id"] == m.buttons()[at].CustomID {
			pressed = c
		}
	})
	if pressed["disabled"] == true {
		return nil, fmt.Errorf("press %q under %s: it is disabled", label, message)
	}
	return s.ask(asking{by: u.account, channel: m.in.id, kind: askComponent, under: m, data: object{
		"custom_id": pressed["custom_id"], "component_type": 2,
	}}), nil
}
