package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"marginalia/internal/chat"
)

// hook is a webhook of the bot's: the voice of those who speak elsewhere. A
// channel has one.
type hook struct {
	ID          string `json:"id"`
	Token       string `json:"token"`
	Application string `json:"application_id"`
}

// hooks knows the bot's webhooks. What it does not know is looked up, or made.
type hooks struct {
	mu    sync.Mutex
	all   map[string]hook // by channel
	ids   map[string]bool // of all that were known at any time
	doing map[string]chan struct{}
}

func newHooks() hooks {
	return hooks{all: map[string]hook{}, ids: map[string]bool{}, doing: map[string]chan struct{}{}}
}

func (h *hooks) has(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ids[id]
}

func (h *hooks) put(channel string, one hook) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[channel], h.ids[one.ID] = one, true
}

func (h *hooks) drop(channel string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.all, channel)
}

// enter lets one at a time look for a channel's webhook: two would make two.
func (h *hooks) enter(ctx context.Context, channel string) (hook, func(), error) {
	for {
		h.mu.Lock()
		one, known := h.all[channel]
		busy := h.doing[channel]
		if known || busy == nil {
			done := make(chan struct{})
			if !known {
				h.doing[channel] = done
			}
			h.mu.Unlock()
			return one, func() { h.leave(channel, done, known) }, nil
		}
		h.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return hook{}, nil, ctx.Err()
		}
	}
}

func (h *hooks) leave(channel string, done chan struct{}, known bool) {
	if known {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.doing, channel)
	close(done)
}

// hookName is what the bot's webhooks are called in a channel's settings.
const hookName = "Marginalia"

// hook returns the bot's webhook of a channel: the one that is known, or that
// it made at any time, or a new one.
func (p *Platform) hook(ctx context.Context, channel string) (hook, error) {
	one, leave, err := p.hooks.enter(ctx, channel)
	if err != nil {
		return hook{}, err
	}
	defer leave()
	if one.ID != "" {
		return one, nil
	}
	me, err := p.who(ctx)
	if err != nil {
		return hook{}, err
	}
	var all []hook
	if err := p.get(ctx, "channels/"+channel+"/webhooks", nil, &all); err != nil {
		return hook{}, needing("Manage Webhooks", looking(err))
	}
	for _, h := range all {
		if h.Application == me.application && h.Token != "" {
			p.hooks.put(channel, h)
			return h, nil
		}
	}
	make := ask{method: http.MethodPost, path: "channels/" + channel + "/webhooks", scope: chat.RoomScope, in: map[string]string{"name": hookName}}
	if err := p.call(ctx, make, &one); err != nil {
		return hook{}, needing("Manage Webhooks", looking(err))
	}
	p.hooks.put(channel, one)
	return one, nil
}

// needing adds to a refusal which permission it may be about.
func needing(permission string, err error) error {
	if errors.Is(err, chat.ErrForbidden) {
		return fmt.Errorf("%w (does the bot have the permission “%s” there?)", err, permission)
	}
	return err
}

// withHook does something with a channel's webhook. One that somebody deleted
// is replaced, once.
func (p *Platform) withHook(ctx context.Context, channel string, do func(hook) error) error {
	for tries := 0; ; tries++ {
		h, err := p.hook(ctx, channel)
		if err != nil {
			return err
		}
		if err = do(h); !is(err, unknownWebhook, wrongHookToken) {
			return err
		}
		p.hooks.drop(channel)
		if tries > 0 {
			return err
		}
	}
}
