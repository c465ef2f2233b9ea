package web

import (
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
