package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/notify"
)

var webhookRoutes = []route{
	{pattern: "POST /keys/notices/webhooks", signedIn: true, serve: told((*server).addWebhook)},
	{pattern: "GET /keys/notices/webhooks/{id}", signedIn: true, serve: told((*server).webhook)},
	{pattern: "POST /keys/notices/webhooks/{id}/rotate", signedIn: true, serve: told((*server).rotateWebhook)},
	{pattern: "POST /keys/notices/webhooks/{id}/enable", signedIn: true, serve: told((*server).enableWebhook)},
	{pattern: "POST /keys/notices/webhooks/{id}/remove", signedIn: true, serve: told((*server).removeWebhook)},
}

// Hook is a webhook as its owner sees it: without the secret.
type Hook struct {
	ID       string
	URL      string
	Events   []notify.Event // nil: all
	Created  int64          // ms
	Disabled string         // why: "gone", "failures"
}

func hookOf(w notify.Webhook) Hook {
	h := Hook{ID: w.ID, URL: w.URL, Created: millis(w.Created), Disabled: w.Disabled}
	for _, p := range picks(w.Events) {
		if p.Chosen && len(w.Events) > 0 {
			h.Events = append(h.Events, p.Event)
		}
	}
	return h
}

// A HookSecret is a webhook's, in the one answer that has it.
type HookSecret struct {
	URL, Value string
	Rotated    bool // the former one holds for a day
}

// secretPage shows the page with the secret of w, which is on no other page.
func (s *server) secretPage(v *visit, status int, w notify.Webhook, rotated bool) error {
	page, err := s.noticesPage(v, 0)
	if err != nil {
		return err
	}
	page.Secret = &HookSecret{URL: w.URL, Value: w.Secret, Rotated: rotated}
	return s.show(v, status, "notices", page)
}

// addWebhook: POST /keys/notices/webhooks.
func (s *server) addWebhook(v *visit) error {
	form, err := v.form("url", "events")
	if err != nil {
		return err
	}
	choice, shown, fault, err := pick(form["events"])
	if err != nil {
		return err
	}
	to := strings.TrimSpace(form.Get("url"))
	typed := func(page *Notices) { page.HookURL, page.Picks = to, shown }
	if fault != "" {
		return s.noticesFault(v, http.StatusBadRequest, "hook-events", fault, typed)
	}
	if refused, err := s.throttle(v, "url", typed); refused {
		return err
	}
	added, err := s.cfg.Notices.AddWebhook(v.Context(), v.viewer, to, choice)
	switch orders.ErrorCode(err) {
	case "":
		return s.secretPage(v, http.StatusCreated, added, false)
	case orders.EINVALID:
		return s.noticesFault(v, http.StatusBadRequest, "url", "notices.fault.url", typed)
	case orders.ECONFLICT:
		return s.noticesFault(v, http.StatusConflict, "url", "notices.fault.hooks", typed)
	}
	return err
}

// WebhookLog is the page of what was posted to one webhook.
type WebhookLog struct {
	Hook
	Deliveries []Delivery
	Older      int64
	Newer      bool
	Done       string
}

// A Delivery is one try.
type Delivery struct {
	ledger.Delivery
	Good bool
}

const deliveriesShown = 50

// webhook: GET /keys/notices/webhooks/{id}, with before.
func (s *server) webhook(v *visit) error {
	before, done, err := v.askedLog("again")
	if err != nil {
		return err
	}
	page := WebhookLog{Newer: before > 0, Done: done}
	w, err := s.webhookOf(v)
	if err != nil {
		return err
	}
	page.Hook = hookOf(w)
	tries, err := s.cfg.Notices.Deliveries(v.Context(), v.viewer, page.ID, before, deliveriesShown+1)
	if err != nil {
		return err
	}
	if len(tries) > deliveriesShown {
		tries = tries[:deliveriesShown]
		page.Older = tries[deliveriesShown-1].ID
	}
	for _, d := range tries {
		page.Deliveries = append(page.Deliveries, Delivery{d, d.Error == ""})
	}
	return s.show(v, http.StatusOK, "webhook", page)
}

// Path is the page's own.
func (h Hook) Path() string { return "/keys/notices/webhooks/" + url.PathEscape(h.ID) }

// webhookOf finds the viewer's own webhook that the path names. ENOTFOUND.
func (s *server) webhookOf(v *visit) (notify.Webhook, error) {
	list, err := s.cfg.Notices.Webhooks(v.Context(), v.viewer)
	if err != nil {
		return notify.Webhook{}, err
	}
	for _, w := range list {
		if w.ID == v.PathValue("id") {
			return w, nil
		}
	}
	return notify.Webhook{}, orders.Errorf(orders.ENOTFOUND, "no such webhook of yours is here")
}

// rotateWebhook: POST /keys/notices/webhooks/{id}/rotate.
func (s *server) rotateWebhook(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	if refused, err := s.throttle(v, "hooks", nil); refused {
		return err
	}
	rotated, err := s.cfg.Notices.RotateWebhook(v.Context(), v.viewer, v.PathValue("id"))
	if err != nil {
		return err
	}
	return s.secretPage(v, http.StatusOK, rotated, true)
}

// enableWebhook: POST /keys/notices/webhooks/{id}/enable.
func (s *server) enableWebhook(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	if refused, err := s.throttle(v, "hooks", nil); refused {
		return err
	}
	if err := s.cfg.Notices.EnableWebhook(v.Context(), v.viewer, v.PathValue("id")); err != nil {
		return err
	}
	return noticesDid(v, "hook-enabled")
}

// removeWebhook: POST /keys/notices/webhooks/{id}/remove.
func (s *server) removeWebhook(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	if err := s.cfg.Notices.RemoveWebhook(v.Context(), v.viewer, v.PathValue("id")); err != nil {
		return err
	}
	return noticesDid(v, "hook-removed")
}
