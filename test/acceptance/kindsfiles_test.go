//go:build unix

package acceptance

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"marginalia/internal/chat/discord/discordtest"
)

// What people attach.

func (c *cell) file() string { return "sea-" + strings.TrimPrefix(c.token, "tk") + ".png" }

// picture is no picture, but like no other.
func (c *cell) picture() []byte { return []byte("what " + c.file() + " shows") }

func (c *cell) attach() error { return c.attachTo(c.token + " is what I saw, as it was") }

func (c *cell) attachAlone() error { return c.attachTo("") }

func (c *cell) attachTo(words string) (err error) {
	switch s := c.from.(type) {
	case *matrixSide:
		c.id, err = s.sendMedia(c, "m.room.message", map[string]any{"msgtype": "m.image", "filename": c.file(), "body": words})
	case *discordSide:
		c.id, err = s.users[0].Say(s.thread(c.passage), words, "", discordtest.File{Name: c.file(), Type: "image/png", Data: c.picture()})
	}
	return err
}

func (c *cell) stick() (err error) {
	switch s := c.from.(type) {
	case *matrixSide:
		c.id, err = s.sendMedia(c, "m.sticker", map[string]any{"body": strings.TrimSuffix(c.file(), ".png")})
	case *discordSide:
		c.id, err = s.users[0].Sticker(s.thread(c.passage), strings.TrimSuffix(c.file(), ".png"), 1, c.picture())
	}
	return err
}

// sendMedia says what is a file.
func (s *matrixSide) sendMedia(c *cell, kind string, content map[string]any) (string, error) {
	address, err := s.users[0].Upload(s.ctx, "image/png", c.picture())
	if err != nil {
		return "", err
	}
	whole := s.inThread(c.passage, c.file())
	delete(whole, "msgtype")
	for key, value := range content {
		if value != "" {
			whole[key] = value
		}
	}
	whole["url"], whole["info"] = address, map[string]any{"mimetype": "image/png", "size": len(c.picture())}
	return s.send(0, kind, whole)
}

// forward passes on what somebody else attached in the channel, where the bot
// does not take it for a remark.
func (c *cell) forward() error {
	s := c.from.(*discordSide)
	from, err := s.users[1].Say(s.id, c.token+" was said elsewhere", "", discordtest.File{Name: c.file(), Type: "image/png", Data: c.picture()})
	if err == nil {
		c.id, err = s.users[0].Forward(s.thread(c.passage), from)
	}
	return err
}

// What is seen of it.

// hung is a file on the other side, and whose words it goes with.
type hung struct {
	data []byte
	who  string
}

// hangs finds the files of the cell's on the other side, as anyone can get them.
func (c *cell) hangs(r record) (all []hung, err error) {
	switch r := r.(type) {
	case *discordRecord:
		for m := range r.all() {
			if !m.Webhook || !slices.Contains(m.Files, c.file()) {
				continue
			}
			for _, f := range c.to.(*discordSide).Files(m.ID) {
				all = append(all, hung{f.Data, m.Name})
			}
		}
	case *matrixRecord:
		for _, e := range r.events {
			now := r.now[e.ID]
			if now.Sender != r.account || now.Content["filename"] != c.file() {
				continue
			}
			data, err := c.to.(*matrixSide).users[0].Download(c.w.ctx, now.Content)
			if err != nil {
				return nil, err
			}
			all = append(all, hung{data, speaker(now.Content)})
		}
	}
	return all, nil
}

// pictured wants the file once, whole, and as said by whoever said it.
func pictured(c *cell, r record) error {
	all, err := c.hangs(r)
	switch {
	case err != nil:
		return err
	case len(all) != 1 || !bytes.Equal(all[0].data, c.picture()):
		return fmt.Errorf("of %s there hang %q", c.file(), all)
	case strings.ReplaceAll(all[0].who, "·", "") != c.from.people()[0]:
		return fmt.Errorf("%s is shown as %q's", c.file(), all[0].who)
	}
	return nil
}

func attached(c *cell, r record) error {
	return errors.Join(shows(c, r, "is what I saw"), pictured(c, r))
}

func editedBeside(c *cell, r record) error { return errors.Join(edited(c, r), pictured(c, r)) }

func forwarded(c *cell, r record) error {
	return errors.Join(shows(c, r, "Forwarded:"), shows(c, r, "was said elsewhere"), pictured(c, r))
}

func goneWithFile(c *cell, r record) error {
	all, err := c.hangs(r)
	if err == nil && len(all) > 0 {
		err = fmt.Errorf("%s still hangs there", c.file())
	}
	for where, words := range r.texts() {
		if strings.Contains(words, c.file()) {
			err = errors.Join(err, fmt.Errorf("%s can still be read in %s", c.file(), where))
		}
	}
	return errors.Join(err, gone(c, r))
}
