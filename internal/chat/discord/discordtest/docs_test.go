package discordtest

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"marginalia/test/require"
)

// TestOperationsAreDiscords: names, methods and paths are those of the
// description.
func TestOperationsAreDiscords(t *testing.T) {
	sc, err := loadSchemas(require.Shared(t, "discord"))
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range sc.agree() {
		t.Error(wrong)
	}
}

// schemaOf names the schema of a request that an example of Discord's
// documentation shows; "" is an answer or something else.
func schemaOf(page string, o object) string {
	has := func(keys ...string) bool {
		for _, k := range keys {
			if _, ok := o[k]; !ok {
				return false
			}
		}
		return true
	}
	kind, _ := o["type"].(float64)
	switch {
	case page == "topics/voice-connections.mdx": // another gateway
		return ""
	case has("op", "d") && !has("t"):
		return "gateway"
	case page == "interactions/application-commands.mdx" && has("name") && !has("id") && !has("data") && !has("name_localized"):
		return "ApplicationCommandCreateRequest"
	case kind == 9 && has("data"):
		return "ModalInteractionCallbackRequest"
	case kind == 4 && has("data") && !has("member") && page != "interactions/application-commands.mdx":
		return "CreateMessageInteractionCallbackRequest"
	case has("flags", "components") && !has("id"), has("content") && !has("id") && !has("channel_id"):
		return "MessageCreateRequest"
	}
	return ""
}

// TestExamplesOfTheDocumentationPass: the schemas are strict, but not stricter
// than what Discord itself shows.
func TestExamplesOfTheDocumentationPass(t *testing.T) {
	sc, err := loadSchemas(require.Shared(t, "discord"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(require.Shared(t, "discord", "docs-examples.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	count := map[string]int{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e struct {
			Page, Heading string
			JSON          json.RawMessage
		}
		var o object
		if json.Unmarshal(lines.Bytes(), &e) != nil || json.Unmarshal(e.JSON, &o) != nil {
			continue
		}
		switch name := schemaOf(e.Page, o); name {
		case "":
			continue
		case "gateway":
			op, _ := o["op"].(float64)
			if op == opHello || op == opACK || op == opDispatch || op == opInvalid || op == opReconnect {
				continue
			}
			err = sc.sent(int(op), e.JSON)
			count[name]++
		default:
			err = sc.check(restURL, pointer("components", "schemas", name), e.JSON)
			count[name]++
		}
		if err != nil {
			t.Errorf("%s, %s: %v in %s", e.Page, e.Heading, err, e.JSON)
		}
	}
	for name, least := range map[string]int{"gateway": 6, "ApplicationCommandCreateRequest": 5, "ModalInteractionCallbackRequest": 10, "MessageCreateRequest": 20} {
		if count[name] < least {
			t.Errorf("%d examples of %s, there are at least %d", count[name], name, least)
		}
	}
	t.Log(count)
}
