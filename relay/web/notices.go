package web

import (
	"net/http"
	"strconv"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/notify"
)

// Channels are the ways by which this relay sends notices, webhooks aside.
type Channels struct{ DM, Email bool }

var noticesRoutes = []route{
	{pattern: "GET /keys/notices", signedIn: true, serve: told((*server).notices)},
	{pattern: "POST /keys/notices", signedIn: true, serve: told((*server).setNotices)},
	{pattern: "POST /keys/notices/email", signedIn: true, serve: told((*server).setEmail)},
	{pattern: "POST /keys/notices/email/confirm", signedIn: true, serve: told((*server).confirmEmail)},
	{pattern: "POST /keys/notices/email/remove", signedIn: true, serve: told((*server).removeEmail)},
	{pattern: "POST /keys/notices/{id}/again", signedIn: true, serve: told((*server).sendAgain)},
}

// told serves a page where there are notices. Elsewhere there is no such page.
func told(serve func(*server, *visit) error) func(*server, *visit) error {
	return func(s *server, v *visit) error {
		if s.cfg.Notices == nil {
			return orders.Errorf(orders.ENOTFOUND, "this relay sends no notices")
		}
		return serve(s, v)
	}
}

// Notices is the page of how the viewer is told, with what a form had in it where that
// could not be taken.
type Notices struct {
	Channels
	DM      string // of positions
	Events  []Pick
	Muted   int64  // ms: until then; 0: not
	Mute    string // of Mutes, or muteDay
	Day     string // of muteDay
	Email   string
	Pending string // waits for its code
	Address string // as it was typed

	Hooks   []Hook
	HookURL string // as it was typed
	Picks   []Pick // of a new webhook
	Secret  *HookSecret

	Recent []Notice
	Failed int   // of Recent
	Older  int64 // for the next page; 0: this was all
	Newer  bool  // this is not the first one

	Faults map[string]string // by the field: a key of the catalogue
	Done   string
}

// Positions are those of the switch.
func (Notices) Positions() []string { return positions }

// Mutes are for how long nothing is to come.
func (n Notices) Mutes() []string {
	if n.Muted == 0 {
		return mutes
	}
	return append([]string{muteKeep}, mutes...)
}

// Notice is one thing that the viewer was told, or is to be.
type Notice struct {
	ID                       int64
	Order, Path              string
	Event                    notify.Event
	Channel                  string
	State                    ledger.NoticeState
	Reason                   string // a code
	Attempts                 int
	Created, Next, SettledAt int64 // ms
}

// Icon is the shape of its state.
func (n Notice) Icon() string {
	return map[ledger.NoticeState]string{ledger.NoticeDue: "clock", ledger.NoticeSent: "circle-check", ledger.NoticeFailed: "circle-x", ledger.NoticeDropped: "eye-off"}[n.State]
}

// Trouble reports whether something has gone wrong with it, so far or for good.
func (n Notice) Trouble() bool {
	return n.State == ledger.NoticeFailed || n.State == ledger.NoticeDue && n.Reason != ""
}

// noticesShown is how many are on a page.
const noticesShown = 25

// noticesPage is the page as it stands: before is where the list of what was told begins.
func (s *server) noticesPage(v *visit, before int64) (*Notices, error) {
	p := s.cfg.Notices
	settings, err := p.Get(v.Context(), v.viewer)
	if err != nil {
		return nil, err
	}
	page := &Notices{
		Channels: s.cfg.Channels, DM: switchName(settings.DM), Events: picks(settings.Events), Mute: muteNot,
		Email: settings.Email, Pending: settings.Pending, Picks: picks(nil), Newer: before > 0, Faults: map[string]string{},
	}
	if settings.MutedUntil.After(v.now) {
		page.Muted, page.Mute = settings.MutedUntil.UnixMilli(), muteKeep
	}
	hooks, err := p.Webhooks(v.Context(), v.viewer)
	if err != nil {
		return nil, err
	}
	for _, h := range hooks {
		page.Hooks = append(page.Hooks, hookOf(h))
	}
	told, err := p.Notices(v.Context(), v.viewer, before, noticesShown+1) // one more tells whether this is all
	if err != nil {
		return nil, err
	}
	if len(told) > noticesShown {
		told = told[:noticesShown]
		page.Older = told[noticesShown-1].ID
	}
	for _, n := range told {
		page.Recent = append(page.Recent, Notice{
			ID: n.ID, Order: n.IntentID, Path: pathOf(n.IntentID), Event: notify.EventOf(n), Channel: notify.Channel(n.Lane),
			State: n.State, Reason: n.LastError, Attempts: n.Attempts, Created: n.CreatedAt, Next: n.NextAt, SettledAt: n.SettledAt,
		})
		if n.State == ledger.NoticeFailed {
			page.Failed++
		}
	}
	return page, nil
}

// noticesDone is what the page can say was done.
var noticesDone = []string{"saved", "code", "confirmed", "email-removed", "again", "hook-enabled", "hook-removed"}

// notices: GET /keys/notices, with before.
func (s *server) notices(v *visit) error {
	before, done, err := v.askedLog(noticesDone...)
	if err != nil {
		return err
	}
	page, err := s.noticesPage(v, before)
	if err != nil {
		return err
	}
	page.Done = done
	return s.show(v, http.StatusOK, "notices", page)
}

// askedLog reads the query of a list of what happened: where it goes on (before, 0 for
// its beginning), and which of the known things a form has just done. EINVALID.
func (v *visit) askedLog(known ...string) (before int64, done string, err error) {
	query, err := v.asked("done", "before")
	if err != nil {
		return 0, "", err
	}
	if query.Has("before") {
		if before, err = strconv.ParseInt(query.Get("before"), 10, 64); err != nil || before < 1 {
			return 0, "", orders.Errorf(orders.EINVALID, "there is no such page")
		}
	}
	done, err = did(query, known...)
	return before, done, err
}

// noticesFault shows the page again, with what was wrong in one field and with what was
// typed.
func (s *server) noticesFault(v *visit, status int, field, fault string, typed func(*Notices)) error {
	page, err := s.noticesPage(v, 0)
	if err != nil {
		return err
	}
	page.Faults[field] = fault
	if typed != nil {
		typed(page)
	}
	return s.show(v, status, "notices", page)
}

// throttle refuses who changes too much. refused: the answer was given.
func (s *server) throttle(v *visit, field string, typed func(*Notices)) (refused bool, err error) {
	if s.cfg.Throttle == nil || s.cfg.Throttle(v.Request) == nil {
		return false, nil
	}
	v.w.Header().Set("Retry-After", "5")
	return true, s.noticesFault(v, http.StatusTooManyRequests, field, "notices.fault.rate", typed)
}

func noticesDid(v *visit, done string) error {
	v.redirect("/keys/notices?done=" + done)
	return nil
}

// sendAgain: POST /keys/notices/{id}/again, with the id of a webhook whose
// page it was.
func (s *server) sendAgain(v *visit) error {
	form, err := v.form("webhook")
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(v.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return orders.Errorf(orders.ENOTFOUND, "there is no such notice")
	}
	if refused, err := s.throttle(v, "again", nil); refused {
		return err
	}
	switch err := s.cfg.Notices.Again(v.Context(), v.viewer, id); {
	case orders.ErrorCode(err) == orders.ECONFLICT:
		return s.noticesFault(v, http.StatusConflict, "again", "notices.fault.due", nil)
	case err != nil:
		return err
	}
	if id := form.Get("webhook"); id != "" {
		v.redirect(Hook{ID: id}.Path() + "?done=again")
		return nil
	}
	return noticesDid(v, "again")
}
