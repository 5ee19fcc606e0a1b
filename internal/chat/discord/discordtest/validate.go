package discordtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// path is an operation's entry in the description.
func (sc *schemas) path(op *operation) object {
	entry, _ := sc.spec["paths"].(object)[op.path].(object)
	return entry
}

// describes reports whether the description has a method at a path.
func (sc *schemas) describes(method, path string) bool {
	have := strings.Split(path, "/")
	for template, entry := range sc.spec["paths"].(object) {
		want := strings.Split(template, "/")
		same := len(want) == len(have)
		for i := 0; same && i < len(want); i++ {
			same = want[i] == have[i] || strings.HasPrefix(want[i], "{")
		}
		if same && entry.(object)[strings.ToLower(method)] != nil {
			return true
		}
	}
	return false
}

// request holds path, query and body against the description. branch is the
// schema of the body where the operation's own would let too much pass.
func (sc *schemas) request(r *request, branch string) *apiError {
	entry := sc.path(r.op)
	own := entry[strings.ToLower(r.op.method)].(object)
	if err := sc.parameters(r, entry["parameters"], own["parameters"]); err != nil {
		return err
	}
	content, takes := own["requestBody"].(object)
	if !takes {
		if len(r.body) > 0 && !slices.Contains([]string{"{}", "null"}, string(r.body)) {
			return form("", "BODY", "This operation takes no body")
		}
		return nil
	}
	if len(r.body) == 0 {
		if content["required"] == true && len(r.files) == 0 {
			return form("", "BODY", "This operation needs a body")
		}
		return nil
	}
	at := pointer("components", "schemas", branch)
	if branch == "" {
		at = pointer("paths", r.op.path, strings.ToLower(r.op.method), "requestBody", "content", "application/json", "schema")
	}
	return asForm(sc.check(restURL, at, r.body))
}

// asForm turns a schema's objection into 50035.
func asForm(err error) *apiError {
	var se *schemaError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &se):
		return form(se.field, "SCHEMA", se.text)
	}
	return form("", "SCHEMA", err.Error())
}

// parameters checks the values of the path, which all methods share, and of the
// operation's own query. A name that is not described is refused.
func (sc *schemas) parameters(r *request, shared, own any) *apiError {
	known := map[string]bool{}
	for _, group := range []struct {
		all any
		at  string
	}{
		{shared, pointer("paths", r.op.path, "parameters")},
		{own, pointer("paths", r.op.path, strings.ToLower(r.op.method), "parameters")},
	} {
		all, _ := group.all.(list)
		for i, p := range all {
			p := p.(object)
			name := p["name"].(string)
			text := r.PathValue(name)
			if p["in"] == "query" {
				known[name] = true
				if !r.query.Has(name) {
					continue
				}
				text = r.query.Get(name)
			}
			if err := sc.text(group.at+pointer(strconv.Itoa(i), "schema"), text); err != nil {
				return form(name, "SCHEMA", err.Error())
			}
		}
	}
	for name := range r.query {
		if !known[name] {
			return form(name, "QUERY", "This query parameter is not known")
		}
	}
	return nil
}

// text holds a value that came as text against a schema: as it is, or as the
// number or truth value that it spells.
func (sc *schemas) text(at, value string) error {
	err := sc.value(at, value)
	if err == nil {
		return nil
	}
	if n, e := strconv.ParseInt(value, 10, 64); e == nil && sc.value(at, json.Number(strconv.FormatInt(n, 10))) == nil {
		return nil
	}
	if b, e := strconv.ParseBool(value); e == nil && sc.value(at, b) == nil {
		return nil
	}
	return err
}

// answer holds an answer against the description.
func (sc *schemas) answer(op *operation, status int, body any) error {
	if status >= 500 {
		return nil
	}
	if status == 204 {
		body = nil
	}
	own := sc.path(op)[strings.ToLower(op.method)].(object)
	responses := own["responses"].(object)
	key := strconv.Itoa(status)
	at := pointer("paths", op.path, strings.ToLower(op.method), "responses", key, "content", "application/json", "schema")
	switch {
	case key == "429":
		at = pointer("components", "responses", "ClientRatelimitedResponse", "content", "application/json", "schema")
	case status >= 400:
		at = pointer("components", "responses", "ClientErrorResponse", "content", "application/json", "schema")
	case responses[key] == nil:
		return fmt.Errorf("the description has no answer %s", key)
	case status == 204:
		return nil
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return sc.check(restURL, at, text)
}

// event holds the data of a gateway event against its description.
func (sc *schemas) event(name string, data []byte) error {
	var b strings.Builder
	for _, word := range strings.Split(name, "_") {
		b.WriteString(word[:1] + strings.ToLower(word[1:]))
	}
	return sc.check(gatewayURL, pointer("definitions", "Gateway"+b.String()+"DispatchData"), data)
}

// sent holds what a client sends to the gateway against its description.
func (sc *schemas) sent(op int, text []byte) error {
	if op == opIdentify {
		text = olderIdentify(text)
	}
	name := map[int]string{
		opHeartbeat: "GatewayHeartbeat", opIdentify: "GatewayIdentify", opPresence: "GatewayUpdatePresence", opVoice: "GatewayVoiceStateUpdate",
		opResume: "GatewayResume", opMembers: "GatewayRequestGuildMembers",
	}[op]
	if name == "" {
		name = "GatewaySendPayload"
	}
	return sc.check(gatewayURL, pointer("definitions", name), text)
}

// olderIdentify rewrites what discordgo always sends and Discord has always
// taken: names of properties with a dollar, and a presence that says nothing.
// What a bot adds to these is looked at as usual.
func olderIdentify(text []byte) []byte {
	var p struct {
		Op int    `json:"op"`
		D  object `json:"d"`
	}
	if json.Unmarshal(text, &p) != nil {
		return text
	}
	if properties, ok := p.D["properties"].(object); ok {
		for _, name := range []string{"os", "browser", "device"} {
			if v, ok := properties["$"+name]; ok {
				properties[name] = v
				delete(properties, "$"+name)
			}
		}
		for _, name := range []string{"$referer", "$referring_domain"} {
			if properties[name] == "" {
				delete(properties, name)
			}
		}
	}
	if presence, ok := p.D["presence"].(object); ok && presence["status"] == "" {
		delete(p.D, "presence")
	}
	mended, err := json.Marshal(p)
	if err != nil {
		return text
	}
	return mended
}

// agree reports which operations of the double are not the description's.
func (sc *schemas) agree() (wrong []string) {
	for _, op := range operations {
		own, _ := sc.path(&op)[strings.ToLower(op.method)].(object)
		if own["operationId"] != op.name {
			wrong = append(wrong, fmt.Sprintf("%s %s is %v, not %s", op.method, op.path, own["operationId"], op.name))
		}
	}
	return wrong
}
