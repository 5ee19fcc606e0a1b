package discordtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The limits of a form, in code points.
const (
	maxTitle       = 45
	maxLabel       = 45
	maxPlaceholder = 100
	maxInput       = 4000
	mostInputs     = 5
)

// Modal is a form that the bot opened.
type Modal struct {
	ID, Title string
	Inputs    []Input
}

// Input is a field of a form.
type Input struct {
	Name        string // its custom_id
	Label       string
	Placeholder string
	Value       string // what stands in it to begin with
	Long        bool   // it has several lines
	Required    bool
	Min, Max    int
}

// modalBody is a form as a bot sends it.
type modalBody struct {
	ID         string `json:"custom_id"`
	Title      string `json:"title"`
	Components []struct {
		Type       float64    `json:"type"`
		Label      string     `json:"label"`
		Component  *inputBody `json:"component"`  // of a label
		Components inputs     `json:"components"` // of a row
	} `json:"components"`
}

type inputs []inputBody

type inputBody struct {
	Type        float64 `json:"type"`
	ID          string  `json:"custom_id"`
	Style       int     `json:"style"`
	Label       string  `json:"label"`
	Placeholder string  `json:"placeholder"`
	Value       string  `json:"value"`
	Required    *bool   `json:"required"`
	Min         int     `json:"min_length"`
	Max         *int    `json:"max_length"`
}

// takeModal opens a form for whoever asked.
func (s *Server) takeModal(r *request, i *Interaction, data json.RawMessage) *apiError {
	if i.kind == askModal {
		return s.broken(r, form("type", "INTERACTION", "A form cannot be answered by a form"))
	}
	var body modalBody
	if err := json.Unmarshal(data, &body); err != nil {
		return form("data", "BASE_TYPE", err.Error())
	}
	m := &Modal{ID: body.ID, Title: body.Title}
	for _, c := range body.Components {
		one := c.Component
		if c.Type == rowComponent && len(c.Components) == 1 {
			one, c.Label = &c.Components[0], c.Components[0].Label
		}
		if one == nil || one.Type != inputComponent || c.Type != rowComponent && c.Type != labelComponent {
			return s.broken(r, form("data.components", "DISCORDTEST", "discordtest has forms of labels with a text input alone"))
		}
		in := Input{Name: one.ID, Label: c.Label, Placeholder: one.Placeholder, Value: one.Value, Long: one.Style == 2, Required: true, Min: one.Min, Max: maxInput}
		if one.Required != nil {
			in.Required = *one.Required
		}
		if one.Max != nil {
			in.Max = *one.Max
		}
		m.Inputs = append(m.Inputs, in)
	}
	if e := m.check(); e != nil {
		return s.broken(r, e)
	}
	i.modal = m
	return nil
}

// check holds the documented limits of a form.
func (m *Modal) check() *apiError {
	switch {
	case !within(m.ID, 1, maxOwnID):
		return form("data.custom_id", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
	case !within(strings.TrimSpace(m.Title), 1, maxTitle) || !within(m.Title, 1, maxTitle):
		return form("data.title", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 45 in length.")
	case len(m.Inputs) < 1 || len(m.Inputs) > mostInputs:
		return form("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
	}
	names := map[string]bool{}
	for _, in := range m.Inputs {
		if e := in.check(); e != nil {
			return e
		}
		if names[in.Name] {
			return form("data.components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
		}
		names[in.Name] = true
	}
	return nil
}

func (in Input) check() *apiError {
	switch {
	case !within(in.Name, 1, maxOwnID):
		return form("data.components.custom_id", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
	case !within(in.Label, 1, maxLabel) || strings.TrimSpace(in.Label) == "":
		return form("data.components.label", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 45 in length.")
	case !within(in.Placeholder, 0, maxPlaceholder):
		return form("data.components.placeholder", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
	case in.Max < 1 || in.Max > maxInput || in.Min < 0 || in.Min > in.Max:
		return form("data.components.max_length", "NUMBER_TYPE_MAX", "min_length and max_length are within 0 and 4000, the least first")
	case !within(in.Value, 0, in.Max):
		return form("data.components.value", "BASE_TYPE_MAX_LENGTH", fmt.Sprintf("Must be %d or fewer in length.", in.Max))
	}
	return nil
}

// Modal is the form that was opened, nil if none was.
func (i *Interaction) Modal() *Modal {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	return i.modal
}

// Submit sends the form that was opened, with what is written into it by the
// names of its fields; the others keep what they began with. A client sends
// none that its own rules forbid.
func (i *Interaction) Submit(written map[string]string) (*Interaction, error) {
	s := i.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if i.modal == nil {
		return nil, fmt.Errorf("submit: no form was opened")
	}
	filled := list{}
	for n, in := range i.modal.Inputs {
		text, ok := written[in.Name]
		if !ok {
			text = in.Value
		}
		empty := strings.TrimSpace(text) == ""
		if empty && in.Required || !empty && !within(text, in.Min, in.Max) {
			return nil, fmt.Errorf("submit %q: the field %q does not take %d characters", i.modal.Title, in.Label, len([]rune(text)))
		}
		filled = append(filled, object{"type": 18, "id": 2*n + 1, "component": object{"type": 4, "id": 2*n + 2, "custom_id": in.Name, "value": text}})
	}
	for name := range written {
		if !slices.ContainsFunc(i.modal.Inputs, func(in Input) bool { return in.Name == name }) {
			return nil, fmt.Errorf("submit %q: there is no field %q", i.modal.Title, name)
		}
	}
	return s.ask(asking{by: i.by, channel: i.in.id, kind: askModal, under: i.under, from: i, data: object{"custom_id": i.modal.ID, "components": filled}}), nil
}
