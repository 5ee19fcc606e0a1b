package main

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/command"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// scene is what one picture shows, from the top down.
type scene struct {
	name          string
	Width, Height int
	Parts         []part
}

// part is a stretch of a scene: messages, a menu, or a form.
type part struct {
	Head     string
	Messages []shown
	Menu     []string
	Form     *discordtest.Modal
}

// shown is a message as it is drawn.
type shown struct {
	Name    string
	Bot     bool
	At      string
	Body    template.HTML
	Buttons []discordtest.Button
	Private bool
}

func (s *stage) play(ctx context.Context) ([]scene, error) {
	post, err := s.posted(ctx)
	if err != nil {
		return nil, err
	}
	ann, ben := s.site.User("Ann"), s.site.User("Ben")
	form, err := ann.Press(post.ID, "Annotate")
	if err != nil {
		return nil, err
	}
	if err := until(ctx, "a form is open", func() bool { return form.Modal() != nil }); err != nil {
		return nil, err
	}
	if err := s.talk(ctx, post, ann, form); err != nil {
		return nil, err
	}
	var answers []part
	for _, ask := range []struct {
		who  *discordtest.User
		what string
	}{{ann, "essay digest"}, {ann, "essay passage"}, {ben, "essay host next"}} {
		options := map[string]string{}
		if ask.what == "essay passage" {
			options["which"] = "2"
		}
		i, err := ask.who.Slash(s.club, ask.what, options)
		if err != nil {
			return nil, err
		}
		if err := i.Wait(ctx); err != nil {
			return nil, err
		}
		p := part{Head: ask.who.Name() + " uses /" + ask.what}
		for _, a := range i.Answers() {
			p.Messages = append(p.Messages, s.told("Marginalia", true, a.Text, a.Private, nil))
		}
		answers = append(answers, p)
	}
	var menu []string
	for _, c := range command.Words(command.Env{DB: s.db}) {
		if c.Menu != "" {
			menu = append(menu, c.Menu)
		}
	}
	channel := part{Head: "# book-club", Messages: s.drawn(s.club)}
	thread, _ := s.site.ThreadOf(post.Thread)
	return []scene{
		{"post", 760, 940, []part{channel, {Head: "Thread: " + thread.Name, Messages: s.drawn(post.Thread)}}},
		{"form", 520, 850, []part{{Head: "Annotate", Form: form.Modal()}, {Head: "Apps, in the menu of a message", Menu: menu}}},
		{"answers", 760, 642, answers},
	}, nil
}

// posted has the first passage posted.
func (s *stage) posted(ctx context.Context) (post discordtest.Message, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		_, err := relay.Advance(tx, "daily", "first", 1, time.Now())
		return err
	})
	return post, errors.Join(err, until(ctx, "a post has its thread", func() bool {
		for _, m := range s.site.Messages(s.club) {
			if m.Thread != "" {
				post = m
			}
		}
		return post.ID != "" && len(s.away.Read(chat.Place{Room: s.hall})) > 0
	}))
}

// talk has people talk about the passage, on both sides.
func (s *stage) talk(ctx context.Context, post discordtest.Message, ann *discordtest.User, form *discordtest.Interaction) error {
	if _, err := ann.Say(post.Thread, "> That interruption of yours has cost us more than ten lines\nTen lines of what, I wonder.", ""); err != nil {
		return err
	}
	root := s.away.Read(chat.Place{Room: s.hall})[0]
	s.away.User("Miriam").Say(chat.Place{Room: s.hall, Thread: root.Ref.ID}, "The guest is the reader here. Is that not the whole essay?", chat.Ref{})
	if err := s.has(ctx, post.Thread, "whole essay"); err != nil {
		return err
	}
	if _, err := form.Submit(map[string]string{"words": "certain that he was listening", "remark": "So listening *shows* only when it interrupts."}); err != nil {
		return err
	}
	return s.has(ctx, post.Thread, "only when it interrupts")
}

func (s *stage) has(ctx context.Context, channel, words string) error {
	return until(ctx, fmt.Sprintf("%q stands in the thread", words), func() bool {
		for _, m := range s.site.Messages(channel) {
			if strings.Contains(m.Text, words) {
				return true
			}
		}
		return false
	})
}

// drawn are the messages of a channel or thread.
func (s *stage) drawn(channel string) (all []shown) {
	for _, m := range s.site.Messages(channel) {
		if m.System {
			continue
		}
		name, bot := m.Name, m.Webhook || m.Author == s.site.Application()
		if name == "" {
			name, bot = "Marginalia", true
		}
		all = append(all, s.told(name, bot, m.Text, false, m.Buttons))
	}
	return all
}

func (s *stage) told(name string, bot bool, text string, private bool, buttons []discordtest.Button) shown {
	body := format.HTML{}.Print(format.Discord{}.Parse(text)) // it is made to be shown
	return shown{Name: name, Bot: bot, At: "18:30", Body: template.HTML(body), Private: private, Buttons: buttons}
}
