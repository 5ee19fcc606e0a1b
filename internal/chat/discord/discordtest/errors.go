package discordtest

import "strings"

// apiError is an answer that refuses.
type apiError struct {
	status, code int
	text         string
	errors       object   // of 50035
	limited      *refusal // of a hidden limit
}

// The documented refusals that occur here.
var (
	errNotFound           = refuse(404, 0, "404: Not Found")
	errUnauthorized       = refuse(401, 0, "401: Unauthorized")
	errUnknownChannel     = refuse(404, 10003, "Unknown Channel")
	errUnknownGuild       = refuse(404, 10004, "Unknown Guild")
	errUnknownMember      = refuse(404, 10007, "Unknown Member")
	errUnknownMessage     = refuse(404, 10008, "Unknown Message")
	errUnknownUser        = refuse(404, 10013, "Unknown User")
	errUnknownEmoji       = refuse(400, 10014, "Unknown Emoji")
	errUnknownWebhook     = refuse(404, 10015, "Unknown Webhook")
	errUnknownApplication = refuse(404, 10002, "Unknown Application")
	errUnknownInteraction = refuse(404, 10062, "Unknown interaction")
	errUnknownCommand     = refuse(404, 10063, "Unknown application command")
	errMaxWebhooks        = refuse(400, 30007, "Maximum number of webhooks reached (15)")
	errMaxReactions       = refuse(400, 30010, "Maximum number of reactions reached (20)")
	errMaxCommands        = refuse(400, 30032, "Maximum number of application commands reached")
	errBlocked            = refuse(403, 90001, "Reaction was blocked")
	errTooLarge           = refuse(413, 40005, "Request entity too large")
	errAcknowledged       = refuse(400, 40060, "Interaction has already been acknowledged.")
	errMissingAccess      = refuse(403, 50001, "Missing Access")
	errNotAuthor          = refuse(403, 50005, "Cannot edit a message authored by another user")
	errEmptyMessage       = refuse(400, 50006, "Cannot send an empty message")
	errNotText            = refuse(400, 50008, "Cannot send messages in a non-text channel")
	errMissingPermissions = refuse(403, 50013, "Missing Permissions")
	errSystemMessage      = refuse(403, 50021, "Cannot execute action on a system message")
	errWrongChannelType   = refuse(400, 50024, "Cannot execute action on this channel type")
	errWebhookToken       = refuse(401, 50027, "Invalid Webhook Token")
	errTooOld             = refuse(400, 50034, "You can only bulk delete messages that are under 14 days old.")
	errTagRequired        = refuse(400, 40067, "A tag is required to create a forum post in this channel")
	errBadJSON            = refuse(400, 50109, "The request body contains invalid JSON.")
	errArchived           = refuse(400, 50083, "Thread is archived")
	errHasThread          = refuse(400, 160004, "A thread has already been created for this message")
	errLocked             = refuse(400, 160005, "Thread is locked")
	errMaxThreads         = refuse(400, 160006, "Maximum number of active threads reached")
	errNotImplemented     = refuse(501, 0, "discordtest does not have this operation")
)

// planted are the refusals of a Fault.
var planted = map[int]*apiError{
	30032: errMaxCommands,
	30033: refuse(400, 30033, "Maximum number of thread participants has been reached (1000)"),
	50035: form("components.0.components.0.url", "URL_TYPE_INVALID_URL", "Not a well formed URL."),
	30034: refuse(400, 30034, "Maximum number of daily application command creates has been reached (200)"),
	50001: errMissingAccess,
	90001: errBlocked,
}

func refuse(status, code int, text string) *apiError {
	return &apiError{status: status, code: code, text: text}
}

// form is 50035 about one field, named as in "embeds.0.title".
func form(field, code, text string) *apiError {
	inner := object{"_errors": list{object{"code": code, "message": text}}}
	parts := strings.Split(field, ".")
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i] != "" {
			inner = object{parts[i]: inner}
		}
	}
	return &apiError{status: 400, code: 50035, text: "Invalid Form Body", errors: inner}
}

func (e *apiError) object() object {
	o := object{"code": e.code, "message": e.text}
	if e.errors != nil {
		o["errors"] = e.errors
	}
	return o
}
