package web

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/notify"
)

// A herald has what people want to be told, in memory.
type herald struct {
	settings map[string]notify.Settings
	hooks    map[string][]notify.Webhook
	told     map[string][]ledger.Notice // the newest first
	again    []int64
	refuse   error // of what is asked next
}

func (p *herald) refused() error {
	err := p.refuse
	p.refuse = nil
	return err
}

func (p *herald) Get(_ context.Context, k string) (notify.Settings, error) { return p.settings[k], nil }

func (p *herald) Set(_ context.Context, k string, s notify.Settings) error {
	if err := p.refused(); err != nil {
		return err
	}
	s.Email, s.Pending = p.settings[k].Email, p.settings[k].Pending
	p.settings[k] = s
	return nil
}

func (p *herald) SetEmail(_ context.Context, k, address string) error {
	if err := p.refused(); err != nil {
		return err
	}
	s := p.settings[k]
	if s.Pending = address; address == "" {
		s.Email = ""
	}
	p.settings[k] = s
	return nil
}

func (p *herald) ConfirmEmail(_ context.Context, k, code string) (string, error) {
	s := p.settings[k]
	switch {
	case s.Pending == "":
		return "", orders.Errorf(orders.ENOTFOUND, "none")
	case code != "12345678":
		return "", orders.Errorf(orders.EFORBIDDEN, "wrong")
	}
	s.Email, s.Pending = s.Pending, ""
	p.settings[k] = s
	return s.Email, nil
}

func (p *herald) Webhooks(_ context.Context, k string) ([]notify.Webhook, error) {
	return p.hooks[k], nil
}

func (p *herald) AddWebhook(_ context.Context, k, to string, events notify.Choice) (notify.Webhook, error) {
	if err := p.refused(); err != nil {
		return notify.Webhook{}, err
	}
	if !strings.HasPrefix(to, "https://") {
		return notify.Webhook{}, orders.Errorf(orders.EINVALID, "no")
	}
	w := notify.Webhook{ID: "whe_" + strconv.Itoa(len(p.hooks[k])) + k[:4], URL: to, Events: events, Created: today}
	p.hooks[k] = append(p.hooks[k], w)
	w.Secret = "whsec_new"
	return w, nil
}

func (p *herald) of(k, id string) (*notify.Webhook, error) {
	for i := range p.hooks[k] {
		if p.hooks[k][i].ID == id {
			return &p.hooks[k][i], nil
		}
	}
	return nil, orders.Errorf(orders.ENOTFOUND, "none")
}

func (p *herald) RotateWebhook(_ context.Context, k, id string) (notify.Webhook, error) {
	w, err := p.of(k, id)
	if err != nil {
		return notify.Webhook{}, err
	}
	rotated := *w
	rotated.Secret = "whsec_rotated"
	return rotated, nil
}

func (p *herald) EnableWebhook(_ context.Context, k, id string) error {
	w, err := p.of(k, id)
	if err == nil {
		w.Disabled = ""
	}
	return err
}

func (p *herald) RemoveWebhook(_ context.Context, k, id string) error {
	if _, err := p.of(k, id); err != nil {
		return err
	}
	p.hooks[k] = slices.DeleteFunc(p.hooks[k], func(w notify.Webhook) bool { return w.ID == id })
	return nil
}

func (p *herald) Deliveries(_ context.Context, k, id string, before int64, limit int) (tries []ledger.Delivery, err error) {
	if _, err := p.of(k, id); err != nil {
		return nil, err
	}
	for _, d := range []ledger.Delivery{
		{ID: 9, Notice: 4, At: today.UnixMilli(), Took: 31, Status: 503, Error: "http-503"},
		{ID: 8, Notice: 3, At: today.UnixMilli(), Took: 15000, Error: "timeout"},
		{ID: 7, Notice: 2, At: today.UnixMilli(), Took: 12, Status: 204, Again: true},
	} {
		if before == 0 || d.ID < before {
			tries = append(tries, d)
		}
	}
	return tries[:min(limit, len(tries))], nil
}

func (p *herald) Notices(_ context.Context, k string, before int64, limit int) (told []ledger.Notice, err error) {
	for _, n := range p.told[k] {
		if before == 0 || n.ID < before {
			told = append(told, n)
		}
	}
	return told[:min(limit, len(told))], nil
}

func (p *herald) Again(_ context.Context, k string, id int64) error {
	i := slices.IndexFunc(p.told[k], func(n ledger.Notice) bool { return n.ID == id })
	switch {
	case i < 0:
		return orders.Errorf(orders.ENOTFOUND, "none")
	case p.told[k][i].State == ledger.NoticeDue:
		return orders.Errorf(orders.ECONFLICT, "due")
	}
	p.again = append(p.again, id)
	return nil
}

func noticesHouse(t *testing.T, change ...func(*Config)) (*house, *herald) {
	p := &herald{settings: map[string]notify.Settings{}, hooks: map[string][]notify.Webhook{}, told: map[string][]ledger.Notice{}}
	h := newHouse(t, append([]func(*Config){func(c *Config) { c.Notices, c.Channels = p, Channels{DM: true, Email: true} }}, change...)...)
	return h, p
}
