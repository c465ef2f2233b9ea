package notify

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/outgoing"
)

// A Hook is a webhook of the operator's, as the configuration has it.
type Hook struct {
	URL     string
	Secrets []string // whsec_…; the second one is the former, while both hold
	Events  Choice
}

// ID names it, and is the same as long as the URL is.
func (h Hook) ID() string {
	sum := sha256.Sum256([]byte(h.URL))
	return hookPrefix + hex.EncodeToString(sum[:10])
}

const (
	hookPrefix = "whe_"
	// mostHooks is how many one participant may have.
	mostHooks = 5
	maxURL    = 2000
	// oldSecretFor is how long the former secret still signs, too.
	oldSecretFor = 24 * time.Hour
	sealedHook   = "webhook"
	sealedEmail  = "email"
)

// A target is where a webhook leads to. It is only ever stored sealed.
type target struct {
	URL    string    `json:"url"`
	Secret string    `json:"secret"`
	Former string    `json:"former,omitempty"`
	Until  time.Time `json:"until,omitzero"` // the former secret signs, too
}

func (t *target) secrets(now time.Time) []string {
	if t.Former != "" && now.Before(t.Until) {
		return []string{t.Secret, t.Former}
	}
	return []string{t.Secret}
}

// target is a webhook's, and the client that may go there.
func (n *Notifier) target(w ledger.Webhook) (target, *http.Client, error) {
	if w.Owner == "" {
		h, ok := n.hooks[w.ID]
		if !ok {
			return target{}, nil, orders.Errorf(orders.ENOTFOUND, "this webhook is not configured")
		}
		t := target{URL: h.URL, Secret: h.Secrets[0]}
		if len(h.Secrets) > 1 {
			t.Former, t.Until = h.Secrets[1], n.now().Add(time.Hour)
		}
		return t, n.own, nil
	}
	t, err := n.openTarget(w)
	return t, n.post, err
}

func (n *Notifier) openTarget(w ledger.Webhook) (t target, err error) {
	text, err := n.cfg.Master.OpenText(w.Sealed, sealedHook, w.Owner+"|"+w.ID)
	if err == nil {
		err = json.Unmarshal([]byte(text), &t)
	}
	return t, err
}

func (n *Notifier) sealTarget(w *ledger.Webhook, t target) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	w.Sealed, err = n.cfg.Master.SealText(string(text), sealedHook, w.Owner+"|"+w.ID)
	return err
}

// A Webhook is where a participant is told by a program. Its secret is shown by
// AddWebhook and RotateWebhook alone.
type Webhook struct {
	ID       string    `json:"id"`
	URL      string    `json:"url"`
	Events   []string  `json:"events"` // globs; empty: all
	Created  time.Time `json:"created"`
	Disabled string    `json:"disabled,omitempty"` // why nothing is posted: "gone" (HTTP 410) or "failures"
	Secret   string    `json:"secret,omitempty"`   // whsec_…
}

func (n *Notifier) shown(w ledger.Webhook) (Webhook, error) {
	t, err := n.openTarget(w)
	if err != nil {
		return Webhook{}, err
	}
	events, err := ParseChoice(w.Events)
	return Webhook{ID: w.ID, URL: t.URL, Events: events, Created: time.UnixMilli(w.CreatedAt).UTC(), Disabled: w.Disabled}, err
}

// ParseHookURL reads where a webhook leads to: https, and http where private
// addresses are allowed. EINVALID, without a word of it.
func ParseHookURL(text string, private bool) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Host == "", u.Hostname() == "", len(text) > maxURL:
		return "", orders.Errorf(orders.EINVALID, "this is no https:// URL")
	case u.Scheme != "https" && !(private && u.Scheme == "http"):
		return "", orders.Errorf(orders.EINVALID, "a webhook needs an https:// URL")
	case u.User != nil || u.Fragment != "":
		return "", orders.Errorf(orders.EINVALID, "a webhook's URL has neither a user nor a fragment")
	case outgoing.Refuses(u.Hostname(), private):
		return "", orders.Errorf(orders.EINVALID, "a webhook leads to a public address")
	}
	return u.String(), nil
}

// Webhooks lists the webhooks of pubkey (hex).
func (n *Notifier) Webhooks(ctx context.Context, pubkey string) ([]Webhook, error) {
	rows, err := n.ledger.Webhooks(ctx, pubkey)
	list := make([]Webhook, 0, len(rows))
	for _, row := range rows {
		w, err := n.shown(row)
		if err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, err
}

// AddWebhook has notices to pubkey (hex) posted to a URL. The answer holds the
// secret, which is not shown again. EINVALID; ECONFLICT for one too many.
func (n *Notifier) AddWebhook(ctx context.Context, pubkey, to string, events Choice) (Webhook, error) {
	to, err := ParseHookURL(to, n.cfg.Private)
	if err != nil {
		return Webhook{}, err
	}
	random := make([]byte, 10)
	_, _ = rand.Read(random) // never fails
	row := ledger.Webhook{ID: hookPrefix + hex.EncodeToString(random), Owner: pubkey, Events: events.String(), CreatedAt: n.now().UnixMilli()}
	secret := NewSecret()
	if err := n.sealTarget(&row, target{URL: to, Secret: secret}); err != nil {
		return Webhook{}, err
	}
	if err := n.ledger.AddWebhook(ctx, row, mostHooks); err != nil {
		return Webhook{}, err
	}
	w, err := n.shown(row)
	w.Secret = secret
	return w, err
}

// RotateWebhook makes a new secret; the former one signs beside it for a day.
// ENOTFOUND.
func (n *Notifier) RotateWebhook(ctx context.Context, pubkey, id string) (Webhook, error) {
	row, err := n.webhookOf(ctx, pubkey, id)
	if err != nil {
		return Webhook{}, err
	}
	t, err := n.openTarget(row)
	if err != nil {
		return Webhook{}, err
	}
	t.Former, t.Until, t.Secret = t.Secret, n.now().Add(oldSecretFor), NewSecret()
	if err := n.sealTarget(&row, t); err != nil {
		return Webhook{}, err
	}
	if err := n.ledger.ChangeWebhook(ctx, row); err != nil {
		return Webhook{}, err
	}
	row.Disabled = ""
	w, err := n.shown(row)
	w.Secret = t.Secret
	return w, err
}

// EnableWebhook has notices posted again. ENOTFOUND.
func (n *Notifier) EnableWebhook(ctx context.Context, pubkey, id string) error {
	return n.ledger.EnableWebhook(ctx, id, pubkey)
}

// RemoveWebhook takes one away, with what was due there. ENOTFOUND.
func (n *Notifier) RemoveWebhook(ctx context.Context, pubkey, id string) error {
	if pubkey == "" {
		return orders.Errorf(orders.ENOTFOUND, "no such webhook of yours is here")
	}
	return n.ledger.RemoveWebhook(ctx, id, pubkey, n.now().UnixMilli())
}

// Deliveries lists what was tried for a webhook, the newest first, before a delivery's
// id (0: all). ENOTFOUND.
func (n *Notifier) Deliveries(ctx context.Context, pubkey, id string, before int64, limit int) ([]ledger.Delivery, error) {
	if _, err := n.webhookOf(ctx, pubkey, id); err != nil {
		return nil, err
	}
	return n.ledger.Deliveries(ctx, id, before, limit)
}

func (n *Notifier) webhookOf(ctx context.Context, pubkey, id string) (ledger.Webhook, error) {
	w, ok, err := n.ledger.Webhook(ctx, id)
	if err == nil && (!ok || w.Owner != pubkey || pubkey == "") {
		err = orders.Errorf(orders.ENOTFOUND, "no such webhook of yours is here")
	}
	return w, err
}
