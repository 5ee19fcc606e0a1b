package matrix

import (
	"context"
	"fmt"
	"strings"

	"marginalia/internal/chat"
)

// learn keeps up with the names and powers of a room.
func (p *Platform) learn(room string, e wire) {
	if e.Type == "m.room.message" || e.Type == "m.reaction" {
		note(&p.memory, &p.memory.types, e.ID, e.Type)
	}
	if e.isState("m.room.member") {
		note(&p.memory, &p.memory.names, member{room, *e.StateKey}, displayName(*e.StateKey, e.Content))
	}
	if e.isState("m.room.power_levels") {
		p.memory.mu.Lock()
		delete(p.memory.powers, room)
		p.memory.mu.Unlock()
	}
}

// displayName is what someone calls themselves, by their membership of a room.
func displayName(user string, content object) string {
	if name := strings.TrimSpace(content.text("displayname")); name != "" {
		return name
	}
	local, _, _ := strings.Cut(strings.TrimPrefix(user, "@"), ":")
	return local
}

// person is someone in a room, with the name that the room knows. The server
// tells the members who speak; where it did not it is asked once.
func (p *Platform) person(ctx context.Context, room, user string) (chat.Person, error) {
	if name, known := recall(&p.memory, &p.memory.names, member{room, user}); known {
		return chat.Person{ID: user, Name: name}, nil
	}
	var content object
	err := p.lookUp(ctx, p.address("v3", "rooms", room, "state", "m.room.member", user), &content)
	if err != nil {
		return chat.Person{}, fmt.Errorf("ask for the name of %s: %w", user, err)
	}
	name := displayName(user, content)
	note(&p.memory, &p.memory.names, member{room, user}, name)
	return chat.Person{ID: user, Name: name}, nil
}

// powers says who may do what in a room.
type powers struct {
	levels   object // content of m.room.power_levels
	creators []string
}

// The power levels that the specification gives to moderators and
// administrators by default, and to creators from room version 12 on.
const (
	moderatorLevel = 50
	operatorLevel  = 100
	creatorLevel   = 1 << 53 // above all that can be written
)

// level is someone's power level.
func (w powers) level(user string) int64 {
	level, known := w.levels.object("users").number(user)
	if !known {
		level, _ = w.levels.number("users_default")
	}
	for _, creator := range w.creators {
		if creator == user {
			level = creatorLevel
		}
	}
	return level
}

// right is what someone may do in a room.
func (w powers) right(user string) chat.Right {
	switch level := w.level(user); {
	case level >= operatorLevel:
		return chat.Operator
	case level >= moderatorLevel:
		return chat.Moderator
	}
	return chat.Anyone
}

// right is what someone may do in a room now. Where the server does not tell,
// they are anyone.
func (p *Platform) right(ctx context.Context, room, user string) (chat.Right, error) {
	p.memory.mu.Lock()
	w, known := p.memory.powers[room]
	p.memory.mu.Unlock()
	if known {
		return w.right(user), nil
	}
	w, err := p.powers(ctx, room)
	if err != nil {
		return chat.Anyone, fmt.Errorf("ask for the rights of %s: %w", user, err)
	}
	p.memory.mu.Lock()
	p.memory.powers[room] = w
	p.memory.mu.Unlock()
	return w.right(user), nil
}

// powers asks for a room's power levels. From room version 12 on, whose ids
// name no server, a room's creators stand above the levels.
func (p *Platform) powers(ctx context.Context, room string) (powers, error) {
	var w powers
	err := p.lookUp(ctx, p.address("v3", "rooms", room, "state", "m.room.power_levels", ""), &w.levels)
	if err != nil || strings.Contains(room, ":") {
		return w, err
	}
	var create wire
	query := map[string]string{"format": "event"}
	err = p.lookUp(ctx, p.addressWith(query, "v3", "rooms", room, "state", "m.room.create", ""), &create)
	w.creators = append(w.creators, create.Sender)
	more, _ := create.Content["additional_creators"].([]any)
	for _, creator := range more {
		if user, ok := creator.(string); ok {
			w.creators = append(w.creators, user)
		}
	}
	return w, err
}
