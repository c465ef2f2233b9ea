package api

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/notify"
)

// told serves what is asked of the notices, where there are any.
func told(serve func(*server, notify.Preferences, http.ResponseWriter, *call) error) func(*server, http.ResponseWriter, *call) error {
	return func(s *server, w http.ResponseWriter, c *call) error {
		if s.cfg.Notices == nil {
			return fail(orders.EUNAVAILABLE, "This relay sends no notices.")
		}
		return serve(s, s.cfg.Notices, w, c)
	}
}

// byDefault is a notify.Switch that nobody has touched.
const byDefault = "default"

// noticeSettings are what a participant wants, as the API says it.
type noticeSettings struct {
	DM         string     `json:"dm"`
	Events     []string   `json:"events"` // globs; empty: all
	MutedUntil *time.Time `json:"mutedUntil,omitempty"`
	Email      string     `json:"email,omitempty"`
	Pending    string     `json:"pendingEmail,omitempty"`
}

// answerSettings answers with how the caller is told now.
func answerSettings(p notify.Preferences, w http.ResponseWriter, c *call, status int) error {
	s, err := p.Get(c.Context(), c.caller.Pubkey)
	if err != nil {
		return err
	}
	shown := noticeSettings{DM: string(s.DM), Events: append([]string{}, s.Events...), Email: s.Email, Pending: s.Pending}
	if s.DM == notify.ByDefault {
		shown.DM = byDefault
	}
	if !s.MutedUntil.IsZero() {
		shown.MutedUntil = &s.MutedUntil
	}
	return answer(w, status, shown)
}

// getNoticeSettings: GET /api/v1/notices/settings.
func (s *server) getNoticeSettings(p notify.Preferences, w http.ResponseWriter, c *call) error {
	return answerSettings(p, w, c, http.StatusOK)
}

// setNoticeSettings: PUT /api/v1/notices/settings. It takes all of them but the
// address: so none is lost between two pages that are open side by side.
func (s *server) setNoticeSettings(p notify.Preferences, w http.ResponseWriter, c *call) error {
	var dm, until string
	var events []string
	err := fields{
		"dm": text(&dm), "events": decoded("a list of strings", &events), "mutedUntil": text(&until),
	}.read(c.body, "dm", "events")
	if err != nil {
		return err
	}
	var want notify.Settings
	switch dm {
	case string(notify.On), string(notify.Off):
		want.DM = notify.Switch(dm)
	case byDefault:
	default:
		return invalid("dm", "dm is on, off or default.")
	}
	if want.Events, err = parseEvents(events); err != nil {
		return err
	}
	if want.MutedUntil, err = parseMoment("mutedUntil", until); err != nil {
		return err
	}
	if err := s.changes.take(c.addr, s.cfg.Now()); err != nil {
		return err
	}
	if err := p.Set(c.Context(), c.caller.Pubkey, want); err != nil {
		return err
	}
	return answerSettings(p, w, c, http.StatusOK)
}

// setEmail: PUT /api/v1/notices/email.
func (s *server) setEmail(p notify.Preferences, w http.ResponseWriter, c *call) error {
	var address string
	if err := (fields{"address": text(&address)}).read(c.body, "address"); err != nil {
		return err
	}
	if address == "" { // to the port, that takes it away
		return invalid("address", "address is empty: DELETE takes an address away.")
	}
	if err := s.changes.take(c.addr, s.cfg.Now()); err != nil {
		return err
	}
	err := p.SetEmail(c.Context(), c.caller.Pubkey, address)
	switch {
	case errors.Is(err, notify.ErrTooManyCodes):
		return fail(codeRateLimited, err.Error()).after(strconv.Itoa(int(notify.CodeEvery / time.Second)))
	case orders.ErrorCode(err) == orders.EINVALID:
		return invalid("address", "address must be an e-mail address, without a name.")
	case err != nil:
		return err
	}
	return answerSettings(p, w, c, http.StatusAccepted)
}

// confirmEmail: POST /api/v1/notices/email/confirm.
func (s *server) confirmEmail(p notify.Preferences, w http.ResponseWriter, c *call) error {
	var code string
	if err := (fields{"code": text(&code)}).read(c.body, "code"); err != nil {
		return err
	}
	if err := s.changes.take(c.addr, s.cfg.Now()); err != nil {
		return err
	}
	if _, err := p.ConfirmEmail(c.Context(), c.caller.Pubkey, code); err != nil {
		return err
	}
	return answerSettings(p, w, c, http.StatusOK)
}

// removeEmail: DELETE /api/v1/notices/email.
func (s *server) removeEmail(p notify.Preferences, w http.ResponseWriter, c *call) error {
	if err := p.SetEmail(c.Context(), c.caller.Pubkey, ""); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// A notice is one thing that the caller was told, or is to be.
type notice struct {
	ID       int64              `json:"id"`
	OrderID  string             `json:"orderId"`
	Event    notify.Event       `json:"event"`
	Channel  string             `json:"channel"`
	Webhook  string             `json:"webhook,omitempty"` // its id
	Relay    string             `json:"relay,omitempty"`   // elsewhere
	State    ledger.NoticeState `json:"state"`
	Reason   string             `json:"reason,omitempty"`
	Attempts int                `json:"attempts"`
	Created  time.Time          `json:"created"`
	Next     *time.Time         `json:"next,omitempty"`
	Settled  *time.Time         `json:"settled,omitempty"`
}

func showNotice(n ledger.Notice) (int64, notice) {
	shown := notice{
		ID: n.ID, OrderID: n.IntentID, Event: notify.EventOf(n), Channel: notify.Channel(n.Lane), Relay: notify.RelayOf(n.Lane),
		State: n.State, Reason: n.LastError, Attempts: n.Attempts, Created: utc(n.CreatedAt),
	}
	if shown.Channel == notify.ByWebhook {
		shown.Webhook = n.Lane
	}
	if n.State == ledger.NoticeDue {
		shown.Next = new(utc(n.NextAt))
	} else {
		shown.Settled = new(utc(n.SettledAt))
	}
	return n.ID, shown
}

func utc(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// listNotices: GET /api/v1/notices.
func (s *server) listNotices(p notify.Preferences, w http.ResponseWriter, c *call) error {
	return answerNewest(w, c, func(before int64, limit int) ([]ledger.Notice, error) {
		return p.Notices(c.Context(), c.caller.Pubkey, before, limit)
	}, showNotice)
}

// redeliver: POST /api/v1/notices/{id}/redeliver.
func (s *server) redeliver(p notify.Preferences, w http.ResponseWriter, c *call) error {
	id, err := strconv.ParseInt(c.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return badParameter("id", "id is the number of a notice.")
	}
	if err := s.changes.take(c.addr, s.cfg.Now()); err != nil {
		return err
	}
	if err := p.Again(c.Context(), c.caller.Pubkey, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}
