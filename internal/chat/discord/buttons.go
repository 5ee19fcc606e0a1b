package discord

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"marginalia/internal/chat"
)

// The kinds of components, by Discord's numbers.
const (
	rowOfButtons = 1
	oneButton    = 2
	textInput    = 4
	labelOfInput = 18

	plainButton = 2
	linkButton  = 5

	mostButtons    = 5 // in a row
	mostRows       = 5
	longestButton  = 80
	longestAddress = 512
	longestID      = 100 // of a button, or of a form
)

// component is a row, a button, or a part of a form.
type component struct {
	Type       int         `json:"type"`
	Style      int         `json:"style,omitempty"`
	ID         string      `json:"custom_id,omitempty"`
	Label      string      `json:"label,omitempty"`
	URL        string      `json:"url,omitempty"`
	Value      string      `json:"value,omitempty"`
	Required   *bool       `json:"required,omitempty"`
	Most       int         `json:"max_length,omitempty"`
	Components []component `json:"components,omitempty"`
	Component  *component  `json:"component,omitempty"`
}

// rowsOf are buttons as they stand under a message, never nil. A button's id is
// what it calls, as it is typed: whichever process is told of it knows what is
// meant. One that Discord would not take is left out, and one of two with an id.
func rowsOf(buttons []chat.Button) []component {
	rows := []component{}
	ids := map[string]bool{}
	for _, b := range buttons {
		c, ok := buttonOf(b)
		if !ok || c.ID != "" && ids[c.ID] {
			continue
		}
		ids[c.ID] = true
		if len(rows) == 0 || len(rows[len(rows)-1].Components) == mostButtons {
			if len(rows) == mostRows {
				break
			}
			rows = append(rows, component{Type: rowOfButtons})
		}
		last := &rows[len(rows)-1]
		last.Components = append(last.Components, c)
	}
	return rows
}

func buttonOf(b chat.Button) (component, bool) {
	c := component{Type: oneButton, Style: plainButton, ID: b.Call, Label: lineTo(b.Text, longestButton)}
	if b.URL != "" {
		c.Style, c.ID, c.URL = linkButton, "", b.URL
		return c, c.Label != "" && isWebAddress(b.URL)
	}
	return c, c.Label != "" && c.ID != "" && utf8.RuneCountInString(c.ID) <= longestID
}

// lineTo is a text on one line, cut to so many code points.
func lineTo(s string, most int) string { return cutTo(strings.Join(strings.Fields(s), " "), most) }

// isWebAddress reports whether a button may lead to an address.
func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && utf8.RuneCountInString(s) <= longestAddress
}

// withButtons sends a message with its buttons. Discord may think less of an
// address than is known here: no message is lost for one, it goes without links
// then, or without buttons.
func (p *Platform) withButtons(m chat.Message, send func(*[]component) error) error {
	rows := rowsOf(m.Buttons)
	err := send(&rows)
	if !refusesButtons(err) || len(rows) == 0 {
		return err
	}
	p.c.Log.Warn("Discord does not take the buttons of a message", "room", m.Ref.Place.Room.ID, "error", err)
	calls := slices.DeleteFunc(slices.Clone(m.Buttons), func(b chat.Button) bool { return b.URL != "" })
	if rows = rowsOf(calls); len(calls) < len(m.Buttons) {
		err = send(&rows)
	}
	if refusesButtons(err) {
		err = send(nil)
	}
	return err
}

// refusesButtons reports whether a request was refused for the buttons that it
// has. Discord may think less of an address than is known here.
func refusesButtons(err error) bool {
	return is(err, badForm) && strings.Contains(fieldOf(err), `"components"`)
}
