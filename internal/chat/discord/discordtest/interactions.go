package discordtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// Kinds of interactions and of their answers.
const (
	askCommand   = 2
	askComponent = 3
	askComplete  = 4
	askModal     = 5

	answerMessage  = 4
	answerDeferred = 5
	answerChoices  = 8
	answerModal    = 9
)

// Interaction is a person's use of a command, a button or a form, and what came
// back.
type Interaction struct {
	s         *Server
	id, token string
	kind      int
	menu      bool
	by        *account
	in        *channel
	at        time.Time
	under     *message     // of a button, and of the form that it opened
	from      *Interaction // that opened the form which was sent

	answered bool   // there was a first answer
	first    []byte // what it was
	lost     bool   // the bot does not know that it was taken
	deferred bool   // and nothing followed yet
	original *message
	all      []*message
	choices  []Choice
	modal    *Modal

	taken time.Time // the first answer
	spoke time.Time // what was put in the place of a deferred one
}

// Choice is one of the values offered while someone types.
type Choice struct{ Name, Value string }

// answerSchema is the one of the bodies whose type fits.
func answerSchema(_ *Server, r *request) string {
	var body struct{ Type int }
	json.Unmarshal(r.body, &body) //nolint:errcheck // a body that is none is refused by the schema
	switch body.Type {
	case 1:
		return "PongInteractionCallbackRequest"
	case answerChoices:
		return "ApplicationCommandAutocompleteCallbackRequest"
	case 6, 7:
		return "UpdateMessageInteractionCallbackRequest"
	case 9:
		return "ModalInteractionCallbackRequest"
	}
	return "CreateMessageInteractionCallbackRequest"
}

// answer is the first answer: within 3 s, and once. Who says the same again may
// have lost what came back; one that comes very late could have known it from
// the interaction's id.
func (s *Server) answer(r *request) (int, any, *apiError) {
	i := s.asked[r.PathValue("interaction_token")]
	if i == nil || i.id != r.PathValue("interaction_id") {
		return 0, nil, errUnknownInteraction
	}
	age := r.now.Sub(i.at)
	switch {
	case i.answered && (i.lost || bytes.Equal(i.first, r.body)):
		return 0, nil, errAcknowledged
	case i.answered:
		return 0, nil, s.broken(r, errAcknowledged)
	case age > 2*answerWithin:
		return 0, nil, s.broken(r, refuse(404, 10062, "Unknown interaction: it is "+age.String()+" old"))
	case age > answerWithin:
		return 0, nil, errUnknownInteraction
	}
	var body struct {
		Type int             `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	if e := r.decode(&body); e != nil {
		return 0, nil, e
	}
	if e := s.firstAnswer(r, i, body.Type, body.Data); e != nil {
		return 0, nil, e
	}
	i.answered, i.first, i.taken = true, r.body, s.Now()
	if r.query.Get("with_response") != "true" {
		return http.StatusNoContent, nil, nil
	}
	o := object{"interaction": object{"id": i.id, "type": i.kind}}
	if body.Type == answerMessage {
		o["resource"] = object{"type": answerMessage, "message": s.messageObject(i.original, s.botSees)}
	}
	return http.StatusOK, o, nil
}

func (s *Server) firstAnswer(r *request, i *Interaction, kind int, data json.RawMessage) *apiError {
	if (kind == answerChoices) != (i.kind == askComplete) {
		return s.broken(r, form("type", "INTERACTION", "This answer does not fit this interaction"))
	}
	switch kind {
	case answerChoices:
		return s.takeChoices(r, i, data)
	case answerModal:
		return s.takeModal(r, i, data)
	case answerMessage, answerDeferred:
	default:
		return s.broken(r, form("type", "INTERACTION", "discordtest does not have this answer"))
	}
	var d draft
	if len(data) > 0 {
		if err := json.Unmarshal(data, &d); err != nil {
			return form("data", "BASE_TYPE", err.Error())
		}
	}
	if kind == answerDeferred {
		i.deferred = true
		return s.reply(r, i, &d, flagLoading, true)
	}
	if e := s.checkDraft(r, &d, nil); e != nil {
		return e
	}
	if d.empty(len(r.files)) {
		return s.broken(r, errEmptyMessage)
	}
	return s.reply(r, i, &d, 0, true)
}

func (s *Server) takeChoices(r *request, i *Interaction, data json.RawMessage) *apiError {
	var body struct{ Choices list }
	if err := json.Unmarshal(data, &body); err != nil {
		return form("data", "BASE_TYPE", err.Error())
	}
	if e := s.checkChoices(r, body.Choices); e != nil {
		return e
	}
	i.choices = []Choice{}
	for _, v := range body.Choices {
		c, _ := v.(object)
		name, _ := c["name"].(string)
		i.choices = append(i.choices, Choice{name, texts(c["value"])[0]})
	}
	return nil
}

// reply makes a message that answers i.
func (s *Server) reply(r *request, i *Interaction, d *draft, flags int, first bool) *apiError {
	m := &message{in: i.in, author: s.bot, kind: slashAnswer, answers: i, flags: flags, tts: d.TTS}
	switch {
	case i.menu:
		m.kind = menuAnswer
	case i.under != nil:
		m.kind, m.refers = reply, &reference{channel: i.under.in.id, message: i.under.id}
	}
	if d.flags()&flagEphemeral != 0 {
		m.onlyFor = i.by.id
	}
	if e := s.fill(r, m, d); e != nil {
		return e
	}
	s.place(m, d.Mentions)
	if first {
		i.original = m
	}
	i.all = append(i.all, m)
	if m.onlyFor == "" {
		s.told(r, event{name: "MESSAGE_CREATE", intent: intentMessages, channel: m.in, message: m})
	}
	return nil
}

// alive reports whether an interaction's token still holds.
func (s *Server) alive(r *request, i *Interaction) *apiError {
	switch {
	case r.PathValue("webhook_id") != s.guild.application:
		return errUnknownWebhook
	case r.now.Sub(i.at) > interactionAge:
		return errWebhookToken
	case !i.answered:
		return s.broken(r, refuse(404, 10015, "Unknown Webhook: the interaction has no first answer yet"))
	}
	return nil
}

// followup is a further answer. The first one after a deferred answer takes
// its place, and is as private as that was.
func (s *Server) followup(r *request, i *Interaction) (int, any, *apiError) {
	if e := s.alive(r, i); e != nil {
		return 0, nil, e
	}
	var d draft
	if e := r.decode(&d); e != nil {
		return 0, nil, e
	}
	if i.deferred {
		if e := s.edit(r, i.original, &d); e != nil {
			return 0, nil, e
		}
		i.deferred, i.spoke = false, s.Now()
		return http.StatusOK, s.messageObject(i.original, s.botSees), nil
	}
	if e := s.checkDraft(r, &d, nil); e != nil {
		return 0, nil, e
	}
	if d.empty(len(r.files)) {
		return 0, nil, s.broken(r, errEmptyMessage)
	}
	if e := s.reply(r, i, &d, 0, false); e != nil {
		return 0, nil, e
	}
	return http.StatusOK, s.messageObject(i.all[len(i.all)-1], s.botSees), nil
}

// answerOf finds the message of an interaction that the path names.
func (s *Server) answerOf(r *request, i *Interaction) (*message, *apiError) {
	if e := s.alive(r, i); e != nil {
		return nil, e
	}
	id := r.PathValue("message_id")
	if id == "" {
		if i.original == nil || i.original.deleted {
			return nil, errUnknownMessage
		}
		if r.Method == http.MethodPatch {
			i.deferred, i.spoke = false, s.Now()
		}
		return i.original, nil
	}
	for _, m := range i.all {
		if m.id == id && !m.deleted {
			return m, nil
		}
	}
	return nil, errUnknownMessage
}
