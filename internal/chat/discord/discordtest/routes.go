package discordtest

import (
	"net/http"
	"strings"
)

// operation is one thing that REST can do. Its name is Discord's own.
type operation struct {
	name   string
	method string
	path   string
	do     func(*Server, *request) (int, any, *apiError)
	open   bool // needs no bot token: the path holds a secret
	// schema names the one branch of a body's anyOf that fits the request; ""
	// and nil: the operation's own schema.
	schema func(*Server, *request) string
}

// operations are all that the double implements.
var operations = []operation{
	{name: "get_gateway", method: "GET", path: "/gateway", do: (*Server).getGateway, open: true},
	{name: "get_bot_gateway", method: "GET", path: "/gateway/bot", do: (*Server).getBotGateway},
	{name: "get_my_user", method: "GET", path: "/users/@me", do: (*Server).getMyUser},
	{name: "get_user", method: "GET", path: "/users/{user_id}", do: (*Server).getUser},
	{name: "list_my_guilds", method: "GET", path: "/users/@me/guilds", do: (*Server).listMyGuilds},
	{name: "get_my_application", method: "GET", path: "/applications/@me", do: (*Server).getMyApplication},
	{name: "get_my_oauth2_application", method: "GET", path: "/oauth2/applications/@me", do: (*Server).getMyApplication},
	{name: "get_application", method: "GET", path: "/applications/{application_id}", do: (*Server).getMyApplication},

	{name: "get_guild", method: "GET", path: "/guilds/{guild_id}", do: (*Server).getGuild},
	{name: "list_guild_channels", method: "GET", path: "/guilds/{guild_id}/channels", do: (*Server).listChannels},
	{name: "list_guild_roles", method: "GET", path: "/guilds/{guild_id}/roles", do: (*Server).listRoles},
	{name: "get_guild_member", method: "GET", path: "/guilds/{guild_id}/members/{user_id}", do: (*Server).getMember},
	{name: "get_active_guild_threads", method: "GET", path: "/guilds/{guild_id}/threads/active", do: (*Server).activeThreads},

	{name: "get_channel", method: "GET", path: "/channels/{channel_id}", do: (*Server).getChannel},
	{name: "update_channel", method: "PATCH", path: "/channels/{channel_id}", do: (*Server).updateChannel, schema: updateSchema},
	{name: "delete_channel", method: "DELETE", path: "/channels/{channel_id}", do: (*Server).deleteChannel},
	{name: "trigger_typing_indicator", method: "POST", path: "/channels/{channel_id}/typing", do: (*Server).typing},

	{name: "list_messages", method: "GET", path: "/channels/{channel_id}/messages", do: (*Server).listMessages},
	{name: "get_message", method: "GET", path: "/channels/{channel_id}/messages/{message_id}", do: (*Server).getMessage},
	{name: "create_message", method: "POST", path: "/channels/{channel_id}/messages", do: (*Server).createMessage},
	{name: "update_message", method: "PATCH", path: "/channels/{channel_id}/messages/{message_id}", do: (*Server).updateMessage},
	{name: "delete_message", method: "DELETE", path: "/channels/{channel_id}/messages/{message_id}", do: (*Server).deleteMessage},
	{name: "bulk_delete_messages", method: "POST", path: "/channels/{channel_id}/messages/bulk-delete", do: (*Server).bulkDelete},

	{name: "add_my_message_reaction", method: "PUT", path: "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me", do: (*Server).addReaction},
	{name: "delete_my_message_reaction", method: "DELETE", path: "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me", do: (*Server).deleteMyReaction},
	{name: "delete_user_message_reaction", method: "DELETE", path: "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/{user_id}", do: (*Server).deleteUserReaction},
	{name: "list_message_reactions_by_emoji", method: "GET", path: "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}", do: (*Server).listReactions},
	{name: "delete_all_message_reactions_by_emoji", method: "DELETE", path: "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}", do: (*Server).deleteEmoji},
	{name: "delete_all_message_reactions", method: "DELETE", path: "/channels/{channel_id}/messages/{message_id}/reactions", do: (*Server).deleteReactions},

	{name: "create_thread_from_message", method: "POST", path: "/channels/{channel_id}/messages/{message_id}/threads", do: (*Server).createThreadFromMessage},
	{name: "create_thread", method: "POST", path: "/channels/{channel_id}/threads", do: (*Server).createThread, schema: threadSchema},
	{name: "list_public_archived_threads", method: "GET", path: "/channels/{channel_id}/threads/archived/public", do: (*Server).archivedThreads},
	{name: "join_thread", method: "PUT", path: "/channels/{channel_id}/thread-members/@me", do: (*Server).joinThread},
	{name: "leave_thread", method: "DELETE", path: "/channels/{channel_id}/thread-members/@me", do: (*Server).leaveThread},

	{name: "create_webhook", method: "POST", path: "/channels/{channel_id}/webhooks", do: (*Server).createWebhook},
	{name: "list_channel_webhooks", method: "GET", path: "/channels/{channel_id}/webhooks", do: (*Server).listWebhooks},
	{name: "get_guild_webhooks", method: "GET", path: "/guilds/{guild_id}/webhooks", do: (*Server).listGuildWebhooks},
	{name: "get_webhook", method: "GET", path: "/webhooks/{webhook_id}", do: (*Server).getWebhook},
	{name: "delete_webhook", method: "DELETE", path: "/webhooks/{webhook_id}", do: (*Server).deleteWebhook},
	{name: "get_webhook_by_token", method: "GET", path: "/webhooks/{webhook_id}/{webhook_token}", do: (*Server).getWebhook, open: true},
	{name: "execute_webhook", method: "POST", path: "/webhooks/{webhook_id}/{webhook_token}", do: (*Server).executeWebhook, open: true, schema: executeSchema},
	{name: "get_webhook_message", method: "GET", path: "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", do: (*Server).getWebhookMessage, open: true},
	{name: "update_webhook_message", method: "PATCH", path: "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", do: (*Server).updateWebhookMessage, open: true},
	{name: "delete_webhook_message", method: "DELETE", path: "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", do: (*Server).deleteWebhookMessage, open: true},

	{name: "create_interaction_response", method: "POST", path: "/interactions/{interaction_id}/{interaction_token}/callback", do: (*Server).answer, open: true, schema: answerSchema},
	{name: "get_original_webhook_message", method: "GET", path: "/webhooks/{webhook_id}/{webhook_token}/messages/@original", do: (*Server).getWebhookMessage, open: true},
	{name: "update_original_webhook_message", method: "PATCH", path: "/webhooks/{webhook_id}/{webhook_token}/messages/@original", do: (*Server).updateWebhookMessage, open: true},
	{name: "delete_original_webhook_message", method: "DELETE", path: "/webhooks/{webhook_id}/{webhook_token}/messages/@original", do: (*Server).deleteWebhookMessage, open: true},

	{name: "list_application_commands", method: "GET", path: "/applications/{application_id}/commands", do: (*Server).listCommands},
	{name: "bulk_set_application_commands", method: "PUT", path: "/applications/{application_id}/commands", do: (*Server).setCommands},
	{name: "create_application_command", method: "POST", path: "/applications/{application_id}/commands", do: (*Server).createCommand},
	{name: "update_application_command", method: "PATCH", path: "/applications/{application_id}/commands/{command_id}", do: (*Server).updateCommand},
	{name: "delete_application_command", method: "DELETE", path: "/applications/{application_id}/commands/{command_id}", do: (*Server).deleteCommand},
	{name: "list_guild_application_commands", method: "GET", path: "/applications/{application_id}/guilds/{guild_id}/commands", do: (*Server).listCommands},
	{name: "bulk_set_guild_application_commands", method: "PUT", path: "/applications/{application_id}/guilds/{guild_id}/commands", do: (*Server).setCommands},
	{name: "create_guild_application_command", method: "POST", path: "/applications/{application_id}/guilds/{guild_id}/commands", do: (*Server).createCommand},
	{name: "update_guild_application_command", method: "PATCH", path: "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}", do: (*Server).updateCommand},
	{name: "delete_guild_application_command", method: "DELETE", path: "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}", do: (*Server).deleteCommand},
}

// prefix is where the API stands.
const prefix = "/api/v10"

// routes are the operations, the websocket, and the attachments. What the
// double does not have is written down: a test must not pass on a 404.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, op := range operations {
		mux.HandleFunc(op.method+" "+prefix+op.path, func(w http.ResponseWriter, r *http.Request) { s.serve(op, w, r) })
	}
	mux.HandleFunc("GET /attachments/", s.serveFile)
	mux.HandleFunc("GET /stickers/", s.serveFile)
	mux.HandleFunc("GET /{$}", s.accept)
	mux.HandleFunc("GET /resume/{$}", s.accept)
	mux.HandleFunc("/", s.unknown)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		select {
		case <-s.closed:
			s.mu.Unlock()
			panic(http.ErrAbortHandler)
		default:
			s.requests.Add(1)
		}
		s.mu.Unlock()
		defer s.requests.Done()
		mux.ServeHTTP(w, r)
	})
}

func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	e := errNotFound
	if s.schemas != nil && s.schemas.describes(r.Method, strings.TrimPrefix(r.URL.Path, prefix)) {
		e = errNotImplemented
	}
	s.mu.Lock()
	s.violation("%s %s: %s", r.Method, r.URL.Path, e.text)
	s.mu.Unlock()
	write(w, e.status, nil, e.object())
}
