package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/notify"
)

// A Pick is one event that can be chosen.
type Pick struct {
	Event  notify.Event
	Chosen bool
}

// picks shows a choice of events.
func picks(c notify.Choice) []Pick {
	all := make([]Pick, len(notify.Events))
	for i, e := range notify.Events {
		all[i] = Pick{e, c.Has(e)}
	}
	return all
}

// pick reads what was ticked of the events; fault: nothing was. All of them are the
// empty choice: who wants everything wants that also of what may come later.
func pick(ticked []string) (c notify.Choice, shown []Pick, fault string, err error) {
	for _, e := range notify.Events {
		chosen := slices.Contains(ticked, string(e))
		if shown = append(shown, Pick{e, chosen}); chosen {
			c = append(c, string(e))
		}
	}
	switch {
	case slices.ContainsFunc(ticked, func(e string) bool { return !slices.Contains(notify.Events, notify.Event(e)) }):
		return nil, nil, "", orders.Errorf(orders.EINVALID, "there is no such event")
	case len(c) == 0:
		fault = "notices.fault.events"
	case len(c) == len(notify.Events):
		c = nil
	}
	return c, shown, fault, nil
}

const byDefault = "default"

var positions = []string{byDefault, string(notify.On), string(notify.Off)}

func switchName(s notify.Switch) string {
	if s == notify.ByDefault {
		return byDefault
	}
	return string(s)
}

// The choices of muting.
const (
	muteNot  = "not"
	muteKeep = "keep" // as long as it was
	muteDay  = "day"  // until a day begins
)

var (
	mutes    = []string{muteNot, "1h", "8h", "24h", "168h", "720h", muteDay}
	mostMute = 366 * 24 * time.Hour
)

// mutedUntil reads for how long nothing is to come. ok: there is such a choice.
func mutedUntil(choice, day string, now, was time.Time) (until time.Time, fault string, ok bool) {
	switch choice {
	case muteNot:
		return time.Time{}, "", true
	case muteKeep:
		return was, "", true
	case muteDay:
		t, err := time.Parse(time.DateOnly, day)
		if err != nil || !t.After(now) || t.Sub(now) > mostMute {
			return t, "notices.fault.day", true
		}
		return t, "", true
	}
	if !slices.Contains(mutes, choice) {
		return time.Time{}, "", false
	}
	span, err := time.ParseDuration(choice)
	return now.Add(span), "", err == nil
}

// setNotices: POST /keys/notices. It takes all of them but the address.
func (s *server) setNotices(v *visit) error {
	form, err := v.form("dm", "events", "mute", "day")
	if err != nil {
		return err
	}
	dm := form.Get("dm")
	choice, shown, fault, err := pick(form["events"])
	if err != nil {
		return err
	}
	now, err := s.cfg.Notices.Get(v.Context(), v.viewer)
	if err != nil {
		return err
	}
	until, dayFault, ok := mutedUntil(form.Get("mute"), form.Get("day"), v.now, now.MutedUntil)
	if !ok || !slices.Contains(positions, dm) {
		return orders.Errorf(orders.EINVALID, "there is no such choice")
	}
	typed := func(page *Notices) {
		page.DM, page.Events, page.Mute, page.Day = dm, shown, form.Get("mute"), form.Get("day")
		if page.Mute == muteKeep && page.Muted == 0 {
			page.Mute = muteNot
		}
	}
	switch {
	case fault != "":
		return s.noticesFault(v, http.StatusBadRequest, "events", fault, typed)
	case dayFault != "":
		return s.noticesFault(v, http.StatusBadRequest, "day", dayFault, typed)
	}
	if refused, err := s.throttle(v, "settings", typed); refused {
		return err
	}
	want := notify.Settings{Events: choice, MutedUntil: until}
	if dm != byDefault {
		want.DM = notify.Switch(dm)
	}
	if err := s.cfg.Notices.Set(v.Context(), v.viewer, want); err != nil {
		return err
	}
	return noticesDid(v, "saved")
}
