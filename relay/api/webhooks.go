package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/notify"
)

// hook is a webhook as its owner sees it: its list of events is never null.
func hook(w notify.Webhook) notify.Webhook {
	w.Events = append([]string{}, w.Events...)
	return w
}

// listWebhooks: GET /api/v1/webhooks.
func (s *server) listWebhooks(p notify.Preferences, w http.ResponseWriter, c *call) error {
	list, err := p.Webhooks(c.Context(), c.caller.Pubkey)
	if err != nil {
		return err
	}
	data := make([]notify.Webhook, len(list))
	for i, one := range list {
		data[i] = hook(one)
	}
	return answer(w, http.StatusOK, map[string]any{"data": data})
}

// addWebhook: POST /api/v1/webhooks.
func (s *server) addWebhook(p notify.Preferences, w http.ResponseWriter, c *call) error {
	var to string
	var events []string
	if err := (fields{"url": text(&to), "events": decoded("a list of strings", &events)}).read(c.body, "url"); err != nil {
		return err
	}
	choice, err := parseEvents(events)
	if err != nil {
		return err
	}
	if err := s.changes.take(c.addr, s.cfg.Now()); err != nil {
		return err
	}
	added, err := p.AddWebhook(c.Context(), c.caller.Pubkey, to, choice)
	switch {
	case orders.ErrorCode(err) == orders.EINVALID: // the events are none of it any more
		return invalid("url", "url must be an https:// URL, without a user and a fragment.")
	case err != nil:
		return err
	}
	w.Header().Set("Location", "/api/v1/webhooks/"+added.ID)
	return answer(w, http.StatusCreated, hook(added))
}

// removeWebhook: DELETE /api/v1/webhooks/{id}.
func (s *server) removeWebhook(p notify.Preferences, w http.ResponseWriter, c *call) error {
	if err := p.RemoveWebhook(c.Context(), c.caller.Pubkey, c.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// rotateWebhook: POST /api/v1/webhooks/{id}/rotate.
func (s *server) rotateWebhook(p notify.Preferences, w http.ResponseWriter, c *call) error {
	if err := s.changes.take(c.addr, s.cfg.Now()); err != nil {
		return err
	}
	rotated, err := p.RotateWebhook(c.Context(), c.caller.Pubkey, c.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, hook(rotated))
}

// enableWebhook: POST /api/v1/webhooks/{id}/enable.
func (s *server) enableWebhook(p notify.Preferences, w http.ResponseWriter, c *call) error {
	if err := s.changes.take(c.addr, s.cfg.Now()); err != nil {
		return err
	}
	if err := p.EnableWebhook(c.Context(), c.caller.Pubkey, c.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// A delivery is one try to post to a webhook.
type delivery struct {
	ID     int64     `json:"id"`
	Notice int64     `json:"notice"` // its id, by which it is delivered again
	At     time.Time `json:"at"`
	Took   int64     `json:"tookMs"`
	Status int       `json:"status,omitempty"` // HTTP's; absent: there was no answer
	Error  string    `json:"error,omitempty"`
	Again  bool      `json:"again"`
}

// listDeliveries: GET /api/v1/webhooks/{id}/deliveries.
func (s *server) listDeliveries(p notify.Preferences, w http.ResponseWriter, c *call) error {
	return answerNewest(w, c, func(before int64, limit int) ([]ledger.Delivery, error) {
		return p.Deliveries(c.Context(), c.caller.Pubkey, c.PathValue("id"), before, limit)
	}, func(d ledger.Delivery) (int64, delivery) {
		return d.ID, delivery{ID: d.ID, Notice: d.Notice, At: utc(d.At), Took: d.Took, Status: d.Status, Error: d.Error, Again: d.Again}
	})
}

// mostEvents is how many patterns a list of events may have: there are fewer events.
const mostEvents = 32

// parseEvents reads a list of events. An answer does not quote what is none of them.
func parseEvents(list []string) (choice notify.Choice, err error) {
	if len(list) > mostEvents {
		return nil, invalid("events", "events has too many entries.")
	}
	for _, word := range list {
		if one, err := notify.ParseChoice(word); err != nil || len(one) != 1 || len(word) > 64 {
			return nil, invalid("events", "events is a list of events, or of patterns such as order.*: "+eventNames+".")
		}
	}
	return notify.ParseChoice(strings.Join(list, ","))
}

var eventNames = func() string {
	names := make([]string, len(notify.Events))
	for i, e := range notify.Events {
		names[i] = string(e)
	}
	return strings.Join(names, ", ")
}()
