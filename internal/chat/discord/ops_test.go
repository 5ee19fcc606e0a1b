package discord

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"marginalia/internal/chat/discord/discordtest"
)

// ledger adds up what all tests of this package asked of their doubles.
type ledger struct {
	mu  sync.Mutex
	ops map[string]discordtest.Count
}

// asks is what all of them asked.
var asks = ledger{ops: map[string]discordtest.Count{}}

func (l *ledger) add(ops map[string]discordtest.Count) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, c := range ops {
		all := l.ops[name]
		all.N += c.N
		if all.Errors == nil {
			all.Errors = map[int]int{}
		}
		for code, n := range c.Errors {
			all.Errors[code] += n
		}
		l.ops[name] = all
	}
}

// least is how often each operation must have been asked for.
const least = 20

// answers are all operations that the platform asks for, each with the errors
// that Discord documents for it and that the platform goes on from. Each must
// have been given at least once; the others of an operation are faults of the
// asker, which the double's own tests provoke. Where 429 is listed it stands for
// 30046 too, which comes with that status.
//
// What is not here, though it is documented, does not come to pass: a message
// without words (50006) is refused before it is sent; an answer to what is gone
// is refused as a form (50035); another's message (50005) is not touched; what
// is deleted may stand in an archived thread (50083); and whoever may list
// webhooks (50013) may make them. TestKinds has the codes that the double does not give.
var answers = map[string][]int{
	"get_bot_gateway":          nil,
	"get_my_application":       {401},
	"get_guild":                nil,
	"list_guild_channels":      nil,
	"get_guild_member":         {10007},
	"get_active_guild_threads": nil,

	"get_channel":                  {10003, 50001},
	"update_channel":               {50013},
	"list_public_archived_threads": nil,
	"list_messages":                {10003, 50001},
	"get_message":                  {10008},

	"create_message": {401, 429, 500, 502, 503, 10003, 30033, 50001, 50013, 50035, 160005},
	"update_message": {429, 502, 10008, 50083},
	"delete_message": {10008, 50013},

	"create_thread":              {10003, 50013},
	"create_thread_from_message": {10008, 50013, 160004, 160006},

	"add_my_message_reaction":         {10008, 10014, 30010, 50013, 50083, 90001},
	"delete_my_message_reaction":      {10008, 10014, 50083},
	"list_message_reactions_by_emoji": {10008},

	"list_channel_webhooks":  {10003, 50013},
	"create_webhook":         {30007},
	"execute_webhook":        {429, 500, 502, 10003, 10015, 50027, 50035, 160005},
	"update_webhook_message": {502, 10008, 10015, 50083},
	"delete_webhook_message": {10008, 10015},

	"create_interaction_response":     {10062, 40060},
	"update_original_webhook_message": {10008, 50027}, // a call's webhook is the application: its secret ends, it is never unknown (10015)

	"list_guild_application_commands":  {50001},
	"create_guild_application_command": {30032, 30034, 50035},
	"update_guild_application_command": nil,
	"delete_guild_application_command": nil,
}

// gateway are the lines of the table that are no operations of the API.
var gateway = []string{"HEARTBEAT", "IDENTIFY", "RESUME", "RESUME at its own address"}

// check says what was not asked for often enough, or never refused, and what
// was asked for though it is not listed.
func (l *ledger) check() (faults []string) {
	for _, name := range slices.Sorted(maps.Keys(l.ops)) {
		if _, known := answers[name]; !known && !slices.Contains(gateway, name) && !strings.HasPrefix(name, "fault on ") {
			faults = append(faults, name+" was asked for, and is not among the operations that are")
		}
	}
	for _, name := range slices.Concat(gateway, slices.Sorted(maps.Keys(answers))) {
		if n := l.ops[name].N; n < least {
			faults = append(faults, fmt.Sprintf("%s was asked for %d times, not %d", name, n, least))
		}
		for _, code := range answers[name] {
			if l.ops[name].Errors[code] == 0 {
				faults = append(faults, fmt.Sprintf("%s was never answered with %d", name, code))
			}
		}
	}
	return faults
}

func (l *ledger) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-44s %7s  %s\n", "operation", "done", "refused")
	for _, name := range slices.Sorted(maps.Keys(l.ops)) {
		c := l.ops[name]
		var codes []string
		for _, code := range slices.Sorted(maps.Keys(c.Errors)) {
			codes = append(codes, fmt.Sprintf("%d×%d", c.Errors[code], code))
		}
		fmt.Fprintf(&b, "%-44s %7d  %s\n", name, c.N, strings.Join(codes, " "))
	}
	return b.String()
}

// TestMain prints what was asked of Discord in all, and wants enough of each
// where all tests were run.
func TestMain(m *testing.M) {
	code := m.Run()
	if len(asks.ops) > 0 && (testing.Verbose() || complete()) {
		fmt.Print(asks.String())
	}
	if code == 0 && complete() {
		for _, fault := range asks.check() {
			fmt.Println("FAIL:", fault)
			code = 1
		}
	}
	os.Exit(code)
}

// complete reports whether all tests were run, each to its end.
func complete() bool {
	for name, want := range map[string]string{"test.run": "", "test.skip": "", "test.list": "", "test.fuzz": "", "test.short": "false"} {
		if flag.Lookup(name).Value.String() != want {
			return false
		}
	}
	return len(asks.ops) > 0
}
